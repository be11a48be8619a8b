// Answers about the ledger's Merkle tree: checkpoints, proofs, tiles.
#pragma once

#include "absl/status/status.h"
#include "caseledger/v1/history.pb.h"
#include "services/commands/ledgers.h"

namespace caseledger::rpc {

// Thread-safe; may block on storage. Nothing is shown of what the newest checkpoint does not cover.
//
// FAILED_PRECONDITION  NOT_SIGNED: there is no checkpoint yet, or the ledger is not signed
// OUT_OF_RANGE         BEYOND_CHECKPOINT: more than the newest checkpoint covers
// NOT_FOUND            TILE_UNKNOWN, EVENT_UNKNOWN
// DATA_LOSS            a tile or a record is damaged
absl::Status GetCheckpoint(const commands::Ledger& ledger, const v1::GetCheckpointRequest& request,
                           v1::GetCheckpointResponse& response);
absl::Status GetInclusionProof(const commands::Ledger& ledger,
                               const v1::GetInclusionProofRequest& request,
                               v1::GetInclusionProofResponse& response);
absl::Status GetConsistencyProof(const commands::Ledger& ledger,
                                 const v1::GetConsistencyProofRequest& request,
                                 v1::GetConsistencyProofResponse& response);
absl::Status GetTile(const commands::Ledger& ledger, const v1::GetTileRequest& request,
                     v1::GetTileResponse& response);

}  // namespace caseledger::rpc
