// An erasure from the request to the key, what it leaves, and what cannot undo it.
#include <filesystem>

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

}  // namespace
}  // namespace caseledger::testing
