#include "services/commands/ledgers.h"

#include <utility>

namespace caseledger::commands {

void Ledgers::Add(LedgerParts parts, size_t max_cached_records) {
  std::string name = parts.name;
  ledgers_.emplace(std::move(name), std::make_unique<Ledger>(std::move(parts), max_cached_records));
}

absl::StatusOr<Ledger*> Ledgers::Find(std::string_view name) const {
  if (name.empty()) return FindOnly();
  const auto it = ledgers_.find(name);
  if (it == ledgers_.end()) {
    return absl::NotFoundError("LEDGER_UNKNOWN: this server does not host a ledger of that name");
  }
  return it->second.get();
}

absl::StatusOr<Ledger*> Ledgers::FindOnly() const {
  Ledger* only = nullptr;
  for (const auto& [name, ledger] : ledgers_) {
    if (ledger->is_trail()) continue;
    if (only != nullptr) {
      return absl::InvalidArgumentError(
          "LEDGER_NEEDED: this server hosts several ledgers; name one (ListLedgers shows them)");
    }
    only = ledger.get();
  }
  if (only == nullptr) return absl::NotFoundError("LEDGER_UNKNOWN: this server hosts no ledger");
  return only;
}

std::vector<Ledger*> Ledgers::All() const {
  std::vector<Ledger*> all;
  for (const auto& [name, ledger] : ledgers_) all.push_back(ledger.get());
  return all;
}

}  // namespace caseledger::commands
