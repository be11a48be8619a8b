// What one record says, others rest on: a correction takes the ground from under none of them.
#include "services/commands/dependants.h"

#include <functional>

#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

constexpr RecordKind kPersonKind = RecordKind::RECORD_KIND_PERSON;
constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr int kPerson = 1;
constexpr int kOther = 2;
constexpr int kCase = 100;
constexpr int kShelter = 200;

std::string Consent(const std::string& key, const std::string& purpose = "sharing") {
  return absl::StrCat("consent_given { consent_id: '", key, "' purposes: '", purpose,
                      "' given_by: 'self' }");
}

std::string Referral(const std::string& key, int person = kPerson) {
  return absl::StrCat("referral_sent { referral_id: '", key, "' person_id: '", Id(person),
                      "' from_agency_id: 'hotline' to_agency_id: 'hospital' service: "
                      "'health_medical' }");
}

class DependantsTest : public ::testing::Test {
 protected:
  DependantsTest() {
    centre_.RegisterAgencies();
    for (const int person : {kPerson, kOther}) centre_.RegisterPerson(person);
    centre_.OpenCase(kCase, {kPerson});
  }

  // That it is refused for this fact's sake, and nothing was written.
  void ExpectWouldBreak(const std::string& fact, const std::function<Centre::Result()>& change) {
    const uint64_t size = centre_.size();
    const Centre::Result result = change();
    EXPECT_EQ(ReasonIdOf(result), "LATER_FACT_WOULD_BREAK");
    EXPECT_EQ(domain::ItemOf(result.status()), fact);
    EXPECT_EQ(centre_.size(), size);
  }

  Centre centre_;
};

TEST_F(DependantsTest, ConsentThatAReferralRestsOnStays) {
  const std::string consent = centre_.Given(Id(kPerson), 2, Consent("c1"));
  const std::string sent = centre_.Given(Id(kCase), 3, Referral("r1"));

  ExpectWouldBreak(sent, [&] { return centre_.Void(kPersonKind, Id(kPerson), consent); });
  ExpectWouldBreak(
      sent, [&] { return centre_.Correct(Id(kPerson), consent, Consent("c1", "statistics")); });
  ExpectWouldBreak(
      sent, [&] { return centre_.Correct(Id(kPerson), consent, Consent("c1"), Worker(), 3.5); });
  // Not even when another would do: the referral names this one.
  centre_.Given(Id(kPerson), 1, Consent("c2"));
  ExpectWouldBreak(sent, [&] { return centre_.Void(kPersonKind, Id(kPerson), consent); });

  // It may be put right as long as it still allows what was done, and when nothing rests on it.
  EXPECT_TRUE(centre_.Correct(Id(kPerson), consent, Consent("c1"), Worker(), 2.5).ok());
  ASSERT_TRUE(centre_.Void(kCaseKind, Id(kCase), sent).ok());
  const auto voided = centre_.Void(kPersonKind, Id(kPerson), consent);
  EXPECT_TRUE(voided.ok()) << voided.status();
}

TEST_F(DependantsTest, TheConsentThatIsNamedCountsNotThatWhichWouldBeFoundToday) {
  const std::string consent = centre_.Given(Id(kPerson), 2, Consent("c2"));
  const std::string sent = centre_.Given(Id(kCase), 3, Referral("r1"));
  const std::string earlier = centre_.Given(Id(kPerson), 1, Consent("c1"));

  ExpectWouldBreak(sent, [&] { return centre_.Void(kPersonKind, Id(kPerson), consent); });
  const auto voided = centre_.Void(kPersonKind, Id(kPerson), earlier);
  EXPECT_TRUE(voided.ok()) << voided.status();
}

TEST_F(DependantsTest, ConsentThatAForwardedReferralRestsOnStays) {
  const auto consent_for = [&](const std::string& key, const std::string& agency) {
    return absl::StrCat("consent_given { consent_id: '", key,
                        "' purposes: 'sharing' given_by: 'self' recipient_agency_id: '", agency,
                        "' }");
  };
  centre_.Given("clinic", 0, "agency_registered { kind: 'centre' name_vi: 'Trạm' }",
                Administrator());
  centre_.Given(Id(kPerson), 2, consent_for("c1", "hospital"));
  const std::string onward = centre_.Given(Id(kPerson), 2, consent_for("c2", "clinic"));
  centre_.Given(Id(kCase), 3, Referral("r1"));
  centre_.Given(Id(kCase), 4, "referral_accepted { referral_id: 'r1' }", Worker("hospital"));
  const std::string forwarded =
      centre_.Given(Id(kCase), 5,
                    "referral_forwarded { referral_id: 'r1' new_referral_id: 'r2' to_agency_id: "
                    "'clinic' }",
                    Worker("hospital"));

  ExpectWouldBreak(forwarded, [&] { return centre_.Void(kPersonKind, Id(kPerson), onward); });
}

TEST_F(DependantsTest, ReferralOnALegalBasisNeedsNoConsent) {
  const std::string consent = centre_.Given(Id(kPerson), 5, Consent("c1"));
  v1::Command command = centre_.Command(Id(kCase), 3, Referral("r1"));
  command.mutable_header()->set_legal_basis("Luật 2022, điều 19");
  ASSERT_TRUE(centre_.Send(command).ok());

  const auto voided = centre_.Void(kPersonKind, Id(kPerson), consent);
  EXPECT_TRUE(voided.ok()) << voided.status();
}

TEST_F(DependantsTest, WithdrawalIsTakenWheneverItIsLearned) {
  centre_.Given(Id(kPerson), 2, Consent("c1"));
  centre_.Given(Id(kCase), 5, Referral("r1"));
  const std::string withdrawn =
      centre_.Given(Id(kPerson), 8, "consent_withdrawn { consent_id: 'c1' }");

  EXPECT_TRUE(
      centre_.Correct(Id(kPerson), withdrawn, "consent_withdrawn { consent_id: 'c1' }", Worker(), 4)
          .ok());
}

TEST_F(DependantsTest, ParticipantWithAPlaceInAShelterStays) {
  centre_.RegisterShelter(kShelter, 2);
  const std::string added =
      centre_.Given(Id(kCase), 2,
                    absl::StrCat("participant_added { person_id: '", Id(kOther),
                                 "' role: PARTICIPANT_ROLE_CLIENT }"));
  const std::string requested =
      centre_.Given(Id(kShelter), 3,
                    absl::StrCat("placement_requested { placement_id: 'p1' case_id: '", Id(kCase),
                                 "' person_id: '", Id(kOther), "' }"));

  ExpectWouldBreak(requested, [&] { return centre_.Void(kCaseKind, Id(kCase), added); });
  ASSERT_TRUE(
      centre_.Void(RecordKind::RECORD_KIND_SHELTER, Id(kShelter), requested, Supervisor()).ok());
  EXPECT_TRUE(centre_.Void(kCaseKind, Id(kCase), added).ok());
}

TEST_F(DependantsTest, MergeIsNotMovedBeforeWhatTheOtherRecordDid) {
  const std::string merged = centre_.Given(
      Id(kPerson), 8, absl::StrCat("persons_merged { merged_person_id: '", Id(kOther), "' }"),
      Supervisor());
  const std::string added =
      centre_.Given(Id(kCase), 5,
                    absl::StrCat("participant_added { person_id: '", Id(kOther),
                                 "' role: PARTICIPANT_ROLE_CLIENT }"));

  ExpectWouldBreak(added, [&] {
    return centre_.Correct(Id(kPerson), merged,
                           absl::StrCat("persons_merged { merged_person_id: '", Id(kOther), "' }"),
                           Supervisor(), 4);
  });
  EXPECT_TRUE(centre_
                  .Correct(Id(kPerson), merged,
                           absl::StrCat("persons_merged { merged_person_id: '", Id(kOther), "' }"),
                           Supervisor(), 6)
                  .ok());
}

TEST_F(DependantsTest, RequestIdMayBeWrittenInEitherCase) {
  v1::Command command = centre_.Command(Id(kPerson), 2, Consent("c1"));
  command.mutable_header()->set_request_id("00000000-0000-4000-8000-0000000abcde");
  ASSERT_TRUE(centre_.Send(command).ok());
  command.mutable_header()->set_request_id("00000000-0000-4000-8000-0000000ABCDE");
  const auto again = centre_.Send(command);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_recorded());
}

}  // namespace
}  // namespace caseledger::testing
