#include "eventstore/signing/kept_checkpoints.h"

#include <optional>
#include <utility>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/signing/key_ring.h"
#include "eventstore/signing/signer.h"

namespace caseledger::eventstore {
namespace {

constexpr char kInDatabase[] = "in the database";

class Finder {
 public:
  Finder(const Engine& engine, const CheckpointSources& sources)
      : engine_(engine),
        sources_(sources),
        outer_path_(CheckpointPath(sources.checkpoint_dir, sources.ledger)) {}

  absl::StatusOr<KeptCheckpoints> Find() {
    RETURN_IF_ERROR(LoadKeys());
    ASSIGN_OR_RETURN(const std::optional<Checkpoint> inner, Inner());
    ASSIGN_OR_RETURN(const std::optional<Checkpoint> outer, Outer());
    RETURN_IF_ERROR(CheckNotReplaced(inner, outer));
    for (const std::string& path : sources_.files) RETURN_IF_ERROR(Brought(path));
    RETURN_IF_ERROR(CheckAnyFound(inner, outer));
    return std::move(kept_);
  }

 private:
  absl::Status Wrong(std::string_view what) const {
    return absl::DataLossError(StrCat("ledger ", sources_.ledger, ": ", what));
  }
  void Caution(std::string sentence) { kept_.cautions.push_back(std::move(sentence)); }

  absl::Status LoadKeys() {
    keys_ = sources_.keys;
    if (!keys_.empty()) return absl::OkStatus();
    const absl::StatusOr<KeyRing> ring = KeyRing::Load(sources_.key_file);
    if (!ring.ok() && !absl::IsNotFound(ring.status())) return ring.status();
    if (ring.ok()) keys_ = ring->Verifiers();
    if (!keys_.empty()) {
      Caution(
          StrCat("signatures were checked with the operator's own keys alone (", sources_.key_file,
                 "): whoever could change the ledger could sign it, too. Give --vkey with a key "
                 "that you were given before"));
    } else {
      Caution(StrCat("signatures were not checked: there are no keys in ", sources_.key_file,
                     ". Give --vkey with a key that you were given"));
    }
    return absl::OkStatus();
  }

  // The checkpoint in a note, which must be signed if there are keys.
  absl::StatusOr<Checkpoint> Open(std::string_view note, std::string_view where) const {
    absl::StatusOr<Checkpoint> opened;
    if (!keys_.empty()) {
      opened = OpenCheckpoint(note, keys_);
    } else {
      const absl::StatusOr<Note> parsed = Note::Parse(note);
      opened = parsed.ok() ? Checkpoint::FromText(parsed->text) : parsed.status();
    }
    if (opened.ok()) return opened;
    return Wrong(StrCat("the checkpoint ", where, " is damaged, or not signed by ",
                        sources_.keys.empty() ? "the ledger's keys" : "the key that was given",
                        ": ", FromAbsl(opened.status().message())));
  }

  absl::Status CheckOrigin(const Checkpoint& checkpoint, std::string_view where) {
    if (kept_.origin.empty()) kept_.origin = checkpoint.origin;
    if (checkpoint.origin == kept_.origin) return absl::OkStatus();
    return Wrong(StrCat("the checkpoint ", where, " is of the log ", checkpoint.origin,
                        ", but the ledger is the log ", kept_.origin));
  }

  absl::StatusOr<std::optional<Checkpoint>> Inner() {
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                     engine_.FindSigningState(sources_.ledger));
    if (!bytes) return std::optional<Checkpoint>();
    const absl::StatusOr<storage::v1::SigningState> state = DecodeSigningState(*bytes);
    if (!state.ok()) return Wrong("its signing state is damaged");
    kept_.origin = state->origin();
    return Add(state->checkpoint(), kInDatabase);
  }

  absl::StatusOr<std::optional<Checkpoint>> Outer() {
    const absl::StatusOr<std::string> note = ReadSmallFile(outer_path_, Note::kMaxBytes);
    if (absl::IsNotFound(note.status())) return std::optional<Checkpoint>();
    RETURN_IF_ERROR(note.status());
    if (note->empty()) return Wrong(StrCat("the checkpoint in ", outer_path_, " is empty"));
    return Add(*note, StrCat("in ", outer_path_));
  }

  absl::StatusOr<std::optional<Checkpoint>> Add(std::string_view note, std::string_view where) {
    if (note.empty()) return std::optional<Checkpoint>();
    ASSIGN_OR_RETURN(Checkpoint opened, Open(note, where));
    RETURN_IF_ERROR(CheckOrigin(opened, where));
    kept_.found.push_back({std::string(where), opened});
    return std::optional<Checkpoint>(std::move(opened));
  }

  // One that the auditor has: of this ledger or, when there are several, of another.
  absl::Status Brought(const std::string& path) {
    const std::string where = StrCat("in ", path);
    const absl::StatusOr<std::string> note = ReadSmallFile(path, Note::kMaxBytes);
    if (absl::IsNotFound(note.status())) {
      return absl::InvalidArgumentError(StrCat("there is no file ", path));
    }
    RETURN_IF_ERROR(note.status());
    ASSIGN_OR_RETURN(Checkpoint opened, Open(*note, where));
    if (!kept_.origin.empty() && opened.origin != kept_.origin) {
      Caution(StrCat("the checkpoint ", where, " is of another log, ", opened.origin,
                     ", and was not compared"));
      return absl::OkStatus();
    }
    ++brought_;
    kept_.found.push_back({where, std::move(opened)});
    return absl::OkStatus();
  }

  // A signer writes outside first, so after a crash only the inner one can be the older.
  absl::Status CheckNotReplaced(const std::optional<Checkpoint>& inner,
                                const std::optional<Checkpoint>& outer) const {
    if (!inner || !outer || outer->size >= inner->size) return absl::OkStatus();
    return Wrong(StrCat("the checkpoint in ", outer_path_, " is for ", outer->size,
                        " events, but one for ", inner->size,
                        " was signed after it: an old one was put in its place, or the server "
                        "keeps its checkpoints elsewhere (--checkpoint-dir)"));
  }

  absl::Status CheckAnyFound(const std::optional<Checkpoint>& inner,
                             const std::optional<Checkpoint>& outer) {
    if (kept_.found.empty() && !sources_.keys.empty()) {
      return Wrong("it has no checkpoint that the key which was given signed");
    }
    if (!sources_.files.empty() && brought_ == 0) {
      return Wrong(StrCat("none of the checkpoints that were given is of its log, which is ",
                          kept_.origin.empty() ? "not signed" : kept_.origin));
    }
    if (kept_.found.empty()) {
      Caution(
          "no signed checkpoint was found: the events fit one another, but nothing says that "
          "they are those that were recorded");
    } else if (inner && !outer && brought_ == 0) {
      Caution(StrCat("there is no checkpoint in ", outer_path_,
                     ", outside the database: if this is an older copy of the ledger, nothing "
                     "tells. Give the server's --checkpoint-dir"));
    }
    return absl::OkStatus();
  }

  const Engine& engine_;
  const CheckpointSources& sources_;
  const std::string outer_path_;
  std::vector<VerifierKey> keys_;
  KeptCheckpoints kept_;
  size_t brought_ = 0;
};

}  // namespace

absl::StatusOr<KeptCheckpoints> FindKeptCheckpoints(const Engine& engine,
                                                    const CheckpointSources& sources) {
  return Finder(engine, sources).Find();
}

}  // namespace caseledger::eventstore
