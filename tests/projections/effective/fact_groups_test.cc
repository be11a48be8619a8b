#include "projections/effective/fact_groups.h"

#include <gmock/gmock.h>

#include "projections/effective/open_part.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "tests/support/recorded_events.h"

namespace caseledger::projections {
namespace {

using caseledger::testing::NamedStream;
using caseledger::testing::RecordedEvents;
using event::v1::Fact;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Admissions and discharges by placement.
std::vector<std::string> ByPlacement(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kResidentAdmitted:
      return {fact.resident_admitted().placement_id()};
    case Fact::kResidentDischarged:
      return {fact.resident_discharged().placement_id()};
    default:
      return {};
  }
}

constexpr FactGroups kGroups('f', 'i', ByPlacement);

Fact Admitted(const std::string& placement) {
  Fact fact;
  fact.mutable_resident_admitted()->set_placement_id(placement);
  return fact;
}
Fact Discharged(const std::string& placement) {
  Fact fact;
  fact.mutable_resident_discharged()->set_placement_id(placement);
  return fact;
}

class FactGroupsTest : public ::testing::Test {
 protected:
  FactGroupsTest()
      : store_(NewMemoryReadModels()),
        table_(store_->OpenTable("qn", "t@1").value()),
        batch_(table_->NewBatch()) {}

  std::vector<std::string> Apply(const eventstore::RecordedEvent& event) {
    Fact fact;
    EXPECT_TRUE(fact.ParseFromString(event.fact));
    return kGroups.Apply(event, fact, *batch_).value();
  }
  // Kinds and times of a group's facts.
  std::vector<std::pair<int, Micros>> Group(const eventstore::StreamId& stream,
                                            std::string_view group) {
    std::vector<std::pair<int, Micros>> found;
    const std::vector<EffectiveFact> facts = kGroups.Read(*batch_, stream, group).value();
    for (const EffectiveFact& fact : facts) {
      found.emplace_back(KindOf(fact.fact), fact.occurred_at);
    }
    return found;
  }

  const eventstore::StreamId shelter_ = NamedStream(options::v1::RECORD_KIND_SHELTER, "s");
  const eventstore::StreamId other_ = NamedStream(options::v1::RECORD_KIND_SHELTER, "other");
  RecordedEvents events_;
  std::unique_ptr<ReadModelStore> store_;
  std::unique_ptr<ReadModelTable> table_;
  std::unique_ptr<ReadModelBatch> batch_;
};

using P = std::pair<int, Micros>;

TEST_F(FactGroupsTest, FactsStandInOrderOfOccurrenceNotOfRecording) {
  EXPECT_THAT(Apply(events_.Add(shelter_, Discharged("p1"), 50)), ElementsAre("p1"));
  EXPECT_THAT(Apply(events_.Add(shelter_, Admitted("p1"), 20)), ElementsAre("p1"));
  EXPECT_THAT(Apply(events_.Add(shelter_, Admitted("p2"), 10)), ElementsAre("p2"));
  EXPECT_THAT(Group(shelter_, "p1"),
              ElementsAre(P(Fact::kResidentAdmitted, 20), P(Fact::kResidentDischarged, 50)));
}

TEST_F(FactGroupsTest, CorrectionKeepsTheTargetsPlaceUnlessItSaysATime) {
  Apply(events_.Add(shelter_, Admitted("p1"), 20));
  Apply(events_.Add(shelter_, Discharged("p1"), 20));
  Apply(events_.Correct(0, Admitted("p1")));
  EXPECT_THAT(Group(shelter_, "p1"),
              ElementsAre(P(Fact::kResidentAdmitted, 20), P(Fact::kResidentDischarged, 20)));
  Apply(events_.Correct(0, Admitted("p1"), 30));
  EXPECT_THAT(Group(shelter_, "p1"),
              ElementsAre(P(Fact::kResidentDischarged, 20), P(Fact::kResidentAdmitted, 30)));
}

TEST_F(FactGroupsTest, CorrectionMayMoveAFactToAnotherGroup) {
  Apply(events_.Add(shelter_, Admitted("p1"), 20));
  EXPECT_THAT(Apply(events_.Correct(0, Admitted("p2"))), ElementsAre("p1", "p2"));
  EXPECT_THAT(Group(shelter_, "p1"), IsEmpty());
  EXPECT_THAT(Group(shelter_, "p2"), ElementsAre(P(Fact::kResidentAdmitted, 20)));
  EXPECT_THAT(Apply(events_.Void(0)), ElementsAre("p2")) << "found under its own id again";
  EXPECT_THAT(Group(shelter_, "p2"), IsEmpty());
}

TEST_F(FactGroupsTest, VoidedFactIsGoneForGood) {
  Apply(events_.Add(shelter_, Admitted("p1"), 20));
  EXPECT_THAT(Apply(events_.Void(0)), ElementsAre("p1"));
  EXPECT_THAT(Apply(events_.Correct(0, Admitted("p1"))), IsEmpty());
  EXPECT_THAT(Group(shelter_, "p1"), IsEmpty());
}

TEST_F(FactGroupsTest, CorrectionReachesItsOwnStreamOnly) {
  Apply(events_.Add(shelter_, Admitted("p1"), 20));
  Fact fact;
  fact.mutable_event_voided()->set_target_event_id(events_.all()[0].event_id.ToString());
  EXPECT_THAT(Apply(events_.Add(other_, fact, 30)), IsEmpty());
  EXPECT_THAT(Group(shelter_, "p1"), ElementsAre(P(Fact::kResidentAdmitted, 20)));
  EXPECT_THAT(Apply(events_.Void(0)), ElementsAre("p1"));
}

TEST_F(FactGroupsTest, FactNobodyNeedsIsNotKept) {
  Fact fact;
  fact.mutable_beds_changed()->set_beds(3);
  EXPECT_THAT(Apply(events_.Add(shelter_, fact, 20)), IsEmpty());
  EXPECT_THAT(Apply(events_.Void(0)), IsEmpty());
}

TEST(OpenPart, SealedPartsAreLeftOutAtAnyDepth) {
  Fact fact;
  fact.mutable_shelter_registered()->set_beds(4);
  fact.mutable_shelter_registered()->mutable_private_part()->set_address("12 Secret Street");
  EXPECT_EQ(OpenPartOf(fact).shelter_registered().beds(), 4u);
  EXPECT_FALSE(OpenPartOf(fact).shelter_registered().has_private_part());
  Fact correction;
  *correction.mutable_fact_corrected()->mutable_replacement() = fact;
  EXPECT_EQ(OpenPartOf(correction).SerializeAsString().find("Secret"), std::string::npos);
}

TEST(CheckKnown, FactOfANewerProgramIsNotOverlooked) {
  eventstore::RecordedEvent event;
  event.fact_type = 999;
  EXPECT_EQ(CheckKnown(event, Fact()).code(), absl::StatusCode::kUnimplemented);
  EXPECT_TRUE(CheckKnown(event, Admitted("p")).ok());
}

}  // namespace
}  // namespace caseledger::projections
