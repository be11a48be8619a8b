// The vault of a database as a server opens it: what is missing, and what only does not answer.
#include "services/app/vault/vault_files.h"

#include "eventstore/base/random.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/vault/memory_store.h"
#include "gmock/gmock.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/fake_clock.h"
#include "tests/support/forwarding_vault_store.h"

namespace caseledger::testing {
namespace {

using app::VaultFiles;
using ::testing::HasSubstr;

// Rows that several servers see. Reading below a prefix fails when told to.
class Shared final : public ForwardingVaultStore {
 public:
  Shared(eventstore::MemoryVaultStore& rows, const bool& away)
      : ForwardingVaultStore(rows), away_(away) {}

  absl::Status Visit(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    if (away_) return absl::UnavailableError("the connection is lost");
    return ForwardingVaultStore::Visit(prefix, visit);
  }

 private:
  const bool& away_;
};

class VaultInDatabase : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<VaultFiles>> Open(const std::string& wrapping_keys) {
    return VaultFiles::Open(app::VaultIn(directory_ / "data", "", directory_ / wrapping_keys),
                            engine_, clock_, SystemRandom(),
                            std::make_unique<Shared>(rows_, away_));
  }
  absl::Status Check(const std::string& wrapping_keys) {
    const Shared rows(rows_, away_);
    return VaultFiles::CheckWrappingKeys(
        app::VaultIn(directory_ / "data", "", directory_ / wrapping_keys), rows, clock_,
        SystemRandom());
  }

  ScratchDirectory directory_;
  FakeClock clock_;
  eventstore::MemoryEngine engine_;
  eventstore::MemoryVaultStore rows_;
  bool away_ = false;
};

TEST_F(VaultInDatabase, ThatDoesNotAnswerIsNotMissing) {
  ASSERT_TRUE(Open("keys").ok());
  away_ = true;
  const auto away = Open("keys");
  EXPECT_EQ(away.status().code(), absl::StatusCode::kUnavailable) << away.status();
  EXPECT_THAT(std::string(away.status().message()), HasSubstr("the connection is lost"));
  away_ = false;
  const auto back = Open("keys");
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE((*back)->missing().ok());
}

TEST_F(VaultInDatabase, WithoutItsWrappingKeysIsMissing) {
  ASSERT_TRUE(Open("keys").ok());
  EXPECT_TRUE(Check("keys").ok()) << Check("keys");
  const auto without = Open("elsewhere");
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_THAT(std::string((*without)->missing().message()), HasSubstr("VAULT_MISSING"));
  EXPECT_EQ(Check("elsewhere").code(), absl::StatusCode::kUnavailable);
}

TEST_F(VaultInDatabase, ThatIsNewTakesNoOthersWrappingKeys) {
  ASSERT_TRUE(Open("keys").ok());
  eventstore::MemoryVaultStore another;
  const auto opened =
      VaultFiles::Open(app::VaultIn(directory_ / "data", "", directory_ / "keys"), engine_, clock_,
                       SystemRandom(), std::make_unique<Shared>(another, away_));
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << opened.status();
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("an empty folder"));
}

TEST_F(VaultInDatabase, NeedsAllKeysThatWrapSomething) {
  ASSERT_TRUE(Open("keys").ok());
  // Other keys, of the same kind.
  eventstore::MemoryVaultStore another;
  ASSERT_TRUE(VaultFiles::Open(app::VaultIn(directory_ / "data", "", directory_ / "others"),
                               engine_, clock_, SystemRandom(),
                               std::make_unique<Shared>(another, away_))
                  .ok());
  const absl::Status checked = Check("others");
  EXPECT_EQ(checked.code(), absl::StatusCode::kFailedPrecondition) << checked;
  EXPECT_THAT(std::string(checked.message()), HasSubstr("needs 1 wrapping keys"));
}

}  // namespace
}  // namespace caseledger::testing
