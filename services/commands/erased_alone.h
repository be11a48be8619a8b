// Which cases and contacts are about nobody but persons who are erased: these go with them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "services/commands/aggregates.h"
#include "services/domain/context.h"

namespace caseledger::commands {

// A case is about everyone who was client or companion in it at any time; a contact about those of
// all the cases that came from it or were linked to it, and when it has none, about everyone whom
// its notes name; about somebody unknown when they name nobody. Not thread-safe; for one question.
class ErasedAlone {
 public:
  static constexpr size_t kMostContacts = 1000;

  // `erased`: those who are being erased; `is_erased` tells of others.
  ErasedAlone(eventstore::LedgerView& view, std::set<std::string> erased,
              std::function<bool(const std::string&)> is_erased)
      : view_(view), erased_(std::move(erased)), is_erased_(std::move(is_erased)) {}

  // Looks at a case that may be about them alone, and notes the contact it came from.
  absl::Status AddCase(const eventstore::StreamId& record);
  // Those that are.
  const std::set<eventstore::StreamId>& cases() const { return cases_; }
  // One that was linked to one of these, or whose notes name somebody who is erased.
  void AddContact(const eventstore::StreamId& record) { contacts_.insert(record); }

  // Once all were added; nullopt when there are too many contacts.
  absl::StatusOr<std::optional<domain::RecordsOfErased>> Records() const;

 private:
  bool IsErased(const std::string& person) const {
    return erased_.contains(person) || is_erased_(person);
  }
  // Whether every case of the contact, or the contact itself, is about nobody but erased persons.
  absl::StatusOr<bool> BelongsToThem(const eventstore::StreamId& contact) const;
  absl::StatusOr<bool> IsAboutErased(const eventstore::StreamId& record) const;
  bool NamesOnlyErased(const StreamHistory& history) const;

  eventstore::LedgerView& view_;
  const std::set<std::string> erased_;
  const std::function<bool(const std::string&)> is_erased_;
  std::set<eventstore::StreamId> cases_;
  std::set<eventstore::StreamId> contacts_;
};

}  // namespace caseledger::commands
