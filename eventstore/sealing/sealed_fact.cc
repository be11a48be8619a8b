#include "eventstore/sealing/sealed_fact.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/base/wire.h"
#include "eventstore/sealing/part_plan.h"

namespace caseledger::eventstore {
namespace {

using event::v1::Sealed;

constexpr uint8_t kAboutVersion = 1;
constexpr size_t kDeepest = 8;
constexpr uint64_t kTellEvery = 4096;  // events

absl::Status Unreadable() { return absl::DataLossError("the fact cannot be read"); }

absl::Status KeyDoesNotFit() {
  return absl::DataLossError("the keys do not belong to the sealed parts of the fact");
}

// Wipes a text that held personal data.
void Wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

// What a part is bound to: FORMAT.md.
std::string AboutOf(std::string_view ledger, const RecordedEvent& event, const PartPath& path) {
  std::string about;
  about.push_back(static_cast<char>(kAboutVersion));
  AppendLengthPrefixed(about, ledger);
  AppendBigEndian(about, event.stream.kind);
  about.append(event.stream.id.raw());
  AppendBigEndian(about, event.revision);
  about.append(event.event_id.raw());
  for (const uint32_t number : path) AppendBigEndian(about, number);
  return about;
}

// A part split into what stays open and what is sealed, both serialised fields.
struct Split {
  std::string open;
  std::string secret;
  std::vector<Uuid> persons;
  std::string_view sealed;  // the message in kSealedField
  bool has_sealed = false;
};

absl::StatusOr<Split> SplitPart(const PartField& part, std::string_view bytes) {
  Split split;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == kSealedField) {
      split.sealed = reader.Bytes();
      split.has_sealed = true;
      continue;
    }
    const bool open = std::find(part.open_fields.begin(), part.open_fields.end(), reader.field()) !=
                      part.open_fields.end();
    (open ? split.open : split.secret).append(reader.Raw());
    if (reader.field() != part.persons_field) continue;
    if (const std::optional<Uuid> person = Uuid::Parse(reader.Bytes())) {
      split.persons.push_back(*person);
    }
  }
  if (!reader.ok()) return Unreadable();
  return split;
}

// Gets a part and its path, and gives what stands in its place.
using PartFunction = absl::FunctionRef<absl::StatusOr<std::string>(
    const PartPath& path, const PartField& part, std::string_view bytes)>;

// Copies a message with every part changed.
absl::Status Rewrite(std::string_view bytes, const PartPlan& plan, PartPath& path,
                     PartFunction change, std::string& out) {
  if (path.size() > kDeepest) return Unreadable();
  WireReader reader(bytes);
  WireWriter writer(out);
  uint64_t seen = 0;  // a bit for each field of the plan
  while (reader.Next()) {
    const PartField* field = plan.Find(reader.field());
    if (field == nullptr) {
      out.append(reader.Raw());
      continue;
    }
    // Twice the same field would be two parts in one place.
    const uint64_t bit = uint64_t{1} << (field - plan.fields.data());
    if ((seen & bit) != 0) return Unreadable();
    seen |= bit;
    path.push_back(field->number);
    std::string changed;
    if (field->inner != nullptr) {
      RETURN_IF_ERROR(Rewrite(reader.Bytes(), *field->inner, path, change, changed));
    } else {
      ASSIGN_OR_RETURN(changed, change(path, *field, reader.Bytes()));
    }
    path.pop_back();
    writer.Element(field->number, changed);
  }
  return reader.ok() ? absl::OkStatus() : Unreadable();
}

// Most facts have no parts.
bool MayHaveParts(std::string_view fact) {
  WireReader reader(fact);
  while (reader.Next()) {
    if (PlanOfFacts().Find(reader.field()) != nullptr) return true;
  }
  return !reader.ok();
}

absl::StatusOr<std::string> RewriteFact(std::string_view fact, PartFunction change) {
  std::string out;
  out.reserve(fact.size() + 256);
  PartPath path;
  RETURN_IF_ERROR(Rewrite(fact, PlanOfFacts(), path, change, out));
  return out;
}

// Calls `visit` for every part as it stands.
absl::Status VisitParts(std::string_view fact,
                        absl::FunctionRef<absl::Status(const PartPath& path, const PartField& part,
                                                       std::string_view bytes)>
                            visit) {
  return RewriteFact(fact,
                     [&](const PartPath& path, const PartField& part,
                         std::string_view bytes) -> absl::StatusOr<std::string> {
                       RETURN_IF_ERROR(visit(path, part, bytes));
                       return std::string();
                     })
      .status();
}

struct SealedBytes {
  Uuid key_id;
  XaesNonce nonce{};
  std::string_view ciphertext;
};

absl::StatusOr<SealedBytes> ReadSealed(std::string_view bytes) {
  SealedBytes sealed;
  WireReader reader(bytes);
  while (reader.Next()) {
    switch (reader.field()) {
      case Sealed::kKeyIdFieldNumber:
        sealed.key_id = Uuid::FromBytes(reader.Bytes()).value_or(Uuid());
        break;
      case Sealed::kNonceFieldNumber: {
        const std::string_view nonce = reader.Bytes();
        if (nonce.size() != kXaesNonceBytes) return Unreadable();
        std::copy(nonce.begin(), nonce.end(), sealed.nonce.begin());
        break;
      }
      case Sealed::kCiphertextFieldNumber:
        sealed.ciphertext = reader.Bytes();
        break;
      default:
        break;
    }
  }
  if (!reader.ok() || sealed.key_id.is_nil() || sealed.ciphertext.empty()) return Unreadable();
  return sealed;
}

std::string WithState(Split split, event::v1::SealState state) {
  std::string sealed;
  WireWriter(sealed).Number(Sealed::kStateFieldNumber, static_cast<uint64_t>(state));
  WireWriter(split.open).Element(kSealedField, sealed);
  return std::move(split.open);
}

event::v1::SealState StateOf(const absl::Status& no_key) {
  if (absl::IsFailedPrecondition(no_key)) return event::v1::SEAL_STATE_ERASED;
  if (absl::IsUnavailable(no_key)) return event::v1::SEAL_STATE_UNAVAILABLE;
  return event::v1::SEAL_STATE_KEY_LOST;
}

}  // namespace

absl::Status KeyedSealer::Seal(std::string_view ledger, RecordedEvent& event) {
  if (event.position % kTellEvery == 0) keys_.Reached(ledger, event.position);
  if (!MayHaveParts(event.fact)) return absl::OkStatus();
  const auto seal = [&](const PartPath& path, const PartField& part,
                        std::string_view bytes) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(Split split, SplitPart(part, bytes));
    if (split.has_sealed) return absl::InvalidArgumentError("a part of the fact is sealed already");
    if (split.secret.empty()) return std::string(bytes);
    ASSIGN_OR_RETURN(const DataKey key,
                     part.is_note
                         ? keys_.ForNote(ledger, event.stream, split.persons, event.position)
                         : keys_.ForRecord(ledger, event.stream, event.position));
    XaesNonce nonce{};
    random_.Fill(nonce.data(), nonce.size());
    std::string ciphertext;
    XaesSeal(*key.key, nonce, AboutOf(ledger, event, path), split.secret, ciphertext);
    Wipe(split.secret);
    std::string sealed;
    WireWriter writer(sealed);
    writer.Bytes(Sealed::kKeyIdFieldNumber, key.id.raw());
    writer.Bytes(Sealed::kNonceFieldNumber,
                 {reinterpret_cast<const char*>(nonce.data()), nonce.size()});
    writer.Bytes(Sealed::kCiphertextFieldNumber, ciphertext);
    WireWriter(split.open).Element(kSealedField, sealed);
    return std::move(split.open);
  };
  absl::StatusOr<std::string> sealed = RewriteFact(event.fact, seal);
  if (absl::IsDataLoss(sealed.status())) {
    return absl::InvalidArgumentError(sealed.status().message());
  }
  RETURN_IF_ERROR(sealed.status());
  Wipe(event.fact);
  event.fact = *std::move(sealed);
  return absl::OkStatus();
}

absl::StatusOr<std::string> OpenFact(std::string_view ledger, const RecordedEvent& event,
                                     DataKeys& keys) {
  if (!MayHaveParts(event.fact)) return event.fact;
  return RewriteFact(event.fact,
                     [&](const PartPath& path, const PartField& part,
                         std::string_view bytes) -> absl::StatusOr<std::string> {
                       ASSIGN_OR_RETURN(Split split, SplitPart(part, bytes));
                       if (!split.has_sealed) return std::string(bytes);
                       ASSIGN_OR_RETURN(const SealedBytes sealed, ReadSealed(split.sealed));
                       const absl::StatusOr<DataKey> key = keys.Find(ledger, sealed.key_id);
                       if (!key.ok()) return WithState(std::move(split), StateOf(key.status()));
                       absl::StatusOr<std::string> plain =
                           XaesOpen(*key->key, sealed.nonce, AboutOf(ledger, event, path),
                                    sealed.ciphertext);
                       if (!plain.ok()) {
                         return WithState(std::move(split), event::v1::SEAL_STATE_KEY_LOST);
                       }
                       return split.open + *plain;
                     });
}

void AddKeysOf(const RecordedEvent& event, std::vector<Uuid>& ids) {
  if (!MayHaveParts(event.fact)) return;
  const absl::StatusOr<std::vector<StoredPart>> parts = StoredPartsOf(event);
  if (!parts.ok()) return;
  for (const StoredPart& part : *parts) ids.push_back(part.key_id);
}

absl::StatusOr<std::vector<PartKey>> PartKeysOf(std::string_view ledger, const RecordedEvent& event,
                                                DataKeys& keys) {
  std::vector<PartKey> part_keys;
  RETURN_IF_ERROR(VisitParts(
      event.fact,
      [&](const PartPath& path, const PartField& part, std::string_view bytes) -> absl::Status {
        ASSIGN_OR_RETURN(const Split split, SplitPart(part, bytes));
        if (!split.has_sealed) return absl::OkStatus();
        ASSIGN_OR_RETURN(const SealedBytes sealed, ReadSealed(split.sealed));
        const absl::StatusOr<DataKey> key = keys.Find(ledger, sealed.key_id);
        PartKey& part_key = part_keys.emplace_back();
        part_key.path = path;
        if (key.ok()) {
          part_key.key = DeriveMessageKey(*key->key, sealed.nonce);
        } else {
          part_key.state = StateOf(key.status());
        }
        return absl::OkStatus();
      }));
  return part_keys;
}

absl::StatusOr<std::string> OpenFact(std::string_view ledger, const RecordedEvent& event,
                                     const std::vector<PartKey>& keys) {
  size_t used = 0;
  ASSIGN_OR_RETURN(
      std::string opened,
      RewriteFact(event.fact,
                  [&](const PartPath& path, const PartField& part,
                      std::string_view bytes) -> absl::StatusOr<std::string> {
                    ASSIGN_OR_RETURN(Split split, SplitPart(part, bytes));
                    if (!split.has_sealed) return std::string(bytes);
                    if (used >= keys.size() || keys[used].path != path) return KeyDoesNotFit();
                    const PartKey& key = keys[used++];
                    if (!key.key.has_value()) return WithState(std::move(split), key.state);
                    ASSIGN_OR_RETURN(const SealedBytes sealed, ReadSealed(split.sealed));
                    const absl::StatusOr<std::string> plain = OpenMessage(
                        *key.key, sealed.nonce, AboutOf(ledger, event, path), sealed.ciphertext);
                    if (!plain.ok()) return KeyDoesNotFit();
                    return split.open + *plain;
                  }));
  if (used != keys.size()) return KeyDoesNotFit();
  return opened;
}

absl::StatusOr<std::vector<StoredPart>> StoredPartsOf(const RecordedEvent& event) {
  std::vector<StoredPart> parts;
  RETURN_IF_ERROR(VisitParts(
      event.fact,
      [&](const PartPath& path, const PartField& part, std::string_view bytes) -> absl::Status {
        ASSIGN_OR_RETURN(Split split, SplitPart(part, bytes));
        if (!split.has_sealed) return absl::OkStatus();
        ASSIGN_OR_RETURN(const SealedBytes sealed, ReadSealed(split.sealed));
        parts.push_back({path, part.is_note, sealed.key_id, std::move(split.persons)});
        return absl::OkStatus();
      }));
  return parts;
}

}  // namespace caseledger::eventstore
