// A watcher of dashboards over real gRPC, reading only when told to.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "caseledger/v1/dashboard.grpc.pb.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "services/app/cli/client/followed_panel.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {

inline v1::WatchDashboardRequest WatchRequest(const std::string& text) {
  v1::WatchDashboardRequest request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

// What was told so far is in its members.
class Watcher {
 public:
  Watcher(const Client& client, const v1::WatchDashboardRequest& request)
      : panels(static_cast<size_t>(request.panels_size())) {
    client.Prepare(context_);
    reader_ = v1::DashboardService::NewStub(client.channel())->WatchDashboard(&context_, request);
  }
  ~Watcher() { Leave(); }

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
  void Leave() {
    if (finished_) return;
    finished_ = true;
    context_.TryCancel();
    reader_->Finish();
  }
  // After the end.
  grpc::Status Finish() {
    finished_ = true;
    return reader_->Finish();
  }

  std::vector<cli::FollowedPanel> panels;
  v1::WatchDashboardResponse last;
  int messages = 0;

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchDashboardResponse>> reader_;
  bool finished_ = false;
};

}  // namespace caseledger::testing
