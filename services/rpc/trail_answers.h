// What the access trail tells, and what is put into it on request: break-glass, its reviews, and
// what left on other ways.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caseledger/v1/access.pb.h"
#include "projections/read_model/read_model.h"
#include "services/commands/ledgers.h"
#include "services/rpc/reading.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {

// Every answer begins with Reading::Begin and shows only what the reading lets through. What an
// entry says of other records than those asked about is left out.
//
// Thread-safe. Every method may block: on storage, on the trail, and up to `wait` until its read
// model is far enough. Errors as Queries, and those of access::Trail.
class TrailAnswers {
 public:
  TrailAnswers(const commands::Ledgers& ledgers, Clock& clock) : ledgers_(ledgers), clock_(clock) {}

  // Runs `answer` when the request keeps the rules of its fields.
  template <typename Request, typename Answer>
  absl::Status Checked(const Request& request, Answer answer) const {
    if (absl::Status bad = CheckRequest(clock_, request); !bad.ok()) return bad;
    return answer();
  }

  absl::Status ListAccess(Reading& reading, const v1::ListAccessRequest& request,
                          absl::Duration wait, v1::ListAccessResponse& response) const;
  absl::Status ListDenials(Reading& reading, const v1::ListDenialsRequest& request,
                           absl::Duration wait, v1::ListDenialsResponse& response) const;
  absl::Status ListDisclosures(Reading& reading, const v1::ListDisclosuresRequest& request,
                               absl::Duration wait, v1::ListDisclosuresResponse& response) const;
  absl::Status ListBreakGlass(Reading& reading, const v1::ListBreakGlassRequest& request,
                              absl::Duration wait, v1::ListBreakGlassResponse& response) const;

  // These are on the trail by what they write: it is durable when they answer.
  absl::Status UseBreakGlass(Reading& reading, const v1::UseBreakGlassRequest& request,
                             absl::Duration wait, v1::UseBreakGlassResponse& response) const;
  absl::Status ReviewBreakGlass(Reading& reading, const v1::ReviewBreakGlassRequest& request,
                                absl::Duration wait, v1::ReviewBreakGlassResponse& response) const;
  absl::Status RecordDisclosure(Reading& reading, const v1::RecordDisclosureRequest& request,
                                absl::Duration wait, v1::RecordDisclosureResponse& response) const;

 private:
  // The trail of a ledger, as far as its read model is.
  struct View {
    const commands::LedgerParts* trail;
    std::unique_ptr<projections::ReadSnapshot> snapshot;
  };

  // The entry, opened. DATA_LOSS when there is none or it cannot be read.
  static absl::StatusOr<eventstore::RecordedEvent> OpenedAt(const View& view, uint64_t position);
  // Reflects the trail's first `needed_events` events at least.
  absl::StatusOr<View> Look(const commands::Ledger& ledger, uint64_t needed_events,
                            absl::Duration wait) const;
  // What a client's `min_position` asks for; 0 asks for nothing.
  absl::StatusOr<View> LookAt(const commands::Ledger& ledger, uint64_t min_position,
                              absl::Duration wait) const;
  absl::StatusOr<const commands::Ledger*> TrailOf(const commands::Ledger& ledger) const;

  const commands::Ledgers& ledgers_;
  Clock& clock_;
};

// The event at that position of a trail. DATA_LOSS.
absl::StatusOr<eventstore::RecordedEvent> TrailEventAt(const eventstore::EventLog& log,
                                                       uint64_t position);

}  // namespace caseledger::rpc
