#include "eventstore/copy/vault_rows_copy.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/vault/vault_rows.h"

namespace caseledger::eventstore {
namespace {

constexpr size_t kRowsOfAWrite = 1024;

// Writes rows some at a time. The last write is durable, and all before it with it.
class Writer {
 public:
  Writer(VaultStore& store, const OnVaultRows& on_rows) : store_(store), on_rows_(on_rows) {}

  absl::Status Add(std::string_view key, std::optional<std::string> value) {
    changes_.emplace_back(key, std::move(value));
    return changes_.size() < kRowsOfAWrite ? absl::OkStatus() : Write(/*durable=*/false);
  }
  absl::Status Finish() { return Write(/*durable=*/true); }

 private:
  absl::Status Write(bool durable) {
    RETURN_IF_ERROR(store_.Write(changes_, durable));
    written_ += changes_.size();
    changes_.clear();
    if (!on_rows_ || on_rows_(written_)) return absl::OkStatus();
    return absl::CancelledError("the copying was interrupted; run it again to go on where it was");
  }

  VaultStore& store_;
  const OnVaultRows& on_rows_;
  VaultChanges changes_;
  uint64_t written_ = 0;
};

// Over all rows in their order.
absl::StatusOr<std::pair<uint64_t, Hash256>> DigestOf(const VaultStore& store) {
  uint64_t rows = 0;
  Hash256 digest;
  RETURN_IF_ERROR(store.Visit("", [&](std::string_view key, std::string_view value) {
    digest = Sha256({digest.raw(), StrCat(key.size(), ":", value.size(), ":"), key, value});
    ++rows;
    return true;
  }));
  return std::make_pair(rows, digest);
}

}  // namespace

absl::Status CheckMayCopyVault(const VaultStore& from, const VaultStore& to) {
  ASSIGN_OR_RETURN(const std::optional<std::string> vault, from.Get(VaultRows::Info()));
  if (!vault.has_value()) {
    return absl::NotFoundError(
        "there is no vault beside the ledgers, without whose keys nothing personal in them can be "
        "read: put it back first");
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> there, to.Get(VaultRows::Info()));
  if (!there.has_value() || *there == *vault) return absl::OkStatus();
  return absl::AlreadyExistsError(
      "there is another vault already where this one is to be copied: a vault is copied to where "
      "there is none");
}

absl::StatusOr<uint64_t> CopyVaultRows(const VaultStore& from, VaultStore& to,
                                       const OnVaultRows& on_rows) {
  RETURN_IF_ERROR(CheckMayCopyVault(from, to));
  Writer writer(to, on_rows);
  absl::Status status;
  uint64_t rows = 0;
  RETURN_IF_ERROR(from.Visit("", [&](std::string_view key, std::string_view value) {
    ++rows;
    status = writer.Add(key, std::string(value));
    return status.ok();
  }));
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(writer.Finish());
  std::vector<std::string> page, surplus;
  const auto look = [&] {
    absl::StatusOr<std::vector<std::optional<std::string>>> kept = from.GetMany(page);
    status = kept.status();
    for (size_t i = 0; status.ok() && i < page.size(); ++i) {
      if (!(*kept)[i].has_value()) surplus.push_back(std::move(page[i]));
    }
    page.clear();
    return status.ok();
  };
  RETURN_IF_ERROR(to.Visit("", [&](std::string_view key, std::string_view) {
    page.emplace_back(key);
    return page.size() < kRowsOfAWrite || look();
  }));
  if (status.ok()) look();
  RETURN_IF_ERROR(status);
  for (const std::string& key : surplus) RETURN_IF_ERROR(writer.Add(key, std::nullopt));
  RETURN_IF_ERROR(writer.Finish());
  // An earlier run may have removed rows and not come to here.
  RETURN_IF_ERROR(to.Purge());
  return rows;
}

absl::Status CheckSameVaultRows(const VaultStore& from, const VaultStore& to) {
  ASSIGN_OR_RETURN(const auto original, DigestOf(from));
  ASSIGN_OR_RETURN(const auto copy, DigestOf(to));
  if (original == copy) return absl::OkStatus();
  return absl::DataLossError(StrCat("the copy of the vault has ", copy.first,
                                    " rows, the original ", original.first, ", or others"));
}

}  // namespace caseledger::eventstore
