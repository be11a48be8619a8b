// What the log does when storage fails or what it holds is damaged.
#include <algorithm>
#include <memory>
#include <string>

#include "eventstore/codec/upgrades.h"
#include "tests/eventstore/memory_log_fixture.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::HasSubstr;

class LogFailure : public MemoryLogTest {
 protected:
  // Makes the engine with these options and opens a log on it.
  EventLog& Open(MemoryEngineOptions options = {}) {
    MakeEngine(std::move(options));
    return Reopen();
  }
  EventLog& Reopen() {
    log_.reset();
    engine_->Reopen();
    auto log = TryOpen();
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    return *log_;
  }
  absl::StatusOr<std::unique_ptr<EventLog>> TryOpen(const FactUpgrades* upgrades = nullptr) {
    SequencerOptions options = LogOptions();
    options.upgrades = upgrades;
    return OpenLog(*engine_, kLedger, options);
  }
  // The newest record's bytes.
  std::string RecordAt(uint64_t position) {
    std::string record;
    EXPECT_TRUE(engine_
                    ->Read(kLedger, position, position + 1,
                           [&record](const StoredEvent& stored) {
                             record = stored.record;
                             return true;
                           })
                    .ok());
    return record;
  }
};

TEST_F(LogFailure, FailedCommitStopsTheLogForGood) {
  MemoryEngineOptions options;
  options.before_write = FailsWhenBroken(absl::UnavailableError("no space left"));
  EventLog& log = Open(options);
  MustAppend(log, CaseStream(1));
  broken_ = true;
  EXPECT_EQ(log.Append(RequestFor(CaseStream(1))).status().code(), absl::StatusCode::kUnavailable);
  broken_ = false;
  EXPECT_EQ(log.Append(RequestFor(CaseStream(1))).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(log.health().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(log.health().message()), HasSubstr("no space left"));
  EXPECT_EQ(log.Head().next_position, 1u) << "what was committed stays readable";
  EXPECT_EQ(ReadAll(log).size(), 1u);
  EXPECT_EQ(MustAppend(Reopen(), CaseStream(1)).revision, 2u);
}

TEST_F(LogFailure, UnknownOutcomeIsFoundByItsRequestIdAfterReopening) {
  MemoryEngineOptions options;
  options.after_write = FailsWhenBroken(absl::UnavailableError("connection lost"));
  EventLog& log = Open(options);
  broken_ = true;
  const Uuid id = NextId();
  const Decision one{{EventFor(CaseStream(1))}, {{CaseStream(1), Expected::None()}}, {}};
  EXPECT_EQ(log.Append(RequestWith(one, id)).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(log.Head().next_position, 0u) << "not acknowledged, so not shown";
  broken_ = false;
  EventLog& reopened = Reopen();
  EXPECT_TRUE(reopened.FindRequest({std::string(kAgency), id})->has_value());
  const auto again = reopened.Append(RequestWith(one, id));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_appended);
}

TEST_F(LogFailure, AnswersThatRestOnAFailedCommitAreNotGiven) {
  MemoryEngineOptions options;
  options.before_write = FailsWhenBroken(absl::UnavailableError("sync failed"));
  EventLog& log = Open(options);
  MustAppend(log, CaseStream(1));
  broken_ = true;
  Answer refused_before, writes, refused_after, repeats;
  const Uuid id = NextId();
  const Decision one{{EventFor(CaseStream(2))}, {}, {}};
  {
    Gate gate(log);
    refused_before = SubmitTo(log, RequestFor(CaseStream(1), Expected::None()));
    writes = SubmitTo(log, RequestWith(one, id));
    refused_after = SubmitTo(log, RequestFor(CaseStream(2), Expected::None()));
    repeats = SubmitTo(log, RequestWith(one, id));
  }
  EXPECT_EQ(refused_before.get().status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(writes.get().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(refused_after.get().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(repeats.get().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(LogFailure, SubscribersNeverSeeWhatWasNotCommitted) {
  MemoryEngineOptions options;
  options.before_write = FailsWhenBroken(absl::UnavailableError("sync failed"));
  EventLog& log = Open(options);
  auto subscription = log.Subscribe(0);
  ASSERT_TRUE(subscription.ok());
  ASSERT_TRUE((*subscription)->Next(absl::ZeroDuration()).ok());
  broken_ = true;
  EXPECT_FALSE(log.Append(RequestFor(CaseStream(1))).ok());
  EXPECT_EQ((*subscription)->Next(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(LogFailure, AnyFlippedBitOfARecordIsDataLoss) {
  EventLog& log = Open();
  MustAppend(log, CaseStream(1));
  MustAppend(log, CaseStream(1));
  const std::string record = RecordAt(0);
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    engine_->OverwriteRecord(kLedger, 0, damaged);
    const absl::StatusCode code = log.ReadLedger(0, 0).status().code();
    // A flip in the format version itself may look like a newer format.
    EXPECT_TRUE(code == absl::StatusCode::kDataLoss ||
                (bit < 16 && code == absl::StatusCode::kFailedPrecondition))
        << "bit " << bit << ": " << absl::StatusCodeToString(code);
  }
  EXPECT_TRUE(log.ReadLedger(1, 0).ok()) << "the rest stays readable";
  EXPECT_EQ(log.Subscribe(0).value()->Next(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(LogFailure, DamagedNewestRecordIsRefusedAtOpening) {
  EventLog& log = Open();
  MustAppend(log, CaseStream(1));
  log.Close();
  std::string record = RecordAt(0);
  record.back() = static_cast<char>(record.back() ^ 1);
  engine_->OverwriteRecord(kLedger, 0, record);
  EXPECT_EQ(TryOpen().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(LogFailure, AMissingOrCutTileIsRefusedAtOpening) {
  EventLog& log = Open();
  for (uint64_t i = 0; i < 600; ++i) MustAppend(log, CaseStream(i % 5));
  log.Close();
  const std::string tile = **engine_->FindTile(kLedger, 0, 1);
  engine_->OverwriteTile(kLedger, 0, 1, tile.substr(1));
  EXPECT_EQ(TryOpen().status().code(), absl::StatusCode::kDataLoss);
  engine_->OverwriteTile(kLedger, 0, 1, "");
  EXPECT_EQ(TryOpen().status().code(), absl::StatusCode::kDataLoss);
  engine_->OverwriteTile(kLedger, 0, 1, tile);
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(LogFailure, OldFactsAreUpgradedOnReadAndKeepTheirLeaves) {
  const Hash256 leaf = MustAppend(Open(), CaseStream(1)).leaf_hash;
  log_.reset();
  FactUpgrades upgrades;
  const auto add = [](std::string suffix) {
    return [suffix](std::string_view fact) -> absl::StatusOr<std::string> {
      return std::string(fact) + suffix;
    };
  };
  ASSERT_TRUE(upgrades.Add(40, 1, add("+2")).ok());
  ASSERT_TRUE(upgrades.Add(40, 2, add("+3")).ok());
  EXPECT_EQ(upgrades.Add(40, 2, add("")).code(), absl::StatusCode::kAlreadyExists);
  auto log = TryOpen(&upgrades);
  ASSERT_TRUE(log.ok()) << log.status();
  const RecordedEvent event = (*log)->ReadLedger(0, 0)->front();
  EXPECT_EQ(event.fact, "fact+2+3");
  EXPECT_EQ(event.schema_version, 3u);
  EXPECT_EQ(event.leaf_hash, leaf);
}

TEST(OpenLogTest, RefusesWhatThisProgramWouldMisread) {
  FakeClock clock;
  SequencerOptions options;
  options.clock = &clock;
  options.sealer = &caseledger::testing::SealsNothing();
  const auto open = [&](auto change) {
    MemoryEngine engine;
    storage::v1::LedgerInfo info;
    info.set_format_version(eventstore::kLedgerFormatVersion);
    info.set_ledger(std::string(kLedger));
    info.set_request_digest_key(std::string(32, 'k'));
    info.set_sealed(true);
    change(info);
    EXPECT_TRUE(engine.CreateLedger(info).ok());
    return OpenLog(engine, kLedger, options).status().code();
  };
  using storage::v1::LedgerInfo;
  EXPECT_EQ(open([](LedgerInfo&) {}), absl::StatusCode::kOk);
  EXPECT_EQ(
      open([](LedgerInfo& info) { info.set_format_version(eventstore::kLedgerFormatVersion + 1); }),
      absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(open([](LedgerInfo& info) { info.set_sealed(false); }),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(open([](LedgerInfo& info) { info.add_incompatible_features("shards"); }),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(open([](LedgerInfo& info) { info.clear_request_digest_key(); }),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(open([](LedgerInfo& info) { info.set_ledger("other"); }), absl::StatusCode::kNotFound);
}

TEST(CreateLedgerTest, NamesAreCheckedAndUnique) {
  FakeClock clock;
  MemoryEngine engine;
  const auto create = [&](std::string_view name) {
    return CreateLedger(engine, name, clock, SystemRandom()).code();
  };
  EXPECT_EQ(create("quang-ninh"), absl::StatusCode::kOk);
  EXPECT_EQ(create("quang-ninh"), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(create("quang-ninh.access"), absl::StatusCode::kOk);
  EXPECT_EQ(create(std::string(40, 'a')), absl::StatusCode::kOk);
  for (const std::string& bad : {std::string(), std::string(41, 'a'), std::string(".access"),
                                 std::string("A"), std::string("a/b"), std::string("a.b")}) {
    EXPECT_EQ(create(bad), absl::StatusCode::kInvalidArgument) << bad;
  }
  const auto infos = engine.ListLedgers();
  EXPECT_EQ((*infos)[1].request_digest_key().size(), 32u);
  EXPECT_NE((*infos)[1].request_digest_key(), (*infos)[2].request_digest_key());
}

}  // namespace
}  // namespace caseledger::eventstore::testing
