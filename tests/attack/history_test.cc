// Histories that were changed, by someone who may write everything but has no key, and by the
// operator, who has it: who sees it.
#include <algorithm>
#include <functional>

#include "eventstore/engine/rocksdb/value_codec.h"
#include "tests/attack/attack_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::HasSubstr;

using Events = std::vector<RecordedEvent>;

void DeleteLast(Events& events) { events.pop_back(); }
void DeleteOneInTheMiddle(Events& events) { events.erase(events.begin() + 300); }
void SwapTwo(Events& events) {
  std::swap(events[300], events[301]);
  std::swap(events[300].recorded_at, events[301].recorded_at);
}
void InsertOne(Events& events) {
  RecordedEvent event = events[300];
  event.event_id = NextId();
  event.origin.request_id = NextId();
  event.origin.actor = "nobody";
  events.insert(events.begin() + 300, event);
}
void ChangeOne(Events& events) { events[300].origin.actor = "someone-else"; }

struct Change {
  const char* name;
  void (*make)(Events&);
};
constexpr Change kChanges[] = {{"deleted from the end", DeleteLast},
                               {"deleted from the middle", DeleteOneInTheMiddle},
                               {"swapped", SwapTwo},
                               {"inserted", InsertOne},
                               {"changed", ChangeOne}};

class History : public AttackTest {
 protected:
  void Forge(const DataDirectory& data, const std::function<void(Events&)>& change) {
    Forger forger(data.log(), kLedger);
    Events events = forger.Events();
    change(events);
    forger.Rewrite(std::move(events));
  }
  // As the ledger's keys would: who has them can.
  void SignAgain(const DataDirectory& data, const std::string& key_file) {
    RocksDbOptions options;
    options.path = data.log();
    auto engine = OpenRocksDbEngine(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    const uint64_t size = (*engine)->LoadHead(kLedger)->next_position;
    const auto edge = TreeReader(size, StoredTiles(**engine, kLedger)).Edge();
    ASSERT_TRUE(edge.ok()) << edge.status();
    const auto keys = KeyRing::Load(key_file)->SigningAt(clock_.Now());
    const std::string origin = keys.front().verifier().id.name;
    const std::string note = SignCheckpoint({origin, size, edge->Root()}, keys);
    storage::v1::SigningState state;
    state.set_origin(origin);
    state.set_checkpoint(note);
    ASSERT_TRUE((*engine)->ReplaceSigningState(kLedger, state.SerializeAsString()).ok());
    WriteWholeFile(data.checkpoint(), note);
    ASSERT_TRUE((*engine)->Close().ok());
  }
};

TEST_F(History, TheForgersOwnHandLeavesNoTrace) {
  Forge(data_, [](Events&) {});
  ExpectWhole();
  EXPECT_TRUE(Start(data_).ok());
}

// Everything fits everything else, so only the signature tells.
TEST_F(History, AForgedHistoryThatFitsItselfIsSeenByVerifyAndByTheStart) {
  for (const Change& change : kChanges) {
    SCOPED_TRACE(change.name);
    const DataDirectory forged = CopyOf(data_, change.name);
    Forge(forged, change.make);
    const bool shorter = change.make == DeleteLast || change.make == DeleteOneInTheMiddle;
    const std::string verify = Said(Verify(forged));
    EXPECT_THAT(verify, HasSubstr(shorter ? "it has 599 events, but 600 were signed"
                                          : "its first 600 events are not those that were signed"));
    EXPECT_THAT(Said(Start(forged)), HasSubstr(shorter ? "1 events are lost" : "are not those of"));
    // Without its checkpoints it would be whole: that is what they are for.
    std::filesystem::remove_all(forged.checkpoints());
    Forger(forged.log(), kLedger).Delete(Forger::SigningStateOf(kLedger));
    EXPECT_TRUE(Verify(forged).status.ok()) << Verify(forged).status;
    EXPECT_THAT(Said(Verify(forged, {TrueKeys(), {}})), HasSubstr("it has no checkpoint"));
  }
}

// The start reads the root from the highest tiles; whoever leaves them alone is seen by those who
// read everything.
TEST_F(History, AnEventChangedUnderTheTilesIsSeenByVerify) {
  std::vector<std::string> tiles;
  {
    Forger forger(data_.log(), kLedger);
    for (const uint64_t index : {0u, 1u}) tiles.push_back(forger.Get(forger.keys().Tile(0, index)));
  }
  Forge(data_, ChangeOne);
  {
    Forger forger(data_.log(), kLedger);
    for (const uint64_t index : {0u, 1u}) forger.Put(forger.keys().Tile(0, index), tiles[index]);
  }
  EXPECT_THAT(Said(Verify(data_)), HasSubstr("tile/0/001 is not that of the events"));
}

// One who only changes what he wants changed is found where he did it.
TEST_F(History, AClumsyChangeIsSeenWhereItIs) {
  const auto after = [this](const std::function<void(Forger&)>& change) {
    const DataDirectory forged = CopyOf(data_, "clumsy");
    {
      Forger forger(forged.log(), kLedger);
      change(forger);
    }
    const LedgerAudit audit = Verify(forged);
    std::filesystem::remove_all(forged.path());
    return audit;
  };
  LedgerAudit audit = after([](Forger& forger) { forger.Delete(forger.keys().Event(300)); });
  EXPECT_THAT(Said(audit), HasSubstr("there is no record at position 300"));
  EXPECT_EQ(audit.position, 300u);
  audit = after([](Forger& forger) { forger.Delete(forger.keys().Event(599)); });
  EXPECT_THAT(Said(audit), HasSubstr("there is no record at position 599"));
  audit = after([](Forger& forger) {
    const std::string value = forger.Get(forger.keys().Event(300));
    forger.Put(forger.keys().Event(300), forger.Get(forger.keys().Event(302)));
    forger.Put(forger.keys().Event(302), value);
  });
  EXPECT_EQ(audit.position, 300u);
  EXPECT_THAT(Said(audit), HasSubstr("it is of another place"));
  audit = after([](Forger& forger) {
    forger.Put(forger.keys().Event(600), forger.Get(forger.keys().Event(300)));
  });
  EXPECT_THAT(Said(audit), HasSubstr("an event lies beyond the head"));
  // A record made anew with its own leaf hash, and nothing else.
  audit = after([](Forger& forger) {
    RecordedEvent event = forger.Events()[300];
    event.origin.actor = "someone-else";
    const std::string record = *EncodeRecord(kLedger, event);
    event.leaf_hash = HashLeaf(kLedger, event, record);
    forger.Put(forger.keys().Event(300),
               rocksdb_engine::EncodeEvent(
                   {event.stream, event.revision, event.position, event.leaf_hash, record}));
  });
  EXPECT_THAT(Said(audit), HasSubstr("does not name the leaf hash of the one before it"));
  EXPECT_GT(*audit.position, 300u) << "its stream's next event";
}

TEST_F(History, AnEntryOfNoLedgerIsSeen) {
  const rocksdb_engine::LedgerKeys other("other");
  {
    Forger forger(data_.log(), kLedger);
    forger.Put(other.Event(0), forger.Get(forger.keys().Event(0)));
  }
  const auto store = rocksdb_engine::OpenStoppedStore(data_.log());
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_THAT(Said((*store)->CheckNoStrangers()), HasSubstr("slipped in"));
}

TEST_F(History, ALedgerThatTheCatalogueForgotIsSeen) {
  {
    const auto store = rocksdb_engine::OpenStoppedStore(data_.log());
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_TRUE((*store)->CheckNoStrangers().ok());
  }
  {
    Forger forger(data_.log(), kLedger);
    forger.Delete(forger.keys().Info());
  }
  const auto store = rocksdb_engine::OpenStoppedStore(data_.log());
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_THAT(Said((*store)->CheckNoStrangers()), HasSubstr("of a ledger was removed"));
}

TEST_F(History, ARestoredOlderDirectoryIsSeenByVerifyAndByTheStart) {
  const DataDirectory older = CopyOf(data_, "older");
  RunServer(data_, [this](EventLog& log) { Append(log, 50); });
  Replace(data_.log(), older.log());
  EXPECT_THAT(Said(Verify(data_)), HasSubstr("it has 600 events, but 650 were signed"));
  EXPECT_THAT(Said(Start(data_)), HasSubstr("50 events are lost"));
}

// With its own checkpoint an older copy is whole; who kept a newer checkpoint elsewhere knows.
TEST_F(History, AnOlderDirectoryWithItsOlderCheckpointIsSeenByWhoKeptANewerOne) {
  const DataDirectory older = CopyOf(data_, "older");
  RunServer(data_, [this](EventLog& log) { Append(log, 50); });
  EXPECT_TRUE(Verify(older).status.ok());
  EXPECT_TRUE(Start(older).ok());
  const Auditor auditor{TrueKeys(), {data_.checkpoint()}};
  EXPECT_THAT(Said(Verify(older, auditor)), HasSubstr("but 650 were signed"));
  EXPECT_TRUE(Verify(data_, auditor).status.ok());
}

TEST_F(History, AForkedLedgerIsSeenByTheOthersCheckpoint) {
  const DataDirectory fork = CopyOf(data_, "fork");
  RunServer(data_, [this](EventLog& log) { Append(log, 40); });
  const std::string own = ReadWholeFile(data_.checkpoint());
  // What a server on the fork hands out: as far, not as far, further.
  for (const auto& [more, says, starts_with] :
       {std::tuple(40, "two different ledgers of 640 events were signed", "are not those of"),
        std::tuple(10, "it has 640 events, but 650 were signed", "10 events are lost")}) {
    RunServer(fork,
              [&, count = static_cast<uint64_t>(more)](EventLog& log) { Append(log, count); });
    WriteWholeFile(data_.checkpoint(), ReadWholeFile(fork.checkpoint()));
    EXPECT_THAT(Said(Verify(data_)), HasSubstr(says));
    EXPECT_THAT(Said(Start(data_)), HasSubstr(starts_with));
    WriteWholeFile(data_.checkpoint(), own);
  }
  // The fork's data beside this one's checkpoint.
  WriteWholeFile(fork.checkpoint(), own);
  EXPECT_FALSE(Verify(fork).status.ok());
  EXPECT_THAT(Said(Start(fork)), HasSubstr("are not those of"));
  // An auditor who was shown both.
  const Auditor auditor{TrueKeys(), {fork.checkpoint(), data_.checkpoint()}};
  EXPECT_TRUE(Verify(data_, auditor).status.ok()) << "now both are this one's";
}

TEST_F(History, AnOldCheckpointInTheNewersPlaceIsNamedAndTheStartPutsItRight) {
  const std::string stale = ReadWholeFile(data_.checkpoint());
  RunServer(data_, [this](EventLog& log) { Append(log, 50); });
  const std::string newest = ReadWholeFile(data_.checkpoint());
  WriteWholeFile(data_.checkpoint(), stale);
  EXPECT_THAT(Said(Verify(data_)), HasSubstr("an old one was put in its place"));
  // The database still knows the newer one, so nothing is lost; afterwards both do.
  EXPECT_TRUE(Start(data_).ok());
  EXPECT_EQ(ReadWholeFile(data_.checkpoint()), newest);
  EXPECT_TRUE(Verify(data_).status.ok());
}

// The operator's own hand: the signature is good, so only what others kept can tell.
TEST_F(History, AHistoryTheOperatorSignedAgainIsSeenByWhoKeptACheckpoint) {
  const std::string kept = scratch_ / "kept";
  WriteWholeFile(kept, ReadWholeFile(data_.checkpoint()));
  Forge(data_, ChangeOne);
  SignAgain(data_, data_.key_file());
  EXPECT_TRUE(Verify(data_, {TrueKeys(), {}}).status.ok()) << "nothing here tells";
  EXPECT_TRUE(Start(data_).ok());
  EXPECT_THAT(Said(Verify(data_, {TrueKeys(), {kept}})),
              HasSubstr("two different ledgers of 600 events were signed"));
}

TEST_F(History, AHistorySignedWithOtherKeysIsSeenByWhoHasTheTrueKey) {
  const std::vector<VerifierKey> true_keys = TrueKeys();
  Forge(data_, ChangeOne);
  KeyRing ring;
  ASSERT_TRUE(ring.Add(true_keys.front().id.name, clock_.Now(), SystemRandom()).ok());
  ASSERT_TRUE(ring.Save(data_.key_file()).ok());
  SignAgain(data_, data_.key_file());
  EXPECT_TRUE(Verify(data_).status.ok()) << "with the operator's keys alone";
  EXPECT_THAT(Said(Verify(data_, {true_keys, {}})), HasSubstr("not signed by the key"));
}

TEST_F(History, WhatAnAuditDoesNotShowIsSaid) {
  const auto cautions = [this](const Auditor& auditor) {
    const auto store = rocksdb_engine::OpenStoppedStore(data_.log());
    const auto kept = FindKeptCheckpoints(**store, SourcesIn(data_, auditor));
    EXPECT_TRUE(kept.ok()) << kept.status();
    return kept->cautions;
  };
  using ::testing::ElementsAre;
  const auto own = HasSubstr("the operator's own keys alone");
  EXPECT_THAT(cautions({}), ElementsAre(own));
  EXPECT_THAT(cautions({TrueKeys(), {}}), ElementsAre());
  const std::string kept = scratch_ / "kept";
  std::filesystem::rename(data_.checkpoint(), kept);
  EXPECT_THAT(cautions({}), ElementsAre(own, HasSubstr("nothing tells")));
  EXPECT_THAT(cautions({{}, {kept}}), ElementsAre(own));
  const std::vector<VerifierKey> keys = TrueKeys();
  std::filesystem::remove_all(data_.keys());
  EXPECT_THAT(cautions({keys, {kept}}), ElementsAre());
  EXPECT_THAT(cautions({{}, {kept}}), ElementsAre(HasSubstr("signatures were not checked")));
  Forger(data_.log(), kLedger).Delete(Forger::SigningStateOf(kLedger));
  EXPECT_THAT(cautions({}), ElementsAre(HasSubstr("signatures were not checked"),
                                        HasSubstr("no signed checkpoint was found")));
}

}  // namespace
}  // namespace caseledger::eventstore::testing
