// What a caller may do now: roles granted in the ledger, relations to the record, consents, and the
// rules of the ledger, all read through one view. The same answer serves commands (inside the
// sequencer), single reads and the rows of lists.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log.h"
#include "services/access/call.h"
#include "services/access/rules/rules.h"
#include "services/access/trail/trail.h"
#include "services/commands/aggregates.h"
#include "services/commands/standing.h"
#include "services/domain/context.h"

namespace caseledger::commands {

// The record whose text the rules are.
inline constexpr char kAccessRulesName[] = "access-rules";

// Rules as they are in force, and where they stand in the ledger.
struct RulesInForce {
  access::Rules rules;  // allow nothing before any were loaded
  uint64_t position = 0;
  bool loaded = false;
};

// Parsed rules by the event that loaded them: parsing takes longer than deciding. Thread-safe.
class RulesCache {
 public:
  // What the view says is in force. DATA_LOSS when the logged text cannot be read.
  absl::StatusOr<std::shared_ptr<const RulesInForce>> Load(eventstore::LedgerView& view,
                                                           Aggregates& aggregates);

 private:
  Mutex mutex_;
  Hash256 leaf_hash_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const RulesInForce> newest_ ABSL_GUARDED_BY(mutex_);
};

struct Verdict {
  access::Answer answer;
  std::set<std::string> roles;
  Standing standing;
  uint64_t rules_position = 0;
  uint32_t rules_version = 0;
  std::optional<Uuid> break_glass;  // the use that opened the record

  bool allowed() const { return answer.allowed(); }
};

// Not thread-safe; lives for one question or decision.
class Rights {
 public:
  // `trail` may be null: then no window of break-glass is open. All must outlive this.
  Rights(eventstore::LedgerView& view, Aggregates& aggregates, RulesCache& rules,
         const access::Trail* trail, const access::Call& call)
      : view_(view), aggregates_(aggregates), cache_(rules), trail_(trail), call_(call) {}

  // Roles that are granted to the caller and in force; a program's is `service`. None in an agency
  // that is not registered.
  absl::StatusOr<std::set<std::string>> Roles();
  absl::StatusOr<std::shared_ptr<const RulesInForce>> Rules();

  // Whether any record of the kind could make the action allowed; decides what needs no record.
  // `kind` unspecified: the action is about none.
  absl::StatusOr<Verdict> Ask(std::string_view action, options::v1::RecordKind kind);
  // About a record. One that does not exist is answered as if nobody stood to it, and after the
  // same questions.
  absl::StatusOr<Verdict> Ask(std::string_view action, const eventstore::StreamId& record);
  // About a record that is there, or was: whether and how much of it may be shown. The record is
  // only looked at when that could make a difference; what the verdict says of standing and lines
  // is then as of a stranger. As allowed and at the same level as Ask().
  absl::StatusOr<Verdict> AskToShow(std::string_view action, const eventstore::StreamId& record);
  // About a record that the fact would begin.
  absl::StatusOr<Verdict> AskProposed(std::string_view action, const domain::Fact& fact,
                                      options::v1::RecordKind kind, std::string_view record_name);

  // Whether the caller may know that the record is there: may refer to it, or read its history.
  absl::StatusOr<bool> MayKnow(const eventstore::StreamId& record);

 private:
  absl::Status Load();
  Verdict Judge(std::string_view action, options::v1::RecordKind kind, Standing standing) const;
  // The use of break-glass by which the record is open now.
  absl::StatusOr<std::optional<Uuid>> OpenWindow(const eventstore::StreamId& record);
  absl::StatusOr<std::optional<Uuid>> FindOpenWindow(const eventstore::StreamId& record);

  eventstore::LedgerView& view_;
  Aggregates& aggregates_;
  RulesCache& cache_;
  const access::Trail* const trail_;
  const access::Call& call_;
  std::shared_ptr<const RulesInForce> rules_;  // null until loaded
  std::set<std::string> roles_;
  std::optional<std::pair<eventstore::StreamId, Standing>> looked_at_;  // the last record
  std::optional<std::pair<eventstore::StreamId, std::optional<Uuid>>>
      window_;  // of the last record
};

}  // namespace caseledger::commands
