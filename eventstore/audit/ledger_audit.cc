#include "eventstore/audit/ledger_audit.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "eventstore/audit/index_rules.h"
#include "eventstore/audit/log_rules.h"
#include "eventstore/audit/mark_rules.h"
#include "eventstore/audit/record_reader.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/thread.h"

namespace caseledger::eventstore {
namespace {

using Phase = AuditProgress::Phase;

constexpr uint64_t kEventsPerReport = 4096;
constexpr std::chrono::milliseconds kMoment(100);

// How far a check on another thread is, and whether it should go on. Thread-safe.
class MarksBeside {
 public:
  // For that thread.
  bool GoOn(uint64_t done) {
    MutexLock lock(&mutex_);
    done_ = done;
    return !stopped_;
  }
  void End() {
    MutexLock lock(&mutex_);
    ended_ = true;
  }

  // For the one that waits; a moment at the most.
  bool AwaitEnd() {
    MutexLock lock(&mutex_);
    mutex_.AwaitFor(this, &MarksBeside::ended, kMoment);
    return ended_;
  }
  uint64_t done() {
    MutexLock lock(&mutex_);
    return done_;
  }
  void Stop() {
    MutexLock lock(&mutex_);
    stopped_ = true;
  }

 private:
  bool ended() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_; }

  Mutex mutex_;
  uint64_t done_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

class Auditor {
 public:
  Auditor(const Engine& engine, const LedgerAuditOptions& options)
      : engine_(engine),
        options_(options),
        roots_(options.roots),
        point_(FingerprintPoint::Random(*options.random)),
        log_(engine, options.ledger, roots_, point_) {
    std::sort(roots_.begin(), roots_.end(),
              [](const SignedRoot& a, const SignedRoot& b) { return a.size < b.size; });
  }

  absl::Status Run(LedgerAudit& audit) {
    ASSIGN_OR_RETURN(head_, engine_.LoadHead(options_.ledger));
    RETURN_IF_ERROR(CheckRootsAgainstHead());
    absl::Status log = ReadEvents(audit);
    if (log.ok() && options_.on_last_event) log = options_.on_last_event();
    if (log.ok()) log = log_.Finish(head_);
    log_.CountInto(audit);
    RETURN_IF_ERROR(log);
    const ReadLog read{engine_,        options_.ledger, log_.next_position(),
                       log_.streams(), log_.expected(), log_.requests()};
    return options_.helpers == 0 ? CheckOneByOne(read, audit) : CheckSideBySide(read, audit);
  }

 private:
  bool Report(const AuditProgress& progress) const {
    return !options_.on_progress || options_.on_progress(progress);
  }

  absl::Status CheckStreams(const ReadLog& read, LedgerAudit& audit) const {
    const auto report = [&](uint64_t done) { return Report({Phase::kIndex, done, read.events}); };
    RETURN_IF_ERROR(CheckStreamHeads(read, audit));
    RETURN_IF_ERROR(CheckIndex(read, point_, report, audit));
    if (!report(read.events)) {
      return absl::CancelledError("stopped while reading the stream index");
    }
    return absl::OkStatus();
  }

  bool ReportMarks(const ReadLog& read, uint64_t done) const {
    return Report({Phase::kMarks, done, std::max(done, read.requests)});
  }
  // Now that their number is known.
  absl::Status ReportAllMarks(const LedgerAudit& audit) const {
    const uint64_t all = audit.requests + audit.names + audit.references;
    if (Report({Phase::kMarks, all, all})) return absl::OkStatus();
    return absl::CancelledError("stopped while reading request ids and names");
  }

  absl::Status CheckOneByOne(const ReadLog& read, LedgerAudit& audit) const {
    RETURN_IF_ERROR(CheckStreams(read, audit));
    RETURN_IF_ERROR(CheckMarks(
        read, point_, options_.helpers, [&](uint64_t done) { return ReportMarks(read, done); },
        audit));
    return ReportAllMarks(audit);
  }

  // The marks on a thread of their own: they share nothing with the streams but what is read. What
  // is wrong with the streams is told first, as without it.
  absl::Status CheckSideBySide(const ReadLog& read, LedgerAudit& audit) const {
    MarksBeside beside;
    LedgerAudit of_marks;
    absl::Status marks;
    Thread thread("marks", [&] {
      marks = CheckMarks(
          read, point_, options_.helpers, [&](uint64_t done) { return beside.GoOn(done); },
          of_marks);
      beside.End();
    });
    absl::Status streams = CheckStreams(read, audit);
    if (!streams.ok()) beside.Stop();
    while (!beside.AwaitEnd()) {
      if (!ReportMarks(read, beside.done())) beside.Stop();
    }
    thread.Join();
    RETURN_IF_ERROR(streams);
    audit.requests = of_marks.requests;
    audit.names = of_marks.names;
    audit.references = of_marks.references;
    audit.position = of_marks.position;
    return marks.ok() ? ReportAllMarks(audit) : marks;
  }

  absl::Status CheckRootsAgainstHead() const {
    const auto contradicts = [](const SignedRoot& a, const SignedRoot& b) {
      return a.size == b.size && a.root != b.root;
    };
    const auto pair = std::adjacent_find(roots_.begin(), roots_.end(), contradicts);
    if (pair != roots_.end()) {
      return Broken(options_.ledger,
                    StrCat("two different ledgers of ", pair->size, " events were signed (",
                           pair->where, "; ", std::next(pair)->where,
                           "): it was forked, and someone was shown another history"));
    }
    if (roots_.empty() || roots_.back().size <= head_.next_position) return absl::OkStatus();
    const SignedRoot& largest = roots_.back();
    return Broken(options_.ledger, StrCat("it has ", head_.next_position, " events, but ",
                                          largest.size, " were signed (", largest.where,
                                          "): the newest ", largest.size - head_.next_position,
                                          " were deleted, or this is an older copy"));
  }

  absl::Status ReadEvents(LedgerAudit& audit) {
    bool by_rule = false;
    const auto take = [&](const RecordedEvent& event) {
      absl::Status status = TakeEvent(event, audit);
      by_rule = !status.ok();
      return status;
    };
    absl::Status read =
        ReadRecords(engine_, options_.ledger, 0, head_.next_position, options_.helpers, take);
    if (!read.ok() && !by_rule) {
      // What no event was made of stands where the next one was expected.
      audit.position = log_.next_position();
      return WithLedger(read);
    }
    Report({Phase::kEvents, log_.next_position(), head_.next_position});
    return read;
  }

  // Not all of those below know which ledger they read, or where.
  absl::Status WithLedger(const absl::Status& status) const {
    const std::string_view message = FromAbsl(status.message());
    if (message.starts_with("ledger ")) return status;
    const bool names_position = message.find("position") != std::string_view::npos;
    return absl::Status(
        status.code(),
        StrCat("ledger ", options_.ledger, ": ",
               names_position ? "" : StrCat("at position ", log_.next_position(), ": "), message));
  }

  absl::Status TakeEvent(const RecordedEvent& event, LedgerAudit& audit) {
    absl::Status status = log_.Take(event);
    if (!status.ok()) {
      audit.position = log_.trouble_at();
      return status;
    }
    if (options_.on_event) status = options_.on_event(event);
    if (!status.ok()) {
      audit.position = event.position;
      return status;
    }
    if (log_.next_position() % kEventsPerReport != 0 ||
        Report({Phase::kEvents, log_.next_position(), head_.next_position})) {
      return absl::OkStatus();
    }
    return absl::CancelledError("stopped while reading the events");
  }

  const Engine& engine_;
  const LedgerAuditOptions& options_;
  std::vector<SignedRoot> roots_;
  const FingerprintPoint point_;
  LogRules log_;
  LedgerHead head_;
};

}  // namespace

LedgerAudit AuditLedger(const Engine& engine, const LedgerAuditOptions& options) {
  LedgerAudit audit;
  if (options.random == nullptr) {
    audit.status = absl::InvalidArgumentError("an audit needs randomness");
    return audit;
  }
  audit.status = Auditor(engine, options).Run(audit);
  return audit;
}

}  // namespace caseledger::eventstore
