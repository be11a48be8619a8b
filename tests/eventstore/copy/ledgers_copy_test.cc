// Ledgers that go on elsewhere: copied byte for byte, interrupted at every step, and never with two
// heads.
#include "eventstore/copy/ledgers_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sealing/sealed_fact.h"
#include "eventstore/vault/keys/memory_keys.h"
#include "eventstore/vault/memory_store.h"
#include "eventstore/vault/vault.h"
#include "tests/eventstore/log_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kTrail[] = "quang-ninh.access";
constexpr auto kMoved = absl::StatusCode::kFailedPrecondition;

std::vector<storage::v1::LedgerInfo> InfosOf(const Engine& engine) {
  return engine.ListLedgers().value();
}

absl::Status Begun(LedgersCopy& copy) {
  const absl::Status looked = copy.Look();
  return looked.ok() ? copy.Begin() : looked;
}

class LedgersCopyTest : public ::testing::Test {
 protected:
  LedgersCopyTest() {
    for (const std::string_view ledger : {kLedger, std::string_view(kTrail)}) {
      EXPECT_TRUE(CreateLedger(from_, ledger, clock_, SystemRandom()).ok());
    }
    Write(from_, kLedger, 300);
    Write(from_, kTrail, 7);
    EXPECT_TRUE(from_.ReplaceSigningState(kLedger, "signed up to 300").ok());
  }

  static VaultOptions OptionsOfVault(Clock& clock) {
    VaultOptions options;
    options.clock = &clock;
    options.random = &SystemRandom();
    return options;
  }

  std::unique_ptr<EventLog> Open(Engine& engine, std::string_view ledger) {
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &sealer_;
    absl::StatusOr<std::unique_ptr<EventLog>> log = OpenLog(engine, ledger, options);
    EXPECT_TRUE(log.ok()) << log.status();
    return log.ok() ? *std::move(log) : nullptr;
  }

  // With somebody's name in it, of any length.
  NewEvent SealedEvent(const StreamId& record) {
    event::v1::Fact fact;
    fact.mutable_person_amended()->mutable_attributes()->mutable_private_part()->set_full_name(
        std::string(random_() % 200 + 1, 'f'));
    NewEvent event = EventFor(record, fact.SerializeAsString());
    event.fact_type = static_cast<uint32_t>(fact.kind_case());
    return event;
  }

  // Appends of one to three events of 20 cases, each with a name, and with references.
  void Write(Engine& engine, std::string_view ledger, int appends) {
    const auto log = Open(engine, ledger);
    StreamId last = CaseStream(0);
    for (int i = 0; i < appends; ++i) {
      const StreamId record = CaseStream(i == 0 ? 0 : random_() % 20);
      Decision decision;
      for (uint64_t events = random_() % 3 + 1; events > 0; --events) {
        decision.events.push_back(SealedEvent(record));
      }
      // A name that others bear, too, from another source.
      decision.names.push_back({record, StrCat("source ", names_), StrCat("name ", names_ / 2)});
      ++names_;
      decision.references.push_back({record, last});
      last = record;
      ASSERT_TRUE(log->Append(RequestWith(std::move(decision))).ok());
    }
  }

  LedgersCopyOptions Options() {
    LedgersCopyOptions options;
    options.clock = &clock_;
    options.random = &SystemRandom();
    options.place = "the other place";
    options.batch_events = 64;
    options.batch_marks = 50;
    return options;
  }

  // The whole of it; nullopt in `most` lets it go on for ever.
  absl::Status Move(Engine& to, std::optional<int> most_steps = std::nullopt) {
    LedgersCopyOptions options = Options();
    options.on_step = [&](const CopyStep&) { return !most_steps || (*most_steps)-- > 0; };
    LedgersCopy copy(from_, to, options);
    absl::Status status = Begun(copy);
    if (status.ok()) status = copy.Copy();
    if (status.ok()) status = copy.Check(store_);
    if (status.ok()) status = copy.End();
    return status;
  }

  struct Everything {
    std::vector<std::string> events, marks, heads, tiles, index;
    std::string signing_state, last;
    uint64_t size = 0;
    bool operator==(const Everything&) const = default;
  };
  static Everything All(const Engine& engine, std::string_view ledger) {
    Everything all;
    const LedgerHead head = engine.LoadHead(ledger).value();
    all.size = head.next_position;
    all.last = StrCat(head.last_leaf_hash.raw(), head.last_recorded_at);
    EXPECT_TRUE(engine
                    .Read(ledger, 0, all.size,
                          [&](const StoredEvent& event) {
                            all.events.push_back(StrCat(event.position, event.stream.id.ToString(),
                                                        event.revision, event.leaf_hash.raw(),
                                                        event.record));
                            return true;
                          })
                    .ok());
    EXPECT_TRUE(engine
                    .VisitMarks(ledger, "",
                                [&](std::string_view key, std::string_view value) {
                                  all.marks.push_back(StrCat(key, "=", value));
                                  return true;
                                })
                    .ok());
    EXPECT_TRUE(engine
                    .VisitStreamHeads(ledger,
                                      [&](const StreamId& stream, const StreamHead& its) {
                                        all.heads.push_back(StrCat(stream.id.ToString(),
                                                                   its.revision, " ", its.position,
                                                                   its.leaf_hash.raw()));
                                        return true;
                                      })
                    .ok());
    EXPECT_TRUE(engine
                    .VisitTiles(ledger,
                                [&](unsigned level, uint64_t index, std::string_view hashes) {
                                  all.tiles.push_back(StrCat(level, "/", index, hashes));
                                  return true;
                                })
                    .ok());
    EXPECT_TRUE(engine
                    .VisitIndex(ledger,
                                [&](const StreamId& stream, uint64_t revision, uint64_t position) {
                                  all.index.push_back(
                                      StrCat(stream.id.ToString(), " ", revision, " ", position));
                                  return true;
                                })
                    .ok());
    all.signing_state = engine.FindSigningState(ledger).value().value_or("none");
    return all;
  }

  // The originals write no more, and the copies go on.
  void ExpectMoved(Engine& to, const Everything& before, const Everything& trail_before) {
    EXPECT_EQ(All(to, kLedger), before);
    EXPECT_EQ(All(to, kTrail), trail_before);
    EXPECT_EQ(All(from_, kLedger), before) << "it is still there to be read";
    SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &sealer_;
    const auto original = OpenLog(from_, kLedger, options);
    EXPECT_EQ(original.status().code(), kMoved);
    EXPECT_THAT(std::string(original.status().message()), HasSubstr("LEDGER_MOVED"));
    EXPECT_THAT(std::string(original.status().message()), HasSubstr("the other place"));
    Write(to, kLedger, 5);
    EXPECT_GT(to.LoadHead(kLedger)->next_position, before.size);
  }

  uint32_t seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, StrCat("seed ", seed_)};
  int names_ = 0;
  FakeClock clock_;
  MemoryVaultStore store_;
  MemoryWrappingKeys wrapping_{clock_, SystemRandom()};
  std::unique_ptr<Vault> vault_ = Vault::Open(store_, wrapping_, OptionsOfVault(clock_)).value();
  KeyedSealer sealer_{*vault_, SystemRandom()};
  MemoryEngine from_;
};

TEST_F(LedgersCopyTest, TheCopyIsTheSameAndGoesOn) {
  const Everything before = All(from_, kLedger), trail = All(from_, kTrail);
  MemoryEngine to;
  LedgersCopy copy(from_, to, Options());
  ASSERT_TRUE(Begun(copy).ok());
  EXPECT_FALSE(copy.was_done());
  EXPECT_EQ(copy.End().code(), absl::StatusCode::kFailedPrecondition) << "nothing was checked";
  ASSERT_TRUE(copy.Copy().ok());
  SequencerOptions options;
  options.clock = &clock_;
  options.sealer = &sealer_;
  EXPECT_THAT(std::string(OpenLog(to, kLedger, options).status().message()),
              HasSubstr("LEDGER_ARRIVING"));
  Write(from_, kTrail, 0);  // opening the original is no harm
  ASSERT_TRUE(copy.Check(store_).ok());
  ASSERT_TRUE(copy.End().ok());
  ASSERT_EQ(copy.ledgers().size(), 2U);
  EXPECT_EQ(copy.ledgers()[0].events, before.size);
  EXPECT_EQ(copy.ledgers()[0].copied_now, before.size);
  ExpectMoved(to, before, trail);

  // Run again there is nothing left to do, however far the copy is by now.
  LedgersCopy again(from_, to, Options());
  ASSERT_TRUE(Begun(again).ok());
  EXPECT_TRUE(again.was_done());
  EXPECT_EQ(again.copy_id(), copy.copy_id());
  ASSERT_TRUE(again.Copy().ok() && again.Check(store_).ok() && again.End().ok());
  EXPECT_EQ(again.ledgers()[0].root, copy.ledgers()[0].root);
}

TEST_F(LedgersCopyTest, ARequestThatWasCarriedOutBeforeIsKnownToTheCopy) {
  const Uuid id = NextId();
  ASSERT_TRUE(Open(from_, kLedger)
                  ->Append(RequestWith(Decision{{SealedEvent(CaseStream(1))}, {}, {}}, id))
                  .ok());
  MemoryEngine to;
  ASSERT_TRUE(Move(to).ok());
  const auto log = Open(to, kLedger);
  EXPECT_TRUE(log->Append(RequestWith(Decision{{SealedEvent(CaseStream(1))}, {}, {}}, id))
                  ->already_appended);
  EXPECT_EQ(log->Append(RequestWith(Decision{{SealedEvent(CaseStream(1))}, {}, {}}, id, "other"))
                .status()
                .code(),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(LedgersCopyTest, ItGoesOnFromWhereverItWasInterrupted) {
  const Everything before = All(from_, kLedger), trail = All(from_, kTrail);
  MemoryEngine to;
  int interrupted = 0;
  absl::Status status;
  for (int steps = 0;; ++steps) {
    status = Move(to, steps);
    if (status.ok()) break;
    ASSERT_TRUE(absl::IsCancelled(status)) << status;
    EXPECT_TRUE(from_.ReplaceSigningState(kTrail, "the original goes on").ok());
    ++interrupted;
  }
  EXPECT_GT(interrupted, 10);
  Everything signed_trail = trail;
  signed_trail.signing_state = "the original goes on";
  ExpectMoved(to, before, signed_trail);
}

TEST_F(LedgersCopyTest, WhatTheOriginalGotMeanwhileIsBrought) {
  MemoryEngine to;
  for (int steps = 1; steps < 20; steps += 3) {
    ASSERT_TRUE(absl::IsCancelled(Move(to, steps)));
    Write(from_, kLedger, 10);  // also names that become ambiguous
    EXPECT_TRUE(from_.ReplaceSigningState(kLedger, StrCat("signed after ", steps)).ok());
  }
  const Everything before = All(from_, kLedger), trail = All(from_, kTrail);
  ASSERT_TRUE(Move(to).ok());
  ExpectMoved(to, before, trail);
}

// A crash of the program between any two writes of End.
TEST_F(LedgersCopyTest, EndGoesOnAfterACrash) {
  const Everything before = All(from_, kLedger), trail = All(from_, kTrail);
  MemoryEngine to;
  LedgersCopy copy(from_, to, Options());
  ASSERT_TRUE(Begun(copy).ok() && copy.Copy().ok() && copy.Check(store_).ok());
  const auto arriving = to.ListLedgers().value();
  auto first = from_.ListLedgers()->at(0);
  first.add_incompatible_features("moved");
  *first.mutable_moved() = arriving[0].arriving();
  ASSERT_TRUE(from_.ReplaceInfo(first).ok());
  for (const bool goes_on : {false, true}) {
    LedgersCopy next(from_, to, Options());
    ASSERT_TRUE(Begun(next).ok());
    EXPECT_TRUE(next.was_ending()) << "the vault is left alone";
    EXPECT_FALSE(next.was_done());
    EXPECT_EQ(next.copy_id(), copy.copy_id());
    if (goes_on) {
      ASSERT_TRUE(next.Copy().ok() && next.Check(store_).ok() && next.End().ok());
      break;
    }
    // All are ended, and one copy goes on.
    auto second = from_.ListLedgers()->at(1);
    second.add_incompatible_features("moved");
    *second.mutable_moved() = arriving[1].arriving();
    ASSERT_TRUE(from_.ReplaceInfo(second).ok());
    auto copied = arriving[0];
    copied.clear_arriving();
    copied.clear_incompatible_features();
    *copied.mutable_came_by() = first.moved();
    ASSERT_TRUE(to.ReplaceInfo(copied).ok());
    Write(to, kLedger, 1);
  }
  EXPECT_EQ(All(to, kTrail), trail);
  EXPECT_EQ(All(from_, kLedger), before);
  EXPECT_GT(to.LoadHead(kLedger)->next_position, before.size) << "left alone";
  for (const auto& info : InfosOf(to)) EXPECT_FALSE(info.has_arriving());
}

TEST_F(LedgersCopyTest, OfTwoCopiesOneGoesOn) {
  MemoryEngine first, second;
  LedgersCopy late(from_, second, Options());
  ASSERT_TRUE(Begun(late).ok() && late.Copy().ok() && late.Check(store_).ok());
  ASSERT_TRUE(Move(first).ok());
  EXPECT_EQ(late.End().code(), kMoved);
  EXPECT_TRUE(second.ListLedgers()->at(0).has_arriving()) << "nobody serves it";
  EXPECT_EQ(Move(second).code(), kMoved);
  MemoryEngine third;
  EXPECT_EQ(Move(third).code(), kMoved);
  EXPECT_TRUE(third.ListLedgers()->empty());
}

TEST_F(LedgersCopyTest, BackAgainIntoANewPlace) {
  const Everything before = All(from_, kLedger);
  MemoryEngine there, back;
  ASSERT_TRUE(Move(there).ok());
  LedgersCopy home(there, back, Options());
  ASSERT_TRUE(Begun(home).ok() && home.Copy().ok() && home.Check(store_).ok() && home.End().ok());
  EXPECT_EQ(All(back, kLedger), before);
  Write(back, kLedger, 1);
  // Where it once was it cannot come back to.
  LedgersCopy into_old(back, from_, Options());
  EXPECT_EQ(Begun(into_old).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(LedgersCopyTest, LookingWritesNothing) {
  MemoryEngine to;
  LedgersCopy copy(from_, to, Options());
  ASSERT_TRUE(copy.Look().ok());
  EXPECT_TRUE(to.ListLedgers()->empty());
  ASSERT_TRUE(copy.Begin().ok());
  EXPECT_EQ(to.ListLedgers()->size(), 2U);
}

TEST_F(LedgersCopyTest, WhatMovedOnFromTheCopyIsSaidToBeThere) {
  MemoryEngine to, further;
  ASSERT_TRUE(Move(to).ok());
  LedgersCopyOptions options = Options();
  options.place = "further on";
  LedgersCopy onward(to, further, options);
  ASSERT_TRUE(Begun(onward).ok() && onward.Copy().ok() && onward.Check(store_).ok() &&
              onward.End().ok());
  const absl::Status again = Move(to);
  EXPECT_EQ(again.code(), kMoved);
  EXPECT_THAT(std::string(again.message()), HasSubstr("further on"));
}

TEST_F(LedgersCopyTest, ALedgerBesideTheCopiesIsNoHarmOnceTheyAreDone) {
  MemoryEngine to;
  ASSERT_TRUE(Move(to).ok());
  ASSERT_TRUE(CreateLedger(to, "hai-phong", clock_, SystemRandom()).ok());
  LedgersCopy again(from_, to, Options());
  ASSERT_TRUE(again.Look().ok());
  EXPECT_TRUE(again.was_done());
}

TEST_F(LedgersCopyTest, WhereThereAreOtherLedgersNoneIsCopied) {
  MemoryEngine to;
  ASSERT_TRUE(CreateLedger(to, kLedger, clock_, SystemRandom()).ok());
  const absl::Status refused = Move(to);
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("ledger quang-ninh in the other place"));
  EXPECT_EQ(to.ListLedgers()->size(), 1U);
  MemoryEngine empty, other;
  LedgersCopy of_nothing(empty, other, Options());
  EXPECT_EQ(Begun(of_nothing).code(), absl::StatusCode::kNotFound);
}

TEST_F(LedgersCopyTest, ADamagedCopyEndsNothing) {
  const auto damaged = [&](const std::function<void(MemoryEngine&)>& damage, const char* what) {
    SCOPED_TRACE(what);
    MemoryEngine to;
    LedgersCopy copy(from_, to, Options());
    EXPECT_TRUE(Begun(copy).ok() && copy.Copy().ok());
    damage(to);
    const absl::Status checked = copy.Check(store_);
    EXPECT_EQ(checked.code(), absl::StatusCode::kDataLoss) << checked;
    EXPECT_EQ(copy.End().code(), absl::StatusCode::kFailedPrecondition);
    for (const auto& info : InfosOf(from_)) EXPECT_FALSE(info.has_moved());
    for (const auto& info : InfosOf(to)) EXPECT_TRUE(info.has_arriving());
  };
  using Marks = std::vector<std::pair<std::string, std::string>>;
  const auto name = [&](bool keep_value) {
    Marks marks;
    EXPECT_TRUE(from_
                    .VisitMarks(kLedger, "",
                                [&](std::string_view key, std::string_view value) {
                                  marks.assign(1, {std::string(key), std::string(value)});
                                  return true;
                                })
                    .ok());
    if (keep_value) {
      marks[0].first += "more";
    } else {
      marks[0].second += "more";
    }
    return marks;
  };
  damaged([](MemoryEngine& to) { to.OverwriteRecord(kLedger, 17, "something else"); }, "a record");
  damaged([](MemoryEngine& to) { to.OverwriteTile(kLedger, 0, 0, ""); }, "a tile");
  damaged([&](MemoryEngine& to) { ASSERT_TRUE(to.AddMarks(kLedger, name(false)).ok()); }, "value");
  damaged([&](MemoryEngine& to) { ASSERT_TRUE(to.AddMarks(kLedger, name(true)).ok()); }, "key");
  damaged([](MemoryEngine& to) { ASSERT_TRUE(to.ReplaceSigningState(kTrail, "x").ok()); },
          "what the signer remembers");
  MemoryEngine to;
  EXPECT_TRUE(Move(to).ok()) << "the originals are as they were";
}

TEST_F(LedgersCopyTest, WithoutTheKeysThatTheEventsAreSealedWithNothingIsEnded) {
  // Others' keys, and those of a vault that is older than the last events.
  MemoryVaultStore others;
  const MemoryVaultStore older(store_);
  const uint64_t known = from_.LoadHead(kLedger)->next_position;
  const int spare_keys = static_cast<int>(OptionsOfVault(clock_).spare_keys);
  const auto log = Open(from_, kLedger);
  for (int i = 0; i <= spare_keys; ++i) {  // until none is left that the older one has
    const StreamId record = CaseStream(1000 + static_cast<uint64_t>(i));
    ASSERT_TRUE(log->Append(RequestWith(Decision{{SealedEvent(record)}, {}, {}})).ok());
  }
  MemoryEngine to;
  LedgersCopy copy(from_, to, Options());
  ASSERT_TRUE(Begun(copy).ok() && copy.Copy().ok());
  for (const MemoryVaultStore* vault :
       std::initializer_list<const MemoryVaultStore*>{&others, &older}) {
    const absl::Status checked = copy.Check(*vault);
    EXPECT_EQ(checked.code(), absl::StatusCode::kFailedPrecondition) << checked;
    EXPECT_THAT(std::string(checked.message()), HasSubstr("KEYS_LOST"));
    EXPECT_EQ(copy.End().code(), absl::StatusCode::kFailedPrecondition);
  }
  EXPECT_GT(from_.LoadHead(kLedger)->next_position, known);
  for (const auto& info : InfosOf(from_)) EXPECT_FALSE(info.has_moved());
  EXPECT_TRUE(copy.Check(store_).ok());
}

// Of a damaged original nothing goes on elsewhere.
TEST_F(LedgersCopyTest, ADamagedOriginalIsNotEnded) {
  from_.OverwriteRecord(kLedger, 17, "something else");
  MemoryEngine to;
  EXPECT_EQ(Move(to).code(), absl::StatusCode::kDataLoss);
  for (const auto& info : InfosOf(from_)) EXPECT_FALSE(info.has_moved());
}

}  // namespace
}  // namespace caseledger::eventstore::testing
