// The log as a monitor reads it: over HTTP, with the verifier key and nothing else.
#include <optional>

#include "eventstore/base/big_endian.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/tree_reader.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"
#include "tests/support/raw_connection.h"

namespace caseledger::testing {
namespace {

using eventstore::TileId;
using ::testing::HasSubstr;

class LogOverHttp : public ServerTest {
 protected:
  void RecordContacts(int count) {
    for (int i = 0; i < count; ++i) {
      client().Record("", "contact_received { channel: 'phone' line: '18001769' }");
    }
  }
  Fetched Get(const std::string& target, const std::string& method = "GET") {
    return Fetch(server_->log_port(), target, method);
  }
  std::vector<eventstore::VerifierKey> Keys() {
    const auto answer = client().Call<v1::GetCheckpointResponse>("HistoryService/GetCheckpoint",
                                                                 v1::GetCheckpointRequest());
    std::vector<eventstore::VerifierKey> keys;
    for (const std::string& key : answer.value.verifier_keys()) {
      keys.push_back(*eventstore::VerifierKey::Parse(key));
    }
    return keys;
  }
  // The published checkpoint once it covers all that was recorded.
  eventstore::Checkpoint Published() {
    const uint64_t events = client().EventCount();
    std::string note;
    EXPECT_TRUE(Eventually([&] {
      note = Get("/checkpoint").body;
      return note.find("\n" + std::to_string(events) + "\n") != std::string::npos;
    })) << note;
    const auto opened = eventstore::OpenCheckpoint(note, Keys());
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *opened : eventstore::Checkpoint{};
  }
  eventstore::TreeReader Monitor(uint64_t size) {
    return {size, [this](const TileId& id) -> absl::StatusOr<std::vector<Hash256>> {
              const Fetched tile = Get("/" + TilePath(id));
              EXPECT_EQ(tile.status, 200) << TilePath(id) << ": " << tile.body;
              return eventstore::HashesOfTile(id, tile.body);
            }};
  }
};

TEST_F(LogOverHttp, AMonitorFollowsTheLogWithItsKeyAlone) {
  std::optional<eventstore::Checkpoint> before;
  for (const int more : {3, 297}) {
    RecordContacts(more);
    const eventstore::Checkpoint now = Published();
    eventstore::TreeReader monitor = Monitor(now.size);
    EXPECT_EQ(*monitor.Root(), now.root);
    if (before) {
      const auto proof = monitor.ConsistencyProof(before->size);
      ASSERT_TRUE(proof.ok()) << proof.status();
      const absl::Status continued =
          eventstore::VerifyConsistency(before->size, now.size, before->root, now.root, *proof);
      EXPECT_TRUE(continued.ok()) << continued;
    }
    before = now;
  }
  EXPECT_EQ(Get("/quang-ninh/tile/0/000").body, Get("/tile/0/000").body);
  EXPECT_EQ(Get("/tile/0/000.p/7").body, Get("/tile/0/000").body.substr(0, 7 * 32));
  EXPECT_THAT(Get("/checkpoint").head, HasSubstr("Content-Type: text/plain; charset=utf-8"));
  EXPECT_THAT(Get("/tile/0/000").head, HasSubstr("Content-Type: application/octet-stream"));
  EXPECT_THAT(Get("/tile/0/000").head, HasSubstr("immutable"));
}

TEST_F(LogOverHttp, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(Get("/quang-ninh.access/checkpoint").status, 404) << "nothing is signed yet";
  RecordContacts(3);
  const uint64_t size = Published().size;
  for (const char* path : {"/", "/other/checkpoint", "/tile/0/0", "/tile/0/001", "/tile/1/000",
                           "/tile/0/000", "/check%70oint", "/checkpoint/", "/metrics"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
  EXPECT_EQ(Get("/tile/0/000.p/" + std::to_string(size)).status, 200);
  EXPECT_EQ(Get("/tile/0/000.p/" + std::to_string(size + 1)).status, 404);
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    EXPECT_EQ(Get("/checkpoint", method).status, 405) << method;
  }
  EXPECT_EQ(Get("/checkpoint", "HEAD").body, "");
}

TEST_F(LogOverHttp, EntriesAreServedOnlyWhenToldTo) {
  RecordContacts(300);
  Published();
  EXPECT_EQ(Get("/tile/entries/000").status, 404);
  EXPECT_THAT(Get("/tile/entries/000").body, HasSubstr("for auditors"));
  options_.serve_entries = true;
  Restart();
  const uint64_t size = Published().size;
  for (uint64_t index = 0; index * eventstore::kTileWidth < size; ++index) {
    const TileId id = *eventstore::TileOfTree(size, 0, index);
    const Fetched bundle = Get("/" + EntryBundlePath(id));
    ASSERT_EQ(bundle.status, 200) << bundle.body;
    const auto leaves = eventstore::HashesOfTile(id, Get("/" + TilePath(id)).body);
    ASSERT_TRUE(leaves.ok()) << leaves.status();
    std::string_view rest = bundle.body;
    for (const Hash256& leaf : *leaves) {
      ASSERT_GE(rest.size(), sizeof(uint16_t));
      const auto length = ReadBigEndian<uint16_t>(rest);
      ASSERT_GE(rest.size(), sizeof(uint16_t) + length);
      EXPECT_EQ(eventstore::HashLeafEntry(rest.substr(sizeof(uint16_t), length)), leaf);
      rest.remove_prefix(sizeof(uint16_t) + length);
    }
    EXPECT_TRUE(rest.empty());
  }
}

}  // namespace
}  // namespace caseledger::testing
