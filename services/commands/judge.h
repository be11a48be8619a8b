// Decides one command against the ledger: which streams it touches, what the domain says of it
// there, and which events it becomes. Runs inside the sequencer; pure for a given view.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "services/commands/aggregates.h"
#include "services/commands/authority.h"
#include "services/commands/erasure_keys.h"
#include "services/commands/prepared_command.h"
#include "services/commands/references.h"
#include "services/commands/related_records.h"
#include "services/domain/context.h"

namespace caseledger::commands {

class Judge {
 public:
  // `keys` may be null: then nothing can be erased.
  Judge(eventstore::LedgerView& view, Aggregates& aggregates, Authority& authority,
        const PreparedCommand& prepared, ErasureKeys* keys = nullptr);

  // The events, checks and names of the command, or why it is refused.
  absl::StatusOr<eventstore::Decision> Decide();
  // Whether its caller may give it now, whatever else the domain says.
  absl::Status Authorize();

 private:
  // One fact for one stream, with what the domain needs to know.
  struct Proposal {
    RecordKind kind;
    eventstore::StreamId stream;
    std::string record_name;
    domain::Fact fact;
    domain::Micros occurred_at;
    bool is_consequence = false;
  };

  absl::StatusOr<Proposal> ResolveTarget();
  // Who the caller is here, and whether they may do this to the record. What needs no record is
  // decided before one is looked for.
  absl::StatusOr<Proposal> AuthorizedTarget();
  // Whether the fact begins its record, for who gives it.
  absl::StatusOr<bool> Begins(const Proposal& proposal);
  absl::Status ExpectRevision(const eventstore::StreamId& stream);
  RecordIndex ExistingRecords();
  // What a fact of the command may name: nobody who was erased, unless it ends something.
  absl::StatusOr<bool> MayName(const eventstore::StreamId& record);
  void ClaimName(const Proposal& proposal);
  // Keeps in mind that a unit of the fact is not registered in its version.
  absl::Status FlagUnknownUnits(const google::protobuf::Message& message);

  // Judges by the aggregate of the proposal's kind.
  absl::Status JudgeOne(const Proposal& proposal);
  template <typename State, typename DecideFunction>
  absl::Status JudgeWith(const Proposal& proposal, DecideFunction decide);
  template <typename State, typename DecideFunction>
  absl::Status JudgeCorrection(const Proposal& proposal, DecideFunction decide);
  // Everything about the stream, what this decision writes to it included.
  absl::StatusOr<StreamHistory> HistoryOf(const eventstore::StreamId& stream);
  uint64_t CountWritten(const eventstore::StreamId& stream) const;
  absl::Status JudgeConsequences(std::vector<domain::ProposedFact> consequences,
                                 domain::Micros occurred_at);

  // What the target, decided again as `decided`, brought into other streams and still stands there.
  absl::StatusOr<std::vector<domain::ProposedFact>> BroughtBy(const Proposal& proposal,
                                                              const domain::DomainEvent& target,
                                                              domain::Decided decided);
  // The same change for the facts that the target had brought into other streams: those of `before`
  // occurred at `occurred_at`, those that come new occur at `new_occurred_at`.
  absl::Status CorrectConsequences(const Proposal& proposal, domain::Micros occurred_at,
                                   const std::vector<domain::ProposedFact>& before,
                                   domain::Micros new_occurred_at,
                                   const std::vector<domain::ProposedFact>& after);
  absl::Status MayCorrect(const domain::DomainEvent& target, const StreamHistory& history) const;

  domain::Context ContextFor(const Proposal& proposal) const;
  domain::DomainEvent EventFor(const Proposal& proposal, uint64_t revision,
                               std::shared_ptr<const domain::Fact> fact) const;
  Uuid NextEventId() const;
  absl::Status Emit(const Proposal& proposal, domain::DomainEvent event,
                    std::vector<std::string> data_quality);

  eventstore::LedgerView& view_;
  Aggregates& aggregates_;
  const PreparedCommand& prepared_;
  const std::unique_ptr<CallRights> rights_;
  domain::Caller caller_;
  RelatedRecords related_;
  RecordIndex index_;
  eventstore::Decision decision_;
  // What this decision writes: one withdrawal may end several referrals of a case.
  std::map<eventstore::StreamId, std::vector<domain::DomainEvent>> written_;
  bool unit_unknown_ = false;
};

}  // namespace caseledger::commands
