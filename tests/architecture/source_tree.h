// The project's own sources as text, for tests that judge their shape.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caseledger::architecture {

struct SourceFile {
  std::string path;  // relative to the top of the tree, such as `services/domain/event.h`
  std::string text;
};

// One `#include`, without its quotes or brackets.
struct Include {
  int line = 0;  // from 1
  std::string header;
  bool angled = false;
};

// Every file below `folders` whose name ends in one of `endings`, sorted by path. Folders that do
// not exist yet are left out.
std::vector<SourceFile> ReadTree(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& endings);

// The includes of a C++ file; those in comments do not count.
std::vector<Include> IncludesOf(std::string_view text);

// The text with comments and the inside of string literals blanked, line breaks kept.
std::string WithoutComments(std::string_view text);

}  // namespace caseledger::architecture
