// What an engine does for whoever copies ledgers to it or from it (eventstore/copy).
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/contract/engine_contract_suite.h"
#include "tests/contract/engine_test_data.h"

namespace caseledger::testing {
namespace {

const eventstore::StreamId kMovingCase = Stream(3, 1);

// What is said of a ledger that is copied from one place to another.
storage::v1::LedgerInfo ArrivingInfo() {
  storage::v1::LedgerInfo info = InfoOf("a");
  info.add_incompatible_features("arriving");
  info.mutable_arriving()->set_copy_id("the copying");
  return info;
}
storage::v1::LedgerInfo MovedInfo() {
  storage::v1::LedgerInfo info = InfoOf("a");
  info.add_incompatible_features("moved");
  info.mutable_moved()->set_copy_id("the copying");
  info.mutable_moved()->set_place("elsewhere");
  return info;
}

TEST_P(EngineContract, WhatIsSaidOfALedgerIsReplaced) {
  ASSERT_TRUE(engine().CreateLedger(ArrivingInfo()).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kMovingCase}).ok()) << "whoever copies writes";
  ASSERT_TRUE(host_->Reopen().ok());
  EXPECT_EQ(engine().ListLedgers()->at(0).SerializeAsString(), ArrivingInfo().SerializeAsString());

  ASSERT_TRUE(engine().ReplaceInfo(InfoOf("a")).ok());
  EXPECT_EQ(engine().ListLedgers()->at(0).SerializeAsString(), InfoOf("a").SerializeAsString());
  ASSERT_TRUE(host_->Reopen().ok());
  EXPECT_EQ(engine().ListLedgers()->at(0).SerializeAsString(), InfoOf("a").SerializeAsString());
  EXPECT_EQ(engine().LoadHead("a")->next_position, 1U);
  ASSERT_TRUE(AppendTo(engine(), "a", {kMovingCase}).ok());

  EXPECT_EQ(engine().ReplaceInfo(InfoOf("b")).code(), absl::StatusCode::kNotFound);
  storage::v1::LedgerInfo other_format = InfoOf("a");
  other_format.set_format_version(other_format.format_version() + 1);
  EXPECT_EQ(engine().ReplaceInfo(other_format).code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(EngineContract, MarksAreAddedToALedgerThatIsCopiedHereAndToNoOther) {
  using Marks = std::vector<std::pair<std::string, std::string>>;
  ASSERT_TRUE(engine().CreateLedger(ArrivingInfo()).ok());
  const absl::Status nothing = engine().AddMarks("a", Marks{});
  ASSERT_TRUE(nothing.ok()) << nothing;
  ASSERT_TRUE(engine().AddMarks("a", Marks{{"early", "1"}}).ok()) << "before any event";
  ASSERT_TRUE(AppendTo(engine(), "a", {kMovingCase}).ok());
  const std::string binary("k\0y", 3);
  ASSERT_TRUE(engine().AddMarks("a", Marks{{"key", "old"}, {binary, ""}}).ok());
  ASSERT_TRUE(engine().AddMarks("a", Marks{{"key", "old"}, {binary, ""}}).ok()) << "once more";
  ASSERT_TRUE(AppendTo(engine(), "a", {kMovingCase}).ok());
  ASSERT_TRUE(engine().AddMarks("a", Marks{{"early", "1"}, {"key", "new"}, {binary, ""}}).ok());
  ASSERT_TRUE(host_->Reopen().ok());
  Marks found;
  ASSERT_TRUE(engine()
                  .VisitMarks("a", "",
                              [&](std::string_view key, std::string_view value) {
                                found.emplace_back(key, value);
                                return true;
                              })
                  .ok());
  EXPECT_EQ(found, (Marks{{"early", "1"}, {binary, ""}, {"key", "new"}}));
  EXPECT_EQ(**engine().FindMark("a", "key"), "new");

  ASSERT_TRUE(engine().ReplaceInfo(InfoOf("a")).ok());
  EXPECT_EQ(engine().AddMarks("a", Marks{{"key", "x"}}).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(engine().AddMarks("b", Marks{{"key", "x"}}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(**engine().FindMark("a", "key"), "new");
}

TEST_P(EngineContract, TheFirstCommitAfterACopyChangesMarksThatWereCopied) {
  using Marks = std::vector<std::pair<std::string, std::string>>;
  for (const uint64_t events : {0U, 3U}) {
    const std::string ledger = "copied-" + std::to_string(events);
    storage::v1::LedgerInfo info = ArrivingInfo();
    info.set_ledger(ledger);
    ASSERT_TRUE(engine().CreateLedger(info).ok());
    for (uint64_t i = 0; i < events; ++i)
      ASSERT_TRUE(AppendTo(engine(), ledger, {kMovingCase}).ok());
    ASSERT_TRUE(engine().AddMarks(ledger, Marks{{"name", "of one"}}).ok());
    ASSERT_TRUE(engine().ReplaceInfo(InfoOf(ledger)).ok());
    for (const std::string value : {"of several", "of many"}) {
      const absl::Status committed = engine().Commit(ledger, [&](eventstore::HeadView& view) {
        auto batch = NextBatch(view, {kMovingCase});
        batch->marks = {{"name", value}};
        return batch;
      });
      ASSERT_TRUE(committed.ok()) << committed;
      EXPECT_EQ(**engine().FindMark(ledger, "name"), value);
    }
  }
}

TEST_P(EngineContract, NothingIsWrittenToALedgerThatHasMoved) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(engine().CreateLedger(InfoOf("b")).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kMovingCase}).ok());
  ASSERT_TRUE(engine().ReplaceSigningState("a", "signed").ok());
  ASSERT_TRUE(engine().ReplaceInfo(MovedInfo()).ok());
  for (int opened = 1; opened <= 2; ++opened) {
    SCOPED_TRACE(opened);
    const auto moved = absl::StatusCode::kFailedPrecondition;
    const absl::Status refused = AppendTo(engine(), "a", {kMovingCase});
    EXPECT_EQ(refused.code(), moved) << refused;
    EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("LEDGER_MOVED"));
    EXPECT_EQ(engine().ReplaceSigningState("a", "signed more").code(), moved);
    EXPECT_EQ(engine().ReplaceInfo(InfoOf("a")).code(), moved) << "for good";
    EXPECT_TRUE(engine().ReplaceInfo(MovedInfo()).ok()) << "the same once more";
    EXPECT_EQ(engine().CreateLedger(InfoOf("a")).code(), absl::StatusCode::kAlreadyExists);
    // It is read as before.
    EXPECT_EQ(engine().LoadHead("a")->next_position, 1U);
    EXPECT_EQ(ReadAllOf(engine(), "a", kMovingCase)->size(), 1U);
    EXPECT_EQ(**engine().FindSigningState("a"), "signed");
    EXPECT_TRUE(AppendTo(engine(), "b", {kMovingCase}).ok()) << "others go on";
    ASSERT_TRUE(host_->Reopen().ok());
  }
}

}  // namespace
}  // namespace caseledger::testing
