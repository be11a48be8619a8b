// The tree of committed heads against its definition, computed plainly.
#include "eventstore/verifiable/stream_heads.h"

#include <map>
#include <string>
#include <vector>

#include "eventstore/verifiable/heads_replay.h"
#include "eventstore/verifiable/heads_tree.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rapidcheck/gtest.h"
#include "tests/support/repeated_bytes.h"

namespace caseledger::testing {
namespace {

using eventstore::CommittedHead;
using eventstore::HeadsPage;

class MemoryPages final : public eventstore::HeadsPages {
 public:
  absl::StatusOr<std::optional<HeadsPage>> Read(std::string_view path) const override {
    const auto found = pages_.find(std::string(path));
    if (found == pages_.end()) return std::nullopt;
    return HeadsPage::FromBytes(found->second);
  }
  void Write(std::string_view path, const HeadsPage& page) override {
    pages_[std::string(path)] = page.ToBytes();
    ++writes_;
  }
  size_t writes() const { return writes_; }
  const std::map<std::string, std::string>& pages() const { return pages_; }

 private:
  std::map<std::string, std::string> pages_;
  size_t writes_ = 0;
};

using Heads = std::map<Hash256, CommittedHead>;

// `Tree(heads, depth)` of HEADS.md.
Hash256 PlainTree(const std::vector<CommittedHead>& heads, unsigned depth) {
  if (heads.empty()) return Hash256();
  if (heads.size() == 1) return eventstore::HashHead(heads.front());
  std::vector<CommittedHead> sides[2];
  for (const CommittedHead& head : heads) {
    sides[eventstore::HeadKeyBit(head.key, depth) ? 1 : 0].push_back(head);
  }
  return eventstore::HashHeadSides(PlainTree(sides[0], depth + 1), PlainTree(sides[1], depth + 1));
}

Hash256 PlainRoot(const Heads& heads) {
  std::vector<CommittedHead> all;
  for (const auto& [key, head] : heads) all.push_back(head);
  return PlainTree(all, 0);
}

// Keys that share long beginnings, too: hashed ones hardly ever do.
rc::Gen<Hash256> AnyKey() {
  return rc::gen::exec([] {
    Hash256 key;
    const auto length = *rc::gen::inRange<size_t>(0, key.bytes.size() + 1);
    std::fill_n(key.bytes.begin(), length, uint8_t{0xab});
    if (length < key.bytes.size()) key.bytes[length] = *rc::gen::arbitrary<uint8_t>();
    key.bytes.back() = static_cast<uint8_t>(*rc::gen::inRange(0, 4));
    return key;
  });
}

rc::Gen<CommittedHead> AnyHead() {
  return rc::gen::exec([] {
    CommittedHead head;
    head.key = *AnyKey();
    head.revision = *rc::gen::inRange<uint64_t>(1, 1000);
    head.leaf_hash.bytes.fill(*rc::gen::arbitrary<uint8_t>());
    return head;
  });
}

rc::Gen<std::vector<CommittedHead>> AnyHeads() {
  return rc::gen::mapcat(rc::gen::inRange<size_t>(0, 13), [](size_t count) {
    return rc::gen::container<std::vector<CommittedHead>>(count, AnyHead());
  });
}

std::vector<CommittedHead> OnePerKey(const std::vector<CommittedHead>& heads) {
  Heads unique;
  for (const CommittedHead& head : heads) unique[head.key] = head;
  std::vector<CommittedHead> result;
  for (const auto& [key, head] : unique) result.push_back(head);
  return result;
}

RC_GTEST_PROP(CommittedHeads, HaveTheRootOfTheDefinitionHoweverTheyCame, ()) {
  const auto batches = *rc::gen::container<std::vector<std::vector<CommittedHead>>>(
      *rc::gen::inRange<size_t>(0, 5), AnyHeads());
  MemoryPages pages;
  Heads expected;
  uint64_t count = 0;
  for (const std::vector<CommittedHead>& batch : batches) {
    const std::vector<CommittedHead> heads = OnePerKey(batch);
    for (const CommittedHead& head : heads) expected[head.key] = head;
    const auto updated = eventstore::UpdateHeads(heads, pages);
    RC_ASSERT(updated.ok());
    count += updated->added;
    RC_ASSERT(updated->root == PlainRoot(expected));
    RC_ASSERT(count == expected.size());
  }
  // Pages depend on the set alone, as the root does.
  MemoryPages at_once;
  std::vector<CommittedHead> all;
  for (const auto& [key, head] : expected) all.push_back(head);
  if (!all.empty()) {
    RC_ASSERT(eventstore::UpdateHeads(all, at_once).ok());
    RC_ASSERT(at_once.pages() == pages.pages());
  }
}

RC_GTEST_PROP(CommittedHeads, AreProvenEachAndNothingElseIs, ()) {
  const auto heads = OnePerKey(*AnyHeads());
  RC_PRE(!heads.empty());
  MemoryPages pages;
  const auto updated = eventstore::UpdateHeads(heads, pages);
  RC_ASSERT(updated.ok());
  for (const CommittedHead& head : heads) {
    auto proven = eventstore::ProveHead(head.key, pages);
    RC_ASSERT(proven.ok());
    RC_ASSERT(proven->head == head);
    RC_ASSERT(eventstore::VerifyHead(head, proven->proof, updated->root).ok());
    CommittedHead other = head;
    --other.revision;
    RC_ASSERT(!eventstore::VerifyHead(other, proven->proof, updated->root).ok());
    other = head;
    other.leaf_hash.bytes[*rc::gen::inRange<size_t>(0, 32)] ^= 1;
    RC_ASSERT(!eventstore::VerifyHead(other, proven->proof, updated->root).ok());
    eventstore::HeadProof longer = proven->proof;
    longer.emplace_back();
    RC_ASSERT(!eventstore::VerifyHead(head, longer, updated->root).ok());
    if (!proven->proof.empty()) {
      const auto at = *rc::gen::inRange<size_t>(0, proven->proof.size());
      eventstore::HeadProof shorter = proven->proof;
      shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(at));
      RC_ASSERT(!eventstore::VerifyHead(head, shorter, updated->root).ok());
      proven->proof[at].bytes[*rc::gen::inRange<size_t>(0, 32)] ^= 1;
      RC_ASSERT(!eventstore::VerifyHead(head, proven->proof, updated->root).ok());
    }
  }
  const Hash256 absent = *AnyKey();
  const auto known = std::any_of(heads.begin(), heads.end(),
                                 [&](const CommittedHead& head) { return head.key == absent; });
  RC_ASSERT(known || absl::IsNotFound(eventstore::ProveHead(absent, pages).status()));
}

RC_GTEST_PROP(CommittedHeads, PagesReadAsTheyWereWrittenAndOthersAreRefused, (std::string noise)) {
  HeadsPage page;
  for (unsigned i = 0; i < HeadsPage::kSlots; ++i) {
    const int kind = *rc::gen::inRange(0, 3);
    if (kind == 1) page.SetHead(i, *AnyHead());
    if (kind == 2) page.SetPage(i, *AnyKey());
  }
  const std::string bytes = page.ToBytes();
  const auto read = HeadsPage::FromBytes(bytes);
  RC_ASSERT(read.ok());
  RC_ASSERT(read->ToBytes() == bytes);
  RC_ASSERT(!HeadsPage::FromBytes(bytes + "x").ok());
  RC_ASSERT(!HeadsPage::FromBytes(bytes.substr(0, bytes.size() - 1)).ok());
  const auto other = HeadsPage::FromBytes(noise);
  if (other.ok()) RC_ASSERT(other->ToBytes() == noise);
}

// Heads at any size, asked for later than they were due.
RC_GTEST_PROP(CommittedHeads, AreComputedAgainFromTheEventsThatWentBy, ()) {
  const auto events = *rc::gen::container<std::vector<uint8_t>>(rc::gen::inRange<uint8_t>(0, 9));
  eventstore::HeadsReplay replay;
  Heads expected;
  std::map<uint64_t, std::pair<Hash256, size_t>> at;
  at[0] = {Hash256(), 0};
  std::map<uint8_t, uint64_t> revisions;
  uint64_t asked = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    const eventstore::StreamId stream{3, RepeatedUuid(events[i])};
    const uint64_t revision = ++revisions[events[i]];
    const Hash256 leaf = Sha256({std::to_string(i)});
    replay.Add(stream, revision, leaf);
    const Hash256 key = eventstore::HeadKey(stream);
    expected[key] = {key, revision, leaf};
    at[i + 1] = {PlainRoot(expected), expected.size()};
    if (*rc::gen::inRange(0, 4) != 0) continue;
    asked = *rc::gen::inRange<uint64_t>(asked, i + 2);
    const auto heads = replay.At(asked);
    RC_ASSERT(heads.ok());
    RC_ASSERT(heads->root == at[asked].first);
    RC_ASSERT(heads->stream_count == at[asked].second);
    RC_ASSERT(!replay.At(i + 2).ok());
    if (asked > 0) RC_ASSERT(!replay.At(asked - 1).ok());
  }
}

TEST(CommittedHeads, TheExampleOfThePage) {
  const eventstore::StreamId first{3, RepeatedUuid(0x11)};
  const eventstore::StreamId second{2, RepeatedUuid(0x22)};
  const CommittedHead first_head{eventstore::HeadKey(first), 2, RepeatedHash(0x44)};
  const CommittedHead second_head{eventstore::HeadKey(second), 1, RepeatedHash(0x55)};
  EXPECT_EQ(first_head.key.ToHex(),
            "715a00aa06581134bd14fd6f15ac3b103d9e3a2b7f57991f66a5a3c85e770203");
  EXPECT_EQ(eventstore::HashHead(first_head).ToHex(),
            "8e428a21af05004f584810c70cfe491dc894f8af97775cfc3527d00956ecd0d8");
  EXPECT_EQ(second_head.key.ToHex(),
            "a90a372a9b6dfd596199e06fa3c04c98f359728dfe3ac6a912da433e29e90a3e");
  EXPECT_EQ(eventstore::HashHead(second_head).ToHex(),
            "dd49b2fe75a0eb2fe300f305ef4ca2f7fb94b4d85aa68531dd94b3175668b733");
  MemoryPages pages;
  const auto updated = eventstore::UpdateHeads({first_head, second_head}, pages);
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(updated->root.ToHex(),
            "4b7d7c282fe970a64ad41d6ac6f1140675cf9b8a7ad9f6fe36009a562de73acf");
}

TEST(CommittedHeads, TakingInOneHeadTouchesTheWayToItAlone) {
  MemoryPages pages;
  std::vector<CommittedHead> heads;
  for (uint8_t i = 0; i < 250; ++i) {
    for (uint8_t j = 0; j < 40; ++j) {
      Hash256 key = Sha256({std::string{static_cast<char>(i), static_cast<char>(j)}});
      heads.push_back({key, 1, RepeatedHash(i)});
    }
  }
  ASSERT_TRUE(eventstore::UpdateHeads(heads, pages).ok());
  const size_t before = pages.writes();
  heads.front().revision = 2;
  ASSERT_TRUE(eventstore::UpdateHeads({heads.front()}, pages).ok());
  // 10,000 heads in pages of 16 slots lie four or five pages deep.
  EXPECT_LE(pages.writes() - before, 7u);
  EXPECT_GE(pages.writes() - before, 3u);
}

}  // namespace
}  // namespace caseledger::testing
