#include "eventstore/engine/postgres/commit_run.h"

#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/batch_check.h"
#include "eventstore/engine/postgres/batch_writer.h"
#include "eventstore/engine/postgres/ledger_reader.h"
#include "eventstore/postgres/lease.h"
#include "eventstore/postgres/runner.h"

namespace caseledger::eventstore::postgres {
namespace {

// What the transaction that holds the head sees.
class View final : public HeadView {
 public:
  View(Connection& connection, std::string_view ledger, const LedgerHead& head, PostgresPage page)
      : runner_(connection), reader_(runner_, ledger, page), head_(head) {}

  const LedgerReader& reader() const { return reader_; }
  // Before the batch is checked: the streams that nobody asked for, in one round trip.
  absl::Status Remember(const EngineBatch& batch);

  const LedgerHead& head() const override { return head_; }
  absl::StatusOr<StreamHead> FindStream(const StreamId& stream) override {
    if (const auto known = streams_.find(stream); known != streams_.end()) return known->second;
    ASSIGN_OR_RETURN(const StreamHead head, reader_.FindStream(stream));
    return streams_.emplace(stream, head).first->second;
  }
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view key) override {
    if (const auto known = marks_.find(ToAbsl(key)); known != marks_.end()) return known->second;
    return reader_.FindMark(key);
  }
  absl::Status Expect(std::span<const std::string> mark_keys,
                      std::span<const StreamId> streams) override {
    if (!mark_keys.empty()) {
      ASSIGN_OR_RETURN(auto found, reader_.FindMarks(mark_keys));
      for (auto& [key, value] : found) marks_.emplace(std::move(key), std::move(value));
      for (const std::string& key : mark_keys) marks_.try_emplace(key);
    }
    return streams.empty() ? absl::OkStatus() : LookAt(streams);
  }
  absl::Status VisitMarks(std::string_view prefix,
                          absl::FunctionRef<bool(std::string_view)> visit) override {
    return reader_.VisitMarks(
        prefix, [&](std::string_view key, std::string_view /*value*/) { return visit(key); });
  }
  absl::Status ReadStream(const StreamId& stream, uint64_t from_revision,
                          VisitEvent visit) override {
    return reader_.ReadStream(stream, from_revision, visit);
  }
  absl::Status Read(uint64_t from, uint64_t end, VisitEvent visit) override {
    return reader_.Read(from, end, visit);
  }
  absl::StatusOr<std::optional<std::string>> FindTile(unsigned level, uint64_t index) override {
    return reader_.FindTile(level, index);
  }

 private:
  // In one round trip.
  absl::Status LookAt(std::span<const StreamId> streams) {
    ASSIGN_OR_RETURN(const auto found, reader_.FindStreams(streams));
    for (const auto& [stream, head] : found) streams_.emplace(stream, head);
    for (const StreamId& stream : streams) streams_.try_emplace(stream);
    return absl::OkStatus();
  }

  SessionRunner runner_;
  const LedgerReader reader_;
  const LedgerHead head_;
  absl::flat_hash_map<StreamId, StreamHead> streams_;
  absl::flat_hash_map<std::string, std::optional<std::string>> marks_;
};

absl::Status View::Remember(const EngineBatch& batch) {
  std::vector<StreamId> unknown;
  for (const auto& [stream, head] : batch.streams) {
    if (!streams_.contains(stream)) unknown.push_back(stream);
  }
  return unknown.empty() ? absl::OkStatus() : LookAt(unknown);
}

absl::Status NothingWritten(const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("nothing was written: ", status.message()));
}

absl::Status Unknown(const absl::Status& status) {
  return absl::UnavailableError(
      StrCat("the outcome of a commit is unknown: ", FromAbsl(status.message())));
}

}  // namespace

absl::Status CheckFence(const PostgresOptions& options, int64_t fence) {
  if (fence == kFenceOfMoved) {
    return absl::FailedPreconditionError("LEDGER_MOVED: the ledger goes on elsewhere");
  }
  const int64_t token = options.lease == nullptr ? 0 : options.lease->token();
  if (fence == token && (options.lease == nullptr || token != 0)) return absl::OkStatus();
  return absl::UnavailableError("another server has taken the ledger over");
}

absl::Status CommitRun::Run(bool check_head) {
  for (int next = 2;; ++next) {
    Attempt attempt = TryOnce(check_head);
    if (attempt.outcome == Outcome::kUnknown) {
      const absl::Status lost = std::move(attempt.status);
      attempt = LookUp();
      for (int again = 2; attempt.outcome == Outcome::kUnknown && context_.retry.Await(again);
           ++again) {
        attempt = LookUp();
      }
      if (attempt.outcome == Outcome::kUnknown) return Unknown(lost);
    }
    if (attempt.outcome == Outcome::kSettled) return std::move(attempt.status);
    if (!context_.retry.Await(next)) return NothingWritten(attempt.status);
  }
}

CommitRun::Attempt CommitRun::NotWritten(const Connection& connection, const absl::Status& status) {
  const SqlFailure& failure = connection.failure();
  if (failure.kind == FailureKind::kTransient) return {Outcome::kNothingWritten, failure.status};
  if (failure.kind == FailureKind::kNone) return {Outcome::kSettled, status};
  // What the session met goes before what a decision made of it.
  return {Outcome::kSettled, NothingWritten(failure.status)};
}

CommitRun::Attempt CommitRun::TryOnce(bool check_head) {
  absl::StatusOr<ConnectionPool::Lease> lease = context_.pool.Take();
  if (!lease.ok()) return {Outcome::kNothingWritten, std::move(lease).status()};
  Connection& connection = **lease;
  const auto locked = connection.RunAll(CallsToLock(ledger_), connection.patience());
  if (!locked.ok()) return NotWritten(connection, locked.status());
  const Rows& row = locked->back();
  const std::optional<LedgerHead> head =
      row.count() == 0 ? std::nullopt : HeadIn(row, 0, /*column=*/0);
  if (!head) {
    return {Outcome::kSettled,
            absl::DataLossError(StrCat("ledger ", ledger_, " has no head that is readable"))};
  }
  if (absl::Status fence = CheckFence(context_.options, row.Int8(0, kFenceColumn)); !fence.ok()) {
    return {Outcome::kSettled, NothingWritten(fence)};
  }
  View view(connection, ledger_, *head, context_.options.page);
  if (check_head) {
    const absl::StatusOr<LedgerHead> checked = view.reader().LoadHead();
    if (!checked.ok()) return NotWritten(connection, checked.status());
  }
  absl::StatusOr<EngineBatch> batch = resolve_(view);
  if (!batch.ok() || connection.failure().kind != FailureKind::kNone) {
    return NotWritten(connection, batch.status());
  }
  if (batch->events.empty()) return {};
  absl::Status fit = view.Remember(*batch);
  if (fit.ok()) fit = CheckContinues(view, *batch);
  if (!fit.ok()) return NotWritten(connection, fit);
  return Send(connection, *batch);
}

CommitRun::Attempt CommitRun::Send(Connection& connection, EngineBatch& batch) {
  context_.random.Fill(commit_id_.bytes.data(), commit_id_.bytes.size());
  first_position_ = batch.events.front().position;
  const std::vector<Call> calls = CallsToCommit(ledger_, batch, commit_id_);
  const uint64_t warnings = connection.warnings();
  const auto rows = connection.RunAll(calls, context_.options.commit_patience);
  if (!rows.ok()) {
    // A statement that was refused ended the transaction before its COMMIT; a session that is gone
    // may have ended after it.
    if (connection.failure().ends_session) return {Outcome::kUnknown, rows.status()};
    return NotWritten(connection, rows.status());
  }
  // A warning comes when the wait for standbys was given up: committed, perhaps not to stay.
  if (connection.warnings() != warnings) {
    return {Outcome::kUnknown, absl::UnavailableError("COMMIT was answered with a warning")};
  }
  if (rows->back().command() != "COMMIT" || (*rows)[rows->size() - 3].written() != "1") {
    return {Outcome::kUnknown, absl::UnavailableError("COMMIT was not carried out")};
  }
  return {};
}

CommitRun::Attempt CommitRun::LookUp() {
  absl::StatusOr<ConnectionPool::Lease> lease = context_.pool.Take();
  if (!lease.ok()) return {Outcome::kUnknown, std::move(lease).status()};
  Connection& connection = **lease;
  const auto locked = connection.RunAll(CallsToLock(ledger_), connection.patience());
  if (!locked.ok()) return {Outcome::kUnknown, locked.status()};
  const uint64_t warnings = connection.warnings();
  const auto rows =
      connection.RunAll(CallsToLookUp(ledger_, first_position_), context_.options.commit_patience);
  if (!rows.ok()) return {Outcome::kUnknown, rows.status()};
  if (connection.warnings() != warnings || rows->back().command() != "COMMIT") {
    return {Outcome::kUnknown, absl::UnavailableError("the standbys do not answer")};
  }
  const Rows& found = rows->front();
  if (found.count() == 1 && found.Bytes(0, 0) == commit_id_.raw()) return {};
  return {Outcome::kNothingWritten, absl::UnavailableError("the connection was lost at COMMIT")};
}

}  // namespace caseledger::eventstore::postgres
