#include "projections/report_facts/counter.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/report_facts/attribution.h"
#include "projections/report_facts/groups.h"

namespace caseledger::projections {
namespace {

using What = CompiledCount::What;
using event::v1::Fact;
using eventstore::StreamId;

// Whether its spans lie in those in which a case is open.
bool IsOfCycles(const SpanRule& rule) {
  return rule.shape == SpanRule::Shape::kCaseCycles ||
         rule.shape == SpanRule::Shape::kParticipation;
}

int64_t NumberIn(const std::string& text) {
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

// A span begins with its first fact, except where the fact itself says when; an old one may go on.
Period BeginningsIn(const SpanRule& rule, const Period& period) {
  return {kBeginOfTime, rule.begin_time_field == nullptr ? period.to : kEndOfTime};
}

// `begin` tells apart the spans of one fact.
std::string NameOfFact(const FactInForce& fact, Micros begin) {
  return StrCat(fact.event_id.ToString(), "/", begin);
}

}  // namespace

// What one stream is asked.
class Counter::Subjects {
 public:
  Subjects(const Counter& counter, Records& records, Figures& figures)
      : report_(counter.report_), period_(counter.period_), records_(records), figures_(figures) {}

  absl::Status CountFact(const Kind& kind, const Timeline& timeline, const FactInForce& fact) {
    const Subject subject{&timeline, &fact, fact.occurred_at, "", "", nullptr};
    for (const size_t i : kind.indicators) RETURN_IF_ERROR(CountSubject(i, subject, 0));
    return absl::OkStatus();
  }

  absl::Status CountSpans(const Kind& kind, const Timeline& timeline, const FactInForce& first) {
    for (const Span& span : SpansOf(*kind.fact.span, timeline, first)) {
      for (const size_t i : kind.indicators) {
        const std::optional<Micros> at = CountedAt(span, report_.indicators[i].period, period_);
        if (!at.has_value()) continue;
        RETURN_IF_ERROR(CountSubject(i, {&timeline, &span.fact, *at, "", "", &span}, span.begin));
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CountSubject(size_t i, Subject subject, Micros begin) {
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
    const uint32_t row = attributable ? figures_.Row(i) : figures_.NotPlaced(i);
    RETURN_IF_ERROR(AddTo(row, indicator.count, subject, begin));
    if (!attributable || indicator.by.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<GroupKey> groups, GroupsOf(indicator.by, subject, records_));
    for (const GroupKey& group : groups) {
      RETURN_IF_ERROR(AddTo(figures_.Group(i, group), indicator.count, subject, begin));
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
    if (filter.min.has_value() && NumberIn(value) < *filter.min) return Belongs::kNo;
    if (filter.max.has_value() && NumberIn(value) > *filter.max) return Belongs::kNo;
    if (filter.within.empty()) return Belongs::kYes;
    ASSIGN_OR_RETURN(Attribution* const places, records_.Places());
    return places->BelongsTo(value, filter.within);
  }

  absl::Status AddTo(uint32_t tally, const CompiledCount& count, const Subject& subject,
                     Micros begin) {
    switch (count.what) {
      case What::kFact:
        figures_.Add(tally, NameOfFact(*subject.fact, begin), 0);
        break;
      case What::kPerson:
        figures_.Add(tally, subject.survivor, 0);
        break;
      case What::kRecord:
        figures_.Add(tally, subject.timeline->stream.id.ToString(), 0);
        break;
      case What::kCase: {
        ASSIGN_OR_RETURN(const std::set<std::string> cases, records_.CasesOf(subject));
        for (const std::string& id : cases) figures_.Add(tally, id, 0);
        break;
      }
      case What::kContact: {
        ASSIGN_OR_RETURN(const std::set<std::string> contacts, records_.ContactsOf(subject));
        for (const std::string& id : contacts) figures_.Add(tally, id, 0);
        break;
      }
      case What::kField: {
        ASSIGN_OR_RETURN(const std::vector<std::string> values,
                         records_.Values(count.field, subject));
        for (const std::string& value : values) figures_.Add(tally, value, 0);
        break;
      }
      case What::kSum: {
        ASSIGN_OR_RETURN(const std::vector<std::string> values,
                         records_.Values(count.field, subject));
        if (values.empty()) break;
        const int64_t number = std::max<int64_t>(NumberIn(values[0]), 0);
        figures_.Add(tally, NameOfFact(*subject.fact, begin), static_cast<uint64_t>(number));
        break;
      }
    }
    return absl::OkStatus();
  }

  const CompiledReport& report_;
  const Period& period_;
  Records& records_;
  Figures& figures_;
};

Counter::Counter(const CompiledReport& report, const Period& period)
    : report_(report), period_(period) {
  std::map<std::string, std::vector<size_t>> by_fact;
  for (size_t i = 0; i < report.indicators.size(); ++i) {
    by_fact[report.indicators[i].fact.name].push_back(i);
  }
  for (auto& [name, indicators] : by_fact) {
    const CountedFact& fact = report.indicators[indicators.front()].fact;
    const Period in = fact.span == nullptr ? period : BeginningsIn(*fact.span, period);
    kinds_.push_back({fact, in, std::move(indicators)});
  }
}

absl::StatusOr<Streams> Counter::StreamsIn(const FactsAsOf& facts) const {
  Streams streams;
  bool cases = false;
  for (const Kind& kind : kinds_) {
    if (kind.fact.span != nullptr && IsOfCycles(*kind.fact.span)) {
      cases = true;
      continue;
    }
    const FactNumber number =
        kind.fact.span == nullptr ? kind.fact.number : kind.fact.span->begun_by;
    RETURN_IF_ERROR(facts.VisitTimes(
        number, kind.period, [&](const StreamId& stream, Micros) { streams.insert(stream); }));
  }
  if (cases) RETURN_IF_ERROR(AddCases(facts, streams));
  return streams;
}

// All cycles of a case have ended before the period when it was closed before it and neither opened
// nor reopened since, until the period's end. Of what happened in the same moment nothing is said.
absl::Status Counter::AddCases(const FactsAsOf& facts, Streams& streams) const {
  Times begun;
  Times ended;
  const auto latest = [&facts](Times& times, FactNumber fact, Micros before) {
    return facts.VisitTimes(fact, {kBeginOfTime, before}, [&](const StreamId& stream, Micros at) {
      const auto [time, is_new] = times.try_emplace(stream, at);
      if (!is_new) time->second = std::max(time->second, at);
    });
  };
  RETURN_IF_ERROR(latest(begun, Fact::kCaseOpened, period_.to));
  RETURN_IF_ERROR(latest(begun, Fact::kCaseReopened, period_.to));
  RETURN_IF_ERROR(latest(ended, Fact::kCaseClosed, period_.from));
  RETURN_IF_ERROR(latest(ended, Fact::kTransferAccepted, period_.from));
  for (const auto& [stream, at] : begun) {
    const auto end = ended.find(stream);
    if (end == ended.end() || end->second <= at) streams.insert(stream);
  }
  return absl::OkStatus();
}

absl::Status Counter::Count(const Timeline& timeline, Records& records, Figures& figures) const {
  Subjects subjects(*this, records, figures);
  for (const Kind& kind : kinds_) {
    const bool spans = kind.fact.span != nullptr;
    const FactNumber number = spans ? kind.fact.span->begun_by : kind.fact.number;
    for (const FactInForce& fact : timeline.facts) {
      if (fact.kind() != number) continue;
      // The end of time is no bound.
      if (fact.occurred_at < kind.period.from) continue;
      if (kind.period.to != kEndOfTime && fact.occurred_at >= kind.period.to) continue;
      RETURN_IF_ERROR(spans ? subjects.CountSpans(kind, timeline, fact)
                            : subjects.CountFact(kind, timeline, fact));
    }
  }
  return absl::OkStatus();
}

}  // namespace caseledger::projections
