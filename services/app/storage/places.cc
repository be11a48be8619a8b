#include "services/app/storage/places.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "eventstore/base/strings.h"

namespace caseledger::app {
namespace {

namespace fs = std::filesystem;

fs::path Canonical(const std::string& path) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  // Without the empty last part of a path that ends in a slash.
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

bool Holds(const fs::path& outer, const fs::path& inner) {
  const auto [in_outer, in_inner] =
      std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return in_outer == outer.end();
}

}  // namespace

bool HoldOneAnother(const std::string& a, const std::string& b) {
  const fs::path one = Canonical(a);
  const fs::path other = Canonical(b);
  return Holds(one, other) || Holds(other, one);
}

absl::Status CheckApart(const Place& copies, const Place& of) {
  if (!HoldOneAnother(copies.path, of.path)) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(copies.flag, " ", copies.path, " and ", of.flag, " ",
                                           of.path,
                                           " must not hold one another; choose a directory on "
                                           "another disk"));
}

}  // namespace caseledger::app
