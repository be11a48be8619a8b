#include "tests/services/access/rules_matrix.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "eventstore/base/strings.h"
#include "services/access/rules/actions.h"
#include "services/access/rules/names.h"

namespace caseledger::testing {
namespace {

using access::Answer;
using access::Level;
using access::Question;
using access::Refusal;
using access::Relation;
using access::Relations;
using options::v1::RecordKind;

constexpr std::string_view kLegend =
    R"(# What deploy/access/rules.txt says, asked one question at a time. Made by tests/services/access/default_rules_test.cc,
# which fails when an answer changes; the README there says how to make it anew. Read every changed line.
#
# One table for each role and kind of record. Actions that are not listed are refused. Columns: relations of the caller's
# agency to the record; those that are not shown give what (none) gives. Who has several relations has the best of them.
#
#   -                  refused
#   never              refused, whatever other roles the caller has
#   may                allowed; nothing of the record is shown
#   internal           allowed; shows at most that
#   shared/c           the same, with a consent of the person or a legal basis
#   sensitive/pw       the same, with a purpose and a warrant
)";

// Bits: 1 consent, 2 purpose, 4 warrant.
constexpr unsigned kConditionSets = 8;

std::string Cell(const access::Rules& rules, Question question) {
  std::array<Answer, kConditionSets> answers;
  std::string cell;
  for (unsigned set = 0; set < kConditionSets; ++set) {
    question.consent = (set & 1U) != 0;
    question.purpose = (set & 2U) != 0;
    question.warrant = (set & 4U) != 0;
    const Answer& answer = answers[set] = rules.Ask(question);
    if (answer.refusal == Refusal::kForbidden) return "never";
    if (!answer.allowed()) continue;
    bool better = true;
    for (unsigned less = 0; less < set; ++less) {
      const bool within = (less & set) == less;
      if (within && answers[less].allowed() && answers[less].level >= answer.level) better = false;
    }
    if (!better) continue;
    if (!cell.empty()) cell += ' ';
    cell += answer.level == Level::kNothing ? "may" : std::string(access::NameOf(answer.level));
    if (set != 0) cell += '/';
    if (question.consent) cell += 'c';
    if (question.purpose) cell += 'p';
    if (question.warrant) cell += 'w';
  }
  return cell.empty() ? "-" : cell;
}

using Row = std::vector<std::string>;  // the action, no relation, each relation

std::vector<Row> RowsOf(const access::Rules& rules, const std::set<std::string>& roles,
                        RecordKind kind) {
  std::vector<Row> rows;
  for (const std::string& action : access::PublicActions()) {
    Row row{action, Cell(rules, Question{action, kind, &roles, {}, false, false, false})};
    for (int i = 0; i < access::kRelationCount; ++i) {
      const Relations relation{static_cast<Relation>(i)};
      row.push_back(Cell(rules, Question{action, kind, &roles, relation, false, false, false}));
    }
    const bool refused = std::all_of(row.begin() + 1, row.end(),
                                     [](const std::string& cell) { return cell == "-"; });
    if (!refused) rows.push_back(row);
  }
  return rows;
}

// Leaves out the relations that change nothing.
std::vector<Row> WithHeader(const std::vector<Row>& rows) {
  std::vector<Row> table{{"", "(none)"}};
  for (const Row& row : rows) table.push_back({row[0], row[1]});
  for (size_t i = 0; i < access::kRelationCount; ++i) {
    const size_t column = i + 2;
    const bool changes = std::any_of(rows.begin(), rows.end(),
                                     [&](const Row& row) { return row[column] != row[1]; });
    if (!changes) continue;
    table[0].emplace_back(access::NameOf(static_cast<Relation>(i)));
    for (size_t r = 0; r < rows.size(); ++r) table[r + 1].push_back(rows[r][column]);
  }
  return table;
}

std::string Aligned(const std::vector<Row>& table) {
  std::vector<size_t> widths(table[0].size());
  for (const Row& row : table) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : table) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace

std::string PrintMatrix(const access::Rules& rules) {
  std::string text(kLegend);
  std::vector<RecordKind> kinds{options::v1::RECORD_KIND_UNSPECIFIED};
  kinds.insert(kinds.end(), access::AllKinds().begin(), access::AllKinds().end());
  for (const std::string& role : access::KnownRoles()) {
    for (const RecordKind kind : kinds) {
      const std::vector<Row> rows = RowsOf(rules, {role}, kind);
      if (rows.empty()) continue;
      const std::string name = access::NameOf(kind);
      text += StrCat("\n== ", role, ", ", name.empty() ? "about no record" : name, " ==\n",
                     Aligned(WithHeader(rows)));
    }
  }
  return text;
}

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path << ": run from the top of the source tree";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace caseledger::testing
