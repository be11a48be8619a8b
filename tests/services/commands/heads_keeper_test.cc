// When heads are committed, and to what.
#include "services/commands/heads_keeper.h"

#include <map>
#include <set>

#include "caseledger/event/v1/fact.pb.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "services/timers/heads_worker.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::CommittedHeads;
using commands::HeadsKeeper;
using eventstore::CommittedHead;
using eventstore::RecordedEvent;
using eventstore::StreamId;

class Heads : public ::testing::Test {
 protected:
  Heads() : store_(projections::NewMemoryReadModels()) {
    centre_.Admit(Worker());
    begun_ = centre_.size();
    OpenKeeper();
  }

  void OpenKeeper() {
    auto opened = HeadsKeeper::Open(centre_.log(), kLedgerName, *store_, centre_.clock());
    ASSERT_TRUE(opened.ok()) << opened.status();
    keeper_ = *std::move(opened);
  }
  void ForgetTables() { store_ = projections::NewMemoryReadModels(); }

  void Record(int contacts) {
    for (int i = 0; i < contacts; ++i) {
      const auto result =
          centre_.Send(centre_.Command(Id(++contacts_), 20'000,
                                       "contact_received { channel: 'phone' line: '18001769' }"),
                       Worker());
      ASSERT_TRUE(result.ok()) << result.status();
    }
  }

  std::vector<RecordedEvent> Events() {
    std::vector<RecordedEvent> all;
    while (all.size() < centre_.log().Head().next_position) {
      auto page = centre_.log().ReadLedger(all.size(), 0);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok() || page->empty()) break;
      all.insert(all.end(), page->begin(), page->end());
    }
    return all;
  }

  static size_t StreamCount(Centre& centre) {
    std::set<StreamId> streams;
    const auto events = centre.log().ReadLedger(0, 0);
    EXPECT_TRUE(events.ok()) << events.status();
    for (const RecordedEvent& event : *events) streams.insert(event.stream);
    return streams.size();
  }

  // Every stream's head among the first `size` events, proven; what is not among them is not.
  void ExpectCommitsTo(const CommittedHeads& heads, uint64_t size) {
    event::v1::Fact fact;
    ASSERT_TRUE(fact.ParseFromString(heads.event.fact));
    const event::v1::HeadsCommitted& committed = fact.heads_committed();
    EXPECT_EQ(committed.tree_size(), size);
    EXPECT_EQ(heads.event.stream, commands::HeadsStream());
    Hash256 root;
    ASSERT_EQ(committed.root().size(), root.bytes.size());
    std::copy(committed.root().begin(), committed.root().end(), root.bytes.begin());
    std::map<StreamId, RecordedEvent> newest;
    const std::vector<RecordedEvent> events = Events();
    for (uint64_t i = 0; i < size; ++i) newest[events[i].stream] = events[i];
    EXPECT_EQ(committed.stream_count(), newest.size());
    for (const auto& [stream, event] : newest) {
      const auto proven = heads.tree->Prove(stream);
      ASSERT_TRUE(proven.ok()) << proven.status();
      const CommittedHead expected{eventstore::HeadKey(stream), event.revision, event.leaf_hash};
      EXPECT_EQ(proven->head, expected);
      EXPECT_TRUE(eventstore::VerifyHead(expected, proven->proof, root).ok());
    }
    for (uint64_t i = size; i < events.size(); ++i) {
      if (newest.contains(events[i].stream)) continue;
      EXPECT_TRUE(absl::IsNotFound(heads.tree->Prove(events[i].stream).status()));
    }
  }

  Centre centre_;
  std::unique_ptr<projections::ReadModelStore> store_;
  std::unique_ptr<HeadsKeeper> keeper_;
  uint64_t begun_ = 0;  // events of the ledger before the test
  int contacts_ = 0;
};

TEST_F(Heads, OfAnEmptyLedgerAreNotCommitted) {
  CentreOptions options;
  options.begun = false;
  Centre empty(options);
  const auto store = projections::NewMemoryReadModels();
  const auto keeper = HeadsKeeper::Open(empty.log(), kLedgerName, *store, empty.clock());
  ASSERT_TRUE(keeper.ok()) << keeper.status();
  EXPECT_TRUE(absl::IsFailedPrecondition((*keeper)->Commit().status()));
  EXPECT_FALSE((*keeper)->IsDue());
}

TEST_F(Heads, CoverEverythingBefore) {
  for (const int more : {1, 5, 300}) {
    Record(more);
    const uint64_t size = centre_.log().Head().next_position;
    const auto heads = keeper_->Commit();
    ASSERT_TRUE(heads.ok()) << heads.status();
    EXPECT_EQ(heads->event.position, size);
    ExpectCommitsTo(*heads, size);
  }
}

TEST_F(Heads, AreCommittedOnceWhenNothingElseHappens) {
  Record(3);
  const auto first = keeper_->Commit();
  ASSERT_TRUE(first.ok());
  const uint64_t size = centre_.log().Head().next_position;
  const auto again = keeper_->Commit();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->event.event_id, first->event.event_id);
  OpenKeeper();
  const auto reopened = keeper_->Commit();
  ASSERT_TRUE(reopened.ok());
  EXPECT_EQ(reopened->event.event_id, first->event.event_id);
  ExpectCommitsTo(*reopened, begun_ + 3);
  ForgetTables();
  OpenKeeper();
  const auto rebuilt = keeper_->Commit();
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
  EXPECT_EQ(rebuilt->event.event_id, first->event.event_id);
  ExpectCommitsTo(*rebuilt, begun_ + 3);
  EXPECT_EQ(centre_.log().Head().next_position, size);
}

TEST_F(Heads, GoOnAfterARestartWithAndWithoutTables) {
  Record(4);
  ASSERT_TRUE(keeper_->Commit().ok());
  Record(2);
  OpenKeeper();
  const auto with = keeper_->Commit();
  ASSERT_TRUE(with.ok()) << with.status();
  ExpectCommitsTo(*with, begun_ + 7);
  Record(1);
  ForgetTables();
  OpenKeeper();
  const auto without = keeper_->Commit();
  ASSERT_TRUE(without.ok()) << without.status();
  ExpectCommitsTo(*without, begun_ + 9);
}

// A backup was brought back and written to before the tables were looked at.
TEST_F(Heads, TablesOfAnotherLogAreMadeAgain) {
  Record(3);
  ASSERT_TRUE(keeper_->Commit().ok());
  Centre other;
  other.Admit(Worker());
  const size_t streams_before = StreamCount(other);
  for (int i = 0; i < 6; ++i) {
    other.Given(Id(500 + i), 1, "contact_received { channel: 'sms' }");
  }
  auto keeper = HeadsKeeper::Open(other.log(), kLedgerName, *store_, other.clock());
  ASSERT_TRUE(keeper.ok()) << keeper.status();
  const auto heads = (*keeper)->Commit();
  ASSERT_TRUE(heads.ok()) << heads.status();
  EXPECT_EQ(heads->tree->stream_count(), streams_before + 6);
  for (int i = 0; i < 6; ++i) {
    const StreamId stream{options::v1::RECORD_KIND_CONTACT, *Uuid::Parse(Id(500 + i))};
    EXPECT_TRUE(heads->tree->Prove(stream).ok());
  }
}

// However the events were cut into steps.
TEST_F(Heads, TablesMadeAgainEqualThoseThatGrewByteForByte) {
  const auto rows = [this] {
    std::map<std::string, std::string> all;
    const auto table = store_->OpenTable(kLedgerName, "stream-heads@1");
    EXPECT_TRUE(table.ok()) << table.status();
    const auto snapshot = (*table)->Snapshot();
    EXPECT_TRUE(snapshot
                    ->Scan("", "",
                           [&all](std::string_view key, std::string_view value) {
                             all.emplace(key, value);
                             return true;
                           })
                    .ok());
    all["events"] = std::to_string(snapshot->applied_events());
    return all;
  };
  for (const int more : {1, 3, 40, 200}) {
    Record(more);
    ASSERT_TRUE(keeper_->Commit().ok());
  }
  const auto grown = rows();
  EXPECT_GT(grown.size(), 200u);
  ForgetTables();
  OpenKeeper();
  ASSERT_TRUE(keeper_->Commit().ok());
  EXPECT_EQ(rows(), grown);
}

// A crash after the tables were brought up to date and before the event was recorded.
TEST_F(Heads, TablesThatAreAheadOfTheNewestEventAreNoTrouble) {
  Record(2);
  ASSERT_TRUE(keeper_->Commit().ok());
  Record(3);
  const auto heads = projections::StreamHeads::Open(centre_.log(), kLedgerName, *store_);
  ASSERT_TRUE((*heads)->CatchUp(centre_.log().Head().next_position, [] { return true; }).ok());
  OpenKeeper();
  const auto committed = keeper_->Commit();
  ASSERT_TRUE(committed.ok()) << committed.status();
  ExpectCommitsTo(*committed, begun_ + 6);
}

TEST_F(Heads, AreDueByNumberAndByTime) {
  Record(1);
  EXPECT_FALSE(keeper_->IsDue());
  centre_.clock().Advance(HeadsKeeper::kLongest - 1);
  EXPECT_FALSE(keeper_->IsDue());
  centre_.clock().Advance(1);
  EXPECT_TRUE(keeper_->IsDue());
  ASSERT_TRUE(keeper_->Commit().ok());
  centre_.clock().Advance(10 * HeadsKeeper::kLongest);
  EXPECT_FALSE(keeper_->IsDue()) << "nothing happened since";
  Record(1);
  EXPECT_FALSE(keeper_->IsDue()) << "the minute begins with the first change";
  Record(static_cast<int>(HeadsKeeper::kMostEvents) - 2);
  EXPECT_FALSE(keeper_->IsDue());
  Record(1);
  EXPECT_TRUE(keeper_->IsDue());
}

TEST_F(Heads, TablesThatWereRemovedAreDueThoughNothingHappened) {
  Record(5);
  ASSERT_TRUE(keeper_->Commit().ok());
  const uint64_t size = centre_.log().Head().next_position;
  ForgetTables();
  OpenKeeper();
  EXPECT_TRUE(keeper_->IsDue());
  ASSERT_TRUE(keeper_->Commit().ok());
  EXPECT_FALSE(keeper_->IsDue());
  EXPECT_EQ(centre_.log().Head().next_position, size) << "nothing is recorded for it";
}

TEST_F(Heads, EventsAreFoundByIdInAndAfterWhatIsCommitted) {
  Record(5);
  ASSERT_TRUE(keeper_->Commit().ok());
  Record(3);
  for (const RecordedEvent& event : Events()) {
    const auto found = keeper_->FindEvent(event.event_id);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*found, event.position);
  }
  EXPECT_EQ(*keeper_->FindEvent(*Uuid::Parse(Id(7))), std::nullopt);
}

TEST_F(Heads, NothingIsCommittedAfterStop) {
  Record(2);
  keeper_->Stop();
  EXPECT_TRUE(absl::IsCancelled(keeper_->Commit().status()));
  EXPECT_EQ(centre_.log().Head().next_position, begun_ + 2);
}

TEST_F(Heads, AClientCannotCommitThem) {
  Record(1);
  const auto sent = centre_.Send(
      centre_.Command("heads", 20'000, "heads_committed { tree_size: 1 stream_count: 1 }"),
      Supervisor());
  EXPECT_EQ(ReasonIdOf(sent), "SERVER_FACT_ONLY");
}

TEST_F(Heads, TheWorkerCommitsWhatIsDueAndTellsOfTroubleOnce) {
  centre_.ledger().parts.heads = std::move(keeper_);
  std::vector<absl::StatusCode> heard;
  commands::Ledgers& ledgers = centre_.ledgers();
  timers::HeadsWorker worker(ledgers, [&](const std::string&, const absl::Status& status) {
    heard.push_back(status.code());
  });
  EXPECT_EQ(worker.CommitDue(), 0u);
  Record(1);
  EXPECT_EQ(worker.CommitDue(), 0u);
  centre_.clock().Advance(HeadsKeeper::kLongest);
  EXPECT_EQ(worker.CommitDue(), 1u);
  EXPECT_EQ(worker.CommitDue(), 0u);
  EXPECT_EQ(centre_.log().Head().next_position, begun_ + 2);
  Record(1);
  EXPECT_EQ(worker.CommitDue(), 0u);
  centre_.clock().Advance(HeadsKeeper::kLongest);
  centre_.log().Close();
  EXPECT_EQ(worker.CommitDue(), 0u);
  EXPECT_EQ(worker.CommitDue(), 0u);
  EXPECT_EQ(heard.size(), 1u);
}

}  // namespace
}  // namespace caseledger::testing
