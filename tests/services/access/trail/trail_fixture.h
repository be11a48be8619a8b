// A trail over a real ledger in memory, on a clock that only moves when told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "services/access/trail/trail.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_vault.h"
#include "tests/support/recorded_events.h"

namespace caseledger::testing {

inline constexpr Micros kMinute = 60 * kMicrosPerSecond;

inline access::Call CallOf(const std::string& agency, const std::string& actor) {
  access::Call call;
  call.agency = agency;
  call.actor = actor;
  return call;
}

inline event::v1::Fact AccessedFact(const std::string& action,
                                    const std::vector<Uuid>& cases = {}) {
  event::v1::Fact fact;
  fact.mutable_record_accessed()->set_action(action);
  for (const Uuid& id : cases) {
    event::v1::TrailRecord& record = *fact.mutable_record_accessed()->add_records();
    record.set_kind(options::v1::RECORD_KIND_CASE_RECORD);
    record.set_record_id(id.ToString());
  }
  return fact;
}

inline event::v1::Fact BreakGlassUsedFact(const Uuid& case_id, Micros expire_at,
                                          const std::string& owner = "owner") {
  event::v1::Fact fact;
  event::v1::BreakGlassUsed& used = *fact.mutable_break_glass_used();
  used.mutable_record()->set_kind(options::v1::RECORD_KIND_CASE_RECORD);
  used.mutable_record()->set_record_id(case_id.ToString());
  used.set_owner_agency_id(owner);
  SetTime(*used.mutable_expire_time(), expire_at);
  return fact;
}

class TrailTest : public ::testing::Test {
 protected:
  explicit TrailTest(eventstore::LogLimits limits = {}) {
    EXPECT_TRUE(eventstore::CreateLedger(engine_, "qn.access", clock_, SystemRandom()).ok());
    options_.clock = &clock_;
    options_.sealer = &vault_.sealer();
    options_.limits = limits;
    log_ = eventstore::OpenLog(engine_, "qn.access", options_).value();
    trail_ = std::make_unique<access::Trail>(*log_, SystemRandom());
  }
  ~TrailTest() override { log_->Close(); }

  std::vector<eventstore::RecordedEvent> AllEntries() const {
    return log_->ReadLedger(0, 0).value();
  }
  std::vector<eventstore::RecordedEvent> EntriesOf(const eventstore::StreamId& stream) const {
    return log_->ReadStream(stream, 1, 0).value();
  }
  static event::v1::Fact FactOf(const eventstore::RecordedEvent& event) {
    event::v1::Fact fact;
    EXPECT_TRUE(fact.ParseFromString(event.fact));
    return fact;
  }
  eventstore::RecordedEvent Use(const access::Call& call, const Uuid& case_id, Micros expire_at) {
    const auto place = trail_->AppendAndWait(call, BreakGlassUsedFact(case_id, expire_at));
    EXPECT_TRUE(place.ok()) << place.status();
    return log_->ReadLedger(place->position, 1).value().at(0);
  }

  FakeClock clock_;
  MemoryVault vault_{clock_};
  eventstore::MemoryEngine engine_;
  eventstore::SequencerOptions options_;
  std::unique_ptr<eventstore::EventLog> log_;
  std::unique_ptr<access::Trail> trail_;
};

}  // namespace caseledger::testing
