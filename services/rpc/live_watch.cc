#include "services/rpc/live_watch.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
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
constexpr int kMostLooks = 3;  // for one message, when rights change meanwhile
constexpr size_t kMostNamed = 20'000;

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
  absl::StatusOr<std::vector<Looked>> looked = Look(absl::Now() + wait);
  if (!looked.ok()) return watching_.Refused(looked.status());
  looked_at_ = now;
  Tell(*std::move(looked), message);
  const bool tell = message.changes_size() > 0 || now - told_at_ >= kTellAnyway ||
                    (moved_on_ && now - told_at_ >= kTellProgress);
  if (!tell) return false;
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

absl::StatusOr<std::vector<LiveWatch::Looked>> LiveWatch::Look(absl::Time until) {
  for (int i = 0; i < kMostLooks; ++i) {
    ASSIGN_OR_RETURN(ledger_, watching_.Begin(ledger_name_));
    const uint64_t head = ledger_->parts.log->Head().next_position;
    moved_on_ = moved_on_ || head != head_;
    head_ = head;
    std::vector<Looked> looked;
    for (const Watched& watched : panels_) {
      const absl::Duration wait = std::max(until - absl::Now(), absl::ZeroDuration());
      ASSIGN_OR_RETURN(Looked one,
                       LookAt(watched, trail_ == nullptr ? wait : absl::ZeroDuration()));
      looked.push_back(std::move(one));
    }
    RETURN_IF_ERROR(PutOnTrail(looked));
    absl::Status holds = watching_.StillHolds();
    for (const Looked& one : looked) {
      if (holds.ok()) holds = one.reading->StillHolds();
    }
    if (holds.ok()) return looked;
    if (!absl::IsAborted(holds)) return holds;
  }
  return RightsKeepChanging();
}

absl::StatusOr<LiveWatch::Looked> LiveWatch::LookAt(const Watched& watched, absl::Duration wait) {
  Looked looked;
  looked.reading = std::make_unique<Reading>(ledgers_, call_, watched.panel.action(), clock_);
  if (trail_ != nullptr && !watched.panel.changes_by_clock()) {
    ASSIGN_OR_RETURN(const uint64_t applied, AppliedEvents(*ledger_, watched.panel));
    if (applied == watched.reflected_events) {
      RETURN_IF_ERROR(watched.panel.AskWhether(*looked.reading));
      return looked;
    }
  }
  ASSIGN_OR_RETURN(LiveAnswer answer, watched.panel.Ask(answers_, *looked.reading, wait));
  looked.answered = true;
  looked.reflected_events = answer.reflected_events;
  looked.news = watched.told.Compare(std::move(answer));
  return looked;
}

absl::Status LiveWatch::PutOnTrail(const std::vector<Looked>& looked) {
  access::Level seen = std::max(seen_, watching_.level());
  for (const Looked& one : looked) seen = std::max(seen, one.reading->highest_shown());
  if (trail_ == nullptr) {
    access::Trail* trail = watching_.trail();
    if (trail == nullptr) {
      return absl::UnavailableError("TRAIL_UNAVAILABLE: the ledger has no access trail");
    }
    std::string asked;
    for (size_t i = 0; i < looked.size(); ++i) {
      // Of each question by which rule; the entry itself says by which the stream was opened.
      const event::v1::RecordAccessed about = looked[i].reading->About();
      asked += StrCat(i == 0 ? "" : "; ", about.action(), " (line ", about.rule_line(),
                      "): ", about.query());
    }
    watching_.AskedFor(std::move(asked));
    event::v1::RecordAccessed about = watching_.About();
    about.set_level(std::string(NameOf(seen)));
    ASSIGN_OR_RETURN(trail_, access::StreamTrail::Open(*trail, call_, std::move(about)));
  } else if (seen != seen_) {
    trail_->SeenAt(std::string(NameOf(seen)));
  }
  seen_ = seen;
  for (const Looked& one : looked) {
    for (const eventstore::StreamId& record : one.news.records) {
      if (named_.size() >= kMostNamed) named_.clear();
      if (!named_.insert(record).second) continue;
      RETURN_IF_ERROR(
          trail_->Note(static_cast<options::v1::RecordKind>(record.kind), record.id, 0));
    }
  }
  return trail_->Flush();
}

void LiveWatch::Tell(std::vector<Looked> looked, v1::WatchDashboardResponse& message) {
  for (size_t i = 0; i < looked.size(); ++i) {
    Looked& one = looked[i];
    if (!one.answered) continue;
    Watched& watched = panels_[i];
    moved_on_ = moved_on_ || one.reflected_events != watched.reflected_events;
    watched.reflected_events = one.reflected_events;
    if (!one.news.anything) continue;
    watched.told = std::move(one.news.told);
    one.news.change.set_panel(static_cast<uint32_t>(i));
    *message.add_changes() = std::move(one.news.change);
  }
}

absl::Status LiveWatch::End() { return trail_ == nullptr ? absl::OkStatus() : trail_->Close(); }

}  // namespace caseledger::rpc
