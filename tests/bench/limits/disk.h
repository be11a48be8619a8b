// What the disk and RocksDB give without us.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/engine/engine.h"
#include "tests/bench/load/samples.h"

namespace caseledger::bench {

// Appends `bytes` to a file and makes it durable with fdatasync, one after the other.
absl::StatusOr<LoadResult> MeasureSync(const std::string& directory, size_t bytes, double seconds);

// At most `most` events of the ledger in a closed server's data directory, from position `from` on.
absl::StatusOr<std::vector<eventstore::StoredEvent>> LoadStoredEvents(const std::string& data_dir,
                                                                      uint64_t from, uint64_t most);

// Writes the events into a new RocksDB with the engine's own options: the same keys and bytes
// (event, stream index, stream head, request mark, ledger head), synced `per_batch` by `per_batch`.
absl::StatusOr<LoadResult> MeasureRawWrites(const std::string& directory,
                                            const std::vector<eventstore::StoredEvent>& events,
                                            size_t per_batch);

// Reads all events of a closed server's data directory in order, key and value touched.
absl::StatusOr<LoadResult> MeasureRawIteration(const std::string& data_dir);

}  // namespace caseledger::bench
