// The vault's rows in a database: the store by itself, and a vault that another server goes on
// with.
#include <map>
#include <set>

#include "eventstore/vault/postgres/postgres_vault_store.h"
#include "tests/contract/postgres_host.h"
#include "tests/eventstore/vault/vault_fixture.h"

namespace caseledger::eventstore::testing {
namespace {

using caseledger::testing::PostgresCluster;
using caseledger::testing::PostgresHost;
using caseledger::testing::SqlSession;
using ::testing::ElementsAre;
using ::testing::Pair;

// A server's share of a database.
struct Served {
  explicit Served(PostgresHost& host, const std::string& name = "main", Micros idle = 0) {
    PostgresLeaseOptions options;
    options.session = host.options().session;
    if (idle > 0) options.session.idle_in_transaction_timeout = idle;
    options.vault = name;
    options.holder = "a test";
    lease = std::make_unique<PostgresLease>(options);
    const absl::Status taken =
        lease->Take([](const eventstore::PostgresLease::Waiting&) { return true; });
    EXPECT_TRUE(taken.ok()) << taken;
    PostgresVaultOptions rows;
    rows.session = options.session;
    rows.vault = name;
    rows.lease = lease.get();
    store = OpenPostgresVaultStore(rows, SystemRandom());
  }

  std::unique_ptr<PostgresLease> lease;
  std::unique_ptr<VaultStore> store;
};

// Until half a second has passed on the server.
void AwaitLater(SqlSession& session) {
  const auto then = session.Query("select clock_timestamp() + interval '0.5 second'");
  ASSERT_TRUE(then.ok()) << then.status();
  EXPECT_TRUE(session.Await("select clock_timestamp() > timestamptz '" + then->at(0) + "'"));
}

using Row = std::pair<std::string, std::string>;

std::vector<Row> RowsOf(const VaultStore& store, const std::string& prefix) {
  std::vector<Row> rows;
  const absl::Status read = store.Visit(prefix, [&](std::string_view key, std::string_view value) {
    rows.emplace_back(key, value);
    return true;
  });
  EXPECT_TRUE(read.ok()) << read;
  return rows;
}

TEST(PostgresVaultStore, KeepsRowsInTheOrderOfTheirBytes) {
  PostgresHost host;
  Served served(host);
  VaultStore& store = *served.store;
  const std::string odd("\2\0\xFF\x80", 4);
  ASSERT_TRUE(
      store.Write({{"\2b", "2"}, {"\2a", "1"}, {"\3", "3"}, {odd, odd}, {"\2\xFF", "end"}}, true)
          .ok());
  EXPECT_THAT(RowsOf(store, "\2"), ElementsAre(Pair(odd, odd), Pair("\2a", "1"), Pair("\2b", "2"),
                                               Pair("\2\xFF", "end")));
  EXPECT_THAT(RowsOf(store, "\2\xFF"), ElementsAre(Pair("\2\xFF", "end")));
  EXPECT_THAT(RowsOf(store, "\3"), ElementsAre(Pair("\3", "3")));
  EXPECT_EQ(RowsOf(store, "").size(), 5u);
  EXPECT_THAT(RowsOf(store, "\4"), ::testing::IsEmpty());
  // Of one write the last change of a key counts.
  ASSERT_TRUE(store
                  .Write({{"\2a", "x"},
                          {"\2a", std::nullopt},
                          {"\2b", std::nullopt},
                          {"\2b", "y"},
                          {"\4gone", std::nullopt}},
                         false)
                  .ok());
  EXPECT_EQ(*store.Get("\2a"), std::nullopt);
  EXPECT_EQ(**store.Get("\2b"), "y");
  EXPECT_EQ(*store.Get("\4gone"), std::nullopt);
  EXPECT_TRUE(store.Purge().ok());
}

TEST(PostgresVaultStore, ACopyIsOfOneMoment) {
  PostgresHost host;
  Served served(host);
  VaultStore& store = *served.store;
  VaultChanges changes;
  std::map<std::string, std::string> expected;
  for (int i = 0; i < 40'000; ++i) {
    changes.emplace_back(StrCat("\2row ", i), StrCat(i));
    expected.emplace(changes.back().first, StrCat(i));
  }
  ASSERT_TRUE(store.Write(changes, true).ok());
  std::vector<Row> rows;
  // Whoever reads may write meanwhile, and sees nothing of that.
  ASSERT_TRUE(
      store
          .Visit("",
                 [&](std::string_view key, std::string_view value) {
                   if (rows.size() % 10'000 == 0) {
                     EXPECT_TRUE(
                         store.Write({{"\2zzz", "new"}, {"\2row 9999", std::nullopt}}, true).ok());
                   }
                   rows.emplace_back(key, value);
                   return true;
                 })
          .ok());
  EXPECT_EQ(rows, std::vector<Row>(expected.begin(), expected.end()));
  EXPECT_EQ(RowsOf(store, "\2").size(), 40'000u);
  EXPECT_EQ(*store.Get("\2row 9999"), std::nullopt);
  size_t visited = 0;
  ASSERT_TRUE(store.Visit("\2", [&](auto, auto) { return ++visited < 2000; }).ok());
  EXPECT_EQ(visited, 2000u);
}

// As a change of wrapping keys does, row by row, for longer than a transaction may wait.
TEST(PostgresVaultStore, WhoeverVisitsMayTakeHisTimeAndAskForOtherRows) {
  PostgresHost host;
  Served served(host, "main", kMicrosPerSecond / 4);
  VaultStore& store = *served.store;
  VaultChanges changes;
  for (int i = 0; i < 3000; ++i) changes.emplace_back(StrCat("\2row ", 10'000 + i), StrCat(i));
  ASSERT_TRUE(store.Write(changes, true).ok());
  SqlSession super(host.cluster().Dsn(host.database(), PostgresCluster::kSuperuser));
  int visited = 0;
  const absl::Status read = store.Visit("\2", [&](std::string_view key, std::string_view value) {
    if (++visited % 1000 == 1) {
      AwaitLater(super);
      EXPECT_EQ(**store.Get(key), value);
      EXPECT_TRUE(store.Write({{std::string(key), std::string(value)}}, false).ok());
    }
    return true;
  });
  EXPECT_TRUE(read.ok()) << read;
  EXPECT_EQ(visited, 3000);
  visited = 0;
  const absl::Status copied = store.Visit("", [&](std::string_view, std::string_view) {
    if (++visited % 1000 == 1) {
      AwaitLater(super);
    }
    return true;
  });
  EXPECT_TRUE(copied.ok()) << copied;
}

TEST(PostgresVaultStore, ReadsAreTriedAgainWhenTheirSessionsAreGone) {
  PostgresHost host;
  Served served(host);
  ASSERT_TRUE(served.store->Write({{"\1", "here"}}, true).ok());
  SqlSession super(host.cluster().Dsn(host.database(), PostgresCluster::kSuperuser));
  ASSERT_TRUE(
      super
          .Query("select pg_terminate_backend(pid) from pg_stat_activity where usename = '" +
                 std::string(PostgresCluster::kServerRole) + "'")
          .ok());
  const auto read = served.store->Get("\1");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(**read, "here");
}

TEST(PostgresVaultStore, VaultsOfOneDatabaseDoNotSeeEachOther) {
  PostgresHost host;
  Served one(host, "one"), two(host, "two");
  ASSERT_TRUE(one.store->Write({{"\1", "of one"}}, true).ok());
  EXPECT_EQ(*two.store->Get("\1"), std::nullopt);
  ASSERT_TRUE(two.store->Write({{"\1", "of two"}}, true).ok());
  EXPECT_THAT(RowsOf(*one.store, ""), ElementsAre(Pair("\1", "of one")));
}

TEST(PostgresVaultStore, GoesOnWhenTheDatabaseIsBack) {
  PostgresHost host;
  Served served(host);
  SqlSession outside(host.cluster().Dsn("postgres", PostgresCluster::kSuperuser));
  const auto allow = [&](const std::string& allowed) {
    ASSERT_TRUE(
        outside.Query("alter database " + host.database() + " allow_connections " + allowed).ok());
  };
  ASSERT_TRUE(served.store->Write({{"\1", "before"}}, true).ok());
  allow("false");
  ASSERT_TRUE(
      outside
          .Query("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" +
                 host.database() + "'")
          .ok());
  EXPECT_EQ(served.store->Write({{"\1", "away"}}, true).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(served.store->Get("\1").status().code(), absl::StatusCode::kUnavailable);
  allow("true");
  ASSERT_TRUE(served.store->Write({{"\1", "after"}}, true).ok());
  EXPECT_EQ(**served.store->Get("\1"), "after");
}

// The log lies in memory here: what another server would find of it in the database.
class VaultInDatabase : public VaultTest {
 protected:
  PostgresHost host_;
};

TEST_F(VaultInDatabase, AnotherServerGoesOnWithIt) {
  std::vector<std::string> expected;
  // Some leave the vault as a killed server does, with rows not written; others close it.
  for (int server = 0; server < 4; ++server) {
    SCOPED_TRACE(server);
    Served served(host_);
    const absl::Status started = Start(*served.store, wrapping_);
    ASSERT_TRUE(started.ok()) << started;
    EXPECT_EQ(Opened(), expected);
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE((i % 2 == 0 ? RecordName(i / 4) : RecordNote(i)).ok());
      expected.push_back(i % 2 == 0 ? StrCat("name ", i / 4) : StrCat("note ", i));
    }
    log_->Close();
    if (server % 2 == 0) {
      ASSERT_TRUE(vault_->Close().ok());
    }
    Stop();
  }
  Served served(host_);
  ASSERT_TRUE(Start(*served.store, wrapping_).ok());
  EXPECT_EQ(Opened(), expected);
  // No key seals two records' events.
  const std::vector<Uuid> ids = KeyIds();
  std::map<Uuid, std::set<std::string>> sealed;
  for (size_t i = 0; i < ids.size(); ++i) sealed[ids[i]].insert(expected[i]);
  for (const auto& [id, texts] : sealed) EXPECT_EQ(texts.size(), 1u) << *texts.begin();
  const Fact erasure = ErasureOf(*vault_, {2, IdOf(1)});
  ASSERT_TRUE(Record({2, IdOf(1)}, erasure).ok());
  const std::vector<RecordedEvent> events = log_->ReadLedger(0, 0).value();
  EXPECT_EQ(*vault_->CarryOut(kLedger, events.back()), 1u);
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == "name 1") expected[i] = kErased;
  }
  std::vector<std::string> opened = Opened();
  opened.pop_back();  // the erasure's
  EXPECT_EQ(opened, expected);
  Stop();
}

// A server that was stopped and goes on: it gives out no key that another one may give out, too.
TEST_F(VaultInDatabase, AServerThatWasTakenOverSealsOnlyWithWhatItHas) {
  Served first(host_);
  options_.spare_keys = 4;
  ASSERT_TRUE(Start(*first.store, wrapping_).ok());
  ASSERT_TRUE(RecordName(1).ok());
  SqlSession super(host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser));
  ASSERT_TRUE(super.Query("update caseledger.vault set token = token + 1, holder = ''").ok());
  // Its commits are refused by the database; here its spare keys run out.
  absl::Status status;
  int sealed = 0;
  while (status.ok() && sealed < 100) {
    status = RecordNote(++sealed);
  }
  EXPECT_LE(sealed, 5);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  Stop();
}

}  // namespace
}  // namespace caseledger::eventstore::testing
