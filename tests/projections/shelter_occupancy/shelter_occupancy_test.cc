#include "projections/shelter_occupancy/shelter_occupancy.h"

#include <gmock/gmock.h>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "tests/support/placement_and_referral_facts.h"
#include "tests/support/projection_table.h"

namespace caseledger::projections {
namespace {

using namespace caseledger::testing;  // NOLINT: the facts
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A time in the ledger's zone, in March 2024.
Micros March(int day, int hour = 12, int minute = 0) {
  return absl::ToUnixMicros(absl::FromCivil(absl::CivilMinute(2024, 3, day, hour, minute),
                                            absl::FixedTimeZone(7 * 3600)));
}

class ShelterOccupancyTest : public ::testing::Test {
 protected:
  ShelterOccupancyTest() { Add(ShelterRegisteredFact(10), March(1)); }

  void Add(const event::v1::Fact& fact, Micros occurred_at) {
    events_.Add(shelter_, fact, occurred_at);
  }
  Occupancy At(Micros at, uint64_t as_of = kLatest) {
    return Ask({.shelter_id = shelter_.id, .at = at, .as_of_events = as_of});
  }
  Occupancy Nights(int from, int to, uint64_t as_of = kLatest) {
    return Ask({.shelter_id = shelter_.id,
                .at = March(31),
                .nights = NightRange{March(from), March(to)},
                .as_of_events = as_of});
  }
  std::vector<uint32_t> Occupied(int from, int to, uint64_t as_of = kLatest) {
    std::vector<uint32_t> occupied;
    const Occupancy answer = Nights(from, to, as_of);
    for (const Night& night : answer.nights) occupied.push_back(night.occupied);
    return occupied;
  }
  Occupancy Ask(const OccupancyQuery& query) {
    table_.CatchUp(events_);
    auto answer = GetOccupancy(*table_.Snapshot(), query);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? std::move(answer).value() : Occupancy();
  }

  const eventstore::StreamId shelter_ = NamedStream(options::v1::RECORD_KIND_SHELTER, "s");
  RecordedEvents events_;
  ProjectionTable table_{MakeShelterOccupancy()};
};

TEST_F(ShelterOccupancyTest, CompanionsTakeBedsButAreNotResidents) {
  Add(AdmittedFact("a", {"c1", "c2"}), March(5));
  Add(AdmittedFact("b"), March(5));
  const Occupancy now = At(March(6));
  EXPECT_EQ(now.beds, 10u);
  EXPECT_EQ(now.occupied, 4u);
  EXPECT_EQ(now.residents, 2u);
  EXPECT_EQ(now.held, 0u);
  EXPECT_EQ(now.reflected_events, 3u);
}

TEST_F(ShelterOccupancyTest, StayBeginsWithAdmissionAndEndsBeforeDischarge) {
  Add(AdmittedFact("a"), March(5));
  Add(DischargedFact("a"), March(7));
  EXPECT_EQ(At(March(5) - 1).occupied, 0u);
  EXPECT_EQ(At(March(5)).occupied, 1u);
  EXPECT_EQ(At(March(7) - 1).occupied, 1u);
  EXPECT_EQ(At(March(7)).occupied, 0u);
}

TEST_F(ShelterOccupancyTest, NightIsCountedAtMidnightOfTheLedgersZone) {
  Add(AdmittedFact("a"), March(5, 23, 59));
  Add(DischargedFact("a"), March(7, 0, 0));  // gone at that midnight
  Add(AdmittedFact("b"), March(6, 0, 0));    // there at that midnight
  Add(DischargedFact("b"), March(6, 0, 1));
  Add(AdmittedFact("c"), March(6, 9));
  Add(DischargedFact("c"), March(6, 21));  // no night at all
  const Occupancy answer = Nights(4, 8);
  ASSERT_EQ(answer.nights.size(), 4u);
  EXPECT_EQ(answer.nights[0].date, "2024-03-04");
  EXPECT_THAT(Occupied(4, 8), ElementsAre(0, 2, 0, 0));
  EXPECT_EQ(answer.bed_nights, 2u);
}

TEST_F(ShelterOccupancyTest, HoldKeepsBedsUntilAdmissionCancellationOrExpiry) {
  Add(RequestedFact("a", {"c1"}), March(5));
  Add(HeldFact("a", March(6)), March(5));
  EXPECT_EQ(At(March(5)).held, 2u);
  EXPECT_EQ(At(March(6) - 1).held, 2u);
  EXPECT_EQ(At(March(6)).held, 0u) << "expired, although nobody recorded it";
  Add(HoldExpiredFact("a"), March(6));
  EXPECT_EQ(At(March(6)).held, 0u);
  Add(RequestedFact("b"), March(10));
  Add(HeldFact("b", March(12)), March(10));
  Add(AdmittedFact("b"), March(11));
  EXPECT_EQ(At(March(11) - 1).held, 1u);
  EXPECT_EQ(At(March(11)).held, 0u);
  EXPECT_EQ(At(March(11)).occupied, 1u);
  Add(RequestedFact("c"), March(20));
  Add(HeldFact("c", March(22)), March(20));
  Add(CancelledFact("c"), March(21));
  EXPECT_EQ(At(March(21) - 1).held, 1u);
  EXPECT_EQ(At(March(21)).held, 0u);
}

TEST_F(ShelterOccupancyTest, BedsAreThoseOfTheTimeAskedFor) {
  Add(BedsChangedFact(6), March(20));
  Add(BedsChangedFact(8), March(10));  // a late entry
  EXPECT_EQ(At(March(5)).beds, 10u);
  EXPECT_EQ(At(March(15)).beds, 8u);
  EXPECT_EQ(At(March(20)).beds, 6u);
  EXPECT_EQ(Nights(9, 11).nights[0].beds, 10u);
  EXPECT_EQ(Nights(9, 11).nights[1].beds, 8u);
}

TEST_F(ShelterOccupancyTest, CorrectionChangesThePastAndTheOldAnswerStaysReadable) {
  Add(AdmittedFact("a"), March(5));
  Add(DischargedFact("a"), March(7));
  EXPECT_THAT(Occupied(4, 10), ElementsAre(0, 1, 1, 0, 0, 0));
  events_.Correct(2, DischargedFact("a"), March(9));
  EXPECT_THAT(Occupied(4, 10), ElementsAre(0, 1, 1, 1, 1, 0));
  EXPECT_THAT(Occupied(4, 10, 3), ElementsAre(0, 1, 1, 0, 0, 0)) << "as known before";
  EXPECT_THAT(Occupied(4, 10, 2), ElementsAre(0, 1, 1, 1, 1, 1)) << "before the discharge";
  EXPECT_THAT(Occupied(4, 10, 1), ElementsAre(0, 0, 0, 0, 0, 0));
}

TEST_F(ShelterOccupancyTest, VoidedAdmissionTakesNoBeds) {
  Add(AdmittedFact("a"), March(5));
  events_.Void(1);
  EXPECT_EQ(At(March(6)).occupied, 0u);
  EXPECT_EQ(At(March(6), 2).occupied, 1u);
}

TEST_F(ShelterOccupancyTest, LateStayIsCountedInItsOwnNights) {
  Add(AdmittedFact("b"), March(20));
  Add(DischargedFact("a"), March(7));
  Add(AdmittedFact("a", {"c"}), March(5));
  EXPECT_THAT(Occupied(4, 8), ElementsAre(0, 2, 2, 0));
}

TEST_F(ShelterOccupancyTest, CorrectionMayMoveAStayToAnotherPlacement) {
  Add(AdmittedFact("a"), March(5));
  events_.Correct(1, AdmittedFact("b", {"c"}));
  Add(DischargedFact("b"), March(6));
  EXPECT_EQ(At(March(5)).occupied, 2u);
  EXPECT_EQ(At(March(6)).occupied, 0u);
}

TEST_F(ShelterOccupancyTest, NightsStillToComeAreLeftOut) {
  Add(AdmittedFact("a"), March(5));
  const Occupancy answer = Ask(
      {.shelter_id = shelter_.id, .at = March(6, 12), .nights = NightRange{March(4), March(20)}});
  EXPECT_EQ(answer.nights.size(), 2u);
  EXPECT_EQ(answer.bed_nights, 1u);
}

TEST_F(ShelterOccupancyTest, BadQuestionsAreRefused) {
  table_.CatchUp(events_);
  const auto ask = [&](const OccupancyQuery& query) {
    return GetOccupancy(*table_.Snapshot(), query).status().code();
  };
  EXPECT_EQ(ask({.shelter_id = NamedId("unknown")}), absl::StatusCode::kNotFound);
  EXPECT_EQ(ask({.shelter_id = shelter_.id, .as_of_events = 0}), absl::StatusCode::kNotFound);
  EXPECT_EQ(ask({.shelter_id = shelter_.id, .as_of_events = 2}), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ask({.shelter_id = shelter_.id, .nights = NightRange{March(6), March(5)}}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ask({.shelter_id = shelter_.id,
                 .nights = NightRange{March(1), March(1) + 401 * 86'400 * kMicrosPerSecond}}),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace caseledger::projections
