// All ledgers of a stopped server, and their vault, moved to another engine.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/copy/ledgers_copy.h"
#include "services/app/storage/storage.h"
#include "services/app/vault/vault_files.h"

namespace caseledger::app {

// One end.
struct MovePlace {
  StorageChoice choice;
  std::string data_dir;   // of RocksDB
  std::string vault_dir;  // so, too; "": `vault` in the data directory
};

struct MoveOptions {
  MovePlace from;
  MovePlace to;
  // Of the vault; looked at, and left where they are. "": `wrapping-keys` in the data directory
  // that the ledgers come from.
  std::string wrapping_key_dir;
  WrappingToken token;   // or they are in a token
  unsigned helpers = 0;  // threads that check beside the calling one
  // As LedgersCopyOptions::on_step and OnVaultRows; may be empty.
  std::function<bool(const eventstore::CopyStep&)> on_step;
  std::function<bool(uint64_t rows)> on_vault_rows;
  // Asked while another program has one of the ends; true gives up. May be empty.
  std::function<bool()> stop_waiting;
};

struct Moved {
  std::vector<eventstore::CopiedLedger> ledgers;
  uint64_t vault_rows = 0;  // 0 when an earlier run had come to its end with them
  Uuid copy_id;
  bool was_done = false;  // by an earlier run: nothing was left to do
};

// Copies, checks, ends the originals and lets the copies go on, as eventstore/copy. Run again after
// an error or an interruption, it goes on where it was. Nothing is ended unless the vault has the
// keys of the ledgers, and there are wrapping keys that open it.
//
// INVALID_ARGUMENT     places that cannot be; NOT_FOUND: nothing there to move
// FAILED_PRECONDITION  a server has one of the ends; and as LedgersCopy and CopyVaultRows
absl::StatusOr<Moved> MoveLedgers(const MoveOptions& options, Clock& clock, RandomSource& random);

}  // namespace caseledger::app
