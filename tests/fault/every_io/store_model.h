// What a store's writer was told: the truth that a reopened store is held to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/engine/engine.h"

namespace caseledger::testing {

// One commit: the events and marks that were to be written together.
struct Commit {
  std::vector<eventstore::StoredEvent> events;
  std::vector<std::pair<std::string, std::string>> marks;
};

// What became of comparing a store with the model.
struct Comparison {
  absl::Status trouble;   // the store itself reported that it cannot tell
  std::string violation;  // what is silently missing or different; "" when nothing
  // Only the newest acknowledged commit of one ledger is missing, all else is there.
  bool only_last_commit_missing = false;

  bool ok() const { return trouble.ok() && violation.empty(); }
};

// Kept apart from the engine's code: plain lists.
class StoreModel {
 public:
  // Notes a ledger or a commit that was acknowledged.
  void Created(const std::string& ledger);
  void Committed(const std::string& ledger, Commit commit);
  // Notes one whose outcome is unknown: it may be there or not, but not in part.
  void MaybeCreated(const std::string& ledger);
  void MaybeCommitted(const std::string& ledger, Commit commit);

  // Compares all of it: ledgers, heads, events, streams and marks. What was unknown is known once
  // it was found, and in a store just opened also when it was not.
  Comparison Compare(const eventstore::Engine& engine, bool just_opened);

  std::vector<std::string> ledgers() const;
  // Acknowledged commits of all ledgers.
  size_t commits() const;

 private:
  struct Ledger {
    bool created = false;
    std::vector<Commit> commits;
    std::optional<Commit> unknown;
    std::vector<eventstore::StoredEvent> Events() const;
  };

  Comparison CompareLedger(const eventstore::Engine& engine, const std::string& name,
                           Ledger& ledger, bool just_opened) const;

  std::map<std::string, Ledger> ledgers_;
};

}  // namespace caseledger::testing
