#include "eventstore/copy/ledgers_copy.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "eventstore/audit/ledger_audit.h"
#include "eventstore/audit/set_fingerprint.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/record.h"
#include "eventstore/engine/ledger_rules.h"
#include "eventstore/sequencer/stored_tree.h"
#include "eventstore/vault/keys_in_log.h"
#include "eventstore/verifiable/tree_reader.h"

namespace caseledger::eventstore {
namespace {

using storage::v1::LedgerInfo;
using Phase = CopyStep::Phase;

const LedgerInfo* FindIn(const std::vector<LedgerInfo>& infos, std::string_view ledger) {
  const auto found = std::find_if(infos.begin(), infos.end(),
                                  [&](const LedgerInfo& info) { return info.ledger() == ledger; });
  return found == infos.end() ? nullptr : &*found;
}

// What both ends say of a ledger but where it is in its copying.
std::string Essence(LedgerInfo info) {
  info.clear_arriving();
  info.clear_moved();
  info.clear_came_by();
  info.clear_incompatible_features();
  return info.SerializeAsString();
}

// Whether the original was ended for just this copy, and the copy goes on.
bool GoesOnAs(const LedgerInfo& original, const LedgerInfo& copy) {
  return original.has_moved() && !copy.has_arriving() &&
         copy.came_by().copy_id() == original.moved().copy_id();
}

void SetFeature(LedgerInfo& info, const char* feature) {
  info.clear_incompatible_features();
  info.add_incompatible_features(feature);
}

absl::Status NotTheSame(std::string_view ledger, std::string_view what) {
  return absl::DataLossError(
      StrCat("the copy of ledger ", ledger, " is not what was copied: ", what,
             ". Nothing was ended, and the original is as it was; remove the copy and begin anew"));
}

// Damage is told with its place.
absl::Status OfOriginal(const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(
      StrCat("what is to be copied is damaged: ", FromAbsl(status.message()),
             ". Nothing was ended; `caseledger log verify` tells more, and a backup restores it"));
}
absl::Status OfCopy(const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  return absl::DataLossError(
      StrCat("the copy is damaged, or what was copied was: ", FromAbsl(status.message()),
             ". Nothing was ended; when `caseledger log verify` finds the original whole, remove "
             "the copy and begin anew"));
}

absl::Status CheckNoneMissing(const KeysInLog& keys, std::string_view ledger) {
  if (keys.missing() == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      StrCat("KEYS_LOST: the vault that was copied lacks ", keys.missing(), " keys of the ledger ",
             ledger, ", the first of the event at position ", keys.first_missing(),
             ": it is older than the ledgers, or another's. Nothing was ended. Give --vault-dir "
             "the vault of these ledgers, after removing what was copied"));
}

Phase PhaseOf(AuditProgress::Phase phase) {
  switch (phase) {
    case AuditProgress::Phase::kEvents:
      return Phase::kCheckEvents;
    case AuditProgress::Phase::kIndex:
      return Phase::kCheckIndex;
    case AuditProgress::Phase::kMarks:
      return Phase::kCheckMarks;
  }
  return Phase::kCheckEvents;
}

// Rows of keys and values, kept apart.
std::string RowOf(std::string_view key, std::string_view value) {
  return StrCat(key.size(), ":", key, value);
}

}  // namespace

absl::Status LedgersCopy::Tell(const std::string& ledger, Phase phase, uint64_t done,
                               uint64_t total) const {
  if (!options_.on_step || options_.on_step({ledger, phase, done, total})) return absl::OkStatus();
  return absl::CancelledError("the copying was interrupted; run it again to go on where it was");
}

absl::Status LedgersCopy::TakeCopyId(const storage::v1::LedgerCopy& copy) {
  const Uuid id = Uuid::FromBytes(copy.copy_id()).value_or(Uuid());
  if (copy_id_.is_nil()) copy_id_ = id;
  if (copy_id_ == id && !id.is_nil()) return absl::OkStatus();
  return absl::FailedPreconditionError("ledgers of several copyings are mixed here");
}

absl::Status LedgersCopy::LookAtOriginals() {
  ASSIGN_OR_RETURN(originals_, from_.ListLedgers());
  if (originals_.empty()) return absl::NotFoundError("there is no ledger to copy");
  for (const LedgerInfo& original : originals_) {
    if (original.has_arriving()) return CheckServable(original);
    if (!original.has_moved()) continue;
    const LedgerInfo* copy = FindIn(copies_, original.ledger());
    const std::string& id = original.moved().copy_id();
    const bool goes_on_there =
        copy != nullptr && (copy->arriving().copy_id() == id || copy->came_by().copy_id() == id);
    if (!goes_on_there) return CheckNotMoved(original);
    RETURN_IF_ERROR(TakeCopyId(original.moved()));
    was_ending_ = true;
  }
  return absl::OkStatus();
}

absl::Status LedgersCopy::LookAtCopies() {
  was_done_ = std::all_of(originals_.begin(), originals_.end(), [&](const LedgerInfo& original) {
    const LedgerInfo* copy = FindIn(copies_, original.ledger());
    return copy != nullptr && GoesOnAs(original, *copy);
  });
  for (const LedgerInfo& copy : copies_) {
    const LedgerInfo* original = FindIn(originals_, copy.ledger());
    // It may have moved on since, and others may have come beside those that are done.
    if (original != nullptr && GoesOnAs(*original, copy)) {
      RETURN_IF_ERROR(CheckNotMoved(copy));
      continue;
    }
    if (was_done_) continue;
    if (original == nullptr || !copy.has_arriving() || Essence(*original) != Essence(copy)) {
      return absl::AlreadyExistsError(
          StrCat("there is a ledger ", copy.ledger(), " in ", options_.place,
                 " that is not of this copying: ledgers are copied to where there are none"));
    }
    RETURN_IF_ERROR(TakeCopyId(copy.arriving()));
  }
  return absl::OkStatus();
}

absl::Status LedgersCopy::Look() {
  ASSIGN_OR_RETURN(copies_, to_.ListLedgers());
  RETURN_IF_ERROR(LookAtOriginals());
  RETURN_IF_ERROR(LookAtCopies());
  if (copy_id_.is_nil()) copy_id_ = Uuid::Generate(*options_.clock, *options_.random);
  for (const LedgerInfo& original : originals_) {
    CopiedLedger& ledger = ledgers_.emplace_back();
    ledger.ledger = original.ledger();
    ASSIGN_OR_RETURN(const LedgerHead head, from_.LoadHead(original.ledger()));
    ledger.events = head.next_position;
    const LedgerInfo* there = FindIn(copies_, original.ledger());
    ledger.goes_on = there != nullptr && GoesOnAs(original, *there);
    if (!ledger.goes_on) continue;
    const std::string& root = original.moved().root();
    std::copy_n(root.begin(), std::min(root.size(), ledger.root.bytes.size()),
                ledger.root.bytes.begin());
  }
  return absl::OkStatus();
}

absl::Status LedgersCopy::Begin() {
  for (const LedgerInfo& original : originals_) {
    if (FindIn(copies_, original.ledger()) == nullptr) RETURN_IF_ERROR(MakeCopyOf(original));
  }
  return absl::OkStatus();
}

absl::Status LedgersCopy::MakeCopyOf(const LedgerInfo& original) {
  LedgerInfo copy = original;
  copy.clear_came_by();
  SetFeature(copy, kFeatureArriving);
  copy.mutable_arriving()->set_copy_id(std::string(copy_id_.raw()));
  copy.mutable_arriving()->set_place(options_.place);
  return to_.CreateLedger(copy);
}

absl::Status LedgersCopy::Copy() {
  for (CopiedLedger& ledger : ledgers_) {
    if (ledger.goes_on) continue;
    RETURN_IF_ERROR(CopyEvents(ledger));
    RETURN_IF_ERROR(CopyMarks(ledger));
    RETURN_IF_ERROR(CopySigningState(ledger.ledger));
  }
  return absl::OkStatus();
}

absl::Status LedgersCopy::CopyEvents(CopiedLedger& ledger) {
  tree_.reset();
  ASSIGN_OR_RETURN(const LedgerHead there, to_.LoadHead(ledger.ledger));
  uint64_t next = there.next_position;
  if (next > ledger.events) return NotTheSame(ledger.ledger, "it has more events");
  while (next < ledger.events) {
    RETURN_IF_ERROR(Tell(ledger.ledger, Phase::kEvents, next, ledger.events));
    std::vector<StoredEvent> events;
    size_t bytes = 0;
    RETURN_IF_ERROR(
        OfOriginal(from_.Read(ledger.ledger, next, ledger.events, [&](const StoredEvent& event) {
          bytes += event.record.size();
          if (!events.empty() && bytes > options_.batch_bytes) return false;
          events.push_back(event);
          return events.size() < options_.batch_events;
        })));
    if (events.empty() || events.front().position != next) {
      return OfOriginal(
          absl::DataLossError(StrCat("ledger ", ledger.ledger, ": no event at ", next)));
    }
    next += events.size();
    ledger.copied_now += events.size();
    RETURN_IF_ERROR(CommitNext(ledger.ledger, std::move(events)));
  }
  return Tell(ledger.ledger, Phase::kEvents, next, ledger.events);
}

absl::Status LedgersCopy::CommitNext(const std::string& ledger, std::vector<StoredEvent> events) {
  const StoredEvent& last = events.back();
  const absl::StatusOr<RecordedEvent> newest = DecodeEvent(ledger, last, FactUpgrades());
  RETURN_IF_ERROR(OfOriginal(newest.status()));
  const LedgerHead head{last.position + 1, newest->recorded_at, last.leaf_hash};
  std::map<StreamId, StreamHead> streams;
  for (const StoredEvent& event : events) {
    streams[event.stream] = {event.revision, event.position, event.leaf_hash};
  }
  std::shared_ptr<const TreeEdge> tree;
  const auto resolve = [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
    if (view.head().next_position != events.front().position) {
      return absl::AbortedError(StrCat("somebody else writes to the copy of ledger ", ledger));
    }
    EngineBatch batch;
    batch.events = events;
    batch.streams.assign(streams.begin(), streams.end());
    batch.head = head;
    ASSIGN_OR_RETURN(tree, ExtendTree(view, tree_.get(), batch));
    return batch;
  };
  RETURN_IF_ERROR(to_.Commit(ledger, resolve));
  tree_ = std::move(tree);
  return absl::OkStatus();
}

absl::Status LedgersCopy::CopyMarks(CopiedLedger& ledger) {
  std::vector<std::pair<std::string, std::string>> marks;
  absl::Status status;
  ledger.marks = 0;
  const auto add = [&] {
    status = to_.AddMarks(ledger.ledger, marks);
    ledger.marks += marks.size();
    marks.clear();
    // There is about one for each event at least.
    if (status.ok()) {
      status =
          Tell(ledger.ledger, Phase::kMarks, ledger.marks, std::max(ledger.marks, ledger.events));
    }
    return status.ok();
  };
  RETURN_IF_ERROR(
      from_.VisitMarks(ledger.ledger, "", [&](std::string_view key, std::string_view value) {
        marks.emplace_back(key, value);
        return marks.size() < options_.batch_marks || add();
      }));
  RETURN_IF_ERROR(status);
  if (!marks.empty()) add();
  return status;
}

absl::Status LedgersCopy::CopySigningState(const std::string& ledger) {
  ASSIGN_OR_RETURN(const std::optional<std::string> state, from_.FindSigningState(ledger));
  if (!state.has_value()) return absl::OkStatus();
  return to_.ReplaceSigningState(ledger, *state);
}

absl::Status LedgersCopy::Check(const VaultStore& vault) {
  for (CopiedLedger& ledger : ledgers_) {
    if (!ledger.goes_on) RETURN_IF_ERROR(CheckOne(ledger, vault));
  }
  checked_ = true;
  return absl::OkStatus();
}

absl::Status LedgersCopy::CheckOne(CopiedLedger& ledger, const VaultStore& vault) {
  const std::string& name = ledger.ledger;
  ASSIGN_OR_RETURN(const LedgerHead original, from_.LoadHead(name));
  ASSIGN_OR_RETURN(const LedgerHead copy, to_.LoadHead(name));
  if (original.next_position != ledger.events || copy.next_position != ledger.events) {
    return NotTheSame(name, "events were added meanwhile");
  }
  if (original.last_recorded_at != copy.last_recorded_at ||
      original.last_leaf_hash != copy.last_leaf_hash) {
    return NotTheSame(name, "its head is another");
  }
  const absl::StatusOr<Hash256> root = TreeReader(ledger.events, StoredTiles(from_, name)).Root();
  RETURN_IF_ERROR(OfOriginal(root.status()));
  ledger.root = *root;
  RETURN_IF_ERROR(OfCopy(Audit(ledger, vault)));
  RETURN_IF_ERROR(CheckSameMarks(name));
  ASSIGN_OR_RETURN(const std::optional<std::string> signed_there, from_.FindSigningState(name));
  ASSIGN_OR_RETURN(const std::optional<std::string> signed_here, to_.FindSigningState(name));
  if (signed_there != signed_here) return NotTheSame(name, "its signer remembers something else");
  return absl::OkStatus();
}

// The root commits to every byte of every record; the rest of the audit to the indexes.
absl::Status LedgersCopy::Audit(const CopiedLedger& ledger, const VaultStore& vault) {
  LedgerAuditOptions audit;
  audit.ledger = ledger.ledger;
  if (ledger.events > 0) audit.roots = {{"what was copied", ledger.events, ledger.root}};
  audit.helpers = options_.helpers;
  audit.random = options_.random;
  ASSIGN_OR_RETURN(const absl::flat_hash_set<Uuid> gone, WhoIsGone(vault, ledger.ledger));
  KeysInLog keys(vault, ledger.ledger, gone);
  RETURN_IF_ERROR(keys.Begin());
  audit.on_event = [&](const RecordedEvent& event) { return keys.Take(event); };
  absl::Status told;
  audit.on_progress = [&](const AuditProgress& now) {
    told = Tell(ledger.ledger, PhaseOf(now.phase), now.done, now.total);
    return told.ok();
  };
  const LedgerAudit found = AuditLedger(to_, audit);
  RETURN_IF_ERROR(told);
  RETURN_IF_ERROR(found.status);
  RETURN_IF_ERROR(keys.End());
  return CheckNoneMissing(keys, ledger.ledger);
}

absl::Status LedgersCopy::CheckSameMarks(const std::string& ledger) {
  const FingerprintPoint point = FingerprintPoint::Random(*options_.random);
  SetFingerprint original(point), copy(point);
  uint64_t in_original = 0;
  uint64_t in_copy = 0;
  RETURN_IF_ERROR(from_.VisitMarks(ledger, "", [&](std::string_view key, std::string_view value) {
    original.Add(RowOf(key, value));
    ++in_original;
    return true;
  }));
  RETURN_IF_ERROR(to_.VisitMarks(ledger, "", [&](std::string_view key, std::string_view value) {
    copy.Add(RowOf(key, value));
    ++in_copy;
    return true;
  }));
  if (in_original == in_copy && original.SameAs(copy)) return absl::OkStatus();
  return NotTheSame(ledger, StrCat("it has ", in_copy,
                                   " request ids, names and references, the "
                                   "original ",
                                   in_original, ", or others"));
}

absl::Status LedgersCopy::End() {
  if (!checked_) return absl::FailedPreconditionError("the copies were not checked");
  ASSIGN_OR_RETURN(const std::vector<LedgerInfo> copies, to_.ListLedgers());
  std::vector<storage::v1::LedgerCopy> how;
  for (size_t i = 0; i < originals_.size(); ++i) {
    LedgerInfo original = originals_[i];
    if (!original.has_moved()) {
      storage::v1::LedgerCopy& moved = *original.mutable_moved();
      moved.set_copy_id(std::string(copy_id_.raw()));
      moved.set_moved_at_us(options_.clock->Now());
      moved.set_size(ledgers_[i].events);
      moved.set_root(std::string(ledgers_[i].root.raw()));
      moved.set_place(options_.place);
      SetFeature(original, kFeatureMoved);
      RETURN_IF_ERROR(from_.ReplaceInfo(original));
    }
    how.push_back(original.moved());
  }
  for (size_t i = 0; i < originals_.size(); ++i) {
    const LedgerInfo* arriving = FindIn(copies, originals_[i].ledger());
    if (arriving == nullptr) return absl::DataLossError("a copy is gone");
    if (!arriving->has_arriving()) continue;  // an earlier run came to here
    LedgerInfo copy = *arriving;
    copy.clear_arriving();
    copy.clear_incompatible_features();
    *copy.mutable_came_by() = how[i];
    RETURN_IF_ERROR(to_.ReplaceInfo(copy));
  }
  return absl::OkStatus();
}

}  // namespace caseledger::eventstore
