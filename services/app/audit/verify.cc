#include "services/app/audit/verify.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/record.h"
#include "eventstore/verifiable/base64.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/merkle.h"
#include "eventstore/verifiable/stream_heads.h"
#include "services/app/audit/part_keys.h"
#include "services/app/audit/readable.h"
#include "services/commands/fact_schema.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::audit {
namespace {

using eventstore::Checkpoint;
using eventstore::LeafFields;
using eventstore::RecordedEvent;
using eventstore::VerifierKey;

absl::Status Wrong(std::string_view file, std::string_view what) {
  return absl::DataLossError(StrCat(file, " ", what));
}

// What does not fit becomes damage of the file; that a file cannot be read stays what it is.
absl::Status In(std::string_view file, const absl::Status& status) {
  if (status.ok() || absl::IsUnavailable(status)) return status;
  if (absl::IsNotFound(status)) return absl::DataLossError(status.message());
  return absl::DataLossError(StrCat(file, ": ", FromAbsl(status.message())));
}

Hash256 HashOf(std::string_view bytes) {
  Hash256 hash;
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.bytes.size()), hash.bytes.begin());
  return hash;
}

class Verifier {
 public:
  Verifier(const std::string& directory, const VerifyOptions& options)
      : directory_(directory), options_(options) {}

  absl::StatusOr<Verified> Verify() {
    ASSIGN_OR_RETURN(const std::string text, Read(kFactsFile));
    absl::StatusOr<BundleFacts> facts = FactsFromJson(text);
    if (!facts.ok()) return absl::DataLossError(facts.status().message());
    verified_.facts = *std::move(facts);
    RETURN_IF_ERROR(OpenCheckpoint());
    RETURN_IF_ERROR(CheckHeadsEvent());
    for (uint64_t revision = 1; revision <= verified_.facts.event_count; ++revision) {
      RETURN_IF_ERROR(CheckEvent(revision));
      if (options_.progress) options_.progress(revision, verified_.facts.event_count);
    }
    RETURN_IF_ERROR(CheckNewest());
    RETURN_IF_ERROR(CheckRecord());
    return std::move(verified_);
  }

 private:
  absl::StatusOr<std::string> Read(const std::string& name) const {
    absl::StatusOr<std::string> bytes = ReadFile(directory_, name);
    if (!bytes.ok()) return In(name, bytes.status());
    return bytes;
  }

  absl::Status OpenCheckpoint() {
    ASSIGN_OR_RETURN(note_, Read(kCheckpointFile));
    absl::StatusOr<Checkpoint> opened = eventstore::OpenCheckpoint(note_, options_.log_keys);
    if (!opened.ok()) return In(kCheckpointFile, opened.status());
    checkpoint_ = *std::move(opened);
    verified_.origin = checkpoint_.origin;
    verified_.checkpoint_size = checkpoint_.size;
    const absl::StatusOr<eventstore::Note> note = eventstore::Note::Parse(note_);
    if (!note.ok()) return In(kCheckpointFile, note.status());
    RETURN_IF_ERROR(CheckServerKeys());
    return CheckWitnesses(*note);
  }

  // Nobody trusts these keys; but they are what the file says, and nothing else stands in it.
  absl::Status CheckServerKeys() const {
    ASSIGN_OR_RETURN(const std::string text, Read(kVerifierKeysFile));
    std::vector<VerifierKey> keys;
    std::string canonical;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string line(rest.substr(0, rest.find('\n')));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      absl::StatusOr<VerifierKey> key = VerifierKey::Parse(line);
      if (!key.ok()) return In(kVerifierKeysFile, key.status());
      canonical += key->ToText() + "\n";
      keys.push_back(*std::move(key));
    }
    if (canonical != text || !eventstore::OpenCheckpoint(note_, keys).ok()) {
      return Wrong(kVerifierKeysFile, "does not hold the keys that signed the checkpoint");
    }
    return absl::OkStatus();
  }

  absl::Status CheckWitnesses(const eventstore::Note& note) {
    const auto signatures = eventstore::VerifyNote(note, options_.witness_keys);
    if (!signatures.ok()) return In(kCheckpointFile, signatures.status());
    for (const VerifierKey& key : options_.witness_keys) {
      const bool signed_it =
          std::any_of(signatures->begin(), signatures->end(),
                      [&key](const auto& signature) { return signature.key == key.id; });
      if (!signed_it) {
        return Wrong(kCheckpointFile, StrCat("is not cosigned by the witness ", key.id.name));
      }
      verified_.cosigned_by.push_back(key.id.name);
    }
    return absl::OkStatus();
  }

  // An event whose three files fit together and lead to the checkpoint.
  absl::StatusOr<RecordedEvent> ReadEvent(const std::string& name) const {
    ASSIGN_OR_RETURN(std::string record, Read(name + ".record"));
    ASSIGN_OR_RETURN(const std::string entry, Read(name + ".entry"));
    ASSIGN_OR_RETURN(const std::string proof_text, Read(name + ".tlog-proof"));
    const auto proof = eventstore::ProofFile::FromText(proof_text);
    if (!proof.ok()) return In(name + ".tlog-proof", proof.status());
    if (proof->ToText() != proof_text || proof->checkpoint != note_) {
      return Wrong(name + ".tlog-proof", "is not for the checkpoint of the bundle");
    }
    const absl::StatusOr<LeafFields> leaf = eventstore::DecodeLeafEntry(entry);
    if (!leaf.ok()) return In(name + ".entry", leaf.status());
    if (leaf->ledger != verified_.facts.ledger) {
      return Wrong(name + ".entry", StrCat("is of the ledger ", leaf->ledger));
    }
    if (leaf->position != proof->index) {
      return Wrong(name + ".tlog-proof", StrCat("proves position ", proof->index,
                                                ", but the event is at ", leaf->position));
    }
    const Hash256 leaf_hash = eventstore::HashLeafEntry(entry);
    const absl::Status proven = eventstore::VerifyInclusion(
        proof->index, checkpoint_.size, leaf_hash, proof->proof, checkpoint_.root);
    if (!proven.ok()) return In(name + ".tlog-proof", proven);
    if (Sha256({record}) != leaf->record_hash) {
      return Wrong(name + ".record", "is not what was recorded: its bytes were changed");
    }
    absl::StatusOr<RecordedEvent> event = eventstore::DecodeEvent(
        verified_.facts.ledger,
        {leaf->stream, leaf->revision, leaf->position, leaf_hash, std::move(record)}, no_upgrades_);
    if (!event.ok()) return In(name + ".record", event.status());
    return event;
  }

  // What the keys beside an event open is what was sealed: nothing else opens with them.
  absl::Status OpenParts(const std::string& name, RecordedEvent& event) const {
    ASSIGN_OR_RETURN(const std::string text, Read(name + ".keys"));
    const absl::StatusOr<std::vector<eventstore::PartKey>> keys = ParsePartKeys(text);
    if (!keys.ok()) return Wrong(name + ".keys", FromAbsl(keys.status().message()));
    absl::StatusOr<std::string> fact = eventstore::OpenFact(verified_.facts.ledger, event, *keys);
    if (!fact.ok()) return In(name + ".keys", fact.status());
    event.fact = *std::move(fact);
    return absl::OkStatus();
  }

  absl::Status CheckHeadsEvent() {
    const std::string file = std::string(kHeadsEvent) + ".record";
    ASSIGN_OR_RETURN(heads_event_, ReadEvent(kHeadsEvent));
    RETURN_IF_ERROR(OpenParts(kHeadsEvent, heads_event_));
    event::v1::Fact fact;
    if (heads_event_.stream.kind != options::v1::RECORD_KIND_LEDGER ||
        !fact.ParseFromString(heads_event_.fact) || !fact.has_heads_committed() ||
        fact.heads_committed().root().size() != sizeof(Hash256::bytes)) {
      return Wrong(file, "is no event that commits to the heads of the records");
    }
    if (fact.heads_committed().tree_size() > heads_event_.position) {
      return Wrong(file, "covers events that come after it");
    }
    heads_root_ = HashOf(fact.heads_committed().root());
    verified_.complete_up_to = fact.heads_committed().tree_size();
    verified_.committed_at = heads_event_.recorded_at;
    return absl::OkStatus();
  }

  absl::Status CheckEvent(uint64_t revision) {
    const std::string name = EventFile(revision);
    ASSIGN_OR_RETURN(RecordedEvent event, ReadEvent(name));
    const eventstore::StreamId stream{static_cast<uint32_t>(verified_.facts.record_kind),
                                      *Uuid::Parse(verified_.facts.record_id)};
    if (event.stream != stream) {
      return Wrong(name + ".entry", "is of another record than the bundle is about");
    }
    if (event.revision != revision) {
      return Wrong(name + ".entry",
                   StrCat("is number ", event.revision, " of the record, not ", revision));
    }
    if (event.previous_leaf_hash != last_leaf_hash_) {
      return Wrong(name + ".entry", "does not continue the event before it");
    }
    if (event.position >= verified_.complete_up_to) {
      return Wrong(name + ".entry", "was recorded after the heads were committed");
    }
    last_leaf_hash_ = event.leaf_hash;
    RETURN_IF_ERROR(OpenParts(name, event));
    absl::StatusOr<v1::RecordedEvent> shown = rpc::ToPublicEvent(event, verified_.facts.ledger);
    if (!shown.ok()) return In(name + ".record", shown.status());
    verified_.events.push_back(*std::move(shown));
    stream_ = stream;
    return absl::OkStatus();
  }

  // Nothing was left out at the end.
  absl::Status CheckNewest() const {
    ASSIGN_OR_RETURN(std::string text, Read(kHeadProofFile));
    eventstore::HeadProof proof;
    std::string_view rest = text;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      const auto bytes = end == std::string_view::npos
                             ? std::nullopt
                             : eventstore::FromBase64(rest.substr(0, end));
      if (!bytes || bytes->size() != sizeof(Hash256::bytes)) {
        return Wrong(kHeadProofFile, "is damaged");
      }
      proof.push_back(HashOf(*bytes));
      rest.remove_prefix(end + 1);
    }
    absl::Status proven = eventstore::VerifyHead(
        {eventstore::HeadKey(stream_), verified_.facts.event_count, last_leaf_hash_}, proof,
        heads_root_);
    if (proven.ok()) return proven;
    return Wrong(kHeadProofFile,
                 StrCat("does not show that event ", verified_.facts.event_count,
                        " is the record's newest: events are missing at the end, or the proof "
                        "belongs to another record"));
  }

  // Whether the bundle is about the record that was asked for.
  absl::Status CheckRecord() const {
    if (options_.record.empty() || options_.record == verified_.facts.record_id) {
      return absl::OkStatus();
    }
    const options::v1::RecordKind kind = verified_.facts.record_kind;
    if (commands::IsNamedKind(kind) && commands::NamedStream(kind, options_.record) == stream_) {
      return absl::OkStatus();
    }
    std::string names;
    for (const v1::RecordedEvent& event : verified_.events) {
      const commands::FactSchema* schema = commands::SchemaOf(event.fact());
      if (schema == nullptr || schema->external_ref == nullptr) continue;
      const auto& message = commands::MessageOf(event.fact());
      const auto& reference = static_cast<const event::v1::ExternalRef&>(
          message.GetReflection()->GetMessage(message, schema->external_ref));
      const std::string full = reference.source() + "/" + reference.value();
      if (options_.record == reference.value() || options_.record == full) return absl::OkStatus();
      if (!reference.value().empty()) names += " (" + full + ")";
    }
    return Wrong(kFactsFile, StrCat("is about the record ", verified_.facts.record_id, names,
                                    ", not about ", options_.record));
  }

  const std::string& directory_;
  const VerifyOptions& options_;
  const eventstore::FactUpgrades no_upgrades_;
  Verified verified_;
  std::string note_;
  Checkpoint checkpoint_;
  RecordedEvent heads_event_;
  Hash256 heads_root_;
  Hash256 last_leaf_hash_;
  eventstore::StreamId stream_;
};

}  // namespace

absl::StatusOr<Verified> VerifyProofs(const std::string& directory, const VerifyOptions& options) {
  if (options.log_keys.empty()) {
    return absl::InvalidArgumentError("a key of the log is needed to check its signature");
  }
  return Verifier(directory, options).Verify();
}

absl::StatusOr<Verified> VerifyBundle(const std::string& directory, const VerifyOptions& options) {
  ASSIGN_OR_RETURN(Verified verified, VerifyProofs(directory, options));
  RETURN_IF_ERROR(CheckReadable(directory, verified));
  return verified;
}

}  // namespace caseledger::audit
