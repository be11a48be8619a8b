#include "eventstore/engine/postgres/postgres_engine.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/call_gate.h"
#include "eventstore/engine/ledger_rules.h"
#include "eventstore/engine/postgres/batch_writer.h"
#include "eventstore/engine/postgres/commit_run.h"
#include "eventstore/engine/postgres/ledger_reader.h"
#include "eventstore/engine/postgres/standby_reads.h"
#include "eventstore/engine/postgres/told_events.h"
#include "eventstore/postgres/connection_pool.h"
#include "eventstore/postgres/retry.h"
#include "eventstore/postgres/runner.h"
#include "eventstore/postgres/schema.h"
#include "eventstore/postgres/transaction.h"

namespace caseledger::eventstore {
namespace postgres {
namespace {

// What was said of a ledger last counts.
constexpr Statement kListLedgers = {
    "list_ledgers",
    "select l.ledger, coalesce(newest.info, l.info) from caseledger.ledger l left join lateral ("
    "select i.info from caseledger.ledger_info i where i.ledger = l.ledger "
    "order by i.version desc limit 1) newest on true order by l.ledger"};
constexpr Statement kFindLedger = {
    "find_ledger",
    "select coalesce(newest.info, l.info) from caseledger.ledger l left join lateral ("
    "select i.info from caseledger.ledger_info i where i.ledger = l.ledger "
    "order by i.version desc limit 1) newest on true where l.ledger = $1"};
constexpr Statement kInsertLedger = {
    "insert_ledger",
    "insert into caseledger.ledger (ledger, info) values ($1, $2) on conflict do nothing"};
// Beside the last event, before whatever a commit writes; those that are there as they are to be
// are left out.
constexpr Statement kAddMarks = {
    "add_marks",
    "insert into caseledger.mark (ledger, key, position, value) "
    "select $1, wanted.key, $2, wanted.value from unnest($3::bytea[], $4::bytea[]) "
    "as wanted (key, value) left join lateral (select s.value from caseledger.mark s "
    "where s.ledger = $1 and s.key = wanted.key order by s.position desc limit 1) there on true "
    "where there.value is distinct from wanted.value"};
// While the head is held.
constexpr Statement kAddInfo = {
    "add_info",
    "insert into caseledger.ledger_info (ledger, version, info) "
    "select $1, coalesce(max(version), 0) + 1, $2 from caseledger.ledger_info where ledger = $1"};
constexpr Statement kEndLedger = {"end_ledger",
                                  "update caseledger.log_head set fence = $2 where ledger = $1"};
constexpr Statement kInsertHead = {
    "insert_head",
    "insert into caseledger.log_head (ledger, next_position, last_recorded_at, last_leaf_hash) "
    "values ($1, 0, 0, $2) on conflict do nothing"};
constexpr Statement kPutSigningState = {
    "put_signing_state",
    "insert into caseledger.signing_state (ledger, state) values ($1, $2) "
    "on conflict (ledger) do update set state = excluded.state"};

absl::Status Closed() { return absl::UnavailableError("the event store is closed"); }

absl::StatusOr<storage::v1::LedgerInfo> DecodeInfo(std::string_view ledger,
                                                   std::string_view bytes) {
  storage::v1::LedgerInfo info;
  if (!info.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      info.ledger() != ledger) {
    return absl::DataLossError(StrCat("the info of ledger ", ledger, " is damaged"));
  }
  return info;
}

// What this process knows of a ledger. Never removed, so pointers to it stay good.
struct Ledger {
  // Held for the whole of a commit: one at a time takes part in the wait for the head's row.
  Mutex commit_mutex;
  bool head_was_checked ABSL_GUARDED_BY(commit_mutex) = false;
  ToldEvents told;

  // `timeline`: the newest that was met before the primary was asked.
  void Tell(uint64_t timeline, const LedgerHead& head) {
    if (head.next_position > 0) told.Tell(timeline, head.next_position - 1, head.last_leaf_hash);
  }
  void Tell(uint64_t timeline, const StreamHead& head) {
    if (head.revision > 0) told.Tell(timeline, head.position, head.leaf_hash);
  }
};

}  // namespace

// Invariants
// 1. What was acknowledged was committed by PostgreSQL, by its synchronous standbys too, if it has
//    any.
// 2. No call waits without a bound, except for its turn among this engine's commits of one ledger.
// 3. No session is used after Close (CallGate).
class PostgresEngine final : public Engine {
 public:
  PostgresEngine(const PostgresOptions& options, RandomSource& random)
      : options_(options),
        pool_(options.session, options.max_connections, options.connection_wait),
        retry_(options.retry, random),
        runner_(pool_, retry_),
        context_{options_, pool_, retry_, random} {
    if (!options.read_dsn.empty()) standby_ = std::make_unique<StandbyReads>(options);
  }
  ~PostgresEngine() override { CloseAll(); }

  // Once, before anything else.
  absl::Status CheckOnce();

  absl::StatusOr<std::vector<storage::v1::LedgerInfo>> ListLedgers() const override;
  absl::Status CreateLedger(const storage::v1::LedgerInfo& info) override;
  absl::Status ReplaceInfo(const storage::v1::LedgerInfo& info) override;
  absl::Status AddMarks(std::string_view ledger,
                        std::span<const std::pair<std::string, std::string>> marks) override;
  absl::Status Commit(std::string_view ledger, Resolve resolve) override;
  absl::StatusOr<LedgerHead> LoadHead(std::string_view ledger) const override;
  absl::Status Read(std::string_view ledger, uint64_t from, uint64_t end,
                    VisitEvent visit) const override;
  absl::StatusOr<StreamHead> FindStream(std::string_view ledger,
                                        const StreamId& stream) const override;
  absl::Status ReadStream(std::string_view ledger, const StreamId& stream, uint64_t from_revision,
                          VisitEvent visit) const override;
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view ledger,
                                                      std::string_view key) const override {
    return With<absl::StatusOr<std::optional<std::string>>>(
        ledger, [&](const LedgerReader& reader) { return reader.FindMark(key); });
  }
  absl::StatusOr<std::optional<std::string>> FindTile(std::string_view ledger, unsigned level,
                                                      uint64_t index) const override {
    return With<absl::StatusOr<std::optional<std::string>>>(
        ledger, [&](const LedgerReader& reader) { return reader.FindTile(level, index); });
  }
  absl::Status VisitIndex(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const override {
    return With<absl::Status>(ledger,
                              [&](const LedgerReader& reader) { return reader.VisitIndex(visit); });
  }
  absl::Status VisitStreamHeads(
      std::string_view ledger,
      absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const override {
    return With<absl::Status>(
        ledger, [&](const LedgerReader& reader) { return reader.VisitStreamHeads(visit); });
  }
  absl::Status VisitMarks(
      std::string_view ledger, std::string_view prefix,
      absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const override {
    return With<absl::Status>(
        ledger, [&](const LedgerReader& reader) { return reader.VisitMarks(prefix, visit); });
  }
  absl::Status VisitTiles(
      std::string_view ledger,
      absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const override {
    return With<absl::Status>(ledger,
                              [&](const LedgerReader& reader) { return reader.VisitTiles(visit); });
  }
  absl::StatusOr<std::optional<std::string>> FindSigningState(
      std::string_view ledger) const override {
    return With<absl::StatusOr<std::optional<std::string>>>(
        ledger, [](const LedgerReader& reader) { return reader.FindSigningState(); });
  }
  absl::Status ReplaceSigningState(std::string_view ledger, std::string_view state) override;
  absl::Status Close() override {
    CloseAll();
    return absl::OkStatus();
  }

 private:
  // NOT_FOUND. A ledger that another server has created is found, too.
  absl::StatusOr<Ledger*> Find(std::string_view ledger) const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::StatusOr<Ledger*> Known(std::string_view ledger) const ABSL_LOCKS_EXCLUDED(mutex_);

  // As the primary says, which has told of it then.
  absl::StatusOr<StreamHead> HeadOf(Ledger& found, std::string_view ledger,
                                    const StreamId& stream) const;

  struct Held {
    LedgerHead head;
    int64_t fence = 0;
    storage::v1::LedgerInfo info;
  };
  absl::StatusOr<Held> Hold(Connection& session, std::string_view ledger) const;
  // The session's transaction ends with these.
  absl::Status CommitWith(Connection& session, std::vector<Call> calls) const;

  template <typename Result, typename Use>
  Result With(std::string_view ledger, Use use) const {
    const GateEntry entry(gate_);
    if (!entry.inside()) return Closed();
    RETURN_IF_ERROR(Find(ledger).status());
    return use(LedgerReader(runner_, ledger, options_.page));
  }

  uint64_t Timeline() const { return options_.session.newest_timeline->newest(); }

  void CloseAll() {
    retry_.Stop();
    gate_.CloseAndWait();
    pool_.DropIdle();
    if (standby_ != nullptr) standby_->DropIdle();
  }

  const PostgresOptions options_;
  mutable CallGate gate_;
  mutable ConnectionPool pool_;
  mutable Retry retry_;
  mutable PoolRunner runner_;
  const CommitContext context_;
  std::unique_ptr<StandbyReads> standby_;  // null: the primary alone is read
  mutable Mutex mutex_;
  mutable std::map<std::string, std::unique_ptr<Ledger>, std::less<>> ledgers_
      ABSL_GUARDED_BY(mutex_);
};

absl::Status PostgresEngine::CheckOnce() {
  {
    ASSIGN_OR_RETURN(const ConnectionPool::Lease lease, pool_.Take());
    RETURN_IF_ERROR(CheckDatabase(*lease));
  }
  ASSIGN_OR_RETURN(const std::vector<storage::v1::LedgerInfo> infos, ListLedgers());
  for (const storage::v1::LedgerInfo& info : infos) RETURN_IF_ERROR(CheckUnderstood(info));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<storage::v1::LedgerInfo>> PostgresEngine::ListLedgers() const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(const Rows rows, runner_.Run(kListLedgers, {}));
  std::vector<storage::v1::LedgerInfo> infos;
  for (int row = 0; row < rows.count(); ++row) {
    ASSIGN_OR_RETURN(storage::v1::LedgerInfo info,
                     DecodeInfo(rows.Bytes(row, 0), rows.Bytes(row, 1)));
    infos.push_back(std::move(info));
  }
  return infos;
}

absl::Status PostgresEngine::CreateLedger(const storage::v1::LedgerInfo& info) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  RETURN_IF_ERROR(CheckCreatable(info));
  const std::vector<Call> calls = {
      {&kBegin, {}},
      {&kInsertLedger, Parameters().Text(info.ledger()).Bytes(info.SerializeAsString())},
      {&kInsertHead, Parameters().Text(info.ledger()).Bytes(Hash256{}.raw())},
      {&kNoTimeout, {}},
      {&kCommit, {}}};
  ASSIGN_OR_RETURN(const ConnectionPool::Lease lease, pool_.Take());
  const uint64_t warnings = lease->warnings();
  ASSIGN_OR_RETURN(const std::vector<Rows> rows, lease->RunAll(calls, options_.commit_patience));
  if (rows[1].written() == "0") {
    return absl::AlreadyExistsError(StrCat("there is a ledger ", info.ledger()));
  }
  if (lease->warnings() != warnings) {
    return absl::UnavailableError(StrCat("ledger ", info.ledger(), " is perhaps not replicated"));
  }
  return absl::OkStatus();
}

// The head and the info of a ledger, both held until the session's transaction ends.
absl::StatusOr<PostgresEngine::Held> PostgresEngine::Hold(Connection& session,
                                                          std::string_view ledger) const {
  std::vector<Call> calls = CallsToLock(ledger);
  calls.push_back({&kFindLedger, Parameters().Text(ledger)});
  ASSIGN_OR_RETURN(const std::vector<Rows> rows, session.RunAll(calls, session.patience()));
  const Rows& row = rows[rows.size() - 2];
  const std::optional<LedgerHead> head =
      row.count() == 0 ? std::nullopt : HeadIn(row, 0, /*column=*/0);
  if (!head || rows.back().count() == 0) {
    return absl::DataLossError(StrCat("ledger ", ledger, " has no head that is readable"));
  }
  ASSIGN_OR_RETURN(storage::v1::LedgerInfo info, DecodeInfo(ledger, rows.back().Bytes(0, 0)));
  return Held{*head, row.Int8(0, kFenceColumn), std::move(info)};
}

absl::Status PostgresEngine::CommitWith(Connection& session, std::vector<Call> calls) const {
  calls.push_back({&kNoTimeout, {}});
  calls.push_back({&kCommit, {}});
  const uint64_t warnings = session.warnings();
  ASSIGN_OR_RETURN(const std::vector<Rows> rows, session.RunAll(calls, options_.commit_patience));
  if (rows.back().command() == "COMMIT" && session.warnings() == warnings) return absl::OkStatus();
  return absl::UnavailableError("what was written is perhaps not replicated");
}

absl::Status PostgresEngine::ReplaceInfo(const storage::v1::LedgerInfo& info) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  RETURN_IF_ERROR(Find(info.ledger()).status());
  ASSIGN_OR_RETURN(const ConnectionPool::Lease lease, pool_.Take());
  ASSIGN_OR_RETURN(const Held held, Hold(*lease, info.ledger()));
  RETURN_IF_ERROR(CheckMayReplace(held.info, info));
  if (held.info.has_moved()) return absl::OkStatus();  // the same once more
  RETURN_IF_ERROR(CheckFence(options_, held.fence));
  std::vector<Call> calls = {
      {&kAddInfo, Parameters().Text(info.ledger()).Bytes(info.SerializeAsString())}};
  if (info.has_moved()) {
    calls.push_back({&kEndLedger, Parameters().Text(info.ledger()).Int8(kFenceOfMoved)});
  }
  return CommitWith(*lease, std::move(calls));
}

absl::Status PostgresEngine::AddMarks(std::string_view ledger,
                                      std::span<const std::pair<std::string, std::string>> marks) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  RETURN_IF_ERROR(Find(ledger).status());
  ASSIGN_OR_RETURN(const ConnectionPool::Lease lease, pool_.Take());
  ASSIGN_OR_RETURN(const Held held, Hold(*lease, ledger));
  RETURN_IF_ERROR(CheckArriving(held.info));
  RETURN_IF_ERROR(CheckFence(options_, held.fence));
  if (marks.empty()) return absl::OkStatus();
  std::vector<std::string_view> keys, values;
  for (const auto& [key, value] : marks) {
    keys.push_back(key);
    values.push_back(value);
  }
  Parameters parameters;
  parameters.Text(ledger).Int8(static_cast<int64_t>(held.head.next_position) - 1);
  parameters.ByteStrings(keys).ByteStrings(values);
  return CommitWith(*lease, {{&kAddMarks, std::move(parameters)}});
}

absl::StatusOr<Ledger*> PostgresEngine::Known(std::string_view ledger) const {
  MutexLock lock(&mutex_);
  const auto found = ledgers_.find(ledger);
  if (found == ledgers_.end()) return absl::NotFoundError(StrCat("no ledger ", ledger));
  return found->second.get();
}

absl::StatusOr<Ledger*> PostgresEngine::Find(std::string_view ledger) const {
  absl::StatusOr<Ledger*> known = Known(ledger);
  if (known.ok()) return known;
  ASSIGN_OR_RETURN(const Rows rows, runner_.Run(kFindLedger, Parameters().Text(ledger)));
  if (rows.count() == 0) return known;
  ASSIGN_OR_RETURN(const storage::v1::LedgerInfo info, DecodeInfo(ledger, rows.Bytes(0, 0)));
  RETURN_IF_ERROR(CheckUnderstood(info));
  MutexLock lock(&mutex_);
  return ledgers_.try_emplace(std::string(ledger), std::make_unique<Ledger>()).first->second.get();
}

absl::StatusOr<LedgerHead> PostgresEngine::LoadHead(std::string_view ledger) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  const uint64_t timeline = Timeline();
  ASSIGN_OR_RETURN(const LedgerHead head, LedgerReader(runner_, ledger, options_.page).LoadHead());
  found->Tell(timeline, head);
  return head;
}

absl::StatusOr<StreamHead> PostgresEngine::FindStream(std::string_view ledger,
                                                      const StreamId& stream) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  return HeadOf(*found, ledger, stream);
}

absl::StatusOr<StreamHead> PostgresEngine::HeadOf(Ledger& found, std::string_view ledger,
                                                  const StreamId& stream) const {
  const uint64_t timeline = Timeline();
  ASSIGN_OR_RETURN(const StreamHead head,
                   LedgerReader(runner_, ledger, options_.page).FindStream(stream));
  found.Tell(timeline, head);
  return head;
}

absl::Status PostgresEngine::Read(std::string_view ledger, uint64_t from, uint64_t end,
                                  VisitEvent visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  if (from >= end) return absl::OkStatus();
  PageRunner pages(standby_.get(), runner_, ledger, found->told, end - 1);
  return LedgerReader(runner_, pages, ledger, options_.page).Read(from, end, visit);
}

absl::Status PostgresEngine::ReadStream(std::string_view ledger, const StreamId& stream,
                                        uint64_t from_revision, VisitEvent visit) const {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  // How long the stream is, the primary says.
  ASSIGN_OR_RETURN(const StreamHead head, HeadOf(*found, ledger, stream));
  PageRunner pages(standby_.get(), runner_, ledger, found->told, head.position);
  return LedgerReader(runner_, pages, ledger, options_.page)
      .ReadStream(stream, from_revision, head.revision + 1, visit);
}

absl::Status PostgresEngine::Commit(std::string_view ledger, Resolve resolve) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  ASSIGN_OR_RETURN(Ledger * found, Find(ledger));
  MutexLock lock(&found->commit_mutex);
  // Should another primary take over meanwhile, it is told again.
  const uint64_t timeline = Timeline();
  LedgerHead head;
  const auto remembering = [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
    found->Tell(timeline, view.head());
    ASSIGN_OR_RETURN(EngineBatch batch, resolve(view));
    head = batch.events.empty() ? LedgerHead() : batch.head;
    return batch;
  };
  RETURN_IF_ERROR(CommitRun(context_, ledger, remembering).Run(!found->head_was_checked));
  found->head_was_checked = true;
  found->Tell(timeline, head);
  return absl::OkStatus();
}

absl::Status PostgresEngine::ReplaceSigningState(std::string_view ledger, std::string_view state) {
  const GateEntry entry(gate_);
  if (!entry.inside()) return Closed();
  RETURN_IF_ERROR(Find(ledger).status());
  ASSIGN_OR_RETURN(const ConnectionPool::Lease lease, pool_.Take());
  // Under the head, as a commit: the fence is there.
  ASSIGN_OR_RETURN(const Held held, Hold(*lease, ledger));
  RETURN_IF_ERROR(CheckFence(options_, held.fence));
  return CommitWith(*lease, {{&kPutSigningState, Parameters().Text(ledger).Bytes(state)}});
}

}  // namespace postgres

absl::StatusOr<std::unique_ptr<Engine>> OpenPostgresEngine(const PostgresOptions& options,
                                                           RandomSource& random) {
  auto engine = std::make_unique<postgres::PostgresEngine>(options, random);
  RETURN_IF_ERROR(engine->CheckOnce());
  return engine;
}

}  // namespace caseledger::eventstore
