#include "tests/integration/monitoring/rule_file.h"

#include <fstream>
#include <regex>

#include "gtest/gtest.h"

namespace caseledger::testing {
namespace {

size_t IndentOf(const std::string& line) { return line.find_first_not_of(' '); }

bool IsBlankOrRemark(const std::string& line) {
  const size_t begin = line.find_first_not_of(' ');
  return begin == std::string::npos || line[begin] == '#';
}

// Plain text that YAML might take for something else must stand in a block.
bool IsPlain(const std::string& text) {
  return text.find_first_of("\"'{}[]&*!|>%@`") != 0 && text.find(": ") == std::string::npos &&
         text.find(" #") == std::string::npos;
}

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

}  // namespace

std::vector<Rule> ReadRules(const std::string& path) {
  static const std::regex kBegin(R"( +- (alert|record): (\S+))");
  static const std::regex kKey(R"( +(?:- )?([a-z_]+):(?: (.*))?)");
  const std::vector<std::string> lines = LinesOf(path);
  std::vector<Rule> rules;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::smatch match;
    if (IsBlankOrRemark(lines[i]) || lines[i] == "groups:") continue;
    if (std::regex_match(lines[i], match, kBegin)) {
      rules.push_back({match[1] == "alert", match[2], {}});
      continue;
    }
    if (!std::regex_match(lines[i], match, kKey)) {
      ADD_FAILURE() << path << ":" << i + 1 << ": not understood: " << lines[i];
      continue;
    }
    std::string value = match[2];
    if (value == "|" || value == ">-") {
      const size_t indent = IndentOf(lines[i]);
      for (value.clear(); i + 1 < lines.size() && IndentOf(lines[i + 1]) > indent; ++i) {
        if (IsBlankOrRemark(lines[i + 1])) break;
        value += (value.empty() ? "" : " ") + lines[i + 1].substr(IndentOf(lines[i + 1]));
      }
    } else if (!IsPlain(value)) {
      ADD_FAILURE() << path << ":" << i + 1 << ": must stand in a block: " << value;
    }
    if (!rules.empty()) rules.back().fields.try_emplace(match[1], value);
  }
  for (const Rule& rule : rules) {
    EXPECT_TRUE(rule.fields.contains("expr")) << path << ": " << rule.name;
  }
  return rules;
}

}  // namespace caseledger::testing
