#include "projections/read_model/rocksdb/store_keys.h"

namespace caseledger::projections {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr char kPosition = '\0';
constexpr char kRow = '\1';
constexpr char kEnd = '\2';

std::string WithLength(std::string_view name) {
  std::string bytes(1, static_cast<char>(name.size()));
  bytes.append(name);
  return bytes;
}

// Takes a name with its length from the beginning of `bytes`.
std::optional<std::string> TakeName(std::string_view& bytes) {
  if (bytes.empty()) return std::nullopt;
  const size_t length = static_cast<uint8_t>(bytes.front());
  if (bytes.size() < length + 1) return std::nullopt;
  std::string name(bytes.substr(1, length));
  bytes.remove_prefix(length + 1);
  return name;
}

bool IsName(std::string_view name) { return !name.empty() && name.size() <= kMaxNameBytes; }

}  // namespace

absl::Status CheckNames(std::string_view ledger, std::string_view table) {
  if (IsName(ledger) && IsName(table)) return absl::OkStatus();
  return absl::InvalidArgumentError("a ledger's or table's name is empty or longer than 255 bytes");
}

std::string PurgeKey(std::string_view ledger, std::string_view table) {
  return std::string(kPurgePrefix) + WithLength(ledger) + WithLength(table);
}

std::optional<std::pair<std::string, std::string>> TableOfPurgeKey(std::string_view key) {
  if (!key.starts_with(kPurgePrefix)) return std::nullopt;
  key.remove_prefix(kPurgePrefix.size());
  std::optional<std::string> ledger = TakeName(key);
  std::optional<std::string> table = TakeName(key);
  if (!ledger.has_value() || !table.has_value() || !key.empty()) return std::nullopt;
  return std::make_pair(*std::move(ledger), *std::move(table));
}

std::string LedgerPrefix(std::string_view ledger) { return WithLength(ledger); }

TableKeys::TableKeys(std::string_view ledger, std::string_view table) {
  const std::string prefix = LedgerPrefix(ledger) + WithLength(table);
  position = prefix + kPosition;
  rows = prefix + kRow;
  end = prefix + kEnd;
}

std::optional<std::string> TableOfPositionKey(std::string_view ledger_prefix,
                                              std::string_view key) {
  key.remove_prefix(ledger_prefix.size());
  if (key.empty()) return std::nullopt;
  const size_t length = static_cast<uint8_t>(key.front());
  if (key.size() != length + 2 || key.back() != kPosition) return std::nullopt;
  return std::string(key.substr(1, length));
}

}  // namespace caseledger::projections
