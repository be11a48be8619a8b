// The access trail's read model, question by question.
#include "projections/access_trail/access_trail.h"

#include <gmock/gmock.h>

#include "tests/projections/access_trail/trail_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections {
namespace {

using namespace caseledger::testing;  // NOLINT: the facts
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;

const eventstore::StreamId kCase = CaseNamed("case");
const eventstore::StreamId kOther = CaseNamed("other");
const Uuid kPerson = NamedId("person");

class AccessTrailTest : public ::testing::Test {
 protected:
  // Position of the entry.
  uint64_t Add(const event::v1::Fact& fact, const std::string& agency = "hotline",
               const std::string& actor = "an") {
    return events_
        .Add(NamedStream(options::v1::RECORD_KIND_ACCESS_TRAIL, agency + "/" + actor), fact, 1,
             agency, actor)
        .position;
  }
  std::unique_ptr<ReadSnapshot> Look() {
    table_.CatchUp(events_);
    return table_.Snapshot();
  }
  std::vector<uint64_t> OfRecord(const eventstore::StreamId& record) {
    return EntriesOfRecord(*Look(), record, {}).value().positions;
  }
  std::vector<uint64_t> OfActor(const std::string& agency, const std::string& actor) {
    return EntriesOfActor(*Look(), agency, actor, {}).value().positions;
  }
  std::vector<uint64_t> Refused(const std::string& agency) {
    return Denials(*Look(), agency, {}).value().positions;
  }
  std::vector<uint64_t> Uses(const std::string& owner, bool reviewed) {
    std::vector<uint64_t> positions;
    const BreakGlassPage page = BreakGlassUses(*Look(), owner, reviewed, {}).value();
    for (const BreakGlassUse& use : page.uses) positions.push_back(use.position);
    return positions;
  }

  RecordedEvents events_;
  ProjectionTable table_{MakeAccessTrail()};
};

TEST_F(AccessTrailTest, WhoSawARecordIsToldNewestFirst) {
  Add(Accessed({kCase}));
  Add(Accessed({kOther}));
  Add(Accessed({kOther, kCase}), "ctxh", "lan");
  EXPECT_THAT(OfRecord(kCase), ElementsAre(2, 0));
  EXPECT_THAT(OfRecord(kOther), ElementsAre(2, 1));
  EXPECT_THAT(OfRecord({options::v1::RECORD_KIND_PERSON, kCase.id}), IsEmpty());
}

TEST_F(AccessTrailTest, ARecordsEntriesAreAllThatNameIt) {
  Add(Denied(kCase));
  Add(Disclosed(kCase, kPerson, "hospital", "c1"));
  Add(BreakGlassUsed(kCase, "owner"));
  Add(BreakGlassReviewed(events_.all()[2].event_id), "owner", "boss");
  EXPECT_THAT(OfRecord(kCase), ElementsAre(3, 2, 1, 0));
}

TEST_F(AccessTrailTest, AnActorsEntriesAreTheirsAlone) {
  Add(Accessed({kCase}), "hotline", "an");
  Add(Denied(kCase), "hotline", "an");
  Add(Accessed({kCase}), "hotline", "anh");
  Add(Accessed({kCase}), "ctxh", "an");
  Add(BreakGlassUsed(kCase, "owner"), "hotline", "an");
  EXPECT_THAT(OfActor("hotline", "an"), ElementsAre(4, 1, 0));
  EXPECT_THAT(OfActor("hotline", "anh"), ElementsAre(2));
  EXPECT_THAT(OfActor("hotline", "nobody"), IsEmpty());
}

TEST_F(AccessTrailTest, DenialsAreToldOfAnAgencyAndOfAll) {
  Add(Denied(kCase), "a");
  Add(Accessed({kCase}), "a");
  Add(Denied(kOther), "b");
  event::v1::Fact unknown;
  unknown.mutable_access_denied()->set_reason("RECORD_UNKNOWN");
  Add(unknown, "a", "other");
  EXPECT_THAT(Refused(""), ElementsAre(3, 2, 0));
  EXPECT_THAT(Refused("a"), ElementsAre(3, 0));
  EXPECT_THAT(Refused("b"), ElementsAre(2));
  EXPECT_THAT(Refused("c"), IsEmpty());
}

TEST_F(AccessTrailTest, DisclosuresTellWhoReceivedSomethingOnWhichConsent) {
  Add(Disclosed(kCase, kPerson, "hospital", "c1"));
  Add(Disclosed(kCase, kPerson, "hospital", "c2"));
  Add(Disclosed(kCase, kPerson, "legal-aid", ""));
  Add(Disclosed(kCase, NamedId("someone else"), "school", "c1"));
  const DisclosurePage all = Disclosures(*Look(), kPerson, "", {}).value();
  EXPECT_THAT(all.page.positions, ElementsAre(2, 1, 0));
  EXPECT_THAT(all.recipients, ElementsAre("hospital", "legal-aid"));
  const DisclosurePage on_first = Disclosures(*Look(), kPerson, "c1", {}).value();
  EXPECT_THAT(on_first.page.positions, ElementsAre(0));
  EXPECT_THAT(on_first.recipients, ElementsAre("hospital"));
  EXPECT_THAT(Disclosures(*Look(), kPerson, "c", {}).value().recipients, IsEmpty());
}

TEST_F(AccessTrailTest, UsesOfBreakGlassAwaitTheirReview) {
  Add(BreakGlassUsed(kCase, "owner"));
  Add(BreakGlassUsed(kOther, "another"));
  Add(BreakGlassUsed(kCase, "owner"));
  EXPECT_THAT(Uses("", false), ElementsAre(2, 1, 0));
  EXPECT_THAT(Uses("owner", false), ElementsAre(2, 0));
  const uint64_t review = Add(BreakGlassReviewed(events_.all()[0].event_id), "owner", "boss");
  EXPECT_THAT(Uses("", false), ElementsAre(2, 1));
  EXPECT_THAT(Uses("owner", false), ElementsAre(2));
  EXPECT_THAT(Uses("owner", true), ElementsAre(2, 0));
  EXPECT_THAT(Uses("", true), ElementsAre(2, 1, 0));
  const auto use = FindBreakGlassUse(*Look(), events_.all()[0].event_id).value();
  ASSERT_TRUE(use.has_value());
  EXPECT_THAT(use->review_position, Optional(review));
  EXPECT_EQ(use->case_id, kCase.id);
  EXPECT_EQ(use->owner_agency_id, "owner");
  EXPECT_THAT(FindBreakGlassUse(*Look(), events_.all()[1].event_id).value()->review_position,
              Eq(std::nullopt));
  EXPECT_FALSE(FindBreakGlassUse(*Look(), NamedId("no use")).value().has_value());
}

TEST_F(AccessTrailTest, PagesGoOnWhereTheyEndedThoughNewEntriesCome) {
  for (int i = 0; i < 5; ++i) Add(Accessed({kCase}));
  TrailPaging paging{.page_size = 2};
  std::vector<uint64_t> positions;
  do {
    const TrailPage page = EntriesOfRecord(*Look(), kCase, paging).value();
    positions.insert(positions.end(), page.positions.begin(), page.positions.end());
    paging.page_token = page.next_page_token;
    Add(Accessed({kCase}));
  } while (!paging.page_token.empty());
  EXPECT_THAT(positions, ElementsAre(4, 3, 2, 1, 0));
}

TEST_F(AccessTrailTest, TokensAreGoodForTheirQuestionAlone) {
  for (int i = 0; i < 3; ++i) Add(Accessed({kCase, kOther}));
  for (int i = 0; i < 3; ++i) Add(Disclosed(kCase, kPerson, "x", i == 0 ? "c1" : "c2"));
  const std::string token =
      EntriesOfRecord(*Look(), kCase, {.page_size = 1}).value().next_page_token;
  const auto refuses = [](const auto& result) {
    return result.status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_TRUE(refuses(EntriesOfRecord(*Look(), kOther, {.page_token = token})));
  EXPECT_TRUE(refuses(EntriesOfActor(*Look(), "hotline", "an", {.page_token = token})));
  EXPECT_TRUE(refuses(EntriesOfRecord(*Look(), kCase, {.page_token = "no token"})));
  EXPECT_TRUE(refuses(EntriesOfRecord(*Look(), kCase, {.page_size = -1})));
  const std::string on_consent =
      Disclosures(*Look(), kPerson, "c2", {.page_size = 1}).value().page.next_page_token;
  EXPECT_TRUE(refuses(Disclosures(*Look(), kPerson, "c1", {.page_token = on_consent})));
  EXPECT_TRUE(refuses(Disclosures(*Look(), kPerson, "", {.page_token = on_consent})));
}

TEST_F(AccessTrailTest, WhatIsNoEntryStopsTheReadModel) {
  Add(Accessed({kCase}));
  Look();
  event::v1::Fact opened;
  opened.mutable_case_opened()->set_case_type("trafficking");
  Add(opened);
  EXPECT_EQ(table_.Try(events_.all().back()).code(), absl::StatusCode::kDataLoss);
  Add(BreakGlassReviewed(NamedId("no use")));
  EXPECT_EQ(table_.Try(events_.all().back()).code(), absl::StatusCode::kDataLoss);
  event::v1::Fact nameless = Accessed({kCase});
  nameless.mutable_record_accessed()->mutable_records(0)->set_record_id("CASE-2024-0001");
  Add(nameless);
  EXPECT_EQ(table_.Try(events_.all().back()).code(), absl::StatusCode::kDataLoss);
  Add({});
  EXPECT_EQ(table_.Try(events_.all().back()).code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace caseledger::projections
