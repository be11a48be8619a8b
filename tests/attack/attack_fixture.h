// A stopped server's directory with one signed ledger, and the two that look for attacks: `log
// verify`, and the start of a server.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/audit/ledger_audit.h"
#include "eventstore/base/strings.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/codec/record.h"
#include "eventstore/engine/rocksdb/backup/read_only_store.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/sequencer/stored_tree.h"
#include "eventstore/signing/kept_checkpoints.h"
#include "eventstore/signing/signer.h"
#include "tests/attack/forger.h"
#include "tests/eventstore/log_fixture.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::eventstore::testing {

using caseledger::testing::Forger;
using caseledger::testing::ReadWholeFile;
using caseledger::testing::ScratchDirectory;
using caseledger::testing::WriteWholeFile;

// What an auditor brings.
struct Auditor {
  std::vector<VerifierKey> keys;
  std::vector<std::string> files;
};

// The parts of a data directory. The same for copies of it.
class DataDirectory {
 public:
  explicit DataDirectory(std::string path) : path_(std::move(path)) {}
  std::string log() const { return path_ + "/log"; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  std::string checkpoint() const { return CheckpointPath(checkpoints(), std::string(kLedger)); }
  std::string keys() const { return path_ + "/keys"; }
  std::string key_file() const { return StrCat(keys(), "/", kLedger, ".keys"); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class AttackTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kEvents = 600;

  AttackTest() : data_(scratch_ / "data") {
    RunServer(data_, [this](EventLog& log) { Append(log, kEvents); });
  }

  // Events in pairs, to 40 streams, the first of each pair with a name, with long envelopes.
  void Append(EventLog& log, uint64_t events) {
    for (uint64_t i = 0; i < events / 2; ++i, ++appends_) {
      const StreamId stream = CaseStream(appends_ % 40);
      const StreamId other = CaseStream((appends_ + 7) % 40);
      Decision decision;
      decision.events = {EventFor(stream, std::string(120, 'f')), EventFor(other, "second")};
      decision.names = {{stream, "paper", StrCat("C-", appends_)}};
      decision.references = {{stream, other}};
      AppendRequest request = RequestWith(std::move(decision));
      request.origin.on_behalf_of = "ctxh-qn";
      request.origin.purpose = "counselling";
      request.origin.legal_basis = "law-2016-102";
      request.origin.correlation_id = NextId();
      request.origin.causation_id = NextId();
      request.origin.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      request.origin.source_file = "quang-ninh/contacts.csv";
      request.origin.source_row = "17";
      clock_.Advance(1'000);
      const auto result = log.Append(std::move(request));
      ASSERT_TRUE(result.ok()) << result.status();
    }
  }

  SignerOptions SigningIn(const DataDirectory& data) {
    SignerOptions options;
    options.ledger = std::string(kLedger);
    options.checkpoint_dir = data.checkpoints();
    options.key_file = data.key_file();
    options.clock = &clock_;
    options.random = &SystemRandom();
    return options;
  }

  // Starts as a server does, lets `work` append, signs and ends. An error: it did not start.
  template <typename Work>
  absl::Status TryServer(const DataDirectory& data, Work work) {
    RocksDbOptions storage;
    storage.path = data.log();
    storage.block_cache_bytes = 8u << 20;
    storage.write_buffer_bytes = 4u << 20;
    std::filesystem::create_directories(data.path());
    auto engine = OpenRocksDbEngine(storage);
    if (!engine.ok()) return engine.status();
    CreateLedger(**engine, kLedger, clock_, SystemRandom()).IgnoreError();
    auto signer = Signer::Open(**engine, SigningIn(data));
    if (!signer.ok()) return signer.status();
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    auto log = OpenLog(**engine, kLedger, options);
    if (!log.ok()) return log.status();
    work(**log);
    (*log)->Close();
    if (absl::Status status = (*signer)->Sign(*(*log)->Tree()); !status.ok()) return status;
    log->reset();
    return (*engine)->Close();
  }
  template <typename Work>
  void RunServer(const DataDirectory& data, Work work) {
    const absl::Status status = TryServer(data, work);
    ASSERT_TRUE(status.ok()) << status;
  }
  absl::Status Start(const DataDirectory& data) {
    return TryServer(data, [](EventLog&) {});
  }

  static CheckpointSources SourcesIn(const DataDirectory& data, const Auditor& auditor) {
    return {std::string(kLedger), data.checkpoints(), data.key_file(), auditor.keys, auditor.files};
  }

  // As `caseledger log verify` does.
  static LedgerAudit Audit(const Engine& store, const DataDirectory& data,
                           const Auditor& auditor = {}) {
    LedgerAudit audit;
    const auto kept = FindKeptCheckpoints(store, SourcesIn(data, auditor));
    audit.status = kept.status();
    if (!kept.ok()) return audit;
    LedgerAuditOptions options;
    options.ledger = std::string(kLedger);
    options.helpers = 1;
    options.random = &SystemRandom();
    for (const KeptCheckpoint& found : kept->found) {
      options.roots.push_back({found.where, found.checkpoint.size, found.checkpoint.root});
    }
    return AuditLedger(store, options);
  }
  static LedgerAudit Verify(const DataDirectory& data, const Auditor& auditor = {}) {
    const auto store = rocksdb_engine::OpenStoppedStore(data.log());
    if (store.ok()) return Audit(**store, data, auditor);
    LedgerAudit audit;
    audit.status = store.status();
    return audit;
  }
  static std::string Said(const LedgerAudit& audit) {
    EXPECT_TRUE(absl::IsDataLoss(audit.status)) << audit.status;
    return std::string(audit.status.message());
  }
  static std::string Said(const absl::Status& status) {
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    return std::string(status.message());
  }

  void ExpectWhole() {
    const LedgerAudit audit = Verify(data_);
    ASSERT_TRUE(audit.status.ok()) << audit.status;
    ASSERT_EQ(audit.events, kEvents);
  }
  DataDirectory CopyOf(const DataDirectory& data, const std::string& name) {
    std::filesystem::copy(data.path(), scratch_ / name, std::filesystem::copy_options::recursive);
    return DataDirectory(scratch_ / name);
  }
  static void Replace(const std::string& path, const std::string& by) {
    std::filesystem::remove_all(path);
    std::filesystem::copy(by, path, std::filesystem::copy_options::recursive);
  }
  std::vector<VerifierKey> TrueKeys() { return KeyRing::Load(data_.key_file())->Verifiers(); }

  ScratchDirectory scratch_;
  FakeClock clock_;
  uint64_t appends_ = 0;
  const DataDirectory data_;
};

}  // namespace caseledger::eventstore::testing
