// What a batch looks up beforehand, and that no answer of the log changes by it.
#include "eventstore/sequencer/foresight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "eventstore/codec/marks.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::eventstore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

StreamId Stream(uint8_t number) {
  StreamId stream{2, {}};
  stream.id.bytes[0] = 1;
  stream.id.bytes[15] = number;
  return stream;
}

// Hears what is expected; shows an empty ledger.
class Listening final : public HeadView {
 public:
  const LedgerHead& head() const override { return head_; }
  absl::StatusOr<StreamHead> FindStream(const StreamId& /*stream*/) override {
    return StreamHead{};
  }
  absl::StatusOr<std::optional<std::string>> FindMark(std::string_view /*key*/) override {
    return std::nullopt;
  }
  absl::Status Expect(std::span<const std::string> mark_keys,
                      std::span<const StreamId> expected) override {
    marks.assign(mark_keys.begin(), mark_keys.end());
    streams.assign(expected.begin(), expected.end());
    return status;
  }
  absl::Status VisitMarks(std::string_view /*prefix*/,
                          absl::FunctionRef<bool(std::string_view)> /*visit*/) override {
    return absl::OkStatus();
  }
  absl::Status ReadStream(const StreamId& /*stream*/, uint64_t /*from_revision*/,
                          absl::FunctionRef<bool(const StoredEvent&)> /*visit*/) override {
    return absl::OkStatus();
  }
  absl::Status Read(uint64_t /*from*/, uint64_t /*end*/,
                    absl::FunctionRef<bool(const StoredEvent&)> /*visit*/) override {
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<std::string>> FindTile(unsigned /*level*/,
                                                      uint64_t /*index*/) override {
    return std::nullopt;
  }

  std::vector<std::string> marks;
  std::vector<StreamId> streams;
  absl::Status status;

 private:
  const LedgerHead head_{};
};

AppendRequest RequestOf(uint8_t number) {
  AppendRequest request;
  request.key = {"hotline", Stream(number).id};
  return request;
}

class ForesightTest : public ::testing::Test {
 protected:
  ForesightTest() {
    context_.ledger = "a";
    context_.sealer = &sealer_;
    context_.shared = true;
  }
  absl::Status Look(const std::vector<const AppendRequest*>& appends) {
    return LookAhead(view_, appends, context_, recent_, usual_);
  }

  caseledger::testing::OpaqueFacts sealer_;
  BatchContext context_;
  RecentEvents recent_{16, 1 << 20};
  UsualStreams usual_;
  Listening view_;
};

TEST_F(ForesightTest, ABatchLooksOnceForAllItsAppends) {
  AppendRequest first = RequestOf(1), second = RequestOf(2);
  first.foresee = [] {
    return Foresight{Stream(10), {Stream(11), Stream(12)}, {{3, "paper", "17"}, {3, "", "18"}}};
  };
  second.foresee = [] {
    return Foresight{Stream(11), {Stream(10), Stream(11)}, {{3, "paper", "17"}}};
  };
  ASSERT_TRUE(Look({&first, &second, &first}).ok());
  EXPECT_THAT(view_.streams, UnorderedElementsAre(Stream(10), Stream(11), Stream(12)));
  EXPECT_THAT(
      view_.marks,
      UnorderedElementsAre(*MarkKeys::Request("hotline", first.key.request_id),
                           *MarkKeys::Request("hotline", second.key.request_id),
                           *MarkKeys::Name(3, "paper", "17"), *MarkKeys::NameOfAnySource(3, "17"),
                           *MarkKeys::NameOfAnySource(3, "18"),
                           MarkKeys::Reference(/*to=*/Stream(11), /*from=*/Stream(10)),
                           MarkKeys::Reference(/*to=*/Stream(12), /*from=*/Stream(10)),
                           MarkKeys::Reference(/*to=*/Stream(10), /*from=*/Stream(11))));
}

TEST_F(ForesightTest, OfALedgerThatNobodySharesNothingIsLookedUpBeforehand) {
  context_.shared = false;
  AppendRequest request = RequestOf(1);
  request.foresee = [] { return Foresight{Stream(10), {Stream(11)}, {}}; };
  view_.status = absl::UnavailableError("it was asked");
  EXPECT_TRUE(Look({&request}).ok());
}

TEST_F(ForesightTest, WhatMakesNoKeyIsLeftToWhoeverAsks) {
  AppendRequest request = RequestOf(1);
  request.foresee = [] {
    return Foresight{{}, {}, {{3, "paper", std::string(MarkKeys::kMaxTextBytes + 1, 'x')}}};
  };
  ASSERT_TRUE(Look({&request}).ok());
  EXPECT_THAT(view_.marks, SizeIs(1));
  EXPECT_THAT(view_.streams, IsEmpty());
}

TEST_F(ForesightTest, AnErrorEndsTheCommit) {
  view_.status = absl::UnavailableError("gone");
  const AppendRequest request = RequestOf(1);
  EXPECT_EQ(Look({&request}), view_.status);
}

TEST_F(ForesightTest, WhatTwoBatchesAskedForIsExpectedByTheThird) {
  usual_.Asked({Stream(1), Stream(2)});
  EXPECT_THAT(usual_.streams(), IsEmpty());
  usual_.Asked({Stream(2), Stream(3)});
  EXPECT_THAT(usual_.streams(), ElementsAre(Stream(2)));
  ASSERT_TRUE(Look({}).ok());
  EXPECT_THAT(view_.streams, ElementsAre(Stream(2)));
  usual_.Asked({Stream(4)});
  EXPECT_THAT(usual_.streams(), IsEmpty());
}

TEST_F(ForesightTest, TheUsualHasABound) {
  absl::flat_hash_set<StreamId> many;
  for (int i = 0; i < 250; ++i) many.insert(Stream(static_cast<uint8_t>(i)));
  usual_.Asked(many);
  usual_.Asked(many);
  EXPECT_THAT(usual_.streams(), SizeIs(UsualStreams::kMost));
}

}  // namespace
}  // namespace caseledger::eventstore
