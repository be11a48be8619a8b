// Facts in the clear <-> facts as they are stored: each personal part sealed by itself. The bytes
// are in FORMAT.md.
//
// Works on serialised facts, field by field: what is not personal stays as it was written, fields
// that this program does not know included. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/event/v1/common.pb.h"
#include "eventstore/base/random.h"
#include "eventstore/event.h"
#include "eventstore/sealing/data_keys.h"
#include "eventstore/sealing/fact_sealer.h"
#include "eventstore/vault/keys/xaes.h"

namespace caseledger::eventstore {

// Field numbers from the fact down to a part.
using PartPath = std::vector<uint32_t>;

// Seals with keys of a vault.
class KeyedSealer final : public FactSealer {
 public:
  // Both must outlive it.
  KeyedSealer(DataKeys& keys, RandomSource& random) : keys_(keys), random_(random) {}
  absl::Status Begin(std::string_view ledger, const EventLog& log) override {
    return keys_.Begin(ledger, log);
  }
  void Expect(std::string_view ledger, std::span<const StreamId> records) override {
    keys_.Expect(ledger, records);
  }
  absl::Status Seal(std::string_view ledger, RecordedEvent& event) override;

 private:
  DataKeys& keys_;
  RandomSource& random_;
};

// The event's fact with every part opened that can be. Others say in `sealed.state` why not. Facts
// without parts come back as they are.
// DATA_LOSS  the fact cannot be read
absl::StatusOr<std::string> OpenFact(std::string_view ledger, const RecordedEvent& event,
                                     DataKeys& keys);

// Adds the ids of the keys of the event's parts, for ExpectToFind before it is opened with others.
// Nothing of a fact that cannot be read: who opens it is told.
void AddKeysOf(const RecordedEvent& event, std::vector<Uuid>& ids);

// The key that opens one part of one event and nothing else; without one, why there is none.
struct PartKey {
  PartPath path;
  std::optional<SecretKey> key;
  event::v1::SealState state = event::v1::SEAL_STATE_UNSPECIFIED;
};

// Those of all sealed parts, in the order in which they stand.
absl::StatusOr<std::vector<PartKey>> PartKeysOf(std::string_view ledger, const RecordedEvent& event,
                                                DataKeys& keys);

// The same as OpenFact with keys of parts: all of them, in the order of PartKeysOf.
// DATA_LOSS  a part has no entry, an entry no part, or a key does not open its part
absl::StatusOr<std::string> OpenFact(std::string_view ledger, const RecordedEvent& event,
                                     const std::vector<PartKey>& keys);

// A part as it is stored.
struct StoredPart {
  PartPath path;
  bool is_note = false;
  Uuid key_id;
  std::vector<Uuid> persons;  // whom the note names
};

// All sealed parts of the event. DATA_LOSS when the fact cannot be read.
absl::StatusOr<std::vector<StoredPart>> StoredPartsOf(const RecordedEvent& event);

}  // namespace caseledger::eventstore
