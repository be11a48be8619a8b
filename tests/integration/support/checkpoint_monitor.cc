#include "tests/integration/support/checkpoint_monitor.h"

#include <algorithm>
#include <vector>

#include "caseledger/v1/history.pb.h"
#include "eventstore/verifiable/signing_key.h"
#include "gtest/gtest.h"

namespace caseledger::testing {

using eventstore::Checkpoint;

Hash256 ToHash(std::string_view bytes) {
  Hash256 hash;
  EXPECT_EQ(bytes.size(), hash.bytes.size());
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.bytes.size()), hash.bytes.begin());
  return hash;
}

Checkpoint CheckpointMonitor::Open(const Client& client) {
  const auto answer = client.Call<v1::GetCheckpointResponse>("HistoryService/GetCheckpoint",
                                                             v1::GetCheckpointRequest());
  EXPECT_TRUE(answer.ok()) << answer.status.error_message();
  if (!answer.ok()) return {};
  if (!key_) key_ = *eventstore::VerifierKey::Parse(answer.value.verifier_keys(0));
  const auto opened = eventstore::OpenCheckpoint(answer.value.note(), std::vector{*key_});
  EXPECT_TRUE(opened.ok()) << opened.status();
  if (!opened.ok()) return {};
  EXPECT_EQ(opened->size, answer.value.tree_size());
  EXPECT_EQ(opened->origin, answer.value.origin());
  return *opened;
}

void CheckpointMonitor::ExpectContinues(const Client& client, const Checkpoint& older,
                                        const Checkpoint& newer) {
  ASSERT_LE(older.size, newer.size) << "it forgot events that it had signed";
  EXPECT_EQ(older.origin, newer.origin);
  v1::GetConsistencyProofRequest request;
  request.set_old_tree_size(older.size);
  request.set_tree_size(newer.size);
  const auto answer =
      client.Call<v1::GetConsistencyProofResponse>("HistoryService/GetConsistencyProof", request);
  ASSERT_TRUE(answer.ok()) << answer.status.error_message();
  const absl::Status proven = eventstore::VerifyConsistency(older.size, newer.size, older.root,
                                                            newer.root, ProofOf(answer.value));
  EXPECT_TRUE(proven.ok()) << older.size << " " << newer.size << " " << proven;
}

void CheckpointMonitor::ExpectContinuesTheLast(const Client& client) {
  const Checkpoint newest = Open(client);
  if (last_) ExpectContinues(client, *last_, newest);
  last_ = newest;
}

}  // namespace caseledger::testing
