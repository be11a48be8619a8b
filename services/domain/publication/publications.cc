#include "services/domain/publication/publications.h"

#include "absl/strings/str_cat.h"
#include "services/domain/rejection.h"

namespace caseledger::domain {
namespace {

std::string KeyOf(const event::v1::ReportPublished& published) {
  return absl::StrCat(published.report_id(), "/", ToMicros(published.from_time()), "/",
                      ToMicros(published.to_time()));
}

}  // namespace

uint32_t PublicationsState::NewestLike(const event::v1::ReportPublished& published) const {
  const auto found = newest.find(KeyOf(published));
  return found == newest.end() ? 0 : found->second;
}

void PublicationsState::Apply(const DomainEvent& event) {
  if (!event.fact->has_report_published()) return;
  const event::v1::ReportPublished& published = event.fact->report_published();
  count = published.number();
  newest.insert_or_assign(KeyOf(published), published.number());
}

absl::Status PublicationsState::Check(const DomainEvent& event) const {
  if (!event.fact->has_report_published()) return absl::OkStatus();
  const event::v1::ReportPublished& published = event.fact->report_published();
  if (published.number() != count + 1) return Reject(Reason::kPublishedMeanwhile);
  if (ToMicros(published.to_time()) <= ToMicros(published.from_time())) {
    return Reject(Reason::kPublicationPeriodEmpty);
  }
  if (ToMicros(published.to_time()) > event.occurred_at) {
    return Reject(Reason::kPublicationPeriodNotOver);
  }
  if (published.restates() != 0 && published.reason().empty()) {
    return Reject(Reason::kRestatementNeedsReason);
  }
  return absl::OkStatus();
}

absl::StatusOr<Decided> DecidePublication(const PublicationsState& state, const Fact& fact,
                                          const Context& context) {
  if (context.record_name != kPublicationsName) return Reject(Reason::kPublicationsNamedOtherwise);
  Decided decided{fact, {}, {}};
  if (fact.has_report_published()) {
    decided.fact.mutable_report_published()->set_restates(
        state.NewestLike(fact.report_published()));
  }
  return decided;
}

}  // namespace caseledger::domain
