#include "projections/report_facts/spans.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "projections/report_facts/countable.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;

std::string KeyOf(const SpanRule& rule, const Fact& fact) {
  return rule.key_field == nullptr ? "" : ReadString(Body(fact), rule.key_field);
}

bool Contains(const std::vector<FactNumber>& kinds, int kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// The span that `fact`, which stands at `first`, begins. Its first ending counts; one that came
// before it does not, unless the whole record is the key: then the begin is a date that may lie
// after it.
std::optional<Span> KeyedSpan(const SpanRule& rule, const Timeline& timeline, size_t first,
                              const FactInForce& fact) {
  Span span;
  span.fact = fact;
  span.begin = rule.begin_time_field == nullptr
                   ? span.fact.occurred_at
                   : ReadTime(Body(span.fact.fact), rule.begin_time_field, span.fact.occurred_at);
  if (rule.end_time_field != nullptr) {
    span.end = ReadTime(Body(span.fact.fact), rule.end_time_field, kEndOfTime);
  }
  const std::string key = KeyOf(rule, span.fact.fact);
  for (size_t i = rule.key_field == nullptr ? 0 : first + 1; i < timeline.facts.size(); ++i) {
    const FactInForce& later = timeline.facts[i];
    const bool extends = Contains(rule.extended_by, later.kind());
    if (!extends && !Contains(rule.ended_by, later.kind())) continue;
    if (KeyOf(rule, later.fact) != key) continue;
    if (extends) {
      span.end = ReadTime(Body(later.fact), "to_time", span.end);
      continue;
    }
    if (later.occurred_at <= span.end) span.ended_by = later.kind();
    span.end = std::min(span.end, later.occurred_at);
    break;
  }
  if (span.end < span.begin) return std::nullopt;
  return span;
}

// Each cycle of a case: from opening or reopening to closing, or to another province taking over.
// Its fact is the opening one, so that the case's own fields can be named.
std::vector<Span> CaseCycles(const Timeline& timeline) {
  std::vector<Span> cycles;
  std::optional<FactInForce> opening;
  bool open = false;
  for (const FactInForce& fact : timeline.facts) {
    switch (fact.kind()) {
      case Fact::kCaseOpened:
        opening = fact;
        [[fallthrough]];
      case Fact::kCaseReopened:
        if (open) break;
        open = true;
        cycles.emplace_back();
        cycles.back().begin = fact.occurred_at;
        break;
      case Fact::kCaseClosed:
      case Fact::kTransferAccepted:
        if (open) {
          cycles.back().end = fact.occurred_at;
          cycles.back().ended_by = fact.kind();
        }
        open = false;
        break;
      default:
        break;
    }
  }
  if (!opening.has_value()) return {};
  for (Span& cycle : cycles) cycle.fact = *opening;
  return cycles;
}

// Times during which each person held one role. A role replaced in the moment it began was never
// held; one that ended otherwise in that moment is a point.
std::vector<Span> RolesHeld(const Timeline& timeline) {
  std::vector<Span> ended;
  std::map<std::string, Span> held;
  const auto end = [&](const std::string& person, const FactInForce& by, bool replaced) {
    const auto found = held.find(person);
    if (found == held.end()) return;
    found->second.end = by.occurred_at;
    found->second.ended_by = by.kind();
    if (!replaced || found->second.begin < by.occurred_at) {
      ended.push_back(std::move(found->second));
    }
    held.erase(found);
  };
  for (const FactInForce& fact : timeline.facts) {
    if (fact.fact.has_participant_added()) {
      const std::string& person = fact.fact.participant_added().person_id();
      end(person, fact, true);
      held[person] = {fact.occurred_at, kEndOfTime, 0, fact};
    } else if (fact.fact.has_participant_role_changed()) {
      const auto& change = fact.fact.participant_role_changed();
      const auto before = held.find(change.person_id());
      if (before == held.end()) continue;
      Span next{fact.occurred_at, kEndOfTime, 0, fact};
      *next.fact.fact.mutable_participant_added() = before->second.fact.fact.participant_added();
      next.fact.fact.mutable_participant_added()->set_role(change.role());
      end(change.person_id(), fact, true);
      held[change.person_id()] = std::move(next);
    } else if (fact.fact.has_participant_removed()) {
      end(fact.fact.participant_removed().person_id(), fact, false);
    }
  }
  for (auto& [person, span] : held) ended.push_back(std::move(span));
  return ended;
}

// The moments both have; nullopt: none. A point is in a span that holds it.
std::optional<Span> Intersection(const Span& role, const Span& cycle) {
  const bool point = role.begin == role.end || cycle.begin == cycle.end;
  Span both{std::max(role.begin, cycle.begin), std::min(role.end, cycle.end),
            role.end <= cycle.end ? role.ended_by : cycle.ended_by, role.fact};
  if (both.begin < both.end) return both;
  if (!point || both.begin != both.end) return std::nullopt;
  const auto holds = [&](const Span& span) {
    return span.begin == span.end || both.begin < span.end;
  };
  if (!holds(role) || !holds(cycle)) return std::nullopt;
  return both;
}

std::vector<Span> Participations(const Timeline& timeline) {
  std::vector<Span> spans;
  const std::vector<Span> cycles = CaseCycles(timeline);
  for (const Span& role : RolesHeld(timeline)) {
    for (const Span& cycle : cycles) {
      if (std::optional<Span> both = Intersection(role, cycle)) spans.push_back(*std::move(both));
    }
  }
  return spans;
}

// Of the offer that the fact at `first` makes, and of those it was forwarded as: each a
// ReferralSent with the key and the receiver of its own.
std::vector<Span> Offers(const SpanRule& rule, const Timeline& timeline, size_t first) {
  std::vector<Span> spans;
  FactInForce offer = timeline.facts[first];
  for (size_t at = first; at < timeline.facts.size();) {
    std::optional<Span> span = KeyedSpan(rule, timeline, at, offer);
    if (span.has_value()) spans.push_back(*std::move(span));
    const std::string key = KeyOf(rule, offer.fact);
    size_t next = at + 1;
    while (next < timeline.facts.size() &&
           timeline.facts[next].fact.referral_forwarded().referral_id() != key) {
      ++next;
    }
    if (next == timeline.facts.size()) break;
    const FactInForce& forwarded = timeline.facts[next];
    event::v1::ReferralSent sent = offer.fact.referral_sent();
    sent.set_referral_id(forwarded.fact.referral_forwarded().new_referral_id());
    sent.set_from_agency_id(sent.to_agency_id());
    sent.set_to_agency_id(forwarded.fact.referral_forwarded().to_agency_id());
    sent.clear_expire_time();
    offer = forwarded;
    *offer.fact.mutable_referral_sent() = std::move(sent);
    at = next;
  }
  return spans;
}

}  // namespace

std::vector<Span> SpansOf(const SpanRule& rule, const Timeline& timeline,
                          const FactInForce& first) {
  switch (rule.shape) {
    case SpanRule::Shape::kOffers:
      return Offers(rule, timeline, static_cast<size_t>(&first - timeline.facts.data()));
    case SpanRule::Shape::kKeyed: {
      std::optional<Span> span =
          KeyedSpan(rule, timeline, static_cast<size_t>(&first - timeline.facts.data()), first);
      if (!span.has_value()) return {};
      return {*std::move(span)};
    }
    case SpanRule::Shape::kCaseCycles:
      return CaseCycles(timeline);
    case SpanRule::Shape::kParticipation:
      return Participations(timeline);
  }
  return {};
}

const google::protobuf::Message& Body(const Fact& fact) {
  const auto& reflection = *fact.GetReflection();
  return reflection.GetMessage(
      fact, reflection.GetOneofFieldDescriptor(fact, Fact::descriptor()->oneof_decl(0)));
}

}  // namespace caseledger::projections
