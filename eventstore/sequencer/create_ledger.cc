#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "eventstore/sequencer/sequencer.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kMaxNameBytes = 40;
constexpr size_t kDigestKeyBytes = 32;
constexpr std::string_view kAccessSuffix = ".access";

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

// [a-z0-9-]{1,40}, or such a name plus `.access`.
bool IsLedgerName(std::string_view name) {
  if (name.ends_with(kAccessSuffix)) name.remove_suffix(kAccessSuffix.size());
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), IsNameCharacter);
}

}  // namespace

absl::Status CreateLedger(Engine& engine, std::string_view ledger, Clock& clock,
                          RandomSource& random) {
  if (!IsLedgerName(ledger)) {
    return absl::InvalidArgumentError(
        "a ledger's name has 1 to 40 of a-z, 0-9 and -, and may end in .access");
  }
  std::string key(kDigestKeyBytes, '\0');
  random.Fill(reinterpret_cast<uint8_t*>(key.data()), key.size());
  storage::v1::LedgerInfo info;
  info.set_format_version(kLedgerFormatVersion);
  info.set_ledger(std::string(ledger));
  info.set_created_at_us(clock.Now());
  info.set_sealed(true);
  info.set_request_digest_key(std::move(key));
  return engine.CreateLedger(info);
}

}  // namespace caseledger::eventstore
