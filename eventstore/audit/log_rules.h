// Rules 1 to 6 of an audit: one ledger on its way from the first event to the last.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/audit/findings.h"
#include "eventstore/audit/ledger_audit.h"
#include "eventstore/audit/request_runs.h"
#include "eventstore/audit/set_fingerprint.h"
#include "eventstore/engine/engine.h"
#include "eventstore/verifiable/tree_edge.h"

namespace caseledger::eventstore {

// What the stream index and the entries of request ids are compared with.
struct ExpectedEntries {
  SetFingerprint index;
  SetFingerprint requests;
};

// Makes the rows that fingerprints are taken of; each is good until the next. Not thread-safe.
class RowMaker {
 public:
  std::string_view Index(const StreamId& stream, uint64_t revision, uint64_t position);
  std::string_view Request(std::string_view mark_key, uint64_t first_position,
                           uint64_t event_count);

 private:
  std::string row_;  // its memory is used again: there are millions of rows
};

// Not thread-safe.
class LogRules {
 public:
  // `roots` by size. All arguments must outlive it.
  LogRules(const Engine& engine, std::string_view ledger, std::span<const SignedRoot> roots,
           const FingerprintPoint& point)
      : engine_(engine),
        ledger_(ledger),
        roots_(roots),
        expected_{SetFingerprint(point), SetFingerprint(point)} {}

  // The next event; its record fits its leaf.
  absl::Status Take(const RecordedEvent& event);
  // After the last one.
  absl::Status Finish(const LedgerHead& head);
  // What was seen so far.
  void CountInto(LedgerAudit& audit) const;

  uint64_t next_position() const { return next_position_; }
  const StreamHeads& streams() const { return streams_; }
  const ExpectedEntries& expected() const { return expected_; }
  uint64_t requests() const { return requests_; }
  // Of the event that the error is about, if it is about one.
  std::optional<uint64_t> trouble_at() const { return trouble_at_; }

 private:
  absl::Status At(std::string_view what);
  absl::Status CheckTilesFilledBy(const Hash256& leaf);
  absl::Status CheckSignedRoots();
  absl::Status CheckNoOtherTiles() const;
  absl::Status TakeRun(const std::optional<RequestRun>& run);

  const Engine& engine_;
  const std::string_view ledger_;
  std::span<const SignedRoot> roots_;  // not yet reached
  StreamHeads streams_;
  TreeEdge tree_;
  std::vector<Tile> full_;  // by the newest event
  RequestRuns runs_;
  ExpectedEntries expected_;
  RowMaker rows_;
  uint64_t requests_ = 0;
  uint64_t tiles_ = 0;
  uint64_t roots_met_ = 0;
  uint64_t next_position_ = 0;
  Micros last_recorded_at_ = 0;
  Hash256 last_leaf_hash_;
  std::optional<uint64_t> trouble_at_;
};

}  // namespace caseledger::eventstore
