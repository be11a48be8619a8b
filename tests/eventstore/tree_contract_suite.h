// Contract of EventLog, part 5: the Merkle tree. Include log_contract_suite.h, not this.
#pragma once

#include <string>
#include <vector>

#include "eventstore/sequencer/stored_tree.h"
#include "tests/eventstore/log_fixture.h"
#include "tests/eventstore/verifiable/plain_tree.h"

namespace caseledger::eventstore::testing {

// Appends `count` events, several to an append.
inline void AppendForTree(EventLog& log, uint64_t count) {
  while (count > 0) {
    const uint64_t events = std::min<uint64_t>(count, 100);
    Decision decision;
    for (uint64_t i = 0; i < events; ++i) decision.events.push_back(EventFor(CaseStream(i % 7)));
    ASSERT_TRUE(log.Append(RequestWith(std::move(decision))).ok());
    count -= events;
  }
}

inline std::vector<Hash256> LeavesOf(const EventLog& log) {
  std::vector<Hash256> leaves;
  while (leaves.size() < log.Head().next_position) {
    const auto page = log.ReadLedger(leaves.size(), 0);
    EXPECT_TRUE(page.ok()) << page.status();
    if (!page.ok() || page->empty()) break;
    for (const RecordedEvent& event : *page) leaves.push_back(event.leaf_hash);
  }
  return leaves;
}

TEST_P(LogContract, TheTreeIsThatOfTheLeaves) {
  EventLog& log = harness_.Open();
  EXPECT_EQ(log.Tree()->Root(), EmptyTreeRoot());
  uint64_t size = 0;
  for (const uint64_t more : {1U, 254U, 1U, 1U, 300U, 211U, 1U}) {
    AppendForTree(log, more);
    size += more;
    const auto tree = log.Tree();
    ASSERT_EQ(tree->size(), size);
    const caseledger::testing::PlainTree plain(LeavesOf(log));
    ASSERT_EQ(tree->Root(), plain.Root(0, size)) << size;
    TreeReader stored(size, StoredTiles(harness_.engine(), kLedger));
    ASSERT_EQ(*stored.Root(), tree->Root()) << size;
    ASSERT_EQ(*stored.InclusionProof(size / 2), plain.Path(size / 2, 0, size));
  }
}

TEST_P(LogContract, TheTreeGoesOnAfterARestart) {
  EventLog* log = &harness_.Open();
  for (const uint64_t more : {1U, 255U, 300U, 500U}) {
    AppendForTree(*log, more);
    const Hash256 root = log->Tree()->Root();
    log = &harness_.Restart();
    EXPECT_EQ(log->Tree()->Root(), root);
  }
  AppendForTree(*log, 10);
  const std::vector<Hash256> leaves = LeavesOf(*log);
  const size_t size = leaves.size();
  EXPECT_EQ(log->Tree()->Root(), caseledger::testing::PlainTree(leaves).Root(0, size));
}

}  // namespace caseledger::eventstore::testing
