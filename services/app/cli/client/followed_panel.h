// A panel of a watched dashboard, kept up to date by what the server tells of it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "caseledger/v1/dashboard.pb.h"

namespace caseledger::cli {

// Not thread-safe.
class FollowedPanel {
 public:
  // Takes in what a message says of the panel with that index in the request. INTERNAL when it does
  // not fit what was told before; then watch again.
  absl::Status Apply(const v1::WatchDashboardResponse& message, int index = 0);

  // The whole answer, in order.
  const std::vector<v1::PanelRow>& rows() const { return rows_; }
  bool more() const { return more_; }
  // Of a report: all but its rows.
  const v1::RunReportResponse& report() const { return report_; }
  uint64_t reflected_events() const { return reflected_events_; }

 private:
  absl::Status Apply(const v1::PanelChange& change);

  std::vector<v1::PanelRow> rows_;
  bool more_ = false;
  v1::RunReportResponse report_;
  uint64_t reflected_events_ = 0;
};

}  // namespace caseledger::cli
