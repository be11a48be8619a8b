// Who is calling. Until identities come from credentials, from call metadata; servers therefore
// listen on loopback only.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/domain/context.h"

namespace caseledger::access {

inline constexpr char kActorKey[] = "caseledger-actor";
inline constexpr char kAgencyKey[] = "caseledger-agency";
inline constexpr char kRolesKey[] = "caseledger-roles";

// The agency of what the server records itself (timers); no caller may claim it.
inline constexpr char kServerAgency[] = "caseledger";

// What the metadata of a call says, each "" when absent.
struct CallMetadata {
  std::string actor;
  std::string agency;
  std::string roles;  // comma-separated
  std::string traceparent;
};

// UNAUTHENTICATED when actor or agency are missing or not keys (1 to 64 of A-Z a-z 0-9 . _ - @ :
// /).
absl::StatusOr<domain::Caller> Identify(const CallMetadata& metadata);

}  // namespace caseledger::access
