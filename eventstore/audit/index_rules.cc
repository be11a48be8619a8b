#include "eventstore/audit/index_rules.h"

#include <optional>
#include <string>

#include "eventstore/base/status_macros.h"

namespace caseledger::eventstore {
namespace {

// Where the log has that revision. Only for sentences: it reads the log.
std::optional<uint64_t> PositionOf(const ReadLog& log, const StreamId& stream, uint64_t revision) {
  std::optional<uint64_t> position;
  log.engine
      .Read(log.ledger, 0, log.events,
            [&](const StoredEvent& event) {
              if (event.stream == stream && event.revision == revision) position = event.position;
              return !position;
            })
      .IgnoreError();
  return position;
}

// One way through the index.
class IndexWalk {
 public:
  IndexWalk(const ReadLog& log, const FingerprintPoint& point, LedgerAudit& audit)
      : log_(log), found_(point), audit_(audit) {}

  absl::Status Take(const StreamId& stream, uint64_t revision, uint64_t position) {
    if (head_ == log_.streams.end() || head_->first != stream) {
      RETURN_IF_ERROR(EndStream());
      head_ = log_.streams.find(stream);
      if (head_ == log_.streams.end()) {
        return Broken(log_.ledger, StrCat("the stream index has an entry for ", StreamText(stream),
                                          ", of which there is no event"));
      }
      next_revision_ = 1;
      ++streams_;
    }
    if (revision > head_->second.revision) {
      return Broken(log_.ledger,
                    StrCat("the stream index has an entry too many: for revision ", revision,
                           " of ", StreamText(stream), ", which has ", head_->second.revision));
    }
    if (revision != next_revision_) return Missing(stream, next_revision_);
    ++next_revision_;
    ++audit_.index_entries;
    found_.Add(rows_.Index(stream, revision, position));
    return absl::OkStatus();
  }

  absl::Status Finish() {
    RETURN_IF_ERROR(EndStream());
    if (streams_ != log_.streams.size()) return FindMissingStream();
    return found_.SameAs(log_.expected.index) ? absl::OkStatus() : FindEntryThatLeadsAstray();
  }

 private:
  absl::Status EndStream() {
    if (head_ == log_.streams.end() || next_revision_ > head_->second.revision) {
      return absl::OkStatus();
    }
    return Missing(head_->first, next_revision_);
  }

  absl::Status Missing(const StreamId& stream, uint64_t revision) {
    audit_.position = PositionOf(log_, stream, revision);
    return Broken(
        log_.ledger,
        StrCat("the stream index has no entry for revision ", revision, " of ", StreamText(stream),
               ", which is the event at position ", audit_.position.value_or(log_.events)));
  }

  // A stream of the log of which the index has nothing.
  absl::Status FindMissingStream() {
    StreamHeads left = log_.streams;
    RETURN_IF_ERROR(
        log_.engine.VisitIndex(log_.ledger, [&](const StreamId& stream, uint64_t, uint64_t) {
          left.erase(stream);
          return true;
        }));
    if (left.empty()) return Broken(log_.ledger, "the stream index lacks a stream");
    return Missing(left.begin()->first, 1);
  }

  absl::Status FindEntryThatLeadsAstray() {
    absl::Status wrong;
    RETURN_IF_ERROR(log_.engine.VisitIndex(
        log_.ledger, [&](const StreamId& stream, uint64_t revision, uint64_t position) {
          wrong = Follow(stream, revision, position);
          return wrong.ok();
        }));
    RETURN_IF_ERROR(wrong);
    return Broken(log_.ledger, "the stream index is not that of the events");
  }

  absl::Status Follow(const StreamId& stream, uint64_t revision, uint64_t position) {
    bool right = false;
    if (position < log_.events) {
      RETURN_IF_ERROR(
          log_.engine.Read(log_.ledger, position, position + 1, [&](const StoredEvent& event) {
            right = event.stream == stream && event.revision == revision;
            return false;
          }));
    }
    if (right) return absl::OkStatus();
    audit_.position = PositionOf(log_, stream, revision);
    return Broken(log_.ledger,
                  StrCat("the stream index leads astray: it has revision ", revision, " of ",
                         StreamText(stream), " at position ", position, ", but that event is at ",
                         audit_.position.value_or(log_.events)));
  }

  const ReadLog& log_;
  SetFingerprint found_;
  RowMaker rows_;
  LedgerAudit& audit_;
  StreamHeads::const_iterator head_ = log_.streams.end();  // of the stream at hand
  uint64_t next_revision_ = 1;
  uint64_t streams_ = 0;
};

}  // namespace

absl::Status CheckStreamHeads(const ReadLog& log, LedgerAudit& audit) {
  absl::Status wrong;
  uint64_t seen = 0;
  const auto take = [&](const StreamId& stream, const StreamHead& found) {
    ++seen;
    const auto expected = log.streams.find(stream);
    if (expected == log.streams.end()) {
      wrong = Broken(log.ledger, StrCat("there is a stream head of ", StreamText(stream),
                                        ", of which there is no event"));
    } else if (found.revision != expected->second.revision ||
               found.position != expected->second.position ||
               found.leaf_hash != expected->second.leaf_hash) {
      audit.position = expected->second.position;
      wrong = Broken(log.ledger,
                     StrCat("the stream head of ", StreamText(stream),
                            " is not its last event, at position ", expected->second.position));
    }
    return wrong.ok();
  };
  RETURN_IF_ERROR(log.engine.VisitStreamHeads(log.ledger, take));
  RETURN_IF_ERROR(wrong);
  if (seen == log.streams.size()) return absl::OkStatus();
  for (const auto& [stream, expected] : log.streams) {
    ASSIGN_OR_RETURN(const StreamHead found, log.engine.FindStream(log.ledger, stream));
    if (found.revision != 0) continue;
    audit.position = expected.position;
    return Broken(log.ledger, StrCat("there is no stream head of ", StreamText(stream),
                                     ", whose last event is at position ", expected.position));
  }
  return Broken(log.ledger, "stream heads are missing");
}

absl::Status CheckIndex(const ReadLog& log, const FingerprintPoint& point, const OnDone& on_done,
                        LedgerAudit& audit) {
  constexpr uint64_t kEntriesPerReport = 4096;
  IndexWalk walk(log, point, audit);
  absl::Status status;
  const auto take = [&](const StreamId& stream, uint64_t revision, uint64_t position) {
    status = walk.Take(stream, revision, position);
    if (status.ok() && audit.index_entries % kEntriesPerReport == 0 &&
        !on_done(audit.index_entries)) {
      status = absl::CancelledError("stopped while reading the stream index");
    }
    return status.ok();
  };
  RETURN_IF_ERROR(log.engine.VisitIndex(log.ledger, take));
  RETURN_IF_ERROR(status);
  return walk.Finish();
}

}  // namespace caseledger::eventstore
