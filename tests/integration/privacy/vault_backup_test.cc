// The drill of losing everything: log and vault come back from their backups, and nobody who was
// erased comes back with them.
#include <chrono>
#include <filesystem>
#include <iterator>
#include <random>

#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "nlohmann/json.hpp"
#include "tests/integration/privacy/erasure_fixture.h"
#include "tests/integration/privacy/scan.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kSample[] = "deploy/sample/quang-ninh-2024-h1";
const Who kDataSteward{"nhap-lieu", "so-qn", "data_steward"};

class VaultBackup : public ErasureOfAPerson {
 protected:
  void SetUp() override {
    MakePlaces();
    StartWithBackups();
  }

  void StartWithBackups(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--backup-dir", backups_, "--backup-mib-per-second", "0",
                             "--vault-backup-dir", vault_backups_});
    Start(more);
  }
  Finished AsAdministrator(const std::vector<std::string>& words) {
    return Program(Cast::Administrator(), words);
  }
  // Without a server, with exit code 0: what it printed.
  static std::string Locally(std::vector<std::string> words) {
    words.insert(words.begin(), CASELEDGER_PATH);
    const Finished finished = RunToEnd(words);
    EXPECT_EQ(finished.code, 0) << finished.out << finished.err;
    return finished.out;
  }
  static json BackupsIn(const std::string& directory) {
    return json::parse(Locally(
        {"vault", "backups", "--vault-backup-dir", directory, "--format", "json"}))["backups"];
  }
  bool IsBackedUp() {
    const v1::GetVaultResponse vault = Vault();
    return vault.has_backup_time() && !vault.backup_due() && !vault.rotating();
  }
  // Until its keys are destroyed and that is in the backup.
  void EraseToTheEnd(const std::string& person) {
    const uint64_t before = BackupsIn(vault_backups_).back()["backup_id"];
    Erase(person);
    EXPECT_TRUE(Eventually([&] {
      return Erasure(person).remaining_keys() == 0 && IsBackedUp() &&
             BackupsIn(vault_backups_).back()["backup_id"] > before;
    }));
  }
  void CopyAside(const std::string& name) const {
    fs::copy(vault_backups_, directory_ / name, fs::copy_options::recursive);
  }
  // All that the server had is gone but its backups and the volume of the wrapping keys.
  void LoseEverything() {
    Stop();
    fs::remove_all(directory_ / "lost");
    fs::rename(data_dir_, directory_ / "lost");
  }
  // From the backups of the log, and those of the vault in `vault_backups`.
  void RestoreTo(const std::string& data_dir, const std::string& vault_backups) {
    Locally({"backup", "restore", backups_, "--to", data_dir});
    const std::string said =
        Locally({"vault", "restore", "--vault-backup-dir", vault_backups, "--data-dir", data_dir});
    EXPECT_THAT(said, HasSubstr("start the server"));
    fs::copy(directory_ / "lost/wrapping-keys", data_dir + "/wrapping-keys",
             fs::copy_options::recursive);
  }

  const std::string backups_ = directory_ / "backups";
  const std::string vault_backups_ = directory_ / "vault-backups";
};

TEST_F(VaultBackup, WithTheLogsItBringsEverythingBackButNobodyWhoWasErased) {
  const Finished imported = Program(kDataSteward, {"import", kSample});
  ASSERT_EQ(imported.code, 0) << imported.err;
  const std::string person = Register("Vũ Thị Xóa");
  Register("Đỗ Văn Còn");
  Prepare(person);
  EXPECT_EQ(Erasure(person).stage(), v1::ERASURE_STAGE_APPROVED);
  ASSERT_EQ(AsAdministrator({"backup", "create"}).code, 0);
  EXPECT_THAT(BackupsIn(vault_backups_), SizeIs(1));
  EXPECT_THAT(Everything(), HasSubstr("Vũ Thị Xóa"));
  CopyAside("before-all");
  EraseToTheEnd(person);
  CopyAside("before-rotation");
  const Finished rotated = AsAdministrator({"vault", "rotate"});
  EXPECT_EQ(rotated.code, 0) << rotated.err;
  EXPECT_THAT(rotated.out, HasSubstr("The server has backed the vault up:"));
  EXPECT_TRUE(Eventually([&] { return IsBackedUp() && !Vault().backup_unusable(); }));
  Register("Lê Thị Sau");
  const std::string everything = Everything();
  ASSERT_EQ(AsAdministrator({"backup", "create"}).code, 0);
  const json kept = BackupsIn(vault_backups_);
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_EQ(kept[0]["wrapping_key_ids"][0], Vault().wrapping_keys(0).wrapping_key_id());

  LoseEverything();
  RestoreTo(data_dir_, vault_backups_);
  StartWithBackups({"--new-origin", kPrivacyLedger});
  const std::string restored = Everything();
  EXPECT_EQ(restored.substr(0, everything.size()), everything);
  EXPECT_THAT(restored, HasSubstr("Lê Thị Sau"));
  EXPECT_THAT(restored, Not(HasSubstr("Vũ Thị Xóa")));
  EXPECT_THAT(restored, Not(HasSubstr("SEAL_STATE_KEY_LOST")));
  EXPECT_EQ(Erasure(person).stage(), v1::ERASURE_STAGE_COMPLETE);
  Register("Trần Văn Mới");
  EXPECT_THAT(Everything(), HasSubstr("Trần Văn Mới"));
  EXPECT_TRUE(Eventually([&] { return IsBackedUp(); }));
  Stop();
  Locally({"log", "verify", "--data-dir", data_dir_});
  for (const std::string& place : {data_dir_, backups_, vault_backups_}) {
    const Scan scan = ScanFor({"Vũ Thị Xóa", "Thị Xóa", "022190001234"}, place);
    EXPECT_THAT(scan.found, IsEmpty()) << place << ": " << scan.found[0].where;
    EXPECT_GT(scan.bytes, 100'000U) << place;
  }

  // Copies that somebody kept from before the wrapping key was changed.
  for (const char* older : {"before-all", "before-rotation"}) {
    RestoreTo(directory_ / "other", directory_ / older);
    const std::string refused = RefusalToStart(directory_ / "other");
    EXPECT_THAT(refused, HasSubstr("WRAPPING_KEY_WRONG")) << older;
    EXPECT_THAT(refused, HasSubstr("from before the last change of wrapping keys"));
    fs::remove_all(directory_ / "other");
  }
}

// The log's fence destroys in an older vault what was destroyed in the newer one.
TEST_F(VaultBackup, AnOlderOneFromBeforeAnErasureDoesNotUndoIt) {
  const std::string person = Register("Vũ Thị Xóa");
  Register("Đỗ Văn Còn");
  Prepare(person);
  ASSERT_EQ(AsAdministrator({"vault", "rotate"}).code, 0);
  const Finished asked = AsAdministrator({"vault", "backup"});
  EXPECT_EQ(asked.code, 0) << asked.err;
  EXPECT_THAT(asked.out, HasSubstr("is backed up as of"));
  CopyAside("before-erasure");
  EraseToTheEnd(person);
  ASSERT_EQ(AsAdministrator({"backup", "create"}).code, 0);

  LoseEverything();
  RestoreTo(data_dir_, directory_ / "before-erasure");
  StartWithBackups({"--new-origin", kPrivacyLedger});
  const std::string restored = Everything();
  EXPECT_THAT(restored, Not(HasSubstr("Vũ Thị Xóa")));
  EXPECT_THAT(restored, HasSubstr(kErased));
  EXPECT_THAT(restored, HasSubstr("Đỗ Văn Còn"));
  EXPECT_EQ(Erasure(person).remaining_keys(), 0U);
  // It continues the newer backup, too, which knew no key that this one does not.
  EXPECT_TRUE(Eventually([&] { return IsBackedUp(); }));
  EXPECT_EQ(Vault().backup_trouble(), "");
}

TEST_F(VaultBackup, OneThatIsOlderThanTheLogIsRefused) {
  EXPECT_TRUE(Eventually([&] { return IsBackedUp(); }));
  CopyAside("older");  // nobody was recorded yet
  Register("Đỗ Văn Còn");
  ASSERT_EQ(AsAdministrator({"backup", "create"}).code, 0);
  LoseEverything();
  RestoreTo(directory_ / "other", directory_ / "older");
  const std::string refused =
      RefusalToStart(directory_ / "other", {"--new-origin", kPrivacyLedger});
  EXPECT_THAT(refused, HasSubstr("KEYS_LOST"));
  EXPECT_THAT(refused, HasSubstr("Put back the newest backup of the vault"));
}

TEST_F(VaultBackup, IsThereAndOpensWhateverMomentTheServerIsKilledAt) {
  constexpr int kRounds = 20;
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  int cut = 0;
  for (int i = 0; i < kRounds; ++i) {
    SCOPED_TRACE(i);
    const std::string name = "Tên Số " + std::to_string(i) + " Hết";
    Register(name);
    ASSERT_TRUE(Eventually([&] { return IsBackedUp(); }));
    RotateAndKillAfter(std::chrono::microseconds(random() % 25'000));
    const json left = BackupsIn(vault_backups_);  // all of them whole
    ASSERT_GE(left.size(), 1U);
    for (const std::string key : left.back()["wrapping_key_ids"]) {
      ASSERT_TRUE(fs::exists(directory_ / "data/wrapping-keys/" + key + ".key")) << key;
    }
    const fs::directory_iterator keys(directory_ / "data/wrapping-keys");
    cut += std::distance(begin(keys), end(keys)) > 1 ? 1 : 0;
    StartWithBackups();
    ASSERT_TRUE(Eventually([&] { return IsBackedUp() && !Vault().backup_unusable(); }));
    ASSERT_THAT(BackupsIn(vault_backups_), SizeIs(1));
    ASSERT_THAT(Everything(), HasSubstr(name));
  }
  std::printf("%d of %d kills came in the middle of a change\n", cut, kRounds);
  EXPECT_GT(cut, 0);
}

TEST_F(VaultBackup, WhatCannotBeMadeIsToldAndMadeLater) {
  EXPECT_TRUE(Eventually([&] { return IsBackedUp(); }));
  fs::rename(vault_backups_, directory_ / "unmounted");
  WriteWholeFile(vault_backups_, "no directory");
  const Finished both = AsAdministrator({"backup", "create"});
  EXPECT_EQ(both.code, 1) << both.out;
  EXPECT_THAT(both.err, HasSubstr("backup 1 of the log is complete, but the vault's"));
  EXPECT_THAT(Locally({"backup", "verify", backups_}), HasSubstr("is whole"));
  EXPECT_EQ(AsAdministrator({"vault", "backup"}).code, 1);
  const Finished status = AsAdministrator({"vault", "status"});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("newest backup: of "));
  EXPECT_THAT(status.out, HasSubstr("a newer one is being made"));
  EXPECT_THAT(status.out, HasSubstr("trouble with backups, which are tried again: "));
  EXPECT_TRUE(server_->process().WaitForError("the vault is not backed up as it should be"));
  const Finished rotated = AsAdministrator({"vault", "rotate"});
  EXPECT_EQ(rotated.code, 0) << rotated.err;
  EXPECT_THAT(rotated.out, HasSubstr("could not back the vault up yet and tries again"));
  EXPECT_TRUE(Vault().backup_unusable());
  EXPECT_THAT(AsAdministrator({"vault", "status"}).out, HasSubstr("opens nothing any more"));

  fs::remove(vault_backups_);
  fs::rename(directory_ / "unmounted", vault_backups_);
  EXPECT_TRUE(Eventually([&] { return AsAdministrator({"vault", "backup"}).code == 0; }));
  EXPECT_FALSE(Vault().backup_unusable());
  EXPECT_EQ(Vault().backup_trouble(), "");
}

TEST_F(VaultBackup, DamageAndMistakesAreToldWithExitCodesOfTheirOwn) {
  EXPECT_TRUE(Eventually([&] { return IsBackedUp(); }));
  const Finished running = RunToEnd({CASELEDGER_PATH, "vault", "restore", "--vault-backup-dir",
                                     vault_backups_, "--data-dir", data_dir_});
  EXPECT_EQ(running.code, 1);
  EXPECT_THAT(running.err, HasSubstr("nothing is overwritten"));
  Stop();
  const std::string file = fs::directory_iterator(vault_backups_)->path();
  std::string bytes = ReadWholeFile(file);
  bytes.resize(bytes.size() / 2);
  WriteWholeFile(file, bytes);
  const Finished listed =
      RunToEnd({CASELEDGER_PATH, "vault", "backups", "--vault-backup-dir", vault_backups_});
  EXPECT_EQ(listed.code, 2);
  EXPECT_THAT(listed.out, HasSubstr("it is cut"));
  const Finished restored =
      RunToEnd({CASELEDGER_PATH, "vault", "restore", "--vault-backup-dir", vault_backups_,
                "--data-dir", directory_ / "new", "--vault-dir", directory_ / "elsewhere"});
  EXPECT_EQ(restored.code, 2);
  EXPECT_FALSE(fs::exists(directory_ / "new") || fs::exists(directory_ / "elsewhere"));
  EXPECT_EQ(RunToEnd({CASELEDGER_PATH, "vault", "restore", "--vault-backup-dir",
                      directory_ / "nowhere", "--data-dir", directory_ / "new"})
                .code,
            1);
  // A server makes a new one, and does not touch what it cannot read.
  StartWithBackups();
  EXPECT_TRUE(server_->process().WaitForError("an older one is still in"));
  EXPECT_TRUE(fs::exists(file));
  EXPECT_THAT(Vault().backup_trouble(), HasSubstr("remove it"));
}

TEST_F(VaultBackup, DoesNotLieWithWhatItIsOfNorWithWhatOpensIt) {
  Stop();
  const std::vector<std::string> elsewhere = {"--vault-dir",        directory_ / "vault",
                                              "--wrapping-key-dir", directory_ / "keys",
                                              "--backup-dir",       backups_};
  for (const char* beside :
       {"data", "data/vault-backups", "vault", "keys/", "backups/vault", "vault/../keys/x", "."}) {
    std::vector<std::string> command = {
        CASELEDGERD_PATH, "--data-dir",         data_dir_,          "--ledger", kPrivacyLedger,
        "--listen",       "127.0.0.1:0",        "--metrics-listen", "none",     "--log-listen",
        "none",           "--vault-backup-dir", directory_ / beside};
    command.insert(command.end(), elsewhere.begin(), elsewhere.end());
    for (const std::string& flag : cast_.ServerFlags()) command.push_back(flag);
    const Finished server = RunToEnd(command);
    EXPECT_EQ(server.code, 1) << beside;
    EXPECT_THAT(server.err, HasSubstr("must not hold one another")) << beside;
  }
}

TEST_F(VaultBackup, IsForAdministratorsOfEveryLedgerToAskFor) {
  const auto ask = [this](const Who& who) {
    Client client(cast_, kPrivacyLedger, who);
    return client
        .Call<v1::CreateVaultBackupResponse>("AdminService/CreateVaultBackup",
                                             v1::CreateVaultBackupRequest())
        .status;
  };
  EXPECT_EQ(ask(kOfficer).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(ask(Cast::Administrator()).ok());
  Stop();
  Start();  // without a directory
  const grpc::Status not_configured = ask(Cast::Administrator());
  EXPECT_EQ(not_configured.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Explain(not_configured).reason, "VAULT_BACKUP_NOT_CONFIGURED");
  EXPECT_FALSE(Vault().backs_up());
  EXPECT_THAT(AsAdministrator({"vault", "status"}).out, HasSubstr("does not back it up"));
  Stop();
  fs::rename(directory_ / "data/vault", directory_ / "gone");
  StartWithBackups();
  EXPECT_EQ(Explain(ask(Cast::Administrator())).reason, "VAULT_MISSING");
}

}  // namespace
}  // namespace caseledger::testing
