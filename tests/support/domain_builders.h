// Facts, times and records for tests of aggregates: what happened, told in a line.
//
//   CaseUnderTest record;
//   record.Given(1, "case_opened { owner_agency_id: 'A' }");
//   EXPECT_EQ(ReasonOf(record.Try(2, "case_reopened {}")), Reason::kCaseNotClosed);
#pragma once

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "services/domain/context.h"
#include "services/domain/event.h"
#include "services/domain/timeline.h"

namespace caseledger::testing {

inline constexpr domain::Micros kHour = 3'600'000'000;

// The time so many hours into the test.
inline domain::Micros AtHour(double hour) {
  constexpr domain::Micros kStart = 1'704'067'200'000'000;  // 2024-01-01 UTC
  return kStart + static_cast<domain::Micros>(hour * static_cast<double>(kHour));
}

// The same as a protobuf text field: TimeField("to_time", 5) is `to_time { seconds: ... } `.
inline std::string TimeField(std::string_view name, double hour) {
  return absl::StrCat(std::string(name), " { seconds: ", AtHour(hour) / 1'000'000, " } ");
}

// A fact from protobuf text, such as "case_reopened { reason: 'again' }".
inline domain::Fact FactOf(const std::string& text) {
  domain::Fact fact;
  const bool parsed = google::protobuf::TextFormat::ParseFromString(text, &fact);
  EXPECT_TRUE(parsed) << text;
  return fact;
}

// What other records say, as given by a test. By default every agency is active, nobody is merged
// away, everybody takes part in every case and all cases are open; nobody consented.
class GivenRelated final : public domain::Related {
 public:
  std::map<std::tuple<std::string, std::string, std::string>, std::string> consents;  // by person,
                                                                                      // purpose,
                                                                                      // agency
  std::set<std::string> merged_away;
  std::set<std::string> inactive_agencies;
  std::set<std::string> closed_cases;
  std::set<std::string> outsiders;  // persons who take part in no case
  std::map<std::string, int> birth_years;
  std::set<std::string> restricted;
  // Whoever asks, and whenever; nullopt: too many.
  std::optional<std::vector<domain::ReferralOnConsent>> referrals_on_consent =
      std::vector<domain::ReferralOnConsent>();

  // Agency "" of a consent: towards any.
  std::optional<std::string> ConsentInForce(std::string_view person_id, std::string_view purpose,
                                            std::string_view agency, std::string_view,
                                            domain::Micros) const override {
    for (const std::string& towards : {std::string(agency), std::string()}) {
      const auto it = consents.find({std::string(person_id), std::string(purpose), towards});
      if (it != consents.end()) return it->second;
    }
    return std::nullopt;
  }
  bool IsMergedAway(std::string_view person_id, domain::Micros) const override {
    return merged_away.contains(std::string(person_id));
  }
  bool IsParticipant(std::string_view, std::string_view person_id, domain::Micros) const override {
    return !outsiders.contains(std::string(person_id));
  }
  bool IsCaseOpen(std::string_view case_id, domain::Micros) const override {
    return !closed_cases.contains(std::string(case_id));
  }
  bool IsAgencyActive(std::string_view agency_id, domain::Micros) const override {
    return !inactive_agencies.contains(std::string(agency_id));
  }
  std::optional<std::vector<domain::ReferralOnConsent>> ReferralsOnConsent(
      std::string_view, std::string_view, domain::Micros) const override {
    return referrals_on_consent;
  }
  int BirthYear(std::string_view person_id, domain::Micros) const override {
    const auto it = birth_years.find(std::string(person_id));
    return it == birth_years.end() ? 0 : it->second;
  }
  bool IsRestricted(std::string_view person_id, domain::Micros) const override {
    return restricted.contains(std::string(person_id));
  }
  bool IsErased(std::string_view) const override { return false; }
  std::optional<domain::ErasureReach> ReachOfErasure(std::string_view) const override {
    return domain::ErasureReach();
  }
  std::optional<domain::RecordsOfErased> RecordsOfNobodyElse(
      const std::vector<std::string>&) const override {
    return domain::RecordsOfErased();
  }
  std::optional<domain::RetentionVerdict> RetentionOf(std::string_view, std::string_view,
                                                      domain::Micros) const override {
    return domain::RetentionVerdict{true, "", ""};
  }
  std::vector<std::string> KeyFingerprints(std::string_view) const override { return {}; }
  std::vector<std::string> KeyFingerprintsIn(domain::RecordKind, std::string_view,
                                             const std::vector<std::string>&) const override {
    return {};
  }
};

// One record: judges facts as the command handler does (decide as of when it occurred, then check
// the whole history with it), and keeps what is accepted.
template <typename State, absl::StatusOr<domain::Decided> (*Decide)(
                              const State&, const domain::Fact&, const domain::Context&)>
class RecordUnderTest {
 public:
  // Asks with these; change them between calls.
  domain::Caller caller{"an", "A", {}};
  std::string legal_basis;
  bool imported = false;
  GivenRelated related;

  const domain::Timeline& timeline() const { return timeline_; }
  const std::vector<domain::DomainEvent>& in_order() const { return timeline_.in_order(); }
  // What the last accepted fact looked like, and what came with it.
  const domain::Decided& decided() const { return decided_; }
  State state() const { return domain::FoldAll<State>(in_order()); }

  // Records the fact if it may happen at that hour. Its event is "e1", "e2", ... by revision.
  absl::Status Try(double hour, const std::string& fact) { return Try(hour, FactOf(fact)); }
  absl::Status Try(double hour, const domain::Fact& fact) {
    const domain::Micros at = AtHour(hour);
    absl::StatusOr<domain::Decided> decided =
        Decide(domain::FoldUntil<State>(in_order(), at), fact, ContextAt(at));
    if (!decided.ok()) return decided.status();
    const domain::DomainEvent event = Event(decided->fact, at);
    return Accept(event, event.event_id, *std::move(decided));
  }

  // The same for what a test takes as given.
  void Given(double hour, const std::string& fact) {
    const absl::Status status = Try(hour, fact);
    EXPECT_TRUE(status.ok()) << "given " << fact << ": " << status;
  }

  // Corrects the event to `fact`, at `hour` if there is one.
  absl::Status Correct(const std::string& event_id, const domain::Fact& fact,
                       std::optional<double> hour = std::nullopt) {
    const domain::DomainEvent* target = timeline_.Find(event_id);
    if (target == nullptr) return absl::NotFoundError(event_id);
    const domain::Micros at = hour.has_value() ? AtHour(*hour) : target->occurred_at;
    std::vector<domain::DomainEvent> others = in_order();
    std::erase_if(others, [&](const auto& event) { return event.event_id == event_id; });
    absl::StatusOr<domain::Decided> decided =
        Decide(domain::FoldUntil<State>(others, at), fact, ContextAt(at));
    if (!decided.ok()) return decided.status();
    domain::Fact correction;
    correction.mutable_fact_corrected()->set_target_event_id(event_id);
    *correction.mutable_fact_corrected()->mutable_replacement() = decided->fact;
    auto* time = correction.mutable_fact_corrected()->mutable_replacement_occurred_time();
    time->set_seconds(at / 1'000'000);
    time->set_nanos(static_cast<int>(at % 1'000'000) * 1000);
    return Accept(Event(correction, at), event_id, *std::move(decided));
  }

  absl::Status Void(const std::string& event_id) {
    const domain::DomainEvent* target = timeline_.Find(event_id);
    if (target == nullptr) return absl::NotFoundError(event_id);
    domain::Fact fact;
    fact.mutable_event_voided()->set_target_event_id(event_id);
    return Accept(Event(fact, target->occurred_at), "", domain::Decided{fact, {}, {}});
  }

 private:
  domain::Context ContextAt(domain::Micros at) const {
    domain::Context context;
    context.caller = caller;
    context.record_id = "record";
    context.now = AtHour(1e6);
    context.occurred_at = at;
    context.legal_basis = legal_basis;
    context.imported = imported;
    context.related = &related;
    return context;
  }

  domain::DomainEvent Event(const domain::Fact& fact, domain::Micros at) const {
    domain::DomainEvent event;
    event.revision = revision_ + 1;
    event.event_id = absl::StrCat("e", event.revision);
    event.occurred_at = at;
    event.fact = std::make_shared<const domain::Fact>(fact);
    event.actor = caller.actor;
    event.agency = caller.agency;
    event.legal_basis = legal_basis;
    event.imported = imported;
    return event;
  }

  absl::Status Accept(const domain::DomainEvent& event, const std::string& proposed,
                      domain::Decided decided) {
    domain::Timeline after = timeline_;
    after.Add(event);
    const absl::Status status =
        domain::CheckChange<State>(in_order(), after.in_order(), {proposed});
    if (!status.ok()) return status;
    timeline_ = std::move(after);
    revision_ = event.revision;
    decided_ = std::move(decided);
    return absl::OkStatus();
  }

  domain::Timeline timeline_;
  uint64_t revision_ = 0;
  domain::Decided decided_;
};

}  // namespace caseledger::testing
