#include "services/app/audit/heads_rule.h"

#include <string_view>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::audit {

absl::Status HeadsRule::Take(const eventstore::RecordedEvent& event) {
  if (event.fact_type == event::v1::Fact::kHeadsCommitted) RETURN_IF_ERROR(Compare(event));
  replay_.Add(event.stream, event.revision, event.leaf_hash);
  return absl::OkStatus();
}

absl::Status HeadsRule::Compare(const eventstore::RecordedEvent& event) {
  const auto wrong = [&event](std::string_view what) {
    return absl::DataLossError(StrCat("at position ", event.position, " ", what));
  };
  event::v1::Fact fact;
  if (!fact.ParseFromString(event.fact) || !fact.has_heads_committed()) {
    return wrong("the fact says that it commits to heads and does not");
  }
  const event::v1::HeadsCommitted& committed = fact.heads_committed();
  const auto heads = replay_.At(committed.tree_size());
  if (absl::IsInvalidArgument(heads.status())) return wrong(FromAbsl(heads.status().message()));
  RETURN_IF_ERROR(heads.status());
  if (heads->root.raw() != committed.root() || heads->stream_count != committed.stream_count()) {
    return wrong(StrCat("the heads that were committed over the first ", committed.tree_size(),
                        " events are not those of these events"));
  }
  ++commits_;
  return absl::OkStatus();
}

}  // namespace caseledger::audit
