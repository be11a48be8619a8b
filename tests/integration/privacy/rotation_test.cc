// Wrapping keys that change under a running server: what an erasure waits for to be complete.
#include <chrono>
#include <filesystem>
#include <random>

#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "tests/integration/privacy/erasure_fixture.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class ChangeOfWrappingKeys : public ErasureOfAPerson {
 protected:
  void RotateToTheEnd() {
    Client administrator(cast_, kPrivacyLedger, Cast::Administrator());
    const auto answer = administrator.Call<v1::RotateWrappingKeyResponse>(
        "AdminService/RotateWrappingKey", v1::RotateWrappingKeyRequest());
    ASSERT_TRUE(answer.ok()) << answer.status.error_message();
    EXPECT_TRUE(Eventually([&] { return !Vault().rotating(); }));
    EXPECT_EQ(Vault().trouble(), "");
    EXPECT_EQ(Vault().wrapping_keys_size(), 1);
  }
};

TEST_F(ChangeOfWrappingKeys, MakesAnErasureCompleteAndOlderCopiesWorthless) {
  const std::string person = Register("Vũ Thị Xóa");
  Register("Đỗ Văn Còn");
  EXPECT_EQ(Erasure(person).stage(), v1::ERASURE_STAGE_NONE);
  EXPECT_GT(Erasure(person).remaining_keys(), 0U);
  Prepare(person);
  EXPECT_EQ(Erasure(person).stage(), v1::ERASURE_STAGE_APPROVED);
  Stop();
  fs::copy(data_dir_, directory_ / "older", fs::copy_options::recursive);
  Start();
  Erase(person);
  EXPECT_TRUE(
      Eventually([&] { return Erasure(person).stage() == v1::ERASURE_STAGE_KEYS_DESTROYED; }));
  const v1::GetErasureResponse waiting = Erasure(person);
  EXPECT_EQ(waiting.remaining_keys(), 0U);
  EXPECT_GT(waiting.destroyed_keys(), 0U);
  const v1::GetVaultResponse before = Vault();
  ASSERT_EQ(before.wrapping_keys_size(), 1);
  const int64_t made = before.wrapping_keys(0).created_time().seconds();
  EXPECT_EQ(waiting.completes_by_time().seconds(), made + 10 * 24 * 3600);
  EXPECT_EQ(before.next_rotation_time().seconds(), made + 10 * 24 * 3600);

  const Finished rotated = Program(Cast::Administrator(), {"vault", "rotate"});
  EXPECT_EQ(rotated.code, 0) << rotated.out << rotated.err;
  EXPECT_THAT(rotated.out, HasSubstr("Back the vault up now"));
  const Finished status = Program(Cast::Administrator(), {"vault", "status"});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr(Vault().wrapping_keys(0).wrapping_key_id()));
  EXPECT_NE(Vault().wrapping_keys(0).wrapping_key_id(), before.wrapping_keys(0).wrapping_key_id());
  const v1::GetErasureResponse complete = Erasure(person);
  EXPECT_EQ(complete.stage(), v1::ERASURE_STAGE_COMPLETE);
  EXPECT_FALSE(complete.has_completes_by_time());
  const std::string after = Everything();
  EXPECT_THAT(after, Not(HasSubstr("Vũ Thị Xóa")));
  EXPECT_THAT(after, HasSubstr("Đỗ Văn Còn"));
  EXPECT_THAT(after, Not(HasSubstr("SEAL_STATE_KEY_LOST")));
  Stop();

  // Whoever kept log and vault from before has no key to open the vault with any more.
  fs::remove_all(directory_ / "older/wrapping-keys");
  fs::copy(directory_ / "data/wrapping-keys", directory_ / "older/wrapping-keys",
           fs::copy_options::recursive);
  EXPECT_THAT(RefusalToStart(directory_ / "older"), HasSubstr("WRAPPING_KEY_WRONG"));
  Start();
  EXPECT_THAT(Everything(), HasSubstr("Đỗ Văn Còn"));
}

TEST_F(ChangeOfWrappingKeys, GoesOnAfterAKillAtAnyMoment) {
  constexpr int kRounds = 20;
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::vector<std::string> names;
  int cut = 0;
  for (int i = 0; i < kRounds; ++i) {
    for (int j = 0; j < 10; ++j) {
      names.push_back("Tên Số " + std::to_string(i) + "-" + std::to_string(j) + " Hết");
      Register(names.back());
    }
    RotateAndKillAfter(std::chrono::microseconds(random() % 60'000));
    const auto folder = fs::directory_iterator(directory_ / "data/wrapping-keys");
    int keys = 0;
    for (const fs::directory_entry& file : folder)
      keys += file.path().extension() == ".key" ? 1 : 0;
    cut += keys > 1 ? 1 : 0;
    Start();
    ASSERT_TRUE(Eventually([&] {
      const v1::GetVaultResponse vault = Vault();
      return !vault.rotating() && vault.wrapping_keys_size() == 1;
    })) << "round "
        << i;
    const std::string everything = Everything();
    for (const std::string& name : names) {
      ASSERT_THAT(everything, HasSubstr(name)) << "round " << i;
    }
  }
  std::printf("%d of %d kills came in the middle of a change\n", cut, kRounds);
  EXPECT_GT(cut, 0);
}

// The vault is that of all ledgers.
TEST_F(ChangeOfWrappingKeys, AsksTheRulesOfEveryLedger) {
  Stop();
  cast_.Begin(data_dir_, "hai-phong", SystemClock());
  server_ = std::make_unique<ServerProcess>(data_dir_,
                                            std::vector<std::string>{kPrivacyLedger, "hai-phong"},
                                            cast_.ServerFlags(NoAgencyLimits()));
  ASSERT_NE(server_->address(), "") << server_->process().err();
  cast_.Serve(server_->address());
  const auto rotate = [this](const Who& who) {
    return Client(cast_, kPrivacyLedger, who)
        .Call<v1::RotateWrappingKeyResponse>("AdminService/RotateWrappingKey",
                                             v1::RotateWrappingKeyRequest())
        .status;
  };
  const grpc::Status of_one = rotate({"mot-noi", "so-qn", "administrator"});
  EXPECT_EQ(of_one.error_code(), grpc::StatusCode::PERMISSION_DENIED) << of_one.error_message();
  const grpc::Status of_both = rotate(Cast::Administrator());
  EXPECT_TRUE(of_both.ok()) << of_both.error_message();
}

TEST_F(ChangeOfWrappingKeys, AsksTheRulesFirst) {
  Client officer(cast_, kPrivacyLedger, kOfficer);
  const auto refused = officer.Call<v1::RotateWrappingKeyResponse>("AdminService/RotateWrappingKey",
                                                                   v1::RotateWrappingKeyRequest());
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  RotateToTheEnd();
  Stop();
  fs::rename(directory_ / "data/vault", directory_ / "gone");
  Start();
  EXPECT_FALSE(Vault().available());
  EXPECT_THAT(Vault().trouble(), HasSubstr("VAULT_MISSING"));
  Client administrator(cast_, kPrivacyLedger, Cast::Administrator());
  const auto missing = administrator.Call<v1::RotateWrappingKeyResponse>(
      "AdminService/RotateWrappingKey", v1::RotateWrappingKeyRequest());
  EXPECT_EQ(missing.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Explain(missing.status).reason, "VAULT_MISSING");
}

}  // namespace
}  // namespace caseledger::testing
