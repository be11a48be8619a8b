#include "services/app/cli/text/file_text.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace caseledger::cli {
namespace {

class FileText : public ::testing::Test {
 protected:
  ~FileText() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }

  std::string pattern_ = std::filesystem::temp_directory_path() / "caseledger-file-XXXXXX";
  std::string folder_ = ::mkdtemp(pattern_.data());
};

TEST_F(FileText, IsTakenAsItIsUpToTheBound) {
  const std::string text = std::string("a\r\n\0\xff", 5) + std::string(3 << 20, 'x');
  const std::string path = Write("whole", text);
  EXPECT_EQ(*ReadFile(path, text.size()), text);
  const absl::Status larger = ReadFile(path, text.size() - 1).status();
  EXPECT_EQ(larger.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(larger.message().find(path + ": larger than 3072 KiB"), std::string::npos) << larger;
  EXPECT_EQ(*ReadFile(Write("empty", ""), 0), "");
}

TEST_F(FileText, TellsWhatIsNotThere) {
  const absl::Status gone = ReadFile(Path("gone"), 10).status();
  EXPECT_EQ(gone.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(gone.message().find(Path("gone")), std::string::npos) << gone;
  EXPECT_FALSE(ReadFile(folder_, 10).ok());
}

TEST_F(FileText, MayComeThroughAPipe) {
  const std::string path = Path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(path) << std::string(200'000, 'y'); });
  const auto text = ReadFile(path, 1 << 20);
  writer.join();
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(text->size(), 200'000u);
}

}  // namespace
}  // namespace caseledger::cli
