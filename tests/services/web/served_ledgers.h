// Ledgers with a real log and signer over the engine in memory, as a server would hold them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/sequencer/stored_ledger.h"
#include "services/commands/ledgers.h"
#include "tests/eventstore/log_fixture.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::testing {

class ServedLedgers {
 public:
  void Add(const std::string& name) {
    ASSERT_TRUE(eventstore::CreateLedger(engine_, name, clock_, SystemRandom()).ok());
    commands::LedgerParts parts;
    parts.name = name;
    eventstore::SignerOptions signing;
    signing.ledger = name;
    signing.checkpoint_dir = directory_ / "checkpoints";
    signing.key_file = directory_ / (name + ".keys");
    signing.clock = &clock_;
    signing.random = &SystemRandom();
    auto signer = eventstore::Signer::Open(engine_, signing);
    ASSERT_TRUE(signer.ok()) << signer.status();
    parts.signer = *std::move(signer);
    eventstore::SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &SealsNothing();
    auto log = eventstore::OpenLog(engine_, name, options);
    ASSERT_TRUE(log.ok()) << log.status();
    parts.log = *std::move(log);
    parts.stored = std::make_unique<eventstore::StoredLedger>(engine_, name);
    ledgers_.Add(std::move(parts));
  }

  // Appends until the ledger has `size` events.
  void GrowTo(const std::string& name, uint64_t size) {
    eventstore::EventLog& log = *Parts(name).log;
    while (log.Head().next_position < size) {
      eventstore::Decision decision;
      const uint64_t missing = size - log.Head().next_position;
      for (uint64_t i = 0; i < std::min<uint64_t>(missing, kEventsPerAppend); ++i) {
        decision.events.push_back(
            eventstore::testing::EventFor(eventstore::testing::CaseStream(i % 7)));
      }
      ASSERT_TRUE(log.Append(eventstore::testing::RequestWith(std::move(decision))).ok());
    }
  }
  // Signs what the ledger has.
  void Publish(const std::string& name) {
    const absl::Status signed_now = Parts(name).signer->Sign(*Parts(name).log->Tree());
    ASSERT_TRUE(signed_now.ok()) << signed_now;
  }

  const commands::Ledgers& ledgers() const { return ledgers_; }
  commands::LedgerParts& Parts(const std::string& name) { return (*ledgers_.Find(name))->parts; }
  eventstore::MemoryEngine& engine() { return engine_; }

 private:
  static constexpr uint64_t kEventsPerAppend = 1000;

  ScratchDirectory directory_;
  FakeClock clock_;
  eventstore::MemoryEngine engine_;
  commands::Ledgers ledgers_;
};

}  // namespace caseledger::testing
