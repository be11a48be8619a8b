#include "services/commands/erasure_query.h"

#include <algorithm>
#include <optional>
#include <string>

#include "eventstore/base/status_macros.h"
#include "services/commands/aggregates.h"
#include "services/commands/times.h"
#include "services/domain/person/person.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

// Of all the records together.
class WholeState {
 public:
  explicit WholeState(ErasureKeys& keys) : keys_(keys) { all_.beyond_recovery = true; }

  // `whole`: what is left there is the person's, too.
  absl::Status Add(const eventstore::StreamId& record, bool whole) {
    ASSIGN_OR_RETURN(const ErasureKeys::State one, keys_.StateOf(record));
    all_.destroyed += one.destroyed;
    if (whole) all_.remaining += one.remaining;
    if (one.beyond_recovery) return absl::OkStatus();
    all_.beyond_recovery = false;
    by_itself_ = by_itself_ && one.beyond_recovery_at.has_value();
    all_.beyond_recovery_at = std::max(all_.beyond_recovery_at, one.beyond_recovery_at);
    return absl::OkStatus();
  }
  ErasureKeys::State Get() {
    if (!by_itself_) all_.beyond_recovery_at.reset();
    return all_;
  }

 private:
  ErasureKeys& keys_;
  ErasureKeys::State all_;
  bool by_itself_ = true;
};

absl::Status AddAll(domain::RecordKind kind,
                    const google::protobuf::RepeatedPtrField<std::string>& ids, WholeState& state) {
  for (const std::string& id : ids) {
    const std::optional<Uuid> uuid = Uuid::Parse(id);
    if (!uuid.has_value()) continue;
    RETURN_IF_ERROR(state.Add({static_cast<uint32_t>(kind), *uuid}, /*whole=*/false));
  }
  return absl::OkStatus();
}

v1::ErasureStage StageOf(const domain::Erasure& erasure, const ErasureKeys::State& keys) {
  if (erasure.erased) {
    if (keys.remaining > 0) return v1::ERASURE_STAGE_DESTROYING_KEYS;
    return keys.beyond_recovery ? v1::ERASURE_STAGE_COMPLETE : v1::ERASURE_STAGE_KEYS_DESTROYED;
  }
  if (!erasure.IsUnderWay()) return v1::ERASURE_STAGE_NONE;
  return erasure.approved ? v1::ERASURE_STAGE_APPROVED : v1::ERASURE_STAGE_DECIDED;
}

}  // namespace

absl::StatusOr<v1::GetErasureResponse> GetErasure(eventstore::LedgerView& view,
                                                  const eventstore::StreamId& person,
                                                  ErasureKeys& keys) {
  ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view, person));
  const auto state = domain::FoldAll<domain::PersonState>(history.timeline.in_order());
  if (!state.Exists()) return domain::Reject(domain::Reason::kRecordUnknown);
  WholeState whole(keys);
  RETURN_IF_ERROR(whole.Add(person, /*whole=*/true));
  for (const std::string& merged : state.merged_person_ids) {
    const std::optional<Uuid> id = Uuid::Parse(merged);
    if (id.has_value()) RETURN_IF_ERROR(whole.Add({person.kind, *id}, /*whole=*/true));
  }
  v1::GetErasureResponse response;
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    if (!event.fact->has_person_erased()) continue;
    const event::v1::PersonErased& fence = event.fact->person_erased();
    *response.mutable_erased_time() = ToTimestamp(event.occurred_at);
    RETURN_IF_ERROR(AddAll(domain::RecordKind::RECORD_KIND_CASE_RECORD, fence.case_ids(), whole));
    RETURN_IF_ERROR(AddAll(domain::RecordKind::RECORD_KIND_CONTACT, fence.contact_ids(), whole));
  }
  const ErasureKeys::State destroyed = whole.Get();
  response.set_person_id(person.id.ToString());
  response.set_stage(StageOf(state.erasure, destroyed));
  response.set_destroyed_keys(destroyed.destroyed);
  response.set_remaining_keys(destroyed.remaining);
  if (state.erasure.erased && destroyed.beyond_recovery_at) {
    *response.mutable_completes_by_time() = ToTimestamp(*destroyed.beyond_recovery_at);
  }
  return response;
}

}  // namespace caseledger::commands
