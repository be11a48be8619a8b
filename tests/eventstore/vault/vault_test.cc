// The vault beside a log: what crashes, wrong keys and lost vaults do to it.
#include "eventstore/vault/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/storage/v1/vault.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/vault/eraser.h"
#include "eventstore/vault/keys/memory_keys.h"
#include "eventstore/vault/memory_store.h"
#include "eventstore/vault/vault_records.h"
#include "eventstore/vault/vault_rows.h"
#include "tests/support/fake_clock.h"

namespace caseledger::eventstore {
namespace {

using ::caseledger::testing::FakeClock;
using event::v1::Fact;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kLedger[] = "quang-ninh";

Uuid IdOf(int number) {
  Uuid id;
  id.bytes[0] = 1;
  id.bytes[14] = static_cast<uint8_t>(number / 256);
  id.bytes[15] = static_cast<uint8_t>(number % 256);
  return id;
}

// A person's name, or a contact's note.
Fact NameOf(int number) {
  Fact fact;
  fact.mutable_person_amended()->mutable_attributes()->mutable_private_part()->set_full_name(
      StrCat("name ", number));
  return fact;
}
Fact NoteOf(int number) {
  Fact fact;
  fact.mutable_contact_received()->mutable_note()->set_text(StrCat("note ", number));
  return fact;
}

// Refuses writes while told to.
class FailingStore final : public VaultStore {
 public:
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    return rows_.Get(key);
  }
  absl::Status Visit(
      std::string_view prefix,
      absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const override {
    return rows_.Visit(prefix, visit);
  }
  absl::Status Write(const VaultChanges& changes, bool durable) override {
    if (fails) return absl::UnavailableError("the disk is full");
    return rows_.Write(changes, durable);
  }
  absl::Status Purge() override { return rows_.Purge(); }

  bool fails = false;

 private:
  MemoryVaultStore rows_;
};

class VaultTest : public ::testing::Test {
 protected:
  VaultTest() {
    EXPECT_TRUE(CreateLedger(engine_, kLedger, clock_, SystemRandom()).ok());
    options_.clock = &clock_;
    options_.random = &SystemRandom();
    options_.spare_keys = 8;
  }
  ~VaultTest() override { Stop(); }

  absl::Status Start(VaultStore& store, WrappingKeys& wrapping) {
    absl::StatusOr<std::unique_ptr<Vault>> vault = Vault::Open(store, wrapping, options_);
    if (!vault.ok()) return vault.status();
    vault_ = *std::move(vault);
    sealer_ = std::make_unique<KeyedSealer>(*vault_, SystemRandom());
    SequencerOptions log;
    log.clock = &clock_;
    log.sealer = sealer_.get();
    absl::StatusOr<std::unique_ptr<EventLog>> opened = OpenLog(engine_, kLedger, log);
    if (opened.ok()) log_ = *std::move(opened);
    return opened.status();
  }
  absl::Status Start() { return Start(store_, wrapping_); }
  void Stop() {
    if (log_ != nullptr) log_->Close();
    log_.reset();
    vault_.reset();
  }

  absl::Status Record(const StreamId& stream, const Fact& fact) {
    AppendRequest request;
    request.key = {"hotline", Uuid::Generate(clock_, SystemRandom())};
    request.content = "content";
    request.decide = [&](LedgerView&) -> absl::StatusOr<Decision> {
      Decision decision;
      NewEvent& event = decision.events.emplace_back();
      event.event_id = Uuid::Generate(clock_, SystemRandom());
      event.stream = stream;
      event.fact_type = static_cast<uint32_t>(fact.kind_case());
      event.fact = fact.SerializeAsString();
      return decision;
    };
    return log_->Append(std::move(request)).status();
  }
  absl::Status RecordName(int number) { return Record({2, IdOf(number)}, NameOf(number)); }
  absl::Status RecordNote(int number) { return Record({1, IdOf(number)}, NoteOf(number)); }

  // Names and notes of the whole log, opened; what cannot be is "state N".
  std::vector<std::string> Opened() {
    std::vector<std::string> texts;
    const std::vector<RecordedEvent> events = log_->ReadLedger(0, 0).value();
    for (const RecordedEvent& event : events) {
      Fact fact;
      EXPECT_TRUE(fact.ParseFromString(OpenFact(kLedger, event, *vault_).value()));
      const event::v1::FreeText& note = fact.contact_received().note();
      const auto& part = fact.person_amended().attributes().private_part();
      if (note.has_sealed() || part.has_sealed()) {
        texts.push_back(StrCat(
            "state ", int{note.has_sealed() ? note.sealed().state() : part.sealed().state()}));
      } else {
        texts.push_back(note.text() + part.full_name());
      }
    }
    return texts;
  }
  std::vector<Uuid> KeyIds() {
    std::vector<Uuid> ids;
    const std::vector<RecordedEvent> events = log_->ReadLedger(0, 0).value();
    for (const RecordedEvent& event : events) {
      const std::vector<StoredPart> parts = StoredPartsOf(event).value();
      for (const StoredPart& part : parts) ids.push_back(part.key_id);
    }
    return ids;
  }

  FakeClock clock_;
  MemoryEngine engine_;
  MemoryVaultStore store_;
  MemoryWrappingKeys wrapping_{clock_, SystemRandom()};
  VaultOptions options_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<KeyedSealer> sealer_;
  std::unique_ptr<EventLog> log_;
};

TEST_F(VaultTest, EverythingOpensAfterAStopAndAStart) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordNote(2).ok() && RecordName(1).ok());
  const std::vector<std::string> before = Opened();
  EXPECT_THAT(before, ::testing::ElementsAre("name 1", "note 2", "name 1"));
  log_->Close();
  ASSERT_TRUE(vault_->Close().ok());
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(Opened(), before);
  ASSERT_TRUE(RecordName(1).ok());
  const std::vector<Uuid> ids = KeyIds();
  EXPECT_EQ(ids.back(), ids.front()) << "a person keeps their key";
}

// The machine loses power after the log's commits: the vault forgets what its spare keys became.
TEST_F(VaultTest, WhatACrashForgetsIsFoundAgainInTheLog) {
  ASSERT_TRUE(Start().ok());
  const int kRecords = 21;  // spares are made anew in between
  for (int i = 0; i < kRecords; ++i) {
    ASSERT_TRUE((i % 2 == 0 ? RecordName(i / 4) : RecordNote(i)).ok());
    if (i % 5 != 4) continue;
    const std::vector<std::string> before = Opened();
    const std::vector<Uuid> ids = KeyIds();
    Stop();
    store_.LoseWhatIsNotDurable();
    const absl::Status started = Start();
    ASSERT_TRUE(started.ok()) << started;
    EXPECT_EQ(Opened(), before) << "after event " << i;
    EXPECT_EQ(KeyIds(), ids);
  }
  // No key was given out twice: each person has one, each note its own.
  const std::vector<Uuid> ids = KeyIds();
  ASSERT_THAT(ids, SizeIs(kRecords));
  EXPECT_THAT(std::set<Uuid>(ids.begin(), ids.end()), SizeIs(6 + 10));
}

TEST_F(VaultTest, AVaultWithoutTheLogsKeysIsRefusedAndSaysWhatToDo) {
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordNote(2).ok());
  Stop();
  MemoryVaultStore empty;
  const absl::Status refused = Start(empty, wrapping_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(refused.ToString(), HasSubstr("KEYS_LOST"));
  EXPECT_THAT(refused.ToString(), HasSubstr("lacks 2 keys"));
  EXPECT_THAT(refused.ToString(), HasSubstr("newest backup"));
  Stop();
  options_.accept_lost_keys = true;
  ASSERT_TRUE(Start(empty, wrapping_).ok());
  const std::string lost = StrCat("state ", int{event::v1::SEAL_STATE_KEY_LOST});
  EXPECT_THAT(Opened(), ::testing::ElementsAre(lost, lost));
  EXPECT_TRUE(RecordName(1).ok()) << "what is new is sealed and kept";
  EXPECT_EQ(Opened().back(), "name 1");
}

TEST_F(VaultTest, AnotherWrappingKeyIsRefusedAndNamesTheRightOne) {
  ASSERT_TRUE(Start().ok());
  const std::string id = wrapping_.List().value().front().id.ToString();
  Stop();
  MemoryWrappingKeys others(clock_, SystemRandom());
  const absl::Status refused = Start(store_, others);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(refused.ToString(), HasSubstr("WRAPPING_KEY_WRONG"));
  EXPECT_THAT(refused.ToString(), HasSubstr(id));
}

TEST_F(VaultTest, AVaultOfANewerProgramIsRefused) {
  storage::v1::VaultInfo info;
  info.set_format_version(2);
  ASSERT_TRUE(store_.Write({{VaultRows::Info(), info.SerializeAsString()}}, true).ok());
  EXPECT_EQ(Start().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(VaultTest, WithoutStorageWhatIsPersonalIsRefusedAndTheRestIsTaken) {
  FailingStore store;
  ASSERT_TRUE(Start(store, wrapping_).ok());
  ASSERT_TRUE(RecordName(1).ok());
  store.fails = true;
  const absl::Status refused = RecordNote(2);
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(refused.ToString(), HasSubstr("VAULT_UNAVAILABLE"));
  Fact ended;
  ended.mutable_contact_ended()->set_outcome(event::v1::CONTACT_OUTCOME_SILENT);
  EXPECT_TRUE(Record({1, IdOf(2)}, ended).ok());
  store.fails = false;
  EXPECT_TRUE(RecordNote(2).ok()) << "nothing was lost";
}

// An erasure as the domain records it: the keys about the person, by their fingerprints.
Fact ErasureOf(const Vault& vault, const StreamId& person) {
  Fact fact;
  fact.mutable_person_erased()->set_request_id("r");
  const std::vector<Uuid> ids = vault.KeysAbout(kLedger, person, 100).value();
  for (const Uuid& id : ids) {
    fact.mutable_person_erased()->add_key_fingerprints(std::string(FingerprintOf(id).raw()));
  }
  return fact;
}

Fact NoteAbout(const Uuid& person) {
  Fact fact;
  event::v1::FreeText& note = *fact.mutable_contact_received()->mutable_note();
  note.set_text("about somebody");
  note.add_about_person_ids(person.ToString());
  return fact;
}

const std::string kErased = StrCat("state ", int{event::v1::SEAL_STATE_ERASED});

TEST_F(VaultTest, AnErasureTakesThePersonsKeyAndNotesThatNameThemAndNothingElse) {
  ASSERT_TRUE(Start().ok());
  Eraser eraser(*vault_, kLedger, *log_, [](const StreamId&, const absl::StatusOr<size_t>&) {});
  ASSERT_TRUE(eraser.Start().ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok() && RecordName(2).ok() && RecordNote(3).ok());
  ASSERT_TRUE(Record({1, IdOf(4)}, NoteAbout(person.id)).ok());
  ASSERT_TRUE(RecordName(1).ok());
  const Fact erasure = ErasureOf(*vault_, person);
  EXPECT_EQ(erasure.person_erased().key_fingerprints_size(), 2);
  EXPECT_THAT(Opened(),
              ::testing::ElementsAre("name 1", "name 2", "note 3", "about somebody", "name 1"))
      << "also in the cache";
  ASSERT_TRUE(Record(person, erasure).ok());
  while (!vault_->KeysAbout(kLedger, person, 100).value().empty()) std::this_thread::yield();
  EXPECT_THAT(Opened(), ::testing::ElementsAre(kErased, "name 2", "note 3", kErased, kErased, ""));
  eraser.Stop();
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Opened(), ::testing::ElementsAre(kErased, "name 2", "note 3", kErased, kErased, ""));
}

// The fence is in the log and the program ends before any key is destroyed.
TEST_F(VaultTest, AFenceWithoutItsErasureIsMadeGoodAtTheNextStart) {
  ASSERT_TRUE(Start().ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  for (int i = 10; i < 30; ++i) ASSERT_TRUE(RecordNote(i).ok()) << "the marks go on meanwhile";
  EXPECT_EQ(Opened().front(), "name 1");
  log_->Close();
  ASSERT_TRUE(vault_->Close().ok());
  Stop();
  ASSERT_TRUE(Start().ok());
  EXPECT_EQ(Opened().front(), kErased);
  EXPECT_TRUE(vault_->KeysAbout(kLedger, person, 100).value().empty());
}

TEST_F(VaultTest, AnOlderVaultThatIsPutBackDoesNotBringThePersonBack) {
  ASSERT_TRUE(Start().ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok());
  Stop();
  MemoryVaultStore before_the_note(store_);
  ASSERT_TRUE(Start().ok());
  // More than the spare keys: the older vault has never heard of the last ones.
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Record({1, IdOf(100 + i)}, NoteAbout(person.id)).ok());
  }
  const absl::StatusOr<size_t> destroyed = [&]() -> absl::StatusOr<size_t> {
    const absl::Status recorded = Record(person, ErasureOf(*vault_, person));
    if (!recorded.ok()) return recorded;
    return vault_->CarryOut(kLedger, log_->ReadLedger(21, 1).value().at(0));
  }();
  ASSERT_TRUE(destroyed.ok()) << destroyed.status();
  EXPECT_EQ(*destroyed, 21U);
  Stop();
  const absl::Status started = Start(before_the_note, wrapping_);
  ASSERT_TRUE(started.ok()) << started;
  std::vector<std::string> expected(21, kErased);
  expected.emplace_back();
  EXPECT_EQ(Opened(), expected);
}

TEST_F(VaultTest, AnErasureThatFailsIsAnErrorAndCanBeGoneOnWith) {
  FailingStore store;
  ASSERT_TRUE(Start(store, wrapping_).ok());
  const StreamId person{2, IdOf(1)};
  ASSERT_TRUE(RecordName(1).ok());
  ASSERT_TRUE(Record(person, ErasureOf(*vault_, person)).ok());
  const RecordedEvent erasure = log_->ReadLedger(1, 1).value().at(0);
  store.fails = true;
  EXPECT_EQ(vault_->CarryOut(kLedger, erasure).status().code(), absl::StatusCode::kUnavailable);
  store.fails = false;
  EXPECT_EQ(vault_->CarryOut(kLedger, erasure).value(), 1U);
  EXPECT_EQ(Opened().front(), kErased);
  EXPECT_EQ(vault_->CarryOut(kLedger, erasure).value(), 0U) << "done before";
}

TEST_F(VaultTest, MoreKeysThanMemoryHoldsAreFoundInTheStore) {
  options_.cached_keys = 4;
  ASSERT_TRUE(Start().ok());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(RecordName(i).ok());
  const std::vector<std::string> names = Opened();
  for (int i = 0; i < 40; ++i) EXPECT_EQ(names[static_cast<size_t>(i)], StrCat("name ", i));
}

TEST_F(VaultTest, ReadersAndTheLogShareIt) {
  options_.cached_keys = 8;
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(RecordName(0).ok());
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        for (const Uuid& id : KeyIds()) EXPECT_TRUE(vault_->Find(kLedger, id).ok());
      }
    });
  }
  for (int i = 1; i < 60; ++i) EXPECT_TRUE((i % 2 == 0 ? RecordName(i) : RecordNote(i)).ok());
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace caseledger::eventstore
