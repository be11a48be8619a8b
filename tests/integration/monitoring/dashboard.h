// A dashboard of Grafana, as far as it asks for something.
#pragma once

#include <string>
#include <vector>

namespace caseledger::testing {

struct PanelQuery {
  std::string expr;
  std::string legend;  // with {{label}}
};

struct Panel {
  std::string title;
  std::string description;
  std::string unit;
  std::string datasource;  // its uid
  std::vector<PanelQuery> queries;
  std::vector<double> thresholds;
};

struct Dashboard {
  std::vector<Panel> panels;             // rows left out
  std::vector<std::string> variables;    // names
  std::vector<PanelQuery> of_variables;  // label_values(expr, label): the label as legend
};

// What is not understood fails the test.
Dashboard ReadDashboard(const std::string& path);

}  // namespace caseledger::testing
