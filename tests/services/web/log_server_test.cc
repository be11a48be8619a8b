// What the log shows over HTTP, without sockets.
#include "services/web/log_server.h"

#include "eventstore/base/big_endian.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/verifiable/checkpoint.h"
#include "eventstore/verifiable/tree_reader.h"
#include "tests/services/web/served_ledgers.h"

namespace caseledger::web {
namespace {

using eventstore::TileId;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kName[] = "quang-ninh";

class LogOverHttp : public ::testing::Test {
 protected:
  LogOverHttp() { served_.Add(kName); }

  void GrowAndPublish(uint64_t size) {
    served_.GrowTo(kName, size);
    served_.Publish(kName);
  }
  HttpResponse Get(const std::string& target, const std::string& method = "GET") {
    return AnswerLogRequest(served_.ledgers(), options_, {method, target, ""});
  }
  static std::string HeaderOf(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  // A tree that a monitor reads over HTTP.
  eventstore::TreeReader Monitor(uint64_t size) {
    return {size, [this](const TileId& id) -> absl::StatusOr<std::vector<Hash256>> {
              const HttpResponse response = Get("/" + TilePath(id));
              EXPECT_EQ(response.status, 200) << TilePath(id) << ": " << response.body;
              return eventstore::HashesOfTile(id, response.body);
            }};
  }
  // The leaf hashes of a bundle's entries.
  static std::vector<Hash256> LeavesOf(std::string_view bundle) {
    std::vector<Hash256> leaves;
    while (bundle.size() >= sizeof(uint16_t)) {
      const auto length = ReadBigEndian<uint16_t>(bundle);
      bundle.remove_prefix(sizeof(uint16_t));
      if (length > bundle.size()) break;
      leaves.push_back(eventstore::HashLeafEntry(bundle.substr(0, length)));
      bundle.remove_prefix(length);
    }
    EXPECT_THAT(bundle, IsEmpty()) << "a bundle that ends within an entry";
    return leaves;
  }

  testing::ServedLedgers served_;
  LogServerOptions options_;
};

TEST_F(LogOverHttp, BeforeTheFirstCheckpointThereIsNothing) {
  served_.GrowTo(kName, 3);
  for (const char* path : {"/checkpoint", "/tile/0/000.p/1", "/quang-ninh/checkpoint"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
    EXPECT_THAT(Get(path).body, HasSubstr("no checkpoint yet")) << path;
  }
}

TEST_F(LogOverHttp, TheCheckpointIsTheNewestPublishedOne) {
  GrowAndPublish(3);
  served_.GrowTo(kName, 5);
  const HttpResponse response = Get("/checkpoint");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(HeaderOf(response, "Cache-Control"), "public, max-age=1");
  const auto opened =
      eventstore::OpenCheckpoint(response.body, served_.Parts(kName).signer->Verifiers());
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->size, 3u);
  EXPECT_EQ(Get("/quang-ninh/checkpoint").body, response.body);
}

// Sizes around those where a tile is full, where a level begins, and one with three levels.
TEST_F(LogOverHttp, TheTilesGiveTheSignedRoot) {
  for (const uint64_t size : {1U, 2U, 255U, 256U, 257U, 511U, 512U, 1000U, 65'536U, 70'000U}) {
    GrowAndPublish(size);
    eventstore::TreeReader monitor = Monitor(size);
    const auto root = monitor.Root();
    ASSERT_TRUE(root.ok()) << root.status();
    EXPECT_EQ(*root, served_.Parts(kName).signer->Latest()->checkpoint.root) << size;
    for (const uint64_t index : {uint64_t{0}, size / 2, size - 1}) {
      EXPECT_TRUE(monitor.InclusionProof(index).ok()) << index << " of " << size;
    }
  }
}

TEST_F(LogOverHttp, TilesMayBeKeptForEver) {
  GrowAndPublish(300);
  for (const char* path : {"/tile/0/000", "/tile/0/001.p/44"}) {
    const HttpResponse response = Get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.content_type, "application/octet-stream");
    EXPECT_EQ(HeaderOf(response, "Cache-Control"), "public, max-age=31536000, immutable");
  }
  EXPECT_EQ(HeaderOf(Get("/tile/0/002"), "Cache-Control"), "no-store");
}

TEST_F(LogOverHttp, APartialTileIsThePrefixOfTheWholeOne) {
  GrowAndPublish(300);
  const std::string full = Get("/tile/0/000").body;
  ASSERT_EQ(full.size(), 256u * 32);
  for (const unsigned width : {1u, 100u, 255u}) {
    const HttpResponse response = Get("/tile/0/000.p/" + std::to_string(width));
    EXPECT_EQ(response.status, 200) << width;
    EXPECT_EQ(response.body, full.substr(0, width * 32)) << width;
  }
}

TEST_F(LogOverHttp, NothingBeyondTheCheckpointIsShown) {
  options_.serve_entries = true;
  GrowAndPublish(300);
  served_.GrowTo(kName, 600);
  for (const char* path :
       {"/tile/0/001", "/tile/0/001.p/45", "/tile/0/002", "/tile/1/000", "/tile/1/000.p/2",
        "/tile/2/000", "/tile/2/000.p/1", "/tile/7/000.p/1", "/tile/0/x001/000.p/1",
        "/tile/entries/001", "/tile/entries/001.p/45", "/tile/entries/002.p/1"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
    EXPECT_THAT(Get(path).body, HasSubstr("no such tile")) << path;
  }
  for (const char* path :
       {"/tile/0/001.p/44", "/tile/1/000.p/1", "/tile/entries/000", "/tile/entries/001.p/44"}) {
    EXPECT_EQ(Get(path).status, 200) << path;
  }
}

TEST_F(LogOverHttp, EachResourceHasOneSpelling) {
  options_.serve_entries = true;
  GrowAndPublish(300);
  for (const char* path : {"",
                           "/",
                           "//checkpoint",
                           "/checkpoint/",
                           "/Checkpoint",
                           "/checkpoint?",
                           "/checkpoint?x=1",
                           "/check%70oint",
                           "/other/checkpoint",
                           "/quang-ninh",
                           "/quang-ninh/",
                           "/quang-ninh/quang-ninh/checkpoint",
                           "/../quang-ninh/checkpoint",
                           "/tile/0/0",
                           "/tile/0/00",
                           "/tile/0/0000",
                           "/tile/00/000",
                           "/tile/0/x000/000",
                           "/tile/0/000/",
                           "/tile/0/000.p",
                           "/tile/0/000.p/",
                           "/tile/0/000.p/0",
                           "/tile/0/000.p/01",
                           "/tile/0/000.p/256",
                           "/tile/0/000.p/-1",
                           "/tile/8/000.p/1",
                           "/tile/-1/000",
                           "/tile/0/%30%30%30",
                           "/tile/entries",
                           "/tile/entries/",
                           "/tile/entries/0/000",
                           "/tile/Entries/000"}) {
    const HttpResponse response = Get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_THAT(response.body, HasSubstr("no such path")) << path;
  }
  EXPECT_EQ(Get("/tile/0/000").status, 200);
}

TEST_F(LogOverHttp, ItIsReadOnly) {
  GrowAndPublish(3);
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", ""}) {
    const HttpResponse response = Get("/checkpoint", method);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(HeaderOf(response, "Allow"), "GET, HEAD") << method;
  }
  EXPECT_EQ(Get("/checkpoint", "HEAD").status, 200);
}

TEST_F(LogOverHttp, EntriesAreForAuditorsOnly) {
  GrowAndPublish(300);
  for (const char* path : {"/tile/entries/000", "/quang-ninh/tile/entries/001.p/44"}) {
    const HttpResponse response = Get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_THAT(response.body, HasSubstr("for auditors")) << path;
    EXPECT_THAT(response.body, HasSubstr("--serve-entries")) << path;
  }
}

TEST_F(LogOverHttp, EveryEntryHashesToItsLeaf) {
  options_.serve_entries = true;
  GrowAndPublish(700);
  for (const TileId& id : {TileId{0, 0, 256}, TileId{0, 1, 256}, TileId{0, 2, 188}, TileId{0, 2, 1},
                           TileId{0, 1, 255}}) {
    const HttpResponse entries = Get("/" + EntryBundlePath(id));
    ASSERT_EQ(entries.status, 200) << EntryBundlePath(id) << ": " << entries.body;
    EXPECT_EQ(entries.content_type, "application/octet-stream");
    EXPECT_EQ(HeaderOf(entries, "Cache-Control"), "private, max-age=31536000, immutable");
    const auto leaves = eventstore::HashesOfTile(id, Get("/" + TilePath(id)).body);
    ASSERT_TRUE(leaves.ok()) << leaves.status();
    EXPECT_EQ(LeavesOf(entries.body), *leaves) << EntryBundlePath(id);
  }
}

TEST_F(LogOverHttp, DamageIsAnErrorAndNeverABody) {
  options_.serve_entries = true;
  GrowAndPublish(600);
  served_.engine().OverwriteRecord(kName, 300, "damaged");
  EXPECT_EQ(Get("/tile/entries/001").status, 500);
  EXPECT_EQ(Get("/tile/entries/000").status, 200) << "its neighbours are whole";
  served_.engine().OverwriteTile(kName, 0, 1, "short");
  EXPECT_EQ(Get("/tile/0/001").status, 500);
  EXPECT_EQ(HeaderOf(Get("/tile/0/001"), "Cache-Control"), "no-store");
}

TEST_F(LogOverHttp, OfSeveralLedgersEachHasItsName) {
  served_.Add("tile");
  served_.Add("checkpoint");
  GrowAndPublish(3);
  served_.GrowTo("tile", 4);
  served_.Publish("tile");
  EXPECT_EQ(Get("/checkpoint").status, 404);
  EXPECT_EQ(Get("/tile/0/000.p/1").status, 404);
  EXPECT_THAT(Get("/quang-ninh/checkpoint").body, HasSubstr("\n3\n"));
  EXPECT_THAT(Get("/tile/checkpoint").body, HasSubstr("\n4\n"));
  EXPECT_EQ(Get("/tile/tile/0/000.p/4").status, 200);
  EXPECT_EQ(Get("/quang-ninh/tile/0/000.p/4").status, 404);
  EXPECT_THAT(Get("/checkpoint/checkpoint").body, HasSubstr("no checkpoint yet"));
}

}  // namespace
}  // namespace caseledger::web
