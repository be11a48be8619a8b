// The questions that can be watched: how each is asked, and its answer in rows.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caseledger/v1/dashboard.pb.h"
#include "services/rpc/live_changes.h"
#include "services/rpc/queries.h"
#include "services/rpc/reading.h"

namespace caseledger::rpc {

inline constexpr int64_t kMostLiveRows = 200;  // of a list
// Of a panel's whole answer: eight of them stay below the 4 MiB that clients take in, and what
// waits for a reader is bounded.
inline constexpr size_t kMostPanelBytes = 256u << 10;

// One panel of a dashboard. Thread-safe.
class LivePanel {
 public:
  // `panel`: one that Check found nothing in.
  LivePanel(const v1::DashboardPanel& panel, std::string_view ledger);

  // What may not be asked live; `path`: such as `panels[0]`. Empty: nothing.
  static std::vector<commands::Violation> Check(const v1::DashboardPanel& panel,
                                                std::string_view path);

  // The method that asks the same once: its name is what the rules are asked about. For ever valid.
  std::string_view action() const;
  // The read model that answers.
  std::string_view projection() const;
  // Whether the answer may change though nothing was recorded: by the clock, or because a right
  // ends by it. Of a report, which takes long to compute, the right alone is asked about.
  bool changes_by_clock() const { return !panel_.has_report(); }

  // Asks. Errors as Queries, and
  // FAILED_PRECONDITION  DASHBOARD_TOO_LARGE; DASHBOARD_NEEDS_FILTER: of the rows that a page looks
  //                      at none is for the caller
  absl::StatusOr<LiveAnswer> Ask(const Queries& answers, Reading& reading,
                                 absl::Duration wait) const;
  // Only whether it may be asked.
  absl::Status AskWhether(Reading& reading) const;

 private:
  absl::StatusOr<LiveAnswer> AskUnbounded(const Queries& answers, Reading& reading,
                                          absl::Duration wait) const;

  v1::DashboardPanel panel_;
};

}  // namespace caseledger::rpc
