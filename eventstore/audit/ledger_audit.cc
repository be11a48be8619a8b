#include "eventstore/audit/ledger_audit.h"

#include <algorithm>
#include <utility>

#include "eventstore/audit/index_rules.h"
#include "eventstore/audit/log_rules.h"
#include "eventstore/audit/mark_rules.h"
#include "eventstore/audit/record_reader.h"
#include "eventstore/base/status_macros.h"

namespace caseledger::eventstore {
namespace {

using Phase = AuditProgress::Phase;

constexpr uint64_t kEventsPerReport = 4096;

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
    if (log.ok()) log = log_.Finish(head_);
    log_.CountInto(audit);
    RETURN_IF_ERROR(log);
    const ReadLog read{engine_,        options_.ledger, log_.next_position(),
                       log_.streams(), log_.expected(), log_.requests()};
    RETURN_IF_ERROR(CheckStreamHeads(read, audit));
    RETURN_IF_ERROR(CheckIndex(
        read, point_,
        [&](uint64_t done) {
          return Report({Phase::kIndex, done, read.events});
        },
        audit));
    return CheckMarks(
        read, point_, options_.helpers,
        [&](uint64_t done) {
          return Report({Phase::kMarks, done, std::max(done, read.requests)});
        },
        audit);
  }

 private:
  bool Report(const AuditProgress& progress) const {
    return !options_.on_progress || options_.on_progress(progress);
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
      const absl::Status status = TakeEvent(event, audit);
      by_rule = !status.ok();
      return status;
    };
    const absl::Status read =
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
