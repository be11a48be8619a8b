#include "eventstore/signing/signer.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "eventstore/backup/durable_file.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/sequencer/stored_tree.h"
#include "eventstore/signing/tree_check.h"

namespace caseledger::eventstore {
namespace {

absl::Status Lost(std::string_view ledger, std::string_view what) {
  return absl::DataLossError(StrCat("ledger ", ledger, ": ", what));
}

std::string ParentOf(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

std::string FreshOrigin(const SignerOptions& options) {
  std::string bytes(sizeof(uint32_t), '\0');
  options.random->Fill(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return StrCat(options.origin_prefix, "/", options.ledger, "/",
                absl::StrFormat("%08x", ReadBigEndian<uint32_t>(bytes)));
}

// The note with the signatures of the log's own keys alone.
absl::StatusOr<std::string> SignedBy(const std::string& origin, const std::string& bytes) {
  ASSIGN_OR_RETURN(Note note, Note::Parse(bytes));
  std::erase_if(note.signatures,
                [&origin](const NoteSignature& signature) { return signature.key.name != origin; });
  return note.ToBytes();
}

absl::StatusOr<KeyRing> LoadLogKeys(const std::string& path) {
  ASSIGN_OR_RETURN(KeyRing ring, KeyRing::Load(path));
  if (ring.algorithm() == KeyAlgorithm::kNote) return ring;
  return absl::InvalidArgumentError(
      StrCat("the keys in ", path, " are those of a witness, which signs no checkpoints"));
}

}  // namespace

absl::StatusOr<storage::v1::SigningState> DecodeSigningState(std::string_view bytes) {
  storage::v1::SigningState state, as_written;
  const bool parsed = state.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  as_written.set_origin(state.origin());
  as_written.set_checkpoint(state.checkpoint());
  if (!parsed || as_written.SerializeAsString() != bytes || !IsKeyName(state.origin())) {
    return absl::DataLossError("the signing state is damaged");
  }
  return state;
}

std::string CheckpointPath(const std::string& checkpoint_dir, const std::string& ledger) {
  return StrCat(checkpoint_dir, "/", ledger, "/checkpoint");
}

std::string PublishedPath(const std::string& checkpoint_dir, const std::string& ledger) {
  return StrCat(checkpoint_dir, "/", ledger, "/published");
}

absl::StatusOr<std::unique_ptr<Signer>> Signer::Open(Engine& engine, SignerOptions options) {
  if (options.clock == nullptr || options.random == nullptr) {
    return absl::InvalidArgumentError("a signer needs a clock and randomness");
  }
  const CosigningOptions& cosigning = options.cosigning;
  if (cosigning.min_cosignatures > cosigning.witnesses.size() ||
      cosigning.witnesses.size() > Cosignatures::kMaxWitnesses) {
    return absl::InvalidArgumentError(
        StrCat("--min-witnesses asks for ", cosigning.min_cosignatures, " cosignatures, and there ",
               "are ", cosigning.witnesses.size(), " witnesses, of at most ",
               Cosignatures::kMaxWitnesses, ": give each with --witness, or ask for fewer"));
  }
  std::unique_ptr<Signer> signer(new Signer(engine, std::move(options)));
  if (signer->options_.new_origin) RETURN_IF_ERROR(signer->PutAside());
  ASSIGN_OR_RETURN(const std::string inner, signer->LoadInner());
  const bool never_signed = signer->origin_.empty() || signer->options_.new_origin;
  ASSIGN_OR_RETURN(const std::string outer, signer->LoadOuter(!inner.empty()));
  if (never_signed && !outer.empty()) {
    return Lost(signer->options_.ledger,
                StrCat("it has never signed a checkpoint, but there is one in ", signer->path_,
                       ": the data directory is not the one that signed it. Restore that one, or "
                       "move the checkpoint away if it belongs to another ledger of this name"));
  }
  RETURN_IF_ERROR(signer->LoadKeys(never_signed));
  if (never_signed) RETURN_IF_ERROR(signer->SaveInner(""));
  ASSIGN_OR_RETURN(const std::string published, signer->LoadPublished());
  RETURN_IF_ERROR(signer->CheckLedger(inner, outer, published));
  RETURN_IF_ERROR(signer->KeepNewest(inner, outer));
  return signer;
}

// The old keys and checkpoint keep their contents under another name: they tell of the old log.
absl::Status Signer::PutAside() {
  for (const std::string& path : {path_, published_path_, options_.key_file}) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    std::filesystem::rename(path, StrCat(path, ".old-", options_.clock->Now()), error);
    if (error) {
      return absl::UnavailableError(StrCat("cannot put ", path, " aside: ", error.message()));
    }
    RETURN_IF_ERROR(SyncDirectory(ParentOf(path)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Signer::LoadInner() {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                   engine_.FindSigningState(options_.ledger));
  if (!bytes || options_.new_origin) return "";
  const absl::StatusOr<storage::v1::SigningState> state = DecodeSigningState(*bytes);
  if (!state.ok()) {
    return Lost(options_.ledger, "its signing state is damaged; restore a backup");
  }
  origin_ = state->origin();
  return state->checkpoint();
}

absl::StatusOr<std::string> Signer::LoadOuter(bool signed_before) {
  absl::StatusOr<std::string> note = ReadSmallFile(path_, Note::kMaxBytes);
  if (note.ok() && note->empty()) {
    return Lost(options_.ledger, StrCat("the checkpoint in ", path_,
                                        " is empty. Bring it back: it tells whether events were "
                                        "lost. If it is gone for good, remove the file"));
  }
  if (note.ok() || !absl::IsNotFound(note.status())) return note;
  if (signed_before && !options_.accept_lost_checkpoint) {
    return absl::FailedPreconditionError(
        StrCat("ledger ", options_.ledger,
               ": it has signed checkpoints, but the newest one is not in ", path_,
               ". Bring it back: it tells whether events were lost. If it is gone for good and you "
               "know that the data directory is the newest, start once with "
               "--accept-lost-checkpoint"));
  }
  return "";
}

// Keys are made before the ledger first says that it signs: after a crash in between they are found
// and their name is taken.
absl::Status Signer::LoadKeys(bool never_signed) {
  MutexLock lock(&mutex_);
  absl::StatusOr<KeyRing> ring = LoadLogKeys(options_.key_file);
  if (absl::IsNotFound(ring.status()) && never_signed) {
    origin_ = FreshOrigin(options_);
    RETURN_IF_ERROR(keys_.Add(origin_, options_.clock->Now(), *options_.random).status());
    RETURN_IF_ERROR(MakeDirectoryDurably(ParentOf(options_.key_file)));
    return keys_.Save(options_.key_file);
  }
  if (absl::IsNotFound(ring.status())) {
    return absl::FailedPreconditionError(
        StrCat("ledger ", options_.ledger, ": its signing keys are not in ", options_.key_file,
               ". Bring the file back, or give its directory with --key-dir. If the keys are lost "
               "for good, the ledger can go on only as another log, with another name and keys: "
               "start once with --new-origin ",
               options_.ledger));
  }
  RETURN_IF_ERROR(ring.status());
  keys_ = *std::move(ring);
  const std::vector<VerifierKey> verifiers = keys_.Verifiers();
  if (verifiers.empty()) {
    return absl::FailedPreconditionError(
        StrCat("there is no key in ", options_.key_file, ". Bring the right file back"));
  }
  if (never_signed) origin_ = verifiers.front().id.name;
  if (verifiers.front().id.name != origin_) {
    return absl::FailedPreconditionError(StrCat(
        "ledger ", options_.ledger, " signs as ", origin_, ", but the keys in ", options_.key_file,
        " are those of ", verifiers.front().id.name, ". Bring the right file back"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Signer::LoadPublished() const {
  absl::StatusOr<std::string> note = ReadSmallFile(published_path_, Note::kMaxBytes);
  if (absl::IsNotFound(note.status())) return "";
  return note;
}

absl::StatusOr<Checkpoint> Signer::CheckKept(const std::string& note, const std::string& where,
                                             uint64_t ledger_size) const {
  absl::StatusOr<Checkpoint> opened = OpenCheckpoint(note, Verifiers());
  if (!opened.ok() || opened->origin != origin_) {
    return Lost(options_.ledger, StrCat("the checkpoint in ", where, " is not its own: ",
                                        opened.ok() ? "it is of " + opened->origin
                                                    : std::string(opened.status().message()),
                                        ". Bring the right one back, or the keys that signed it"));
  }
  if (opened->size > ledger_size) {
    return Lost(options_.ledger,
                StrCat("it has ", ledger_size, " events, but a checkpoint for ", opened->size,
                       " was handed out: ", opened->size - ledger_size,
                       " events are lost. Restore a newer backup or the newest data directory. "
                       "If there is none, the ledger can go on only as another log, with another "
                       "name and keys: start once with --new-origin ",
                       options_.ledger));
  }
  RETURN_IF_ERROR(CheckSigned(engine_, options_.ledger, ledger_size, *opened));
  return opened;
}

absl::Status Signer::CheckLedger(const std::string& inner, const std::string& outer,
                                 const std::string& published) {
  ASSIGN_OR_RETURN(const LedgerHead head, engine_.LoadHead(options_.ledger));
  std::optional<PublishedCheckpoint> newest;
  const std::pair<std::string, const std::string&> kept[] = {
      {"the database", inner}, {path_, outer}, {published_path_, published}};
  for (const auto& [where, note] : kept) {
    if (note.empty()) continue;
    ASSIGN_OR_RETURN(Checkpoint checkpoint, CheckKept(note, where, head.next_position));
    if (&note == &published) RETURN_IF_ERROR(RestorePublished(checkpoint, note));
    if (newest && newest->checkpoint.size >= checkpoint.size) continue;
    ASSIGN_OR_RETURN(std::string by_the_log, SignedBy(origin_, note));
    newest = {std::move(checkpoint), std::move(by_the_log)};
  }
  RETURN_IF_ERROR(CheckTreeFrom(engine_, options_.ledger, newest ? newest->checkpoint.size : 0,
                                head.next_position));
  if (!newest) return absl::OkStatus();
  MutexLock lock(&mutex_);
  signed_ = std::make_shared<const PublishedCheckpoint>(*std::move(newest));
  PublishUncosigned();
  return absl::OkStatus();
}

absl::Status Signer::RestorePublished(const Checkpoint& checkpoint, const std::string& note) {
  std::vector<VerifierKey> witnesses;
  for (const auto& witness : options_.cosigning.witnesses) witnesses.push_back(witness->key());
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  const auto cosigned = VerifyNote(parsed, witnesses);
  if (!cosigned.ok()) {
    return Lost(options_.ledger, StrCat("the checkpoint in ", published_path_,
                                        " is damaged: ", FromAbsl(cosigned.status().message()),
                                        ". Remove the file: witnesses cosign again"));
  }
  if (witnesses.empty() || cosigned->size() < options_.cosigning.min_cosignatures) {
    return absl::OkStatus();
  }
  MutexLock lock(&mutex_);
  latest_ = std::make_shared<const PublishedCheckpoint>(PublishedCheckpoint{checkpoint, note});
  return absl::OkStatus();
}

// A crash leaves the one inside older; an old one outside was put there by somebody, and would let
// an older ledger pass at the next start.
absl::Status Signer::KeepNewest(const std::string& inner, const std::string& outer) {
  const Shared newest = Newest();
  if (newest == nullptr) return absl::OkStatus();
  if (outer != newest->note) {
    RETURN_IF_ERROR(MakeDirectoryDurably(ParentOf(path_)));
    RETURN_IF_ERROR(WriteFileDurably(path_, newest->note));
  }
  return inner == newest->note ? absl::OkStatus() : SaveInner(newest->note);
}

absl::Status Signer::SaveInner(const std::string& note) {
  storage::v1::SigningState state;
  state.set_origin(origin_);
  state.set_checkpoint(note);
  return engine_.ReplaceSigningState(options_.ledger, state.SerializeAsString());
}

std::vector<VerifierKey> Signer::Verifiers() const {
  MutexLock lock(&mutex_);
  return keys_.Verifiers();
}

std::shared_ptr<const PublishedCheckpoint> Signer::Latest() const {
  MutexLock lock(&mutex_);
  return latest_;
}

Signer::Shared Signer::Newest() const {
  MutexLock lock(&mutex_);
  return signed_;
}

// With the newest signed one, unless it waits for cosignatures.
void Signer::PublishUncosigned() {
  if (options_.cosigning.min_cosignatures > 0) return;
  if (latest_ == nullptr || latest_->checkpoint.size < signed_->checkpoint.size) latest_ = signed_;
}

absl::Status Signer::Sign(const TreeEdge& tree) {
  MutexLock signing(&signing_);
  const Shared before = Newest();
  if (tree.size() <= (before == nullptr ? 0 : before->checkpoint.size)) return absl::OkStatus();
  // Read again each time, so that a rotation needs no restart.
  ASSIGN_OR_RETURN(KeyRing ring, LoadLogKeys(options_.key_file));
  const std::vector<SigningKey> keys = ring.SigningAt(options_.clock->Now());
  if (keys.empty() || keys.front().verifier().id.name != origin_) {
    return absl::FailedPreconditionError(StrCat("ledger ", options_.ledger, ": no key in ",
                                                options_.key_file, " signs for ", origin_, " now"));
  }
  PublishedCheckpoint next;
  next.checkpoint = {origin_, tree.size(), tree.Root()};
  next.note = SignCheckpoint(next.checkpoint, keys);
  RETURN_IF_ERROR(MakeDirectoryDurably(ParentOf(path_)));
  RETURN_IF_ERROR(WriteFileDurably(path_, next.note));
  RETURN_IF_ERROR(SaveInner(next.note));
  MutexLock lock(&mutex_);
  keys_ = std::move(ring);
  signed_ = std::make_shared<const PublishedCheckpoint>(std::move(next));
  PublishUncosigned();
  return absl::OkStatus();
}

absl::Status Signer::Cosign() {
  MutexLock cosigning(&cosigning_);
  const Shared newest = Newest();
  if (newest == nullptr || !has_witnesses()) return absl::OkStatus();
  const std::vector<NoteSignature> cosignatures = cosignatures_.Collect(
      newest->checkpoint, newest->note, StoredTiles(engine_, options_.ledger));
  if (cosignatures.size() < options_.cosigning.min_cosignatures) {
    return absl::FailedPreconditionError(
        StrCat("the checkpoint for ", newest->checkpoint.size, " events has ", cosignatures.size(),
               " of ", options_.cosigning.min_cosignatures, " cosignatures"));
  }
  if (cosignatures.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(Note note, Note::Parse(newest->note));
  note.signatures.insert(note.signatures.end(), cosignatures.begin(), cosignatures.end());
  PublishedCheckpoint published{newest->checkpoint, note.ToBytes()};
  const Shared before = Latest();
  if (before != nullptr && before->note == published.note) return absl::OkStatus();
  RETURN_IF_ERROR(WriteFileDurably(published_path_, published.note));
  MutexLock lock(&mutex_);
  if (latest_ == nullptr || latest_->checkpoint.size <= published.checkpoint.size) {
    latest_ = std::make_shared<const PublishedCheckpoint>(std::move(published));
  }
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
