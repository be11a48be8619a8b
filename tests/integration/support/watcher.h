// A watcher of dashboards over real gRPC, reading only when told to.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "caseledger/v1/dashboard.grpc.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "services/app/cli/client/followed_panel.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/open_stream.h"

namespace caseledger::testing {

inline v1::WatchDashboardRequest WatchRequest(const std::string& text) {
  v1::WatchDashboardRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

// What was told so far is in its members.
class Watcher : public OpenStream<v1::WatchDashboardResponse> {
 public:
  Watcher(const Client& client, const v1::WatchDashboardRequest& request)
      : OpenStream(client), panels(static_cast<size_t>(request.panels_size())) {
    reader_ = v1::DashboardService::NewStub(client.channel())->WatchDashboard(&context_, request);
  }

  // False at the end.
  bool ReadOne() {
    if (!reader_->Read(&last)) return false;
    ++messages;
    for (size_t i = 0; i < panels.size(); ++i) {
      const absl::Status applied = panels[i].Apply(last, static_cast<int>(i));
      EXPECT_TRUE(applied.ok()) << applied << "\n" << last.DebugString();
    }
    return true;
  }
  // Until all panels reflect so many events.
  bool ReadUntil(uint64_t events) {
    while (true) {
      bool all = messages > 0;
      for (const cli::FollowedPanel& panel : panels) {
        all = all && panel.reflected_events() >= events;
      }
      if (all) return true;
      if (!ReadOne()) return false;
    }
  }
  // Until the panel's rows are so.
  template <typename Condition>
  bool ReadUntilRows(Condition condition, size_t panel = 0) {
    while (messages == 0 || !condition(panels[panel].rows())) {
      if (!ReadOne()) return false;
    }
    return true;
  }

  std::vector<cli::FollowedPanel> panels;
  v1::WatchDashboardResponse last;
  int messages = 0;
};

}  // namespace caseledger::testing
