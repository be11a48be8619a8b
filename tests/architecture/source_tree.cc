#include "tests/architecture/source_tree.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

namespace caseledger::architecture {
namespace {

bool EndsInOneOf(const std::string& name, const std::vector<std::string>& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](const std::string& ending) { return name.ends_with(ending); });
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// Where the comment or literal that begins at `begin` ends (exclusive); `begin` when none begins
// there. Raw string literals are not used in this project's layers.
size_t EndOfBlank(std::string_view text, size_t begin) {
  const std::string_view rest = text.substr(begin);
  if (rest.starts_with("//")) return std::min(text.find('\n', begin), text.size());
  if (rest.starts_with("/*")) {
    const size_t end = text.find("*/", begin + 2);
    return end == std::string_view::npos ? text.size() : end + 2;
  }
  constexpr std::string_view kQuoteCharacter = "'\"'";
  if (rest.starts_with(kQuoteCharacter)) return begin + kQuoteCharacter.size();
  if (rest.empty() || rest.front() != '"') return begin;
  size_t end = begin + 1;
  while (end < text.size() && text[end] != '"' && text[end] != '\n') {
    end += text[end] == '\\' ? 2 : 1;
  }
  return std::min(end + 1, text.size());
}

}  // namespace

std::vector<SourceFile> ReadTree(const std::vector<std::string>& folders,
                                 const std::vector<std::string>& endings) {
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const std::string path = entry.path().generic_string();
      if (path.find("node_modules") != std::string::npos) continue;
      if (entry.is_regular_file() && EndsInOneOf(path, endings)) {
        files.push_back({path, ReadFile(entry.path())});
      }
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<Include> IncludesOf(std::string_view text) {
  static const auto& kDirective = *new std::regex(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::smatch found;
    if (!std::regex_search(line, found, kDirective)) continue;
    includes.push_back({number, found[2].str(), found[1].str() == "<"});
  }
  return includes;
}

std::string WithoutComments(std::string_view text) {
  std::string code(text);
  size_t at = 0;
  while (at < code.size()) {
    const size_t end = EndOfBlank(text, at);
    for (size_t i = at; i < end; ++i) {
      if (code[i] != '\n') code[i] = ' ';
    }
    at = std::max(end, at + 1);
  }
  return code;
}

}  // namespace caseledger::architecture
