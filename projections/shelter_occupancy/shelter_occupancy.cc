#include "projections/shelter_occupancy/shelter_occupancy.h"

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/shelter_occupancy/layout.h"
#include "projections/shelter_occupancy/placement_fold.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;

// Groups of placements begin with a byte of their own, so that no placement's key can be the
// group of the beds.
constexpr char kBedsGroup[] = "beds";
constexpr char kPlacementGroup = '/';

std::vector<std::string> GroupsOf(const Fact& fact) {
  if (IsBedsFact(fact)) return {kBedsGroup};
  const std::optional<std::string> placement = PlacementOf(fact);
  if (!placement.has_value()) return {};
  return {kPlacementGroup + *placement};
}

constexpr FactGroups kFacts(shelter_occupancy::kFactsSpace, shelter_occupancy::kFactIndexSpace,
                            GroupsOf);

class ShelterOccupancy final : public Projection {
 public:
  std::string_view name() const override { return kShelterOccupancyName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == options::v1::RECORD_KIND_SHELTER;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    ASSIGN_OR_RETURN(const std::vector<std::string> changed, kFacts.Apply(event, fact, batch));
    for (const std::string& group : changed) {
      ASSIGN_OR_RETURN(const std::vector<EffectiveFact> facts,
                       kFacts.Read(batch, event.stream, group));
      RETURN_IF_ERROR(group == kBedsGroup ? WriteBeds(event, facts, batch)
                                          : WritePlacement(event, group.substr(1), facts, batch));
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status WriteBeds(const RecordedEvent& event, const std::vector<EffectiveFact>& facts,
                                ReadModelBatch& batch) {
    const std::string key = KeyBuilder().Id(event.stream.id).Take();
    const std::vector<BedsFrom> beds = FoldBeds(facts);
    if (beds.empty()) return shelter_occupancy::kBeds.Remove(batch, key, event.position);
    return shelter_occupancy::kBeds.Put(batch, key, EncodeRow(beds), event.position);
  }

  static absl::Status WritePlacement(const RecordedEvent& event, const std::string& placement,
                                     const std::vector<EffectiveFact>& facts,
                                     ReadModelBatch& batch) {
    const std::string key = KeyBuilder().Id(event.stream.id).Text(placement).Take();
    const PlacementRow row = FoldPlacement(facts).row;
    // Only what takes or keeps beds is of interest.
    if (row.holds.empty() && row.stays.empty()) {
      return shelter_occupancy::kPlacements.Remove(batch, key, event.position);
    }
    return shelter_occupancy::kPlacements.Put(batch, key, EncodeRow(row), event.position);
  }
};

}  // namespace

std::unique_ptr<Projection> MakeShelterOccupancy() { return std::make_unique<ShelterOccupancy>(); }

}  // namespace caseledger::projections
