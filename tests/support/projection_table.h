// One projection over a table in memory, fed by hand.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "projections/read_model/memory/memory_read_models.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/projection.h"
#include "tests/support/recorded_events.h"

namespace caseledger::testing {

// Applies recorded events to a projection, each in a commit of its own.
class ProjectionTable {
 public:
  explicit ProjectionTable(std::unique_ptr<projections::Projection> projection)
      : projection_(std::move(projection)),
        store_(projections::NewMemoryReadModels()),
        table_(store_->OpenTable("qn", "t@1").value()) {}

  // Applies the events not applied yet.
  void CatchUp(const RecordedEvents& events) {
    while (applied_ < events.size()) {
      auto batch = table_->NewBatch();
      const absl::Status applied = Apply(events.all()[applied_], *batch);
      ASSERT_TRUE(applied.ok()) << "at " << applied_ << ": " << applied;
      ASSERT_TRUE(table_->Commit(*batch, applied_, applied_ + 1).ok());
      ++applied_;
    }
  }
  // Applies one event without committing it.
  absl::Status Try(const eventstore::RecordedEvent& event) {
    return Apply(event, *table_->NewBatch());
  }
  std::unique_ptr<projections::ReadSnapshot> Snapshot() const { return table_->Snapshot(); }

 private:
  absl::Status Apply(const eventstore::RecordedEvent& event, projections::ReadModelBatch& batch) {
    if (!projection_->Wants(event.stream.kind)) return absl::OkStatus();
    event::v1::Fact fact;
    EXPECT_TRUE(fact.ParseFromString(event.fact));
    return projection_->Apply(event, fact, batch);
  }

  std::unique_ptr<projections::Projection> projection_;
  std::unique_ptr<projections::ReadModelStore> store_;
  std::unique_ptr<projections::ReadModelTable> table_;
  uint64_t applied_ = 0;
};

}  // namespace caseledger::testing
