#include "services/access/rules/parser.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/strings.h"
#include "services/access/rules/names.h"
#include "services/access/rules/nearest.h"
#include "services/access/rules/statements.h"

namespace caseledger::access {
namespace {

constexpr Micros kMicrosPerMinute = 60 * kMicrosPerSecond;
constexpr Micros kMicrosPerHour = 60 * kMicrosPerMinute;
constexpr Micros kMicrosPerDay = 24 * kMicrosPerHour;
constexpr Micros kMostReferralGrace = 366 * kMicrosPerDay;
constexpr size_t kMostQuotedChars = 40;

constexpr std::string_view kHeader = "access-rules";
constexpr std::string_view kReferralGrace = "referral-grace";
constexpr std::string_view kLongestBreakGlass = "longest-break-glass";
constexpr std::string_view kEveryone = "everyone";
constexpr std::string_view kNobody = "nobody";
constexpr std::string_view kRuleShape =
    "a rule reads: ROLE, ROLE may ACTION, @group on KIND, KIND when RELATION or RELATION with "
    "CONDITION and CONDITION see LEVEL";

// As it can be shown in an answer: short, and nothing but plain letters.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text.substr(0, kMostQuotedChars)) quoted += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > kMostQuotedChars) quoted += "...";
  return quoted + '"';
}

bool IsMark(const Token& token) { return token.text == "," || token.text == "="; }

// Reads one statement's words from left to right.
class Cursor {
 public:
  explicit Cursor(const Statement& statement) : statement_(statement) {}

  bool AtEnd() const { return next_ == statement_.tokens.size(); }
  const Token& Next() const { return statement_.tokens[next_]; }
  void Skip() { ++next_; }
  bool TakeIf(std::string_view word) {
    if (AtEnd() || Next().text != word) return false;
    Skip();
    return true;
  }
  // Line of the next word, or of the last one at the end.
  uint32_t Line() const { return AtEnd() ? statement_.tokens.back().line : Next().line; }
  // `found "on"`, or `found the end of the line`.
  std::string Found() const {
    return AtEnd() ? "found the end of the line" : "found " + Quoted(Next().text);
  }
  // The word before the next one; there is one.
  std::string Before() const { return Quoted(statement_.tokens[next_ - 1].text); }
  uint32_t StatementLine() const { return statement_.line; }
  std::string StatementText() const { return statement_.Text(); }

 private:
  const Statement& statement_;
  size_t next_ = 0;
};

struct Group {
  uint32_t line = 0;
  bool used = false;
  std::set<std::string> actions;
};

class Parser {
 public:
  Parser(const std::set<std::string>& actions, Undecided undecided)
      : actions_(actions), action_names_(actions.begin(), actions.end()), undecided_(undecided) {}

  absl::StatusOr<std::shared_ptr<const RuleTable>> Parse(std::string_view text);

 private:
  bool Full() const { return errors_.size() >= kMostRuleErrors; }
  void Fail(uint32_t line, const std::string& what) {
    if (!Full()) errors_.push_back(StrCat("line ", line, ": ", what));
  }
  void FailUnknown(const Token& token, std::string_view what,
                   const std::vector<std::string>& candidates);

  void ParseHeader(const Statement& statement);
  void ParseStatement(const Statement& statement);
  void ParseSetting(Cursor& cursor, Micros most, std::string_view most_text, Micros& value);
  void ParseGroup(Cursor& cursor);
  void ParseRule(Cursor& cursor);
  // The words of a list; nullopt, and an error, when it is not one.
  std::optional<std::vector<Token>> TakeList(Cursor& cursor, std::string_view separator,
                                             std::string_view what);
  bool TakeClauses(Cursor& cursor, Rule& rule);
  bool TakeKinds(Cursor& cursor, Rule& rule);
  bool TakeRelations(Cursor& cursor, Rule& rule);
  bool TakeConditions(Cursor& cursor, Rule& rule);
  bool TakeLevel(Cursor& cursor, Rule& rule);
  RoleBits RolesIn(const std::vector<Token>& tokens);
  std::set<std::string> ActionsIn(const std::vector<Token>& tokens);
  void CheckOpenness(const Rule& rule, bool has_kinds);
  void CheckWhole();
  std::shared_ptr<const RuleTable> Finish();

  const std::set<std::string>& actions_;
  const std::vector<std::string> action_names_;
  const Undecided undecided_;
  RuleTable table_;
  std::map<std::string, Group> groups_;
  std::map<std::string, uint32_t> allowed_;  // actions that somebody may do: the first line
  std::map<std::string, uint32_t> closed_;   // actions that nobody may do: the first line
  std::map<std::string_view, uint32_t> settings_;
  size_t rules_ = 0;
  std::vector<std::string> errors_;
};

void Parser::FailUnknown(const Token& token, std::string_view what,
                         const std::vector<std::string>& candidates) {
  if (Full()) return;
  const std::string nearest = Nearest(token.text, candidates);
  Fail(token.line, StrCat("no ", what, " ", Quoted(token.text),
                          nearest.empty() ? "" : StrCat("; did you mean ", Quoted(nearest), "?")));
}

std::optional<std::vector<Token>> Parser::TakeList(Cursor& cursor, std::string_view separator,
                                                   std::string_view what) {
  std::vector<Token> items;
  std::set<std::string> seen;
  do {
    if (cursor.AtEnd() || IsMark(cursor.Next()) || cursor.Next().text == separator) {
      Fail(cursor.Line(), StrCat("expected ", what, ", ", cursor.Found()));
      return std::nullopt;
    }
    if (!seen.insert(cursor.Next().text).second) {
      Fail(cursor.Line(), StrCat(Quoted(cursor.Next().text), " is named twice"));
    }
    items.push_back(cursor.Next());
    cursor.Skip();
  } while (cursor.TakeIf(separator));
  return items;
}

void Parser::ParseHeader(const Statement& statement) {
  const std::vector<Token>& tokens = statement.tokens;
  if (tokens.size() != 2 || tokens[0].text != kHeader ||
      !absl::SimpleAtoi(tokens[1].text, &table_.version) || table_.version == 0) {
    Fail(statement.line, StrCat("must be \"", kHeader, " VERSION\", with a version of at least 1"));
  }
}

void Parser::ParseStatement(const Statement& statement) {
  Cursor cursor(statement);
  if (cursor.TakeIf(kHeader)) {
    Fail(statement.line, StrCat("\"", kHeader, "\" stands once, first"));
  } else if (cursor.TakeIf(kReferralGrace)) {
    ParseSetting(cursor, kMostReferralGrace, "366 days", table_.referral_grace);
  } else if (cursor.TakeIf(kLongestBreakGlass)) {
    ParseSetting(cursor, kMostBreakGlass, "4 hours", table_.longest_break_glass);
  } else if (cursor.TakeIf("group")) {
    ParseGroup(cursor);
  } else {
    ParseRule(cursor);
  }
}

void Parser::ParseSetting(Cursor& cursor, Micros most, std::string_view most_text, Micros& value) {
  const std::string_view name =
      &value == &table_.referral_grace ? kReferralGrace : kLongestBreakGlass;
  const auto [first, is_first] = settings_.emplace(name, cursor.StatementLine());
  if (!is_first) {
    return Fail(cursor.StatementLine(), StrCat(name, " was set in line ", first->second));
  }
  static const auto& units = *new std::map<std::string_view, Micros>{
      {"minute", kMicrosPerMinute}, {"minutes", kMicrosPerMinute}, {"hour", kMicrosPerHour},
      {"hours", kMicrosPerHour},    {"day", kMicrosPerDay},        {"days", kMicrosPerDay}};
  uint32_t number = 0;
  if (!cursor.AtEnd() && absl::SimpleAtoi(cursor.Next().text, &number)) {
    cursor.Skip();
    const auto unit = cursor.AtEnd() ? units.end() : units.find(cursor.Next().text);
    if (unit != units.end()) cursor.Skip();
    if (unit != units.end() && cursor.AtEnd() && number <= most / unit->second) {
      value = number * unit->second;
      return;
    }
  }
  Fail(cursor.StatementLine(), StrCat(name, " takes a number and minutes, hours or days, at most ",
                                      most_text, ": \"", name, " 1 hour\""));
}

void Parser::ParseGroup(Cursor& cursor) {
  if (cursor.AtEnd() || IsMark(cursor.Next())) {
    return Fail(cursor.Line(), StrCat("expected the name of the group, ", cursor.Found()));
  }
  const Token name = cursor.Next();
  cursor.Skip();
  if (!cursor.TakeIf("=")) {
    return Fail(cursor.Line(),
                StrCat("expected \"=\" after the name of the group, ", cursor.Found()));
  }
  const auto items = TakeList(cursor, ",", "an action or @group");
  if (!items.has_value()) return;
  if (!cursor.AtEnd()) {
    return Fail(cursor.Line(),
                StrCat("did not expect ", Quoted(cursor.Next().text), " after ", cursor.Before(),
                       "; a group reads: group NAME = ACTION, @group"));
  }
  std::set<std::string> actions = ActionsIn(*items);
  const auto [group, is_new] = groups_.emplace(name.text, Group{name.line, false, {}});
  if (!is_new) {
    return Fail(name.line,
                StrCat("the group ", Quoted(name.text), " was made in line ", group->second.line));
  }
  group->second.actions = std::move(actions);
}

std::set<std::string> Parser::ActionsIn(const std::vector<Token>& tokens) {
  std::set<std::string> actions;
  for (const Token& token : tokens) {
    if (!token.text.starts_with('@')) {
      if (actions_.contains(token.text)) {
        actions.insert(token.text);
      } else if (undecided_ == Undecided::kIsWrong) {
        FailUnknown(token, "action", action_names_);
      }
      continue;
    }
    const auto group = groups_.find(token.text.substr(1));
    if (group == groups_.end()) {
      if (Full()) break;  // a list of many unknown ones in a text of many groups takes long
      std::vector<std::string> names;
      for (const auto& [name, unused] : groups_) names.push_back("@" + name);
      FailUnknown(token, "group above this line called", names);
      continue;
    }
    group->second.used = true;
    actions.insert(group->second.actions.begin(), group->second.actions.end());
  }
  return actions;
}

RoleBits Parser::RolesIn(const std::vector<Token>& tokens) {
  RoleBits roles = 0;
  for (const Token& token : tokens) {
    if (token.text == kEveryone || token.text == kNobody) {
      if (tokens.size() > 1) Fail(token.line, StrCat(Quoted(token.text), " stands alone"));
      if (token.text == kEveryone) roles = (RoleBits{1} << KnownRoles().size()) - 1;
      continue;
    }
    if (const auto index = RoleIndex(token.text)) {
      roles |= RoleBits{1} << *index;
      table_.named_roles |= RoleBits{1} << *index;
    } else {
      std::vector<std::string> names = KnownRoles();
      names.emplace_back(kEveryone);
      names.emplace_back(kNobody);
      FailUnknown(token, "role", names);
    }
  }
  return roles;
}

bool Parser::TakeKinds(Cursor& cursor, Rule& rule) {
  const auto items = TakeList(cursor, ",", "a kind of record");
  if (!items.has_value()) return false;
  rule.kinds = 0;
  for (const Token& token : *items) {
    if (const auto kind = KindNamed(token.text)) {
      rule.kinds |= KindBits{1} << static_cast<unsigned>(*kind);
    } else {
      FailUnknown(token, "kind of record", KindNames());
    }
  }
  return true;
}

bool Parser::TakeRelations(Cursor& cursor, Rule& rule) {
  const auto items = TakeList(cursor, "or", "a relation");
  if (!items.has_value()) return false;
  rule.needs_relation = true;
  for (const Token& token : *items) {
    if (const auto relation = RelationNamed(token.text)) {
      rule.relations.Add(*relation);
    } else {
      FailUnknown(token, "relation", RelationNames());
    }
  }
  return true;
}

bool Parser::TakeConditions(Cursor& cursor, Rule& rule) {
  const auto items = TakeList(cursor, "and", "a condition");
  if (!items.has_value()) return false;
  const std::map<std::string_view, bool*> conditions{{"consent", &rule.needs_consent},
                                                     {"purpose", &rule.needs_purpose},
                                                     {"warrant", &rule.needs_warrant}};
  for (const Token& token : *items) {
    if (const auto condition = conditions.find(token.text); condition != conditions.end()) {
      *condition->second = true;
    } else {
      FailUnknown(token, "condition", {"consent", "purpose", "warrant"});
    }
  }
  return true;
}

bool Parser::TakeLevel(Cursor& cursor, Rule& rule) {
  if (cursor.AtEnd() || IsMark(cursor.Next())) {
    Fail(cursor.Line(), StrCat("expected a level, ", cursor.Found()));
    return false;
  }
  if (const auto level = LevelNamed(cursor.Next().text)) {
    rule.level = *level;
  } else {
    FailUnknown(cursor.Next(), "level", LevelNames());
  }
  cursor.Skip();
  return true;
}

bool Parser::TakeClauses(Cursor& cursor, Rule& rule) {
  if (cursor.TakeIf("on") && !TakeKinds(cursor, rule)) return false;
  if (cursor.TakeIf("when") && !TakeRelations(cursor, rule)) return false;
  if (cursor.TakeIf("with") && !TakeConditions(cursor, rule)) return false;
  if (cursor.TakeIf("see") && !TakeLevel(cursor, rule)) return false;
  if (cursor.AtEnd()) return true;
  Fail(cursor.Line(), StrCat("did not expect ", Quoted(cursor.Next().text), " after ",
                             cursor.Before(), "; ", kRuleShape));
  return false;
}

void Parser::ParseRule(Cursor& cursor) {
  if (++rules_ > kMostRules) {
    if (rules_ == kMostRules + 1) {
      Fail(cursor.StatementLine(), StrCat("more than ", kMostRules, " rules"));
    }
    return;
  }
  const bool nobody = cursor.Next().text == kNobody;
  const auto subjects = TakeList(cursor, ",", "a role");
  if (!subjects.has_value()) return;
  if (!cursor.TakeIf("may")) {
    return Fail(cursor.Line(), StrCat("expected \"may\" after ", cursor.Before(), ", ",
                                      cursor.Found(), "; ", kRuleShape));
  }
  Rule rule;
  rule.line = cursor.StatementLine();
  rule.kinds = 1;
  rule.never = cursor.TakeIf("never");
  rule.roles = RolesIn(*subjects);
  const auto items = TakeList(cursor, ",", "an action or @group");
  if (!items.has_value()) return;
  const std::set<std::string> actions = ActionsIn(*items);
  const bool has_kinds = !cursor.AtEnd() && cursor.Next().text == "on";
  if ((nobody && !cursor.AtEnd()) || (nobody && rule.never)) {
    return Fail(cursor.StatementLine(),
                "\"nobody\" takes actions alone: nobody may ACTION, @group");
  }
  if (!TakeClauses(cursor, rule)) return;
  if (rule.never && (rule.needs_relation || rule.needs_consent || rule.needs_purpose ||
                     rule.needs_warrant || rule.level != Level::kNothing)) {
    return Fail(rule.line, "never holds always: it takes no \"when\", \"with\" or \"see\"");
  }
  if (rule.never && !has_kinds) rule.kinds = ~KindBits{0};
  if (!rule.never) CheckOpenness(rule, has_kinds);
  table_.texts.emplace(rule.line, cursor.StatementText());
  for (const std::string& action : actions) {
    if (nobody) {
      closed_.emplace(action, rule.line);
      continue;
    }
    if (!rule.never) allowed_.emplace(action, rule.line);
    table_.by_action[action].push_back(rule);
  }
}

void Parser::CheckOpenness(const Rule& rule, bool has_kinds) {
  if (!has_kinds && (rule.needs_relation || rule.needs_consent)) {
    Fail(rule.line, "\"when\" and \"consent\" are about a record: say which with \"on\"");
  }
  if (!has_kinds && rule.level > Level::kInternal) {
    Fail(rule.line, StrCat("\"see ", NameOf(rule.level),
                           "\" is about a record: say which with "
                           "\"on\""));
  }
  constexpr KindBits kOfPeople = KindBits{1} << options::v1::RECORD_KIND_CONTACT |
                                 KindBits{1} << options::v1::RECORD_KIND_PERSON |
                                 KindBits{1} << options::v1::RECORD_KIND_CASE_RECORD;
  const Level open = (rule.kinds & kOfPeople) != 0 ? Level::kNothing : Level::kInternal;
  if (has_kinds && rule.level > open && !rule.needs_relation && !rule.needs_purpose) {
    Fail(rule.line, StrCat("\"see ", NameOf(rule.level),
                           "\" would open every such record: add "
                           "\"when RELATION\" or \"with purpose\""));
  }
}

void Parser::CheckWhole() {
  for (const auto& [name, group] : groups_) {
    if (!group.used) Fail(group.line, StrCat("nothing uses the group ", Quoted(name)));
  }
  for (const auto& [action, line] : closed_) {
    if (const auto allowed = allowed_.find(action); allowed != allowed_.end()) {
      Fail(line, StrCat("nobody may ", action, ", but line ", allowed->second,
                        " lets somebody; remove one"));
    }
  }
  if (undecided_ == Undecided::kIsRefused) return;
  for (const std::string& action : action_names_) {
    if (allowed_.contains(action) || closed_.contains(action) || Full()) continue;
    errors_.push_back(
        StrCat("no rule says who may ", action, "; write one, or \"nobody may ", action, "\""));
  }
}

std::shared_ptr<const RuleTable> Parser::Finish() {
  for (size_t i = 0; i < KnownRoles().size(); ++i) {
    table_.role_bits.emplace(KnownRoles()[i], RoleBits{1} << i);
  }
  for (auto& [action, rules] : table_.by_action) {
    std::stable_partition(rules.begin(), rules.end(), [](const Rule& rule) { return rule.never; });
  }
  return std::make_shared<RuleTable>(std::move(table_));
}

absl::StatusOr<std::shared_ptr<const RuleTable>> Parser::Parse(std::string_view text) {
  if (text.size() > kMostRuleBytes) {
    return absl::InvalidArgumentError(
        StrCat("the rules are longer than ", kMostRuleBytes, " bytes"));
  }
  const std::vector<Statement> statements = SplitStatements(text);
  if (statements.empty()) {
    return absl::InvalidArgumentError(
        StrCat("line 1: must be \"", kHeader, " VERSION\", with a version of at least 1"));
  }
  ParseHeader(statements.front());
  for (size_t i = 1; i < statements.size() && !Full(); ++i) ParseStatement(statements[i]);
  // What is missing can be said only when the rest was understood.
  if (errors_.empty()) CheckWhole();
  if (!errors_.empty()) return absl::InvalidArgumentError(absl::StrJoin(errors_, "\n"));
  return Finish();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const RuleTable>> ParseRules(std::string_view text,
                                                            const std::set<std::string>& actions,
                                                            Undecided undecided) {
  return Parser(actions, undecided).Parse(text);
}

}  // namespace caseledger::access
