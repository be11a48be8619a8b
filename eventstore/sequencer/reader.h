// Reads one ledger's committed events page by page.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "eventstore/codec/upgrades.h"
#include "eventstore/engine/engine.h"
#include "eventstore/log.h"

namespace caseledger::eventstore {

struct StoredPage {
  std::vector<RecordedEvent> events;
  size_t stored_bytes = 0;
};

// Thread-safe; blocks on storage. The engine must outlive it.
class LedgerReader {
 public:
  LedgerReader(const Engine& engine, std::string_view ledger, const LogLimits& limits,
               const FactUpgrades& upgrades);

  // Events [from, end), at most `max_events` (0: the limit) and the page limits, but at least one.
  // DATA_LOSS on a hole or a damaged record.
  absl::StatusOr<std::vector<RecordedEvent>> ReadPage(uint64_t from, uint64_t end,
                                                      size_t max_events) const;
  // The same, with the bytes that the engine keeps for them.
  absl::StatusOr<StoredPage> ReadStoredPage(uint64_t from, uint64_t end, size_t max_events) const;
  absl::StatusOr<std::vector<RecordedEvent>> ReadStream(const StreamId& stream,
                                                        uint64_t from_revision,
                                                        size_t max_events) const;
  absl::StatusOr<std::optional<StreamId>> FindName(uint32_t kind, std::string_view source,
                                                   std::string_view value) const;
  absl::StatusOr<StreamHead> FindStream(const StreamId& stream) const;
  absl::Status VisitReferrers(const StreamId& to,
                              absl::FunctionRef<bool(const StreamId&)> visit) const;
  absl::StatusOr<std::optional<AppendResult>> FindRequest(const RequestKey& key) const;
  absl::StatusOr<RecordedEvent> ReadOne(uint64_t position) const;

 private:
  size_t PageEvents(size_t max_events) const;

  const Engine& engine_;
  const std::string ledger_;
  const LogLimits limits_;
  const FactUpgrades& upgrades_;
};

// Decodes the events that an engine visits, until enough were seen or one is damaged or missing.
class EventCollector {
 public:
  EventCollector(std::string_view ledger, const FactUpgrades& upgrades, size_t max_events,
                 size_t max_bytes)
      : ledger_(ledger), upgrades_(upgrades), max_events_(max_events), max_bytes_(max_bytes) {}

  // So many are expected.
  void Reserve(size_t events) { events_.reserve(std::min({events, max_events_, kMostReserved})); }
  bool Visit(const StoredEvent& stored);
  // Stored bytes of what was collected.
  size_t bytes() const { return bytes_; }
  // What was collected; the visit's own status first.
  absl::StatusOr<std::vector<RecordedEvent>> Finish(const absl::Status& visit) &&;

 private:
  static constexpr size_t kMostReserved = 1024;

  const std::string_view ledger_;
  const FactUpgrades& upgrades_;
  const size_t max_events_;
  const size_t max_bytes_;
  size_t bytes_ = 0;
  absl::Status status_;
  std::vector<RecordedEvent> events_;
};

}  // namespace caseledger::eventstore
