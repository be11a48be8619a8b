// When the vault is not there: what is not personal can still be recorded and read.
#pragma once

#include "eventstore/sealing/data_keys.h"

namespace caseledger::eventstore {

class NoKeys final : public DataKeys {
 public:
  absl::Status Begin(std::string_view /*ledger*/, const EventLog& /*log*/) override {
    return absl::OkStatus();
  }
  void Reached(std::string_view /*ledger*/, uint64_t /*position*/) override {}
  absl::StatusOr<DataKey> ForRecord(std::string_view /*ledger*/, const StreamId& /*record*/,
                                    uint64_t /*position*/) override {
    return Missing();
  }
  absl::StatusOr<DataKey> ForNote(std::string_view /*ledger*/, const StreamId& /*record*/,
                                  const std::vector<Uuid>& /*persons*/,
                                  uint64_t /*position*/) override {
    return Missing();
  }
  absl::StatusOr<DataKey> Find(std::string_view /*ledger*/, const Uuid& /*id*/) override {
    return Missing();
  }
  absl::StatusOr<std::shared_ptr<const SecretKey>> IndexKey(std::string_view /*ledger*/) override {
    return Missing();
  }

 private:
  static absl::Status Missing() {
    return absl::UnavailableError(
        "VAULT_UNAVAILABLE: the vault with the keys is not there, so nothing personal can be "
        "recorded or shown; whoever runs the server can put it back");
  }
};

}  // namespace caseledger::eventstore
