// Every projection over a random history: however it is cut into batches, restarted or rebuilt, the
// rows are the same byte for byte, in memory and in RocksDB.
#include <algorithm>
#include <memory>
#include <random>

#include "projections/access_trail/access_trail.h"
#include "projections/case_list/case_list.h"
#include "projections/data_quality/data_quality.h"
#include "projections/due_items/due_items.h"
#include "projections/due_requests/due_requests.h"
#include "projections/referrals/referrals.h"
#include "projections/report_facts/report_facts.h"
#include "projections/retention/retention_due.h"
#include "projections/shelter_occupancy/shelter_occupancy.h"
#include "projections/work_items/work_items.h"
#include "tests/projections/read_model/stores.h"
#include "tests/projections/runtime/runtime_fixture.h"
#include "tests/support/placement_and_referral_facts.h"

namespace caseledger::projections::testing {
namespace {

using namespace caseledger::testing;  // NOLINT: the facts
using event::v1::Fact;

constexpr int kEvents = 400;
constexpr options::v1::RecordKind kKinds[] = {
    options::v1::RECORD_KIND_CASE_RECORD, options::v1::RECORD_KIND_SHELTER,
    options::v1::RECORD_KIND_PERSON, options::v1::RECORD_KIND_DEFINITION,
    options::v1::RECORD_KIND_ADMIN_UNITS};
const std::vector<std::string_view> kNames = {
    kAccessTrailName, kCaseListName,  kDataQualityName,      kDueItemsName,  kDueRequestsName,
    kReferralsName,   kRetentionName, kShelterOccupancyName, kWorkItemsName, ReportFacts::kName};

std::vector<Runtime::Factory> AllProjections() {
  return {MakeAccessTrail, MakeCaseList,
          MakeReferrals,   MakeShelterOccupancy,
          MakeDueItems,    MakeDueRequests,
          MakeRetention,   MakeWorkItems,
          MakeDataQuality, [] { return std::make_unique<ReportFacts>(); }};
}

class RebuildAll : public RuntimeTest {
 protected:
  RebuildAll() : random_(seed_) {}

  Fact CaseFact() {
    const std::string referral = "r" + std::to_string(random_() % 3);
    Fact fact;
    switch (random_() % 9) {
      case 0:
        return ReferralSentFact(referral, random_() % 2 == 0 ? "x" : "y", 500);
      case 1:
        return ReferralAcceptedFact(referral);
      case 2:
        return ReferralForwardedFact(referral, referral + "f", "z");
      case 3:
        fact.mutable_case_closed()->set_reason("goals_met");
        return fact;
      case 4:
        fact.mutable_case_reopened()->set_reason("again");
        return fact;
      case 5:
        fact.mutable_risk_assessed()->set_risk(event::v1::RISK_HIGH);
        return fact;
      case 6:
        fact.mutable_participant_added()->set_person_id(
            NamedId(std::to_string(random_() % 3)).ToString());
        fact.mutable_participant_added()->set_role(event::v1::PARTICIPANT_ROLE_CLIENT);
        return fact;
      default:
        fact.mutable_case_opened()->set_case_type("trafficking");
        fact.mutable_case_opened()->set_owner_agency_id("x");
        return fact;
    }
  }
  Fact ShelterFact() {
    const std::string placement = "h" + std::to_string(random_() % 4);
    switch (random_() % 7) {
      case 0:
        return ShelterRegisteredFact(10);
      case 1:
        return BedsChangedFact(static_cast<uint32_t>(random_() % 10));
      case 2:
        return HeldFact(placement, 600);
      case 3:
        return AdmittedFact(placement, {"c"});
      case 4:
        return DischargedFact(placement);
      case 5:
        return HoldExpiredFact(placement);
      default:
        return RequestedFact(placement, {"c"});
    }
  }
  Fact PersonFact() {
    const std::string request = "r" + std::to_string(random_() % 3);
    Fact fact;
    switch (random_() % 5) {
      case 0:
        fact.mutable_data_request_answered()->set_request_id(request);
        fact.mutable_data_request_answered()->set_outcome(event::v1::DATA_REQUEST_OUTCOME_ACCEPTED);
        return fact;
      case 1:
        fact.mutable_erasure_decided()->set_request_id(request);
        fact.mutable_erasure_decided()->set_retention_rule("rule");
        return fact;
      case 2:
        fact.mutable_person_erased()->set_request_id(request);
        return fact;
      default:
        fact.mutable_data_request_received()->set_request_id(request);
        fact.mutable_data_request_received()->set_request_kind("erasure");
        return fact;
    }
  }
  Fact DefinitionFact() {
    Fact fact;
    if (random_() % 2 == 0) {
      fact.mutable_retention_rules_loaded()->set_agency_id("default");
      fact.mutable_retention_rules_loaded()->set_text(
          "rule { id: 'all' days: " + std::to_string(1 + random_() % 20) + " }");
      return fact;
    }
    fact.mutable_deadlines_loaded()->set_agency_id("default");
    fact.mutable_deadlines_loaded()->set_text(
        "deadline { id: 'answer' starts_with: 'data_request_received' days: " +
        std::to_string(1 + random_() % 20) +
        " } deadline { id: 'risk' starts_with: 'case_opened' met_by: 'risk_assessed' "
        "cancelled_by: 'case_closed' days: 3 }");
    return fact;
  }
  Fact UnitFact() {
    const std::string code = "c" + std::to_string(random_() % 3);
    Fact fact;
    if (random_() % 2 == 0) {
      fact.mutable_admin_unit_registered()->set_code(code);
      return fact;
    }
    auto& succession = *fact.mutable_unit_succession_recorded();
    succession.set_code(code);
    succession.mutable_predecessor()->set_code("p");
    succession.mutable_predecessor()->set_version("before");
    succession.set_share_millionths(static_cast<uint32_t>(1 + random_() % 1'000'000));
    succession.set_source("a resolution");
    return fact;
  }
  event::v1::TrailRecord RandomRecord() {
    event::v1::TrailRecord record;
    record.set_kind(options::v1::RECORD_KIND_CASE_RECORD);
    record.set_record_id(NamedId(std::to_string(random_() % 3)).ToString());
    return record;
  }
  Fact TrailFact() {
    Fact fact;
    switch (random_() % 5) {
      case 0:
        *fact.mutable_access_denied()->mutable_record() = RandomRecord();
        return fact;
      case 1:
        fact.mutable_disclosure_made()->set_person_id(NamedId("p").ToString());
        fact.mutable_disclosure_made()->set_recipient_agency_id(random_() % 2 == 0 ? "x" : "y");
        return fact;
      case 2:
        *fact.mutable_break_glass_used()->mutable_record() = RandomRecord();
        fact.mutable_break_glass_used()->set_owner_agency_id("x");
        return fact;
      case 3:
        if (!uses_.empty()) {
          fact.mutable_break_glass_reviewed()->set_break_glass_event_id(uses_.back());
          uses_.pop_back();
          return fact;
        }
        [[fallthrough]];
      default:
        *fact.mutable_record_accessed()->add_records() = RandomRecord();
        *fact.mutable_record_accessed()->add_records() = RandomRecord();
        return fact;
    }
  }
  Fact FactOf(options::v1::RecordKind kind) {
    if (kind == options::v1::RECORD_KIND_CASE_RECORD) return CaseFact();
    if (kind == options::v1::RECORD_KIND_SHELTER) return ShelterFact();
    if (kind == options::v1::RECORD_KIND_ADMIN_UNITS) return UnitFact();
    return kind == options::v1::RECORD_KIND_PERSON ? PersonFact() : DefinitionFact();
  }
  void AppendToTrail(int number) {
    const Fact fact = TrailFact();
    const Uuid id = NamedId("event-" + std::to_string(number));
    if (fact.has_break_glass_used()) uses_.push_back(id.ToString());
    log_.Append(NamedStream(options::v1::RECORD_KIND_ACCESS_TRAIL, "agency/worker"),
                fact.SerializeAsString(), 1, id);
  }
  // One random event; now and then a correction or void of an earlier one of the stream.
  void AppendRandom(int number) {
    if (random_() % 3 == 0) return AppendToTrail(number);
    const size_t kind = random_() % std::size(kKinds);
    const auto stream = NamedStream(kKinds[kind], std::to_string(random_() % 3));
    Fact fact = FactOf(kKinds[kind]);
    std::vector<Uuid>& earlier = ids_[stream];
    if (!earlier.empty() && random_() % 5 == 0) {
      const std::string target = earlier[random_() % earlier.size()].ToString();
      const Fact replacement = fact;
      fact.Clear();
      if (random_() % 2 == 0) {
        fact.mutable_event_voided()->set_target_event_id(target);
      } else {
        fact.mutable_fact_corrected()->set_target_event_id(target);
        *fact.mutable_fact_corrected()->mutable_replacement() = replacement;
        SetTime(*fact.mutable_fact_corrected()->mutable_replacement_occurred_time(),
                static_cast<Micros>(random_() % 1000));
      }
    }
    const Uuid id = NamedId("event-" + std::to_string(number));
    earlier.push_back(id);
    std::vector<std::string> flags;
    if (random_() % 2 == 0) flags = {"UNKNOWN_CODE:risk", random_() % 2 == 0 ? "A" : "B"};
    log_.Append(stream, fact.SerializeAsString(), static_cast<Micros>(random_() % 1000), id, flags);
  }

  std::vector<Rows> RowsOfAll(uint64_t events) {
    std::vector<Rows> all;
    for (const std::string_view name : kNames) all.push_back(AllRows(*View(name, events)));
    return all;
  }

  const uint32_t seed_ = std::random_device()();
  std::mt19937 random_;
  std::map<eventstore::StreamId, std::vector<Uuid>> ids_;
  std::vector<std::string> uses_;  // of break-glass, not reviewed yet
};

TEST_F(RebuildAll, RowsDoNotDependOnBatchesRestartsRebuildsOrTheStore) {
  SCOPED_TRACE("seed " + std::to_string(seed_));
  Start(AllProjections(), 3);
  for (int i = 0; i < kEvents / 2; ++i) AppendRandom(i);
  RowsOfAll(kEvents / 2);
  runtime_.reset();
  Start(AllProjections(), 64);
  for (int i = kEvents / 2; i < kEvents; ++i) AppendRandom(i);
  const std::vector<Rows> live = RowsOfAll(kEvents);
  for (const Rows& rows : live) EXPECT_FALSE(rows.empty());

  const std::vector<std::string> before = Tables();
  for (const std::string_view name : kNames) ASSERT_TRUE(runtime_->Rebuild(name).ok());
  // The pointers stay; of each projection the rebuilt table alone, the one before is dropped last.
  Await([&] {
    return std::ranges::all_of(Tables(), [](const std::string& table) {
      return table.ends_with(".rebuild") || table.find('@') == std::string::npos;
    });
  });
  EXPECT_EQ(RowsOfAll(kEvents), live) << "rebuilt";
  EXPECT_EQ(Tables().size(), before.size());
  runtime_.reset();

  TemporaryDirectory directory;
  store_ = OpenRocksDbReadModels({.path = directory.path(), .env = nullptr}).value();
  Start(AllProjections(), 50);
  EXPECT_EQ(RowsOfAll(kEvents), live) << "in RocksDB";
  runtime_.reset();
}

}  // namespace
}  // namespace caseledger::projections::testing
