// A vault beside a log in memory, with persons' names and notes in it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/log.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/vault/keys/memory_keys.h"
#include "eventstore/vault/memory_store.h"
#include "eventstore/vault/vault.h"
#include "eventstore/vault/vault_records.h"
#include "tests/support/fake_clock.h"

namespace caseledger::eventstore::testing {

using ::caseledger::testing::FakeClock;
using event::v1::Fact;

inline constexpr char kLedger[] = "quang-ninh";

inline Uuid IdOf(int number) {
  Uuid id;
  id.bytes[0] = 1;
  id.bytes[14] = static_cast<uint8_t>(number / 256);
  id.bytes[15] = static_cast<uint8_t>(number % 256);
  return id;
}

// A person's name, or a contact's note.
inline Fact NameOf(int number) {
  Fact fact;
  fact.mutable_person_amended()->mutable_attributes()->mutable_private_part()->set_full_name(
      StrCat("name ", number));
  return fact;
}
inline Fact NoteOf(int number) {
  Fact fact;
  fact.mutable_contact_received()->mutable_note()->set_text(StrCat("note ", number));
  return fact;
}

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
    if (!opened.ok()) return opened.status();
    log_ = *std::move(opened);
    return absl::OkStatus();
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

// An erasure as the domain records it: the keys about the person, by their fingerprints.
inline Fact ErasureOf(Vault& vault, const StreamId& person) {
  Fact fact;
  fact.mutable_person_erased()->set_request_id("r");
  const std::vector<Uuid> ids = vault.KeysAbout(kLedger, person, 100).value();
  for (const Uuid& id : ids) {
    fact.mutable_person_erased()->add_key_fingerprints(std::string(FingerprintOf(id).raw()));
  }
  return fact;
}

inline Fact NoteAbout(const Uuid& person) {
  Fact fact;
  event::v1::FreeText& note = *fact.mutable_contact_received()->mutable_note();
  note.set_text("about somebody");
  note.add_about_person_ids(person.ToString());
  return fact;
}

inline const std::string kErased = StrCat("state ", int{event::v1::SEAL_STATE_ERASED});

}  // namespace caseledger::eventstore::testing
