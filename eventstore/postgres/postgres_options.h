// How the engine uses a PostgreSQL database. Every wait has a bound.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "eventstore/base/clock.h"
#include "eventstore/postgres/newest_timeline.h"

namespace caseledger::eventstore {

class PostgresLease;

struct PostgresSession {
  // Connection string or URI of libpq. With several hosts it needs target_session_attrs=read-write.
  std::string dsn;
  // Of one address of one host; libpq counts whole seconds, at least two. Every session that looks
  // for the primary passes the hosts before it: one of them that does not answer costs each so
  // long.
  Micros connect_timeout = 2 * kMicrosPerSecond;
  // A connection ends when what was sent on it is not received for so long.
  Micros unreceived_timeout = 5 * kMicrosPerSecond;
  // The server gives up a statement after the first, and a transaction that waits for its client
  // after the second: what a server holds that stopped in the middle. Zero: no bound.
  Micros statement_timeout = 10 * kMicrosPerSecond;
  Micros idle_in_transaction_timeout = 10 * kMicrosPerSecond;
  // Shared by all sessions of a program with one database.
  std::shared_ptr<NewestTimeline> newest_timeline = std::make_shared<NewestTimeline>();
};

struct PostgresRetry {
  int attempts = 5;  // the first one included
  // Before the second attempt at most so long, before each later one twice as long as before.
  Micros first_pause = 50'000;
  Micros longest_pause = 2 * kMicrosPerSecond;
};

// What is in memory at a time while a ledger is read: at most so many events, and no more bytes of
// records than these, save for one record that is larger.
struct PostgresPage {
  uint64_t events = 512;
  uint64_t bytes = 4u << 20;
};

// Of events read, where the pages came from, when there are two places. Read at any time.
struct PostgresPageCounts {
  std::atomic<uint64_t> standby = 0;
  std::atomic<uint64_t> primary = 0;
};

struct PostgresOptions {
  PostgresSession session;
  // Standbys, where events are read instead of at the primary when they have what was told of: with
  // several hosts target_session_attrs=standby. Empty: nowhere.
  std::string read_dsn;
  std::shared_ptr<PostgresPageCounts> page_counts = std::make_shared<PostgresPageCounts>();
  // One for each ledger that commits, and one for each read under way.
  size_t max_connections = 16;
  Micros connection_wait = 5 * kMicrosPerSecond;
  // For the answer to a COMMIT, which may wait until a standby that is cut off is left out (15 s as
  // deploy/postgres has it), or for a primary that is cut off itself; after it the outcome is
  // looked up.
  Micros commit_patience = 20 * kMicrosPerSecond;
  PostgresRetry retry;
  PostgresPage page;
  // Writes to ledgers that it guards, and to no others. Null: only to ledgers that nobody ever
  // guarded. Must outlive the engine.
  const PostgresLease* lease = nullptr;
};

}  // namespace caseledger::eventstore
