#include "eventstore/witness/witness.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "eventstore/base/hash.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/merkle.h"

namespace caseledger::eventstore {
namespace {

namespace fs = std::filesystem;

constexpr char kPlainText[] = "text/plain; charset=utf-8";
constexpr size_t kMaxNameBytes = 4096;

WitnessAnswer Refuse(int http_status, std::string_view sentence) {
  return {http_status, kPlainText, StrCat(sentence, "\n")};
}

WitnessAnswer Refuse(int http_status, const absl::Status& status) {
  return Refuse(http_status, FromAbsl(status.message()));
}

std::string MarkerPath(const std::string& state_dir) { return state_dir + "/witness"; }

// An origin may hold anything that is no space, so its hash names the file.
std::string StatePath(const std::string& state_dir, const std::string& origin) {
  return StrCat(state_dir, "/", Sha256({origin}).ToHex(), ".checkpoint");
}

// Of the note's signatures those that were checked.
std::vector<NoteSignature> Checked(const Note& note,
                                   const std::vector<VerifiedSignature>& verified) {
  std::vector<NoteSignature> kept;
  for (const NoteSignature& signature : note.signatures) {
    const bool good = std::any_of(
        verified.begin(), verified.end(),
        [&](const VerifiedSignature& candidate) { return candidate.key == signature.key; });
    if (good) kept.push_back(signature);
  }
  return kept;
}

// Lines of signatures as they stand in notes.
std::string LinesOf(std::vector<NoteSignature> signatures) {
  return Note{"", std::move(signatures)}.ToBytes().substr(1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Witness>> Witness::Open(WitnessOptions options) {
  if (options.clock == nullptr || options.random == nullptr) {
    return absl::InvalidArgumentError("a witness needs a clock and randomness");
  }
  if (options.logs.empty()) {
    return absl::InvalidArgumentError("a witness needs the verifier key of at least one log");
  }
  std::unique_ptr<Witness> witness(new Witness(std::move(options)));
  RETURN_IF_ERROR(witness->LoadKeys());
  RETURN_IF_ERROR(witness->LoadLogs());
  return witness;
}

absl::Status Witness::LoadKeys() {
  absl::StatusOr<KeyRing> ring = KeyRing::Load(options_.key_file);
  if (absl::IsNotFound(ring.status())) {
    if (!options_.name.empty()) return MakeKeys();
    return absl::FailedPreconditionError(
        StrCat("there is no key in ", options_.key_file,
               ". Bring the file back; for a new witness, give its name with --name"));
  }
  RETURN_IF_ERROR(ring.status());
  keys_ = *std::move(ring);
  const std::vector<VerifierKey> verifiers = Verifiers();
  if (verifiers.empty()) {
    return absl::FailedPreconditionError(StrCat("there is no key in ", options_.key_file));
  }
  if (keys_.algorithm() != KeyAlgorithm::kCosignatureV1) {
    return absl::FailedPreconditionError(
        StrCat("the keys in ", options_.key_file, " sign logs; a witness needs keys of its own"));
  }
  for (const VerifierKey& key : verifiers) {
    if (key.id.name != verifiers.front().id.name) {
      return absl::FailedPreconditionError(
          StrCat("the keys in ", options_.key_file, " are those of several witnesses"));
    }
  }
  if (!options_.name.empty() && options_.name != verifiers.front().id.name) {
    return absl::FailedPreconditionError(StrCat("the keys in ", options_.key_file, " are those of ",
                                                verifiers.front().id.name, ", not of ",
                                                options_.name));
  }
  return CheckState();
}

// The state says whose it is before there is a key that could sign: after a crash in between the
// keys are made again.
absl::Status Witness::MakeKeys() {
  std::error_code error;
  for (fs::directory_iterator at(options_.state_dir, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().string().ends_with(".checkpoint")) {
      return absl::FailedPreconditionError(StrCat(
          "there is no key in ", options_.key_file, ", but a witness's checkpoints in ",
          options_.state_dir, ". Bring the key back; for a new witness, choose another directory"));
    }
  }
  ASSIGN_OR_RETURN(const VerifierKey made,
                   keys_.Add(options_.name, options_.clock->Now(), *options_.random));
  RETURN_IF_ERROR(MakeDirectoryDurably(options_.state_dir));
  RETURN_IF_ERROR(LockState());
  RETURN_IF_ERROR(options_.write_file(MarkerPath(options_.state_dir), StrCat(made.id.name, "\n")));
  const fs::path folder = fs::path(options_.key_file).parent_path();
  if (!folder.empty()) RETURN_IF_ERROR(MakeDirectoryDurably(folder.string()));
  return keys_.Save(options_.key_file);
}

absl::Status Witness::LockState() {
  ASSIGN_OR_RETURN(state_lock_, StateLock::Take(options_.state_dir));
  return absl::OkStatus();
}

// Without its state a witness would cosign another history under the same key.
absl::Status Witness::CheckState() {
  const std::string name = Verifiers().front().id.name;
  const absl::StatusOr<std::string> marker =
      ReadSmallFile(MarkerPath(options_.state_dir), kMaxNameBytes);
  if (absl::IsNotFound(marker.status())) {
    return absl::FailedPreconditionError(
        StrCat("the state of witness ", name, " is not in ", options_.state_dir,
               ". Bring it back: without it the witness would cosign another history. If it is "
               "gone for good, make a new witness, with another name and key"));
  }
  RETURN_IF_ERROR(marker.status());
  if (*marker == StrCat(name, "\n")) return LockState();
  return absl::FailedPreconditionError(
      StrCat("the state in ", options_.state_dir, " is not that of witness ", name));
}

absl::Status Witness::LoadLogs() {
  for (const VerifierKey& key : options_.logs) {
    if (key.algorithm != KeyAlgorithm::kNote) {
      return absl::InvalidArgumentError(
          StrCat(key.ToText(), " is a witness's key; give the keys of logs"));
    }
    std::unique_ptr<Log>& log = logs_[key.id.name];
    if (log == nullptr) log = std::make_unique<Log>();
    log->keys.push_back(key);
  }
  for (auto& [origin, log] : logs_) RETURN_IF_ERROR(LoadNewest(origin, *log));
  return absl::OkStatus();
}

absl::Status Witness::LoadNewest(const std::string& origin, Log& log) {
  MutexLock lock(&log.mutex);
  log.path = StatePath(options_.state_dir, origin);
  log.newest = {origin, 0, EmptyTreeRoot()};
  const absl::StatusOr<std::string> bytes = ReadSmallFile(log.path, Note::kMaxBytes);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  RETURN_IF_ERROR(bytes.status());
  const auto damaged = [&](std::string_view what) {
    return absl::DataLossError(
        StrCat("the checkpoint of ", origin, " kept in ", log.path, " is damaged: ", what,
               ". Bring the file back as it was. If it is gone for good, make a new witness, with "
               "another name and key"));
  };
  const absl::StatusOr<Note> note = Note::Parse(*bytes);
  if (!note.ok()) return damaged(FromAbsl(note.status().message()));
  absl::StatusOr<Checkpoint> checkpoint = Checkpoint::FromText(note->text);
  if (!checkpoint.ok()) return damaged(FromAbsl(checkpoint.status().message()));
  if (checkpoint->origin != origin) return damaged("it is of another log");
  std::vector<VerifierKey> keys = Verifiers();
  const absl::StatusOr<std::vector<VerifiedSignature>> own = VerifyNote(*note, keys);
  if (!own.ok()) return damaged(FromAbsl(own.status().message()));
  if (own->empty()) return damaged("this witness did not cosign it");
  keys.insert(keys.end(), log.keys.begin(), log.keys.end());
  const absl::StatusOr<std::vector<VerifiedSignature>> all = VerifyNote(*note, keys);
  if (!all.ok()) return damaged(FromAbsl(all.status().message()));
  if (all->size() != note->signatures.size()) {
    return damaged(
        "it has a signature of an unknown key; if the log has changed its keys since, "
        "give the old one, too");
  }
  log.newest = *std::move(checkpoint);
  log.cosigned = true;
  return absl::OkStatus();
}

// In the order of the specification.
WitnessAnswer Witness::Add(std::string_view body) {
  const absl::StatusOr<AddCheckpoint> request = AddCheckpoint::Parse(body);
  if (!request.ok()) return Refuse(400, request.status());
  absl::StatusOr<Note> note = Note::Parse(request->checkpoint);
  if (!note.ok()) return Refuse(400, note.status());
  absl::StatusOr<Checkpoint> checkpoint = Checkpoint::FromText(note->text);
  if (!checkpoint.ok()) return Refuse(400, checkpoint.status());
  const auto log = logs_.find(checkpoint->origin);
  if (log == logs_.end()) return Refuse(404, "this witness does not know the log");
  const auto verified = VerifyNote(*note, log->second->keys);
  if (!verified.ok()) return Refuse(403, verified.status());
  if (verified->empty()) return Refuse(403, "no key known for the log has signed the checkpoint");
  if (request->old_size > checkpoint->size) {
    return Refuse(400, "the old size is above the checkpoint's");
  }
  note->signatures = Checked(*note, *verified);
  return Advance(*log->second, *request, *std::move(checkpoint), *std::move(note));
}

WitnessAnswer Witness::Advance(Log& log, const AddCheckpoint& request, Checkpoint next, Note note) {
  MutexLock lock(&log.mutex);
  if (request.old_size != log.newest.size) {
    return {409, std::string(AddCheckpoint::kSizeContentType), StrCat(log.newest.size, "\n")};
  }
  if (next.size == log.newest.size && next.root != log.newest.root) {
    const bool told = std::exchange(log.conflict_told, true);
    if (!told && options_.on_conflict) options_.on_conflict(next.origin, note.ToBytes());
    return Refuse(409, "another root was cosigned for this size: the log shows two histories");
  }
  const absl::Status continued =
      VerifyConsistency(log.newest.size, next.size, log.newest.root, next.root, request.proof);
  if (!continued.ok()) return Refuse(422, continued);
  const Micros now = options_.clock->Now();
  std::vector<NoteSignature> cosignatures;
  for (const SigningKey& key : keys_.SigningAt(now)) {
    cosignatures.push_back(SignNote(note.text, key, static_cast<uint64_t>(now / kMicrosPerSecond)));
  }
  if (cosignatures.empty()) return Refuse(500, "no key of this witness signs now");
  note.signatures.insert(note.signatures.end(), cosignatures.begin(), cosignatures.end());
  // The same checkpoint once more is kept already.
  if (!log.cosigned || next.size != log.newest.size) {
    if (const absl::Status kept = options_.write_file(log.path, note.ToBytes()); !kept.ok()) {
      return Refuse(500, "the checkpoint could not be kept, so it is not cosigned");
    }
    log.newest = std::move(next);
    log.cosigned = true;
  }
  return {200, kPlainText, LinesOf(std::move(cosignatures))};
}

}  // namespace caseledger::eventstore
