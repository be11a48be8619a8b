// A file of Prometheus rules, as deploy/monitoring writes them: the part of YAML that these need.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace caseledger::testing {

struct Rule {
  bool alert = false;  // else a recording rule
  std::string name;
  std::map<std::string, std::string> fields;  // by key, also those below `labels`, `annotations`

  const std::string& expr() const { return fields.at("expr"); }
};

// What is not understood, and a rule without a query, fails the test.
std::vector<Rule> ReadRules(const std::string& path);

}  // namespace caseledger::testing
