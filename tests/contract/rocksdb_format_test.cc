// What is on disk: key bytes hold what keys promise, and FORMAT.md's worked example is true.
#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/key_codec.h"
#include "eventstore/engine/rocksdb/value_codec.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "rocksdb/db.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/rocksdb_host.h"

namespace caseledger::testing {
namespace {

using eventstore::EngineBatch;
using eventstore::HeadView;
using eventstore::StreamId;
using eventstore::rocksdb_engine::DecodeKey;
using eventstore::rocksdb_engine::KeyParts;
using eventstore::rocksdb_engine::LedgerKeys;
using eventstore::rocksdb_engine::Space;

// Short names of few letters, so that one often begins another.
rc::Gen<std::string> LedgerName() {
  return rc::gen::suchThat(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab-E\x01"))),
      [](const std::string& name) { return !name.empty() && name.size() <= 47; });
}

// Small, byte-boundary and any numbers.
rc::Gen<uint64_t> Number() {
  return rc::gen::oneOf(rc::gen::inRange<uint64_t>(0, 3), rc::gen::inRange<uint64_t>(254, 258),
                        rc::gen::inRange<uint64_t>(65534, 65538), rc::gen::arbitrary<uint64_t>());
}

rc::Gen<StreamId> AnyStream() {
  return rc::gen::map(rc::gen::pair(Number(), Number()), [](const auto& numbers) {
    StreamId stream{static_cast<uint32_t>(numbers.first), {}};
    for (size_t i = 0; i < 8; ++i) {
      stream.id.bytes[15 - i] = static_cast<uint8_t>(numbers.second >> (8 * i));
    }
    return stream;
  });
}

RC_GTEST_PROP(RocksDbKeys, EventKeysDecodeToWhatTheyWereMadeOf, ()) {
  const std::string ledger = *LedgerName();
  const uint64_t position = *Number();
  const std::string key = LedgerKeys(ledger).Event(position);
  const auto parts = DecodeKey(key);
  RC_ASSERT(parts && parts->space == Space::kEvent);
  RC_ASSERT(parts->ledger == ledger);
  RC_ASSERT(parts->position == position);
}

RC_GTEST_PROP(RocksDbKeys, StreamKeysDecodeToWhatTheyWereMadeOf, ()) {
  const std::string ledger = *LedgerName();
  const StreamId stream = *AnyStream();
  const uint64_t revision = *Number();
  const std::string index_key = LedgerKeys(ledger).Revision(stream, revision);
  const auto index = DecodeKey(index_key);
  RC_ASSERT(index && index->space == Space::kRevision && index->ledger == ledger);
  RC_ASSERT(index->stream == stream);
  RC_ASSERT(index->revision == revision);
  const std::string head_key = LedgerKeys(ledger).StreamHead(stream);
  const auto head = DecodeKey(head_key);
  RC_ASSERT(head && head->space == Space::kStreamHead && head->ledger == ledger);
  RC_ASSERT(head->stream == stream);
}

RC_GTEST_PROP(RocksDbKeys, MarkAndLedgerKeysDecodeToWhatTheyWereMadeOf, (std::string mark)) {
  const std::string ledger = *LedgerName();
  const LedgerKeys keys(ledger);
  const std::string mark_key = keys.Mark(mark);
  const auto parts = DecodeKey(mark_key);
  RC_ASSERT(parts && parts->space == Space::kMark);
  RC_ASSERT(parts->ledger == ledger && parts->mark == mark);
  const std::string info_key = keys.Info();
  const std::string head_key = keys.Head();
  RC_ASSERT(DecodeKey(info_key)->space == Space::kLedgerInfo);
  RC_ASSERT(DecodeKey(head_key)->space == Space::kLedgerHead);
  RC_ASSERT(DecodeKey(head_key)->ledger == ledger);
}

RC_GTEST_PROP(RocksDbKeys, TileAndSigningKeysDecodeToWhatTheyWereMadeOf, (uint8_t level)) {
  const LedgerKeys keys(*LedgerName());
  const uint64_t index = *Number();
  const std::string tile_key = keys.Tile(level, index);
  const auto tile = DecodeKey(tile_key);
  RC_ASSERT(tile && tile->space == Space::kTile);
  RC_ASSERT(tile->tile_level == level && tile->tile_index == index);
  const std::string state_key = keys.SigningState();
  RC_ASSERT(DecodeKey(state_key)->space == Space::kSigningState);
}

RC_GTEST_PROP(RocksDbKeys, ByteOrderIsPositionOrder, ()) {
  const LedgerKeys keys(*LedgerName());
  const uint64_t a = *Number();
  const uint64_t b = *Number();
  RC_ASSERT((keys.Event(a) < keys.Event(b)) == (a < b));
}

RC_GTEST_PROP(RocksDbKeys, ByteOrderIsRevisionOrderWithinAStream, ()) {
  const LedgerKeys keys(*LedgerName());
  const auto a = std::tuple(*AnyStream(), *Number());
  const auto b = std::tuple(*AnyStream(), *Number());
  RC_ASSERT((keys.Revision(std::get<0>(a), std::get<1>(a)) <
             keys.Revision(std::get<0>(b), std::get<1>(b))) == (a < b));
}

// All keys of two ledgers over the same contents: no two are equal, and between the first and the
// last of a ledger's keys in a space lies no key of another ledger.
RC_GTEST_PROP(RocksDbKeys, NoTwoKeysAreEqualAndLedgersDoNotInterleave, ()) {
  const std::string first = *LedgerName();
  const std::string second =
      *rc::gen::suchThat(LedgerName(), [&](const std::string& name) { return name != first; });
  const std::vector<uint64_t> positions = *rc::gen::unique<std::vector<uint64_t>>(Number());
  const std::vector<StreamId> streams = *rc::gen::unique<std::vector<StreamId>>(AnyStream());
  std::set<std::string> all;
  for (const std::string& ledger : {first, second}) {
    const LedgerKeys keys(ledger);
    all.insert({keys.Info(), keys.Head(), keys.Mark(""), keys.Mark("m"), keys.Mark(first)});
    for (const uint64_t position : positions) all.insert(keys.Event(position));
    for (const StreamId& stream : streams) {
      all.insert(keys.StreamHead(stream));
      for (uint64_t n = 1; n < 4; ++n) all.insert(keys.Revision(stream, n));
    }
  }
  RC_ASSERT(all.size() == 2 * (5 + positions.size() + 4 * streams.size()));
  std::vector<std::pair<Space, std::string>> runs;
  for (const std::string& key : all) {
    const auto parts = DecodeKey(key);
    RC_ASSERT(parts.has_value());
    const std::pair<Space, std::string> run(parts->space, parts->ledger);
    if (runs.empty() || runs.back() != run) runs.push_back(run);
  }
  RC_ASSERT(std::set(runs.begin(), runs.end()).size() == runs.size());
}

// Decoding either refuses bytes or tells exactly what they were made of.
RC_GTEST_PROP(RocksDbKeys, NoBytesDecodeToPartsThatMakeOtherBytes, (std::string tail)) {
  const std::string key = std::string(1, *rc::gen::elementOf(std::string("EHIMRSTZXe"))) +
                          std::string(1, static_cast<char>(*rc::gen::inRange(0, 4))) + tail;
  const auto parts = DecodeKey(key);
  RC_CLASSIFY(parts.has_value());
  if (!parts) return;
  const LedgerKeys keys(parts->ledger);
  const std::set<std::string> possible = {keys.Info(),
                                          keys.Head(),
                                          keys.Event(parts->position),
                                          keys.Mark(parts->mark),
                                          keys.Revision(parts->stream, parts->revision),
                                          keys.StreamHead(parts->stream),
                                          keys.Tile(parts->tile_level, parts->tile_index),
                                          keys.SigningState()};
  RC_ASSERT(possible.contains(key));
}

TEST(RocksDbKeys, ShortOrForeignBytesAreNotKeys) {
  EXPECT_FALSE(DecodeKey(""));
  EXPECT_FALSE(DecodeKey("E"));
  EXPECT_FALSE(DecodeKey(std::string("E\0", 2)));
  EXPECT_FALSE(
      DecodeKey("E\x02"
                "a"));
  EXPECT_FALSE(
      DecodeKey("E\x01"
                "a1234567"));
  EXPECT_FALSE(
      DecodeKey("E\x01"
                "a123456789"));
  EXPECT_FALSE(
      DecodeKey("H\x01"
                "ab"));
  EXPECT_FALSE(
      DecodeKey("Y\x01"
                "a"));
}

RC_GTEST_PROP(RocksDbValues, EventsDecodeToWhatTheyWereMadeOf, (std::string record)) {
  eventstore::StoredEvent event;
  event.stream = *AnyStream();
  event.revision = *Number();
  event.position = *Number();
  event.leaf_hash = Sha256({record});
  event.record = record;
  const auto read = eventstore::rocksdb_engine::DecodeEvent(
      event.position, eventstore::rocksdb_engine::EncodeEvent(event));
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->stream == event.stream && read->revision == event.revision);
  RC_ASSERT(read->position == event.position && read->leaf_hash == event.leaf_hash);
  RC_ASSERT(read->record == record);
}

TEST(RocksDbValues, BytesCutShortAreRefused) {
  using namespace eventstore::rocksdb_engine;  // NOLINT: every Decode of the file under test
  EXPECT_FALSE(DecodeEvent(0, std::string(59, 'x')));
  EXPECT_TRUE(DecodeEvent(0, std::string(60, 'x')));
  EXPECT_FALSE(DecodePosition("1234567"));
  EXPECT_FALSE(DecodeLedgerHead(""));
  EXPECT_FALSE(DecodeStreamHead(""));
  EXPECT_FALSE(DecodeLedgerHead("\xff"));
}

// FORMAT.md's worked example as `key=value` in hexadecimal. There a value stands on lines of its
// own that begin with `=`.
std::vector<std::string> WorkedExample() {
  std::ifstream file("eventstore/engine/rocksdb/FORMAT.md");
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      inside = line == "```worked-example";
      continue;
    }
    if (!inside || line.empty() || line.starts_with("#")) continue;
    std::erase(line, ' ');
    if (!line.starts_with("=")) {
      lines.push_back(line);
    } else if (lines.back().find('=') == std::string::npos) {
      lines.back() += line;
    } else {
      lines.back() += line.substr(1);
    }
  }
  return lines;
}

std::vector<std::string> DumpOf(const std::string& path) {
  rocksdb::DB* raw = nullptr;
  EXPECT_TRUE(rocksdb::DB::OpenForReadOnly(rocksdb::Options(), path, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  std::vector<std::string> lines;
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}));
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    lines.push_back(absl::AsciiStrToLower(iterator->key().ToString(true)) + "=" +
                    absl::AsciiStrToLower(iterator->value().ToString(true)));
  }
  return lines;
}

TEST(RocksDbFormat, WorkedExampleOfFormatMdIsWhatIsOnDisk) {
  RocksDbHost host;
  storage::v1::LedgerInfo info = InfoOf("ab");
  ASSERT_TRUE(host.engine().CreateLedger(info).ok());
  ASSERT_TRUE(host.engine()
                  .Commit("ab",
                          [](HeadView& view) -> absl::StatusOr<EngineBatch> {
                            auto batch = NextBatch(view, {Stream(3, 7)});
                            if (!batch.ok()) return batch;
                            Hash256 leaf;
                            leaf.bytes.fill(0x11);
                            batch->events[0].record = "record";
                            batch->events[0].leaf_hash = leaf;
                            batch->streams[0].second.leaf_hash = leaf;
                            batch->head.last_leaf_hash = leaf;
                            batch->head.last_recorded_at = 5;
                            batch->marks.emplace_back("mark", "value");
                            return batch;
                          })
                  .ok());
  ASSERT_TRUE(host.CloseEngine().ok());
  EXPECT_THAT(WorkedExample(), ::testing::ElementsAreArray(DumpOf(host.path())));
}

}  // namespace
}  // namespace caseledger::testing
