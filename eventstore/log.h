// The event log of one ledger: one total order, many streams inside it.
//
// Everything above (services, projections) knows this contract only; engines are named in
// services/app alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/distribution.h"
#include "eventstore/event.h"
#include "eventstore/event_list.h"
#include "eventstore/verifiable/tree_edge.h"

namespace caseledger::eventstore {

// What a stream must look like for an append to go through (table in LOG.md).
struct Expected {
  enum class Kind { kAny, kNone, kExists, kRevision };
  Kind kind = Kind::kAny;
  uint64_t revision = 0;  // for kRevision, at least 1

  static Expected Any() { return {}; }
  static Expected None() { return {Kind::kNone, 0}; }
  static Expected Exists() { return {Kind::kExists, 0}; }
  static Expected At(uint64_t revision) { return {Kind::kRevision, revision}; }
};

// A check may name a stream that the append does not write to.
struct StreamCheck {
  StreamId stream;
  Expected expected;
};

// A name (external reference) that the append gives to a record. Unique per kind and source for
// ever.
struct NewName {
  StreamId stream;
  std::string source;
  std::string value;
};

// A fact of the record `from` names the record `to`. Kept for ever, once for each pair.
struct NewReference {
  StreamId from;
  StreamId to;
};

// Identifies a request: the same key with the same content is carried out once, ever.
struct RequestKey {
  std::string agency;
  Uuid request_id;
};

// Where an append went. `already_appended`: the request had been carried out before; these are its
// first events.
struct AppendResult {
  bool already_appended = false;
  EventList events;
};

// What the next event is decided against: everything committed plus the earlier appends of the same
// batch. Valid only inside a Decide call. Not thread-safe.
class LedgerView {
 public:
  virtual ~LedgerView() = default;
  // Recorded time that the events of this append will carry.
  virtual Micros recorded_at() const = 0;
  virtual uint64_t next_position() const = 0;
  // Revision 0 when the stream is absent.
  virtual absl::StatusOr<StreamHead> Head(const StreamId& stream) = 0;
  // Calls `visit` for the stream's events from `from_revision` (from 1) on, in order, until it
  // returns false.
  virtual absl::Status ReadStream(const StreamId& stream, uint64_t from_revision,
                                  absl::FunctionRef<bool(const RecordedEvent&)> visit) = 0;
  // The record with this name; nullopt if there is none. With an empty `source` any source is
  // meant. INVALID_ARGUMENT when, without a source, several records bear the name.
  virtual absl::StatusOr<std::optional<StreamId>> FindName(uint32_t kind, std::string_view source,
                                                           std::string_view value) = 0;
  // Calls `visit` for the records with a fact that names `to`, also one that is corrected or voided
  // meanwhile, until it returns false.
  virtual absl::Status VisitReferrers(const StreamId& to,
                                      absl::FunctionRef<bool(const StreamId&)> visit) = 0;
};

// Outcome of deciding. Empty `events`: nothing to do; nothing is written, and the request is not
// remembered.
struct Decision {
  std::vector<NewEvent> events;
  std::vector<StreamCheck> checks;
  std::vector<NewName> names;
  std::vector<NewReference> references = {};
};

// Pure: the same view gives the same decision. May run more than once for one append. An error
// status refuses the append with just that status; nothing is written or remembered.
using Decide = std::function<absl::StatusOr<Decision>(LedgerView& view)>;

// What a decision is going to look at, as far as it can be told before: where each look is a round
// trip, those of a whole batch are made together. Changes no answer.
struct Foresight {
  struct Name {
    uint32_t kind = 0;
    std::string source;  // may be empty
    std::string value;
  };
  std::optional<StreamId> record;  // that will be written
  std::vector<StreamId> named;     // records that the facts name
  std::vector<Name> names;         // that are looked for or given
};

struct AppendRequest {
  RequestKey key;
  // Everything that makes two requests the same; compared by keyed digest.
  std::string content;
  EventOrigin origin;
  Decide decide;
  // Asked before the answer of an earlier time is given again; an error is answered instead. Empty:
  // everybody who knows the request may hear it again.
  std::function<absl::Status(LedgerView& view)> may_hear_again = {};
  // Asked once a batch is to look ahead. Empty: nothing is known.
  std::function<Foresight()> foresee = {};
};

struct LogLimits {
  size_t max_event_bytes = 1 << 20;     // stored bytes of one event
  size_t max_events_per_append = 1024;  // events of one append
  size_t max_appends_waiting = 4096;    // appends accepted and not yet answered
  size_t max_batch_appends = 512;       // appends of one commit
  size_t max_batch_bytes =
      8u << 20;                   // stored bytes of one commit, unless one append alone is larger
  size_t max_page_events = 4096;  // events of one page
  // Stored bytes of one page, unless one event alone is larger. Each reader holds a page, as events
  // and again as an answer, and an answer must fit into the 4 MiB that gRPC clients take.
  size_t max_page_bytes = 1u << 20;
  // Newest events kept in memory for deciding.
  size_t recent_events = 16384;
  size_t recent_bytes = 32u << 20;  // stored bytes of them
  size_t max_subscribers = 256;     // clients
  // Workers of the ledger's own; several times what all read models need while they are rebuilt.
  size_t max_worker_subscribers = 64;
  size_t subscriber_buffer_events = 4096;      // live buffer of one subscriber
  size_t subscriber_buffer_bytes = 32u << 20;  // stored bytes in it; shared between subscribers
};

// Who reads. Each kind has places of its own, so that no number of clients keeps a read model from
// being built.
enum class SubscriberKind { kClient, kWorker };

// How a log does, for whoever watches it. Distributions count from when the log was opened.
struct LogStats {
  size_t appends_waiting = 0;  // accepted and not yet answered
  size_t max_appends_waiting = 0;
  size_t client_subscribers = 0;
  size_t worker_subscribers = 0;
  DistributionCounts batch_events;   // of one durable write
  DistributionCounts commit_micros;  // of one durable write: how long the engine took
  DistributionCounts append_micros;  // of one append: from Submit to its answer, also a refusal
};

// A live reader. Not thread-safe, except Cancel.
class Subscription {
 public:
  enum class Change { kNone, kCaughtUp, kFellBehind };
  struct Delivery {
    EventList events;               // in order, without holes; may be empty
    Change change = Change::kNone;  // after the events
    uint64_t next_position = 0;     // resume here
  };
  virtual ~Subscription() = default;
  // Waits at most `timeout` for the next delivery. DEADLINE_EXCEEDED: nothing new yet. CANCELLED:
  // after Cancel or when the log closes. DATA_LOSS: the log is damaged.
  virtual absl::StatusOr<Delivery> Next(absl::Duration timeout) = 0;
  // Ends waiting for good. Any thread.
  virtual void Cancel() = 0;
};

// Thread-safe. Every call but Submit may block on storage: never call from a gRPC reaction.
class EventLog {
 public:
  using Done = std::function<void(absl::StatusOr<AppendResult>)>;

  virtual ~EventLog() = default;

  // Decides and appends atomically, in one order with all other appends of the ledger. Calls `done`
  // exactly once: at once from this call when refused unseen, else from the log's own thread, after
  // the events are durable. `done` must not block.
  //
  // (decide's own)      what `request.decide` refused
  // ABORTED             a stream is not as expected; all violated checks are listed
  // ALREADY_EXISTS      the request id was used with other content (message begins with
  // REQUEST_ID_REUSED), or a
  //                     name is taken (message begins with EXTERNAL_REF_TAKEN)
  // INVALID_ARGUMENT    an event or the append is larger than the limits
  // RESOURCE_EXHAUSTED  too many appends waiting; back off
  // UNAVAILABLE         the log is closed or storage failed, and the append may or may not be
  //                     committed: look the request id up. Unless the ledger is shared, nothing
  //                     more is accepted until it is reopened
  virtual void Submit(AppendRequest request, Done done) = 0;

  // Submit and wait.
  absl::StatusOr<AppendResult> Append(AppendRequest request);

  virtual LedgerHead Head() const = 0;

  // The Merkle tree over all events that are committed; never null.
  virtual std::shared_ptr<const TreeEdge> Tree() const = 0;

  // Events from `from` on, at most `max_events` (0: the limit) and the page limits. Empty at the
  // end. OUT_OF_RANGE        `from` is beyond the end DATA_LOSS           a stored record failed
  // its check
  virtual absl::StatusOr<std::vector<RecordedEvent>> ReadLedger(uint64_t from,
                                                                size_t max_events) const = 0;

  // The stream's events from `from_revision` (from 1) on. Empty when absent or at its end.
  virtual absl::StatusOr<std::vector<RecordedEvent>> ReadStream(const StreamId& stream,
                                                                uint64_t from_revision,
                                                                size_t max_events) const = 0;

  // As LedgerView::FindName, of what is committed.
  virtual absl::StatusOr<std::optional<StreamId>> FindName(uint32_t kind, std::string_view source,
                                                           std::string_view value) const = 0;

  // As LedgerView::Head and VisitReferrers, of what is committed.
  virtual absl::StatusOr<StreamHead> FindStream(const StreamId& stream) const = 0;
  virtual absl::Status VisitReferrers(const StreamId& to,
                                      absl::FunctionRef<bool(const StreamId&)> visit) const = 0;

  // The events that a request became, if it was carried out.
  virtual absl::StatusOr<std::optional<AppendResult>> FindRequest(const RequestKey& key) const = 0;

  // Number of events recorded up to and including `time`: the position an as-of-time question stops
  // before.
  virtual absl::StatusOr<uint64_t> CountRecordedUntil(Micros time) const = 0;

  // Events from `from` on (the end or below, else OUT_OF_RANGE) and then live. RESOURCE_EXHAUSTED:
  // too many subscribers of this kind.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(uint64_t from,
                                                                  SubscriberKind kind) = 0;
  // For a client.
  absl::StatusOr<std::unique_ptr<Subscription>> Subscribe(uint64_t from) {
    return Subscribe(from, SubscriberKind::kClient);
  }

  // OK, or why no appends are accepted.
  virtual absl::Status health() const = 0;

  // Cheap; waits for no storage, and holds up no append.
  virtual LogStats Stats() const = 0;

  // Refuses new appends, finishes those accepted, ends subscriptions. Idempotent. Not from a
  // decision or a `done`: it waits for them.
  virtual void Close() = 0;
};

}  // namespace caseledger::eventstore
