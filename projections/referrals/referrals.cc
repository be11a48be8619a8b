#include "projections/referrals/referrals.h"

#include <optional>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
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
    RETURN_IF_ERROR(DeleteRows(case_id, batch));
    WriteRows(case_id, FoldReferrals(case_id, facts), batch);
    return absl::OkStatus();
  }

 private:
  static std::string KeysKey(const Uuid& case_id) {
    return KeyBuilder(referrals::kKeysSpace).Id(case_id).Take();
  }

  static absl::Status DeleteRows(const Uuid& case_id, ReadModelBatch& batch) {
    ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(KeysKey(case_id)));
    if (!stored.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> keys,
                     DecodeRow<std::vector<std::string>>(*stored));
    for (const std::string& key : keys) batch.Delete(key);
    batch.Delete(KeysKey(case_id));
    return absl::OkStatus();
  }

  static void WriteRows(const Uuid& case_id, const std::map<std::string, ReferralRow>& rows,
                        ReadModelBatch& batch) {
    std::vector<std::string> keys;
    for (const auto& [referral_id, row] : rows) {
      const std::string value = EncodeRow(row);
      keys.push_back(RowKey(referrals::kInboxSpace, row.to_agency_id, row));
      batch.Put(keys.back(), value);
      keys.push_back(RowKey(referrals::kOutboxSpace, row.from_agency_id, row));
      batch.Put(keys.back(), value);
    }
    if (!keys.empty()) batch.Put(KeysKey(case_id), EncodeRow(keys));
  }
};

}  // namespace

std::unique_ptr<Projection> MakeReferrals() { return std::make_unique<Referrals>(); }

}  // namespace caseledger::projections
