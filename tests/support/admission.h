// How the people of a ledger that is hosted without a server come by their rights: as in a
// deployment, where the first administrator is bootstrapped and everything else is granted by
// events.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"
#include "services/access/call.h"
#include "services/commands/command_handler.h"

namespace caseledger::testing {

// The text of deploy/access/rules.txt, or "" when it cannot be read.
const std::string& DeliveredRules();

// A person of an agency, or without an actor a program of it.
struct Caller {
  std::string actor;
  std::string agency;
  std::set<std::string> roles = {};  // to be granted before the first call
  std::string purpose = {};          // stated with each call
  std::string warrant = {};

  // What is known of a call of theirs once it was authenticated: nothing of roles.
  access::Call Call() const;
};

// Runs the ledger's agencies, roles and rules.
inline Caller Administrator() { return {"quan", "so-qn", {"administrator"}}; }

// What was begun and granted in one ledger. Every grant is an event: the ledger's head moves when a
// caller appears first. Each call waits for the handler's answer. Not thread-safe.
//
// Errors are those of the handler, and INVALID_ARGUMENT when a person is given other roles than
// before.
class Admissions {
 public:
  // All that is recorded here happens at `occurred_at`.
  explicit Admissions(std::string ledger, Micros occurred_at)
      : ledger_(std::move(ledger)), occurred_at_(occurred_at) {}

  // The administrator and the delivered rules, as `caseledger access bootstrap` puts them there.
  absl::Status Begin(commands::CommandHandler& handler);
  // By the administrator, once.
  absl::Status Register(commands::CommandHandler& handler, const std::string& agency);
  // Registers their agency and grants their roles, once.
  absl::Status Admit(commands::CommandHandler& handler, const Caller& caller);

 private:
  // Null `caller`: the server itself.
  absl::Status Record(commands::CommandHandler& handler, const Caller* caller,
                      const std::string& record, event::v1::Fact fact);

  const std::string ledger_;
  const Micros occurred_at_;
  uint64_t requests_ = 0;
  std::set<std::string> agencies_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> roles_;  // by agency, actor
};

}  // namespace caseledger::testing
