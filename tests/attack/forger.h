// What an attacker does who may write everything in a stopped server's directory, but has no key:
// changes the ledger, and makes all that is stored with it fit.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "eventstore/engine/rocksdb/key_codec.h"
#include "eventstore/event.h"
#include "rocksdb/db.h"

namespace caseledger::testing {

class Forger {
 public:
  // Takes over the store in `path`, which nobody has open, until it is destroyed.
  Forger(const std::string& path, std::string_view ledger);

  rocksdb::DB& db() { return *db_; }
  const eventstore::rocksdb_engine::LedgerKeys& keys() const { return keys_; }
  std::string Get(const std::string& key) const;
  void Put(const std::string& key, const std::string& value);
  void Delete(const std::string& key);
  static std::string SigningStateOf(std::string_view ledger) {
    return eventstore::rocksdb_engine::LedgerKeys(ledger).SigningState();
  }

  // All events, as they are stored.
  std::vector<eventstore::RecordedEvent> Events() const;

  // Stores these events instead, in this order: positions, revisions, previous leaf hashes,
  // records, leaf hashes, tiles, stream index, stream heads, request ids and the head are computed
  // anew. Entries of names and references to records that are no more go.
  void Rewrite(std::vector<eventstore::RecordedEvent> events);

 private:
  void VisitAll(
      absl::FunctionRef<void(const std::string& key, const std::string& value)> visit) const;

  const std::string ledger_;
  const eventstore::rocksdb_engine::LedgerKeys keys_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace caseledger::testing
