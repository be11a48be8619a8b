// The authority that rests on the ledger itself: its rules, grants, relations and consents.
#pragma once

#include <memory>

#include "caseledger/event/v1/access.pb.h"
#include "services/commands/authority.h"
#include "services/commands/rights.h"

namespace caseledger::commands {

// What goes on the trail of a refusal. `record` null: there is none, or the action needs none.
event::v1::AccessDenied DenialOf(std::string_view action, const eventstore::StreamId* record,
                                 const Verdict& verdict);
// The same for something that is not there.
event::v1::AccessDenied DenialOfUnknown(std::string_view action, const Verdict& verdict);

// The status a caller gets, with the denial as payload. `known`: the caller may know of the record.
absl::Status RefusalOf(const event::v1::AccessDenied& denial, bool known);

class LedgerAuthority final : public Authority {
 public:
  // `trail` may be null. Both must outlive this.
  LedgerAuthority(RulesCache& rules, const access::Trail* trail) : rules_(rules), trail_(trail) {}

  std::unique_ptr<CallRights> For(eventstore::LedgerView& view, Aggregates& aggregates,
                                  const access::Call& call) override;

 private:
  RulesCache& rules_;
  const access::Trail* const trail_;
};

}  // namespace caseledger::commands
