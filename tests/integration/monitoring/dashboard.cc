#include "tests/integration/monitoring/dashboard.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "gtest/gtest.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;

Panel ReadPanel(const json& from) {
  Panel panel;
  const json& defaults = from.at("fieldConfig").at("defaults");
  panel.title = from.value("title", "");
  panel.description = from.value("description", "");
  panel.unit = defaults.value("unit", "");
  if (defaults.contains("thresholds")) {
    for (const json& step : defaults.at("thresholds").at("steps")) {
      if (!step.at("value").is_null()) panel.thresholds.push_back(step.at("value"));
    }
  }
  panel.datasource = from.at("datasource").value("uid", "");
  for (const json& target : from.at("targets")) {
    panel.queries.push_back({target.at("expr"), target.value("legendFormat", "")});
    EXPECT_EQ(target.at("datasource"), from.at("datasource")) << panel.title;
  }
  return panel;
}

void ReadVariable(const json& from, Dashboard& dashboard) {
  static const std::regex kLabelValues(R"(label_values\((.+), *(\w+)\))");
  dashboard.variables.push_back(from.at("name"));
  if (from.at("type") == "datasource") return;
  const std::string query = from.at("query").at("query");
  std::smatch match;
  if (std::regex_match(query, match, kLabelValues)) {
    dashboard.of_variables.push_back({match[1], "{{" + match[2].str() + "}}"});
  } else {
    ADD_FAILURE() << "not understood: " << query;
  }
}

}  // namespace

Dashboard ReadDashboard(const std::string& path) {
  std::ifstream file(path);
  Dashboard dashboard;
  const json from = json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (from.is_discarded()) {
    ADD_FAILURE() << path << " is no JSON";
    return dashboard;
  }
  for (const json& panel : from.at("panels")) {
    if (panel.at("type") != "row") dashboard.panels.push_back(ReadPanel(panel));
  }
  for (const json& variable : from.at("templating").at("list")) ReadVariable(variable, dashboard);
  return dashboard;
}

}  // namespace caseledger::testing
