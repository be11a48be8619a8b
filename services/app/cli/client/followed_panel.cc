#include "services/app/cli/client/followed_panel.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace caseledger::cli {

absl::Status FollowedPanel::Apply(const v1::WatchDashboardResponse& message, int index) {
  if (message.reflected_events_size() <= index) {
    return absl::InternalError("a message says nothing of the panel");
  }
  reflected_events_ = message.reflected_events(index);
  for (const v1::PanelChange& change : message.changes()) {
    if (change.panel() != static_cast<uint32_t>(index)) continue;
    if (absl::Status applied = Apply(change); !applied.ok()) return applied;
  }
  return absl::OkStatus();
}

absl::Status FollowedPanel::Apply(const v1::PanelChange& change) {
  if (change.whole()) rows_.clear();
  std::set<std::string_view> gone(change.removed_keys().begin(), change.removed_keys().end());
  const size_t removed = gone.size();
  for (const v1::PanelRow& row : change.rows()) gone.insert(row.key());
  size_t found = 0;
  std::erase_if(rows_, [&](const v1::PanelRow& row) {
    if (!gone.contains(row.key())) return false;
    ++found;
    return true;
  });
  if (found < removed) return absl::InternalError("a row is taken back that was never told");
  for (const v1::PanelRow& row : change.rows()) {
    if (row.place() > rows_.size()) {
      return absl::InternalError("a row is told at a place that is not there");
    }
    rows_.insert(rows_.begin() + row.place(), row);
  }
  more_ = change.more();
  if (change.has_report()) report_ = change.report();
  return absl::OkStatus();
}

}  // namespace caseledger::cli
