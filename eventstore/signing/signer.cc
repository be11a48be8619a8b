#include "eventstore/signing/signer.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "eventstore/backup/durable_file.h"
#include "eventstore/base/big_endian.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
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

absl::StatusOr<std::unique_ptr<Signer>> Signer::Open(Engine& engine, SignerOptions options) {
  if (options.clock == nullptr || options.random == nullptr) {
    return absl::InvalidArgumentError("a signer needs a clock and randomness");
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
  RETURN_IF_ERROR(signer->CheckLedger({inner, outer}));
  RETURN_IF_ERROR(signer->KeepNewest(inner, outer));
  return signer;
}

// The old keys and checkpoint keep their contents under another name: they tell of the old log.
absl::Status Signer::PutAside() {
  for (const std::string& path : {path_, options_.key_file}) {
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
               ". Bring the file back; if the keys are lost, make new ones with `caseledger key "
               "rotate --key-file ",
               options_.key_file, " --name ", origin_, "`"));
  }
  RETURN_IF_ERROR(ring.status());
  keys_ = *std::move(ring);
  const std::vector<VerifierKey> verifiers = keys_.Verifiers();
  if (verifiers.empty()) {
    return absl::FailedPreconditionError(StrCat("there is no key in ", options_.key_file));
  }
  if (never_signed) origin_ = verifiers.front().id.name;
  if (verifiers.front().id.name != origin_) {
    return absl::FailedPreconditionError(StrCat("ledger ", options_.ledger, " signs as ", origin_,
                                                ", but the keys in ", options_.key_file,
                                                " are those of ", verifiers.front().id.name));
  }
  return absl::OkStatus();
}

absl::Status Signer::CheckLedger(const std::vector<std::string>& notes) {
  const std::vector<VerifierKey> keys = Verifiers();
  ASSIGN_OR_RETURN(const LedgerHead head, engine_.LoadHead(options_.ledger));
  PublishedCheckpoint newest;
  for (const std::string& note : notes) {
    if (note.empty()) continue;
    absl::StatusOr<Checkpoint> opened = OpenCheckpoint(note, keys);
    if (!opened.ok() || opened->origin != origin_) {
      return Lost(options_.ledger,
                  StrCat("the checkpoint kept in the database or in ", path_, " is not its own: ",
                         opened.ok() ? "it is of " + opened->origin
                                     : std::string(opened.status().message()),
                         ". Bring the right one back"));
    }
    if (opened->size > head.next_position) {
      return Lost(options_.ledger,
                  StrCat("it has ", head.next_position, " events, but a checkpoint for ",
                         opened->size, " was handed out: ", opened->size - head.next_position,
                         " events are lost. Restore a newer backup or the newest data directory. "
                         "If there is none, the ledger can go on only as another log, with another "
                         "name and keys: start once with --new-origin ",
                         options_.ledger));
    }
    RETURN_IF_ERROR(CheckSigned(engine_, options_.ledger, head.next_position, *opened));
    if (newest.note.empty() || opened->size > newest.checkpoint.size) {
      newest = {*std::move(opened), note};
    }
  }
  RETURN_IF_ERROR(
      CheckTreeFrom(engine_, options_.ledger, newest.checkpoint.size, head.next_position));
  if (newest.note.empty()) return absl::OkStatus();
  MutexLock lock(&mutex_);
  latest_ = std::make_shared<const PublishedCheckpoint>(std::move(newest));
  return absl::OkStatus();
}

// A crash leaves the one inside older; an old one outside was put there by somebody, and would let
// an older ledger pass at the next start.
absl::Status Signer::KeepNewest(const std::string& inner, const std::string& outer) {
  const std::shared_ptr<const PublishedCheckpoint> newest = Latest();
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

absl::Status Signer::Sign(const TreeEdge& tree) {
  MutexLock signing(&signing_);
  const std::shared_ptr<const PublishedCheckpoint> before = Latest();
  if (before != nullptr && tree.size() <= before->checkpoint.size) return absl::OkStatus();
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
  latest_ = std::make_shared<const PublishedCheckpoint>(std::move(next));
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
