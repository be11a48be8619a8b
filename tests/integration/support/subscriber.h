// A subscriber of a ledger over real gRPC, reading only when told to.
#pragma once

#include <string>
#include <vector>

#include "caseledger/v1/history.grpc.pb.h"
#include "gtest/gtest.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/open_stream.h"

namespace caseledger::testing {

// One subscriber; what was read so far is in its members.
class Subscriber : public OpenStream<v1::SubscribeResponse> {
 public:
  Subscriber(const Client& client, uint64_t from, const std::vector<std::string>& names = {},
             const std::vector<std::string>& stream_prefixes = {})
      : OpenStream(client) {
    v1::SubscribeRequest request;
    request.set_from_position(from);
    for (const std::string& name : names) request.add_fact_names(name);
    for (const std::string& prefix : stream_prefixes) request.add_stream_prefixes(prefix);
    reader_ = v1::HistoryService::NewStub(client.channel())->Subscribe(&context_, request);
  }

  bool ReadOne() {
    v1::SubscribeResponse response;
    if (!reader_->Read(&response)) return false;
    for (const v1::RecordedEvent& event : response.events()) events.push_back(event);
    EXPECT_GE(response.next_position(), next_position) << "a position that goes back";
    next_position = response.next_position();
    server_seconds = response.server_time().seconds();
    if (response.state() == v1::SUBSCRIPTION_STATE_CAUGHT_UP) ++caught_up;
    if (response.state() != v1::SUBSCRIPTION_STATE_UNSPECIFIED) {
      changes.push_back({response.state(), next_position, server_seconds, events.size()});
    }
    return true;
  }
  // Reads until everything before `position` was delivered or left out.
  bool ReadUntil(uint64_t position) {
    while (next_position < position) {
      if (!ReadOne()) return false;
    }
    return true;
  }

  // A change of state as it was told.
  struct Change {
    v1::SubscriptionState state;
    uint64_t next_position;
    int64_t server_seconds;
    size_t events_before;  // delivered up to then
  };
  std::vector<v1::RecordedEvent> events;
  std::vector<Change> changes;
  uint64_t next_position = 0;
  int64_t server_seconds = 0;
  int caught_up = 0;
};

// Every position from `from` on, once and in order.
inline void ExpectGapless(const std::vector<v1::RecordedEvent>& events, uint64_t from) {
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].position(), from + i);
}

}  // namespace caseledger::testing
