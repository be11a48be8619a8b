#include "tests/fault/crash/ledger_check.h"

#include <cstdio>
#include <future>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/fault/crash/writers.h"

namespace caseledger::testing {
namespace {

constexpr size_t kAcknowledgedSentAgain = 100;
// How the writers look at a case.
constexpr char kLook[] = "GetCase";

using EventsByRequest = std::map<std::string, std::vector<v1::RecordedEvent>>;

// How many events a command of the writers becomes.
size_t EventsOf(const v1::Command& command) {
  return command.fact().has_resident_admitted() || command.fact().has_resident_discharged() ? 3 : 1;
}

// Rule 1, on the way to sorting the events by request.
EventsByRequest CheckOrder(std::vector<v1::RecordedEvent> events) {
  EventsByRequest by_request;
  std::map<std::string, uint64_t> revisions;
  std::set<std::string> event_ids;
  for (size_t position = 0; position < events.size(); ++position) {
    v1::RecordedEvent& event = events[position];
    EXPECT_EQ(event.position(), position) << "a hole in the positions";
    uint64_t& revision = revisions[StrCat(int{event.record_kind()}, "/", event.record_id())];
    EXPECT_EQ(event.revision(), ++revision) << "a hole in the revisions at " << position;
    EXPECT_TRUE(event_ids.insert(event.event_id()).second) << "an event id twice at " << position;
    by_request[event.request_id()].push_back(std::move(event));
  }
  return by_request;
}

std::string ReceiptOf(const v1::RecordedEvent& event) {
  v1::EventReceipt receipt;
  receipt.set_event_id(event.event_id());
  receipt.set_record_kind(event.record_kind());
  receipt.set_record_id(event.record_id());
  receipt.set_revision(event.revision());
  receipt.set_position(event.position());
  *receipt.mutable_recorded_time() = event.recorded_time();
  receipt.set_fact_name(event.fact_name());
  *receipt.mutable_data_quality() = event.data_quality();
  return receipt.ShortDebugString();
}

// The recorded fact without what the server adds to the facts that writers send.
event::v1::Fact WithoutCompletions(event::v1::Fact fact) {
  if (fact.has_resident_admitted()) {
    EXPECT_FALSE(fact.resident_admitted().case_id().empty());
    EXPECT_FALSE(fact.resident_admitted().person_id().empty());
    fact.mutable_resident_admitted()->clear_case_id();
    fact.mutable_resident_admitted()->clear_person_id();
  }
  return fact;
}

void CheckContent(const v1::Command& command, const std::vector<v1::RecordedEvent>& events) {
  const event::v1::Fact& sent = command.fact();
  for (const v1::RecordedEvent& event : events) {
    if (event.fact().kind_case() != sent.kind_case()) continue;
    EXPECT_EQ(event.record_id(), command.record_id());
    EXPECT_EQ(WithoutCompletions(event.fact()).ShortDebugString(), sent.ShortDebugString());
    return;
  }
  ADD_FAILURE() << "the fact itself is missing: " << sent.ShortDebugString();
}

void CheckOne(const Sent& sent, const std::vector<v1::RecordedEvent>& events) {
  if (events.empty()) {
    EXPECT_FALSE(sent.result.has_value())
        << "acknowledged and lost: " << sent.command.ShortDebugString();
    return;
  }
  ASSERT_EQ(events.size(), EventsOf(sent.command))
      << "half a command, or one done twice: " << sent.command.ShortDebugString();
  for (size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i].position(), events[0].position() + i) << "one append, torn apart";
  }
  CheckContent(sent.command, events);
  if (!sent.result.has_value()) return;
  ASSERT_EQ(static_cast<size_t>(sent.result->events_size()), events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(ReceiptOf(events[i]), sent.result->events(static_cast<int>(i)).ShortDebugString());
  }
}

// Both answers must be the same receipts; at least one of the two found the command done.
v1::CommandResult SendTwiceAtOnce(const Client& client, const v1::Command& command,
                                  bool was_recorded) {
  auto other =
      std::async(std::launch::async, [&] { return client.Send(command, SenderOf(command)); });
  const Answer<v1::CommandResult> one = client.Send(command, SenderOf(command));
  const Answer<v1::CommandResult> two = other.get();
  EXPECT_TRUE(one.ok()) << one.status.error_message() << command.ShortDebugString();
  EXPECT_TRUE(two.ok()) << two.status.error_message() << command.ShortDebugString();
  const int recorded_now =
      (one.value.already_recorded() ? 0 : 1) + (two.value.already_recorded() ? 0 : 1);
  EXPECT_EQ(recorded_now, was_recorded ? 0 : 1) << command.ShortDebugString();
  v1::CommandResult first = one.value;
  v1::CommandResult second = two.value;
  first.set_already_recorded(false);
  second.set_already_recorded(false);
  EXPECT_EQ(first.ShortDebugString(), second.ShortDebugString());
  return first;
}

// The server commits to the heads of all records by itself.
bool IsOfTheServer(const std::vector<v1::RecordedEvent>& events) {
  return events.size() == 1 && events.front().fact().has_heads_committed() &&
         events.front().actor() == "caseledgerd";
}

// Rule 4.
void CheckBeginning(const std::vector<v1::RecordedEvent>& events,
                    const std::vector<v1::RecordedEvent>& beginning) {
  ASSERT_GE(events.size(), beginning.size());
  for (size_t i = 0; i < beginning.size(); ++i) {
    EXPECT_EQ(events[i].SerializeAsString(), beginning[i].SerializeAsString())
        << "what the ledger began with has changed: " << beginning[i].fact_name();
  }
}

// The events of commands that writers sent.
EventsByRequest ReadLedger(const Client& client, const Journal& journal) {
  const uint64_t before = client.EventCount();
  Answer<std::vector<v1::RecordedEvent>> replay = client.Replay();
  EXPECT_TRUE(replay.ok()) << replay.status.error_message();
  // Nobody writes but the server itself.
  EXPECT_GE(replay.value.size(), before);
  EXPECT_LE(replay.value.size(), client.EventCount());
  const std::vector<v1::RecordedEvent> beginning = journal.beginning();
  CheckBeginning(replay.value, beginning);
  EventsByRequest by_request = CheckOrder(std::move(replay.value));
  for (const v1::RecordedEvent& event : beginning) by_request.erase(event.request_id());
  std::erase_if(by_request, [](const auto& request) { return IsOfTheServer(request.second); });
  return by_request;
}

// How many there are.
uint64_t CommandEvents(const Client& client, const Journal& journal) {
  uint64_t count = 0;
  for (const auto& [request, events] : ReadLedger(client, journal)) count += events.size();
  return count;
}

}  // namespace

void CheckLedger(const Client& client, const Journal& journal) {
  EventsByRequest by_request = ReadLedger(client, journal);
  for (const Sent& sent : journal.All()) {
    const auto found = by_request.find(sent.command.header().request_id());
    CheckOne(sent, found == by_request.end() ? std::vector<v1::RecordedEvent>() : found->second);
    if (found != by_request.end()) by_request.erase(found);
  }
  EXPECT_TRUE(by_request.empty()) << "events nobody asked for: " << by_request.begin()->first;
}

void SendAgain(const Client& client, uint64_t seed, Journal& journal) {
  const EventsByRequest recorded = ReadLedger(client, journal);
  const std::vector<Sent> all = journal.All();
  std::vector<const Sent*> acknowledged;
  size_t unanswered = 0;
  for (size_t index = 0; index < all.size(); ++index) {
    const v1::Command& command = all[index].command;
    if (all[index].result.has_value()) {
      acknowledged.push_back(&all[index]);
      continue;
    }
    ++unanswered;
    journal.Acknowledge(
        index, SendTwiceAtOnce(client, command, recorded.contains(command.header().request_id())));
  }
  const uint64_t recorded_events = CommandEvents(client, journal);
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < kAcknowledgedSentAgain && !acknowledged.empty(); ++i) {
    const Sent& sent = *acknowledged[random() % acknowledged.size()];
    EXPECT_EQ(SendTwiceAtOnce(client, sent.command, true).ShortDebugString(),
              sent.result->ShortDebugString());
  }
  EXPECT_EQ(CommandEvents(client, journal), recorded_events)
      << "a command sent again was done again";
  std::printf("  %zu sent, %zu without an answer, %llu events\n", all.size(), unanswered,
              static_cast<unsigned long long>(recorded_events));
}

void CheckTrail(const Client& client, const Journal& journal) {
  Answer<std::vector<v1::RecordedEvent>> replay = client.Replay();
  ASSERT_TRUE(replay.ok()) << replay.status.error_message();
  std::map<std::pair<std::string, std::string>, int> entries;
  for (const v1::RecordedEvent& event : replay.value) {
    const event::v1::RecordAccessed& shown = event.fact().record_accessed();
    const event::v1::AccessDenied& denied = event.fact().access_denied();
    if (shown.action() != kLook && denied.action() != kLook) continue;
    EXPECT_EQ(event.fact().has_access_denied(), event.actor() == kOperator.actor);
    if (event.fact().has_access_denied()) {
      ++entries[{event.actor(), denied.record().record_id()}];
    } else {
      ASSERT_EQ(shown.records_size(), 1);
      ++entries[{event.actor(), shown.records(0).record_id()}];
    }
  }
  CheckOrder(std::move(replay.value));
  for (const auto& [look, times] : journal.looks()) {
    const int found = entries[look];
    EXPECT_GE(found, times.answered) << "answered and not on the trail: " << look.second;
    EXPECT_LE(found, times.asked) << "on the trail more often than asked: " << look.second;
    entries.erase(look);
  }
  EXPECT_TRUE(entries.empty()) << "looks that nobody took";
}

void CheckProjections(const Client& client) {
  v1::ListProjectionsResponse last;
  EXPECT_TRUE(Eventually([&] {
    const auto answer = client.Call<v1::ListProjectionsResponse>("AdminService/ListProjections",
                                                                 v1::ListProjectionsRequest());
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    last = answer.value;
    bool done = answer.ok() && last.projections_size() > 0;
    for (const v1::ProjectionStatus& projection : last.projections()) {
      done = done && projection.state() == "live" && projection.lag_events() == 0 &&
             projection.applied_events() == last.event_count();
    }
    return done || !answer.ok();
  })) << last.ShortDebugString();
}

void CheckCases(const Client& client, const Journal& journal) {
  std::set<std::string> expected;
  for (const Sent& sent : journal.All()) {
    if (sent.command.fact().has_case_opened()) expected.insert(sent.command.record_id());
  }
  std::set<std::string> listed;
  v1::ListCasesRequest request;
  request.set_page_size(1000);
  request.set_min_position(client.EventCount() - 1);
  do {
    const auto page = client.Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
    ASSERT_TRUE(page.ok()) << page.status.error_message();
    for (const v1::CaseRow& row : page.value.cases()) {
      EXPECT_TRUE(listed.insert(row.case_id()).second) << "listed twice";
    }
    request.set_page_token(page.value.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, expected);
}

}  // namespace caseledger::testing
