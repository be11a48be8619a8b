// Notes about persons in a second ledger, such as an access trail: they go with the person.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "eventstore/vault/vault_rows.h"
#include "tests/eventstore/vault/vault_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::ElementsAre;

constexpr char kTrail[] = "quang-ninh.access";

class VaultCompanionTest : public VaultTest {
 protected:
  VaultCompanionTest() {
    EXPECT_TRUE(CreateLedger(engine_, kTrail, clock_, SystemRandom()).ok());
    options_.companion_of = [](std::string_view ledger) {
      return std::string(ledger == kLedger ? kTrail : "");
    };
  }
  ~VaultCompanionTest() override { StopBoth(); }

  // The companion first, as a server does.
  absl::Status StartBoth(VaultStore& store) {
    absl::StatusOr<std::unique_ptr<Vault>> vault = Vault::Open(store, wrapping_, options_);
    if (!vault.ok()) return vault.status();
    vault_ = *std::move(vault);
    sealer_ = std::make_unique<KeyedSealer>(*vault_, SystemRandom());
    SequencerOptions log;
    log.clock = &clock_;
    log.sealer = sealer_.get();
    absl::StatusOr<std::unique_ptr<EventLog>> trail = OpenLog(engine_, kTrail, log);
    if (!trail.ok()) return trail.status();
    trail_ = *std::move(trail);
    absl::StatusOr<std::unique_ptr<EventLog>> opened = OpenLog(engine_, kLedger, log);
    if (opened.ok()) log_ = *std::move(opened);
    return opened.status();
  }
  absl::Status StartBoth() { return StartBoth(store_); }
  void StopBoth() {
    if (trail_ != nullptr) trail_->Close();
    trail_.reset();
    Stop();
  }

  // A use of break-glass with a reason that names these persons.
  absl::Status RecordReason(const std::string& text, const std::vector<int>& persons) {
    Fact fact;
    event::v1::FreeText& reason = *fact.mutable_break_glass_used()->mutable_reason();
    reason.set_text(text);
    for (const int person : persons) reason.add_about_person_ids(IdOf(person).ToString());
    AppendRequest request;
    request.key = {"hotline", Uuid::Generate(clock_, SystemRandom())};
    request.content = "content";
    request.decide = [&](LedgerView&) -> absl::StatusOr<Decision> {
      Decision decision;
      NewEvent& event = decision.events.emplace_back();
      event.event_id = Uuid::Generate(clock_, SystemRandom());
      event.stream = {7, IdOf(900)};
      event.fact_type = static_cast<uint32_t>(fact.kind_case());
      event.fact = fact.SerializeAsString();
      return decision;
    };
    return trail_->Append(std::move(request)).status();
  }
  std::vector<std::string> Reasons() {
    std::vector<std::string> texts;
    const std::vector<RecordedEvent> events = trail_->ReadLedger(0, 0).value();
    for (const RecordedEvent& event : events) {
      Fact fact;
      EXPECT_TRUE(fact.ParseFromString(OpenFact(kTrail, event, *vault_).value()));
      const event::v1::FreeText& reason = fact.break_glass_used().reason();
      texts.push_back(reason.has_sealed() ? StrCat("state ", int{reason.sealed().state()})
                                          : reason.text());
    }
    return texts;
  }
  absl::Status RecordFence(int person) {
    const StreamId record{2, IdOf(person)};
    return Record(record, ErasureOf(*vault_, record));
  }
  absl::StatusOr<size_t> CarryOutLast() {
    const uint64_t last = log_->Head().next_position - 1;
    return vault_->CarryOut(kLedger, log_->ReadLedger(last, 1).value().at(0));
  }

  std::unique_ptr<EventLog> trail_;
};

TEST_F(VaultCompanionTest, WhatNamesThePersonGoesWithThemAndNothingElse) {
  ASSERT_TRUE(StartBoth().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordName(2).ok());
  ASSERT_TRUE(RecordReason("both", {1, 2}).ok() && RecordReason("second", {2}).ok());
  ASSERT_TRUE(RecordReason("first", {1}).ok() && RecordReason("nobody", {}).ok());
  ASSERT_TRUE(RecordFence(1).ok());
  EXPECT_THAT(Reasons(), ElementsAre("both", "second", "first", "nobody"));
  EXPECT_EQ(CarryOutLast().value(), 3U) << "the name and two reasons";
  EXPECT_EQ(CarryOutLast().value(), 0U) << "done before";
  const auto expected = ElementsAre(kErased, "second", kErased, "nobody");
  EXPECT_THAT(Reasons(), expected) << "also in the cache";
  EXPECT_THAT(Opened(), ElementsAre(kErased, "name 2", ""));
  const ErasureState state = vault_->ErasureOf(kLedger, {2, IdOf(1)}).value();
  EXPECT_EQ(state.destroyed_keys, 3U);
  EXPECT_EQ(state.remaining_keys, 0U);
  EXPECT_TRUE(state.waits_for.has_value());
  StopBoth();
  ASSERT_TRUE(StartBoth().ok());
  EXPECT_THAT(Reasons(), expected);
}

// What was decided before the fence and sealed after it.
TEST_F(VaultCompanionTest, ANoteThatComesTooLateIsErasedFromTheStart) {
  ASSERT_TRUE(StartBoth().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordFence(1).ok() && CarryOutLast().ok());
  ASSERT_TRUE(RecordReason("late", {2, 1}).ok() && RecordReason("second", {2}).ok());
  const auto expected = ElementsAre(kErased, "second");
  EXPECT_THAT(Reasons(), expected);
  StopBoth();
  ASSERT_TRUE(StartBoth().ok());
  EXPECT_THAT(Reasons(), expected);
  ASSERT_TRUE(RecordReason("later", {1}).ok());
  StopBoth();
  store_.LoseWhatIsNotDurable();
  const absl::Status started = StartBoth();
  ASSERT_TRUE(started.ok()) << "a key that nobody kept is not a lost one: " << started;
  EXPECT_THAT(Reasons(), ElementsAre(kErased, "second", kErased));
}

// A note that is no key's row yet when the machine loses power, about somebody erased by then.
TEST_F(VaultCompanionTest, WhatACrashForgetsIsErasedWithThePerson) {
  ASSERT_TRUE(StartBoth().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordReason("first", {1}).ok());
  ASSERT_TRUE(RecordFence(1).ok());
  StopBoth();
  store_.LoseWhatIsNotDurable();
  ASSERT_TRUE(StartBoth().ok());
  EXPECT_THAT(Reasons(), ElementsAre(kErased));
  EXPECT_THAT(Opened(), ElementsAre(kErased, ""));
}

TEST_F(VaultCompanionTest, AnOlderVaultThatIsPutBackDoesNotBringThemBack) {
  ASSERT_TRUE(StartBoth().ok());
  ASSERT_TRUE(RecordName(1).ok() && RecordReason("first", {1}).ok());
  StopBoth();
  MemoryVaultStore before(store_);
  ASSERT_TRUE(StartBoth().ok());
  ASSERT_TRUE(RecordReason("second", {1}).ok() && RecordReason("other", {2}).ok());
  ASSERT_TRUE(RecordFence(1).ok() && CarryOutLast().ok());
  StopBoth();
  const absl::Status started = StartBoth(before);
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_THAT(Reasons(), ElementsAre(kErased, kErased, "other"));
  ASSERT_TRUE(RecordReason("late", {1}).ok());
  EXPECT_EQ(Reasons().back(), kErased);
}

// Spare keys of an older vault that the log gave to a note about somebody who is gone.
TEST_F(VaultCompanionTest, ASpareKeyThatBecameANoteOfWhoIsGoneIsDestroyed) {
  ASSERT_TRUE(StartBoth().ok());
  ASSERT_TRUE(RecordReason("other", {2}).ok() && RecordName(1).ok());
  ASSERT_TRUE(RecordFence(1).ok() && CarryOutLast().ok());
  StopBoth();
  options_.companion_of = nullptr;  // so that the late note gets a spare key
  MemoryVaultStore knows_who_is_gone(store_);
  ASSERT_TRUE(store_.Write({{VaultRows::Gone(kTrail, IdOf(1)), std::nullopt}}, true).ok());
  ASSERT_TRUE(StartBoth().ok());
  ASSERT_TRUE(RecordReason("late", {1}).ok());
  EXPECT_THAT(Reasons(), ElementsAre("other", "late"));
  StopBoth();
  ASSERT_TRUE(StartBoth(knows_who_is_gone).ok());
  EXPECT_THAT(Reasons(), ElementsAre("other", kErased));
}

}  // namespace
}  // namespace caseledger::eventstore::testing
