#include "services/access/trail/trail.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_replace.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/event_id.h"
#include "eventstore/named_stream.h"
#include "services/domain/event.h"

namespace caseledger::access {
namespace {

using event::v1::Fact;
using eventstore::LedgerView;
using eventstore::NewEvent;
using eventstore::RecordedEvent;
using eventstore::StreamId;

constexpr std::string_view kTrailSuffix = ".access";
// Finished streams whose last entry found no room; each is a stream that ran, and those are few.
constexpr size_t kMostLateEntries = 4096;
constexpr std::chrono::milliseconds kBetweenTries(10);

// A part of a stream's name.
std::string Part(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text), {{"%", "%25"}, {"/", "%2F"}});
}

StreamId Named(std::string_view name) {
  return eventstore::NamedStream(options::v1::RECORD_KIND_ACCESS_TRAIL, name);
}

absl::Status Unavailable(const absl::Status& why) {
  return absl::UnavailableError(StrCat("TRAIL_UNAVAILABLE: ", FromAbsl(why.message())));
}

bool IsRecord(const event::v1::TrailRecord& record) {
  return record.kind() != options::v1::RECORD_KIND_UNSPECIFIED &&
         Uuid::Parse(record.record_id()).has_value();
}

bool AreRecords(const event::v1::RecordAccessed& accessed) {
  return accessed.records_size() <= kMostRecordsPerEntry &&
         std::all_of(accessed.records().begin(), accessed.records().end(), IsRecord);
}

// What the entry names is found again only by kind and UUID.
bool NamesRecords(const Fact& fact) {
  switch (domain::KindOf(fact)) {
    case Fact::kRecordAccessed:
      return AreRecords(fact.record_accessed());
    case Fact::kAccessDenied:
      // There may be no record of what was asked for.
      return fact.access_denied().record().record_id().empty() ||
             IsRecord(fact.access_denied().record());
    case Fact::kBreakGlassUsed:
      return IsRecord(fact.break_glass_used().record());
    case Fact::kDisclosureMade:
      return AreRecords(fact.disclosure_made().access()) &&
             (fact.disclosure_made().person_id().empty() ||
              Uuid::Parse(fact.disclosure_made().person_id()).has_value());
    default:
      return false;
  }
}

// The stream of an entry that `call` makes.
StreamId StreamOf(const Call& call, const Fact& fact) {
  if (!fact.has_break_glass_used()) return TrailStreamOf(call.agency, call.actor);
  return BreakGlassStreamOf(call.agency, call.actor,
                            *Uuid::Parse(fact.break_glass_used().record().record_id()));
}

NewEvent EventOf(const StreamId& stream, const Fact& fact, Micros now) {
  NewEvent event;
  event.stream = stream;
  event.occurred_at = now;
  event.occurred_precision = event::v1::TIME_PRECISION_SECOND;
  event.fact_type = static_cast<uint32_t>(domain::KindOf(fact));
  event.fact = fact.SerializeAsString();
  return event;
}

// Request ids that grow with the trail's time, so that the index of requests grows at one end.
class LogClock final : public Clock {
 public:
  explicit LogClock(const eventstore::EventLog& log) : log_(log) {}
  Micros Now() override { return log_.Head().last_recorded_at; }

 private:
  const eventstore::EventLog& log_;
};

// One answer on its way from the trail's thread to the caller's.
class Answer {
 public:
  void Give(absl::StatusOr<Trail::Place> result) {
    MutexLock lock(&mutex_);
    result_ = std::move(result);
  }
  absl::StatusOr<Trail::Place> Await() {
    MutexLock lock(&mutex_);
    mutex_.Await(this, &Answer::IsGiven);
    return *std::move(result_);
  }

 private:
  bool IsGiven() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return result_.has_value(); }

  Mutex mutex_;
  std::optional<absl::StatusOr<Trail::Place>> result_ ABSL_GUARDED_BY(mutex_);
};

absl::Status Unreadable(const RecordedEvent& event) {
  return absl::DataLossError(
      StrCat("the entry at position ", event.position, " of the trail cannot be read"));
}

Trail::Compose Says(Fact fact) {
  return [fact = std::move(fact)](Micros) -> absl::StatusOr<Fact> { return fact; };
}

absl::Status CheckNotReviewed(LedgerView& view, const StreamId& stream, uint64_t after_revision,
                              const Uuid& use) {
  absl::Status status;
  const auto check = [&](const RecordedEvent& event) {
    if (event.fact_type != Fact::kBreakGlassReviewed) return true;
    Fact fact;
    if (!fact.ParseFromString(event.fact)) {
      status = Unavailable(Unreadable(event));
    } else if (Uuid::Parse(fact.break_glass_reviewed().break_glass_event_id()) == use) {
      status = absl::FailedPreconditionError(
          "BREAK_GLASS_REVIEWED: this use of break-glass was reviewed before");
    }
    return status.ok();
  };
  const absl::Status read = view.ReadStream(stream, after_revision + 1, check);
  return read.ok() ? status : Unavailable(read);
}

}  // namespace

std::string TrailLedgerOf(std::string_view ledger) { return StrCat(ledger, kTrailSuffix); }

std::string_view LedgerOfTrail(std::string_view trail) {
  return trail.substr(0, trail.size() - std::string_view(kTrailSuffix).size());
}

bool IsTrailLedger(std::string_view ledger) { return ledger.ends_with(kTrailSuffix); }

std::string TrailNameOf(std::string_view agency, std::string_view actor) {
  return StrCat(Part(agency), "/", Part(actor));
}

StreamId TrailStreamOf(std::string_view agency, std::string_view actor) {
  return Named(TrailNameOf(agency, actor));
}

StreamId BreakGlassStreamOf(std::string_view agency, std::string_view actor, const Uuid& case_id) {
  return Named(StrCat("break-glass/", TrailNameOf(agency, actor), "/", case_id.ToString()));
}

// Where an entry goes and what it says, decided when its turn has come.
using Decide = std::function<absl::StatusOr<NewEvent>(LedgerView&)>;

struct Trail::Entry {
  Call call;
  Request request;
  Decide decide;
  Uuid opened = {};           // nil: it continues nothing
  absl::Status refused = {};  // by `decide`, when it ran last
};

// Writes entries, and keeps last entries of streams that found no room until there is some.
class Trail::Writer : public std::enable_shared_from_this<Writer> {
 public:
  explicit Writer(eventstore::EventLog& log) : log_(log) {}

  void Submit(const std::shared_ptr<Entry>& entry, Done done) {
    log_.Submit(RequestOf(entry), [self = shared_from_this(), entry, done = std::move(done)](
                                      absl::StatusOr<eventstore::AppendResult> appended) {
      // Room was made: for those that wait longest first.
      if (!absl::IsResourceExhausted(appended.status())) self->FinishLate();
      if (appended.ok() && !appended->already_appended) self->Count(*appended->events.begin());
      done(PlaceOf(*entry, std::move(appended)));
    });
  }

  void Finish(const std::shared_ptr<Entry>& entry) {
    Submit(entry, [self = shared_from_this(), entry](const absl::StatusOr<Place>& place) {
      if (absl::IsResourceExhausted(place.status())) self->AddLate(entry);
    });
  }

  const ReasonCounts& denials() const { return denials_; }

  void Drain() {
    while (log_.health().ok()) {
      FinishLate();
      MutexLock lock(&mutex_);
      if (late_.empty() && !finishing_) return;
      // Until the trail has answered some of what fills it.
      mutex_.AwaitFor(this, &Writer::HasNoLate, kBetweenTries);
    }
  }

 private:
  static eventstore::AppendRequest RequestOf(const std::shared_ptr<Entry>& entry) {
    const Call& call = entry->call;
    eventstore::AppendRequest request;
    request.key = {call.agency, entry->request.id};
    // Request ids are an agency's, and an answer is for who asked.
    request.content = StrCat(call.actor, "\n", entry->request.content);
    request.origin.actor = call.actor;
    request.origin.agency = call.agency;
    request.origin.purpose = call.purpose;
    request.origin.causation_id = entry->opened;
    request.decide = [entry](LedgerView& view) -> absl::StatusOr<eventstore::Decision> {
      absl::StatusOr<NewEvent> event = entry->decide(view);
      entry->refused = event.status();
      RETURN_IF_ERROR(entry->refused);
      event->event_id = eventstore::EventId(entry->request.id, entry->call.agency, 0);
      eventstore::Decision decision;
      decision.events.push_back(*std::move(event));
      return decision;
    };
    return request;
  }

  static absl::StatusOr<Place> PlaceOf(const Entry& entry,
                                       absl::StatusOr<eventstore::AppendResult> appended) {
    if (appended.ok()) {
      const RecordedEvent& event = *appended->events.begin();
      return Place{event.event_id, event.position, event.recorded_at, appended->already_appended};
    }
    const absl::Status& status = appended.status();
    const bool told_as_it_is =
        !entry.refused.ok() || absl::IsResourceExhausted(status) || absl::IsAlreadyExists(status);
    return told_as_it_is ? status : Unavailable(status);
  }

  void Count(const RecordedEvent& event) {
    if (event.fact_type != Fact::kAccessDenied) return;
    Fact fact;
    if (fact.ParseFromString(event.fact)) denials_.Add(fact.access_denied().reason());
  }

  bool HasNoLate() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return late_.empty(); }

  void AddLate(std::shared_ptr<Entry> entry) {
    MutexLock lock(&mutex_);
    if (late_.size() < kMostLateEntries) late_.push_back(std::move(entry));
    has_late_ = !late_.empty();
  }

  // Tries those that found no room again. Not within itself: what the log refuses at once comes
  // back to here before the next one is tried.
  void FinishLate() {
    if (!has_late_) return;
    std::deque<std::shared_ptr<Entry>> late;
    {
      MutexLock lock(&mutex_);
      if (finishing_) return;
      finishing_ = true;
      late.swap(late_);
      has_late_ = false;
    }
    for (const std::shared_ptr<Entry>& entry : late) Finish(entry);
    MutexLock lock(&mutex_);
    finishing_ = false;
  }

  eventstore::EventLog& log_;
  ReasonCounts denials_;
  std::atomic<bool> has_late_ = false;  // without a lock for each entry
  Mutex mutex_;
  std::deque<std::shared_ptr<Entry>> late_ ABSL_GUARDED_BY(mutex_);
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
};

Trail::Trail(eventstore::EventLog& log, RandomSource& random)
    : log_(log),
      random_(random),
      writer_(std::make_shared<Writer>(log)),
      beat_(std::make_shared<Beat>()) {}

const ReasonCounts& Trail::denials() const { return writer_->denials(); }

Trail::Entry Trail::EntryFor(const Call& call, Compose compose) {
  LogClock clock(log_);
  Decide decide = [call,
                   compose = std::move(compose)](LedgerView& view) -> absl::StatusOr<NewEvent> {
    ASSIGN_OR_RETURN(const Fact fact, compose(view.recorded_at()));
    if (!NamesRecords(fact)) {
      return absl::InternalError("an entry of the trail names what is no record");
    }
    return EventOf(StreamOf(call, fact), fact, view.recorded_at());
  };
  return {call, {Uuid::Generate(clock, random_), ""}, std::move(decide)};
}

void Trail::Append(const Call& call, Compose compose, Done done) {
  writer_->Submit(std::make_shared<Entry>(EntryFor(call, std::move(compose))), std::move(done));
}

void Trail::Append(const Call& call, Fact fact, Done done) {
  Append(call, Says(std::move(fact)), std::move(done));
}

void Trail::Append(const Call& call, Request request, Compose compose, Done done) {
  auto entry = std::make_shared<Entry>(EntryFor(call, std::move(compose)));
  entry->request = std::move(request);
  writer_->Submit(entry, std::move(done));
}

absl::StatusOr<Trail::Place> Trail::AppendAndWait(const Call& call, Fact fact) {
  return SubmitAndWait(EntryFor(call, Says(std::move(fact))));
}

absl::StatusOr<Trail::Place> Trail::AppendAndWait(const Call& call, Request request,
                                                  Compose compose) {
  Entry entry = EntryFor(call, std::move(compose));
  entry.request = std::move(request);
  return SubmitAndWait(std::move(entry));
}

absl::StatusOr<Trail::Place> Trail::Continue(const Call& call, const Uuid& opened, Fact fact) {
  Entry entry = EntryFor(call, Says(std::move(fact)));
  entry.opened = opened;
  return SubmitAndWait(std::move(entry));
}

void Trail::Finish(const Call& call, const Uuid& opened, Fact fact) {
  auto entry = std::make_shared<Entry>(EntryFor(call, Says(std::move(fact))));
  entry->opened = opened;
  writer_->Finish(entry);
}

void Trail::Drain() { writer_->Drain(); }

absl::StatusOr<Trail::Place> Trail::SubmitAndWait(Entry entry) {
  Answer answer;
  writer_->Submit(std::make_shared<Entry>(std::move(entry)),
                  [&answer](absl::StatusOr<Place> place) { answer.Give(std::move(place)); });
  return answer.Await();
}

absl::StatusOr<Trail::Place> Trail::Review(const Call& call, Request request,
                                           const RecordedEvent& use,
                                           event::v1::BreakGlassReviewed review,
                                           std::function<absl::Status()> may_still) {
  if (use.fact_type != Fact::kBreakGlassUsed) {
    return absl::NotFoundError("BREAK_GLASS_UNKNOWN: the event is no use of break-glass");
  }
  if (use.origin.agency == call.agency && use.origin.actor == call.actor) {
    return absl::FailedPreconditionError(
        "BREAK_GLASS_OWN: a use of break-glass is reviewed by somebody else");
  }
  review.set_break_glass_event_id(use.event_id.ToString());
  Fact fact;
  *fact.mutable_break_glass_reviewed() = std::move(review);
  Decide decide = [fact = std::move(fact), stream = use.stream, revision = use.revision,
                   use_id = use.event_id,
                   may_still = std::move(may_still)](LedgerView& view) -> absl::StatusOr<NewEvent> {
    if (may_still != nullptr) RETURN_IF_ERROR(may_still());
    RETURN_IF_ERROR(CheckNotReviewed(view, stream, revision, use_id));
    return EventOf(stream, fact, view.recorded_at());
  };
  return SubmitAndWait({call, std::move(request), std::move(decide)});
}

absl::StatusOr<std::optional<Uuid>> Trail::OpenWindow(const Call& call, const Uuid& case_id,
                                                      Micros at) const {
  const StreamId stream = BreakGlassStreamOf(call.agency, call.actor, case_id);
  std::optional<Uuid> open;
  for (uint64_t revision = 1;;) {
    const auto events = log_.ReadStream(stream, revision, 0);
    if (!events.ok()) return Unavailable(events.status());
    if (events->empty()) return open;
    for (const RecordedEvent& event : *events) {
      if (event.fact_type != Fact::kBreakGlassUsed) continue;
      Fact fact;
      if (!fact.ParseFromString(event.fact)) return Unavailable(Unreadable(event));
      if (domain::ToMicros(fact.break_glass_used().expire_time()) > at) open = event.event_id;
    }
    revision = events->back().revision + 1;
  }
}

}  // namespace caseledger::access
