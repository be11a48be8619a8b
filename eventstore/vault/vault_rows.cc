#include "eventstore/vault/vault_rows.h"

#include "eventstore/base/big_endian.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {
namespace {

enum class Kind : char {
  kInfo = 1,
  kKey,
  kAbout,
  kCurrent,
  kSpare,
  kMark,
  kWrapping,
  kErased,
  kIndex,
  kRetired,
  kGone,
};

std::string Begin(Kind kind) { return {static_cast<char>(kind)}; }

std::string Begin(Kind kind, std::string_view ledger) {
  std::string key = Begin(kind);
  AppendLengthPrefixed(key, ledger);
  return key;
}

std::string Begin(Kind kind, std::string_view ledger, const StreamId& record) {
  std::string key = Begin(kind, ledger);
  AppendBigEndian(key, record.kind);
  key.append(record.id.raw());
  return key;
}

std::string With(std::string key, const Uuid& id) {
  key.append(id.raw());
  return key;
}

}  // namespace

std::string VaultRows::Info() { return Begin(Kind::kInfo); }
std::string VaultRows::Key(std::string_view ledger, const Uuid& key_id) {
  return With(KeysOf(ledger), key_id);
}
std::string VaultRows::KeysOf(std::string_view ledger) { return Begin(Kind::kKey, ledger); }
std::string VaultRows::About(std::string_view ledger, const StreamId& subject, const Uuid& key_id) {
  return With(AllAbout(ledger, subject), key_id);
}
std::string VaultRows::AllAbout(std::string_view ledger, const StreamId& subject) {
  return Begin(Kind::kAbout, ledger, subject);
}
std::string VaultRows::Current(std::string_view ledger, const StreamId& record) {
  return Begin(Kind::kCurrent, ledger, record);
}
std::string VaultRows::Spare(std::string_view ledger, const Uuid& key_id) {
  return With(SparesOf(ledger), key_id);
}
std::string VaultRows::SparesOf(std::string_view ledger) { return Begin(Kind::kSpare, ledger); }
std::string VaultRows::Mark(std::string_view ledger) { return Begin(Kind::kMark, ledger); }
std::string VaultRows::Erased(std::string_view ledger) { return Begin(Kind::kErased, ledger); }
std::string VaultRows::Wrapping(const Uuid& wrapping_key_id) {
  return With(AllWrapping(), wrapping_key_id);
}
std::string VaultRows::AllWrapping() { return Begin(Kind::kWrapping); }
std::string VaultRows::Retired(const Uuid& wrapping_key_id) {
  return With(AllRetired(), wrapping_key_id);
}
std::string VaultRows::AllRetired() { return Begin(Kind::kRetired); }
std::string VaultRows::Gone(std::string_view ledger, const Uuid& person_id) {
  return With(AllGone(ledger), person_id);
}
std::string VaultRows::AllGone(std::string_view ledger) { return Begin(Kind::kGone, ledger); }
std::string VaultRows::AllKeys() { return Begin(Kind::kKey); }
std::string VaultRows::AllSpares() { return Begin(Kind::kSpare); }
std::string VaultRows::Index(std::string_view ledger, const Uuid& key_id) {
  return With(IndexOf(ledger), key_id);
}
std::string VaultRows::IndexOf(std::string_view ledger) { return Begin(Kind::kIndex, ledger); }
std::string VaultRows::AllIndexes() { return Begin(Kind::kIndex); }

std::optional<std::string> VaultRows::GivenOutAs(std::string_view row) {
  if (!row.starts_with(AllSpares())) return std::nullopt;
  return StrCat(AllKeys(), row.substr(AllSpares().size()));
}

Uuid VaultRows::IdIn(std::string_view key) {
  constexpr size_t kIdBytes = sizeof(Uuid::bytes);
  if (key.size() < kIdBytes) return {};
  return Uuid::FromBytes(key.substr(key.size() - kIdBytes)).value_or(Uuid());
}

}  // namespace caseledger::eventstore
