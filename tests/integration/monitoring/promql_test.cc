// That the check of queries sees what it is there for.
#include "tests/integration/monitoring/promql.h"

#include "gmock/gmock.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr char kPage[] =
    "# HELP c_total Commands.\n"
    "# TYPE c_total counter\n"
    "c_total{code=\"OK\",fact=\"case_opened\"} 3\n"
    "c_total{code=\"ABORTED\",fact=\"case_opened\"} 1\n"
    "# TYPE h_seconds histogram\n"
    "h_seconds_count{ledger=\"qn\"} 2\n"
    "h_seconds_sum{ledger=\"qn\"} 0.25\n"
    "h_seconds_bucket{ledger=\"qn\",le=\"0.5\"} 2\n"
    "h_seconds_bucket{ledger=\"qn\",le=\"+Inf\"} 2\n"
    "# TYPE g gauge\n"
    "g{ledger=\"qn\",projection=\"a, \\\"b\\\"\"} 1\n"
    "g{ledger=\"qn\",projection=\"c\"} 1e+09\n"
    "# TYPE plain gauge\n"
    "plain 1\n"
    "# TYPE uneven gauge\n"
    "uneven{ledger=\"qn\",place=\"x\"} 1\n"
    "uneven{ledger=\"qn\"} 1\n";

std::vector<std::string> ErrorsOf(const std::string& query) {
  return CheckQuery(query, ReadScrape(kPage)).errors;
}

std::vector<std::string> LabelsOf(const std::string& query) {
  const CheckedQuery checked = CheckQuery(query, ReadScrape(kPage));
  EXPECT_THAT(checked.errors, IsEmpty()) << query;
  std::vector<std::string> names;
  for (const auto& [name, values] : checked.labels) names.push_back(name);
  return names;
}

TEST(Promql, WhatIsThereMayBeAskedFor) {
  for (const char* query : {"g",
                            "1 + 2 * 3 ^ 2",
                            "-g",
                            "g{ledger=\"qn\"}",
                            "g{ledger=~\"$ledger\", projection!=\"c\"}",
                            "g{ledger=~\"q.*\"}",
                            "c_total{code=~\"OK|ABORTED\"} > 0",
                            "rate(c_total[5m])",
                            "sum(rate(c_total[$__rate_interval]))",
                            "sum by (code) (increase(c_total[1h30m] offset 5m))",
                            "sum(rate(c_total[5m])) without (code)",
                            "max_over_time(g[1d:5m])",
                            "g @ 1700000000",
                            "histogram_quantile(0.99, sum by (le) (rate(h_seconds_bucket[5m])))",
                            "rate(h_seconds_sum[5m]) / rate(h_seconds_count[5m])",
                            "time() - plain > 2 * 86400",
                            "g == bool 1",
                            "g and on (ledger) h_seconds_count",
                            "plain unless on (instance) g",
                            "g * on (ledger) group_left h_seconds_count",
                            "g / ignoring (projection) group_left uneven",
                            "topk(3, sum by (fact) (rate(c_total[5m])))",
                            "absent(g{ledger=\"qn\"})",
                            "up == 0",
                            "predict_linear(plain[6h], 4 * 86400) < 0",
                            "g or uneven",
                            "scalar(plain) * g",
                            "clamp_max(plain, 1)",
                            "Inf > plain",
                            "h_seconds_bucket{le=\"+Inf\"}",
                            "(g > 1) or (g < 0.5e-3)",
                            "count_values(\"x\", plain)"}) {
    EXPECT_THAT(ErrorsOf(query), IsEmpty()) << query;
  }
}

TEST(Promql, LabelsAreFollowedThroughTheQuery) {
  EXPECT_THAT(LabelsOf("g"), ElementsAre("instance", "job", "ledger", "projection"));
  EXPECT_THAT(LabelsOf("uneven"), ElementsAre("instance", "job", "ledger"));
  EXPECT_THAT(LabelsOf("sum(g)"), IsEmpty());
  EXPECT_THAT(LabelsOf("sum by (ledger) (g)"), ElementsAre("ledger"));
  EXPECT_THAT(LabelsOf("sum without (job, instance) (g)"), ElementsAre("ledger", "projection"));
  EXPECT_THAT(LabelsOf("histogram_quantile(0.5, h_seconds_bucket)"),
              ElementsAre("instance", "job", "ledger"));
  EXPECT_THAT(LabelsOf("g + on (ledger) sum by (ledger) (g)"), ElementsAre("ledger"));
  EXPECT_THAT(LabelsOf("uneven + on (job) group_left (projection) g"),
              ElementsAre("instance", "job", "ledger", "projection"));
  EXPECT_THAT(LabelsOf("g or plain"), ElementsAre("instance", "job"));
  EXPECT_THAT(LabelsOf("2 * g"), ElementsAre("instance", "job", "ledger", "projection"));
  EXPECT_THAT(CheckQuery("g + on (ledger) (h_seconds_sum or uneven)", ReadScrape(kPage)).names,
              UnorderedElementsAre("g", "h_seconds_sum", "uneven"));
}

struct WrongCase {
  const char* query;
  const char* error;
};

TEST(Promql, WhatIsNotThereIsSeen) {
  const WrongCase cases[] = {
      {"gg", "no metric gg"},
      {"sum(rate(c_totals[5m]))", "no metric c_totals"},
      {"h_seconds", "no metric h_seconds"},
      {"g{leger=\"qn\"}", "no label leger"},
      {"g{ledger=\"hp\"}", "no ledger is \"hp\""},
      {"c_total{code=~\"OK|ABORTD\"}", "no code is \"ABORTD\""},
      {"uneven{place=\"x\"}", "no label place"},
      {"sum by (leger) (g)", "no label leger"},
      {"sum(g) by (leger)", "no label leger"},
      {"sum without (leger) (g)", "no label leger"},
      {"sum by (projection) (sum by (ledger) (g))", "no label projection"},
      {"g + on (leger) uneven", "no label leger"},
      {"g + on (projection) uneven", "no label projection"},
      {"g + ignoring (leger) g", "no label leger"},
      {"g + on (ledger) group_left (leger) uneven", "no label leger"},
      {"g / uneven", "nothing matches"},
      {"g unless plain", "nothing matches"},
      {"histogram_quantile(0.9, sum by (ledger) (rate(h_seconds_bucket[5m])))", "no label le"},
      {"histogram_quantile(0.9, rate(h_seconds_sum[5m]))", "no label le"},
      {"rate(g[5m])", "no counter"},
      {"rate(c_total)", "no range"},
      {"sum(c_total[5m])", "of a range"},
      {"abs(g[5m])", "of a range"},
      {"c_total[5m]", "is a range"},
      {"rat(c_total[5m])", "no function rat"},
      {"sum bye (ledger) (g)", "( expected"},
      {"g g", "unexpected g"},
      {"(g", ") expected"},
      {"g{ledger}", "not a matcher"},
      {"g{ledger=qn}", "not a matcher"},
      {"g[5]", "without a duration"},
      {"g group_left uneven", "unexpected"},
      {"g + group_left uneven", "group_left without"},
      {"g ; g", "unexpected not understood"},
      {"", "unexpected the end"},
  };
  for (const WrongCase& wrong : cases) {
    EXPECT_THAT(ErrorsOf(wrong.query), ::testing::Contains(HasSubstr(wrong.error))) << wrong.query;
  }
}

TEST(Promql, ValuesThatMayComeAreNoErrors) {
  Vocabulary vocabulary = ReadScrape(kPage);
  vocabulary.possible["code"] = {"INTERNAL"};
  EXPECT_THAT(CheckQuery("c_total{code=\"INTERNAL\"}", vocabulary).errors, IsEmpty());
  EXPECT_THAT(CheckQuery("c_total{code=\"INTERNALS\"}", vocabulary).errors.size(), 1u);
}

}  // namespace
}  // namespace caseledger::testing
