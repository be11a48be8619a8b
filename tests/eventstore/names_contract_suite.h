// Contract of EventLog, part 2: names of records. Include log_contract_suite.h, not this.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {

// Appends one event to the case and gives it a name.
inline absl::StatusOr<AppendResult> NameCase(EventLog& log, uint64_t number, std::string source,
                                             std::string value) {
  const StreamId stream = CaseStream(number);
  return log.Append(RequestWith(
      Decision{{EventFor(stream)}, {}, {{stream, std::move(source), std::move(value)}}}));
}

TEST_P(LogContract, NamesFindTheirRecordAlsoAfterARestart) {
  ASSERT_TRUE(NameCase(harness_.Open(), 1, "primero", "C-1").ok());
  EventLog& log = harness_.Restart();
  EXPECT_EQ(**log.FindName(kCase, "primero", "C-1"), CaseStream(1));
  EXPECT_EQ(**log.FindName(kCase, "", "C-1"), CaseStream(1));
  EXPECT_FALSE(log.FindName(kCase, "other", "C-1")->has_value());
  EXPECT_FALSE(log.FindName(kCase + 1, "primero", "C-1")->has_value());
  EXPECT_FALSE(log.FindName(kCase, "primero", "C-2")->has_value());
}

TEST_P(LogContract, TakenNameRefusesTheWholeAppend) {
  EventLog& log = harness_.Open();
  ASSERT_TRUE(NameCase(log, 1, "primero", "C-1").ok());
  const auto taken = NameCase(log, 2, "primero", "C-1");
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(std::string(taken.status().message()).starts_with("EXTERNAL_REF_TAKEN"));
  EXPECT_EQ(std::string(taken.status().message()).find("C-1"), std::string::npos);
  EXPECT_EQ(log.Head().next_position, 1u);
  EXPECT_TRUE(NameCase(log, 1, "primero", "C-1").ok()) << "a record keeps its own name";
}

TEST_P(LogContract, NameOfSeveralSourcesNeedsItsSource) {
  EventLog& log = harness_.Open();
  ASSERT_TRUE(NameCase(log, 1, "primero", "7").ok());
  ASSERT_TRUE(NameCase(log, 1, "paper", "7").ok());
  EXPECT_EQ(**log.FindName(kCase, "", "7"), CaseStream(1)) << "one record, two sources";
  ASSERT_TRUE(NameCase(log, 2, "hrm", "7").ok());
  EXPECT_EQ(log.FindName(kCase, "", "7").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(**log.FindName(kCase, "primero", "7"), CaseStream(1));
  EXPECT_EQ(**log.FindName(kCase, "hrm", "7"), CaseStream(2));
}

TEST_P(LogContract, NamesAreUniqueInsideOneBatchAndSeenByDecisions) {
  EventLog& log = harness_.Open();
  std::optional<StreamId> seen;
  Answer first, rival, looking;
  {
    Gate gate(log);
    const auto naming = [](uint64_t number) {
      return RequestWith(
          Decision{{EventFor(CaseStream(number))}, {}, {{CaseStream(number), "primero", "C-1"}}});
    };
    first = SubmitTo(log, naming(1));
    rival = SubmitTo(log, naming(2));
    looking = SubmitTo(log, RequestWith([&](LedgerView& view) -> absl::StatusOr<Decision> {
                         seen = *view.FindName(kCase, "", "C-1");
                         return Decision{};
                       }));
  }
  EXPECT_TRUE(first.get().ok());
  EXPECT_EQ(rival.get().status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(looking.get().ok());
  EXPECT_EQ(seen, CaseStream(1));
}

// The numbers of the cases that name the case, as a decision sees them.
inline std::vector<StreamId> Referrers(EventLog& log, uint64_t number) {
  std::vector<StreamId> found;
  const auto looked = log.Append(RequestWith([&](LedgerView& view) -> absl::StatusOr<Decision> {
    found.clear();
    EXPECT_TRUE(view.VisitReferrers(CaseStream(number),
                                    [&](const StreamId& from) {
                                      found.push_back(from);
                                      return true;
                                    })
                    .ok());
    return Decision{};
  }));
  EXPECT_TRUE(looked.ok()) << looked.status();
  return found;
}

inline AppendRequest Naming(uint64_t from, uint64_t to) {
  return RequestWith(
      Decision{{EventFor(CaseStream(from))}, {}, {}, {{CaseStream(from), CaseStream(to)}}});
}

TEST_P(LogContract, ReferrersAreKeptOncePerPairAlsoAfterARestart) {
  EventLog& log = harness_.Open();
  for (const uint64_t from : {2U, 3U, 2U}) ASSERT_TRUE(log.Append(Naming(from, 1)).ok());
  ASSERT_TRUE(log.Append(Naming(1, 3)).ok());
  const std::vector<StreamId> both = {CaseStream(2), CaseStream(3)};
  EXPECT_EQ(Referrers(log, 1), both);
  EXPECT_EQ(Referrers(log, 2), std::vector<StreamId>());
  EventLog& again = harness_.Restart();
  EXPECT_EQ(Referrers(again, 1), both);
  EXPECT_EQ(Referrers(again, 3), std::vector<StreamId>{CaseStream(1)});
}

TEST_P(LogContract, ReferrersOfTheSameBatchAreSeen) {
  EventLog& log = harness_.Open();
  std::vector<StreamId> seen;
  Answer naming, looking;
  {
    Gate gate(log);
    naming = SubmitTo(log, Naming(2, 1));
    looking = SubmitTo(log, RequestWith([&](LedgerView& view) -> absl::StatusOr<Decision> {
                         seen.clear();
                         const auto visit = [&](const StreamId& from) {
                           seen.push_back(from);
                           return true;
                         };
                         EXPECT_TRUE(view.VisitReferrers(CaseStream(1), visit).ok());
                         return Decision{};
                       }));
  }
  EXPECT_TRUE(naming.get().ok());
  EXPECT_TRUE(looking.get().ok());
  EXPECT_EQ(seen, std::vector<StreamId>{CaseStream(2)});
}

TEST_P(LogContract, RefusedAppendLeavesNoReference) {
  EventLog& log = harness_.Open();
  AppendRequest refused = RequestWith(Decision{{EventFor(CaseStream(2))},
                                               {{CaseStream(9), Expected::Exists()}},
                                               {},
                                               {{CaseStream(2), CaseStream(1)}}});
  EXPECT_EQ(log.Append(std::move(refused)).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(Referrers(log, 1), std::vector<StreamId>());
}

TEST_P(LogContract, NamesWithoutRecordOrTextAreRefused) {
  EventLog& log = harness_.Open();
  EXPECT_EQ(NameCase(log, 1, "primero", "").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(NameCase(log, 1, "primero", std::string(5000, 'x')).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto dangling = log.Append(
      RequestWith(Decision{{EventFor(CaseStream(1))}, {}, {{CaseStream(2), "primero", "C-9"}}}));
  EXPECT_EQ(dangling.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace caseledger::eventstore::testing
