#include "tests/contract/engine_contract_suite.h"

#include <optional>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/contract/engine_test_data.h"

namespace caseledger::testing {
namespace {

using eventstore::EngineBatch;
using eventstore::HeadView;
using eventstore::LedgerHead;
using eventstore::StoredEvent;
using eventstore::StreamHead;
using eventstore::StreamId;
using ::testing::ElementsAre;

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EngineContract);

const StreamId kCase = Stream(3, 1);
const StreamId kPerson = Stream(2, 1);

std::vector<uint64_t> Positions(const std::vector<StoredEvent>& events) {
  std::vector<uint64_t> positions;
  for (const StoredEvent& event : events) positions.push_back(event.position);
  return positions;
}

TEST_P(EngineContract, CreatedLedgersAreListedByName) {
  for (const char* name : {"quang-ninh", "a", "quang-ninh.access", "hai-phong"}) {
    ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok()) << name;
  }
  const auto ledgers = engine().ListLedgers();
  ASSERT_TRUE(ledgers.ok()) << ledgers.status();
  std::vector<std::string> names;
  for (const auto& info : *ledgers) names.push_back(info.ledger());
  EXPECT_THAT(names, ElementsAre("a", "hai-phong", "quang-ninh", "quang-ninh.access"));
  EXPECT_EQ((*ledgers)[0].SerializeAsString(), InfoOf("a").SerializeAsString());
}

TEST_P(EngineContract, ALedgerIsCreatedOnce) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kCase}).ok());
  EXPECT_EQ(engine().CreateLedger(InfoOf("a")).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(engine().LoadHead("a")->next_position, 1u);
}

TEST_P(EngineContract, TheLongestNameWorks) {
  const std::string name = std::string(40, 'x') + ".access";
  ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok());
  ASSERT_TRUE(AppendTo(engine(), name, {kCase}).ok());
  EXPECT_EQ(engine().LoadHead(name)->next_position, 1u);
}

TEST_P(EngineContract, AnUnknownLedgerIsNotFound) {
  const auto not_found = absl::StatusCode::kNotFound;
  EXPECT_EQ(engine().LoadHead("b").status().code(), not_found);
  EXPECT_EQ(AppendTo(engine(), "b", {kCase}).code(), not_found);
  EXPECT_EQ(ReadAll(engine(), "b", 0, 1).status().code(), not_found);
  EXPECT_EQ(engine().FindStream("b", kCase).status().code(), not_found);
  EXPECT_EQ(ReadAllOf(engine(), "b", kCase).status().code(), not_found);
  EXPECT_EQ(engine().FindMark("b", "mark").status().code(), not_found);
}

TEST_P(EngineContract, ANewLedgerIsEmpty) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  const auto head = engine().LoadHead("a");
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->next_position, 0u);
  EXPECT_EQ(head->last_leaf_hash, Hash256{});
  EXPECT_EQ(engine().FindStream("a", kCase)->revision, 0u);
  EXPECT_TRUE(ReadAllOf(engine(), "a", kCase)->empty());
  EXPECT_TRUE(ReadAll(engine(), "a", 0, 0)->empty());
  EXPECT_EQ(*engine().FindMark("a", "mark"), std::nullopt);
}

TEST_P(EngineContract, ACommitIsReadBackAsItWasWritten) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  EngineBatch written;
  ASSERT_TRUE(engine()
                  .Commit("a",
                          [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
                            written = *NextBatch(view, {kCase, kPerson, kCase});
                            written.events[1].record = std::string("\0any\xff bytes", 11);
                            return written;
                          })
                  .ok());
  const auto read = ReadAll(engine(), "a", 0, 3);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*read)[i].stream, written.events[i].stream);
    EXPECT_EQ((*read)[i].revision, written.events[i].revision);
    EXPECT_EQ((*read)[i].position, i);
    EXPECT_EQ((*read)[i].leaf_hash, written.events[i].leaf_hash);
    EXPECT_EQ((*read)[i].record, written.events[i].record);
  }
  const auto head = engine().LoadHead("a");
  EXPECT_EQ(head->next_position, 3u);
  EXPECT_EQ(head->last_leaf_hash, written.events[2].leaf_hash);
  EXPECT_EQ(head->last_recorded_at, written.head.last_recorded_at);
}

TEST_P(EngineContract, ABatchIsResolvedAgainstTheHeadItCommitsOn) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  for (uint64_t n = 0; n < 5; ++n) {
    const absl::Status status =
        engine().Commit("a", [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
          EXPECT_EQ(view.head().next_position, n);
          const absl::StatusOr<StreamHead> stream = view.FindStream(kCase);
          EXPECT_EQ(stream->revision, n);
          uint64_t seen = 0;
          EXPECT_TRUE(
              view.ReadStream(kCase, 1, [&](const StoredEvent&) { return ++seen > 0; }).ok());
          EXPECT_TRUE(view.Read(0, n, [&](const StoredEvent&) { return ++seen > 0; }).ok());
          EXPECT_EQ(seen, 2 * n);
          const auto mark = view.FindMark("count");
          EXPECT_EQ(mark->value_or("0"), std::to_string(n));
          auto batch = NextBatch(view, {kCase});
          batch->marks.emplace_back("count", std::to_string(n + 1));
          return batch;
        });
    ASSERT_TRUE(status.ok()) << status;
  }
}

TEST_P(EngineContract, AnEmptyBatchWritesNothing) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kCase}).ok());
  const absl::Status status = engine().Commit("a", [](HeadView& view) {
    EngineBatch batch;
    batch.head = view.head();
    batch.marks.emplace_back("mark", "value");
    return absl::StatusOr<EngineBatch>(batch);
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(engine().LoadHead("a")->next_position, 1u);
  EXPECT_EQ(*engine().FindMark("a", "mark"), std::nullopt);
}

TEST_P(EngineContract, AnErrorFromResolveWritesNothingAndComesBackAsItIs) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  const absl::Status refused = absl::AbortedError("the stream is not as expected");
  EXPECT_EQ(engine().Commit("a", [&](HeadView&) { return absl::StatusOr<EngineBatch>(refused); }),
            refused);
  EXPECT_EQ(engine().LoadHead("a")->next_position, 0u);
  EXPECT_TRUE(AppendTo(engine(), "a", {kCase}).ok()) << "a refusal must not stop later commits";
}

TEST_P(EngineContract, ABatchThatDoesNotContinueTheLedgerIsRefused) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kCase}).ok());
  const std::vector<std::function<void(EngineBatch&)>> mistakes = {
      [](EngineBatch& batch) { batch.events[0].position = 0; },
      [](EngineBatch& batch) { batch.events[1].position = 7; },
      [](EngineBatch& batch) { batch.events[0].revision = 1; },
      [](EngineBatch& batch) { batch.events[0].revision = 3; },
      [](EngineBatch& batch) { batch.streams.clear(); },
      [](EngineBatch& batch) { batch.head.next_position = 9; },
  };
  for (size_t i = 0; i < mistakes.size(); ++i) {
    const absl::Status status = engine().Commit("a", [&](HeadView& view) {
      auto batch = NextBatch(view, {kCase, kPerson});
      mistakes[i](*batch);
      return batch;
    });
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << "mistake " << i;
    EXPECT_EQ(engine().LoadHead("a")->next_position, 1u) << "mistake " << i;
  }
  EXPECT_TRUE(AppendTo(engine(), "a", {kCase, kPerson}).ok());
}

TEST_P(EngineContract, ReadStopsWhenTheVisitorSaysSo) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendMany(engine(), "a", 10).ok());
  std::vector<uint64_t> seen;
  ASSERT_TRUE(engine()
                  .Read("a", 4, 10,
                        [&](const StoredEvent& event) {
                          seen.push_back(event.position);
                          return seen.size() < 3;
                        })
                  .ok());
  EXPECT_THAT(seen, ElementsAre(4, 5, 6));
  EXPECT_THAT(Positions(*ReadAll(engine(), "a", 8, 10)), ElementsAre(8, 9));
  EXPECT_TRUE(ReadAll(engine(), "a", 10, 10)->empty());
}

TEST_P(EngineContract, AMissingPositionIsDataLossAfterWhatIsThere) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(engine().CreateLedger(InfoOf("b")).ok());
  ASSERT_TRUE(AppendMany(engine(), "a", 2).ok());
  ASSERT_TRUE(AppendMany(engine(), "b", 9).ok());
  uint64_t seen = 0;
  const absl::Status status =
      engine().Read("a", 0, 4, [&](const StoredEvent&) { return ++seen > 0; });
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_EQ(seen, 2u);
}

TEST_P(EngineContract, AStreamIsReadInOrderFromARevision) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendTo(engine(), "a", {kCase, kPerson, kCase}).ok());
  EXPECT_THAT(Positions(*ReadAllOf(engine(), "a", kCase)), ElementsAre(0, 2, 3, 5, 6, 8));
  EXPECT_THAT(Positions(*ReadAllOf(engine(), "a", kCase, 5)), ElementsAre(6, 8));
  EXPECT_THAT(Positions(*ReadAllOf(engine(), "a", kPerson)), ElementsAre(1, 4, 7));
  EXPECT_TRUE(ReadAllOf(engine(), "a", kCase, 7)->empty());
  EXPECT_EQ(engine().FindStream("a", kCase)->revision, 6u);
  EXPECT_EQ(engine().FindStream("a", kCase)->position, 8u);
  EXPECT_EQ(engine().FindStream("a", kCase)->leaf_hash, Sha256({RecordAt(8)}));
}

TEST_P(EngineContract, StreamsOfOneUuidAndOtherKindsAreApart) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  const std::vector<StreamId> streams = {Stream(1, 1), Stream(256, 1), Stream(0x01000000, 1)};
  ASSERT_TRUE(AppendTo(engine(), "a", streams).ok());
  for (uint64_t i = 0; i < streams.size(); ++i) {
    EXPECT_THAT(Positions(*ReadAllOf(engine(), "a", streams[i])), ElementsAre(i));
  }
}

TEST_P(EngineContract, MarksAreFoundByTheirWholeKey) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  const std::string binary("k\0y", 3);
  ASSERT_TRUE(engine()
                  .Commit("a",
                          [&](HeadView& view) {
                            auto batch = NextBatch(view, {kCase});
                            batch->marks = {{"key", "one"}, {binary, "two"}, {"empty", ""}};
                            return batch;
                          })
                  .ok());
  EXPECT_EQ(*engine().FindMark("a", "key"), "one");
  EXPECT_EQ(*engine().FindMark("a", binary), "two");
  EXPECT_EQ(*engine().FindMark("a", "empty"), "");
  EXPECT_EQ(*engine().FindMark("a", "k"), std::nullopt);
  EXPECT_EQ(*engine().FindMark("a", "keys"), std::nullopt);
}

TEST_P(EngineContract, MarksThatAreExpectedAreAnsweredAsOthersAre) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  const std::string binary("k\0y", 3);
  for (const std::string value : {"old", "new"}) {
    ASSERT_TRUE(engine()
                    .Commit("a",
                            [&](HeadView& view) {
                              auto batch = NextBatch(view, {kCase});
                              batch->marks = {{"key", value}, {binary, ""}};
                              return batch;
                            })
                    .ok());
  }
  const absl::Status looked =
      engine().Commit("a", [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
        EXPECT_TRUE(view.Expect({}, {}).ok());
        const std::vector<std::string> keys{"gone", "key", binary, "key"};
        EXPECT_TRUE(view.Expect(keys, {}).ok());
        EXPECT_EQ(*view.FindMark("key"), "new");
        EXPECT_EQ(*view.FindMark(binary), "");
        EXPECT_EQ(*view.FindMark("gone"), std::nullopt);
        EXPECT_EQ(*view.FindMark("k"), std::nullopt) << "not expected, and not there";
        return EngineBatch{{}, {}, {}, view.head()};
      });
  EXPECT_TRUE(looked.ok()) << looked;
}

TEST_P(EngineContract, StreamsThatAreExpectedAreAnsweredAsOthersAre) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kCase, kPerson, kCase}).ok());
  const absl::Status committed = engine().Commit("a", [&](HeadView& view) {
    const std::vector<StreamId> streams{Stream(3, 9), kCase, kPerson, kCase};
    EXPECT_TRUE(view.Expect({}, streams).ok());
    EXPECT_EQ(view.FindStream(kCase)->revision, 2U);
    EXPECT_EQ(view.FindStream(kPerson)->revision, 1U);
    EXPECT_EQ(view.FindStream(Stream(3, 9))->revision, 0U);
    EXPECT_EQ(view.FindStream(Stream(3, 8))->revision, 0U) << "not expected, and not there";
    // What was not there is written, and what was not expected, too.
    return NextBatch(view, {Stream(3, 9), kCase, Stream(3, 8)});
  });
  ASSERT_TRUE(committed.ok()) << committed;
  EXPECT_EQ(engine().FindStream("a", Stream(3, 9))->revision, 1U);
  EXPECT_EQ(engine().FindStream("a", kCase)->revision, 3U);
}

TEST_P(EngineContract, MarksAreVisitedByWhatTheirKeysBeginWith) {
  const auto visited = [&](std::string_view prefix, size_t most) {
    std::vector<std::string> keys;
    const absl::Status status =
        engine().Commit("a", [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
          keys.clear();
          EXPECT_TRUE(view.VisitMarks(prefix,
                                      [&](std::string_view key) {
                                        keys.emplace_back(key);
                                        return keys.size() < most;
                                      })
                          .ok());
          return EngineBatch{{}, {}, {}, view.head()};
        });
    EXPECT_TRUE(status.ok()) << status;
    return keys;
  };
  const std::string binary("k\0y", 3), high("k\xff", 2);
  for (const char* ledger : {"a", "ab"}) {
    ASSERT_TRUE(engine().CreateLedger(InfoOf(ledger)).ok());
    ASSERT_TRUE(engine()
                    .Commit(ledger,
                            [&](HeadView& view) {
                              auto batch = NextBatch(view, {kCase});
                              batch->marks = {{"l", ""}, {high, ""}, {"key", "1"}, {binary, ""}};
                              if (view.head().next_position == 0)
                                batch->marks.emplace_back("k", "");
                              return batch;
                            })
                    .ok());
  }
  EXPECT_THAT(visited("k", 10), ElementsAre("k", binary, "key", high));
  EXPECT_THAT(visited("k", 2), ElementsAre("k", binary));
  EXPECT_THAT(visited("ke", 10), ElementsAre("key"));
  EXPECT_THAT(visited(high, 10), ElementsAre(high));
  EXPECT_THAT(visited("m", 10), ElementsAre());
}

TEST_P(EngineContract, LedgersAreApartAlsoWhenOneNameBeginsAnother) {
  const std::vector<std::string> names = {"a", "a-b", "ab", "aE", "a.access"};
  for (const std::string& name : names) {
    ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok());
  }
  uint64_t count = 1;
  for (const std::string& name : names) {
    for (uint64_t i = 0; i < count; ++i) {
      ASSERT_TRUE(engine()
                      .Commit(name,
                              [&](HeadView& view) {
                                auto batch = NextBatch(view, {kCase}, name);
                                batch->marks.emplace_back("mark", name);
                                return batch;
                              })
                      .ok());
    }
    ++count;
  }
  count = 1;
  for (const std::string& name : names) {
    EXPECT_EQ(engine().LoadHead(name)->next_position, count) << name;
    EXPECT_EQ(engine().FindStream(name, kCase)->revision, count) << name;
    EXPECT_EQ(*engine().FindMark(name, "mark"), name);
    const auto events = ReadAllOf(engine(), name, kCase);
    ASSERT_EQ(events->size(), count) << name;
    for (const StoredEvent& event : *events) {
      EXPECT_EQ(event.record, RecordAt(event.position, name));
    }
    EXPECT_EQ(ReadAll(engine(), name, 0, count)->size(), count) << name;
    EXPECT_EQ(ReadAll(engine(), name, 0, count + 1).status().code(), absl::StatusCode::kDataLoss);
    ++count;
  }
}

TEST_P(EngineContract, KeyOrderIsPositionOrderOverByteBoundaries) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  constexpr uint64_t kPerBatch = 4096;
  constexpr uint64_t kTotal = 17 * kPerBatch;  // beyond 65,536
  const std::vector<StreamId> streams(kPerBatch, kCase);
  for (uint64_t written = 0; written < kTotal; written += kPerBatch) {
    ASSERT_TRUE(AppendTo(engine(), "a", streams).ok());
  }
  EXPECT_THAT(Positions(*ReadAll(engine(), "a", 254, 258)), ElementsAre(254, 255, 256, 257));
  EXPECT_THAT(Positions(*ReadAll(engine(), "a", 65534, 65538)),
              ElementsAre(65534, 65535, 65536, 65537));
  uint64_t expected = 0;
  ASSERT_TRUE(engine()
                  .Read("a", 0, kTotal,
                        [&](const StoredEvent& event) {
                          return event.position == expected && event.record == RecordAt(expected) &&
                                 ++expected > 0;
                        })
                  .ok());
  EXPECT_EQ(expected, kTotal);
  uint64_t revision = 65534;
  ASSERT_TRUE(engine()
                  .ReadStream("a", kCase, revision,
                              [&](const StoredEvent& event) {
                                return event.revision == revision && ++revision < 65540;
                              })
                  .ok());
  EXPECT_EQ(revision, 65540u);
}

TEST_P(EngineContract, ReopenKeepsEverything) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(engine().CreateLedger(InfoOf("b")).ok());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(engine()
                    .Commit("a",
                            [&](HeadView& view) {
                              auto batch = NextBatch(view, {kCase, kPerson});
                              batch->marks.emplace_back("mark-" + std::to_string(i), "value");
                              return batch;
                            })
                    .ok());
  }
  const LedgerHead before = *engine().LoadHead("a");
  ASSERT_TRUE(host_->Reopen().ok());
  EXPECT_EQ(engine().ListLedgers()->size(), 2u);
  const auto after = engine().LoadHead("a");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->next_position, before.next_position);
  EXPECT_EQ(after->last_recorded_at, before.last_recorded_at);
  EXPECT_EQ(after->last_leaf_hash, before.last_leaf_hash);
  EXPECT_EQ(ReadAll(engine(), "a", 0, 6)->size(), 6u);
  EXPECT_THAT(Positions(*ReadAllOf(engine(), "a", kPerson)), ElementsAre(1, 3, 5));
  EXPECT_EQ(*engine().FindMark("a", "mark-2"), "value");
  EXPECT_TRUE(AppendTo(engine(), "a", {kCase}).ok());
  EXPECT_EQ(engine().FindStream("a", kCase)->revision, 4u);
  EXPECT_EQ(engine().LoadHead("b")->next_position, 0u);
}

TEST_P(EngineContract, LedgersCommitSideBySide) {
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  for (const std::string& name : names) ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok());
  std::vector<std::thread> writers;
  std::vector<absl::Status> outcomes(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    writers.emplace_back([&, i] { outcomes[i] = AppendMany(engine(), names[i], 50); });
  }
  for (std::thread& writer : writers) writer.join();
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_TRUE(outcomes[i].ok()) << outcomes[i];
    EXPECT_EQ(engine().LoadHead(names[i])->next_position, 50u);
    EXPECT_EQ(ReadAll(engine(), names[i], 0, 50)->size(), 50u);
  }
}

TEST_P(EngineContract, ReadersNeverSeeAHoleOrAHalfBatchWhileBatchesAreCommitted) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(AppendTo(engine(), "a", {kCase, kPerson, kCase}).ok());
    }
  });
  uint64_t size = 0;
  while (size < 300) {
    const auto head = engine().LoadHead("a");
    ASSERT_TRUE(head.ok()) << head.status();
    size = head->next_position;
    ASSERT_EQ(size % 3, 0u);
    const auto events = ReadAll(engine(), "a", size < 9 ? 0 : size - 9, size);
    ASSERT_TRUE(events.ok()) << events.status();
  }
  writer.join();
}

TEST_P(EngineContract, AClosedEngineRefusesCommits) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(engine().Close().ok());
  EXPECT_EQ(AppendTo(engine(), "a", {kCase}).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(engine().Close().ok()) << "closing twice is no error";
}

TEST_P(EngineContract, TilesAreWrittenWithTheirBatchAndFoundAgain) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(engine().CreateLedger(InfoOf("b")).ok());
  const std::string leaves(256 * 32, 'x');
  const std::string above(256 * 32, 'y');
  const auto append = [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
    EXPECT_EQ(*view.FindTile(0, 7), std::nullopt);
    absl::StatusOr<EngineBatch> batch = NextBatch(view, {kCase});
    batch->tiles = {{{0, 7, 256}, leaves}, {{1, 0, 256}, above}};
    return batch;
  };
  ASSERT_TRUE(engine().Commit("a", append).ok());
  ASSERT_TRUE(host_->Reopen().ok());
  EXPECT_EQ(*engine().FindTile("a", 0, 7), leaves);
  EXPECT_EQ(*engine().FindTile("a", 1, 0), above);
  EXPECT_EQ(*engine().FindTile("a", 0, 0), std::nullopt);
  EXPECT_EQ(*engine().FindTile("b", 0, 7), std::nullopt);
  EXPECT_EQ(engine().FindTile("c", 0, 7).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(EngineContract, TheWholeStreamIndexIsVisitedStreamByStreamInOrder) {
  for (const char* name : {"a", "ab"}) ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kCase, kPerson, kCase}).ok());
  ASSERT_TRUE(AppendTo(engine(), "ab", {Stream(9, 9)}).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kPerson, Stream(256, 1), kCase}).ok());
  ASSERT_TRUE(host_->Reopen().ok());
  using Entry = std::tuple<StreamId, uint64_t, uint64_t>;
  const auto visited = [&](size_t most) {
    std::vector<Entry> entries;
    const auto take = [&](const StreamId& stream, uint64_t revision, uint64_t position) {
      entries.emplace_back(stream, revision, position);
      return entries.size() < most;
    };
    EXPECT_TRUE(engine().VisitIndex("a", take).ok());
    return entries;
  };
  const std::vector<Entry> all = {{kPerson, 1, 1}, {kPerson, 2, 3}, {kCase, 1, 0},
                                  {kCase, 2, 2},   {kCase, 3, 5},   {Stream(256, 1), 1, 4}};
  EXPECT_EQ(visited(100), all);
  EXPECT_EQ(visited(2), std::vector<Entry>(all.begin(), all.begin() + 2));
}

TEST_P(EngineContract, AllStreamHeadsAreVisitedInOrder) {
  for (const char* name : {"a", "ab"}) ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kCase, kPerson, kCase}).ok());
  ASSERT_TRUE(AppendTo(engine(), "ab", {Stream(9, 9)}).ok());
  ASSERT_TRUE(host_->Reopen().ok());
  std::vector<std::tuple<StreamId, uint64_t, uint64_t, Hash256>> heads;
  const auto take = [&](const StreamId& stream, const StreamHead& head) {
    heads.emplace_back(stream, head.revision, head.position, head.leaf_hash);
    return heads.size() < 2;
  };
  ASSERT_TRUE(engine().VisitStreamHeads("a", take).ok());
  EXPECT_THAT(heads, ElementsAre(std::tuple(kPerson, 1u, 1u, Sha256({RecordAt(1)})),
                                 std::tuple(kCase, 2u, 2u, Sha256({RecordAt(2)}))));
}

TEST_P(EngineContract, MarksAreVisitedWithTheirValues) {
  for (const char* name : {"a", "ab"}) {
    ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok());
    ASSERT_TRUE(engine()
                    .Commit(name,
                            [&](HeadView& view) {
                              auto batch = NextBatch(view, {kCase});
                              batch->marks = {{"k2", name}, {"k1", ""}, {"other", "x"}};
                              return batch;
                            })
                    .ok());
  }
  ASSERT_TRUE(host_->Reopen().ok());
  const auto visited = [&](std::string_view prefix, size_t most) {
    std::vector<std::pair<std::string, std::string>> marks;
    const auto take = [&](std::string_view key, std::string_view value) {
      marks.emplace_back(key, value);
      return marks.size() < most;
    };
    EXPECT_TRUE(engine().VisitMarks("a", prefix, take).ok());
    return marks;
  };
  EXPECT_THAT(visited("k", 10), ElementsAre(std::pair("k1", ""), std::pair("k2", "a")));
  EXPECT_THAT(visited("k", 1), ElementsAre(std::pair("k1", "")));
  EXPECT_EQ(visited("", 10).size(), 3u);
}

TEST_P(EngineContract, AllTilesAreVisitedInOrder) {
  for (const char* name : {"a", "ab"}) ASSERT_TRUE(engine().CreateLedger(InfoOf(name)).ok());
  const auto hashes = [](char byte) { return std::string(256 * 32, byte); };
  const auto append = [&](HeadView& view) -> absl::StatusOr<EngineBatch> {
    absl::StatusOr<EngineBatch> batch = NextBatch(view, {kCase});
    batch->tiles = {
        {{1, 0, 256}, hashes('y')}, {{0, 256, 256}, hashes('z')}, {{0, 7, 256}, hashes('x')}};
    return batch;
  };
  ASSERT_TRUE(engine().Commit("a", append).ok());
  ASSERT_TRUE(engine().Commit("ab", append).ok());
  ASSERT_TRUE(host_->Reopen().ok());
  std::vector<std::tuple<unsigned, uint64_t, std::string>> tiles;
  const auto take = [&](unsigned level, uint64_t index, std::string_view bytes) {
    tiles.emplace_back(level, index, bytes);
    return true;
  };
  ASSERT_TRUE(engine().VisitTiles("a", take).ok());
  EXPECT_THAT(tiles, ElementsAre(std::tuple(0u, 7u, hashes('x')), std::tuple(0u, 256u, hashes('z')),
                                 std::tuple(1u, 0u, hashes('y'))));
}

TEST_P(EngineContract, NothingOfAnUnknownLedgerIsVisited) {
  const auto not_found = absl::StatusCode::kNotFound;
  const auto never = [](const auto&...) {
    ADD_FAILURE();
    return false;
  };
  EXPECT_EQ(engine().VisitIndex("b", never).code(), not_found);
  EXPECT_EQ(engine().VisitStreamHeads("b", never).code(), not_found);
  EXPECT_EQ(engine().VisitMarks("b", "", never).code(), not_found);
  EXPECT_EQ(engine().VisitTiles("b", never).code(), not_found);
}

TEST_P(EngineContract, TheSigningStateIsReplacedAndOutlivesTheEngine) {
  ASSERT_TRUE(engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(engine().CreateLedger(InfoOf("b")).ok());
  EXPECT_EQ(*engine().FindSigningState("a"), std::nullopt);
  ASSERT_TRUE(engine().ReplaceSigningState("a", "one").ok());
  ASSERT_TRUE(engine().ReplaceSigningState("a", std::string("t\0wo", 4)).ok());
  ASSERT_TRUE(AppendTo(engine(), "a", {kCase}).ok());
  ASSERT_TRUE(host_->Reopen().ok());
  EXPECT_EQ(*engine().FindSigningState("a"), std::string("t\0wo", 4));
  EXPECT_EQ(*engine().FindSigningState("b"), std::nullopt);
  EXPECT_EQ(engine().ReplaceSigningState("c", "").code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace caseledger::testing
