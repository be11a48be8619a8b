// Who saw what, who was refused, what left: asked over gRPC.
#include <algorithm>

#include "caseledger/v1/dashboard.pb.h"
#include "tests/integration/trail/trail_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TrailQueries : public TrailServerTest {
 protected:
  void SetUp() override {
    TrailServerTest::SetUp();
    RegisterAgency("ctxh-qn");
    RegisterAgency("bv-tinh");
    RegisterAgency("truong-hoc");
  }

  v1::RecordDisclosureRequest DisclosureRequest(const std::string& case_id,
                                                const std::string& person) {
    v1::RecordDisclosureRequest request;
    request.set_request_id(NewUuid());
    request.set_case_id(case_id);
    request.set_person_id(person);
    request.set_recipient_agency_id("bv-tinh");
    request.add_fields("full_name");
    return request;
  }
  v1::ListDisclosuresResponse Disclosures(const std::string& person,
                                          const std::string& consent = "") {
    v1::ListDisclosuresRequest request;
    request.set_person_id(person);
    request.set_consent_id(consent);
    request.set_min_position(NewestEntry());
    request.set_count_total(true);
    const auto answer = Ask(&AccessStub::ListDisclosures, request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }
};

TEST_F(TrailQueries, EveryReadOfACaseIsToldNewestFirst) {
  const std::string case_id = OpenCase();
  ASSERT_TRUE(GetCase(case_id, Named("lan")).ok());
  ASSERT_TRUE(GetCase(case_id, Named("minh")).ok());
  const auto entries = WhoSaw(case_id);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].actor(), "minh");
  EXPECT_EQ(entries[1].actor(), "lan");
  EXPECT_EQ(entries[1].accessed().action(), "GetCase");
  ASSERT_EQ(entries[1].accessed().records_size(), 1);
  EXPECT_EQ(entries[1].accessed().records(0).record_id(), case_id);
  // That somebody looked at the trail is on the trail.
  EXPECT_EQ(WhoSaw(case_id).at(0).accessed().action(), "ListAccess");
}

TEST_F(TrailQueries, WhoAsksAboutOneRecordLearnsOfNoOther) {
  const std::string case_id = OpenCase();
  const std::string other = OpenCase();
  v1::ListCasesRequest list;
  list.set_min_position(client().EventCount() - 1);
  const auto cases = client().Call<v1::ListCasesResponse>("DashboardService/ListCases", list);
  ASSERT_EQ(cases.value.cases_size(), 2);
  const auto entries = WhoSaw(case_id);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].accessed().action(), "ListCases");
  ASSERT_EQ(entries[0].accessed().records_size(), 1);
  EXPECT_EQ(entries[0].accessed().records(0).record_id(), case_id);
  const auto all = SeenBy(Who{});
  ASSERT_TRUE(all.ok()) << all.status.error_message();
  EXPECT_THAT(all.value.entries(1).accessed().records(), ::testing::SizeIs(2)) << "their own trail";
}

TEST_F(TrailQueries, AnActorsEntriesArePagedAndReflectThePositionAskedFor) {
  const std::string case_id = OpenCase();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(GetCase(case_id, Named("lan")).ok());
  v1::ListAccessRequest request;
  request.set_actor("lan");
  request.set_agency_id("ctxh-qn");
  request.set_page_size(2);
  request.set_min_position(NewestEntry());
  std::vector<uint64_t> positions;
  do {
    const auto answer = Ask(&AccessStub::ListAccess, request, Cast::Auditor());
    ASSERT_TRUE(answer.ok()) << answer.status.error_message();
    EXPECT_GT(answer.value.reflected_events(), request.min_position());
    for (const auto& entry : answer.value.entries()) positions.push_back(entry.position());
    request.set_page_token(answer.value.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(positions.size(), 5u);
  EXPECT_TRUE(std::is_sorted(positions.rbegin(), positions.rend()));
  request.set_count_total(true);
  const auto counted = Ask(&AccessStub::ListAccess, request, Cast::Auditor());
  EXPECT_EQ(counted.value.total_size(), 5U);
  EXPECT_EQ(counted.value.entries_size(), 2);
  request.set_min_position(1'000'000);
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::ListAccess, request, Cast::Auditor()).status),
            "POSITION_PAST_END");
}

TEST_F(TrailQueries, AQuestionIsAboutARecordOrAnActor) {
  v1::ListAccessRequest request;
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::ListAccess, request).status), "INVALID_REQUEST");
  request.set_actor("lan");
  request.set_record_kind(kCaseKind);
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::ListAccess, request).status), "INVALID_REQUEST");
  request.clear_actor();
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::ListAccess, request).status), "INVALID_REQUEST");
  request.set_record_id(OpenCase());
  request.set_ledger("quang-ninh.access");
  EXPECT_NE(ReasonOf(Ask(&AccessStub::ListAccess, request).status), "OK");
}

TEST_F(TrailQueries, RefusalsAreTold) {
  EXPECT_FALSE(GetCase(NewUuid(), Named("lan", "bv-tinh")).ok());
  v1::ListDenialsRequest request;
  request.set_min_position(NewestEntry());
  const auto all = Ask(&AccessStub::ListDenials, request, Cast::Auditor());
  ASSERT_TRUE(all.ok()) << all.status.error_message();
  ASSERT_EQ(all.value.entries_size(), 1);
  EXPECT_EQ(all.value.entries(0).agency(), "bv-tinh");
  EXPECT_EQ(all.value.entries(0).denied().action(), "GetCase");
  EXPECT_EQ(all.value.entries(0).denied().reason(), "RECORD_UNKNOWN");
  EXPECT_EQ(all.value.total_size(), 0U) << "only when asked for";
  request.set_count_total(true);
  EXPECT_EQ(Ask(&AccessStub::ListDenials, request, Cast::Auditor()).value.total_size(), 1U);
  request.set_agency_id("ctxh-qn");
  EXPECT_THAT(Ask(&AccessStub::ListDenials, request, Cast::Auditor()).value.entries(), IsEmpty());
  request.set_agency_id("bv-tinh");
  EXPECT_THAT(Ask(&AccessStub::ListDenials, request, Cast::Auditor()).value.entries(),
              ::testing::SizeIs(1));
}

TEST_F(TrailQueries, ADisclosureNeedsAConsentOrALegalBasis) {
  const std::string person = RegisterPerson();
  const std::string case_id = OpenCaseFor(person);
  v1::RecordDisclosureRequest request = DisclosureRequest(case_id, person);
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::RecordDisclosure, request).status), "CONSENT_MISSING");
  request.set_legal_basis("Law 13/2022, article 15");
  const auto by_law = Ask(&AccessStub::RecordDisclosure, request);
  ASSERT_TRUE(by_law.ok()) << by_law.status.error_message();
  EXPECT_EQ(by_law.value.consent_id(), "");
  client().Record(person,
                  "consent_given { consent_id: 'c1' purposes: 'sharing' given_by: 'self' "
                  "recipient_agency_id: 'bv-tinh' }");
  request.set_request_id(NewUuid());
  const auto by_consent = Ask(&AccessStub::RecordDisclosure, request);
  ASSERT_TRUE(by_consent.ok()) << by_consent.status.error_message();
  EXPECT_EQ(by_consent.value.consent_id(), "c1");
  const auto again = Ask(&AccessStub::RecordDisclosure, request);
  EXPECT_EQ(again.value.SerializeAsString(), by_consent.value.SerializeAsString());
  v1::RecordDisclosureRequest to_another = DisclosureRequest(case_id, person);
  to_another.set_recipient_agency_id("truong-hoc");
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::RecordDisclosure, to_another).status), "CONSENT_MISSING");

  EXPECT_TRUE(WhoSaw(case_id).at(0).has_disclosed()) << "it stands for the access as well";
  const v1::ListDisclosuresResponse all = Disclosures(person);
  ASSERT_EQ(all.entries_size(), 2);
  EXPECT_EQ(all.entries(0).disclosed().consent_id(), "c1");
  EXPECT_EQ(all.entries(0).disclosed().legal_basis(), "") << "the consent is what it rests on";
  EXPECT_EQ(all.entries(1).disclosed().legal_basis(), "Law 13/2022, article 15");
  EXPECT_THAT(all.entries(1).disclosed().access().fields(), ElementsAre("full_name"));
  EXPECT_THAT(all.recipient_agency_ids(), ElementsAre("bv-tinh"));
  EXPECT_EQ(all.total_size(), 2U);
  EXPECT_EQ(Disclosures(person, "c1").entries_size(), 1);
  EXPECT_EQ(Disclosures(person, "c1").total_size(), 1U);
  EXPECT_EQ(Disclosures(person, "c2").entries_size(), 0);
}

TEST_F(TrailQueries, WhatIsOnlyKeptIsDisclosedOnALegalBasisAlone) {
  const std::string person = RegisterPerson();
  const std::string case_id = OpenCaseFor(person);
  client().Record(person,
                  "consent_given { consent_id: 'c1' purposes: 'sharing' given_by: 'self' }");
  Who officer = Named("hoa", "ctxh-qn", "privacy_officer");
  officer.purpose = "request-of-the-person";
  const auto restricted = client().Send(
      CommandOf(person, "processing_restricted { restriction_id: 'k' reason: 'objection' }"),
      officer);
  ASSERT_TRUE(restricted.ok()) << restricted.status.error_message();
  v1::RecordDisclosureRequest request = DisclosureRequest(case_id, person);
  EXPECT_EQ(ReasonOf(Ask(&AccessStub::RecordDisclosure, request).status), "PROCESSING_RESTRICTED");
  EXPECT_EQ(Disclosures(person).entries_size(), 0);
  request.set_legal_basis("Law 13/2022, article 15");
  const auto by_law = Ask(&AccessStub::RecordDisclosure, request);
  ASSERT_TRUE(by_law.ok()) << by_law.status.error_message();
  const v1::ListDisclosuresResponse all = Disclosures(person);
  ASSERT_EQ(all.entries_size(), 1);
  EXPECT_EQ(all.entries(0).disclosed().legal_basis(), "Law 13/2022, article 15");
}

TEST_F(TrailQueries, OnlyWhoTakesPartCanBeDisclosed) {
  const std::string person = RegisterPerson();
  const std::string case_id = OpenCaseFor(RegisterPerson());
  for (const std::string& whom : {person, NewUuid()}) {
    v1::RecordDisclosureRequest request = DisclosureRequest(case_id, whom);
    request.set_legal_basis("Law 13/2022");
    EXPECT_EQ(ReasonOf(Ask(&AccessStub::RecordDisclosure, request).status), "NOT_PARTICIPANT");
  }
  EXPECT_EQ(Disclosures(person).entries_size(), 0);
}

}  // namespace
}  // namespace caseledger::testing
