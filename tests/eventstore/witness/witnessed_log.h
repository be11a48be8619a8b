// A log as a witness sees it, with keys of its own, and what it would send.
#pragma once

#include <string>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/witness/add_checkpoint.h"
#include "gtest/gtest.h"
#include "tests/eventstore/verifiable/plain_tree.h"

namespace caseledger::testing {

class WitnessedLog {
 public:
  explicit WitnessedLog(std::string origin = "caseledger/quang-ninh/00c0ffee")
      : origin_(std::move(origin)) {
    AddKey();
  }

  void AddKey() {
    keys_.insert(keys_.begin(), *eventstore::SigningKey::Generate(
                                    origin_, eventstore::KeyAlgorithm::kNote, SystemRandom()));
  }
  const std::vector<eventstore::SigningKey>& keys() const { return keys_; }
  std::vector<eventstore::VerifierKey> Verifiers() const {
    std::vector<eventstore::VerifierKey> verifiers;
    for (const eventstore::SigningKey& key : keys_) verifiers.push_back(key.verifier());
    return verifiers;
  }

  // Leaves are numbered from `history` * 1'000'000 on; another history is a fork from here on.
  void GrowTo(uint64_t size, uint64_t history = 0) {
    while (tree_.edge().size() < size) {
      tree_.Append(LeafNumber(history * 1'000'000 + tree_.edge().size()));
    }
  }

  eventstore::Checkpoint At(uint64_t size) const {
    return {origin_, size, *tree_.ReaderAt(size).Root()};
  }
  std::string NoteAt(uint64_t size) const { return eventstore::SignCheckpoint(At(size), keys_); }
  eventstore::ReadTile Tiles() const {
    return [this](const eventstore::TileId& id) { return tree_.Read(id); };
  }
  eventstore::AddCheckpoint RequestFor(uint64_t old_size, uint64_t size) const {
    eventstore::AddCheckpoint request{old_size, {}, NoteAt(size)};
    if (old_size <= size) request.proof = *tree_.ReaderAt(size).ConsistencyProof(old_size);
    return request;
  }
  std::string Request(uint64_t old_size, uint64_t size) const {
    return RequestFor(old_size, size).ToText();
  }

 private:
  std::string origin_;
  std::vector<eventstore::SigningKey> keys_;  // the newest first
  TiledTree tree_;
};

}  // namespace caseledger::testing
