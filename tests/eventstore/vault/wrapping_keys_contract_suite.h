// Contract of WrappingKeys, for every provider. A provider's test program includes this and calls
//
//   INSTANTIATE_TEST_SUITE_P(KeyFiles, WrappingKeysContract, ::testing::Values(MakeKeysHost(...)));
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/random.h"
#include "eventstore/base/thread.h"
#include "eventstore/vault/keys/wrapping_keys.h"
#include "tests/support/fake_clock.h"

namespace caseledger::eventstore::testing {

// Where the keys of one test are kept.
class KeysHost {
 public:
  virtual ~KeysHost() = default;
  // The first time with one key, afterwards with those that are there. What was opened before has
  // been given back.
  virtual absl::StatusOr<std::unique_ptr<WrappingKeys>> Open(Clock& clock) = 0;
};

using MakeKeysHost = std::function<std::unique_ptr<KeysHost>()>;

class WrappingKeysContract : public ::testing::TestWithParam<MakeKeysHost> {
 protected:
  void SetUp() override { Restart(); }

  void Restart() {
    keys_.reset();
    absl::StatusOr<std::unique_ptr<WrappingKeys>> opened = host_->Open(clock_);
    ASSERT_TRUE(opened.ok()) << opened.status();
    keys_ = *std::move(opened);
  }

  std::vector<WrappingKeyInfo> All() const {
    absl::StatusOr<std::vector<WrappingKeyInfo>> all = keys_->List();
    EXPECT_TRUE(all.ok()) << all.status();
    return all.ok() ? *std::move(all) : std::vector<WrappingKeyInfo>(1);
  }
  std::vector<Uuid> Ids() const {
    std::vector<Uuid> ids;
    for (const WrappingKeyInfo& info : All()) ids.push_back(info.id);
    return ids;
  }
  Uuid Newest() const { return Ids().back(); }

  Uuid Create() {
    const absl::StatusOr<WrappingKeyInfo> made = keys_->Create();
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->id : Uuid{};
  }
  std::string Wrap(const Uuid& with, const SecretKey& key, std::string_view about) {
    absl::StatusOr<std::string> wrapped = keys_->Wrap(with, key, about);
    EXPECT_TRUE(wrapped.ok()) << wrapped.status();
    return wrapped.ok() ? *std::move(wrapped) : "";
  }
  absl::StatusCode CodeOfUnwrap(const Uuid& with, std::string_view wrapped,
                                std::string_view about) {
    return keys_->Unwrap(with, wrapped, about).status().code();
  }
  void ExpectUnwraps(const Uuid& with, std::string_view wrapped, std::string_view about,
                     const SecretKey& key) {
    const absl::StatusOr<SecretKey> unwrapped = keys_->Unwrap(with, wrapped, about);
    ASSERT_TRUE(unwrapped.ok()) << unwrapped.status();
    EXPECT_TRUE(unwrapped->raw() == key.raw()) << "another key than was wrapped";
  }

  caseledger::testing::FakeClock clock_;
  const std::unique_ptr<KeysHost> host_ = GetParam()();
  const SecretKey data_key_ = SecretKey::Random(SystemRandom());
  std::unique_ptr<WrappingKeys> keys_;
};

TEST_P(WrappingKeysContract, UnwrapsWhatItWrapped) {
  for (const std::string& about :
       {std::string(), std::string("person 7"), std::string(1000, 'x')}) {
    const std::string wrapped = Wrap(Newest(), data_key_, about);
    EXPECT_GE(wrapped.size(), 64u);
    EXPECT_LE(wrapped.size(), 128u);
    EXPECT_EQ(wrapped.find(data_key_.raw()), std::string::npos);
    ExpectUnwraps(Newest(), wrapped, about, data_key_);
  }
}

TEST_P(WrappingKeysContract, WrapsTheSameKeyToOtherBytesEachTime) {
  EXPECT_NE(Wrap(Newest(), data_key_, "a"), Wrap(Newest(), data_key_, "a"));
}

TEST_P(WrappingKeysContract, NothingUnwrapsForWhatItWasNotWrappedFor) {
  const std::string wrapped = Wrap(Newest(), data_key_, "person 7");
  for (const std::string_view about : {"", "person 8", "person 77", "person "}) {
    EXPECT_EQ(CodeOfUnwrap(Newest(), wrapped, about), absl::StatusCode::kDataLoss) << about;
  }
}

TEST_P(WrappingKeysContract, NothingUnwrapsWithAnotherWrappingKey) {
  const Uuid first = Newest();
  const std::string wrapped = Wrap(first, data_key_, "a");
  EXPECT_EQ(CodeOfUnwrap(Create(), wrapped, "a"), absl::StatusCode::kDataLoss);
  ExpectUnwraps(first, wrapped, "a", data_key_);
}

TEST_P(WrappingKeysContract, DamageIsDataLoss) {
  const std::string wrapped = Wrap(Newest(), data_key_, "a");
  for (size_t i = 0; i < wrapped.size() * 8; ++i) {
    std::string flipped = wrapped;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_EQ(CodeOfUnwrap(Newest(), flipped, "a"), absl::StatusCode::kDataLoss) << "bit " << i;
  }
  for (size_t size = 0; size < wrapped.size(); ++size) {
    const std::string_view cut = std::string_view(wrapped).substr(0, size);
    EXPECT_EQ(CodeOfUnwrap(Newest(), cut, "a"), absl::StatusCode::kDataLoss) << size << " bytes";
  }
  EXPECT_EQ(CodeOfUnwrap(Newest(), wrapped + "x", "a"), absl::StatusCode::kDataLoss);
}

TEST_P(WrappingKeysContract, UnknownKeysAreNotFound) {
  const Uuid unknown = Uuid::Generate(clock_, SystemRandom());
  EXPECT_EQ(keys_->Wrap(unknown, data_key_, "a").status().code(), absl::StatusCode::kNotFound);
  const std::string wrapped = Wrap(Newest(), data_key_, "a");
  EXPECT_EQ(CodeOfUnwrap(unknown, wrapped, "a"), absl::StatusCode::kNotFound);
  EXPECT_TRUE(keys_->Destroy(unknown).ok());
  EXPECT_EQ(Ids().size(), 1u);
}

TEST_P(WrappingKeysContract, CreateMakesTheNewestAndKeepsTheOthers) {
  std::vector<Uuid> made = Ids();
  const std::string wrapped = Wrap(made.front(), data_key_, "a");
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(kMicrosPerSecond);
    const absl::StatusOr<WrappingKeyInfo> next = keys_->Create();
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(next->created_at, clock_.Now());
    made.push_back(next->id);
    EXPECT_EQ(All().back().created_at, next->created_at);
  }
  EXPECT_EQ(Ids(), made);
  ExpectUnwraps(made.front(), wrapped, "a", data_key_);
}

TEST_P(WrappingKeysContract, TheOneMadeLastIsTheNewestWhateverTheClockSays) {
  std::vector<Uuid> made = Ids();
  made.push_back(Create());
  clock_.Advance(-3600 * kMicrosPerSecond);
  made.push_back(Create());
  made.push_back(Create());
  EXPECT_EQ(Ids(), made);
  Restart();
  EXPECT_EQ(Ids(), made);
}

TEST_P(WrappingKeysContract, ReopeningKeepsKeysTimesAndOrder) {
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(1'234'567);
    Create();
  }
  const std::vector<WrappingKeyInfo> before = All();
  std::vector<std::string> wrapped;
  wrapped.reserve(before.size());
  for (const WrappingKeyInfo& info : before) wrapped.push_back(Wrap(info.id, data_key_, "a"));
  Restart();
  const std::vector<WrappingKeyInfo> after = All();
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].id, before[i].id);
    EXPECT_EQ(after[i].created_at, before[i].created_at);
    ExpectUnwraps(before[i].id, wrapped[i], "a", data_key_);
  }
}

TEST_P(WrappingKeysContract, ADestroyedKeyIsGoneAlsoAfterARestart) {
  const Uuid first = Newest();
  const std::string wrapped = Wrap(first, data_key_, "a");
  const Uuid second = Create();
  ASSERT_TRUE(keys_->Destroy(first).ok());
  EXPECT_TRUE(keys_->Destroy(first).ok()) << "once more";
  for (int opened = 0; opened < 2; ++opened) {
    EXPECT_EQ(CodeOfUnwrap(first, wrapped, "a"), absl::StatusCode::kNotFound);
    EXPECT_EQ(keys_->Wrap(first, data_key_, "a").status().code(), absl::StatusCode::kNotFound);
    EXPECT_EQ(Ids(), std::vector<Uuid>{second});
    Restart();
  }
}

TEST_P(WrappingKeysContract, TheNewestIsNotDestroyed) {
  const Uuid first = Newest();
  EXPECT_EQ(keys_->Destroy(first).code(), absl::StatusCode::kFailedPrecondition);
  const Uuid second = Create();
  EXPECT_EQ(keys_->Destroy(second).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Ids(), (std::vector<Uuid>{first, second}));
  ExpectUnwraps(second, Wrap(second, data_key_, "a"), "a", data_key_);
}

TEST_P(WrappingKeysContract, ThreadsWrapAndUnwrapWhileKeysRotate) {
  constexpr int kThreads = 3;
  constexpr int kRoundTrips = 100;
  constexpr int kRotations = 10;
  std::atomic<int> at_work = kThreads;
  const auto work = [&] {
    for (int done = 0; done < kRoundTrips;) {
      const Uuid newest = Newest();
      const SecretKey key = SecretKey::Random(SystemRandom());
      const absl::StatusOr<std::string> wrapped = keys_->Wrap(newest, key, "a");
      if (!wrapped.ok()) {
        ASSERT_EQ(wrapped.status().code(), absl::StatusCode::kNotFound) << wrapped.status();
        continue;  // was destroyed since
      }
      const absl::StatusOr<SecretKey> unwrapped = keys_->Unwrap(newest, *wrapped, "a");
      if (unwrapped.ok()) {
        ASSERT_TRUE(unwrapped->raw() == key.raw());
        ++done;
      } else {
        ASSERT_EQ(unwrapped.status().code(), absl::StatusCode::kNotFound) << unwrapped.status();
      }
    }
  };
  std::vector<Thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back("wraps", [&] {
      work();
      --at_work;
    });
  }
  for (int rotations = 0; rotations < kRotations || at_work > 0; ++rotations) {
    Create();
    while (Ids().size() > 2) ASSERT_TRUE(keys_->Destroy(Ids().front()).ok());
  }
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(Ids().size(), 2u);
}

}  // namespace caseledger::eventstore::testing
