#include "projections/referrals/referrals.h"

#include <optional>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/read_model/kept_rows.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/referrals/layout.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;

// All of a case together: what a forwarded referral asks for stands in the one before.
std::vector<std::string> GroupsOf(const Fact& fact) {
  if (!IsReferralFact(fact)) return {};
  return {""};
}

constexpr FactGroups kFacts(referrals::kFactsSpace, referrals::kFactIndexSpace, GroupsOf);

std::string RowKey(char space, const std::string& agency, const ReferralRow& row) {
  return KeyBuilder(space)
      .Text(agency)
      .TimeDescending(row.sent_at)
      .Id(row.case_id)
      .Text(row.referral_id)
      .Take();
}

class Referrals final : public Projection {
 public:
  std::string_view name() const override { return kReferralsName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == options::v1::RECORD_KIND_CASE_RECORD;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    ASSIGN_OR_RETURN(const std::vector<std::string> changed, kFacts.Apply(event, fact, batch));
    if (changed.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<EffectiveFact> facts, kFacts.Read(batch, event.stream, ""));
    const Uuid& case_id = event.stream.id;
    return ReplaceRows(KeysKey(case_id), RowsOf(FoldReferrals(case_id, facts)), batch);
  }

 private:
  static std::string KeysKey(const Uuid& case_id) {
    return KeyBuilder(referrals::kKeysSpace).Id(case_id).Take();
  }

  static std::vector<std::pair<std::string, std::string>> RowsOf(
      const std::map<std::string, ReferralRow>& folded) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const auto& [referral_id, row] : folded) {
      const std::string value = EncodeRow(row);
      rows.emplace_back(RowKey(referrals::kInboxSpace, row.to_agency_id, row), value);
      rows.emplace_back(RowKey(referrals::kOutboxSpace, row.from_agency_id, row), value);
    }
    return rows;
  }
};

}  // namespace

std::unique_ptr<Projection> MakeReferrals() { return std::make_unique<Referrals>(); }

}  // namespace caseledger::projections
