// A move that a crash ended between ending the originals and letting the copies go on.
#include <filesystem>
#include <string>

#include "eventstore/base/clock.h"
#include "eventstore/base/strings.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/app/storage/move.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/bootstrapped.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

class MoveEnds : public ::testing::Test {
 protected:
  MoveEnds() {
    EXPECT_TRUE(BootstrapLedger(directory_ / "from", "quang-ninh", SystemClock()).ok());
    options_.from.data_dir = directory_ / "from";
    options_.to.data_dir = directory_ / "to";
    options_.to.vault_dir = directory_ / "to-vault";
  }

  absl::StatusOr<app::Moved> Move() const {
    return app::MoveLedgers(options_, SystemClock(), SystemRandom());
  }
  // As it stands when the program ends before the copies go on.
  void UndoTheLastStep() const {
    app::StorageOptions storage;
    storage.data_dir = options_.to.data_dir;
    const auto opened = app::Storage::Open(storage, SystemRandom());
    ASSERT_TRUE(opened.ok()) << opened.status();
    const auto infos = (*opened)->engine().ListLedgers();
    ASSERT_TRUE(infos.ok()) << infos.status();
    for (auto info : *infos) {
      *info.mutable_arriving() = info.came_by();
      info.clear_came_by();
      info.add_incompatible_features("arriving");
      ASSERT_TRUE((*opened)->engine().ReplaceInfo(info).ok());
    }
    ASSERT_TRUE((*opened)->Close().ok());
  }

  ScratchDirectory directory_;
  app::MoveOptions options_;
};

TEST_F(MoveEnds, GoesOnWithTheVaultThatWasCopiedAndWithNoOther) {
  const auto moved = Move();
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_GT(moved->vault_rows, 0U);
  UndoTheLastStep();

  const std::string vault = options_.to.vault_dir;
  options_.to.vault_dir.clear();
  const auto without = Move();
  EXPECT_EQ(without.status().code(), absl::StatusCode::kFailedPrecondition) << without.status();
  EXPECT_THAT(std::string(without.status().message()), HasSubstr("give --to-vault-dir"));
  EXPECT_FALSE(std::filesystem::exists(options_.to.data_dir + "/vault")) << "no empty one is made";

  options_.to.vault_dir = vault;
  const auto again = Move();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->copy_id, moved->copy_id);
  EXPECT_EQ(again->vault_rows, 0U) << "it is left alone";
  EXPECT_FALSE(again->was_done);

  // Where the vault came from it may be gone by now, as people are told.
  std::filesystem::remove_all(directory_ / "from/vault");
  UndoTheLastStep();
  EXPECT_TRUE(Move().ok());
  const auto done = Move();
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_TRUE(done->was_done);
  EXPECT_FALSE(std::filesystem::exists(directory_ / "from/vault"));
}

TEST_F(MoveEnds, WhatIsThereAlreadyKeepsItsPermissions) {
  namespace fs = std::filesystem;
  fs::create_directory(options_.to.data_dir);
  const fs::perms before = fs::perms(0755);
  fs::permissions(options_.to.data_dir, before);
  ASSERT_TRUE(Move().ok());
  EXPECT_EQ(fs::status(options_.to.data_dir).permissions(), before);
  EXPECT_EQ(fs::status(options_.to.vault_dir).permissions(), fs::perms(0700));
}

}  // namespace
}  // namespace caseledger::testing
