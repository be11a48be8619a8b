#include "services/app/cli/client/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace caseledger::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProfilesTest : public ::testing::Test {
 protected:
  ~ProfilesTest() override { fs::remove_all(scratch_); }

  static ClientOptions Options() {
    ClientOptions options;
    options.server = "ledger.example.org:7400";
    options.ca_file = "/pki/ca.crt";
    options.cert_file = "/pki/agency.crt";
    options.key_file = "agency.key";
    options.token_file = "/home/lan/token";
    return options;
  }

  const std::string scratch_ = [] {
    std::string name = (fs::temp_directory_path() / "caseledger-profiles-XXXXXX").string();
    return std::string(mkdtemp(name.data()));
  }();
  const Profiles profiles_{scratch_ + "/caseledger"};
};

TEST_F(ProfilesTest, ThereAreNoneAtFirst) {
  EXPECT_THAT(profiles_.Names(), IsEmpty());
  EXPECT_EQ(profiles_.InUse(), "");
  EXPECT_EQ(profiles_.PathOf(""), "");
  EXPECT_TRUE(absl::IsNotFound(profiles_.Read("centre").status()));
}

TEST_F(ProfilesTest, AreWrittenForTheirOwnerAloneWithWholePaths) {
  ASSERT_TRUE(profiles_.Write("centre", Options()).ok());
  EXPECT_EQ(*profiles_.Read("centre"),
            "server = \"ledger.example.org:7400\"\n"
            "ca = \"/pki/ca.crt\"\n"
            "cert = \"/pki/agency.crt\"\n"
            "key = \"" +
                fs::absolute("agency.key").string() +
                "\"\n"
                "token-file = \"/home/lan/token\"\n");
  EXPECT_EQ(fs::status(profiles_.PathOf("centre")).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_THAT(profiles_.Names(), ElementsAre("centre"));
}

TEST_F(ProfilesTest, OneIsInUseUntilItIsRemoved) {
  ASSERT_TRUE(profiles_.Write("a", Options()).ok());
  ASSERT_TRUE(profiles_.Write("b", Options()).ok());
  EXPECT_EQ(profiles_.InUse(), "");
  ASSERT_TRUE(profiles_.Use("a").ok());
  ASSERT_TRUE(profiles_.Use("b").ok());
  EXPECT_EQ(profiles_.InUse(), "b");
  EXPECT_THAT(profiles_.Names(), ElementsAre("a", "b"));
  ASSERT_TRUE(profiles_.Remove("b").ok());
  EXPECT_EQ(profiles_.InUse(), "");
  EXPECT_THAT(profiles_.Names(), ElementsAre("a"));
  const absl::Status unknown = profiles_.Use("b");
  EXPECT_TRUE(absl::IsNotFound(unknown));
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("there are a"));
}

TEST_F(ProfilesTest, NamesAndTextsThatWouldMeanSomethingElseAreRefused) {
  for (const char* name : {"", ".", "..", ".in-use", "a/b", "../a", "a b", "a\n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(profiles_.Write(name, Options()))) << name;
    EXPECT_FALSE(profiles_.Use(name).ok()) << name;
    EXPECT_FALSE(profiles_.Remove(name).ok()) << name;
  }
  for (const char* text : {"a\"b", "a\\b", "a\nkey = \"/x\""}) {
    ClientOptions options = Options();
    options.ledger = text;
    EXPECT_TRUE(absl::IsInvalidArgument(profiles_.Write("a", options))) << text;
  }
}

TEST_F(ProfilesTest, KeysAndTokensThatOthersCanReadAreWarnedOf) {
  ClientOptions options;
  options.key_file = scratch_ + "/key";
  options.token_file = scratch_ + "/token";
  EXPECT_THAT(WarningsOf(options), IsEmpty()) << "not there";
  for (const std::string& path : {options.key_file, options.token_file}) {
    std::ofstream(path) << "secret";
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_THAT(WarningsOf(options), IsEmpty());
  fs::permissions(options.key_file, fs::perms::group_read, fs::perm_options::add);
  EXPECT_THAT(WarningsOf(options), ElementsAre(HasSubstr("chmod 600 " + options.key_file)));
}

}  // namespace
}  // namespace caseledger::cli
