#include "services/rpc/live_watch.h"

#include <future>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/command_handler.h"
#include "services/commands/times.h"
#include "services/commands/validation.h"

namespace caseledger::rpc {
namespace {

constexpr std::string_view kAction = "WatchDashboard";
// Though nothing is recorded, clocks go on: deadlines pass, and rights end.
constexpr std::chrono::seconds kLookAnyway{1};
// A watcher learns that the ledger went on and what the answers reflect of it, though they stay the
// same, so often at most ...
constexpr std::chrono::seconds kTellProgress{1};
// ... and that the stream still lives so often at least.
constexpr std::chrono::seconds kTellAnyway{15};

absl::StatusOr<uint64_t> AppliedEvents(const commands::Ledger& ledger, const LivePanel& panel) {
  ASSIGN_OR_RETURN(const auto snapshot,
                   ledger.parts.projections->View(panel.projection(), 0, absl::ZeroDuration()));
  return snapshot->applied_events();
}

}  // namespace

absl::StatusOr<LiveWatch::Request> LiveWatch::RequestOf(Clock& clock,
                                                        const v1::WatchDashboardRequest& request) {
  std::vector<commands::Violation> violations = commands::Validate(request, clock.Now());
  Request asked{request.ledger(), {}};
  for (int i = 0; i < request.panels_size(); ++i) {
    const std::vector<commands::Violation> wrong =
        LivePanel::Check(request.panels(i), StrCat("panels[", i, "]"));
    violations.insert(violations.end(), wrong.begin(), wrong.end());
    if (wrong.empty()) asked.panels.emplace_back(request.panels(i), request.ledger());
  }
  if (!violations.empty()) return commands::InvalidRequest(violations);
  return asked;
}

LiveWatch::LiveWatch(const commands::Ledgers& ledgers, const Queries& answers, access::Call call,
                     Request request, std::function<absl::Status()> still_good, Clock& clock)
    : ledgers_(ledgers),
      answers_(answers),
      call_(std::move(call)),
      ledger_name_(std::move(request.ledger)),
      still_good_(std::move(still_good)),
      clock_(clock),
      watching_(ledgers, call_, kAction, clock) {
  for (LivePanel& panel : request.panels) panels_.push_back({std::move(panel), {}, 0});
}

absl::StatusOr<bool> LiveWatch::Next(SteadyTime now, absl::Duration wait,
                                     v1::WatchDashboardResponse& message) {
  message.Clear();
  if (ledger_ != nullptr && now - looked_at_ < kLookAnyway) {
    ASSIGN_OR_RETURN(const bool moved, Moved());
    if (!moved) return false;
  }
  RETURN_IF_ERROR(still_good_());
  if (const absl::Status looked = Look(wait, message); !looked.ok()) return Refused(looked);
  looked_at_ = now;
  const bool tell = message.changes_size() > 0 || now - told_at_ >= kTellAnyway ||
                    (moved_on_ && now - told_at_ >= kTellProgress);
  if (!tell) return false;
  RETURN_IF_ERROR(PutOnTrail());
  for (const Watched& watched : panels_) message.add_reflected_events(watched.reflected_events);
  message.set_ledger_events(head_);
  *message.mutable_server_time() = commands::ToTimestamp(clock_.Now());
  told_at_ = now;
  moved_on_ = false;
  return true;
}

absl::StatusOr<bool> LiveWatch::Moved() const {
  if (ledger_->parts.log->Head().next_position != head_) return true;
  for (const Watched& watched : panels_) {
    ASSIGN_OR_RETURN(const uint64_t applied, AppliedEvents(*ledger_, watched.panel));
    if (applied != watched.reflected_events) return true;
  }
  return false;
}

absl::Status LiveWatch::Look(absl::Duration wait, v1::WatchDashboardResponse& message) {
  ASSIGN_OR_RETURN(ledger_, watching_.Begin(ledger_name_));
  const uint64_t head = ledger_->parts.log->Head().next_position;
  moved_on_ = moved_on_ || head != head_;
  head_ = head;
  for (size_t i = 0; i < panels_.size(); ++i) {
    v1::PanelChange change;
    bool anything = false;
    RETURN_IF_ERROR(LookAt(panels_[i], wait, change, anything));
    if (!anything) continue;
    change.set_panel(static_cast<uint32_t>(i));
    *message.add_changes() = std::move(change);
  }
  return absl::OkStatus();
}

absl::Status LiveWatch::LookAt(Watched& watched, absl::Duration wait, v1::PanelChange& change,
                               bool& anything) {
  Reading reading(ledgers_, call_, watched.panel.action(), clock_);
  const bool first = trail_ == nullptr;
  if (!first && !watched.panel.changes_by_clock()) {
    ASSIGN_OR_RETURN(const uint64_t applied, AppliedEvents(*ledger_, watched.panel));
    if (applied == watched.reflected_events) return watched.panel.AskWhether(reading);
  }
  ASSIGN_OR_RETURN(LiveAnswer answer,
                   watched.panel.Ask(answers_, reading, first ? wait : absl::ZeroDuration()));
  if (first) {
    asked_ +=
        StrCat(asked_.empty() ? "" : "; ", watched.panel.action(), ": ", reading.About().query());
  }
  moved_on_ = moved_on_ || answer.reflected_events != watched.reflected_events;
  watched.reflected_events = answer.reflected_events;
  const std::vector<eventstore::StreamId> told =
      watched.told.Tell(std::move(answer), change, anything);
  unrecorded_.insert(unrecorded_.end(), told.begin(), told.end());
  return absl::OkStatus();
}

absl::Status LiveWatch::PutOnTrail() {
  if (trail_ == nullptr) {
    access::Trail* trail = watching_.trail();
    if (trail == nullptr) {
      return absl::UnavailableError("TRAIL_UNAVAILABLE: the ledger has no access trail");
    }
    watching_.AskedFor(std::move(asked_));
    ASSIGN_OR_RETURN(trail_, access::StreamTrail::Open(*trail, call_, watching_.About()));
  }
  for (const eventstore::StreamId& record : unrecorded_) {
    RETURN_IF_ERROR(trail_->Note(static_cast<options::v1::RecordKind>(record.kind), record.id, 0));
  }
  unrecorded_.clear();
  return absl::OkStatus();
}

absl::Status LiveWatch::Refused(const absl::Status& status) {
  std::promise<absl::Status> answered;
  commands::AnswerRefused(watching_.trail(), call_, status,
                          [&answered](absl::Status told) { answered.set_value(std::move(told)); });
  return answered.get_future().get();
}

absl::Status LiveWatch::End() { return trail_ == nullptr ? absl::OkStatus() : trail_->Close(); }

}  // namespace caseledger::rpc
