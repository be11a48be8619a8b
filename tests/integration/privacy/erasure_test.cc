// An erasure from the request to the key, what it leaves, and what cannot undo it.
#include <chrono>
#include <filesystem>
#include <future>
#include <random>
#include <thread>

#include "tests/integration/privacy/erasure_fixture.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ErasureOfAPerson, LeavesTheirEventsAndNothingOfThemAlsoWithAnOlderVault) {
  const std::string person = Register("Vũ Thị Xóa");
  Register("Đỗ Văn Còn");
  Prepare(person);
  Stop();
  fs::copy(directory_ / "data/vault", directory_ / "older", fs::copy_options::recursive);
  Start();
  const std::string before = Everything();
  EXPECT_THAT(before, HasSubstr("Vũ Thị Xóa"));
  Erase(person);
  EXPECT_TRUE(Eventually([&] { return Everything().find("Vũ Thị Xóa") == std::string::npos; }));
  const std::string after = Everything();
  EXPECT_THAT(after, HasSubstr(kErased));
  EXPECT_THAT(after, HasSubstr("sex: \"female\"")) << "what counts is kept";
  EXPECT_THAT(after, HasSubstr("Đỗ Văn Còn")) << "nobody else is touched";
  EXPECT_THAT(after, HasSubstr("call of Đỗ Văn Còn"));
  EXPECT_TRUE(server_->process().WaitForError("a person was erased"));

  // Nothing personal can be said of them any more.
  Client client(cast_, kPrivacyLedger);
  const auto refused = client.Send(
      CommandOf(person, "person_amended { attributes { private_part { full_name: 'X' } } }"));
  EXPECT_EQ(Explain(refused.status).reason, "PERSON_ERASED");
  Stop();
  const Finished verified = RunToEnd({CASELEDGER_PATH, "log", "verify", "--data-dir", data_dir_});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;

  fs::remove_all(directory_ / "data/vault");
  fs::rename(directory_ / "older", directory_ / "data/vault");
  Start();
  const std::string restored = Everything();
  EXPECT_THAT(restored, Not(HasSubstr("Vũ Thị Xóa")));
  EXPECT_THAT(restored, HasSubstr(kErased));
  EXPECT_THAT(restored, Not(HasSubstr("SEAL_STATE_KEY_LOST")));
  EXPECT_THAT(restored, HasSubstr("Đỗ Văn Còn"));
}

// The server is killed at any moment around the erasure: either it was never recorded and the
// person is there, or it was and they are gone.
TEST_F(ErasureOfAPerson, IsWholeOrNotThereAfterAKillAtAnyMoment) {
  constexpr int kRounds = 50;
  const unsigned seed = std::random_device{}();
  std::printf("seed %u\n", seed);
  std::mt19937 random(seed);
  std::vector<std::string> persons;
  for (int i = 0; i < kRounds; ++i) {
    persons.push_back(Register("Tên Số " + std::to_string(i) + " Hết"));
    Prepare(persons.back());
  }
  int recorded = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string name = "Tên Số " + std::to_string(i) + " Hết";
    Client officer(cast_, kPrivacyLedger, kOfficer);
    officer.Admit(kOfficer);
    officer.EventCount();  // it is connected
    const v1::Command command =
        CommandOf(persons[static_cast<size_t>(i)], "person_erased { request_id: 'r' }");
    auto sent = std::async(std::launch::async, [&] { return officer.Send(command).status; });
    // No condition to wait for: any moment will do.
    sent.wait_for(std::chrono::microseconds(random() % 12'000));
    Kill();
    const bool answered = sent.get().ok();
    Start();
    const std::string everything = Everything();
    const bool is_erased = everything.find(name) == std::string::npos;
    EXPECT_TRUE(is_erased || !answered) << "round " << i;
    if (is_erased) {
      ++recorded;
    } else {
      EXPECT_THAT(everything, HasSubstr("call of " + name)) << "not half erased, round " << i;
      Erase(persons[static_cast<size_t>(i)]);
    }
    if (HasFailure()) return;
  }
  std::printf("%d of %d erasures were recorded before the kill\n", recorded, kRounds);
  EXPECT_GT(recorded, 0);
  EXPECT_LT(recorded, kRounds);
  Stop();
  Start();
  EXPECT_THAT(Everything(), Not(HasSubstr("Tên Số")));
}

}  // namespace
}  // namespace caseledger::testing
