#include "projections/due_items/due_items.h"

#include <optional>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/effective/fact_groups.h"
#include "projections/read_model/kept_rows.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/referrals/referral_fold.h"
#include "projections/shelter_occupancy/placement_fold.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;

// Rows:
//   'd' due time, kind, stream kind, stream id, text(key)  -> event id
//   'k' stream kind, stream id, group                      -> the keys of the group's rows
//   'f' ..., 'i' ...                                          effective facts (fact_groups.h)
constexpr char kDueSpace = 'd';
constexpr char kKeysSpace = 'k';

std::vector<std::string> GroupsOf(const Fact& fact) {
  if (IsReferralFact(fact)) return {""};
  const std::optional<std::string> placement = PlacementOf(fact);
  if (!placement.has_value()) return {};
  return {*placement};
}

constexpr FactGroups kFacts('f', 'i', GroupsOf);

std::string DueKey(const DueItem& item) {
  return KeyBuilder(kDueSpace)
      .Time(item.due_at)
      .Number(static_cast<uint64_t>(item.kind))
      .Number(item.stream.kind)
      .Id(item.stream.id)
      .Text(item.key)
      .Take();
}

std::vector<DueItem> DueReferrals(const StreamId& stream, const std::vector<EffectiveFact>& facts) {
  std::vector<DueItem> items;
  for (const auto& [referral_id, row] : FoldReferrals(stream.id, facts)) {
    if (row.state != kReferralPending || !row.expire_at.has_value()) continue;
    items.push_back({DueKind::kReferral, stream, referral_id, *row.expire_at, row.sent_event_id});
  }
  return items;
}

std::vector<DueItem> DueHolds(const StreamId& stream, const std::string& placement,
                              const std::vector<EffectiveFact>& facts) {
  const std::optional<OpenHold> hold = FoldPlacement(facts).open_hold;
  if (!hold.has_value()) return {};
  return {{DueKind::kPlacementHold, stream, placement, hold->expire_at, hold->event_id}};
}

class DueItems final : public Projection {
 public:
  std::string_view name() const override { return kDueItemsName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == options::v1::RECORD_KIND_CASE_RECORD ||
           record_kind == options::v1::RECORD_KIND_SHELTER;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    const bool of_case = event.stream.kind == options::v1::RECORD_KIND_CASE_RECORD;
    RETURN_IF_ERROR(CheckKnown(event, fact));
    ASSIGN_OR_RETURN(const std::vector<std::string> changed, kFacts.Apply(event, fact, batch));
    for (const std::string& group : changed) {
      ASSIGN_OR_RETURN(const std::vector<EffectiveFact> facts,
                       kFacts.Read(batch, event.stream, group));
      RETURN_IF_ERROR(Replace(
          event.stream, group,
          of_case ? DueReferrals(event.stream, facts) : DueHolds(event.stream, group, facts),
          batch));
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Replace(const StreamId& stream, const std::string& group,
                              const std::vector<DueItem>& items, ReadModelBatch& batch) {
    std::vector<std::pair<std::string, std::string>> rows;
    for (const DueItem& item : items) rows.emplace_back(DueKey(item), item.event_id.raw());
    return ReplaceRows(KeyBuilder(kKeysSpace).Number(stream.kind).Id(stream.id).Raw(group).Take(),
                       rows, batch);
  }
};

absl::StatusOr<DueItem> ReadItem(std::string_view key, std::string_view value) {
  KeyReader reader(key);
  reader.Skip(1);
  DueItem item;
  item.due_at = reader.Time();
  item.kind = static_cast<DueKind>(reader.Number());
  item.stream.kind = static_cast<uint32_t>(reader.Number());
  item.stream.id = reader.Id();
  item.key = reader.Text();
  const std::optional<Uuid> event_id = Uuid::FromBytes(value);
  if (!reader.Finished() || !event_id.has_value()) {
    return absl::DataLossError("a due item is damaged: rebuild the read model");
  }
  item.event_id = *event_id;
  return item;
}

}  // namespace

std::unique_ptr<Projection> MakeDueItems() { return std::make_unique<DueItems>(); }

absl::StatusOr<std::vector<DueItem>> DueUntil(const ReadSnapshot& snapshot, Micros until,
                                              size_t limit) {
  std::vector<DueItem> items;
  if (limit == 0) return items;
  absl::Status damage;
  RETURN_IF_ERROR(snapshot.Scan(std::string(1, kDueSpace), std::string(1, kDueSpace + 1),
                                [&](std::string_view key, std::string_view value) {
                                  absl::StatusOr<DueItem> item = ReadItem(key, value);
                                  damage = item.status();
                                  if (!damage.ok() || item->due_at > until) return false;
                                  items.push_back(*std::move(item));
                                  return items.size() < limit;
                                }));
  RETURN_IF_ERROR(damage);
  return items;
}

}  // namespace caseledger::projections
