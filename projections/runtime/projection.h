// A projection: a versioned function from events to rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/event.h"
#include "eventstore/event_list.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Rebuildable: keeps nothing that the log cannot recreate, and nothing that depends on the clock.
// Apply is called for every wanted event of the ledger, in order, by one thread.
class Projection {
 public:
  virtual ~Projection() = default;
  // Such as `case-list`. A table is called `NAME@VERSION`.
  virtual std::string_view name() const = 0;
  // Raised when the rows' meaning changes; a new version is rebuilt beside the old one.
  virtual uint32_t version() const = 0;
  // False: events of records of this kind change no row; they are not parsed and not given to
  // Apply. Corrections and voids are events of the record that they change.
  virtual bool Wants(uint32_t /*record_kind*/) const { return true; }
  // These events are the next ones, wanted ones among others: what each would look up by itself may
  // be looked up together. Changes no row, and never fails.
  virtual void Expect(const eventstore::EventList& /*events*/) {}
  // Any error stops this projection at this event, says where and why, and leaves the others
  // running. An event of a type this program does not know arrives with `fact` unset: return an
  // error when it could matter.
  virtual absl::Status Apply(const eventstore::RecordedEvent& event, const event::v1::Fact& fact,
                             ReadModelBatch& batch) = 0;
};

}  // namespace caseledger::projections
