#include "projections/data_quality/data_quality.h"

#include <optional>
#include <set>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/data_quality/layout.h"
#include "projections/effective/fact_groups.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;

std::string EventKey(const Uuid& event_id) {
  return KeyBuilder(data_quality::kEventSpace).Id(event_id).Take();
}

// Where a finding stands.
std::vector<std::string> KeysOf(const Finding& finding) {
  const uint64_t newest_first = ~finding.position;
  std::vector<std::string> keys{
      EventKey(finding.event_id), KeyBuilder(data_quality::kAllSpace).Number(newest_first).Take(),
      KeyBuilder(data_quality::kAgencySpace).Text(finding.agency).Number(newest_first).Take()};
  for (const std::string& flag : finding.flags) {
    keys.push_back(KeyBuilder(data_quality::kFlagSpace).Text(flag).Number(newest_first).Take());
  }
  return keys;
}

class DataQuality final : public Projection {
 public:
  std::string_view name() const override { return kDataQualityName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind != options::v1::RECORD_KIND_ACCESS_TRAIL &&
           record_kind != options::v1::RECORD_KIND_LEDGER;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    switch (KindOf(fact)) {
      case Fact::kFactCorrected:
        return Replace(event, fact.fact_corrected().target_event_id(),
                       static_cast<uint32_t>(fact.fact_corrected().replacement().kind_case()),
                       batch);
      case Fact::kEventVoided:
        return Remove(event, fact.event_voided().target_event_id(), batch).status();
      default:
        return Add(event, event.event_id, event.fact_type, batch);
    }
  }

 private:
  static absl::Status Replace(const RecordedEvent& correction, const std::string& target,
                              uint32_t fact_type, ReadModelBatch& batch) {
    ASSIGN_OR_RETURN(const bool own, Remove(correction, target, batch));
    const std::optional<Uuid> event_id = Uuid::Parse(target);
    if (!own || !event_id.has_value()) return absl::OkStatus();
    return Add(correction, *event_id, fact_type, batch);
  }

  // False when the target is of another stream: nothing is done then. One that is not listed may be
  // of this stream.
  static absl::StatusOr<bool> Remove(const RecordedEvent& event, const std::string& target,
                                     ReadModelBatch& batch) {
    const std::optional<Uuid> event_id = Uuid::Parse(target);
    if (!event_id.has_value()) return false;
    ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(EventKey(*event_id)));
    if (!stored.has_value()) return true;
    ASSIGN_OR_RETURN(const Finding finding, DecodeRow<Finding>(*stored));
    if (finding.record_kind != event.stream.kind || finding.record_id != event.stream.id) {
      return false;
    }
    for (const std::string& key : KeysOf(finding)) batch.Delete(key);
    return true;
  }

  static absl::Status Add(const RecordedEvent& event, const Uuid& at_fault, uint32_t fact_type,
                          ReadModelBatch& batch) {
    if (event.data_quality.empty()) return absl::OkStatus();
    Finding finding;
    finding.event_id = at_fault;
    finding.position = event.position;
    finding.record_kind = event.stream.kind;
    finding.record_id = event.stream.id;
    finding.fact_type = fact_type;
    const std::set<std::string> flags(event.data_quality.begin(), event.data_quality.end());
    finding.flags.assign(flags.begin(), flags.end());
    const eventstore::EventOrigin& origin = event.origin;
    finding.agency = origin.on_behalf_of.empty() ? origin.agency : origin.on_behalf_of;
    finding.actor = origin.actor;
    finding.recorded_at = event.recorded_at;
    finding.source_file = origin.source_file;
    finding.source_row = origin.source_row;
    const std::string row = EncodeRow(finding);
    for (const std::string& key : KeysOf(finding)) batch.Put(key, row);
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Projection> MakeDataQuality() { return std::make_unique<DataQuality>(); }

}  // namespace caseledger::projections
