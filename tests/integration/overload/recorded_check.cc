#include "tests/integration/overload/recorded_check.h"

#include <algorithm>
#include <memory>

#include "caseledger/v1/history.grpc.pb.h"
#include "gtest/gtest.h"

namespace caseledger::testing {
namespace {

constexpr uint64_t kEventsPerCall = 50'000;  // well within a call's deadline

struct Recorded {
  uint64_t next = 0;  // position
  // Of the commands; the server's own commits to the heads of all records are none.
  std::vector<Uuid> ids;
};

// Adds some events from `recorded.next` on. False at the end.
bool ReadMore(const Client& client, v1::HistoryService::Stub& stub, Recorded& recorded) {
  grpc::ClientContext context;
  client.Prepare(context);
  v1::ReplayLedgerRequest request;
  request.set_from_position(recorded.next);
  request.set_max_events(kEventsPerCall);
  const auto reader = stub.ReplayLedger(&context, request);
  v1::ReplayResponse page;
  const uint64_t before = recorded.next;
  uint64_t displaced = 0;
  while (reader->Read(&page)) {
    for (const v1::RecordedEvent& event : page.events()) {
      if (event.position() != recorded.next++) ++displaced;
      if (event.fact().has_heads_committed()) continue;
      recorded.ids.push_back(Uuid::Parse(event.request_id()).value_or(Uuid{}));
    }
  }
  EXPECT_EQ(displaced, 0u) << "events that are not where they say";
  const grpc::Status status = reader->Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return status.ok() && recorded.next > before;
}

}  // namespace

std::vector<Uuid> RecordedRequests(const Client& client, uint64_t from) {
  const auto stub = v1::HistoryService::NewStub(client.channel());
  Recorded recorded;
  recorded.next = from;
  const uint64_t before = client.EventCount();
  while (ReadMore(client, *stub, recorded)) {
  }
  EXPECT_GE(recorded.next, before);
  EXPECT_LE(recorded.next, client.EventCount());
  return recorded.ids;
}

void ExpectRecorded(const Client& client, uint64_t from, const Outcomes& outcomes) {
  std::vector<Uuid> recorded = RecordedRequests(client, from);
  std::ranges::sort(recorded);
  EXPECT_EQ(std::ranges::adjacent_find(recorded), recorded.end()) << "recorded twice";
  std::vector<Uuid> taken = outcomes.taken();
  std::ranges::sort(taken);
  EXPECT_EQ(recorded.size(), taken.size());
  EXPECT_TRUE(recorded == taken) << "the ledger holds other commands than were acknowledged";
  const auto is_recorded = [&](const Uuid& id) { return std::ranges::binary_search(recorded, id); };
  EXPECT_EQ(std::ranges::count_if(outcomes.refused(), is_recorded), 0) << "refused, but recorded";
}

}  // namespace caseledger::testing
