// Contract of EventLog, part 2: names of records. Include log_contract_suite.h, not this.
#pragma once

#include <optional>
#include <string>
#include <utility>

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
