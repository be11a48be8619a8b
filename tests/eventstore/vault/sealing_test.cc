// Facts in the clear to facts as they are stored and back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/sequencer/sequencer.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_vault.h"
#include "tests/support/repeated_bytes.h"

namespace caseledger::testing {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kLedger[] = "quang-ninh";
constexpr char kName[] = "Nguyễn Thị Hoà";
constexpr char kNote[] = "Chị Hoà kể rằng";
constexpr char kSomebody[] = "00000000-0000-4000-8000-000000000001";

Fact FactFrom(const std::string& text) {
  Fact fact;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &fact)) << text;
  return fact;
}

Fact Registered() {
  return FactFrom(std::string("person_registered { attributes { sex: 'female' birth_year: 1990 "
                              "private_part { full_name: '") +
                  kName + "' aliases: 'Bé' aliases: 'Tí' phone: '+84912345678' } } }");
}

Fact Received() {
  return FactFrom(std::string("contact_received { channel: 'phone' note { text: '") + kNote +
                  "' about_person_ids: '" + kSomebody + "' } private_part { caller_name: '" +
                  kName + "' } }");
}

RecordedEvent EventOf(const Fact& fact, uint32_t kind = 2) {
  RecordedEvent event;
  event.event_id = RepeatedUuid(0x22);
  event.stream = {kind, RepeatedUuid(0x11)};
  event.revision = 1;
  event.fact_type = static_cast<uint32_t>(fact.kind_case());
  event.fact = fact.SerializeAsString();
  return event;
}

// Has no keys, and remembers which it was asked for.
class AskedKeys final : public eventstore::DataKeys {
 public:
  absl::Status Begin(std::string_view /*ledger*/, const eventstore::EventLog& /*log*/) override {
    return absl::OkStatus();
  }
  void Reached(std::string_view /*ledger*/, uint64_t /*position*/) override {}
  absl::StatusOr<eventstore::DataKey> ForRecord(std::string_view /*ledger*/,
                                                const eventstore::StreamId& /*record*/,
                                                uint64_t /*position*/) override {
    return absl::UnavailableError("no keys");
  }
  absl::StatusOr<eventstore::DataKey> ForNote(std::string_view /*ledger*/,
                                              const eventstore::StreamId& /*record*/,
                                              const std::vector<Uuid>& /*persons*/,
                                              uint64_t /*position*/) override {
    return absl::UnavailableError("no keys");
  }
  absl::StatusOr<eventstore::DataKey> Find(std::string_view /*ledger*/, const Uuid& id) override {
    asked.push_back(id);
    return absl::NotFoundError("no such key");
  }
  absl::StatusOr<std::shared_ptr<const eventstore::SecretKey>> IndexKey(
      std::string_view /*ledger*/) override {
    return absl::UnavailableError("no keys");
  }

  std::vector<Uuid> asked;
};

class SealingTest : public ::testing::Test {
 protected:
  SealingTest() {
    EXPECT_TRUE(eventstore::CreateLedger(engine_, kLedger, clock_, SystemRandom()).ok());
    eventstore::SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &vault_.sealer();
    log_ = eventstore::OpenLog(engine_, kLedger, options).value();
  }
  ~SealingTest() override { log_->Close(); }

  RecordedEvent Sealed(const Fact& fact, uint32_t kind = 2) {
    RecordedEvent event = EventOf(fact, kind);
    const absl::Status sealed = vault_.sealer().Seal(kLedger, event);
    EXPECT_TRUE(sealed.ok()) << sealed;
    return event;
  }
  Fact Open(const RecordedEvent& event, eventstore::DataKeys& keys) {
    const absl::StatusOr<std::string> opened = eventstore::OpenFact(kLedger, event, keys);
    Fact fact;
    EXPECT_TRUE(opened.ok()) << opened.status();
    EXPECT_TRUE(opened.ok() && fact.ParseFromString(*opened));
    return fact;
  }
  Fact Open(const RecordedEvent& event) { return Open(event, vault_.vault()); }

  FakeClock clock_;
  MemoryVault vault_{clock_};
  eventstore::MemoryEngine engine_;
  std::unique_ptr<eventstore::EventLog> log_;
};

std::string Difference(const Fact& a, const Fact& b) {
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  return differencer.Compare(a, b) ? "" : difference;
}

TEST_F(SealingTest, NothingPersonalIsLeftInTheStoredFactAndAllOfItComesBack) {
  for (const Fact& fact : {Registered(), Received()}) {
    const RecordedEvent event = Sealed(fact, fact.has_contact_received() ? 1 : 2);
    for (const char* secret : {kName, "Hoà", "Tí", "+84912345678", "912345", kNote}) {
      EXPECT_THAT(event.fact, Not(HasSubstr(secret)));
    }
    EXPECT_EQ(Difference(Open(event), fact), "");
  }
}

TEST_F(SealingTest, WhatIsOpenStaysReadableWithoutAnyKey) {
  Fact stored;
  ASSERT_TRUE(stored.ParseFromString(Sealed(Received(), 1).fact));
  EXPECT_EQ(stored.contact_received().channel(), "phone");
  EXPECT_EQ(stored.contact_received().note().about_person_ids(0), kSomebody);
  EXPECT_TRUE(stored.contact_received().note().has_sealed());
  EXPECT_TRUE(stored.contact_received().note().text().empty());
  EXPECT_EQ(stored.contact_received().private_part().sealed().key_id().size(), 16U);
}

TEST_F(SealingTest, AReplacementInACorrectionIsSealedToo) {
  Fact correction = FactFrom("fact_corrected { reason: 'wrong name' }");
  *correction.mutable_fact_corrected()->mutable_replacement() = Registered();
  const RecordedEvent event = Sealed(correction);
  EXPECT_THAT(event.fact, Not(HasSubstr("Hoà")));
  EXPECT_EQ(Difference(Open(event), correction), "");
}

TEST_F(SealingTest, TheSameFactNeverGivesTheSameBytesTwice) {
  EXPECT_NE(Sealed(Registered()).fact, Sealed(Registered()).fact);
}

TEST_F(SealingTest, ARecordHasOneKeyAndEachNoteItsOwn) {
  const auto keys_of = [&](const RecordedEvent& event) {
    return eventstore::StoredPartsOf(event).value();
  };
  const auto first = keys_of(Sealed(Received(), 1));
  const auto second = keys_of(Sealed(Received(), 1));
  ASSERT_THAT(first, SizeIs(2));
  ASSERT_TRUE(first[0].is_note && !first[1].is_note);
  EXPECT_EQ(first[0].persons, std::vector<Uuid>{*Uuid::Parse(kSomebody)});
  EXPECT_NE(first[0].key_id, second[0].key_id) << "of the notes";
  EXPECT_EQ(first[1].key_id, second[1].key_id) << "of the contact";
  RecordedEvent other = EventOf(Received(), 1);
  other.stream.id = RepeatedUuid(0x33);
  ASSERT_TRUE(vault_.sealer().Seal(kLedger, other).ok());
  EXPECT_NE(keys_of(other)[1].key_id, first[1].key_id) << "of another contact";
}

// Bytes moved to another event, record, revision, ledger or field do not open.
TEST_F(SealingTest, APartOpensInItsPlaceOnly) {
  const RecordedEvent event = Sealed(Registered());
  ASSERT_EQ(Open(event).person_registered().attributes().private_part().full_name(), kName);
  const auto opens = [&](const RecordedEvent& moved, const char* ledger = kLedger) {
    Fact fact;
    EXPECT_TRUE(fact.ParseFromString(eventstore::OpenFact(ledger, moved, vault_.vault()).value()));
    return fact.person_registered().attributes().private_part().sealed().state() !=
           event::v1::SEAL_STATE_KEY_LOST;
  };
  RecordedEvent moved = event;
  moved.revision = 2;
  EXPECT_FALSE(opens(moved));
  moved = event;
  moved.event_id = RepeatedUuid(0x23);
  EXPECT_FALSE(opens(moved));
  moved = event;
  moved.stream.id = RepeatedUuid(0x12);
  EXPECT_FALSE(opens(moved));
  EXPECT_FALSE(opens(event, "another"));
  Fact amended;
  ASSERT_TRUE(amended.ParseFromString(event.fact));
  Fact as_amended;
  *as_amended.mutable_person_amended()->mutable_attributes() =
      amended.person_registered().attributes();
  moved = event;
  moved.fact = as_amended.SerializeAsString();
  EXPECT_EQ(Open(moved).person_amended().attributes().private_part().sealed().state(),
            event::v1::SEAL_STATE_KEY_LOST);
}

TEST_F(SealingTest, TheKeysOfAnEventAreThoseThatOpeningItAsksFor) {
  for (const Fact& fact : {Registered(), Received()}) {
    const RecordedEvent event = Sealed(fact, fact.has_contact_received() ? 1 : 2);
    std::vector<Uuid> ids;
    eventstore::AddKeysOf(event, ids);
    AskedKeys keys;
    ASSERT_TRUE(eventstore::OpenFact(kLedger, event, keys).ok());
    EXPECT_FALSE(ids.empty());
    EXPECT_EQ(ids, keys.asked);
  }
  std::vector<Uuid> none;
  const Fact nothing_personal = FactFrom("contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  eventstore::AddKeysOf(EventOf(nothing_personal, 1), none);
  RecordedEvent unreadable = Sealed(Registered());
  unreadable.fact = "\xff\xff";
  eventstore::AddKeysOf(unreadable, none);
  EXPECT_TRUE(none.empty());
}

TEST_F(SealingTest, OnePartsKeyOpensThatPartAlone) {
  const RecordedEvent event = Sealed(Received(), 1);
  auto keys = eventstore::PartKeysOf(kLedger, event, vault_.vault()).value();
  ASSERT_THAT(keys, SizeIs(2));
  keys[1].key.reset();
  keys[1].state = event::v1::SEAL_STATE_ERASED;
  Fact fact;
  ASSERT_TRUE(fact.ParseFromString(eventstore::OpenFact(kLedger, event, keys).value()));
  EXPECT_EQ(fact.contact_received().note().text(), kNote);
  EXPECT_EQ(fact.contact_received().private_part().sealed().state(), event::v1::SEAL_STATE_ERASED);
  EXPECT_TRUE(fact.contact_received().private_part().sealed().ciphertext().empty());
  const RecordedEvent again = Sealed(Received(), 1);
  EXPECT_EQ(eventstore::OpenFact(kLedger, again, keys).status().code(), absl::StatusCode::kDataLoss)
      << "nor does it open the same part of another event";
  keys.pop_back();
  EXPECT_EQ(eventstore::OpenFact(kLedger, event, keys).status().code(), absl::StatusCode::kDataLoss)
      << "every part has an entry";
}

TEST_F(SealingTest, APartThatIsSealedAlreadyIsRefused) {
  RecordedEvent event = Sealed(Registered());
  EXPECT_EQ(vault_.sealer().Seal(kLedger, event).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(SealingTest, BytesThatAreNoFactAreRefusedAndNotStoredInTheClear) {
  RecordedEvent event = EventOf(Registered());
  event.fact.resize(event.fact.size() - 1);
  EXPECT_EQ(vault_.sealer().Seal(kLedger, event).code(), absl::StatusCode::kInvalidArgument);
  event = EventOf(Registered());
  event.fact += event.fact;  // two facts in one
  EXPECT_EQ(vault_.sealer().Seal(kLedger, event).code(), absl::StatusCode::kInvalidArgument);
}

// Text, number or message: what this program does not know of a part is sealed with it.
TEST_F(SealingTest, UnknownFieldsOfAPartAreSealedAndComeBack) {
  Fact fact = Registered();
  auto& part = *fact.mutable_person_registered()->mutable_attributes()->mutable_private_part();
  part.GetReflection()->MutableUnknownFields(&part)->AddLengthDelimited(900, "bí mật");
  const RecordedEvent event = Sealed(fact);
  EXPECT_THAT(event.fact, Not(HasSubstr("bí mật")));
  EXPECT_EQ(Open(event).SerializeAsString(), fact.SerializeAsString());
}

TEST_F(SealingTest, FactsWithoutAnythingPersonalStayAsTheyAre) {
  const Fact fact = FactFrom("contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  EXPECT_EQ(Sealed(fact, 1).fact, fact.SerializeAsString());
  const Fact empty_note = FactFrom(std::string("contact_received { channel: 'phone' note { "
                                               "about_person_ids: '") +
                                   kSomebody + "' } }");
  EXPECT_EQ(Sealed(empty_note, 1).fact, empty_note.SerializeAsString());
}

}  // namespace
}  // namespace caseledger::testing
