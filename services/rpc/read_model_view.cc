#include "services/rpc/read_model_view.h"

#include <algorithm>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::rpc {

absl::StatusOr<uint64_t> EventsBeyond(const commands::Ledger& ledger, uint64_t min_position) {
  const uint64_t events = ledger.parts.log->Head().next_position;
  if (min_position == 0 || min_position < events) return events;
  return absl::OutOfRangeError(StrCat(
      "POSITION_PAST_END: min_position is past the end; the ledger has ", events, " events"));
}

absl::StatusOr<ReadModelView> LookAt(const commands::Ledger& ledger, std::string_view projection,
                                     uint64_t min_position, const v1::AsOf* as_of,
                                     absl::Duration wait) {
  RETURN_IF_ERROR(EventsBeyond(ledger, min_position).status());
  uint64_t needed = min_position > 0 ? min_position + 1 : 0;
  ReadModelView view;
  if (as_of != nullptr && as_of->point_case() != v1::AsOf::POINT_NOT_SET) {
    ASSIGN_OR_RETURN(view.as_of_events, EventsAsOf(*ledger.parts.log, *as_of));
    needed = std::max(needed, view.as_of_events);
  }
  ASSIGN_OR_RETURN(view.snapshot, ledger.parts.projections->View(projection, needed, wait));
  return view;
}

}  // namespace caseledger::rpc
