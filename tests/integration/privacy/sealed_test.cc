// What is personal is nowhere on disk in the clear, and is read by who may as long as its keys are
// there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "eventstore/base/core_dump.h"
#include "tests/integration/privacy/privacy_fixture.h"
#include "tests/integration/privacy/scan.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSample[] = "deploy/sample/quang-ninh-2024-h1";
const Who kDataSteward{"nhap-lieu", "so-qn", "data_steward"};

constexpr char kCaller[] = "Người Gọi Giấu Tên";
constexpr char kCallerPhone[] = "+84987001122";
constexpr char kNote[] = "Chị kể đã rời nhà lúc nửa đêm";
constexpr char kPlan[] = "Đưa hai mẹ con về nhà bà ngoại";
constexpr char kNumber[] = "022190001234";
constexpr char kSafety[] = "chỉ gọi buổi trưa";
constexpr char kShelterPlace[] = "Ngõ 17 đường Hoa Ban";
// What an auditor with a warrant reads; the place of a shelter is for its own staff.
constexpr std::array<const char*, 6> kWritten = {kCaller, kCallerPhone, kNote,
                                                 kPlan,   kNumber,      kSafety};

// Column `name` of a CSV file whose fields have no quotes.
std::set<std::string> Column(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  const auto fields_of = [](std::string text) {
    if (text.ends_with('\r')) text.pop_back();
    std::vector<std::string> fields;
    std::istringstream fields_in(text);
    for (std::string field; std::getline(fields_in, field, ',');) fields.push_back(field);
    return fields;
  };
  const std::vector<std::string> header = fields_of(line);
  const auto at =
      static_cast<size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  EXPECT_LT(at, header.size()) << name;
  std::set<std::string> values;
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = fields_of(line);
    if (at < fields.size() && !fields[at].empty()) values.insert(fields[at]);
  }
  return values;
}

// All that is personal in the sample and in what WriteMore records.
std::set<std::string> Secrets() {
  std::set<std::string> secrets(kWritten.begin(), kWritten.end());
  secrets.insert(kShelterPlace);
  for (const char* column : {"full_name", "phone"}) {
    const std::set<std::string> values = Column(std::string(kSample) + "/persons.csv", column);
    secrets.insert(values.begin(), values.end());
  }
  return secrets;
}

class SealedTest : public PrivacyTest {
 protected:
  void Import() { ProgramWell(kDataSteward, {"import", kSample}); }

  // Everything personal that the sample has nothing of.
  void WriteMore() {
    Client client(cast_, kPrivacyLedger);
    contact_ = NewUuid();
    person_ = NewUuid();
    case_ = NewUuid();
    client.Record(contact_, std::string("contact_received { channel: 'phone' note { text: '") +
                                kNote + "' } private_part { caller_name: '" + kCaller +
                                "' caller_phone: '" + kCallerPhone + "' } }");
    client.Record(person_,
                  std::string("person_registered { attributes { private_part { full_name: '") +
                      kCaller + "' } } }");
    client.Record(person_, std::string("identifier_attached { identifier_id: 'a' identifier_kind: "
                                       "'citizen_id' private_part { number: '") +
                               kNumber + "' } }");
    client.Record(person_,
                  std::string("safe_contact_rule_set { may_call: true private_part { how: '") +
                      kSafety + "' } }");
    client.Record(case_,
                  "case_opened { case_type: 'gender_based_violence' owner_agency_id: 'ctxh-qn' "
                  "owner_worker_id: 'nv-07' }");
    client.Record(
        case_, std::string("plan_drafted { plan_id: 'p' private_part { text: '") + kPlan + "' } }");
    client.Record(NewUuid(), std::string("shelter_registered { agency_id: 'ctxh-qn' beds: 2 "
                                         "private_part { address: '") +
                                 kShelterPlace + "' } }");
  }
  void ExpectAllIsRead() {
    const std::string everything = Everything();
    for (const char* secret : kWritten) EXPECT_THAT(everything, HasSubstr(secret));
    EXPECT_THAT(everything, Not(HasSubstr("sealed {")));
    EXPECT_THAT(everything, Not(HasSubstr(kShelterPlace)));
    EXPECT_THAT(Everything(Who{}), HasSubstr(kShelterPlace));
  }
  std::string contact_;
  std::string person_;
  std::string case_;
};

TEST_F(SealedTest, NothingPersonalOfTheSampleIsOnDiskInTheClear) {
  Import();
  WriteMore();
  Stop();
  std::ofstream(directory_ / "data/planted") << "x" << kCaller;
  const std::set<std::string> secrets = Secrets();
  ASSERT_GT(secrets.size(), 100U);
  Scan scan = ScanFor(secrets, directory_.path());
  ASSERT_EQ(scan.found.size(), 1U) << "the planted one, which shows that the scan finds";
  EXPECT_THAT(scan.found.front().where, HasSubstr("planted"));
  EXPECT_GT(scan.rows, 20'000U);
  fs::remove(directory_ / "data/planted");
  scan = ScanFor(secrets, directory_.path());
  ExpectNothingFound(scan);
  std::printf("scanned %zu files and %zu rows, %zu bytes, for %zu texts\n", scan.files, scan.rows,
              scan.bytes, secrets.size());
}

// Of a running process.
std::string CoreLimitOf(pid_t process) {
  const std::string limits = ReadWholeFile("/proc/" + std::to_string(process) + "/limits");
  const size_t at = limits.find("Max core file size");
  return at == std::string::npos ? "none" : limits.substr(at, limits.find('\n', at) - at);
}

TEST_F(SealedTest, NoProgramLeavesACoreDump) {
  constexpr char kNothing[] = "size +0 +0 +bytes";
  EXPECT_THAT(CoreLimitOf(server_->process().pid()), ::testing::ContainsRegex(kNothing));
  std::vector<std::string> follow = {CASELEDGER_PATH, "--ledger", kPrivacyLedger};
  cast_.Admit(kPrivacyLedger, Cast::Auditor());
  for (const std::string& flag : cast_.ProgramFlags(Cast::Auditor())) follow.push_back(flag);
  follow.insert(follow.end(), {"--format", "json", "log", "follow", "--from", "0"});
  ChildProcess program(follow, Environment());
  ASSERT_TRUE(program.WaitForOutput("role_granted")) << program.err();
  EXPECT_THAT(CoreLimitOf(program.pid()), ::testing::ContainsRegex(kNothing));
}

TEST(NoProgramLeavesACoreDump, AlsoWithOneThatCollectsThem) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        LeaveNoCoreDump();
        std::_Exit(prctl(PR_GET_DUMPABLE));
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(SealedTest, AllOfItIsReadByWhoMayAlsoAfterAKill) {
  WriteMore();
  ExpectAllIsRead();
  Kill();
  Start();
  ExpectAllIsRead();
}

TEST_F(SealedTest, WithoutTheVaultWhatIsOpenIsServedAndTheRestIsSaidToBeMissing) {
  WriteMore();
  Stop();
  fs::rename(directory_ / "data/vault", directory_ / "vault-elsewhere");
  Start();
  EXPECT_TRUE(server_->process().WaitForError("the vault is missing"));
  const std::string everything = Everything();
  for (const char* secret : kWritten) EXPECT_THAT(everything, Not(HasSubstr(secret)));
  EXPECT_THAT(everything, HasSubstr("state: SEAL_STATE_UNAVAILABLE"));
  EXPECT_THAT(everything, HasSubstr("channel: \"phone\""));
  Client client(cast_, kPrivacyLedger);
  client.Record(contact_, "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  const auto refused =
      client.Send(CommandOf(NewUuid(), "contact_received { channel: 'phone' note { text: 'x' } }"));
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Explain(refused.status).reason, "VAULT_UNAVAILABLE");
  Stop();
  fs::rename(directory_ / "vault-elsewhere", directory_ / "data/vault");
  Start();
  ExpectAllIsRead();
}

TEST_F(SealedTest, WrongWrappingKeysAreRefusedWithWhatToDo) {
  WriteMore();
  Stop();
  fs::rename(directory_ / "data/wrapping-keys", directory_ / "right");
  cast_.Begin(directory_ / "other", "other", SystemClock());
  fs::copy(directory_ / "other/wrapping-keys", directory_ / "data/wrapping-keys",
           fs::copy_options::recursive);
  EXPECT_THAT(RefusalToStart(), HasSubstr("WRAPPING_KEY_WRONG"));
  fs::remove_all(directory_ / "data/wrapping-keys");
  fs::rename(directory_ / "right", directory_ / "data/wrapping-keys");
  cast_.Begin(directory_ / "data", "second", SystemClock());
  Start();
  ExpectAllIsRead();
}

TEST_F(SealedTest, AVaultThatLacksKeysIsRefusedUnlessTheLossIsAccepted) {
  Stop();
  fs::copy(directory_ / "data/vault", directory_ / "empty", fs::copy_options::recursive);
  Start();
  WriteMore();
  Stop();
  fs::rename(directory_ / "data/vault", directory_ / "newest");
  fs::rename(directory_ / "empty", directory_ / "data/vault");
  EXPECT_THAT(RefusalToStart(), HasSubstr("KEYS_LOST"));
  Start({"--accept-lost-keys"});
  const std::string everything = Everything();
  EXPECT_THAT(everything, HasSubstr("state: SEAL_STATE_KEY_LOST"));
  for (const char* secret : kWritten) EXPECT_THAT(everything, Not(HasSubstr(secret)));
}

}  // namespace
}  // namespace caseledger::testing
