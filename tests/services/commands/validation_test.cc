// The rules that fields carry, each by itself, and what an answer may say of them.
#include "services/commands/validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "caseledger/v1/common.pb.h"
#include "google/rpc/error_details.pb.h"
#include "services/domain/event.h"
#include "tests/support/domain_builders.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Micros kNow = AtHour(100);

std::vector<std::string> FieldsOf(const std::string& fact) {
  std::vector<std::string> fields;
  for (const auto& violation : commands::Validate(FactOf(fact), kNow)) {
    fields.push_back(violation.field);
  }
  return fields;
}

std::string Times(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

struct Rule {
  std::string name;
  std::string kept;    // a fact that keeps the rule
  std::string broken;  // one that breaks only this
  std::string field;
};
void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

class EveryRule : public ::testing::TestWithParam<Rule> {};

TEST_P(EveryRule, IsKeptOrNamed) {
  EXPECT_THAT(FieldsOf(GetParam().kept), IsEmpty());
  EXPECT_THAT(FieldsOf(GetParam().broken), ElementsAre(GetParam().field));
}

std::string Line(const std::string& line) {
  return "contact_received { channel: 'phone' line: '" + line + "' }";
}
std::string Name(const std::string& name) {
  return "person_registered { attributes { private_part { full_name: '" + name + "' } } }";
}
std::string BirthDate(const std::string& date) {
  return "person_amended { attributes { private_part { birth_date: '" + date + "' } } }";
}
std::string CitizenId(const std::string& number) {
  return "identifier_attached { identifier_id: 'i' identifier_kind: 'citizen_id' private_part { "
         "number: '" +
         number + "' } }";
}
std::string Consent(const std::string& purposes, const std::string& rest = "") {
  return "consent_given { consent_id: 'c' given_by: 'self' " + purposes + rest + " }";
}

const std::vector<Rule>& Rules() {
  static const auto* rules = new std::vector<Rule>{
      {"Required", "contact_received { channel: 'sms' }", "contact_received {}",
       "contact_received.channel"},
      {"MaxChars", Line(Times(40, "1")), Line(Times(41, "1")), "contact_received.line"},
      {"CodePointsNotBytes", Name(Times(200, "ễ")), Name(Times(201, "ễ")),
       "person_registered.attributes.private_part.full_name"},
      {"Key", "contact_received { channel: 'sms' operator_id: 'an.01-a_b/c:d' }",
       "contact_received { channel: 'sms' operator_id: 'An Nguyễn' }",
       "contact_received.operator_id"},
      {"KeyLength", "contact_received { channel: 'sms' operator_id: '" + Times(64, "a") + "' }",
       "contact_received { channel: 'sms' operator_id: '" + Times(65, "a") + "' }",
       "contact_received.operator_id"},
      {"Uuid",
       "event_voided { target_event_id: '018f2b6e-7a3c-7cc1-9d0e-1b2c3d4e5f60' reason: 'r' }",
       "event_voided { target_event_id: '018f2b6e' reason: 'r' }", "event_voided.target_event_id"},
      {"MinItems", Consent("purposes: 'services'"), Consent(""), "consent_given.purposes"},
      {"MaxItems", Consent(Times(16, "purposes: 'services' ")),
       Consent(Times(17, "purposes: 'services' ")), "consent_given.purposes"},
      {"NumberRange", "beds_changed { beds: 10000 }", "beds_changed { beds: 10001 }",
       "beds_changed.beds"},
      {"ClosedEnum", "contact_ended { outcome: CONTACT_OUTCOME_SILENT }",
       "contact_ended { outcome: 99 }", "contact_ended.outcome"},
      {"ClosedEnumUnsaid", "contact_ended { outcome: CONTACT_OUTCOME_PRANK }", "contact_ended {}",
       "contact_ended.outcome"},
      {"FutureAllowed", "placement_held { placement_id: 'p' " + TimeField("expire_time", 500) + "}",
       "placement_held { placement_id: 'p' expire_time { seconds: 999999999999 } }",
       "placement_held.expire_time"},
      {"InvalidNanos", "placement_held { placement_id: 'p' expire_time { nanos: 999999999 } }",
       "placement_held { placement_id: 'p' expire_time { nanos: -1 } }",
       "placement_held.expire_time"},
      {"OutputOnly", "resident_admitted { placement_id: 'p' }",
       "resident_admitted { placement_id: 'p' person_id: 'x' }", "resident_admitted.person_id"},
      {"CodesAreKeys", "contact_received { channel: 'carrier_pigeon' }",
       "contact_received { channel: 'bồ câu' }", "contact_received.channel"},
      {"CitizenId", CitizenId("022099001234"), CitizenId("02209900123"),
       "identifier_attached.private_part.number"},
      {"CitizenIdDigits", CitizenId("000000000000"), CitizenId("02209900123x"),
       "identifier_attached.private_part.number"},
      {"CitizenIdGiven", CitizenId("000000000000"), CitizenId(""),
       "identifier_attached.private_part.number"},
      {"BirthYear", BirthDate("2014"), BirthDate("14"),
       "person_amended.attributes.private_part.birth_date"},
      {"BirthMonth", BirthDate("2014-09"), BirthDate("2014-9"),
       "person_amended.attributes.private_part.birth_date"},
      {"BirthDay", BirthDate("2014-09-30"), BirthDate("30/09/2014"),
       "person_amended.attributes.private_part.birth_date"},
      {"BirthInCalendar", BirthDate("2016-02-29"), BirthDate("2014-02-29"),
       "person_amended.attributes.private_part.birth_date"},
      {"BirthInCalendarMonth", BirthDate("2014-12"), BirthDate("2014-13"),
       "person_amended.attributes.private_part.birth_date"},
      {"NotBlank", "case_closed { reason: 'other' override_reason: ' vì ' }",
       "case_closed { reason: 'other' override_reason: ' \\t\\n' }", "case_closed.override_reason"},
      {"NoNul", Line("1"), Line("1\\000"), "contact_received.line"},
  };
  return *rules;
}

INSTANTIATE_TEST_SUITE_P(Rules, EveryRule, ::testing::ValuesIn(Rules()),
                         [](const auto& rule) { return rule.param.name; });

TEST(Validation, TimesMayBeAheadByTheSkewOfClocksOnly) {
  const auto fields = [](Micros at) {
    v1::CommandHeader header;
    header.set_request_id("018f2b6e-7a3c-7cc1-9d0e-1b2c3d4e5f60");
    header.mutable_occurred_time()->set_seconds(at / kMicrosPerSecond);
    return commands::Validate(header, kNow, "header").size();
  };
  EXPECT_EQ(fields(kNow), 0u);
  EXPECT_EQ(fields(kNow + commands::kClockSkew), 0u);
  EXPECT_EQ(fields(kNow + commands::kClockSkew + kMicrosPerSecond), 1u);
}

// A newer client's new field may hold a name: stored as it comes it would not be sealed.
TEST(Validation, FieldsThatTheServerDoesNotKnowAreRefusedAtAnyDepth) {
  domain::Fact fact = FactOf(Name("A"));
  auto& attributes = *fact.mutable_person_registered()->mutable_attributes();
  attributes.GetReflection()->MutableUnknownFields(&attributes)->AddLengthDelimited(900, "A");
  const auto violations = commands::Validate(fact, kNow);
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_EQ(violations[0].field, "person_registered.attributes");
  EXPECT_THAT(violations[0].description, HasSubstr("does not know"));
}

TEST(Validation, WhatTheServerSealsIsNotSentSealed) {
  EXPECT_THAT(FieldsOf("person_registered { attributes { private_part { sealed { key_id: 'a' } } "
                       "} }"),
              ElementsAre("person_registered.attributes.private_part.sealed"));
  EXPECT_THAT(FieldsOf("contact_received { channel: 'phone' note { sealed { state: "
                       "SEAL_STATE_ERASED } } }"),
              ElementsAre("contact_received.note.sealed"));
}

TEST(Validation, NamesAllViolationsInFieldOrderAndNeverTheValue) {
  const std::string secret = "Nguyễn Thị Bí Mật";
  const auto violations = commands::Validate(
      FactOf("contact_received { line: '" + Times(9, secret) + "' operator_id: '" + secret +
             "' private_part { caller_name: '" + Times(20, secret) + "' } }"),
      kNow, "fact");
  std::vector<std::string> fields;
  for (const auto& violation : violations) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("fact.contact_received.channel", "fact.contact_received.line",
                                  "fact.contact_received.operator_id",
                                  "fact.contact_received.private_part.caller_name"));
  const absl::Status status = commands::InvalidRequest(violations);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.ToString(), Not(HasSubstr("Nguy")));
}

TEST(Validation, ItemsOfListsAreNumbered) {
  const std::vector<std::string> fields = FieldsOf(
      "case_opened { case_type: 'trafficking' owner_agency_id: 'a' concerns: 'neglect' "
      "concerns: 'không rõ' }");
  EXPECT_THAT(fields, ElementsAre("case_opened.concerns[1]"));
}

TEST(Validation, BytesAreNoText) {
  domain::Fact fact = FactOf("plan_approved { plan_id: 'k' }");
  fact.mutable_plan_approved()->set_content_hash(std::string(32, '\0'));
  EXPECT_THAT(commands::Validate(fact, kNow), IsEmpty());
}

TEST(Validation, AnswersFitTheMetadataOfACall) {
  for (const int length : {1, 300}) {
    std::vector<commands::Violation> many;
    for (int i = 0; i < 5000; ++i) {
      many.push_back({"fact.case_opened.concerns[" + std::to_string(i) + "]", Times(length, "ễ")});
    }
    const absl::Status status = commands::InvalidRequest(many);
    const std::string details(*status.GetPayload(commands::kViolationsUrl));
    EXPECT_TRUE(google::rpc::BadRequest().ParseFromString(details));
    EXPECT_LT(details.size() + status.message().size(), 7000u);
    EXPECT_THAT(std::string(status.message()), HasSubstr("more"));
  }
}

// Parsers quote single bytes of what they do not understand; files choose the names in a path.
TEST(Validation, AnswersAreTextWhateverTheFileHolds) {
  const absl::Status status =
      commands::InvalidRequest({{"fact.text deadline \xFF", "Expected identifier, got: \xC3"},
                                {"fact.text deadline " + Times(9000, "a"), "needs an id"}});
  google::rpc::BadRequest details;
  ASSERT_TRUE(details.ParseFromString(std::string(*status.GetPayload(commands::kViolationsUrl))));
  ASSERT_EQ(details.field_violations_size(), 2);
  EXPECT_EQ(details.field_violations(0).field(), "fact.text deadline ?");
  EXPECT_EQ(details.field_violations(0).description(), "Expected identifier, got: ?");
  EXPECT_LT(details.field_violations(1).field().size(), 300u);
  EXPECT_LT(status.message().size(), 1000u);
}

TEST(UnknownCodes, AreKeptAndFlaggedOncePerList) {
  EXPECT_THAT(commands::UnknownCodes(FactOf("contact_received { channel: 'carrier_pigeon' "
                                            "caller_role: 'child' }")),
              ElementsAre("UNKNOWN_CODE:channel"));
  EXPECT_THAT(commands::UnknownCodes(FactOf("case_opened { case_type: 'x' concerns: 'y' concerns: "
                                            "'z' concerns: 'neglect' }")),
              ElementsAre("UNKNOWN_CODE:case_type", "UNKNOWN_CODE:concern"));
  EXPECT_THAT(commands::UnknownCodes(FactOf("case_opened { case_type: 'trafficking' }")),
              IsEmpty());
}

}  // namespace
}  // namespace caseledger::testing
