#include "services/commands/committed_view.h"

#include <algorithm>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::commands {

using eventstore::StreamHead;
using eventstore::StreamId;

absl::StatusOr<StreamHead> CommittedView::Head(const StreamId& stream) {
  if (const auto known = heads_.find(stream); known != heads_.end()) return known->second;
  if (known_ != nullptr) {
    if (const StreamHead* head = known_->Find(stream)) return heads_[stream] = *head;
  }
  ASSIGN_OR_RETURN(const StreamHead head, log_.FindStream(stream));
  heads_[stream] = head;
  if (known_ != nullptr) known_->Put(stream, head);
  return head;
}

absl::Status CommittedView::ReadStream(
    const StreamId& stream, uint64_t from_revision,
    absl::FunctionRef<bool(const eventstore::RecordedEvent&)> visit) {
  ASSIGN_OR_RETURN(const StreamHead head, Head(stream));
  uint64_t next = std::max<uint64_t>(from_revision, 1);
  while (next <= head.revision) {
    ASSIGN_OR_RETURN(const auto page,
                     log_.ReadStream(stream, next, static_cast<size_t>(head.revision - next + 1)));
    if (page.empty()) {
      return absl::DataLossError(
          StrCat("a stream of kind ", stream.kind, " lacks its revision ", next));
    }
    for (const eventstore::RecordedEvent& event : page) {
      if (event.revision > head.revision || !visit(event)) return absl::OkStatus();
      next = event.revision + 1;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<StreamId>> CommittedView::FindName(uint32_t kind,
                                                                std::string_view source,
                                                                std::string_view value) {
  return log_.FindName(kind, source, value);
}

absl::Status CommittedView::VisitReferrers(const StreamId& to,
                                           absl::FunctionRef<bool(const StreamId&)> visit) {
  return log_.VisitReferrers(to, visit);
}

}  // namespace caseledger::commands
