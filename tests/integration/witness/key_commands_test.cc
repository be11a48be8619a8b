// `caseledger key` on the key files of a log and of a witness; no server runs.
#include "eventstore/base/random.h"
#include "eventstore/signing/key_ring.h"
#include "gmock/gmock.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::testing {
namespace {

using eventstore::KeyAlgorithm;
using eventstore::KeyRing;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class KeyCommands : public ::testing::Test {
 protected:
  // A file with one key.
  std::string KeyFile(KeyAlgorithm algorithm) {
    KeyRing ring(algorithm);
    EXPECT_TRUE(ring.Add("log.example/a", 0, SystemRandom()).ok());
    EXPECT_TRUE(ring.Save(directory_ / "keys").ok());
    return directory_ / "keys";
  }
  static Finished Key(const std::string& command, const std::string& file,
                      const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {CASELEDGER_PATH, "key", command, "--key-file", file};
    words.insert(words.end(), more.begin(), more.end());
    return RunToEnd(words);
  }
  ScratchDirectory directory_;
};

TEST_F(KeyCommands, ARotationIsListedWithItsEnd) {
  const std::string file = KeyFile(KeyAlgorithm::kNote);
  EXPECT_THAT(Key("list", file, {"--format", "json"}).out, Not(HasSubstr("until")));
  const Finished rotated = Key("rotate", file, {"--overlap-days", "7"});
  EXPECT_EQ(rotated.code, 0) << rotated.err;
  EXPECT_THAT(rotated.err, HasSubstr("from the next checkpoint on"));
  const std::string json = Key("list", file, {"--format", "json"}).out;
  EXPECT_THAT(json, ContainsRegex("\"until\": \"20[0-9T:-]+Z\""));
  EXPECT_THAT(json, HasSubstr(rotated.out.substr(0, rotated.out.find('\n'))));
}

TEST_F(KeyCommands, AWitnessUsesItsNewKeyOnceItIsStartedAgain) {
  const Finished rotated = Key("rotate", KeyFile(KeyAlgorithm::kCosignatureV1));
  EXPECT_EQ(rotated.code, 0) << rotated.err;
  EXPECT_THAT(rotated.err, HasSubstr("once the witness is started again"));
}

TEST_F(KeyCommands, AFileThatIsNotThereIsNotMadeUnasked) {
  const Finished rotated = Key("rotate", directory_ / "nowhere");
  EXPECT_EQ(rotated.code, 1);
  EXPECT_THAT(rotated.err, HasSubstr("Check the path"));
  EXPECT_EQ(Key("list", directory_ / "nowhere").code, 1);
}

}  // namespace
}  // namespace caseledger::testing
