#include "eventstore/audit/mark_rules.h"

#include <optional>
#include <string>

#include "eventstore/audit/record_reader.h"
#include "eventstore/audit/request_runs.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/codec/marks.h"

namespace caseledger::eventstore {
namespace {

using Kind = MarkKeyParts::Kind;

std::string RequestText(std::string_view agency, const Uuid& request_id) {
  return StrCat("request ", request_id.ToString(), " of agency ", agency);
}

// Says what is wrong with the entries of request ids, once it is known that something is. Reads the
// log again.
class RequestTrouble {
 public:
  RequestTrouble(const ReadLog& log, unsigned helpers, LedgerAudit& audit)
      : log_(log), helpers_(helpers), audit_(audit) {}

  absl::Status Find() {
    RETURN_IF_ERROR(FindRequestWithoutItsMark());
    RETURN_IF_ERROR(FindMarkWithoutItsRequest());
    return Broken(log_.ledger, "the entries of request ids are not those of the events");
  }

 private:
  absl::Status FindRequestWithoutItsMark() {
    RequestRuns runs;
    RETURN_IF_ERROR(ReadRecords(log_.engine, log_.ledger, 0, log_.events, helpers_,
                                [&](const RecordedEvent& event) {
                                  const auto ended = runs.Add(event);
                                  return ended ? CheckRun(*ended) : absl::OkStatus();
                                }));
    const std::optional<RequestRun> last = runs.Finish();
    return last ? CheckRun(*last) : absl::OkStatus();
  }

  absl::Status CheckRun(const RequestRun& run) {
    const std::string request = RequestText(run.agency, run.request_id);
    audit_.position = run.first_position;
    ASSIGN_OR_RETURN(const std::string key, MarkKeys::Request(run.agency, run.request_id));
    ASSIGN_OR_RETURN(const std::optional<std::string> value,
                     log_.engine.FindMark(log_.ledger, key));
    if (!value) {
      return Broken(log_.ledger,
                    StrCat("the entry of ", request, " is missing: its events at ", "position ",
                           run.first_position, " could be recorded a second time"));
    }
    ASSIGN_OR_RETURN(const RequestMark mark, DecodeRequestMark(*value));
    if (mark.first_position != run.first_position || mark.event_count != run.event_count) {
      return Broken(log_.ledger,
                    StrCat("the entry of ", request, " leads to ", mark.event_count,
                           " events from position ", mark.first_position, " on, but it became ",
                           run.event_count, " from position ", run.first_position, " on"));
    }
    audit_.position.reset();
    return absl::OkStatus();
  }

  // All requests of the log have their entries, so this one is too many.
  absl::Status FindMarkWithoutItsRequest() {
    absl::Status wrong;
    RETURN_IF_ERROR(
        log_.engine.VisitMarks(log_.ledger, "", [&](std::string_view key, std::string_view value) {
          const absl::StatusOr<MarkKeyParts> parts = DecodeMarkKey(key);
          if (!parts.ok() || parts->kind != Kind::kRequest) return true;
          wrong = CheckMark(*parts, value);
          return wrong.ok();
        }));
    return wrong;
  }

  absl::Status CheckMark(const MarkKeyParts& key, std::string_view value) {
    ASSIGN_OR_RETURN(const RequestMark mark, DecodeRequestMark(value));
    bool right = false;
    if (mark.first_position < log_.events) {
      RETURN_IF_ERROR(ReadRecords(log_.engine, log_.ledger, mark.first_position,
                                  mark.first_position + 1, 0, [&](const RecordedEvent& event) {
                                    right = event.origin.agency == key.agency &&
                                            event.origin.request_id == key.request_id;
                                    return absl::OkStatus();
                                  }));
    }
    if (right) return absl::OkStatus();
    return Broken(log_.ledger,
                  StrCat("there is an entry of ", RequestText(key.agency, key.request_id),
                         ", which became no event: the request would be taken for done"));
  }

  const ReadLog& log_;
  const unsigned helpers_;
  LedgerAudit& audit_;
};

// One way through all marks.
class MarkWalk {
 public:
  MarkWalk(const ReadLog& log, const FingerprintPoint& point, LedgerAudit& audit)
      : log_(log), found_(point), audit_(audit) {}

  absl::Status Take(std::string_view key, std::string_view value) {
    const absl::StatusOr<MarkKeyParts> parts = DecodeMarkKey(key);
    if (!parts.ok()) return Broken(log_.ledger, FromAbsl(parts.status().message()));
    switch (parts->kind) {
      case Kind::kRequest:
        return TakeRequest(*parts, key, value);
      case Kind::kName:
      case Kind::kNameOfAnySource:
        return TakeName(*parts, value);
      case Kind::kReference:
        return TakeReference(*parts, value);
    }
    return absl::InternalError("a kind of mark without a rule");
  }

  bool requests_are_right() const {
    return audit_.requests == log_.requests && found_.SameAs(log_.expected.requests);
  }

 private:
  absl::Status TakeRequest(const MarkKeyParts& key, std::string_view key_bytes,
                           std::string_view value) {
    const absl::StatusOr<RequestMark> mark = DecodeRequestMark(value);
    if (!mark.ok() || EncodeMark(*mark) != value) {
      return Broken(log_.ledger, StrCat("the entry of ", RequestText(key.agency, key.request_id),
                                        " is not readable"));
    }
    ++audit_.requests;
    found_.Add(rows_.Request(key_bytes, mark->first_position, mark->event_count));
    return absl::OkStatus();
  }

  // Never shows the name: it may be a person's.
  absl::Status TakeName(const MarkKeyParts& key, std::string_view value) {
    const absl::StatusOr<NameMark> mark = DecodeNameMark(value);
    if (!mark.ok() || EncodeMark(*mark) != value) {
      return Broken(log_.ledger,
                    StrCat("the entry of a name of kind ", key.record_kind, " is not readable"));
    }
    const bool may_be_ambiguous = key.kind == Kind::kNameOfAnySource;
    if (mark->stream.kind != key.record_kind || (mark->ambiguous && !may_be_ambiguous)) {
      return Broken(log_.ledger,
                    StrCat("the entry of a name of kind ", key.record_kind, " leads to ",
                           StreamText(mark->stream), mark->ambiguous ? " and others" : ""));
    }
    if (!log_.streams.contains(mark->stream)) {
      return Broken(log_.ledger, StrCat("the entry of a name leads to ", StreamText(mark->stream),
                                        ", of which there is no event"));
    }
    ++audit_.names;
    return absl::OkStatus();
  }

  absl::Status TakeReference(const MarkKeyParts& key, std::string_view value) {
    for (const StreamId& stream : {key.to, key.from}) {
      if (log_.streams.contains(stream)) continue;
      return Broken(log_.ledger, StrCat("the entry of a reference names ", StreamText(stream),
                                        ", of which there is no event"));
    }
    if (!value.empty()) {
      return Broken(log_.ledger,
                    StrCat("the entry of a reference to ", StreamText(key.to), " is not empty"));
    }
    ++audit_.references;
    return absl::OkStatus();
  }

  const ReadLog& log_;
  SetFingerprint found_;
  RowMaker rows_;
  LedgerAudit& audit_;
};

}  // namespace

absl::Status CheckMarks(const ReadLog& log, const FingerprintPoint& point, unsigned helpers,
                        const OnDone& on_done, LedgerAudit& audit) {
  constexpr uint64_t kMarksPerReport = 4096;
  MarkWalk walk(log, point, audit);
  uint64_t seen = 0;
  absl::Status status;
  const auto take = [&](std::string_view key, std::string_view value) {
    status = walk.Take(key, value);
    if (status.ok() && ++seen % kMarksPerReport == 0 && !on_done(seen)) {
      status = absl::CancelledError("stopped while reading request ids and names");
    }
    return status.ok();
  };
  RETURN_IF_ERROR(log.engine.VisitMarks(log.ledger, "", take));
  RETURN_IF_ERROR(status);
  if (walk.requests_are_right()) return absl::OkStatus();
  return RequestTrouble(log, helpers, audit).Find();
}

}  // namespace caseledger::eventstore
