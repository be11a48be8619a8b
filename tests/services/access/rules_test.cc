// The text of rules: what it may say, what is told when it is wrong, and how questions are
// answered.
#include "services/access/rules/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace caseledger::access {
namespace {

using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_UNSPECIFIED;
using ::testing::HasSubstr;

const std::set<std::string> kActions{"GetCase", "CloseCase", "RunReport"};

constexpr char kRest[] = "nobody may CloseCase\nnobody may RunReport\n";

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<Rules> rules = Rules::Parse(text, kActions);
  return rules.ok() ? "" : std::string(rules.status().message());
}

Rules Parsed(const std::string& text) {
  absl::StatusOr<Rules> rules = Rules::Parse(text, kActions);
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.ok() ? *rules : Rules();
}

struct Who {
  std::set<std::string> roles;
  Relations relations = {};
  bool consent = false;
  bool purpose = false;
  bool warrant = false;
};

Answer Ask(const Rules& rules, const Who& who, std::string_view action = "GetCase",
           options::v1::RecordKind kind = RECORD_KIND_CASE_RECORD) {
  Question question;
  question.action = action;
  question.kind = kind;
  question.roles = &who.roles;
  question.relations = who.relations;
  question.consent = who.consent;
  question.purpose = who.purpose;
  question.warrant = who.warrant;
  return rules.Ask(question);
}

TEST(RulesText, NamesLineReasonAndTheNearestWord) {
  const auto expect = [](const std::string& line, const std::string& why) {
    const std::string error = ErrorOf("access-rules 1\n" + line + "\n" + kRest);
    EXPECT_THAT(error, HasSubstr("line 2: "));
    EXPECT_THAT(error, HasSubstr(why)) << line;
  };
  expect("case_worker may GetCas on case_record",
         "no action \"GetCas\"; did you mean \"GetCase\"?");
  expect("case_worke may GetCase on case_record", "did you mean \"case_worker\"?");
  expect("case_worker may GetCase on case_recor", "did you mean \"case_record\"?");
  expect("case_worker may GetCase on case_record when owner_agenc",
         "did you mean \"owner_agency\"?");
  expect("case_worker may GetCase on case_record see personl", "did you mean \"personal\"?");
  expect("case_worker may GetCase on case_record with consnt", "did you mean \"consent\"?");
  expect("case_worker may @reading on case_record", "group above this line");
  expect("case_worker GetCase", "a rule reads:");
  expect("referral-grace soon", "takes a number and minutes, hours or days");
  expect("longest-break-glass 5 hours", "at most 4 hours");
}

TEST(RulesText, QuotesNothingButPlainText) {
  const std::string error = ErrorOf(
      "access-rules 1\ngroup readin\x01\xff = GetCase\ncase_worker may @reading on case_record\n");
  EXPECT_THAT(error, HasSubstr("did you mean \"@readin??\"?"));
}

TEST(RulesText, BeginsWithItsVersion) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("access-rules VERSION"));
  EXPECT_THAT(ErrorOf("case_worker may GetCase on case_record\n"), HasSubstr("line 1: "));
  EXPECT_THAT(ErrorOf("access-rules 0\n"), HasSubstr("at least 1"));
}

TEST(RulesText, TellsAllErrorsUpToTwentyFour) {
  std::string text = "access-rules 1\n";
  for (int i = 0; i < 30; ++i) text += "case_worker may Nothing\n";
  const std::string error = ErrorOf(text);
  EXPECT_THAT(error, HasSubstr("line 2: "));
  EXPECT_THAT(error, HasSubstr("line 25: "));
  EXPECT_THAT(error, ::testing::Not(HasSubstr("line 26: ")));
}

TEST(RulesText, DecidesEveryActionAndNoneTwice) {
  EXPECT_THAT(ErrorOf("access-rules 1\ncase_worker may GetCase on case_record\n"
                      "nobody may RunReport\n"),
              HasSubstr("no rule says who may CloseCase"));
  EXPECT_THAT(ErrorOf(std::string("access-rules 1\nnobody may GetCase\n"
                                  "case_worker may GetCase on case_record\n") +
                      kRest),
              HasSubstr("remove one"));
}

TEST(LoggedRules, StayReadableWhenMethodsComeAndGo) {
  const std::string text =
      "access-rules 3\ncase_worker may GetCase, GoneMethod on case_record when owner_agency\n";
  EXPECT_FALSE(Rules::Parse(text, kActions).ok());
  const absl::StatusOr<Rules> logged = Rules::ParseLogged(text, kActions);
  ASSERT_TRUE(logged.ok()) << logged.status();
  EXPECT_TRUE(Ask(*logged, {{"case_worker"}, {Relation::kOwnerAgency}}).allowed());
  const Answer undecided = Ask(*logged, {{"case_worker"}, {Relation::kOwnerAgency}}, "CloseCase");
  EXPECT_EQ(undecided.refusal, Refusal::kNoRole);
  EXPECT_FALSE(Rules::ParseLogged("access-rules 3\ncase_worker mai GetCase\n", kActions).ok())
      << "what was never right is not read";
}

TEST(RulesAnswer, SaysWhatIsMissingLeast) {
  const Rules rules = Parsed(std::string("access-rules 1\n"
                                         "partner may GetCase on case_record when referred with "
                                         "consent see shared\n"
                                         "auditor may GetCase on case_record with purpose and "
                                         "warrant see sensitive\n") +
                             kRest);
  EXPECT_EQ(Ask(rules, {{"case_worker"}}).refusal, Refusal::kNoRole);
  EXPECT_EQ(Ask(rules, {{"partner"}}).refusal, Refusal::kNoRelation);
  EXPECT_EQ(Ask(rules, {{"partner"}, {Relation::kReferred}}).refusal, Refusal::kNoConsent);
  EXPECT_EQ(Ask(rules, {{"auditor"}}).refusal, Refusal::kNoPurpose);
  EXPECT_EQ(Ask(rules, {{"auditor"}, {}, false, true}).refusal, Refusal::kNoWarrant);
  const Answer shared = Ask(rules, {{"partner"}, {Relation::kReferred}, true});
  EXPECT_EQ(shared.refusal, Refusal::kNone);
  EXPECT_EQ(shared.level, Level::kShared);
  EXPECT_EQ(shared.line, 2U);
}

TEST(RulesAnswer, TheHighestLevelCountsAndNeverWins) {
  const std::string text =
      "access-rules 1\n"
      "case_worker may GetCase on case_record when owner_agency see internal\n"
      "case_worker may GetCase on case_record when assigned see sensitive\n";
  const Who assigned{{"case_worker", "administrator"},
                     {Relation::kOwnerAgency, Relation::kAssigned}};
  const Answer answer = Ask(Parsed(text + kRest), assigned);
  EXPECT_EQ(answer.level, Level::kSensitive);
  EXPECT_EQ(answer.line, 3U);
  const Answer never =
      Ask(Parsed(text + "administrator may never GetCase on case_record\n" + kRest), assigned);
  EXPECT_EQ(never.refusal, Refusal::kForbidden);
  EXPECT_EQ(never.line, 4U);
}

TEST(RulesAnswer, KnowsKindsFromNone) {
  const Rules rules =
      Parsed(std::string("access-rules 1\nnobody may GetCase\n"
                         "nobody may CloseCase\n"
                         "dashboard_viewer may RunReport see internal\n"));
  EXPECT_TRUE(Ask(rules, {{"dashboard_viewer"}}, "RunReport", RECORD_KIND_UNSPECIFIED).allowed());
  EXPECT_FALSE(Ask(rules, {{"dashboard_viewer"}}, "RunReport").allowed());
  EXPECT_FALSE(
      Ask(Rules(), {{"dashboard_viewer"}}, "RunReport", RECORD_KIND_UNSPECIFIED).allowed());
}

TEST(RulesText, SaysTheRuleOfALine) {
  const Rules rules = Parsed(
      std::string("access-rules 7 # remark\nreferral-grace 14 days\n"
                  "case_worker may GetCase on case_record   # theirs\n  when owner_agency\n") +
      kRest);
  EXPECT_EQ(rules.version(), 7U);
  EXPECT_EQ(rules.referral_grace(), Micros{14} * 24 * 3600 * kMicrosPerSecond);
  EXPECT_THAT(rules.TextOfLine(3), HasSubstr("when owner_agency"));
  EXPECT_THAT(rules.TextOfLine(3), ::testing::Not(HasSubstr("theirs")));
  EXPECT_EQ(rules.TextOfLine(999), "");
}

}  // namespace
}  // namespace caseledger::access
