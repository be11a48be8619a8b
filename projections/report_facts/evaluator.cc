#include "projections/report_facts/evaluator.h"

#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_join.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/report_facts/attribution.h"
#include "projections/report_facts/compiled.h"
#include "projections/report_facts/facts_as_of.h"
#include "projections/report_facts/groups.h"
#include "projections/report_facts/records.h"
#include "projections/report_facts/spans.h"

namespace caseledger::projections {
namespace {

using What = CompiledCount::What;

struct Period {
  Micros from;
  Micros to;

  bool Holds(Micros time) const { return from <= time && time < to; }
};

int64_t ToNumber(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The moment at which the span counts, if its rule lets it: the first moment in the period.
std::optional<Micros> CountedAt(const Span& span, v1::PeriodRule rule, const Period& period) {
  switch (static_cast<int>(rule)) {
    case v1::PERIOD_RULE_OVERLAPS_PERIOD:
      if (span.Overlaps(period.from, period.to)) return std::max(span.begin, period.from);
      break;
    case v1::PERIOD_RULE_STARTED_IN_PERIOD:
      if (period.Holds(span.begin)) return span.begin;
      break;
    case v1::PERIOD_RULE_ENDED_IN_PERIOD:
      if (period.Holds(span.end)) return span.end;
      break;
    case v1::PERIOD_RULE_IN_FORCE_AT_PERIOD_END:
      if (span.begin < period.to && span.end >= period.to) return period.to - 1;
      break;
    default:
      break;
  }
  return std::nullopt;
}

// The figure of one indicator while it grows. Everything is counted once.
class Tally {
 public:
  void Add(const std::string& key, int64_t number = 0) {
    numbers_.try_emplace(key, number > 0 ? static_cast<uint64_t>(number) : 0);
  }
  uint64_t Value(What what) const { return Beyond(Tally(), what); }
  // Of what `other` has not counted.
  uint64_t Beyond(const Tally& other, What what) const {
    uint64_t value = 0;
    for (const auto& [key, number] : numbers_) {
      if (!other.numbers_.contains(key)) value += what == What::kSum ? number : 1;
    }
    return value;
  }

 private:
  absl::flat_hash_map<std::string, uint64_t> numbers_;
};

absl::Status TooManyGroups() {
  return absl::ResourceExhaustedError(
      StrCat("TOO_MANY_GROUPS: the report has more than ", kMostGroups,
             " groups; ask for a shorter period, or split its rows by less"));
}

class Evaluation {
 public:
  Evaluation(FactsAsOf& facts, const CompiledReport& report, const Period& period)
      : facts_(facts),
        records_(facts, report.zone),
        report_(report),
        period_(period),
        tallies_(report.indicators.size()),
        not_attributable_(report.indicators.size()),
        groups_(report.indicators.size()) {}

  // Goes through the facts of each kind once, for all indicators that count it.
  absl::Status Run() {
    std::map<std::string, std::vector<size_t>> by_fact;
    for (size_t i = 0; i < report_.indicators.size(); ++i) {
      by_fact[report_.indicators[i].fact.name].push_back(i);
    }
    for (const auto& [name, indicators] : by_fact) {
      const CountedFact& fact = report_.indicators[indicators.front()].fact;
      RETURN_IF_ERROR(fact.span == nullptr ? RunFacts(fact, indicators)
                                           : RunSpans(*fact.span, indicators));
    }
    return absl::OkStatus();
  }

  uint64_t Value(size_t indicator) const {
    return tallies_[indicator].Value(report_.indicators[indicator].count.what);
  }

  // By how much it could be more.
  uint64_t NotAttributable(size_t indicator) const {
    return not_attributable_[indicator].Beyond(tallies_[indicator],
                                               report_.indicators[indicator].count.what);
  }

  // In order.
  void VisitGroups(size_t indicator,
                   absl::FunctionRef<void(const GroupKey& group, uint64_t value)> visit) const {
    for (const auto& [group, tally] : groups_[indicator]) {
      visit(group, tally.Value(report_.indicators[indicator].count.what));
    }
  }

 private:
  absl::Status RunFacts(const CountedFact& counted, const std::vector<size_t>& indicators) {
    return facts_.VisitByTime(counted.number, period_.from, period_.to,
                              [&](const Timeline& timeline, const FactInForce& fact) {
                                const Subject subject{&timeline, &fact, fact.occurred_at,
                                                      "",        "",    nullptr};
                                for (const size_t i : indicators)
                                  RETURN_IF_ERROR(Count(i, subject, 0));
                                return absl::OkStatus();
                              });
  }

  absl::Status RunSpans(const SpanRule& rule, const std::vector<size_t>& indicators) {
    // A span begins with its first fact, except where the fact itself says when.
    const Micros last = rule.begin_time_field == nullptr ? period_.to : kLatest;
    return facts_.VisitByTime(rule.begun_by, kEarliest, last,
                              [&](const Timeline& timeline, const FactInForce& first) {
                                for (const Span& span : SpansOf(rule, timeline, first)) {
                                  for (const size_t i : indicators)
                                    RETURN_IF_ERROR(CountSpan(i, timeline, span));
                                }
                                return absl::OkStatus();
                              });
  }

  absl::Status CountSpan(size_t i, const Timeline& timeline, const Span& span) {
    const std::optional<Micros> at = CountedAt(span, report_.indicators[i].period, period_);
    if (!at.has_value()) return absl::OkStatus();
    return Count(i, {&timeline, &span.fact, *at, "", "", &span}, span.begin);
  }

  // `begin` tells apart the spans of one fact.
  absl::Status Count(size_t i, Subject subject, Micros begin) {
    const CompiledIndicator& indicator = report_.indicators[i];
    if (!indicator.ForEachPerson()) return CountIfMatching(i, subject, begin);
    ASSIGN_OR_RETURN(const std::vector<std::string> persons, PersonsOf(indicator, subject));
    for (const std::string& person : persons) {
      subject.person = person;
      ASSIGN_OR_RETURN(subject.survivor, records_.Survivor(person));
      RETURN_IF_ERROR(CountIfMatching(i, subject, begin));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> PersonsOf(const CompiledIndicator& indicator,
                                                     const Subject& subject) {
    if (indicator.persons_are_record) {
      return std::vector<std::string>{subject.timeline->stream.id.ToString()};
    }
    return records_.Values(*indicator.persons, subject);
  }

  absl::Status CountIfMatching(size_t i, const Subject& subject, Micros begin) {
    const CompiledIndicator& indicator = report_.indicators[i];
    bool attributable = true;
    for (const CompiledFilter& filter : indicator.filters) {
      ASSIGN_OR_RETURN(const Belongs matches, Matches(filter, subject));
      if (matches == Belongs::kNo) return absl::OkStatus();
      attributable = attributable && matches == Belongs::kYes;
    }
    if (!attributable) return AddTo(not_attributable_[i], indicator.count, subject, begin);
    RETURN_IF_ERROR(AddTo(tallies_[i], indicator.count, subject, begin));
    if (indicator.by.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<GroupKey> groups, GroupsOf(indicator.by, subject, records_));
    for (const GroupKey& group : groups) {
      const auto [tally, is_new] = groups_[i].try_emplace(group);
      if (is_new && ++group_count_ > kMostGroups) return TooManyGroups();
      RETURN_IF_ERROR(AddTo(tally->second, indicator.count, subject, begin));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Belongs> Matches(const CompiledFilter& filter, const Subject& subject) {
    ASSIGN_OR_RETURN(const std::vector<std::string> values, records_.Values(filter.field, subject));
    if (values.empty()) return filter.or_unknown ? Belongs::kYes : Belongs::kNo;
    for (const std::string& value : values) {
      if (filter.none_of.contains(value)) return Belongs::kNo;
    }
    Belongs answer = Belongs::kNo;
    for (const std::string& value : values) {
      ASSIGN_OR_RETURN(const Belongs matches, MatchesValue(filter, value));
      if (matches == Belongs::kYes) return Belongs::kYes;
      if (matches == Belongs::kNotAttributable) answer = matches;
    }
    return answer;
  }

  absl::StatusOr<Belongs> MatchesValue(const CompiledFilter& filter, const std::string& value) {
    if (!filter.any_of.empty() && !filter.any_of.contains(value)) return Belongs::kNo;
    if (filter.min.has_value() && ToNumber(value) < *filter.min) return Belongs::kNo;
    if (filter.max.has_value() && ToNumber(value) > *filter.max) return Belongs::kNo;
    if (filter.within.empty()) return Belongs::kYes;
    ASSIGN_OR_RETURN(Attribution* const places, records_.Places());
    return places->BelongsTo(value, filter.within);
  }

  absl::Status AddTo(Tally& tally, const CompiledCount& count, const Subject& subject,
                     Micros begin) {
    const std::string fact_key = StrCat(subject.fact->event_id.ToString(), "/", begin);
    switch (count.what) {
      case What::kFact:
        tally.Add(fact_key);
        break;
      case What::kPerson:
        tally.Add(subject.survivor);
        break;
      case What::kRecord:
        tally.Add(subject.timeline->stream.id.ToString());
        break;
      case What::kCase: {
        ASSIGN_OR_RETURN(const std::set<std::string> cases, records_.CasesOf(subject));
        for (const std::string& id : cases) tally.Add(id);
        break;
      }
      case What::kContact: {
        ASSIGN_OR_RETURN(const std::set<std::string> contacts, records_.ContactsOf(subject));
        for (const std::string& id : contacts) tally.Add(id);
        break;
      }
      case What::kField: {
        ASSIGN_OR_RETURN(const std::vector<std::string> values,
                         records_.Values(count.field, subject));
        for (const std::string& value : values) tally.Add(value);
        break;
      }
      case What::kSum: {
        ASSIGN_OR_RETURN(const std::vector<std::string> values,
                         records_.Values(count.field, subject));
        if (!values.empty()) tally.Add(fact_key, ToNumber(values[0]));
        break;
      }
    }
    return absl::OkStatus();
  }

  FactsAsOf& facts_;
  Records records_;
  const CompiledReport& report_;
  const Period period_;
  std::vector<Tally> tallies_;
  std::vector<Tally> not_attributable_;  // by some filter, and refused by none
  std::vector<std::map<GroupKey, Tally>> groups_;
  size_t group_count_ = 0;
};

std::vector<std::string> BrokenIdentities(const v1::ReportDefinition& definition,
                                          const std::vector<ReportFigure>& rows) {
  std::map<std::string, uint64_t> values;
  for (const ReportFigure& row : rows) {
    if (row.group.empty()) values[row.row] = row.value;
  }
  std::vector<std::string> broken;
  for (const v1::Identity& identity : definition.identities()) {
    uint64_t sum = 0;
    for (const std::string& part : identity.sum_of()) sum += values[part];
    if (sum == values[identity.row()]) continue;
    broken.push_back(StrCat(identity.row(), " is ", values[identity.row()], ", but ",
                            absl::StrJoin(identity.sum_of(), " + "), " is ", sum));
  }
  return broken;
}

}  // namespace

absl::StatusOr<ReportResult> RunReport(const ReadSnapshot& snapshot,
                                       const v1::ReportDefinition& definition, Micros from,
                                       Micros to, uint64_t as_of_events) {
  if (from >= to) return absl::InvalidArgumentError("the period must end after it begins");
  ASSIGN_OR_RETURN(const CompiledReport compiled, CompileReport(definition, nullptr));
  ASSIGN_OR_RETURN(const std::unique_ptr<FactsAsOf> facts, FactsAsOf::Open(snapshot, as_of_events));
  Evaluation evaluation(*facts, compiled, {from, to});
  RETURN_IF_ERROR(evaluation.Run());
  ReportResult result{definition.report_id(), definition.version(), {}, {}, as_of_events};
  for (int i = 0; i < definition.indicators_size(); ++i) {
    const v1::Indicator& indicator = definition.indicators(i);
    const auto index = static_cast<size_t>(i);
    ReportFigure figure{indicator.row(),
                        indicator.parent(),
                        evaluation.Value(index),
                        indicator.unit(),
                        indicator.label_vi(),
                        indicator.label_en(),
                        compiled.indicators[index].group_fields,
                        {},
                        evaluation.NotAttributable(index)};
    result.rows.push_back(figure);
    figure.not_attributable = 0;
    evaluation.VisitGroups(index, [&](const GroupKey& group, uint64_t value) {
      figure.value = value;
      figure.group.clear();
      for (const GroupValue& each : group) figure.group.push_back(each.text);
      result.rows.push_back(figure);
    });
  }
  result.broken_identities = BrokenIdentities(definition, result.rows);
  return result;
}

}  // namespace caseledger::projections
