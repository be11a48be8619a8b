// Facts that need a second look: by hand, and against a judge that reads the whole history.
#include "projections/data_quality/data_quality.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

#include "tests/support/projection_table.h"

namespace caseledger::projections::testing {
namespace {

using caseledger::testing::NamedStream;
using caseledger::testing::ProjectionTable;
using caseledger::testing::RecordedEvents;
using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Fact Opened(const std::string& type) {
  Fact fact;
  fact.mutable_case_opened()->set_case_type(type);
  return fact;
}

StreamId Case(const std::string& name) {
  return NamedStream(options::v1::RECORD_KIND_CASE_RECORD, name);
}

class DataQualityTest : public ::testing::Test {
 protected:
  FindingPage Page(const FindingQuery& query) {
    table_->CatchUp(events_);
    auto page = ListFindings(*table_->Snapshot(), query);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : FindingPage();
  }
  // `POSITION FLAG,FLAG` of each.
  std::vector<std::string> Told(const FindingQuery& query = {}) {
    std::vector<std::string> told;
    for (const Finding& finding : Page(query).findings) told.push_back(TextOf(finding));
    return told;
  }
  static std::string TextOf(const Finding& finding) {
    std::string text = std::to_string(finding.position);
    for (const std::string& flag : finding.flags) {
      text += (&flag == &finding.flags.front() ? " " : ",") + flag;
    }
    return text;
  }
  uint64_t Add(const std::string& name, std::vector<std::string> flags,
               const std::string& agency = "x") {
    const uint64_t position = events_.Add(Case(name), Opened("t"), 0, agency).position;
    events_.FlagNewest(std::move(flags));
    return position;
  }
  void Correct(uint64_t position, std::vector<std::string> flags) {
    events_.Correct(position, Opened("u"));
    events_.FlagNewest(std::move(flags));
  }

  RecordedEvents events_;
  std::optional<ProjectionTable> table_{std::in_place, MakeDataQuality()};
};

TEST_F(DataQualityTest, WhatWasFlaggedIsListedNewestFirst) {
  Add("a", {});
  Add("b", {"UNIT_UNKNOWN"});
  Add("c", {"UNKNOWN_CODE:risk", "CONSENT_MISSING", "UNKNOWN_CODE:risk"});
  EXPECT_THAT(Told(), ElementsAre("2 CONSENT_MISSING,UNKNOWN_CODE:risk", "1 UNIT_UNKNOWN"));
  const Finding finding = Page({}).findings[1];
  EXPECT_EQ(finding.event_id, events_.all()[1].event_id);
  EXPECT_EQ(finding.record_id, Case("b").id);
  EXPECT_EQ(finding.record_kind, Case("b").kind);
  EXPECT_EQ(finding.fact_type, static_cast<uint32_t>(Fact::kCaseOpened));
  EXPECT_EQ(finding.agency, "x");
  EXPECT_EQ(finding.recorded_at, events_.all()[1].recorded_at);
}

TEST_F(DataQualityTest, WhatWasImportedForAnAgencyIsItsOwn) {
  Add("a", {"A"}, "importer");
  events_.ForNewest("x");
  EXPECT_THAT(Told({.agency = "x"}), ElementsAre("0 A"));
  EXPECT_THAT(Told({.agency = "importer"}), IsEmpty());
}

TEST_F(DataQualityTest, WhatIsCorrectedOrVoidedLeaves) {
  const uint64_t corrected = Add("a", {"A"});
  const uint64_t voided = Add("b", {"B"});
  const uint64_t still_wrong = Add("c", {"C"});
  Correct(corrected, {});
  events_.Void(voided);
  Correct(still_wrong, {"D"});
  EXPECT_THAT(Told(), ElementsAre("5 D"));
  EXPECT_THAT(Told({.flag = "C"}), IsEmpty());
  // What is to be corrected is the fact itself, not its correction.
  EXPECT_EQ(Page({}).findings[0].event_id, events_.all()[still_wrong].event_id);
  Correct(still_wrong, {});
  EXPECT_THAT(Told(), IsEmpty());
  // A correction that is wrong of a fact that was not.
  const uint64_t good = Add("d", {});
  Correct(good, {"E"});
  EXPECT_THAT(Told({.flag = "E"}), ElementsAre("8 E"));
  events_.Void(good);
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(DataQualityTest, AnotherRecordsFactIsNotReached) {
  Add("a", {"A"});
  Fact fact;
  fact.mutable_event_voided()->set_target_event_id(events_.all()[0].event_id.ToString());
  events_.Add(Case("b"), fact, 0);
  EXPECT_THAT(Told(), ElementsAre("0 A"));
}

TEST_F(DataQualityTest, ByAgencyAndByFlagPageByPage) {
  for (int i = 0; i < 30; ++i) {
    Add("a" + std::to_string(i), {i % 3 == 0 ? "A" : "B"}, i % 2 == 0 ? "x" : "xy");
  }
  for (const std::string agency : {"", "x", "xy", "z"}) {
    for (const std::string flag : {"", "A", "B", "AB"}) {
      const auto all_pages = [&](FindingQuery query) {
        std::vector<uint64_t> positions;
        do {
          const FindingPage page = Page(query);
          for (const Finding& finding : page.findings) positions.push_back(finding.position);
          query.page_token = page.next_page_token;
        } while (!query.page_token.empty());
        return positions;
      };
      std::vector<uint64_t> expected;
      for (uint64_t i = 30; i-- > 0;) {
        if (!agency.empty() && agency != (i % 2 == 0 ? "x" : "xy")) continue;
        if (!flag.empty() && flag != (i % 3 == 0 ? "A" : "B")) continue;
        expected.push_back(i);
      }
      EXPECT_EQ(all_pages({.agency = agency, .flag = flag, .page_size = 4}), expected)
          << agency << " " << flag;
      std::reverse(expected.begin(), expected.end());
      EXPECT_EQ(all_pages({.oldest_first = true, .agency = agency, .flag = flag, .page_size = 4}),
                expected)
          << agency << " " << flag;
    }
  }
  const FindingPage page = Page({.agency = "x", .page_size = 1});
  EXPECT_EQ(ListFindings(*table_->Snapshot(), {.page_token = page.next_page_token}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// Of the whole history: what holds of each fact, and what was last said of it.
TEST_F(DataQualityTest, AgreesWithWhoReadsEverythingAgain) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const auto flags = [&random] {
    std::vector<std::string> some;
    for (const char* flag : {"A", "B", "C"}) {
      if (random() % 3 == 0) some.emplace_back(flag);
    }
    return some;
  };
  for (int history = 0; history < 60; ++history) {
    events_ = RecordedEvents();
    table_.emplace(MakeDataQuality());
    // By position of the fact: the event that last spoke of it.
    std::map<uint64_t, uint64_t> holding;
    for (int i = 0; i < 80; ++i) {
      const uint64_t act = random() % 4;
      if (act < 2 || holding.empty()) {
        const uint64_t position =
            Add(std::to_string(random() % 5), flags(), random() % 2 == 0 ? "x" : "y");
        holding[position] = position;
        continue;
      }
      const auto target =
          std::next(holding.begin(), static_cast<std::ptrdiff_t>(random() % holding.size()));
      if (act == 2) {
        Correct(target->first, flags());
        target->second = events_.size() - 1;
      } else {
        events_.Void(target->first);
        holding.erase(target);
      }
    }
    std::map<uint64_t, std::string, std::greater<>> expected;
    for (const auto& [fact, spoken] : holding) {
      const RecordedEvent& event = events_.all()[spoken];
      if (event.data_quality.empty()) continue;
      Finding finding;
      finding.position = spoken;
      finding.flags = event.data_quality;
      expected[spoken] = TextOf(finding) + " " + events_.all()[fact].event_id.ToString();
    }
    std::vector<std::string> told;
    for (const Finding& finding : Page({.page_size = 1000}).findings) {
      told.push_back(TextOf(finding) + " " + finding.event_id.ToString());
    }
    std::vector<std::string> all;
    for (const auto& [position, text] : expected) all.push_back(text);
    ASSERT_EQ(told, all);
  }
}

}  // namespace
}  // namespace caseledger::projections::testing
