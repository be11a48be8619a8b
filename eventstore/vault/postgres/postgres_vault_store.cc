#include "eventstore/vault/postgres/postgres_vault_store.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/postgres/connection_pool.h"
#include "eventstore/postgres/retry.h"
#include "eventstore/postgres/runner.h"
#include "eventstore/postgres/transaction.h"

namespace caseledger::eventstore {
namespace {

using postgres::Call;
using postgres::Connection;
using postgres::ConnectionPool;
using postgres::kBegin;
using postgres::kCommit;
using postgres::kNoTimeout;
using postgres::Parameters;
using postgres::PoolRunner;
using postgres::Retry;
using postgres::Rows;
using postgres::Runner;
using postgres::SessionRunner;
using postgres::Statement;

// Rows in memory at a time; one has a few hundred bytes.
constexpr int kPage = 1024;
// Of one statement, far below what a message of the protocol may have.
constexpr size_t kMostInStatement = 16'384;

constexpr Statement kGet = {"get_vault_row",
                            "select value from caseledger.vault_row where vault = $1 and key = $2"};
constexpr Statement kGetMany = {
    "get_vault_rows",
    "select r.key, r.value from unnest($2::bytea[]) as wanted (key) cross join lateral ("
    "select s.key, s.value from caseledger.vault_row s where s.vault = $1 "
    "and s.key = wanted.key limit 1) r"};
constexpr Statement kBeginReading = {"begin_reading",
                                     "begin isolation level repeatable read read only"};
// Until its end this session may wait for whoever makes a copy.
constexpr Statement kMayIdle = {"may_idle", "set local idle_in_transaction_session_timeout = 0"};
constexpr Statement kVisit = {"visit_vault_rows",
                              "select key, value from caseledger.vault_row where vault = $1 "
                              "and key >= $2 order by key limit $3"};
constexpr Statement kLockToken = {"lock_token",
                                  "select token from caseledger.vault where vault = $1 for share"};
constexpr Statement kPut = {
    "put_vault_rows",
    "insert into caseledger.vault_row (vault, key, value) "
    "select $1, r.key, r.value from unnest($2::bytea[], $3::bytea[]) as r (key, value) "
    "on conflict (vault, key) do update set value = excluded.value"};
constexpr Statement kDelete = {
    "delete_vault_rows",
    "delete from caseledger.vault_row where vault = $1 and key = any ($2::bytea[])"};
// A crash of this program loses nothing then; one of the database may.
constexpr Statement kNeedNotWait = {"need_not_wait", "set local synchronous_commit = off"};

class PostgresVaultStore final : public VaultStore {
 public:
  PostgresVaultStore(const PostgresVaultOptions& options, RandomSource& random)
      : options_(options),
        pool_(options.session, options.max_connections, options.connection_wait),
        retry_(options.retry, random),
        runner_(pool_, retry_) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    ASSIGN_OR_RETURN(const Rows rows,
                     runner_.Run(kGet, Parameters().Text(options_.vault).Bytes(key)));
    if (rows.count() == 0) return std::optional<std::string>();
    return std::optional<std::string>(rows.Bytes(0, 0));
  }

  absl::StatusOr<std::vector<std::optional<std::string>>> GetMany(
      std::span<const std::string> keys) const override {
    std::vector<std::optional<std::string>> values(keys.size());
    absl::flat_hash_map<std::string, std::string> found;
    for (size_t at = 0; at < keys.size(); at += kMostInStatement) {
      const auto some = keys.subspan(at, std::min(kMostInStatement, keys.size() - at));
      const std::vector<std::string_view> wanted(some.begin(), some.end());
      ASSIGN_OR_RETURN(
          const Rows rows,
          runner_.Run(kGetMany, Parameters().Text(options_.vault).ByteStrings(wanted)));
      for (int row = 0; row < rows.count(); ++row) {
        found.insert_or_assign(std::string(rows.Bytes(row, 0)), std::string(rows.Bytes(row, 1)));
      }
    }
    for (size_t i = 0; i < keys.size(); ++i) {
      if (const auto value = found.find(keys[i]); value != found.end()) values[i] = value->second;
    }
    return values;
  }

  // No session is held while somebody visits: he may take his time, and ask for other rows. Only
  // all rows are of one moment, as a copy needs them.
  absl::Status Visit(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    if (!prefix.empty()) return VisitPages(prefix, visit, runner_);
    ASSIGN_OR_RETURN(const ConnectionPool::Lease session, pool_.Take());
    RETURN_IF_ERROR(session->Run(kBeginReading).status());
    RETURN_IF_ERROR(session->Run(kMayIdle).status());
    SessionRunner in_transaction(*session);
    return VisitPages("", visit, in_transaction);
  }

  absl::Status Write(const VaultChanges& changes, bool durable) override {
    ASSIGN_OR_RETURN(const ConnectionPool::Lease session, pool_.Take());
    const Call begin[] = {{&kBegin, {}}, {&kLockToken, Parameters().Text(options_.vault)}};
    ASSIGN_OR_RETURN(const std::vector<Rows> locked, session->RunAll(begin, session->patience()));
    const int64_t token = options_.lease == nullptr ? 0 : options_.lease->token();
    if (token == 0 || locked.back().count() == 0 || locked.back().Int8(0, 0) != token) {
      return absl::UnavailableError("another server has taken the vault over");
    }
    std::vector<Call> calls = CallsFor(changes);
    // Without waiting for the disk, what follows a crash of the database's machine is the vault of
    // a moment before, as VaultStore allows; a durable write after it makes it durable, too.
    calls.push_back({durable ? &kNoTimeout : &kNeedNotWait, {}});
    calls.push_back({&kCommit, {}});
    const uint64_t warnings = session->warnings();
    ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                     session->RunAll(calls, options_.commit_patience));
    if (rows.back().command() != "COMMIT" || session->warnings() != warnings) {
      return absl::UnavailableError("what was written to the vault is perhaps not replicated");
    }
    return absl::OkStatus();
  }

  absl::Status Purge() override { return absl::OkStatus(); }

 private:
  absl::Status VisitPages(std::string_view prefix,
                          absl::FunctionRef<bool(std::string_view, std::string_view)> visit,
                          Runner& runner) const {
    std::string from(prefix);
    while (true) {
      Parameters page;
      page.Text(options_.vault).Bytes(from).Int8(int64_t{kPage});
      ASSIGN_OR_RETURN(const Rows rows, runner.Run(kVisit, page));
      for (int row = 0; row < rows.count(); ++row) {
        const std::string_view key = rows.Bytes(row, 0);
        if (!key.starts_with(prefix) || !visit(key, rows.Bytes(row, 1))) return absl::OkStatus();
      }
      if (rows.count() < kPage) return absl::OkStatus();
      from = StrCat(rows.Bytes(rows.count() - 1, 0), std::string_view("\0", 1));
    }
  }

  // Of several changes of one key the last counts.
  std::vector<Call> CallsFor(const VaultChanges& changes) const {
    std::map<std::string_view, const std::optional<std::string>*> last;
    for (const auto& [key, value] : changes) last[key] = &value;
    std::vector<std::string_view> put, values, removed;
    for (const auto& [key, value] : last) {
      if (value->has_value()) {
        put.push_back(key);
        values.push_back(**value);
      } else {
        removed.push_back(key);
      }
    }
    std::vector<Call> calls;
    for (size_t at = 0; at < put.size(); at += kMostInStatement) {
      const size_t count = std::min(kMostInStatement, put.size() - at);
      Parameters parameters;
      parameters.Text(options_.vault)
          .ByteStrings(std::span(put).subspan(at, count))
          .ByteStrings(std::span(values).subspan(at, count));
      calls.push_back({&kPut, std::move(parameters)});
    }
    for (size_t at = 0; at < removed.size(); at += kMostInStatement) {
      const size_t count = std::min(kMostInStatement, removed.size() - at);
      Parameters parameters;
      parameters.Text(options_.vault).ByteStrings(std::span(removed).subspan(at, count));
      calls.push_back({&kDelete, std::move(parameters)});
    }
    return calls;
  }

  const PostgresVaultOptions options_;
  mutable ConnectionPool pool_;
  mutable Retry retry_;
  mutable PoolRunner runner_;
};

}  // namespace

std::unique_ptr<VaultStore> OpenPostgresVaultStore(const PostgresVaultOptions& options,
                                                   RandomSource& random) {
  return std::make_unique<PostgresVaultStore>(options, random);
}

}  // namespace caseledger::eventstore
