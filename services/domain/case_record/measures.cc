#include "services/domain/case_record/measures.h"

#include "services/domain/case_record/lookup.h"

namespace caseledger::domain {
namespace {

constexpr Micros kDay = 24 * 3'600'000'000LL;
constexpr Micros kLongestBan = 3 * kDay;
constexpr Micros kLongestSeparation = 15 * kDay;

using ById = std::map<std::string, Measure>;

// `extended` is a ContactBanExtended or SeparationExtended.
template <typename Extended>
void Extend(ById& measures, const Extended& extended) {
  Measure* measure = Find(measures, extended.measure_id());
  if (measure != nullptr) measure->to = ToMicros(extended.to_time());
}

void Lift(ById& measures, const std::string& key) {
  if (Measure* measure = Find(measures, key)) measure->lifted = true;
}

absl::Status CheckExtension(const ById& measures, const std::string& key, Micros at, Micros new_to,
                            Micros longest, Reason too_long) {
  const Measure* measure = Find(measures, key);
  if (measure == nullptr) return Reject(Reason::kMeasureUnknown, key);
  if (!measure->InForce(at)) return Reject(Reason::kMeasureNotInForce, key);
  if (new_to <= measure->to) return Reject(Reason::kMeasureTimesReversed, key);
  return new_to - measure->to > longest ? Reject(too_long, key) : absl::OkStatus();
}

absl::Status CheckLifting(const ById& measures, const std::string& key, Micros at) {
  const Measure* measure = Find(measures, key);
  if (measure == nullptr) return Reject(Reason::kMeasureUnknown, key);
  return measure->NotOver(at) ? absl::OkStatus() : Reject(Reason::kMeasureNotInForce, key);
}

}  // namespace

std::optional<std::string> Measures::NotOverFor(const std::string& person_id, Micros at) const {
  for (const ById* measures : {&bans, &separations}) {
    for (const auto& [key, measure] : *measures) {
      if (measure.person == person_id && measure.NotOver(at)) return key;
    }
  }
  return std::nullopt;
}

void Measures::Apply(const DomainEvent& event) {
  const Fact& fact = *event.fact;
  switch (KindOf(fact)) {
    case Fact::kContactBanIssued: {
      const event::v1::ContactBanIssued& issued = fact.contact_ban_issued();
      bans[issued.measure_id()] = {issued.protected_person_id(), ToMicros(issued.from_time()),
                                   ToMicros(issued.to_time()), false};
      break;
    }
    case Fact::kContactBanExtended:
      Extend(bans, fact.contact_ban_extended());
      break;
    case Fact::kContactBanLifted:
      Lift(bans, fact.contact_ban_lifted().measure_id());
      break;
    case Fact::kSeparationOrdered: {
      const event::v1::SeparationOrdered& ordered = fact.separation_ordered();
      separations[ordered.measure_id()] = {ordered.person_id(), ToMicros(ordered.from_time()),
                                           ToMicros(ordered.to_time()), false};
      break;
    }
    case Fact::kSeparationExtended:
      Extend(separations, fact.separation_extended());
      break;
    case Fact::kSeparationLifted:
      Lift(separations, fact.separation_lifted().measure_id());
      break;
    default:
      break;
  }
}

absl::Status Measures::Check(const DomainEvent& event) const {
  const Fact& fact = *event.fact;
  const Micros at = event.occurred_at;
  switch (KindOf(fact)) {
    case Fact::kContactBanIssued: {
      const event::v1::ContactBanIssued& issued = fact.contact_ban_issued();
      return CheckNew(issued.measure_id(), ToMicros(issued.from_time()), ToMicros(issued.to_time()),
                      kLongestBan, Reason::kBanTooLong);
    }
    case Fact::kContactBanExtended: {
      const event::v1::ContactBanExtended& extended = fact.contact_ban_extended();
      return CheckExtension(bans, extended.measure_id(), at, ToMicros(extended.to_time()),
                            kLongestBan, Reason::kBanTooLong);
    }
    case Fact::kContactBanLifted:
      return CheckLifting(bans, fact.contact_ban_lifted().measure_id(), at);
    case Fact::kSeparationOrdered: {
      const event::v1::SeparationOrdered& ordered = fact.separation_ordered();
      return CheckNew(ordered.measure_id(), ToMicros(ordered.from_time()),
                      ToMicros(ordered.to_time()), kLongestSeparation, Reason::kSeparationTooLong);
    }
    case Fact::kSeparationExtended: {
      const event::v1::SeparationExtended& extended = fact.separation_extended();
      return CheckExtension(separations, extended.measure_id(), at, ToMicros(extended.to_time()),
                            kLongestSeparation, Reason::kSeparationTooLong);
    }
    case Fact::kSeparationLifted:
      return CheckLifting(separations, fact.separation_lifted().measure_id(), at);
    default:
      return absl::OkStatus();
  }
}

absl::Status Measures::CheckNew(const std::string& key, Micros from, Micros to, Micros longest,
                                Reason too_long) const {
  if (bans.contains(key) || separations.contains(key)) return Reject(Reason::kKeyUsed, key);
  if (to <= from) return Reject(Reason::kMeasureTimesReversed, key);
  return to - from > longest ? Reject(too_long, key) : absl::OkStatus();
}

}  // namespace caseledger::domain
