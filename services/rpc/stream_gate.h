// What a stream of events shows whom: event by event by the rules, and on the access trail before
// it leaves.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "services/access/trail/stream_trail.h"
#include "services/rpc/reading.h"

namespace caseledger::rpc {

// One thread at a time; blocks on the trail. Never used in a reaction.
class StreamGate {
 public:
  explicit StreamGate(Reading reading) : reading_(std::move(reading)) {}

  Reading& reading() { return reading_; }
  const Reading& reading() const { return reading_; }
  // Finds the ledger and asks whether the caller may open such a stream at all, or the stream of
  // one record; then puts the opening on the trail. Nothing may be sent before.
  absl::Status BeginLedger(std::string_view ledger);
  absl::StatusOr<eventstore::StreamId> BeginRecord(std::string_view ledger,
                                                   options::v1::RecordKind kind,
                                                   std::string_view id);
  // A refusal on the trail, before it is answered.
  absl::Status Refused(const absl::Status& status) const { return reading_.Refused(status); }

  // Before each page: what was asked before is asked again from now on. UNAUTHENTICATED when the
  // caller's certificate or token has ended.
  absl::Status NewPage() {
    asked_.clear();
    return reading_.StillGood();
  }

  // These events of the page are going to be added, or some of them: what opening them needs is
  // looked up together.
  absl::Status Expect(std::span<const eventstore::RecordedEvent* const> events);

  // Adds the event to the repeated field of `response`, as far as the caller may see it, and counts
  // it for the trail. False when nothing of it may be seen. `superseded_by`: "" or an event id.
  absl::StatusOr<bool> Add(const eventstore::RecordedEvent& event, std::string_view ledger,
                           int field, google::protobuf::Message& response,
                           const std::string& superseded_by = "");

  // Counts an event that is sent in another form, before it is sent.
  absl::Status Note(const eventstore::StreamId& record);

  // Before the end is told.
  absl::Status End();

 private:
  absl::Status OpenTrail();
  absl::StatusOr<bool> AddAsItIs(const eventstore::RecordedEvent& event, const Shown& shown,
                                 std::string_view ledger, int field,
                                 google::protobuf::Message& response,
                                 const std::string& superseded_by);
  // Puts a disclosure on the trail before the first event of a record that only a referral shows.
  absl::Status Disclose(const eventstore::StreamId& record, const Shown& shown);
  // Whether it is to be opened for who is shown so much.
  static bool IsOpened(const eventstore::RecordedEvent& event, const Shown& shown);
  absl::StatusOr<const Shown*> Look(const eventstore::StreamId& record);

  Reading reading_;
  absl::flat_hash_map<eventstore::StreamId, Shown> asked_;  // of this page; kNothing: not shown
  std::unique_ptr<access::StreamTrail> trail_;
  // Records disclosed by this stream; forgotten when they are many, and then told again.
  absl::flat_hash_set<eventstore::StreamId> disclosed_;
};

}  // namespace caseledger::rpc
