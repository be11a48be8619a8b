#include "projections/person_search/index_key.h"

#include <optional>

#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"
#include "projections/person_search/layout.h"

namespace caseledger::projections::person_search {
namespace {

constexpr size_t kCheckBytes = 8;
constexpr std::string_view kPurpose = "caseledger person-search check";

}  // namespace

std::string CheckValueOf(const eventstore::SecretKey& key, std::string_view ledger) {
  const Hash256 hash = HmacSha256(key.raw(), {kPurpose, ledger});
  return std::string(hash.raw().substr(0, kCheckBytes));
}

absl::Status CheckKey(const ReadSnapshot& snapshot, const eventstore::SecretKey& key,
                      std::string_view ledger) {
  ASSIGN_OR_RETURN(const std::optional<std::string> made_under,
                   snapshot.Get(std::string(1, kKeySpace)));
  if (!made_under.has_value() || *made_under == CheckValueOf(key, ledger)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "SEARCH_KEY_CHANGED: the search was built with the vault's key of another time; whoever runs "
      "the server can build it anew: caseledger projection rebuild person-search");
}

}  // namespace caseledger::projections::person_search
