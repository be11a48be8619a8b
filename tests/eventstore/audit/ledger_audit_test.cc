// The audit of whole ledgers over the memory engine: what it counts, in which order it finds, and
// with how many threads. What only storage can be changed to is in tests/attack.
#include "eventstore/audit/ledger_audit.h"

#include <set>

#include "eventstore/audit/record_reader.h"
#include "eventstore/audit/set_fingerprint.h"
#include "eventstore/codec/marks.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "tests/eventstore/log_fixture.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::HasSubstr;
using Phase = AuditProgress::Phase;

constexpr uint64_t kAppends = 700;
constexpr uint64_t kEvents = 2 * kAppends;

class Audit : public ::testing::Test {
 protected:
  Audit() {
    EXPECT_TRUE(CreateLedger(engine_, kLedger, clock_, SystemRandom()).ok());
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &caseledger::testing::SealsNothing();
    auto log = OpenLog(engine_, kLedger, options);
    EXPECT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
    options_.ledger = std::string(kLedger);
    options_.random = &SystemRandom();
  }

  // Two events an append, to 40 streams, with a name and a reference each.
  void Fill(uint64_t appends = kAppends) {
    for (uint64_t i = 0; i < appends; ++i) {
      const StreamId stream = CaseStream(i % 40);
      Decision decision;
      decision.events = {EventFor(stream), EventFor(CaseStream((i + 7) % 40))};
      decision.names = {{stream, "paper", "C-" + std::to_string(i)}};
      decision.references = {{stream, CaseStream((i + 7) % 40)}};
      clock_.Advance(1);
      ASSERT_TRUE(log_->Append(RequestWith(std::move(decision))).ok());
    }
  }
  void Damage(uint64_t position) {
    std::string record;
    ASSERT_TRUE(engine_
                    .Read(kLedger, position, position + 1,
                          [&record](const StoredEvent& event) {
                            record = event.record;
                            return true;
                          })
                    .ok());
    record.back() = static_cast<char>(record.back() ^ 1);
    engine_.OverwriteRecord(kLedger, position, record);
  }

  FakeClock clock_;
  MemoryEngine engine_;
  std::unique_ptr<EventLog> log_;
  LedgerAuditOptions options_;
};

TEST_F(Audit, AWholeLedgerIsCountedWithAnyNumberOfThreads) {
  Fill();
  options_.roots = {{"inside", kEvents, log_->Tree()->Root()}};
  for (const unsigned helpers : {0u, 1u, 3u}) {
    SCOPED_TRACE(helpers);
    options_.helpers = helpers;
    const LedgerAudit audit = AuditLedger(engine_, options_);
    EXPECT_TRUE(audit.status.ok()) << audit.status;
    EXPECT_EQ(audit.events, kEvents);
    EXPECT_EQ(audit.streams, 40u);
    EXPECT_EQ(audit.index_entries, kEvents);
    EXPECT_EQ(audit.requests, kAppends);
    EXPECT_EQ(audit.names, 2 * kAppends) << "with and without its source";
    EXPECT_EQ(audit.references, 40u);
    EXPECT_EQ(audit.tiles, kEvents / 256);
    EXPECT_EQ(audit.roots, 1u);
    EXPECT_EQ(audit.position, std::nullopt);
  }
}

TEST_F(Audit, AnEmptyLedgerIsWhole) {
  options_.roots = {{"inside", 0, EmptyTreeRoot()}};
  const LedgerAudit audit = AuditLedger(engine_, options_);
  EXPECT_TRUE(audit.status.ok()) << audit.status;
  EXPECT_EQ(audit.roots, 1u);
  options_.roots = {{"inside", 0, Hash256{}}};
  EXPECT_TRUE(absl::IsDataLoss(AuditLedger(engine_, options_).status));
}

TEST_F(Audit, OfSeveralDamagedRecordsTheFirstIsNamedWhoeverDecodesIt) {
  Fill();
  for (const uint64_t position : {kEvents - 1, uint64_t{1023}, uint64_t{514}, uint64_t{513}}) {
    Damage(position);
    for (const unsigned helpers : {0u, 1u, 3u}) {
      options_.helpers = helpers;
      const LedgerAudit audit = AuditLedger(engine_, options_);
      EXPECT_TRUE(absl::IsDataLoss(audit.status)) << audit.status;
      EXPECT_EQ(audit.position, position);
      EXPECT_EQ(audit.events, position) << "those before it were looked at";
      EXPECT_THAT(std::string(audit.status.message()),
                  HasSubstr("ledger quang-ninh: the record at position " +
                            std::to_string(position) + " is damaged"));
    }
  }
}

TEST_F(Audit, ATileThatIsNotThatOfTheEventsIsNamed) {
  Fill();
  const std::string tile = **engine_.FindTile(kLedger, 0, 2);
  std::string changed = tile;
  changed[8000] = static_cast<char>(changed[8000] ^ 1);
  engine_.OverwriteTile(kLedger, 0, 2, changed);
  EXPECT_THAT(std::string(AuditLedger(engine_, options_).status.message()),
              HasSubstr("tile/0/002 is not that of the events"));
  engine_.OverwriteTile(kLedger, 0, 2, "");
  EXPECT_THAT(std::string(AuditLedger(engine_, options_).status.message()),
              HasSubstr("tile/0/002 is missing"));
  engine_.OverwriteTile(kLedger, 0, 2, tile);
  engine_.OverwriteTile(kLedger, 0, kEvents / 256, tile);
  EXPECT_THAT(std::string(AuditLedger(engine_, options_).status.message()),
              HasSubstr("do not fill"));
}

TEST_F(Audit, SignedRootsAreComparedWhereTheyStand) {
  Fill(10);
  const Hash256 root_at_20 = log_->Tree()->Root();
  Fill(10);
  options_.roots = {{"outside", 40, log_->Tree()->Root()}, {"kept", 20, root_at_20}};
  LedgerAudit audit = AuditLedger(engine_, options_);
  EXPECT_TRUE(audit.status.ok()) << audit.status;
  EXPECT_EQ(audit.roots, 2u);

  options_.roots[1].root.bytes[5] ^= 1;
  audit = AuditLedger(engine_, options_);
  EXPECT_TRUE(absl::IsDataLoss(audit.status));
  EXPECT_THAT(std::string(audit.status.message()),
              HasSubstr("its first 20 events are not those that were signed (kept)"));

  options_.roots[1] = {"kept", 41, root_at_20};
  EXPECT_THAT(std::string(AuditLedger(engine_, options_).status.message()),
              HasSubstr("it has 40 events, but 41 were signed (kept): the newest 1 were deleted"));

  options_.roots[1] = {"kept", 40, root_at_20};
  EXPECT_THAT(std::string(AuditLedger(engine_, options_).status.message()),
              HasSubstr("two different ledgers of 40 events were signed"));
}

TEST_F(Audit, WhoKnowsFactsSeesEveryEventInOrderAndMayFindSomething) {
  Fill();
  options_.helpers = 2;
  std::vector<uint64_t> seen;
  options_.on_event = [&seen](const RecordedEvent& event) {
    seen.push_back(event.position);
    return event.position == 900 ? absl::DataLossError("heads differ") : absl::OkStatus();
  };
  const LedgerAudit audit = AuditLedger(engine_, options_);
  EXPECT_EQ(audit.status, absl::DataLossError("heads differ"));
  EXPECT_EQ(audit.position, 900u);
  ASSERT_EQ(seen.size(), 901u);
  for (uint64_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i);
}

TEST_F(Audit, ItTellsHowFarItIsAndEndsWhenToldTo) {
  Fill(2100);
  std::set<Phase> phases;
  options_.on_progress = [&phases](const AuditProgress& progress) {
    phases.insert(progress.phase);
    EXPECT_LE(progress.done, progress.total);
    return true;
  };
  EXPECT_TRUE(AuditLedger(engine_, options_).status.ok());
  EXPECT_EQ(phases, (std::set{Phase::kEvents, Phase::kIndex, Phase::kMarks}));
  for (const Phase last : {Phase::kEvents, Phase::kIndex, Phase::kMarks}) {
    options_.on_progress = [last](const AuditProgress& progress) { return progress.phase != last; };
    const absl::Status status = AuditLedger(engine_, options_).status;
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
  }
}

TEST_F(Audit, AReaderThatEndsEarlyLeavesNoThreadBehind) {
  Fill();
  for (const uint64_t most : {uint64_t{1}, uint64_t{512}, uint64_t{513}, kEvents}) {
    uint64_t seen = 0;
    const absl::Status status =
        ReadRecords(engine_, kLedger, 0, kEvents, 3, [&](const RecordedEvent&) {
          return ++seen == most ? absl::CancelledError("enough") : absl::OkStatus();
        });
    EXPECT_TRUE(absl::IsCancelled(status));
    EXPECT_EQ(seen, most);
  }
}

std::string Row(uint64_t number) { return "row " + std::to_string(number); }

TEST(SetFingerprint, DependsOnTheRowsAndNotOnTheirOrder) {
  const FingerprintPoint point = FingerprintPoint::Random(SystemRandom());
  SetFingerprint forward(point), backward(point), one_less(point), one_twice(point);
  for (uint64_t i = 0; i < 1000; ++i) {
    forward.Add(Row(i));
    backward.Add(Row(999 - i));
    if (i != 500) one_less.Add(Row(i));
    one_twice.Add(Row(i == 500 ? 501 : i));
  }
  EXPECT_TRUE(forward.SameAs(backward));
  EXPECT_FALSE(forward.SameAs(one_less));
  EXPECT_FALSE(forward.SameAs(one_twice));
  one_less.Add(Row(500));
  EXPECT_TRUE(forward.SameAs(one_less));
}

TEST(SetFingerprint, TellsRowsApartThatDifferInOneBitOrInLength) {
  const FingerprintPoint point = FingerprintPoint::Random(SystemRandom());
  const std::string row(36, '\0');
  SetFingerprint plain(point);
  plain.Add(row);
  for (size_t bit = 0; bit < row.size() * 8; ++bit) {
    std::string other = row;
    other[bit / 8] = static_cast<char>(1 << bit % 8);
    SetFingerprint changed(point);
    changed.Add(other);
    EXPECT_FALSE(plain.SameAs(changed)) << bit;
  }
  for (size_t bytes = 0; bytes < 50; ++bytes) {
    SetFingerprint longer(point);
    longer.Add(std::string(bytes, '\0'));
    EXPECT_EQ(plain.SameAs(longer), bytes == row.size()) << bytes;
  }
}

// Two swaps that any sum of parts would miss: each column keeps its values.
TEST(SetFingerprint, TellsApartWhatSumsOfColumnsDoNot) {
  const FingerprintPoint point = FingerprintPoint::Random(SystemRandom());
  SetFingerprint one(point), other(point);
  for (const char* row : {"stream-a position-1", "stream-b position-2"}) one.Add(row);
  for (const char* row : {"stream-a position-2", "stream-b position-1"}) other.Add(row);
  EXPECT_FALSE(one.SameAs(other));
}

TEST(MarkKeyParts, AreWhatTheKeyWasMadeOf) {
  using Kind = MarkKeyParts::Kind;
  const std::string request_key = *MarkKeys::Request("hotline", NumberedId(7));
  const auto request = DecodeMarkKey(request_key);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->kind, Kind::kRequest);
  EXPECT_EQ(request->agency, "hotline");
  EXPECT_EQ(request->request_id, NumberedId(7));
  const std::string name_key = *MarkKeys::Name(3, "paper", "C-1");
  const auto name = DecodeMarkKey(name_key);
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->kind, Kind::kName);
  EXPECT_EQ(name->record_kind, 3u);
  EXPECT_EQ(name->source, "paper");
  EXPECT_EQ(name->value, "C-1");
  const std::string bare_key = *MarkKeys::NameOfAnySource(3, "C-1");
  const auto bare = DecodeMarkKey(bare_key);
  ASSERT_TRUE(bare.ok());
  EXPECT_EQ(bare->kind, Kind::kNameOfAnySource);
  EXPECT_EQ(bare->value, "C-1");
  const std::string reference_key = MarkKeys::Reference(CaseStream(1), CaseStream(2));
  const auto reference = DecodeMarkKey(reference_key);
  ASSERT_TRUE(reference.ok());
  EXPECT_EQ(reference->kind, Kind::kReference);
  EXPECT_EQ(reference->to, CaseStream(1));
  EXPECT_EQ(reference->from, CaseStream(2));
  for (const std::string& key : {request_key, name_key, bare_key, reference_key}) {
    for (size_t bytes = 0; bytes < key.size(); ++bytes) {
      EXPECT_FALSE(DecodeMarkKey(key.substr(0, bytes)).ok());
    }
    EXPECT_FALSE(DecodeMarkKey(key + "x").ok());
  }
  EXPECT_FALSE(DecodeMarkKey("\x09").ok());
}

}  // namespace
}  // namespace caseledger::eventstore::testing
