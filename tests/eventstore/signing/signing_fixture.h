// A ledger over the engine in memory, and its signer.
#pragma once

#include <memory>
#include <string>

#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/signing/signer.h"
#include "tests/eventstore/log_fixture.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::eventstore::testing {

class Signing : public ::testing::Test {
 protected:
  // One ledger's engine with what was appended to it.
  struct Store {
    MemoryEngine engine;
    std::unique_ptr<EventLog> log;
  };

  Signing() { MakeLedger(store_); }

  void MakeLedger(Store& store) {
    ASSERT_TRUE(CreateLedger(store.engine, kLedger, clock_, SystemRandom()).ok());
    OpenStore(store);
  }
  void OpenStore(Store& store) {
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    auto log = OpenLog(store.engine, kLedger, options);
    ASSERT_TRUE(log.ok()) << log.status();
    store.log = *std::move(log);
  }
  static void Append(Store& store, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(
          store.log->Append(RequestWith(Decision{{EventFor(CaseStream(i % 5))}, {}, {}})).ok());
    }
  }
  // Of every signer that is opened; tests change it.
  SignerOptions Options() {
    SignerOptions options;
    options.ledger = std::string(kLedger);
    options.checkpoint_dir = directory_ / "checkpoints";
    options.key_file = directory_ / "keys/quang-ninh.keys";
    options.clock = &clock_;
    options.random = &SystemRandom();
    options.cosigning = cosigning_;
    return options;
  }
  std::string OuterPath() { return CheckpointPath(directory_ / "checkpoints", "quang-ninh"); }
  absl::StatusOr<std::unique_ptr<Signer>> TryOpen(Store& store) {
    return Signer::Open(store.engine, Options());
  }
  std::unique_ptr<Signer> Open(Store& store) {
    auto signer = TryOpen(store);
    EXPECT_TRUE(signer.ok()) << signer.status();
    return *std::move(signer);
  }
  void SignAt(uint64_t events) {
    Append(store_, events - store_.log->Head().next_position);
    ASSERT_TRUE(Open(store_)->Sign(*store_.log->Tree()).ok());
  }
  caseledger::testing::ScratchDirectory directory_;
  FakeClock clock_;
  CosigningOptions cosigning_;
  Store store_;
};

}  // namespace caseledger::eventstore::testing
