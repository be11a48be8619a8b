#include "services/app/audit/heads_rule.h"

#include <string_view>
#include <utility>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::audit {
namespace {

using eventstore::HeadChange;
using eventstore::HeadsReplay;

absl::Status WrongAt(uint64_t position, std::string_view what) {
  return absl::DataLossError(StrCat("at position ", position, " ", what));
}

absl::Status Compare(HeadsReplay& replay, const std::vector<HeadChange>& changes,
                     const event::v1::HeadsCommitted& committed, uint64_t position) {
  ASSIGN_OR_RETURN(const HeadsReplay::Heads heads, replay.Apply(changes));
  if (heads.root.raw() == committed.root() && heads.stream_count == committed.stream_count()) {
    return absl::OkStatus();
  }
  return WrongAt(position, StrCat("the heads that were committed over the first ",
                                  committed.tree_size(), " events are not those of these events"));
}

}  // namespace

HeadsRule::~HeadsRule() { Finish().IgnoreError(); }

absl::Status HeadsRule::Take(const eventstore::RecordedEvent& event) {
  if (event.fact_type == event::v1::Fact::kHeadsCommitted) {
    RETURN_IF_ERROR(Finish());
    RETURN_IF_ERROR(BeginToCompare(event));
  }
  replay_.Add(event.stream, event.revision, event.leaf_hash);
  return absl::OkStatus();
}

absl::Status HeadsRule::Finish() {
  if (!comparison_waits_) return absl::OkStatus();
  comparing_.Join();
  comparison_waits_ = false;
  if (compared_.ok()) ++commits_;
  return compared_;
}

absl::Status HeadsRule::BeginToCompare(const eventstore::RecordedEvent& event) {
  event::v1::Fact fact;
  if (!fact.ParseFromString(event.fact) || !fact.has_heads_committed()) {
    return WrongAt(event.position, "the fact says that it commits to heads and does not");
  }
  auto changes = replay_.TakeChanges(fact.heads_committed().tree_size());
  if (!changes.ok()) return WrongAt(event.position, FromAbsl(changes.status().message()));
  comparing_ = Thread("heads", [this, changes = *std::move(changes),
                                committed = fact.heads_committed(), position = event.position] {
    compared_ = Compare(replay_, changes, committed, position);
  });
  comparison_waits_ = true;
  return absl::OkStatus();
}

}  // namespace caseledger::audit
