// Contract of EventLog, part 1: what an append means. Include log_contract_suite.h, not this.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "eventstore/sequencer/checks.h"
#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_P(LogContract, ExpectedRevisionTableHoldsInEveryCell) {
  struct Cell {
    const char* name;
    uint64_t revision;  // of the stream
    Expected expected;
    bool ok;
  };
  const Cell cells[] = {
      {"absent/any", 0, Expected::Any(), true},
      {"absent/none", 0, Expected::None(), true},
      {"absent/exists", 0, Expected::Exists(), false},
      {"absent/0", 0, Expected::At(0), false},
      {"absent/1", 0, Expected::At(1), false},
      {"at 2/any", 2, Expected::Any(), true},
      {"at 2/none", 2, Expected::None(), false},
      {"at 2/exists", 2, Expected::Exists(), true},
      {"at 2/0", 2, Expected::At(0), false},
      {"at 2/1", 2, Expected::At(1), false},
      {"at 2/2", 2, Expected::At(2), true},
      {"at 2/3", 2, Expected::At(3), false},
  };
  EventLog& log = harness_.Open();
  uint64_t number = 0;
  for (const Cell& cell : cells) {
    const StreamId stream = CaseStream(++number);
    for (uint64_t i = 0; i < cell.revision; ++i) MustAppend(log, stream);
    const uint64_t before = log.Head().next_position;
    const auto result = log.Append(RequestFor(stream, cell.expected));
    EXPECT_EQ(result.ok(), cell.ok) << cell.name << ": " << result.status();
    if (result.ok()) {
      EXPECT_EQ(result->events.front().revision, cell.revision + 1) << cell.name;
    } else {
      EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted) << cell.name;
      EXPECT_EQ(log.Head().next_position, before) << cell.name;
    }
  }
}

TEST_P(LogContract, AllViolatedChecksAreReportedTogether) {
  EventLog& log = harness_.Open();
  MustAppend(log, CaseStream(1));
  MustAppend(log, CaseStream(2));
  MustAppend(log, CaseStream(2));
  const auto result = log.Append(RequestWith(Decision{{EventFor(CaseStream(4))},
                                                      {{CaseStream(1), Expected::At(1)},
                                                       {CaseStream(2), Expected::At(1)},
                                                       {CaseStream(3), Expected::Exists()}},
                                                      {}}));
  ASSERT_EQ(result.status().code(), absl::StatusCode::kAborted);
  const std::string message(result.status().message());
  EXPECT_THAT(message,
              HasSubstr(CaseStream(2).id.ToString() + " is at revision 2, expected revision 1"));
  EXPECT_THAT(message,
              HasSubstr(CaseStream(3).id.ToString() + " is at revision 0, expected a stream"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr(CaseStream(1).id.ToString())));
  const auto payload = result.status().GetPayload(kCurrentRevisionUrl);
  ASSERT_TRUE(payload.has_value());
  EXPECT_EQ(std::string(*payload), "2");
}

TEST_P(LogContract, ChecksMayNameStreamsThatAreNotWritten) {
  EventLog& log = harness_.Open();
  MustAppend(log, CaseStream(1));
  const auto request = [](Expected expected) {
    return RequestWith(Decision{{EventFor(CaseStream(2))}, {{CaseStream(1), expected}}, {}});
  };
  EXPECT_TRUE(log.Append(request(Expected::At(1))).ok());
  EXPECT_EQ(log.Append(request(Expected::None())).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(log.Head().next_position, 2u);
}

TEST_P(LogContract, AppendIsAtomicOverSeveralStreams) {
  EventLog& log = harness_.Open();
  MustAppend(log, CaseStream(2));
  const Decision both{
      {EventFor(CaseStream(1), "a"), EventFor(CaseStream(2), "b"), EventFor(CaseStream(1), "c")},
      {{CaseStream(2), Expected::At(1)}},
      {}};
  const auto result = log.Append(RequestWith(both));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(PositionsOf(result->events), ElementsAre(1, 2, 3));
  EXPECT_EQ(result->events[0].revision, 1u);
  EXPECT_EQ(result->events[1].revision, 2u);
  EXPECT_EQ(result->events[2].revision, 2u);

  // The check holds no more, so nothing of the same append goes through.
  EXPECT_EQ(log.Append(RequestWith(both)).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(log.ReadStream(CaseStream(1), 1, 0)->size(), 2u);
  EXPECT_EQ(log.Head().next_position, 4u);
}

TEST_P(LogContract, StoredEventsReadBackAsTheyWereAnswered) {
  EventLog& log = harness_.Open();
  NewEvent event = EventFor(CaseStream(1), std::string("\0\xFF sealed", 9));
  event.occurred_precision = 2;
  event.schema_version = 3;
  event.data_quality = {"CONSENT_MISSING", "UNIT_UNKNOWN"};
  AppendRequest request = RequestWith(Decision{{event}, {}, {}});
  request.origin = {"Nguyễn", "hotline",     "old-system",  "protection",
                    "law-13", NumberedId(7), NumberedId(8), "00-abc-def-01",
                    Uuid{},   "cases.csv",   "17"};
  const Uuid request_id = request.key.request_id;
  const auto appended = log.Append(std::move(request));
  ASSERT_TRUE(appended.ok()) << appended.status();
  const auto read = harness_.Restart().ReadLedger(0, 0);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 1u);
  for (const RecordedEvent& seen : {appended->events.front(), read->front()}) {
    EXPECT_EQ(seen.event_id, event.event_id);
    EXPECT_EQ(seen.stream, event.stream);
    EXPECT_EQ(seen.fact, event.fact);
    EXPECT_EQ(seen.occurred_at, event.occurred_at);
    EXPECT_EQ(seen.occurred_precision, 2u);
    EXPECT_EQ(seen.recorded_at, harness_.clock().Now());
    EXPECT_EQ(seen.schema_version, 3u);
    EXPECT_EQ(seen.fact_type, 40u);
    EXPECT_EQ(seen.data_quality, event.data_quality);
    EXPECT_EQ(seen.origin.actor, "Nguyễn");
    EXPECT_EQ(seen.origin.on_behalf_of, "old-system");
    EXPECT_EQ(seen.origin.purpose, "protection");
    EXPECT_EQ(seen.origin.legal_basis, "law-13");
    EXPECT_EQ(seen.origin.correlation_id, NumberedId(7));
    EXPECT_EQ(seen.origin.causation_id, NumberedId(8));
    EXPECT_EQ(seen.origin.traceparent, "00-abc-def-01");
    EXPECT_EQ(seen.origin.request_id, request_id);
    EXPECT_EQ(seen.origin.source_file, "cases.csv");
    EXPECT_EQ(seen.origin.source_row, "17");
    EXPECT_EQ(seen.leaf_hash, appended->events.front().leaf_hash);
  }
}

TEST_P(LogContract, SameRequestAgainGetsItsFirstPositions) {
  EventLog& log = harness_.Open();
  MustAppend(log, CaseStream(9));
  const Decision two{{EventFor(CaseStream(1)), EventFor(CaseStream(2))}, {}, {}};
  const Uuid id = NextId();
  const auto first = log.Append(RequestWith(two, id));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE(first->already_appended);
  MustAppend(log, CaseStream(9));

  EventLog& reopened = harness_.Restart();
  const auto again = reopened.Append(RequestWith(
      [](LedgerView&) -> absl::StatusOr<Decision> {
        return absl::InternalError("a request carried out before is not decided again");
      },
      id));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_appended);
  EXPECT_THAT(PositionsOf(again->events), ElementsAre(1, 2));
  EXPECT_EQ(again->events[1].leaf_hash, first->events[1].leaf_hash);
  EXPECT_EQ(reopened.Head().next_position, 4u);

  const auto found = reopened.FindRequest({std::string(kAgency), id});
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE(found->has_value());
  EXPECT_TRUE((*found)->already_appended);
  EXPECT_THAT(PositionsOf((*found)->events), ElementsAre(1, 2));
  EXPECT_FALSE(reopened.FindRequest({std::string(kAgency), NextId()})->has_value());
}

TEST_P(LogContract, SameRequestIdWithOtherContentIsRefused) {
  EventLog& log = harness_.Open();
  const Uuid id = NextId();
  const Decision one{{EventFor(CaseStream(1))}, {}, {}};
  ASSERT_TRUE(log.Append(RequestWith(one, id, "content")).ok());
  const auto reused = harness_.Restart().Append(RequestWith(one, id, "Content"));
  EXPECT_EQ(reused.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(reused.status().message()), StartsWith("REQUEST_ID_REUSED"));
}

TEST_P(LogContract, TwoAgenciesMayUseOneRequestId) {
  EventLog& log = harness_.Open();
  const Uuid id = NextId();
  AppendRequest other = RequestWith(Decision{{EventFor(CaseStream(1))}, {}, {}}, id, "other");
  other.key.agency = "shelter";
  ASSERT_TRUE(log.Append(RequestWith(Decision{{EventFor(CaseStream(1))}, {}, {}}, id)).ok());
  const auto result = log.Append(std::move(other));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->already_appended);
  EXPECT_EQ(log.Head().next_position, 2u);
}

TEST_P(LogContract, RepetitionInsideOneBatchGetsTheFirstOnesResult) {
  EventLog& log = harness_.Open();
  const Uuid id = NextId();
  const Decision one{{EventFor(CaseStream(1))}, {}, {}};
  Answer first, again, reused;
  {
    Gate gate(log);
    first = SubmitTo(log, RequestWith(one, id));
    again = SubmitTo(log, RequestWith(one, id));
    reused = SubmitTo(log, RequestWith(one, id, "other"));
  }
  const auto first_result = first.get();
  const auto again_result = again.get();
  ASSERT_TRUE(first_result.ok() && again_result.ok()) << again_result.status();
  EXPECT_FALSE(first_result->already_appended);
  EXPECT_TRUE(again_result->already_appended);
  EXPECT_THAT(PositionsOf(again_result->events), ElementsAre(0));
  EXPECT_EQ(reused.get().status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(log.Head().next_position, 1u);
}

TEST_P(LogContract, RefusalsAreNotRememberedAndGetTheirOwnStatus) {
  EventLog& log = harness_.Open();
  const Uuid id = NextId();
  const auto refused = log.Append(RequestWith(
      [](LedgerView&) -> absl::StatusOr<Decision> {
        return absl::PermissionDeniedError("CONSENT_MISSING");
      },
      id));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(refused.status().message(), "CONSENT_MISSING");
  EXPECT_TRUE(log.Append(RequestWith(Decision{{EventFor(CaseStream(1))}, {}, {}}, id, "b")).ok());
}

TEST_P(LogContract, NothingToDoIsOkAndNotRemembered) {
  EventLog& log = harness_.Open();
  const Uuid id = NextId();
  const auto nothing = log.Append(RequestWith(Decision{}, id));
  ASSERT_TRUE(nothing.ok()) << nothing.status();
  EXPECT_TRUE(nothing->events.empty());
  EXPECT_FALSE(log.FindRequest({std::string(kAgency), id})->has_value());
  EXPECT_EQ(log.Head().next_position, 0u);
}

TEST_P(LogContract, LosersConsumeNoPositions) {
  EventLog& log = harness_.Open();
  std::vector<Answer> winners;
  std::vector<Answer> losers;
  {
    Gate gate(log);
    for (uint64_t i = 1; i <= 5; ++i) {
      winners.push_back(SubmitTo(log, RequestFor(CaseStream(i), Expected::None())));
      losers.push_back(SubmitTo(log, RequestFor(CaseStream(i), Expected::None())));
    }
  }
  uint64_t position = 0;
  for (Answer& winner : winners) {
    const auto result = winner.get();
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->events.front().position, position++);
  }
  for (Answer& loser : losers) {
    EXPECT_EQ(loser.get().status().code(), absl::StatusCode::kAborted);
  }
  EXPECT_EQ(ReadAll(log).size(), 5u);
}

TEST_P(LogContract, LaterDecisionOfABatchSeesTheEarlierEvents) {
  EventLog& log = harness_.Open();
  MustAppend(log, CaseStream(1));
  std::vector<std::string> facts;
  StreamHead head;
  Answer first, second;
  {
    Gate gate(log);
    first = SubmitTo(log, RequestWith(Decision{{EventFor(CaseStream(1), "new")}, {}, {}}));
    second = SubmitTo(log, RequestWith([&](LedgerView& view) -> absl::StatusOr<Decision> {
                        facts.clear();
                        head = *view.Head(CaseStream(1));
                        const absl::Status read =
                            view.ReadStream(CaseStream(1), 1, [&](const RecordedEvent& event) {
                              facts.push_back(event.fact);
                              return true;
                            });
                        if (!read.ok()) return read;
                        return Decision{{EventFor(CaseStream(1))}, {}, {}};
                      }));
  }
  ASSERT_TRUE(first.get().ok());
  ASSERT_TRUE(second.get().ok());
  EXPECT_THAT(facts, ElementsAre("fact", "new"));
  EXPECT_EQ(head.revision, 2u);
}

TEST_P(LogContract, RecordedTimeNeverGoesBack) {
  EventLog& log = harness_.Open();
  const Micros start = harness_.clock().Now();
  EXPECT_EQ(MustAppend(log, CaseStream(1)).recorded_at, start);
  harness_.clock().Advance(-3600 * kMicrosPerSecond);
  EXPECT_EQ(MustAppend(log, CaseStream(1)).recorded_at, start);
  EXPECT_EQ(MustAppend(harness_.Restart(), CaseStream(1)).recorded_at, start);
  harness_.clock().Set(start + 5);
  EXPECT_EQ(MustAppend(harness_.Open(), CaseStream(1)).recorded_at, start + 5);
}

TEST_P(LogContract, CountsEventsRecordedUntilATime) {
  EventLog& log = harness_.Open();
  EXPECT_EQ(*log.CountRecordedUntil(0), 0u);
  const Micros start = harness_.clock().Now();
  for (uint64_t i = 0; i < 20; ++i) {
    if (i % 3 == 0) harness_.clock().Advance(10);
    MustAppend(log, CaseStream(1));
  }
  const std::vector<RecordedEvent> all = ReadAll(log);
  for (Micros time = start - 1; time <= start + 100; ++time) {
    const auto expected = std::count_if(all.begin(), all.end(), [time](const RecordedEvent& event) {
      return event.recorded_at <= time;
    });
    EXPECT_EQ(*log.CountRecordedUntil(time), static_cast<uint64_t>(expected)) << time - start;
  }
}

TEST_P(LogContract, EachStreamIsAChainOfLeafHashes) {
  EventLog& log = harness_.Open();
  for (uint64_t i = 0; i < 12; ++i) MustAppend(log, CaseStream(i % 3));
  for (uint64_t number = 0; number < 3; ++number) {
    const auto events = log.ReadStream(CaseStream(number), 1, 0);
    ASSERT_TRUE(events.ok()) << events.status();
    ASSERT_EQ(events->size(), 4u);
    Hash256 previous;
    for (const RecordedEvent& event : *events) {
      EXPECT_EQ(event.previous_leaf_hash, previous);
      previous = event.leaf_hash;
    }
  }
  EXPECT_EQ(log.Head().last_leaf_hash, ReadAll(log).back().leaf_hash);
}

}  // namespace caseledger::eventstore::testing
