#include "services/rpc/export.h"

#include <memory>
#include <optional>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/record.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/sequencer/stored_ledger.h"
#include "eventstore/verifiable/tree_reader.h"
#include "services/commands/heads_keeper.h"
#include "services/commands/references.h"
#include "services/domain/rejection.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/stream_gate.h"

namespace caseledger::rpc {
namespace {

using eventstore::StoredLeaf;
using Published = std::shared_ptr<const eventstore::PublishedCheckpoint>;

constexpr int kEventsPerPage = 64;
// Of records; proofs add about 1 KiB an event.
constexpr size_t kBytesPerPage = 1u << 20;

class Exporter {
 public:
  Exporter(Reading reading, const v1::ExportRecordRequest& request)
      : gate_(std::move(reading)),
        ledger_(request.ledger()),
        kind_(request.record_kind()),
        record_id_(request.record_id()) {}

  absl::StatusOr<bool> NextPage(v1::ExportRecordResponse& page) {
    if (checkpoint_ == nullptr) {
      const absl::Status begun = Begin(*page.mutable_header());
      if (!begun.ok()) return gate_.Refused(begun);
      return true;
    }
    if (next_revision_ > last_revision_) {
      RETURN_IF_ERROR(gate_.End());
      return false;
    }
    RETURN_IF_ERROR(AddEvents(page));
    return true;
  }

 private:
  // Stored bytes hold everything: sensitive text of people, of shelters the address.
  absl::Status CheckSeesAll() const {
    const bool secret = kind_ == options::v1::RECORD_KIND_SHELTER;
    const bool open = kind_ != options::v1::RECORD_KIND_CONTACT &&
                      kind_ != options::v1::RECORD_KIND_PERSON &&
                      kind_ != options::v1::RECORD_KIND_CASE_RECORD &&
                      kind_ != options::v1::RECORD_KIND_ACCESS_TRAIL && !secret;
    const access::Level needed = secret ? access::Level::kLocationSecret
                                 : open ? access::Level::kInternal
                                        : access::Level::kSensitive;
    return gate_.reading().shown().level >= needed ? absl::OkStatus()
                                                   : domain::Reject(domain::Reason::kAccessDenied);
  }

  absl::Status Begin(v1::ExportHeader& header) {
    ASSIGN_OR_RETURN(stream_, gate_.BeginRecord(ledger_, kind_, record_id_));
    RETURN_IF_ERROR(CheckSeesAll());
    parts_ = &gate_.reading().ledger().parts;
    if (parts_->heads == nullptr || parts_->publisher == nullptr) {
      return absl::FailedPreconditionError("NOT_SIGNED: the ledger is not signed");
    }
    ASSIGN_OR_RETURN(const commands::CommittedHeads heads, parts_->heads->Commit());
    const absl::StatusOr<eventstore::ProvenHead> proven = heads.tree->Prove(stream_);
    // The record is there; its first event is the very one that commits to the others.
    if (absl::IsNotFound(proven.status())) {
      return absl::FailedPreconditionError(
          "NOT_COVERED: no committed heads cover the record yet; record something else first");
    }
    RETURN_IF_ERROR(proven.status());
    const eventstore::ProvenHead& head = *proven;
    last_revision_ = head.head.revision;
    ASSIGN_OR_RETURN(checkpoint_, PublishedAfter(heads.event.position));

    header.set_ledger(parts_->name);
    header.set_record_kind(kind_);
    header.set_record_id(stream_.id.ToString());
    header.set_event_count(last_revision_);
    header.set_checkpoint(checkpoint_->note);
    for (const eventstore::VerifierKey& key : parts_->signer->Verifiers()) {
      header.add_verifier_keys(key.ToText());
    }
    for (const Hash256& hash : head.proof) header.add_heads_proof(std::string(hash.raw()));
    eventstore::TreeReader tree(checkpoint_->checkpoint.size, parts_->stored->Tiles());
    ASSIGN_OR_RETURN(const StoredLeaf leaf, parts_->stored->Leaf(heads.event.position));
    return SetEvent(leaf, tree, *header.mutable_heads());
  }

  // A published checkpoint that covers the event.
  absl::StatusOr<Published> PublishedAfter(uint64_t position) {
    RETURN_IF_ERROR(parts_->publisher->PublishNow());
    Published published = parts_->signer->Latest();
    if (published != nullptr && published->checkpoint.size > position) return published;
    return absl::UnavailableError(
        "NOT_PUBLISHED: the checkpoint over the newest events is not published yet; witnesses may "
        "be out of reach; try again");
  }

  absl::Status AddEvents(v1::ExportRecordResponse& page) {
    eventstore::TreeReader tree(checkpoint_->checkpoint.size, parts_->stored->Tiles());
    absl::Status status;
    size_t bytes = 0;
    RETURN_IF_ERROR(
        parts_->stored->ReadStream(stream_, next_revision_, [&](const StoredLeaf& leaf) {
          status = SetEvent(leaf, tree, *page.add_events());
          if (status.ok()) status = gate_.Note(stream_);
          bytes += leaf.record.size();
          ++next_revision_;
          return status.ok() && next_revision_ <= last_revision_ &&
                 page.events_size() < kEventsPerPage && bytes < kBytesPerPage;
        }));
    RETURN_IF_ERROR(status);
    if (page.events_size() == 0) {
      return absl::DataLossError(StrCat("DATA_LOSS: the record's revision ", next_revision_,
                                        " is missing; verify the log"));
    }
    return absl::OkStatus();
  }

  absl::Status SetEvent(const StoredLeaf& leaf, eventstore::TreeReader& tree,
                        v1::ExportedEvent& event) const {
    RETURN_IF_ERROR(SetPartKeys(leaf, event));
    event.set_position(leaf.position);
    event.set_record(leaf.record);
    event.set_leaf_entry(leaf.entry);
    ASSIGN_OR_RETURN(const eventstore::MerkleProof proof, tree.InclusionProof(leaf.position));
    for (const Hash256& hash : proof) event.add_hashes(std::string(hash.raw()));
    return absl::OkStatus();
  }

  absl::Status SetPartKeys(const StoredLeaf& leaf, v1::ExportedEvent& out) const {
    ASSIGN_OR_RETURN(const eventstore::LeafFields fields, eventstore::DecodeLeafEntry(leaf.entry));
    ASSIGN_OR_RETURN(const eventstore::RecordedEvent event,
                     eventstore::DecodeEvent(parts_->name,
                                             {fields.stream, fields.revision, fields.position,
                                              eventstore::HashLeafEntry(leaf.entry), leaf.record},
                                             no_upgrades_));
    ASSIGN_OR_RETURN(const std::vector<eventstore::PartKey> keys,
                     eventstore::PartKeysOf(parts_->name, event, KeysOf(*parts_)));
    for (const eventstore::PartKey& key : keys) {
      v1::PartKey& part = *out.add_part_keys();
      part.mutable_path()->Add(key.path.begin(), key.path.end());
      if (key.key.has_value()) part.set_key(std::string(key.key->raw()));
      part.set_state(key.state);
    }
    return absl::OkStatus();
  }

  StreamGate gate_;
  const eventstore::FactUpgrades no_upgrades_;
  const std::string ledger_;
  const commands::LedgerParts* parts_ = nullptr;  // null until begun
  const options::v1::RecordKind kind_;
  const std::string record_id_;
  eventstore::StreamId stream_;
  Published checkpoint_;  // null until the header is made
  uint64_t next_revision_ = 1;
  uint64_t last_revision_ = 0;
};

}  // namespace

ExportSource ExportOfRecord(Reading reading, const v1::ExportRecordRequest& request) {
  auto exporter = std::make_shared<Exporter>(std::move(reading), request);
  return [exporter](v1::ExportRecordResponse& page) { return exporter->NextPage(page); };
}

}  // namespace caseledger::rpc
