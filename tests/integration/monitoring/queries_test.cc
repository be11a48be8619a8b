// Every query of deploy/monitoring asks for what a running server has, and everything it has is
// asked for.
#include <regex>
#include <sstream>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "tests/integration/monitoring/dashboard.h"
#include "tests/integration/monitoring/promql.h"
#include "tests/integration/monitoring/rule_file.h"
#include "tests/integration/monitoring/watched_server.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

using ::testing::IsEmpty;

constexpr char kFolder[] = "deploy/monitoring/";

// A query, and the text that is made of its result, which names labels.
struct Query {
  std::string where;
  std::string expr;
  std::string text;
  bool recorded = false;
  std::string name = {};  // of the recording rule
};

std::set<std::string> LabelsIn(const std::string& text) {
  static const std::regex kLabel(R"(\{\{ *(?:\$labels\.)?(\w+) *\}\})");
  std::set<std::string> labels;
  for (std::sregex_iterator found(text.begin(), text.end(), kLabel), end; found != end; ++found) {
    labels.insert((*found)[1]);
  }
  return labels;
}

std::vector<Query> QueriesOfRules() {
  std::vector<Query> queries;
  for (const char* file : {"recording_rules.yml", "alerting_rules.yml"}) {
    for (const Rule& rule : ReadRules(std::string(kFolder) + file)) {
      std::string text;
      for (const auto& [key, value] : rule.fields) {
        if (key != "expr") text += value + "\n";
      }
      queries.push_back({rule.name, rule.expr(), text, !rule.alert, rule.name});
    }
  }
  return queries;
}

std::vector<Query> QueriesOf(const Dashboard& dashboard) {
  std::vector<Query> queries;
  for (const Panel& panel : dashboard.panels) {
    for (const PanelQuery& query : panel.queries) {
      queries.push_back({panel.title, query.expr, query.legend});
    }
  }
  for (const PanelQuery& query : dashboard.of_variables) {
    queries.push_back({"variable", query.expr, query.legend});
  }
  return queries;
}

class Queries : public WatchedServer {
 protected:
  void SetUp() override {
    if (page_.empty()) Scrape();
    ASSERT_NE(page_, "");
    vocabulary_ = ReadScrape(page_);
    for (int code = 0; code <= 16; ++code) {
      vocabulary_.possible["code"].insert(
          absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
    }
    queries_ = QueriesOfRules();
    dashboard_ = ReadDashboard(std::string(kFolder) + "dashboard.json");
    for (Query& query : QueriesOf(dashboard_)) queries_.push_back(std::move(query));
  }

  // A server that had some of everything it counts.
  void Scrape() {
    WatchedServer::SetUp();
    OpenCaseFor(RegisterPerson());
    BeDenied();
    CallAsNobody();
    RebuildCaseList();
    CreateBackup();
    Subscriber subscriber(auditor(), 0);
    while (subscriber.caught_up == 0) ASSERT_TRUE(subscriber.ReadOne());
    // The first checkpoint of each ledger is signed within a second.
    ASSERT_TRUE(Eventually([this] {
      return Sample("caseledger_checkpoint_timestamp_seconds{ledger=\"quang-ninh\"}") > 0 &&
             Sample("caseledger_checkpoint_timestamp_seconds{ledger=\"quang-ninh.access\"}") > 0;
    }));
    page_ = Page();
  }

  // In order, so that what is recorded may be asked for afterwards.
  CheckedQuery Check(const Query& query) {
    CheckedQuery checked = CheckQuery(query.expr, vocabulary_);
    if (query.recorded) vocabulary_.metrics[query.name] = {false, checked.labels};
    return checked;
  }

  static inline std::string page_;  // of one server, for all tests
  Vocabulary vocabulary_;
  Dashboard dashboard_;
  std::vector<Query> queries_;
};

TEST_F(Queries, NameOnlyWhatAServerHas) {
  ASSERT_GT(queries_.size(), 50u);
  for (const Query& query : queries_) {
    const CheckedQuery checked = Check(query);
    EXPECT_THAT(checked.errors, IsEmpty()) << query.where << ": " << query.expr;
    for (const std::string& label : LabelsIn(query.text)) {
      EXPECT_TRUE(checked.labels.contains(label))
          << query.where << ": {{" << label << "}} of " << query.expr;
    }
  }
}

TEST_F(Queries, AskForEverythingAServerHas) {
  std::set<std::string> asked;
  std::set<std::string> recorded;
  for (const Query& query : queries_) {
    if (query.recorded) recorded.insert(query.name);
    for (const std::string& name : Check(query).names) {
      asked.insert(vocabulary_.families.contains(name) ? name : FamilyOf(vocabulary_, name));
      recorded.erase(name);
    }
  }
  EXPECT_THAT(recorded, IsEmpty()) << "recorded for nobody";
  size_t ours = 0;
  for (const std::string& family : vocabulary_.families) {
    if (!family.starts_with("caseledger_")) continue;  // the library's own, about scrapes
    ++ours;
    EXPECT_TRUE(asked.contains(family)) << family << " is in no panel and no alert";
  }
  EXPECT_GT(ours, 25u);
}

// Each name in each query misspelled, one at a time.
TEST_F(Queries, AMisspelledNameIsSeen) {
  static const std::regex kName(R"re("[^"]*"|\$?\b[a-zA-Z_][a-zA-Z0-9_:]*)re");
  size_t misspelled = 0;
  for (const Query& query : queries_) {
    ASSERT_THAT(Check(query).errors, IsEmpty()) << query.expr;
    const std::string& expr = query.expr;
    for (std::sregex_iterator found(expr.begin(), expr.end(), kName), end; found != end; ++found) {
      const std::string name = found->str();
      if (name.front() == '"' || name.front() == '$') continue;
      std::string wrong = expr;
      wrong.insert(static_cast<size_t>(found->position() + found->length()), "x");
      EXPECT_FALSE(CheckQuery(wrong, vocabulary_).errors.empty()) << query.where << ": " << wrong;
      ++misspelled;
    }
  }
  EXPECT_GT(misspelled, 250u);
}

TEST_F(Queries, AMetricThatIsGoneIsSeen) {
  for (const Query& query : queries_) {
    for (const std::string& name : Check(query).names) {
      Vocabulary without = vocabulary_;
      without.metrics.erase(name);
      EXPECT_FALSE(CheckQuery(query.expr, without).errors.empty()) << name << " in " << query.expr;
    }
  }
}

TEST_F(Queries, LabelsAreFewAndKnown) {
  static const std::set<std::string> kKnown = {"instance", "job",   "ledger", "projection",
                                               "fact",     "code",  "kind",   "reason",
                                               "why",      "place", "store",  "le"};
  for (const auto& [name, metric] : vocabulary_.metrics) {
    if (!name.starts_with("caseledger_")) continue;
    for (const auto& [label, values] : metric.labels) {
      EXPECT_TRUE(kKnown.contains(label)) << name << "{" << label << "}";
    }
  }
}

TEST_F(Queries, PanelsAreOfTheChosenDataSourceWithUnitAndDescription) {
  EXPECT_THAT(dashboard_.variables, ::testing::Contains("datasource"));
  for (const Panel& panel : dashboard_.panels) {
    EXPECT_EQ(panel.datasource, "${datasource}") << panel.title;
    EXPECT_NE(panel.title, "");
    EXPECT_NE(panel.description, "") << panel.title;
    EXPECT_NE(panel.unit, "") << panel.title;
    EXPECT_FALSE(panel.queries.empty()) << panel.title;
  }
}

// `2 * 86400`.
double NumberIn(const std::string& product) {
  std::istringstream text(product);
  double number = 0;
  text >> number;
  double factor = 1;
  for (char times = 0; text >> times >> factor;) number *= factor;
  return number;
}

// What a panel shows is a line where an alert about the same begins.
TEST_F(Queries, PanelsHaveALineWhereAnAlertBegins) {
  static const std::regex kCompared(R"((.+) [<>] ([\d. *]+))");
  static const std::regex kMatchers(R"(\{[^}]*\})");
  size_t lines = 0;
  for (const Rule& rule : ReadRules(std::string(kFolder) + "alerting_rules.yml")) {
    std::smatch match;
    if (!std::regex_match(rule.expr(), match, kCompared)) continue;
    for (const Panel& panel : dashboard_.panels) {
      for (const PanelQuery& query : panel.queries) {
        if (std::regex_replace(query.expr, kMatchers, "") != match[1]) continue;
        EXPECT_THAT(panel.thresholds, ::testing::Contains(NumberIn(match[2])))
            << panel.title << ": " << rule.name;
        ++lines;
      }
    }
  }
  EXPECT_EQ(lines, 10u);
}

}  // namespace
}  // namespace caseledger::testing
