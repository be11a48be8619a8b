// Parsing report definitions: every mistake is found, with its place.
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/report_facts/catalogue.h"
#include "projections/report_facts/definition.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string ProblemsOf(const std::string& text) {
  const auto definition = ParseReportDefinition(text);
  if (definition.ok()) return "none";
  EXPECT_EQ(definition.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(definition.status().message());
}

// Problems of a definition with one indicator.
std::string ProblemsOfRow(const std::string& body) {
  return ProblemsOf(Definition("indicators { row: 'X' unit: 'thing' label_vi: 'X' " + body + " }"));
}

TEST(ParseReportDefinition, ReadsTheShippedDefinition) {
  std::ifstream file("deploy/reports/qn-half-year.textproto");
  std::ostringstream text;
  text << file.rdbuf();
  const auto definition = ParseReportDefinition(text.str());
  ASSERT_TRUE(definition.ok()) << definition.status();
  EXPECT_EQ(definition->report_id(), "qn-half-year");
  EXPECT_EQ(definition->version(), 1u);
  EXPECT_EQ(definition->indicators_size(), 25);
}

TEST(ParseReportDefinition, SyntaxErrorsNameLineAndColumn) {
  EXPECT_EQ(ProblemsOf("report_id: \"x\"\nversion: one\n"),
            "line 2, column 10: Expected integer, got: one");
  EXPECT_THAT(ProblemsOf("report_id: 'x'\n  colour: 'red'\n"),
              AllOf(HasSubstr("line 2, column "), HasSubstr("colour")));
}

TEST(ParseReportDefinition, ReportsAllProblemsAtOnceWithTheirPlaces) {
  const std::string problems = ProblemsOf(R"(report_id: "Bad Name"
version: 1
time_zone: "Mars/Olympus"
label_vi: "Thử"
indicators {
  row: "A"
  unit: "contact"
  label_vi: "A"
  fact: "contact_endd"
}
indicators {
  row: "A"
  parent: "Z"
  unit: "contact"
  label_vi: "A"
  fact: "contact_ended"
  filters { field: "outcome" any_of: "silent" any_of: "asleep" }
  filters {
    field: "caller_phone" any_of: "1"
  }
}
identities { row: "A" sum_of: "B" }
)");
  EXPECT_EQ(problems,
            "line 1, column 1: report_id must be 1 to 64 of a-z 0-9 -\n"
            "line 3, column 1: unknown time zone `Mars/Olympus`\n"
            "line 9, column 3: row A: unknown fact `contact_endd`\n"
            "line 13, column 3: row A: parent `Z` is not a row above it\n"
            "line 17, column 47: row A: unknown code `asleep` of the closed list ContactOutcome\n"
            "line 19, column 5: row A: `caller_phone` is not a countable field of `ContactEnded`\n"
            "line 12, column 3: row `A` is there twice\n"
            "line 22, column 23: identity names an unknown row `B`");
}

TEST(ParseReportDefinition, PersonalFieldsCannotBeNamed) {
  const auto filter = [](const std::string& fact, const std::string& field) {
    return ProblemsOfRow("fact: '" + fact + "' filters { field: '" + field + "' any_of: 'x' }");
  };
  EXPECT_THAT(filter("contact_received", "private_part.caller_name"), HasSubstr("not a countable"));
  EXPECT_THAT(filter("contact_received", "note.text"), HasSubstr("not a countable"));
  EXPECT_THAT(filter("person_registered", "attributes.private_part.full_name"),
              HasSubstr("not a countable"));
  EXPECT_THAT(filter("contact_received", "external_ref.value"), HasSubstr("not a countable"));
  EXPECT_THAT(filter("case_closed", "override_reason"), HasSubstr("not a countable"));
  EXPECT_EQ(filter("person_registered", "attributes.sex"), "none");
}

TEST(ParseReportDefinition, FindsNamesThatDoNotFitTogether) {
  EXPECT_THAT(ProblemsOfRow(""), HasSubstr("fact is missing"));
  EXPECT_THAT(ProblemsOfRow("fact: 'fact_corrected'"), HasSubstr("not facts of their own"));
  EXPECT_THAT(ProblemsOfRow("fact: 'contact_ended' count: 'person'"), HasSubstr("needs `persons`"));
  EXPECT_THAT(ProblemsOfRow("fact: 'contact_ended' persons: 'record'"),
              HasSubstr("facts of a person"));
  EXPECT_THAT(ProblemsOfRow("fact: 'emergency_started' persons: 'kind'"),
              HasSubstr("does not name persons"));
  EXPECT_THAT(ProblemsOfRow("fact: 'contact_ended' persons: 'start.person_id'"),
              HasSubstr("goes on with no earlier fact"));
  EXPECT_THAT(ProblemsOfRow("fact: 'service_delivered' sum: 'kind'"), HasSubstr("not a number"));
  EXPECT_THAT(ProblemsOfRow("fact: 'service_delivered' count: 'case' sum: 'minutes'"),
              HasSubstr("either count or sum"));
  EXPECT_THAT(ProblemsOfRow("fact: 'contact_ended' period: PERIOD_RULE_OVERLAPS_PERIOD"),
              HasSubstr("only OCCURRED_IN_PERIOD"));
  EXPECT_THAT(ProblemsOfRow("fact: 'case_open' period: PERIOD_RULE_OCCURRED_IN_PERIOD"),
              HasSubstr("needs a period rule for spans"));
}

TEST(ParseReportDefinition, FindsGroupingsThatDoNotFit) {
  const auto by = [](const std::string& fact, const std::string& grouping) {
    return ProblemsOfRow("fact: '" + fact + "' by { " + grouping + " }");
  };
  EXPECT_THAT(by("contact_ended", "field: 'caller_phone'"), HasSubstr("not a countable"));
  EXPECT_THAT(by("contact_ended", "field: 'span.days'"), HasSubstr("not a span"));
  EXPECT_THAT(by("case_open", "field: 'person.age'"), HasSubstr("needs `persons`"));
  EXPECT_THAT(by("contact_ended", "field: 'outcome' edges: 1"), HasSubstr("not a number"));
  EXPECT_THAT(by("contact_ended", "field: 'at.hour' edges: [6, 6]"), HasSubstr("must rise"));
  EXPECT_THAT(by("contact_ended", "field: 'at.hour' unit_kinds: 'district'"),
              HasSubstr("no administrative unit"));
  EXPECT_THAT(by("contact_ended", "field: 'at.minute'"), HasSubstr("unknown field `at.minute`"));
  EXPECT_EQ(by("contact_ended", "field: 'at.hour' edges: [6, 12, 18]"), "none");
  EXPECT_EQ(by("case_open", "field: 'case.unit' unit_kinds: 'district'"), "none");
  EXPECT_THAT(ProblemsOfRow("fact: 'case_open' by { field: 'at.hour' } by { field: 'at.date' } "
                            "by { field: 'at.month' } by { field: 'at.weekday' }"),
              HasSubstr("more than 3 fields"));
}

TEST(ParseReportDefinition, FindsFiltersThatCannotMatch) {
  const auto filter = [](const std::string& body) {
    return ProblemsOfRow("fact: 'emergency_started' persons: 'person_id' filters { " + body + " }");
  };
  EXPECT_THAT(filter("field: 'kind'"), HasSubstr("a filter needs any_of"));
  EXPECT_THAT(filter("field: 'kind' min: 3"), HasSubstr("is not a number"));
  EXPECT_THAT(filter("field: 'person.age' min: 9 max: 3"), HasSubstr("min is above max"));
  EXPECT_THAT(filter("field: 'kind' within { code: '1' version: '2024' }"),
              HasSubstr("not an administrative unit"));
  EXPECT_THAT(filter("field: 'place' within { code: '1' }"), HasSubstr("code and version"));
  EXPECT_THAT(filter("field: 'place' any_of: '203'"), HasSubstr("compared with `within`"));
  EXPECT_THAT(filter("field: 'kind' any_of: ''"), HasSubstr("an empty code"));
  EXPECT_THAT(filter("field: 'person.shoe_size' min: 1"), HasSubstr("unknown field"));
  EXPECT_THAT(ProblemsOfRow("fact: 'emergency_started' filters { field: 'person.age' max: 3 }"),
              HasSubstr("needs `persons`"));
}

TEST(ParseReportDefinition, IsBounded) {
  EXPECT_THAT(ProblemsOf(std::string(kMaxDefinitionBytes + 1, ' ')), HasSubstr("over 1,600,000"));
  std::string many;
  for (int i = 0; i < 501; ++i) many += "indicators { row: 'A' }\n";
  EXPECT_THAT(ProblemsOf(Definition(many)), HasSubstr("more than 500 indicators"));
  std::string filters;
  for (int i = 0; i < 33; ++i) filters += "filters { field: 'kind' any_of: 'x' } ";
  EXPECT_THAT(ProblemsOfRow("fact: 'emergency_started' " + filters), HasSubstr("more than 32"));
}

// A fact added to the protos can be counted without a line of code here.
TEST(Catalogue, EveryFactButCorrectionsCanBeCounted) {
  const auto* fact = event::v1::Fact::descriptor();
  for (int i = 0; i < fact->field_count(); ++i) {
    const std::string& name = fact->field(i)->name();
    if (name == "fact_corrected" || name == "event_voided") continue;
    EXPECT_TRUE(FindCountedFact(name).ok()) << name;
  }
}

}  // namespace
}  // namespace caseledger::projections
