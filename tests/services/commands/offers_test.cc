// What an agency that is asked to take somebody over may know before it answers.
#include "services/commands/case_query.h"
#include "services/commands/committed_view.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::OfferInGeneral;

constexpr int kPerson = 1;
constexpr int kCase = 100;
constexpr char kOpened[] =
    "case_opened { case_type: 'gender_based_violence' owner_agency_id: 'hotline' unit { code: "
    "'06649' version: '2024' } }";

class OffersTest : public ::testing::Test {
 protected:
  OffersTest() {
    centre_.RegisterAgencies();
    centre_.Given(Id(kPerson), 0, "person_registered { attributes { sex: 'female' } }");
    opened_ = centre_.Given(Id(kCase), 0, kOpened);
    centre_.Given(Id(kCase), 1,
                  absl::StrCat("participant_added { person_id: '", Id(kPerson),
                               "' role: PARTICIPANT_ROLE_CLIENT }"));
    centre_.Given(Id(kPerson), 2,
                  "consent_given { consent_id: 'c' purposes: 'sharing' given_by: 'self' }");
    centre_.Given(Id(kCase), 3,
                  absl::StrCat("referral_sent { referral_id: 'r1' person_id: '", Id(kPerson),
                               "' from_agency_id: 'hotline' to_agency_id: 'hospital' service: "
                               "'health_medical' }"));
  }

  // With states that were folded before, and with none.
  OfferInGeneral Read(const std::string& referral, double hour) {
    commands::Aggregates fresh(10, nullptr);
    const OfferInGeneral kept = ReadWith(kept_, referral, hour);
    const OfferInGeneral anew = ReadWith(fresh, referral, hour);
    EXPECT_EQ(kept.unit_code, anew.unit_code);
    EXPECT_EQ(kept.birth_year, anew.birth_year);
    return kept;
  }

  Centre centre_;
  std::string opened_;

 private:
  OfferInGeneral ReadWith(commands::Aggregates& aggregates, const std::string& referral,
                          double hour) {
    commands::CommittedView view(centre_.log(), AtHour(20'000));
    const auto read = commands::ReadInGeneral(
        view, aggregates,
        {static_cast<uint32_t>(commands::RecordKind::RECORD_KIND_CASE_RECORD),
         *Uuid::Parse(Id(kCase))},
        referral, AtHour(hour));
    EXPECT_TRUE(read.ok()) << read.status();
    return read.value_or(OfferInGeneral());
  }

  commands::Aggregates kept_{10, nullptr};
};

TEST_F(OffersTest, TellWhereTheCaseIsAsItIsKnownNow) {
  EXPECT_EQ(Read("r1", 3).unit_code, "06649");
  EXPECT_EQ(Read("of no case", 3).unit_code, "06649");
  std::string elsewhere = kOpened;
  elsewhere.replace(elsewhere.find("06649"), 5, "06652");
  ASSERT_TRUE(centre_.Correct(Id(kCase), opened_, elsewhere).ok());
  EXPECT_EQ(Read("r1", 3).unit_code, "06652") << "the place was mistyped";
}

TEST_F(OffersTest, TellTheAgeAsItWasKnownWhenTheOfferWasSent) {
  EXPECT_EQ(Read("r1", 3).birth_year, 0);
  centre_.Given(Id(kPerson), 5, "person_amended { attributes { birth_year: 1990 } }");
  EXPECT_EQ(Read("r1", 3).birth_year, 0) << "that was learned later";
  EXPECT_EQ(Read("r1", 6).birth_year, 1990);
  EXPECT_EQ(Read("of no case", 6).birth_year, 0);
}

}  // namespace
}  // namespace caseledger::testing
