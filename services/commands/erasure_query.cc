#include "services/commands/erasure_query.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "services/commands/aggregates.h"
#include "services/commands/times.h"
#include "services/domain/person/person.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

// Of all the records together.
absl::StatusOr<ErasureKeys::State> StateOf(const std::vector<Uuid>& persons, ErasureKeys& keys) {
  ErasureKeys::State all;
  all.beyond_recovery = true;
  bool by_itself = true;
  for (const Uuid& person : persons) {
    ASSIGN_OR_RETURN(const ErasureKeys::State one, keys.StateOf(person));
    all.destroyed += one.destroyed;
    all.remaining += one.remaining;
    if (one.beyond_recovery) continue;
    all.beyond_recovery = false;
    by_itself = by_itself && one.beyond_recovery_at.has_value();
    all.beyond_recovery_at = std::max(all.beyond_recovery_at, one.beyond_recovery_at);
  }
  if (!by_itself) all.beyond_recovery_at.reset();
  return all;
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
  std::vector<Uuid> persons = {person.id};
  for (const std::string& merged : state.merged_person_ids) {
    if (const std::optional<Uuid> id = Uuid::Parse(merged)) persons.push_back(*id);
  }
  ASSIGN_OR_RETURN(const ErasureKeys::State destroyed, StateOf(persons, keys));
  v1::GetErasureResponse response;
  response.set_person_id(person.id.ToString());
  response.set_stage(StageOf(state.erasure, destroyed));
  response.set_destroyed_keys(destroyed.destroyed);
  response.set_remaining_keys(destroyed.remaining);
  for (const domain::DomainEvent& event : history.timeline.in_order()) {
    if (!event.fact->has_person_erased()) continue;
    *response.mutable_erased_time() = ToTimestamp(event.occurred_at);
  }
  if (state.erasure.erased && destroyed.beyond_recovery_at) {
    *response.mutable_completes_by_time() = ToTimestamp(*destroyed.beyond_recovery_at);
  }
  return response;
}

}  // namespace caseledger::commands
