#include "tests/integration/support/scratch_directory.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include "gtest/gtest.h"
#include "tests/integration/support/kept_output.h"

namespace caseledger::testing {
namespace {

// Paths of everything below, one a line.
std::string NamesBelow(const std::filesystem::path& path) {
  std::string names;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(path, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && at != end;
       at.increment(error)) {
    names += at->path().lexically_relative(path).string() + "\n";
  }
  return names;
}

}  // namespace

ScratchDirectory::ScratchDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "caseledger-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot create " << name;
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  KeepOutput("files", NamesBelow(path_));
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadWholeFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void WriteWholeFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  EXPECT_TRUE(file.flush().good()) << path;
}

}  // namespace caseledger::testing
