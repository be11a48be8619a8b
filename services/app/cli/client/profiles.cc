#include "services/app/cli/client/profiles.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_join.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/app/cli/text/file_text.h"

namespace caseledger::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostProfileBytes = 64 << 10;

constexpr char kSuffix[] = ".toml";
constexpr size_t kMostNameChars = 64;
constexpr auto kOwnerOnly = fs::perms::owner_read | fs::perms::owner_write;

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

absl::Status CheckName(const std::string& name) {
  const bool good =
      !name.empty() && name.size() <= kMostNameChars && name[0] != '.' &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
      });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("a profile is named by 1 to 64 of A-Z a-z 0-9 . _ -, the first no dot: ", name));
}

// `"value"`, which TOML takes as it is.
absl::StatusOr<std::string> Quoted(const std::string& key, const std::string& value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= ' ';
  });
  if (plain) return StrCat("\"", value, "\"");
  return absl::InvalidArgumentError(
      StrCat("--", key, ": a profile holds no quotation marks and backslashes"));
}

std::string WholePath(const std::string& path) {
  return path.empty() ? "" : fs::absolute(path).lexically_normal().string();
}

absl::Status Failed(std::string_view what, const std::string& path, const std::error_code& error) {
  return absl::UnavailableError(StrCat("cannot ", what, " ", path, ": ", error.message()));
}

}  // namespace

Profiles Profiles::OfUser() {
  std::string folder = FromEnvironment("XDG_CONFIG_HOME");
  if (folder.empty()) folder = FromEnvironment("HOME") + "/.config";
  return Profiles(folder + "/caseledger");
}

std::string Profiles::PathOf(const std::string& name) const {
  if (name.empty() || name.find('/') != std::string::npos) return name;
  return StrCat(folder_, "/", name, kSuffix);
}

std::vector<std::string> Profiles::Names() const {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    if (entry.path().extension() == kSuffix) names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Profiles::InUse() const {
  std::error_code error;
  const fs::path target = fs::read_symlink(CurrentLink(), error);
  if (error || !fs::exists(folder_ / target, error)) return "";
  return target.stem().string();
}

absl::StatusOr<std::string> Profiles::Read(const std::string& name) const {
  absl::StatusOr<std::string> text = ReadFile(PathOf(name), kMostProfileBytes);
  if (!absl::IsNotFound(text.status())) return text;
  const std::vector<std::string> names = Names();
  return absl::NotFoundError(
      names.empty() ? StrCat("no profile ", name, "; `caseledger profile add` makes one")
                    : StrCat("no profile ", name, "; there are ", absl::StrJoin(names, ", ")));
}

absl::Status Profiles::Write(const std::string& name, const ClientOptions& options) const {
  RETURN_IF_ERROR(CheckName(name));
  const std::pair<const char*, std::string> settings[] = {
      {"server", options.server},           {"ledger", options.ledger},
      {"ca", WholePath(options.ca_file)},   {"cert", WholePath(options.cert_file)},
      {"key", WholePath(options.key_file)}, {"token-file", WholePath(options.token_file)},
      {"purpose", options.purpose}};
  std::string text;
  for (const auto& [key, value] : settings) {
    if (value.empty()) continue;
    ASSIGN_OR_RETURN(const std::string quoted, Quoted(key, value));
    text += StrCat(key, " = ", quoted, "\n");
  }
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return Failed("make", folder_, error);
  const std::string path = PathOf(name);
  const std::string partial = path + ".part";
  std::ofstream(partial, std::ios::trunc).close();
  fs::permissions(partial, kOwnerOnly, error);
  std::ofstream file(partial, std::ios::binary);
  file << text;
  if (!file.flush()) return absl::UnavailableError(StrCat("cannot write ", partial));
  fs::rename(partial, path, error);
  return error ? Failed("write", path, error) : absl::OkStatus();
}

absl::Status Profiles::Use(const std::string& name) const {
  RETURN_IF_ERROR(CheckName(name));
  RETURN_IF_ERROR(Read(name).status());
  std::error_code error;
  const std::string link = CurrentLink() + ".part";
  fs::remove(link, error);
  fs::create_symlink(name + kSuffix, link, error);
  if (!error) fs::rename(link, CurrentLink(), error);
  return error ? Failed("choose", name, error) : absl::OkStatus();
}

absl::Status Profiles::Remove(const std::string& name) const {
  RETURN_IF_ERROR(CheckName(name));
  RETURN_IF_ERROR(Read(name).status());
  const bool used = InUse() == name;
  std::error_code error;
  fs::remove(PathOf(name), error);
  if (!error && used) fs::remove(CurrentLink(), error);
  return error ? Failed("remove", name, error) : absl::OkStatus();
}

std::vector<std::string> WarningsOf(const ClientOptions& options) {
  std::vector<std::string> warnings;
  for (const std::string& path : {options.key_file, options.token_file}) {
    struct stat about {};
    if (path.empty() || stat(path.c_str(), &about) != 0) continue;
    if ((about.st_mode & (S_IRGRP | S_IROTH)) == 0) continue;
    warnings.push_back(StrCat("other users can read ", path, ": chmod 600 ", path));
  }
  return warnings;
}

}  // namespace caseledger::cli
