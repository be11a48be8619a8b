#include "tests/integration/monitoring/promql.h"

#include <algorithm>
#include <map>
#include <optional>
#include <regex>

#include "tests/integration/monitoring/promql_join.h"
#include "tests/integration/monitoring/promql_tokens.h"

namespace caseledger::testing {
namespace {

using Kind = Token::Kind;
using Names = LabelNames;

const Names kAggregations = {"sum",    "min",    "max",  "avg",     "count",    "group",
                             "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values"};
// Of a range of a counter, and of any range.
const Names kOfCounters = {"rate", "irate", "increase", "resets"};
const Names kOfRanges = {"delta",          "deriv",           "idelta",        "changes",
                         "avg_over_time",  "min_over_time",   "max_over_time", "sum_over_time",
                         "last_over_time", "count_over_time", "predict_linear"};
// That change no labels.
const Names kOfInstants = {"abs",       "ceil",      "floor", "round",     "clamp",
                           "clamp_min", "clamp_max", "sort",  "sort_desc", "ln",
                           "log2",      "log10",     "sqrt",  "timestamp"};

int PrecedenceOf(const std::string& op) {
  static const std::map<std::string, int> kOperators = {
      {"or", 1}, {"and", 2}, {"unless", 2}, {"==", 3}, {"!=", 3}, {">", 3},     {"<", 3}, {">=", 3},
      {"<=", 3}, {"+", 4},   {"-", 4},      {"*", 5},  {"/", 5},  {"atan2", 5}, {"%", 5}, {"^", 6}};
  const auto found = kOperators.find(op);
  return found == kOperators.end() ? 0 : found->second;
}

// The parts of a regular expression that is a mere list; nullopt for any other.
std::optional<Names> AlternativesOf(const std::string& regex) {
  static const std::regex kList(R"([\w./ -]+(\|[\w./ -]+)*)");
  if (!std::regex_match(regex, kList)) return std::nullopt;
  Names names;
  for (size_t begin = 0, bar = 0; bar != std::string::npos; begin = bar + 1) {
    bar = regex.find('|', begin);
    names.insert(regex.substr(begin, bar - begin));
  }
  return names;
}

// Recursive descent: each method reads what it is named after. After a grammar error the rest is
// not read.
class Reader {
 public:
  Reader(const std::string& query, const Vocabulary& vocabulary)
      : vocabulary_(vocabulary), tokens_(TokensOf(query)) {}

  CheckedQuery Read() {
    const Value value = Expression(1);
    if (Peek().kind != Kind::kEnd) Broken("unexpected " + Peek().text);
    if (value.type == Value::Type::kRange) Wrong("the result is a range");
    result_.labels = value.labels;
    return std::move(result_);
  }

 private:
  const Token& Peek() const { return tokens_[at_]; }
  Token Take() {
    const Token token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool TakeIf(const std::string& text) {
    if (Peek().kind == Kind::kString || Peek().text != text) return false;
    Take();
    return true;
  }
  void Expect(const std::string& text) {
    if (!TakeIf(text)) Broken(text + " expected before " + Peek().text);
  }
  void Wrong(const std::string& error) {
    if (!broken_ && std::ranges::count(result_.errors, error) == 0) {
      result_.errors.push_back(error);
    }
  }
  void Broken(const std::string& error) {
    Wrong(error);
    broken_ = true;
    at_ = tokens_.size() - 1;
  }

  void Need(const Names& names, const SeriesLabels& labels, const std::string& where) {
    NeedLabels(names, labels, where, [this](const std::string& error) { Wrong(error); });
  }

  Names LabelList() {
    Names names;
    Expect("(");
    while (!broken_ && !TakeIf(")")) {
      if (Peek().kind != Kind::kName)
        return Broken("a label expected before " + Peek().text), names;
      names.insert(Take().text);
      if (Peek().text != ")") Expect(",");
    }
    return names;
  }

  Value Expression(int precedence) {
    Value left = Signed();
    while (!broken_ && Peek().kind != Kind::kString) {
      const int found = PrecedenceOf(Peek().text);
      if (found == 0 || found < precedence) return left;
      const std::string op = Take().text;
      TakeIf("bool");
      const Matching matching = ReadMatching();
      // The power alone belongs to its right.
      left = Join(op, left, matching, Expression(op == "^" ? found : found + 1),
                  [this](const std::string& error) { Wrong(error); });
    }
    return left;
  }

  Value Signed() {
    if (!TakeIf("-")) TakeIf("+");
    return WithSuffixes(Primary());
  }

  Matching ReadMatching() {
    Matching matching;
    if (TakeIf("on")) {
      matching.on = LabelList();
    } else if (TakeIf("ignoring")) {
      matching.ignoring = LabelList();
    }
    for (auto [word, group] :
         {std::pair{"group_left", &matching.group_left}, {"group_right", &matching.group_right}}) {
      if (!TakeIf(word)) continue;
      *group = Peek().text == "(" ? LabelList() : Names();
      if (!matching.on && !matching.ignoring) Broken(std::string(word) + " without on or ignoring");
    }
    return matching;
  }

  Value Primary() {
    const Token token = Take();
    switch (token.kind) {
      case Kind::kNumber:
      case Kind::kString:
        return {};
      case Kind::kName:
        if (kAggregations.contains(token.text)) return Aggregation(token.text);
        return Peek().text == "(" ? Function(token.text) : Selector(token.text);
      case Kind::kSymbol:
        if (token.text == "(") {
          Value value = Expression(1);
          Expect(")");
          return value;
        }
        [[fallthrough]];
      case Kind::kDuration:
      case Kind::kEnd:
      case Kind::kError:
        break;
    }
    Broken("unexpected " + token.text);
    return {};
  }

  Value WithSuffixes(Value value) {
    while (!broken_) {
      if (TakeIf("[")) {
        if (value.type != Value::Type::kInstant) Wrong("a range of what is no instant vector");
        if (Take().kind != Kind::kDuration) Broken("a range without a duration");
        if (TakeIf(":") && Peek().kind == Kind::kDuration) Take();
        Expect("]");
        value.type = Value::Type::kRange;
      } else if (TakeIf("offset")) {
        TakeIf("-");
        if (Take().kind != Kind::kDuration) Broken("an offset without a duration");
      } else if (TakeIf("@")) {
        if (Take().kind != Kind::kNumber) Broken("@ without a time");
      } else {
        break;
      }
    }
    return value;
  }

  std::vector<Value> Arguments() {
    std::vector<Value> arguments;
    Expect("(");
    while (!broken_ && !TakeIf(")")) {
      arguments.push_back(Expression(1));
      if (Peek().text != ")") Expect(",");
    }
    return arguments;
  }

  // The one argument that has labels; the others are numbers.
  Value VectorAmong(const std::string& function, const std::vector<Value>& arguments) {
    const auto is_vector = [](const Value& v) { return v.type != Value::Type::kScalar; };
    const auto found = std::ranges::find_if(arguments, is_vector);
    if (found == arguments.end() || std::ranges::count_if(arguments, is_vector) != 1) {
      Wrong(function + " needs one vector");
      return {};
    }
    return *found;
  }

  Value Aggregation(const std::string& name) {
    std::optional<Names> by;
    std::optional<Names> without;
    const auto read_grouping = [&] {
      if (TakeIf("by")) by = LabelList();
      if (TakeIf("without")) without = LabelList();
    };
    read_grouping();
    Value value = VectorAmong(name, Arguments());
    read_grouping();
    if (value.type == Value::Type::kRange) Wrong(name + " of a range");
    Need(by.value_or(Names()), value.labels, name + " by");
    Need(without.value_or(Names()), value.labels, name + " without");
    if (name == "topk" || name == "bottomk") return {Value::Type::kInstant, value.labels, false};
    const SeriesLabels labels =
        without ? Drop(value.labels, *without) : Keep(value.labels, by.value_or(Names()));
    // A sum of rates of buckets has its buckets still.
    return {Value::Type::kInstant, labels, false};
  }

  Value Function(const std::string& name) {
    const std::vector<Value> arguments = Arguments();
    if (broken_) return {};
    if (name == "time" || name == "scalar") return {};
    if (name == "vector") return {Value::Type::kInstant, {}, false};
    Value value = VectorAmong(name, arguments);
    const bool range = kOfCounters.contains(name) || kOfRanges.contains(name);
    if (range != (value.type == Value::Type::kRange)) {
      Wrong(name + (range ? " of no range" : " of a range"));
    }
    if (kOfCounters.contains(name) && !value.counter) Wrong(name + " of what is no counter");
    value.type = Value::Type::kInstant;
    value.counter = false;
    if (name == "absent") return {Value::Type::kInstant, {}, false};
    if (name == "histogram_quantile") {
      Need({"le"}, value.labels, name);
      value.labels.erase("le");
    } else if (!range && !kOfInstants.contains(name)) {
      Wrong("no function " + name + " is known");
    }
    return value;
  }

  Value Selector(const std::string& name) {
    result_.names.insert(name);
    const auto found = vocabulary_.metrics.find(name);
    if (found == vocabulary_.metrics.end()) Wrong("no metric " + name);
    const bool known = found != vocabulary_.metrics.end();
    Value value{Value::Type::kInstant, known ? found->second.labels : SeriesLabels(),
                known && found->second.counter};
    if (!TakeIf("{")) return value;
    while (!broken_ && !TakeIf("}")) {
      Matcher(name, known ? &value.labels : nullptr);
      if (Peek().text != "}") Expect(",");
    }
    return value;
  }

  // `labels` null: what they are is not known, which was said.
  void Matcher(const std::string& metric, const SeriesLabels* labels) {
    const std::string label = Take().text;
    const std::string op = Take().text;
    const Token value = Take();
    if (!Names{"=", "!=", "=~", "!~"}.contains(op) || value.kind != Kind::kString) {
      return Broken("not a matcher of " + metric + ": " + label + " " + op + " " + value.text);
    }
    if (labels == nullptr) return;
    Need({label}, *labels, metric);
    const auto found = labels->find(label);
    if (found == labels->end() || found->second.empty()) return;
    if (value.text.find('$') != std::string::npos) return;
    const std::optional<Names> asked =
        op.ends_with('~') ? AlternativesOf(value.text) : Names{value.text};
    const auto possible = vocabulary_.possible.find(label);
    for (const std::string& one : asked.value_or(Names())) {
      if (found->second.contains(one)) continue;
      if (possible != vocabulary_.possible.end() && possible->second.contains(one)) continue;
      Wrong(metric + ": no " + label + " is \"" + one + "\"");
    }
  }

  const Vocabulary& vocabulary_;
  const std::vector<Token> tokens_;
  size_t at_ = 0;
  bool broken_ = false;
  CheckedQuery result_;
};

}  // namespace

CheckedQuery CheckQuery(const std::string& query, const Vocabulary& vocabulary) {
  return Reader(query, vocabulary).Read();
}

}  // namespace caseledger::testing
