// Checkpoints and proofs over gRPC, checked as an auditor would.
#include <algorithm>
#include <ctime>

#include "eventstore/base/uuid.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/tree_reader.h"
#include "gmock/gmock.h"
#include "tests/integration/support/checkpoint_monitor.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using eventstore::Checkpoint;

class ServedProofs : public ServerTest {
 protected:
  template <typename Response, typename Request>
  Answer<Response> Ask(const std::string& method, const Request& request) {
    return client().Call<Response>("HistoryService/" + method, request);
  }
  // Records contacts and ends the server, which signs what it has; starts it again.
  Checkpoint After(int contacts) {
    for (int i = 0; i < contacts; ++i) {
      client().Record("", "contact_received { channel: 'phone' line: '18001769' }");
    }
    Restart();
    return monitor_.Open(client());
  }

  CheckpointMonitor monitor_;
};

TEST_F(ServedProofs, AnEmptyLedgerIsNotSigned) {
  v1::GetCheckpointRequest request;
  request.set_ledger("quang-ninh.access");  // of which nothing is recorded before somebody looks
  const auto answer = Ask<v1::GetCheckpointResponse>("GetCheckpoint", request);
  // A signature over nothing would say nothing.
  EXPECT_TRUE(answer.status.error_code() == grpc::StatusCode::FAILED_PRECONDITION ||
              answer.value.tree_size() == 0);
}

TEST_F(ServedProofs, EveryEventIsProvenAndEveryCheckpointContinuesTheOneBefore) {
  std::vector<Checkpoint> seen;
  for (const int more : {1, 4, 30, 230}) seen.push_back(After(more));
  const Checkpoint& newest = seen.back();
  EXPECT_EQ(newest.size, client().EventCount());
  const auto events = auditor().Replay();
  ASSERT_EQ(events.value.size(), newest.size);
  for (uint64_t position = 0; position < newest.size; position += 3) {
    v1::GetInclusionProofRequest request;
    request.set_position(position);
    const auto answer = Ask<v1::GetInclusionProofResponse>("GetInclusionProof", request);
    ASSERT_TRUE(answer.ok()) << answer.status.error_message();
    const Hash256 leaf = eventstore::HashLeafEntry(answer.value.leaf_entry());
    EXPECT_EQ(leaf, ToHash(answer.value.leaf_hash()));
    // The leaf is that of the event: its id stands in what the leaf commits to.
    const auto event_id = Uuid::Parse(events.value[position].event_id());
    ASSERT_TRUE(event_id.has_value());
    EXPECT_THAT(answer.value.leaf_entry(), ::testing::HasSubstr(std::string(event_id->raw())));
    const absl::Status proven = eventstore::VerifyInclusion(position, newest.size, leaf,
                                                            ProofOf(answer.value), newest.root);
    EXPECT_TRUE(proven.ok()) << position << " " << proven;
  }
  for (const Checkpoint& older : seen) {
    CheckpointMonitor::ExpectContinues(client(), older, newest);
  }
}

TEST_F(ServedProofs, AnEventIsProvenByItsId) {
  const Checkpoint checkpoint = After(20);
  for (const v1::RecordedEvent& event : auditor().Replay().value) {
    v1::GetInclusionProofRequest request;
    request.set_event_id(event.event_id());
    const auto answer = Ask<v1::GetInclusionProofResponse>("GetInclusionProof", request);
    ASSERT_TRUE(answer.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.value.position(), event.position());
    EXPECT_TRUE(eventstore::VerifyInclusion(event.position(), checkpoint.size,
                                            ToHash(answer.value.leaf_hash()), ProofOf(answer.value),
                                            checkpoint.root)
                    .ok());
  }
  v1::GetInclusionProofRequest request;
  request.set_event_id(NewUuid());
  const auto unknown = Ask<v1::GetInclusionProofResponse>("GetInclusionProof", request);
  EXPECT_EQ(unknown.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Explain(unknown.status).reason, "EVENT_UNKNOWN");
  request.set_event_id("7");
  EXPECT_EQ(Ask<v1::GetInclusionProofResponse>("GetInclusionProof", request).status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServedProofs, TheTilesGiveTheSignedRoot) {
  const Checkpoint checkpoint = After(300);
  eventstore::TreeReader tree(
      checkpoint.size,
      [this](const eventstore::TileId& id) -> absl::StatusOr<std::vector<Hash256>> {
        v1::GetTileRequest request;
        request.set_level(id.level);
        request.set_index(id.index);
        const auto answer = Ask<v1::GetTileResponse>("GetTile", request);
        EXPECT_TRUE(answer.ok()) << answer.status.error_message();
        EXPECT_EQ(answer.value.width(), id.width);
        return eventstore::HashesOfTile(id, answer.value.hashes());
      });
  EXPECT_EQ(*tree.Root(), checkpoint.root);
}

TEST_F(ServedProofs, WhatNoCheckpointCoversIsNotShown) {
  const Checkpoint checkpoint = After(3);
  v1::GetInclusionProofRequest inclusion;
  inclusion.set_position(checkpoint.size);
  EXPECT_EQ(Ask<v1::GetInclusionProofResponse>("GetInclusionProof", inclusion).status.error_code(),
            grpc::StatusCode::OUT_OF_RANGE);
  inclusion.set_position(0);
  inclusion.set_tree_size(checkpoint.size + 1);
  const auto beyond = Ask<v1::GetInclusionProofResponse>("GetInclusionProof", inclusion);
  EXPECT_EQ(beyond.status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(Explain(beyond.status).reason, "BEYOND_CHECKPOINT");
  v1::GetConsistencyProofRequest consistency;
  consistency.set_old_tree_size(checkpoint.size + 1);
  EXPECT_EQ(
      Ask<v1::GetConsistencyProofResponse>("GetConsistencyProof", consistency).status.error_code(),
      grpc::StatusCode::OUT_OF_RANGE);
  v1::GetTileRequest tile;
  tile.set_index(1);
  EXPECT_EQ(Ask<v1::GetTileResponse>("GetTile", tile).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
  tile.set_index(0);
  tile.set_level(9);
  EXPECT_EQ(Ask<v1::GetTileResponse>("GetTile", tile).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServedProofs, AGrowingLedgerIsSignedWhileItRuns) {
  client().Record("", "contact_received { channel: 'phone' line: '18001769' }");
  const uint64_t events = client().EventCount();
  const int64_t end = time(nullptr) + 30;
  uint64_t covered = 0;
  while (covered < events && time(nullptr) < end) {
    const auto answer = Ask<v1::GetCheckpointResponse>("GetCheckpoint", v1::GetCheckpointRequest());
    if (answer.ok()) covered = answer.value.tree_size();
  }
  EXPECT_EQ(covered, events);
}

}  // namespace
}  // namespace caseledger::testing
