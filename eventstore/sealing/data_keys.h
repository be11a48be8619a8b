// The keys under which what is personal is sealed. The vault keeps them (eventstore/vault).
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"
#include "eventstore/log.h"
#include "eventstore/vault/keys/secret_key.h"

namespace caseledger::eventstore {

struct DataKey {
  Uuid id;
  std::shared_ptr<const SecretKey> key;
};

// Thread-safe.
class DataKeys {
 public:
  virtual ~DataKeys() = default;

  // Before any key of the ledger is asked for to seal with: takes in what the log says of keys and
  // the vault does not know yet. Once for each opening of the log.
  // DATA_LOSS    events are sealed with keys that are missing; says what to do
  // UNAVAILABLE  the vault cannot be read
  virtual absl::Status Begin(std::string_view ledger, const EventLog& log) = 0;

  // From time to time, while the ledger's events are sealed in order: this one comes next. Never
  // fails: a vault that cannot be written tells so when it is next asked for a key.
  virtual void Reached(std::string_view ledger, uint64_t position) = 0;

  // The keys of these records are going to be asked for with ForRecord: looked up together where
  // each look is a round trip. Changes no answer, and never fails.
  virtual void Expect(std::string_view /*ledger*/, std::span<const StreamId> /*records*/) {}

  // The key of all that is personal in the record's events, but notes: the same as long as it is
  // not destroyed. `position`: of the event that is about to be sealed.
  // UNAVAILABLE  the vault is not there
  virtual absl::StatusOr<DataKey> ForRecord(std::string_view ledger, const StreamId& record,
                                            uint64_t position) = 0;

  // A key of its own for a note in an event of `record` that names these persons.
  virtual absl::StatusOr<DataKey> ForNote(std::string_view ledger, const StreamId& record,
                                          const std::vector<Uuid>& persons, uint64_t position) = 0;

  // Keys of these ids are going to be asked for with Find: looked up together
  // where each look is a round trip. Changes no answer, and never fails. Some may be left out.
  virtual void ExpectToFind(std::string_view /*ledger*/, std::span<const Uuid> /*ids*/) {}

  // The key of that id.
  // FAILED_PRECONDITION  it was destroyed
  // NOT_FOUND            the vault does not know it
  // UNAVAILABLE          the vault is not there
  virtual absl::StatusOr<DataKey> Find(std::string_view ledger, const Uuid& id) = 0;

  // The ledger's secret for keyed hashes by which sealed texts are found; seals nothing. Made
  // durable when first asked for, the same ever after.
  // UNAVAILABLE  the vault is not there
  virtual absl::StatusOr<std::shared_ptr<const SecretKey>> IndexKey(std::string_view ledger) = 0;
};

}  // namespace caseledger::eventstore
