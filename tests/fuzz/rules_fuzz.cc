// The text of who may do what: it is taken or refused with errors that a person can read, and what
// was taken answers every question alike, whoever parses it again.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "services/access/rules/actions.h"
#include "services/access/rules/names.h"
#include "services/access/rules/parser.h"
#include "services/access/rules/rules.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

using access::Answer;
using access::Level;
using access::Question;
using access::Refusal;
using access::Relation;
using access::Relations;
using access::Rules;

constexpr size_t kLongestError = 400;

// The actions that a text must decide: few, so that random ones do, or all there are.
const std::set<std::string>& Actions(bool all) {
  static const auto& few = *new std::set<std::string>{"GetCase", "CloseCase"};
  return all ? access::PublicActions() : few;
}

// Each role alone, all together, none, and one that is none.
const std::vector<std::set<std::string>>& RoleSets() {
  static const auto& sets = *[] {
    auto* made = new std::vector<std::set<std::string>>;
    const std::vector<std::string>& roles = access::KnownRoles();
    for (const std::string& role : roles) made->push_back({role});
    made->push_back({roles.begin(), roles.end()});
    made->push_back({});
    made->push_back({"no_such_role"});
    return made;
  }();
  return sets;
}

void CheckErrors(std::string_view text, const absl::Status& status) {
  Check(absl::IsInvalidArgument(status), "a wrong text is the caller's fault");
  const auto lines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const std::vector<std::string> errors = absl::StrSplit(status.message(), '\n');
  Check(errors.size() <= access::kMostRuleErrors, "errors are bounded");
  for (const std::string& error : errors) {
    Check(!error.empty() && error.size() <= kLongestError, "an error is a sentence");
    Check(std::all_of(error.begin(), error.end(), [](char c) { return c >= ' ' && c <= '~'; }),
          "an error is plain text, whatever it quotes");
    if (error.starts_with("no rule says who may ") ||
        error.starts_with("the rules are longer than ")) {
      continue;  // about no line
    }
    uint64_t line = 0;
    Check(error.starts_with("line ") &&
              absl::SimpleAtoi(error.substr(5, error.find(':') - 5), &line) && line >= 1 &&
              line <= lines,
          "an error names a line that is there");
  }
}

bool Same(const Answer& a, const Answer& b) {
  return a.refusal == b.refusal && a.level == b.level && a.line == b.line;
}

void CheckAnswer(const Rules& rules, const Question& question, const Answer& answer) {
  if (answer.allowed()) {
    Check(answer.line > 0 && !rules.TextOfLine(answer.line).empty(), "a line allows it");
    Check(!question.roles->empty() && !question.roles->contains("no_such_role"),
          "nobody may anything without a role");
  } else {
    Check(answer.level == Level::kNothing, "nothing is shown of what is refused");
    Check((answer.line > 0) == (answer.refusal == Refusal::kForbidden),
          "a line decides what is forbidden, and no other refusal");
  }
}

// Of one action, kind and set of roles: standing nearer to a record, or saying more, loses nothing.
void CheckStandings(const Rules& rules, const Rules& again, const Rules& logged,
                    Question question) {
  Relations all;
  for (int i = 0; i < access::kRelationCount; ++i) all.Add(static_cast<Relation>(i));
  Answer before;
  bool first = true;
  for (const Relations relations : {Relations{}, Relations{Relation::kOwnerAgency}, all}) {
    for (const bool more : {false, true}) {
      question.relations = relations;
      question.consent = question.purpose = question.warrant = more;
      const Answer answer = rules.Ask(question);
      CheckAnswer(rules, question, answer);
      Check(Same(answer, again.Ask(question)), "the same text answers the same");
      Check(Same(answer, logged.Ask(question)), "a text answers in the log as when it was loaded");
      if (!more) continue;
      Check(first || !before.allowed() || (answer.allowed() && answer.level >= before.level),
            "more relations never lose a right");
      before = answer;
      first = false;
    }
  }
}

void CheckQuestions(const Rules& rules, const Rules& again, const Rules& logged, bool all) {
  // Of all actions each is asked with one kind and one set of roles, another for another text.
  size_t pick = rules.version();
  for (const std::string& action : Actions(all)) {
    Question question;
    question.action = action;
    std::vector<options::v1::RecordKind> kinds = access::AllKinds();
    kinds.push_back(options::v1::RECORD_KIND_UNSPECIFIED);
    for (size_t i = 0; i < kinds.size(); ++i) {
      for (size_t j = 0; j < RoleSets().size(); ++j) {
        if (all && (i + j + pick) % 29 != 0) continue;
        question.kind = kinds[i];
        question.roles = &RoleSets()[j];
        CheckStandings(rules, again, logged, question);
      }
    }
    ++pick;
  }
  Question unknown;
  unknown.action = "NoSuchMethod";
  unknown.roles = &RoleSets()[0];
  Check(rules.Ask(unknown).refusal == Refusal::kNoRole, "what no rule names is refused");
}

void CheckRules(std::string_view text, bool all) {
  const auto rules = Rules::Parse(text, Actions(all));
  const auto logged = Rules::ParseLogged(text, Actions(all));
  if (!logged.ok()) CheckErrors(text, logged.status());
  if (!rules.ok()) {
    CheckErrors(text, rules.status());
    Check(Rules::Parse(text, Actions(all)).status() == rules.status(),
          "the same text has the same errors");
    return;
  }
  Check(logged.ok(), "what was taken once is readable in the log");
  const auto again = Rules::Parse(text, Actions(all));
  Check(again.ok(), "what was taken once is taken again");
  Check(rules->version() >= 1, "a text has a version");
  Check(rules->version() == logged->version() &&
            rules->referral_grace() == logged->referral_grace() &&
            rules->longest_break_glass() == logged->longest_break_glass() &&
            rules->Roles() == logged->Roles(),
        "a text says in the log what it said when it was loaded");
  Check(rules->referral_grace() >= 0 && rules->longest_break_glass() >= 0 &&
            rules->longest_break_glass() <= access::kMostBreakGlass,
        "times lie in their bounds");
  CheckQuestions(*rules, *again, *logged, all);
}

}  // namespace
}  // namespace caseledger::fuzz

// The first byte chooses whether all actions are to be decided, or few.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  caseledger::fuzz::CheckRules({reinterpret_cast<const char*>(data) + 1, size - 1},
                               data[0] % 2 == 1);
  return 0;
}
