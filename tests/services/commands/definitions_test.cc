// Definitions loaded from files: checked as a whole, refused with line and column.
#include <fstream>
#include <map>
#include <sstream>

#include "caseledger/v1/deadlines.pb.h"
#include "caseledger/v1/retention.pb.h"
#include "google/protobuf/text_format.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;
using ::testing::HasSubstr;

std::string FileText(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class DefinitionsTest : public ::testing::Test {
 protected:
  DefinitionsTest() {
    for (const Caller& caller : {Steward(), StewardWhoRunsTheLedger()}) centre_.Admit(caller);
    begun_ = centre_.size();
  }

  // Definitions are corrected by whoever recorded them, as far as an administrator.
  static Caller StewardWhoRunsTheLedger() {
    return {"vinh", "hotline", {"administrator", "data_steward"}};
  }
  v1::Command Report(const std::string& text, const std::string& name = "report/qn-half-year") {
    v1::Command command = centre_.Command(name, 1, "report_definition_loaded {}");
    command.mutable_fact()->mutable_report_definition_loaded()->set_text(text);
    return command;
  }
  Centre::Result LoadDeadlines(const std::string& text,
                               const std::string& name = "deadlines/default") {
    v1::Command command = centre_.Command(name, 1, "deadlines_loaded {}");
    command.mutable_fact()->mutable_deadlines_loaded()->set_text(text);
    return centre_.Send(command, Steward());
  }
  Centre::Result LoadRetention(const std::string& text,
                               const std::string& name = "retention/default") {
    v1::Command command = centre_.Command(name, 1, "retention_rules_loaded {}");
    command.mutable_fact()->mutable_retention_rules_loaded()->set_text(text);
    return centre_.Send(command, Steward());
  }
  static std::string MessageOf(const Centre::Result& result) {
    return std::string(result.status().message());
  }

  const std::string report_ = FileText("deploy/reports/qn-half-year.textproto");
  Centre centre_;
  uint64_t begun_ = 0;  // events of the ledger before the test
};

TEST_F(DefinitionsTest, ShippedReportIsLoadedWithNameAndVersion) {
  const auto loaded = centre_.Send(Report(report_), Steward());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto fact = centre_.FactAt(begun_).report_definition_loaded();
  EXPECT_EQ(fact.report_id(), "qn-half-year");
  EXPECT_EQ(fact.version(), 1u);
  EXPECT_EQ(fact.text(), report_);
  EXPECT_EQ(ReasonIdOf(centre_.Send(Report(report_), Steward())), "DEFINITION_UNCHANGED");
}

TEST_F(DefinitionsTest, BrokenReportIsRefusedWithItsPlace) {
  const auto refused = centre_.Send(Report("report_id: \"x\"\nversion: one\n"), Steward());
  EXPECT_EQ(ReasonIdOf(refused), "INVALID_REQUEST");
  EXPECT_THAT(MessageOf(refused), HasSubstr("line 2, column"));
  std::string unknown_fact = report_;
  unknown_fact.replace(unknown_fact.find("contact_ended"), 13, "contact_added");
  EXPECT_THAT(MessageOf(centre_.Send(Report(unknown_fact), Steward())), HasSubstr("line "));
  std::string no_text = report_;
  no_text.replace(no_text.find("label_vi: \""), 11, "label_vi: \"\\xff");
  EXPECT_THAT(MessageOf(centre_.Send(Report(no_text), Steward())), HasSubstr("not UTF-8"));
  EXPECT_EQ(ReasonIdOf(centre_.Send(Report(report_, "report/other"), Steward())),
            "INVALID_REQUEST");
  EXPECT_EQ(ReasonIdOf(centre_.Send(Report(report_, "deadlines/qn-half-year"), Steward())),
            "INVALID_REQUEST");
  EXPECT_EQ(centre_.size(), begun_);
}

TEST_F(DefinitionsTest, CorrectedReportIsCheckedAndVersionedToo) {
  const auto loaded = centre_.Send(Report(report_), StewardWhoRunsTheLedger());
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto correct = [&](const std::string& text) {
    v1::Command command =
        centre_.Command("report/qn-half-year", 2, "fact_corrected { reason: 'typing' }");
    auto& corrected = *command.mutable_fact()->mutable_fact_corrected();
    corrected.set_target_event_id(loaded->events(0).event_id());
    corrected.mutable_replacement()->mutable_report_definition_loaded()->set_text(text);
    return centre_.Send(command, StewardWhoRunsTheLedger());
  };
  EXPECT_THAT(MessageOf(correct("version: one")), HasSubstr("line 1, column"));
  std::string next = report_;
  next.replace(next.find("version: 1"), 10, "version: 2");
  const auto corrected = correct(next);
  ASSERT_TRUE(corrected.ok()) << corrected.status();
  const auto fact =
      centre_.FactAt(begun_ + 1).fact_corrected().replacement().report_definition_loaded();
  EXPECT_EQ(fact.version(), 2u);
  EXPECT_EQ(fact.report_id(), "qn-half-year");
}

TEST_F(DefinitionsTest, ShippedDeadlinesAreLoaded) {
  const std::string text = FileText("deploy/deadlines/default.textproto");
  const auto loaded = LoadDeadlines(text);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(centre_.FactAt(begun_).deadlines_loaded().agency_id(), "default");
  v1::Deadlines deadlines;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &deadlines));
  std::map<std::string, v1::Deadline> by_id;
  for (const v1::Deadline& deadline : deadlines.deadline()) by_id[deadline.id()] = deadline;
  EXPECT_EQ(by_id.size(), 14u);
  EXPECT_EQ(by_id["first_measures"].hours(), 12u);
  EXPECT_EQ(by_id["plan_draft"].working_days(), 5u);
  EXPECT_EQ(by_id["plan_approval"].working_days(), 7u);
  EXPECT_EQ(by_id["separation_review"].days(), 15u);
  EXPECT_EQ(by_id["trafficking_support_end"].days(), 120u);
  EXPECT_EQ(by_id["data_request_answer"].working_days(), 2u);
  EXPECT_EQ(by_id["data_request_access"].days(), 10u);
  EXPECT_EQ(by_id["data_request_access"].request_kind(), "access");
  EXPECT_EQ(by_id["data_request_erasure"].days(), 20u);
  EXPECT_EQ(by_id["data_request_erasure"].request_kind(), "erasure");
  EXPECT_EQ(by_id["data_request_correction"].days(), 10u);
  EXPECT_EQ(by_id["data_request_correction"].request_kind(), "correction");
  EXPECT_EQ(by_id["data_request_restriction"].days(), 15u);
  EXPECT_EQ(by_id["data_request_restriction"].request_kind(), "restriction");
  for (const char* id : {"data_request_answer", "data_request_access", "data_request_correction",
                         "data_request_restriction", "data_request_erasure"}) {
    EXPECT_EQ(by_id[id].starts_with(), "data_request_received");
    EXPECT_THAT(by_id[id].met_by(), ::testing::Contains("data_request_answered"));
  }
}

TEST_F(DefinitionsTest, BrokenDeadlinesAreRefused) {
  const auto refusal = [&](const std::string& text) {
    const auto refused = LoadDeadlines(text);
    EXPECT_EQ(ReasonIdOf(refused), "INVALID_REQUEST") << text;
    return MessageOf(refused);
  };
  EXPECT_THAT(refusal("deadline {\n  hours: many\n}"), HasSubstr("line 2, column"));
  EXPECT_THAT(refusal("# none"), HasSubstr("1 to 200 deadlines"));
  EXPECT_THAT(refusal("deadline { id: 'a' starts_with: 'case_begun' hours: 1 }"),
              HasSubstr("case_begun"));
  EXPECT_THAT(refusal("deadline { id: 'a' starts_with: 'case_opened' hours: 1 days: 1 }"),
              HasSubstr("exactly one"));
  EXPECT_THAT(refusal("deadline { id: 'a' starts_with: 'case_opened' hours: 1 }"
                      "deadline { id: 'a' starts_with: 'case_opened' hours: 1 }"),
              HasSubstr("no other deadline"));
  EXPECT_THAT(refusal("deadline { id: '\\xff' starts_with: 'case_opened' hours: 1 }"),
              HasSubstr("not UTF-8"));
  const std::string request = "deadline { id: 'a' hours: 1 starts_with: 'data_request_received' ";
  EXPECT_THAT(refusal(request + "request_kind: 'acces' }"), HasSubstr("acces"));
  for (const std::string outcome : {"answered", "FULFILLED", "unspecified"}) {
    EXPECT_THAT(refusal(request + "outcome: '" + outcome + "' }"), HasSubstr(outcome));
  }
  for (const std::string narrowed : {"request_kind: 'access'", "outcome: 'fulfilled'"}) {
    EXPECT_THAT(
        refusal("deadline { id: 'a' starts_with: 'case_opened' hours: 1 " + narrowed + " }"),
        HasSubstr("does not start with data_request_received"));
  }
  EXPECT_EQ(centre_.size(), begun_);
}

TEST_F(DefinitionsTest, ShippedRetentionRulesAreLoadedAndCoverEveryCaseType) {
  const std::string text = FileText("deploy/retention/default.textproto");
  const auto loaded = LoadRetention(text);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(centre_.FactAt(begun_).retention_rules_loaded().agency_id(), "default");
  EXPECT_EQ(ReasonIdOf(LoadRetention(text)), "DEFINITION_UNCHANGED");
  v1::RetentionRules rules;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &rules));
  std::map<std::string, uint32_t> years;
  for (const v1::RetentionRule& rule : rules.rule()) years[rule.case_type()] = rule.years();
  EXPECT_EQ(years["child_protection"], 20u);
  EXPECT_EQ(years["gender_based_violence"], 10u);
  EXPECT_EQ(years[""], 5u) << "the rule for every other type";
}

TEST_F(DefinitionsTest, BrokenRetentionRulesAreRefused) {
  const auto refusal = [&](const std::string& text) {
    const auto refused = LoadRetention(text);
    EXPECT_EQ(ReasonIdOf(refused), "INVALID_REQUEST") << text;
    return MessageOf(refused);
  };
  EXPECT_THAT(refusal("rule {\n  years: many\n}"), HasSubstr("line 2, column"));
  EXPECT_THAT(refusal("# none"), HasSubstr("1 to 200 rules"));
  EXPECT_THAT(refusal("rule { id: 'a' }"), HasSubstr("exactly one of years, months, days"));
  EXPECT_THAT(refusal("rule { id: 'a' years: 1 days: 1 }"), HasSubstr("exactly one"));
  EXPECT_THAT(refusal("rule { id: 'a' years: 201 }"), HasSubstr("longer than 200 years"));
  EXPECT_THAT(refusal("rule { id: 'a' months: 4294967295 }"), HasSubstr("longer than 200 years"));
  EXPECT_THAT(refusal("rule { id: 'a b' years: 1 }"), HasSubstr("needs an id"));
  EXPECT_THAT(refusal("rule { id: 'a' years: 1 case_type: 'x' } rule { id: 'a' years: 1 }"),
              HasSubstr("no other rule"));
  EXPECT_THAT(refusal("rule { id: 'a' years: 1 } rule { id: 'b' years: 1 }"),
              HasSubstr("second rule for cases of every type"));
  EXPECT_THAT(refusal("rule { id: 'a' years: 1 label_vi: '\\xff' }"), HasSubstr("not UTF-8"));
  EXPECT_THAT(MessageOf(LoadRetention("rule { id: 'a' years: 1 }", "deadlines/default")),
              HasSubstr("retention/AGENCY"));
  EXPECT_EQ(centre_.size(), begun_);
}

}  // namespace
}  // namespace caseledger::testing
