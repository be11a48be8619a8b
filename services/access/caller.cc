#include "services/access/caller.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_split.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::access {
namespace {

constexpr size_t kMaxChars = 64;
constexpr size_t kMaxRoles = 16;

absl::Status CheckName(std::string_view key, const std::string& value) {
  const bool well_formed = !value.empty() && value.size() <= kMaxChars &&
                           std::all_of(value.begin(), value.end(), [](char c) {
                             return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                                    std::string_view("._-@:/").find(c) != std::string_view::npos;
                           });
  if (well_formed) return absl::OkStatus();
  return absl::UnauthenticatedError(StrCat("CALLER_UNKNOWN: send who is calling in the metadata ",
                                           key, " (1 to 64 of A-Z a-z 0-9 . _ - @ : /)"));
}

}  // namespace

absl::StatusOr<domain::Caller> Identify(const CallMetadata& metadata) {
  RETURN_IF_ERROR(CheckName(kActorKey, metadata.actor));
  RETURN_IF_ERROR(CheckName(kAgencyKey, metadata.agency));
  if (metadata.agency == kServerAgency) {
    return absl::UnauthenticatedError(
        StrCat("CALLER_UNKNOWN: the agency ", kServerAgency, " is the server itself"));
  }
  domain::Caller caller{metadata.actor, metadata.agency, {}};
  const std::vector<std::string> roles = absl::StrSplit(metadata.roles, ',', absl::SkipEmpty());
  if (roles.size() > kMaxRoles) {
    return absl::UnauthenticatedError(
        StrCat("CALLER_UNKNOWN: at most ", kMaxRoles, " roles in ", kRolesKey));
  }
  for (const std::string& role : roles) {
    RETURN_IF_ERROR(CheckName(kRolesKey, role));
    caller.roles.insert(role);
  }
  return caller;
}

}  // namespace caseledger::access
