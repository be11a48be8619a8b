// Who may give a command: asked inside the decision, about the very state that is decided on.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "services/access/call.h"
#include "services/commands/aggregates.h"
#include "services/commands/fact_schema.h"

namespace caseledger::commands {

// A refusal carries the AccessDenied fact that goes on the trail, serialised, under this URL.
inline constexpr char kDenialUrl[] = "type.caseledger/access-denied";

// The rights of one caller in one decision. Not thread-safe.
//
// Refusals: PERMISSION_DENIED ACCESS_DENIED when the caller may know of the record or needs none to
// be refused, else NOT_FOUND RECORD_UNKNOWN, exactly as for a record that is not there.
class CallRights {
 public:
  virtual ~CallRights() = default;
  // Roles the caller has now.
  virtual absl::StatusOr<std::set<std::string>> Roles() = 0;
  // Whether there could be a record of the kind with which the caller may do this.
  virtual absl::Status MayAtAll(std::string_view action, RecordKind kind) = 0;
  virtual absl::Status MayDo(std::string_view action, const eventstore::StreamId& record) = 0;
  // Whether the fact may begin a record. `record_name`: of named kinds, else "".
  virtual absl::Status MayBegin(std::string_view action, const Fact& fact, RecordKind kind,
                                std::string_view record_name) = 0;
  // Whether a fact of another record may name this one.
  virtual absl::StatusOr<bool> MayRefer(const eventstore::StreamId& record) = 0;
  // The refusal of an action on a record of that kind that could not be found by `id`. Asks what
  // is asked about one that is there, so that its time tells little.
  virtual absl::Status Unknown(std::string_view action, RecordKind kind, std::string_view id) = 0;
};

// Thread-safe.
class Authority {
 public:
  virtual ~Authority() = default;
  // All arguments must outlive what is returned.
  virtual std::unique_ptr<CallRights> For(eventstore::LedgerView& view, Aggregates& aggregates,
                                          const access::Call& call) = 0;
};

}  // namespace caseledger::commands
