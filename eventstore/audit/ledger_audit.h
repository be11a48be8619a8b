// The check of a whole ledger as it is stored: records against leaves, leaves against tiles and
// signed roots, indexes and request ids against the log. Offline: nobody writes meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/hash.h"
#include "eventstore/base/random.h"
#include "eventstore/engine/engine.h"
#include "eventstore/event.h"

namespace caseledger::eventstore {

// A root that somebody signed.
struct SignedRoot {
  std::string where;  // where the checkpoint was found, for sentences
  uint64_t size = 0;
  Hash256 root;
};

struct AuditProgress {
  enum class Phase { kEvents, kIndex, kMarks };
  Phase phase = Phase::kEvents;
  uint64_t done = 0;
  uint64_t total = 0;  // of marks an estimate
};

struct LedgerAuditOptions {
  std::string ledger;
  // What the tree is compared with, in any order.
  std::vector<SignedRoot> roots;
  // Threads that check records beside the calling one.
  unsigned helpers = 0;
  RandomSource* random = nullptr;  // required
  // Sees every event in order, after all rules that do not need more than it and those before it;
  // it is its stream's newest. For rules that know facts. An error is the audit's finding.
  std::function<absl::Status(const RecordedEvent&)> on_event;
  // After the last event. An error is the audit's finding, too.
  std::function<absl::Status()> on_last_event;
  // False ends the audit with CANCELLED. Called on the calling thread.
  std::function<bool(const AuditProgress&)> on_progress;
};

// What was looked at until the end, or until the first thing that is wrong.
struct LedgerAudit {
  uint64_t events = 0;
  uint64_t streams = 0;
  uint64_t index_entries = 0;
  uint64_t requests = 0;
  uint64_t names = 0;
  uint64_t references = 0;
  uint64_t tiles = 0;
  uint64_t roots = 0;  // signed ones that the tree has

  // OK, or a sentence with the ledger and the first thing that is wrong.
  // DATA_LOSS            damaged or changed
  // FAILED_PRECONDITION  a format this program does not know
  // CANCELLED            `on_progress` said so
  // else                 what the engine answered
  absl::Status status;
  // Of the event that the sentence is about, if it is about one.
  std::optional<uint64_t> position;
};

// 1. Positions have no holes, and each record is what its leaf hash commits to, in its place.
// 2. Each stream's revisions run 1, 2, 3, ... and each event names its predecessor's leaf hash.
// 3. Recorded time never goes down.
// 4. The last event is the head's.
// 5. The full tiles of the Merkle tree are those of the leaves, and there are no others.
// 6. The tree has each of `roots`; no two of them contradict each other or go beyond it.
// 7. The stream heads are the newest events of all streams; none is missing, none too many.
// 8. The stream index leads to every event and nowhere else.
// 9. The entry of a request id leads to the first event of just that agency and request, with the
//    right number; every event has one, and none is too many.
// 10. Entries of names and references name streams that exist. None is unreadable.
//
// Memory: about 100 bytes per stream, and what ReadRecords takes.
LedgerAudit AuditLedger(const Engine& engine, const LedgerAuditOptions& options);

}  // namespace caseledger::eventstore
