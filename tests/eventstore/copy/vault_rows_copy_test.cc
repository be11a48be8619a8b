// A vault copied to another store.
#include "eventstore/copy/vault_rows_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "eventstore/base/strings.h"
#include "eventstore/vault/memory_store.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> RowsOf(const VaultStore& store) {
  std::vector<std::string> rows;
  EXPECT_TRUE(store
                  .Visit("",
                         [&](std::string_view key, std::string_view value) {
                           rows.push_back(StrCat(key, "=", value));
                           return true;
                         })
                  .ok());
  return rows;
}

class VaultRowsCopy : public ::testing::Test {
 protected:
  VaultRowsCopy() {
    Put(from_, VaultRows::Info(), "this vault");
    for (int i = 0; i < 3000; ++i) Put(from_, StrCat("z key ", i), StrCat("wrapped ", i));
  }
  static void Put(VaultStore& store, const std::string& key, std::optional<std::string> value) {
    EXPECT_TRUE(store.Write({{key, std::move(value)}}, /*durable=*/true).ok());
  }

  MemoryVaultStore from_, to_;
};

TEST_F(VaultRowsCopy, AllRowsAreCopied) {
  EXPECT_EQ(CheckSameVaultRows(from_, to_).code(), absl::StatusCode::kDataLoss);
  const auto rows = CopyVaultRows(from_, to_, nullptr);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, 3001U);
  EXPECT_EQ(RowsOf(to_), RowsOf(from_));
  EXPECT_TRUE(CheckSameVaultRows(from_, to_).ok());
}

TEST_F(VaultRowsCopy, InterruptedItGoesOnAndForgetsWhatWasDestroyedSince) {
  const auto stopped = CopyVaultRows(from_, to_, [](uint64_t rows) { return rows < 2000; });
  EXPECT_TRUE(absl::IsCancelled(stopped.status())) << stopped.status();
  EXPECT_FALSE(RowsOf(to_).empty());
  Put(from_, "z key 1", std::nullopt);  // an erasure
  Put(from_, "z key 2", "wrapped anew");
  ASSERT_TRUE(CopyVaultRows(from_, to_, nullptr).ok());
  EXPECT_EQ(RowsOf(to_), RowsOf(from_));
}

TEST_F(VaultRowsCopy, AnotherVaultIsNotWrittenOver) {
  Put(to_, VaultRows::Info(), "another vault");
  const auto before = RowsOf(to_);
  EXPECT_EQ(CopyVaultRows(from_, to_, nullptr).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(RowsOf(to_), before);
  MemoryVaultStore empty, other;
  const auto none = CopyVaultRows(empty, other, nullptr);
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.status().message()), HasSubstr("put it back first"));
}

TEST_F(VaultRowsCopy, EachRowIsCompared) {
  ASSERT_TRUE(CopyVaultRows(from_, to_, nullptr).ok());
  Put(to_, "z key 7", "wrapped 8");
  EXPECT_EQ(CheckSameVaultRows(from_, to_).code(), absl::StatusCode::kDataLoss);
  Put(to_, "z key 7", "wrapped 7");
  EXPECT_TRUE(CheckSameVaultRows(from_, to_).ok());
  Put(to_, "z key 7a", "");
  EXPECT_EQ(CheckSameVaultRows(from_, to_).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace caseledger::eventstore
