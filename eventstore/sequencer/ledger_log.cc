#include "eventstore/sequencer/ledger_log.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/sequencer/stored_tree.h"

namespace caseledger::eventstore {
namespace {

absl::Status Closed() { return absl::UnavailableError("the log is closed"); }

// What callers learn when a commit failed: its outcome is unknown.
absl::Status AsFailure(const absl::Status& status) {
  if (absl::IsDataLoss(status)) return status;
  return absl::UnavailableError(
      StrCat("storage failed, nothing is accepted until it is reopened; look the request up: ",
             FromAbsl(status.message())));
}

// A database that fell back to an older state has lost what was acknowledged.
absl::Status CheckNothingLost(const LedgerHead& stored, const LedgerHead& shown) {
  if (stored.next_position >= shown.next_position) return absl::OkStatus();
  return absl::DataLossError(StrCat("the database has ", stored.next_position, " events, and ",
                                    shown.next_position, " were committed"));
}

bool AreOfOneAppend(const RecordedEvent& a, const RecordedEvent& b) {
  return a.origin.agency == b.origin.agency && a.origin.request_id == b.origin.request_id;
}

// Takes those appends out of `read` that are there to their last event: all but the last one. Its
// bytes stay with the rest by their share.
StoredPage WholeAppends(StoredPage& read) {
  size_t whole = read.events.size() - 1;
  while (whole > 0 && AreOfOneAppend(read.events[whole - 1], read.events.back())) --whole;
  StoredPage taken;
  taken.stored_bytes = read.stored_bytes * whole / read.events.size();
  read.stored_bytes -= taken.stored_bytes;
  const auto end = read.events.begin() + static_cast<std::ptrdiff_t>(whole);
  taken.events.assign(std::make_move_iterator(read.events.begin()), std::make_move_iterator(end));
  read.events.erase(read.events.begin(), end);
  return taken;
}

// The append's answer once its batch is durable. `batch` is null when nothing was written.
absl::StatusOr<AppendResult> AnswerOf(Outcome outcome, const SharedBatch& batch) {
  if (!outcome.status.ok()) return std::move(outcome.status);
  AppendResult result;
  result.already_appended = outcome.already_appended;
  result.events = std::move(outcome.recorded);
  if (outcome.count > 0) {
    result.events.Add(EventList::Shared(batch, &batch->events), outcome.first, outcome.count);
  }
  return result;
}

}  // namespace

LedgerLog::LedgerLog(Engine& engine, BatchContext context, const LedgerHead& head, TreeEdge tree,
                     Clock& clock)
    : engine_(engine),
      context_(std::move(context)),
      clock_(clock),
      recent_(context_.limits.recent_events, context_.limits.recent_bytes),
      reader_(engine, context_.ledger, context_.limits, *context_.upgrades),
      feed_(reader_, context_.limits, head.next_position),
      head_(head),
      tree_(std::make_shared<const TreeEdge>(std::move(tree))),
      thread_("sequencer", [this] { Run(); }) {}

LedgerLog::~LedgerLog() { Close(); }

void LedgerLog::Submit(AppendRequest request, Done done) {
  if (absl::Status refused = Enqueue(request, done); !refused.ok()) done(std::move(refused));
}

absl::Status LedgerLog::Enqueue(AppendRequest& request, Done& done) {
  if (request.key.request_id.is_nil()) {
    return absl::InvalidArgumentError("an append lacks its request id");
  }
  if (request.decide == nullptr) return absl::InvalidArgumentError("an append lacks its decision");
  const Micros submitted = MonotonicNow();
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(failure_);
  if (closing_) return Closed();
  if (unanswered_ >= context_.limits.max_appends_waiting) {
    return absl::ResourceExhaustedError("too many appends waiting");
  }
  ++unanswered_;
  queue_.push_back({std::move(request), std::move(done), submitted});
  return absl::OkStatus();
}

bool LedgerLog::HasWorkOrCloses() const { return !queue_.empty() || closing_; }

void LedgerLog::Run() {
  while (TakeWaiting()) {
    const absl::Status status = taken_.empty() ? LookForOthers() : CommitAndAnswer();
    // Whoever closes the log does not wait until a database is back.
    const bool goes_on = status.ok() || (GoesOnAfter(status) && !IsClosing());
    if (!goes_on) return StopAfter(AsFailure(status));
  }
}

// An error: what storage holds, or what others committed, is not known. Health tells of it, or that
// it is over, before anybody is answered.
absl::Status LedgerLog::CommitAndAnswer() {
  ResolvedBatch resolved;
  std::shared_ptr<const TreeEdge> tree;
  if (absl::Status committed = CommitTaken(resolved, tree); !committed.ok()) {
    const absl::Status failure = GoesOnAfter(committed) ? committed : AsFailure(committed);
    SetTrouble(failure);
    // An answer that cannot be followed by a look is none.
    if (!TakeOver(resolved.first_position).ok()) resolved.outcomes.clear();
    AnswerFailed(failure, std::move(resolved.outcomes));
    return committed;
  }
  absl::Status taken_over = TakeOver(resolved.first_position);
  SetTrouble(taken_over);
  if (!taken_over.ok() && resolved.events.empty()) {
    AnswerFailed(taken_over, {});
    return taken_over;
  }
  // Where that failed, what was committed here shows the head that covers the answers; the feed and
  // the newest events notice the gap.
  SharedBatch batch;
  if (!resolved.events.empty()) {
    batch = std::make_shared<const PublishedBatch>(
        PublishedBatch{std::move(resolved.events), resolved.stored_bytes});
    recent_.Add(batch);
    Publish(resolved.head, std::move(tree), batch);
  }
  AnswerCommitted(std::move(resolved.outcomes), batch);
  return taken_over;
}

bool LedgerLog::TakeWaiting() {
  MutexLock lock(&mutex_);
  if (taken_.empty()) {
    if (context_.shared) {
      mutex_.AwaitFor(this, &LedgerLog::HasWorkOrCloses, context_.look);
    } else {
      mutex_.Await(this, &LedgerLog::HasWorkOrCloses);
    }
  }
  while (!queue_.empty() && taken_.size() < context_.limits.max_batch_appends) {
    taken_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return !taken_.empty() || !closing_;
}

bool LedgerLog::GoesOnAfter(const absl::Status& failure) const {
  return context_.shared && absl::IsUnavailable(failure);
}

bool LedgerLog::IsClosing() const {
  MutexLock lock(&mutex_);
  return closing_;
}

void LedgerLog::SetTrouble(const absl::Status& trouble) {
  MutexLock lock(&mutex_);
  trouble_ = trouble;
  // Of a ledger that is not shared none passes.
  if (!trouble.ok() && !GoesOnAfter(trouble)) failure_ = trouble;
}

absl::Status LedgerLog::LookForOthers() {
  const absl::StatusOr<LedgerHead> head = engine_.LoadHead(context_.ledger);
  absl::Status looked = head.status();
  if (looked.ok()) looked = CheckNothingLost(*head, Head());
  if (looked.ok()) looked = TakeOver(head->next_position);
  SetTrouble(looked);
  return looked;
}

absl::Status LedgerLog::TakeOver(uint64_t end) {
  StoredPage read;
  uint64_t next = Head().next_position;
  while (next < end) {
    ASSIGN_OR_RETURN(StoredPage page, reader_.ReadStoredPage(next, end, 0));
    next += page.events.size();
    read.stored_bytes += page.stored_bytes;
    std::move(page.events.begin(), page.events.end(), std::back_inserter(read.events));
    Show(next < end ? WholeAppends(read) : std::exchange(read, StoredPage()));
  }
  return absl::OkStatus();
}

void LedgerLog::Show(StoredPage read) {
  if (read.events.empty()) return;
  const RecordedEvent& last = read.events.back();
  const LedgerHead head{last.position + 1, last.recorded_at, last.leaf_hash};
  auto tree = std::make_shared<TreeEdge>(*Tree());
  std::vector<Tile> written;  // by who committed
  for (const RecordedEvent& event : read.events) {
    if (context_.keep_tree) tree->Append(event.leaf_hash, written);
  }
  const auto batch = std::make_shared<const PublishedBatch>(
      PublishedBatch{std::move(read.events), read.stored_bytes});
  recent_.Add(batch);
  Publish(head, std::move(tree), batch);
}

absl::Status LedgerLog::CommitTaken(ResolvedBatch& resolved,
                                    std::shared_ptr<const TreeEdge>& tree) {
  const std::shared_ptr<const TreeEdge> before = Tree();
  const LedgerHead shown = Head();
  std::vector<const AppendRequest*> appends;
  appends.reserve(taken_.size());
  for (const Waiting& waiting : taken_) appends.push_back(&waiting.request);
  Micros decided = 0;
  const auto resolve = [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
    RETURN_IF_ERROR(CheckNothingLost(view.head(), shown));
    RETURN_IF_ERROR(LookAhead(view, appends, context_, recent_, usual_));
    EngineBatch batch;
    resolved = ResolveBatch(view, appends, context_, recent_, clock_.Now(), batch);
    if (context_.keep_tree && !batch.events.empty()) {
      ASSIGN_OR_RETURN(tree, ExtendTree(view, before.get(), batch));
    }
    decided = MonotonicNow();
    return batch;
  };
  RETURN_IF_ERROR(engine_.Commit(context_.ledger, resolve));
  usual_.Asked(std::move(resolved.asked));
  if (!resolved.events.empty()) counts_.Committed(resolved.events.size(), decided);
  return absl::OkStatus();
}

void LedgerLog::Publish(const LedgerHead& head, std::shared_ptr<const TreeEdge> tree,
                        const SharedBatch& batch) {
  // Under one lock, so that nobody finds the feed shorter than the head, or the head shorter than
  // what the feed gave him.
  MutexLock lock(&mutex_);
  head_ = head;
  if (tree != nullptr) tree_ = std::move(tree);
  feed_.Publish(batch);
}

// The first `count` appends taken, no longer counted as waiting: whoever is answered may submit.
std::vector<LedgerLog::Waiting> LedgerLog::Release(size_t count) {
  std::vector<Waiting> released;
  released.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    released.push_back(std::move(taken_.front()));
    taken_.pop_front();
  }
  MutexLock lock(&mutex_);
  unanswered_ -= count;
  return released;
}

void LedgerLog::AnswerCommitted(std::vector<Outcome> outcomes, const SharedBatch& batch) {
  std::vector<Waiting> answered = Release(outcomes.size());
  const Micros now = MonotonicNow();
  for (size_t i = 0; i < answered.size(); ++i) {
    counts_.Answered(answered[i].submitted, now);
    answered[i].done(AnswerOf(std::move(outcomes[i]), batch));
  }
}

void LedgerLog::StopAfter(const absl::Status& failure) {
  {
    MutexLock lock(&mutex_);
    failure_ = failure;
    std::move(queue_.begin(), queue_.end(), std::back_inserter(taken_));
    queue_.clear();
  }
  AnswerFailed(failure, {});
}

void LedgerLog::AnswerFailed(const absl::Status& failure, std::vector<Outcome> outcomes) {
  std::vector<Waiting> answered = Release(taken_.size());
  for (size_t i = 0; i < answered.size(); ++i) {
    const bool known = i < outcomes.size() && !outcomes[i].rests_on_commit;
    if (known) {
      answered[i].done(AnswerOf(std::move(outcomes[i]), nullptr));
    } else {
      answered[i].done(failure);
    }
  }
}

LedgerHead LedgerLog::Head() const {
  MutexLock lock(&mutex_);
  return head_;
}

std::shared_ptr<const TreeEdge> LedgerLog::Tree() const {
  MutexLock lock(&mutex_);
  return tree_;
}

absl::StatusOr<std::vector<RecordedEvent>> LedgerLog::ReadLedger(uint64_t from,
                                                                 size_t max_events) const {
  const uint64_t end = Head().next_position;
  if (from > end) {
    return absl::OutOfRangeError(StrCat("position ", from, " is beyond the end, which is ", end));
  }
  return reader_.ReadPage(from, end, max_events);
}

absl::StatusOr<std::vector<RecordedEvent>> LedgerLog::ReadStream(const StreamId& stream,
                                                                 uint64_t from_revision,
                                                                 size_t max_events) const {
  return reader_.ReadStream(stream, from_revision, max_events);
}

absl::StatusOr<std::optional<StreamId>> LedgerLog::FindName(uint32_t kind, std::string_view source,
                                                            std::string_view value) const {
  return reader_.FindName(kind, source, value);
}

absl::StatusOr<StreamHead> LedgerLog::FindStream(const StreamId& stream) const {
  return reader_.FindStream(stream);
}

absl::Status LedgerLog::VisitReferrers(const StreamId& to,
                                       absl::FunctionRef<bool(const StreamId&)> visit) const {
  return reader_.VisitReferrers(to, visit);
}

absl::StatusOr<std::optional<AppendResult>> LedgerLog::FindRequest(const RequestKey& key) const {
  return reader_.FindRequest(key);
}

absl::StatusOr<uint64_t> LedgerLog::CountRecordedUntil(Micros time) const {
  const LedgerHead head = Head();
  if (time >= head.last_recorded_at) return head.next_position;
  // Recorded times never go down, so the first event after `time` is found by halving.
  uint64_t low = 0;
  uint64_t high = head.next_position;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(const RecordedEvent event, reader_.ReadOne(middle));
    if (event.recorded_at <= time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::StatusOr<std::unique_ptr<Subscription>> LedgerLog::Subscribe(uint64_t from,
                                                                   SubscriberKind kind) {
  return feed_.Subscribe(from, kind);
}

absl::Status LedgerLog::health() const {
  MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  return closing_ ? Closed() : trouble_;
}

LogStats LedgerLog::Stats() const {
  LogStats stats;
  {
    MutexLock lock(&mutex_);
    stats.appends_waiting = unanswered_;
  }
  stats.max_appends_waiting = context_.limits.max_appends_waiting;
  stats.client_subscribers = feed_.Count(SubscriberKind::kClient);
  stats.worker_subscribers = feed_.Count(SubscriberKind::kWorker);
  stats.batch_events = counts_.batch_events.Read();
  stats.commit_micros = counts_.commit_micros.Read();
  stats.append_micros = counts_.append_micros.Read();
  return stats;
}

void LedgerLog::Close() {
  {
    MutexLock lock(&mutex_);
    closing_ = true;
  }
  MutexLock lock(&close_mutex_);
  if (thread_.joinable()) thread_.Join();
  feed_.Close();
}

}  // namespace caseledger::eventstore
