#include "services/rpc/proofs.h"

#include <memory>
#include <optional>
#include <string>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/verifiable/tree_reader.h"

namespace caseledger::rpc {
namespace {

using Published = std::shared_ptr<const eventstore::PublishedCheckpoint>;

absl::StatusOr<Published> Newest(const commands::Ledger& ledger) {
  Published newest = ledger.parts.signer == nullptr ? nullptr : ledger.parts.signer->Latest();
  if (newest != nullptr) return newest;
  return absl::FailedPreconditionError(
      "NOT_SIGNED: the ledger has no checkpoint yet; one follows within a second after its first "
      "event");
}

// The size asked for, 0 being the checkpoint's.
absl::StatusOr<uint64_t> SizeWithin(uint64_t asked, const Published& newest) {
  const uint64_t size = newest->checkpoint.size;
  if (asked == 0) return size;
  if (asked <= size) return asked;
  return absl::OutOfRangeError(
      StrCat("BEYOND_CHECKPOINT: the newest checkpoint covers ", size, " events, not ", asked));
}

// Of the event that is asked for, by its id if that is given.
absl::StatusOr<uint64_t> PositionOf(const commands::Ledger& ledger,
                                    const v1::GetInclusionProofRequest& request) {
  if (request.event_id().empty()) return request.position();
  std::optional<uint64_t> found;
  if (ledger.parts.heads != nullptr) {
    ASSIGN_OR_RETURN(found, ledger.parts.heads->FindEvent(*Uuid::Parse(request.event_id())));
  }
  if (found) return *found;
  return absl::NotFoundError("EVENT_UNKNOWN: the ledger has no event of that id");
}

template <typename Response>
void SetHashes(const eventstore::MerkleProof& proof, Response& response) {
  for (const Hash256& hash : proof) response.add_hashes(std::string(hash.raw()));
}

}  // namespace

absl::Status GetCheckpoint(const commands::Ledger& ledger, const v1::GetCheckpointRequest&,
                           v1::GetCheckpointResponse& response) {
  ASSIGN_OR_RETURN(const Published newest, Newest(ledger));
  response.set_note(newest->note);
  response.set_origin(newest->checkpoint.origin);
  response.set_tree_size(newest->checkpoint.size);
  response.set_root(std::string(newest->checkpoint.root.raw()));
  for (const eventstore::VerifierKey& key : ledger.parts.signer->Verifiers()) {
    response.add_verifier_keys(key.ToText());
  }
  return absl::OkStatus();
}

absl::Status GetInclusionProof(const commands::Ledger& ledger,
                               const v1::GetInclusionProofRequest& request,
                               v1::GetInclusionProofResponse& response) {
  ASSIGN_OR_RETURN(const Published newest, Newest(ledger));
  ASSIGN_OR_RETURN(const uint64_t size, SizeWithin(request.tree_size(), newest));
  ASSIGN_OR_RETURN(const uint64_t position, PositionOf(ledger, request));
  if (position >= size) {
    return absl::OutOfRangeError(
        StrCat("BEYOND_CHECKPOINT: position ", position, " is not in a tree of ", size, " events"));
  }
  ASSIGN_OR_RETURN(const eventstore::StoredLeaf leaf, ledger.parts.stored->Leaf(position));
  eventstore::TreeReader tree(size, ledger.parts.stored->Tiles());
  ASSIGN_OR_RETURN(const eventstore::MerkleProof proof, tree.InclusionProof(position));
  response.set_position(position);
  response.set_tree_size(size);
  response.set_leaf_hash(std::string(eventstore::HashLeafEntry(leaf.entry).raw()));
  response.set_leaf_entry(leaf.entry);
  SetHashes(proof, response);
  return absl::OkStatus();
}

absl::Status GetConsistencyProof(const commands::Ledger& ledger,
                                 const v1::GetConsistencyProofRequest& request,
                                 v1::GetConsistencyProofResponse& response) {
  ASSIGN_OR_RETURN(const Published newest, Newest(ledger));
  ASSIGN_OR_RETURN(const uint64_t size, SizeWithin(request.tree_size(), newest));
  if (request.old_tree_size() > size) {
    return absl::OutOfRangeError(StrCat("BEYOND_CHECKPOINT: a tree of ", size,
                                        " events does not continue one of ",
                                        request.old_tree_size()));
  }
  eventstore::TreeReader tree(size, ledger.parts.stored->Tiles());
  ASSIGN_OR_RETURN(const eventstore::MerkleProof proof,
                   tree.ConsistencyProof(request.old_tree_size()));
  response.set_old_tree_size(request.old_tree_size());
  response.set_tree_size(size);
  SetHashes(proof, response);
  return absl::OkStatus();
}

absl::Status GetTile(const commands::Ledger& ledger, const v1::GetTileRequest& request,
                     v1::GetTileResponse& response) {
  ASSIGN_OR_RETURN(const Published newest, Newest(ledger));
  std::optional<eventstore::TileId> tile =
      eventstore::TileOfTree(newest->checkpoint.size, request.level(), request.index());
  if (!tile || request.width() > tile->width) {
    return absl::NotFoundError("TILE_UNKNOWN: the newest checkpoint's tree has no such tile");
  }
  if (request.width() != 0) tile->width = request.width();
  ASSIGN_OR_RETURN(std::vector<Hash256> hashes, ledger.parts.stored->Tiles()(*tile));
  response.set_hashes(eventstore::TileBytes(hashes));
  response.set_width(tile->width);
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
