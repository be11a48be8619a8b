// The schema: migration, what the server's role may do, and what distributing it rests on.
#include "eventstore/postgres/schema.h"
#include "gmock/gmock.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/postgres_host.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PostgresSchema : public ::testing::Test {
 protected:
  absl::StatusOr<std::vector<std::string>> Query(const std::string& sql) {
    return host_.cluster().Query(host_.database(), sql);
  }
  absl::StatusOr<int> Migrate() {
    eventstore::PostgresMigration migration;
    migration.session.dsn = host_.cluster().Dsn(host_.database(), PostgresCluster::kOwner);
    migration.server_role = PostgresCluster::kServerRole;
    return eventstore::MigratePostgres(migration);
  }
  void SetVersion(int version) {
    const auto set =
        Query("update caseledger.schema_version set version = " + std::to_string(version));
    ASSERT_TRUE(set.ok()) << set.status();
  }

  PostgresHost host_;
};

TEST_F(PostgresSchema, MigratingAgainChangesNothing) {
  ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendMany(host_.engine(), "a", 3).ok());
  const auto version = Migrate();
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(*version, eventstore::kPostgresSchemaVersion);
  EXPECT_EQ(ReadAll(host_.engine(), "a", 0, 3)->size(), 3u);
}

// As a program of schema version 1 left it.
TEST_F(PostgresSchema, AnOlderSchemaIsBroughtUpWithAllItHolds) {
  ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendMany(host_.engine(), "a", 3).ok());
  SqlSession owner(host_.cluster().Dsn(host_.database(), PostgresCluster::kOwner));
  ASSERT_TRUE(owner.Query("drop table caseledger.ledger_info").ok());
  ASSERT_TRUE(owner.Query("drop table caseledger.vault").ok());
  ASSERT_TRUE(owner.Query("drop table caseledger.vault_row").ok());
  ASSERT_TRUE(owner.Query("alter table caseledger.log_head drop column fence").ok());
  SetVersion(1);
  EXPECT_EQ(host_.OpenAnother().status().code(), absl::StatusCode::kFailedPrecondition);
  const auto version = Migrate();
  ASSERT_TRUE(version.ok()) << version.status();
  ASSERT_TRUE(host_.Reopen().ok());
  EXPECT_EQ(ReadAll(host_.engine(), "a", 0, 3)->size(), 3u);
  EXPECT_TRUE(AppendMany(host_.engine(), "a", 2).ok());
}

TEST_F(PostgresSchema, ANewerSchemaIsRefusedAndLeftAlone) {
  SetVersion(99);
  const auto migrated = Migrate();
  EXPECT_EQ(migrated.status().code(), absl::StatusCode::kFailedPrecondition) << migrated.status();
  EXPECT_THAT(std::string(migrated.status().message()), HasSubstr("99"));
  EXPECT_THAT(*Query("select version from caseledger.schema_version"), ElementsAre("99"));
  const auto opened = host_.OpenAnother();
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << opened.status();
  SetVersion(eventstore::kPostgresSchemaVersion);
  EXPECT_TRUE(host_.OpenAnother().ok());
}

TEST_F(PostgresSchema, ADatabaseThatIsNotMigratedIsNotOpened) {
  const auto empty = host_.cluster().CreateDatabase();
  ASSERT_TRUE(empty.ok()) << empty.status();
  eventstore::PostgresOptions options = host_.options();
  options.session.dsn = host_.cluster().Dsn(*empty, PostgresCluster::kServerRole);
  const auto opened = host_.OpenWith(options);
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << opened.status();
  SetVersion(0);
  EXPECT_EQ(host_.OpenAnother().status().code(), absl::StatusCode::kFailedPrecondition);
  SetVersion(eventstore::kPostgresSchemaVersion);
}

TEST_F(PostgresSchema, TheServersRoleAddsAndNeverChangesWhatWasRecorded) {
  ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("a")).ok());
  ASSERT_TRUE(AppendMany(host_.engine(), "a", 2).ok());
  const std::vector<std::string> refused = {
      "update caseledger.event set record = ''",
      "delete from caseledger.event",
      "truncate caseledger.event",
      "drop table caseledger.event",
      "update caseledger.mark set value = ''",
      "delete from caseledger.mark",
      "update caseledger.tile set hashes = ''",
      "delete from caseledger.tile",
      "update caseledger.ledger set info = ''",
      "delete from caseledger.ledger",
      "update caseledger.ledger_info set info = ''",
      "delete from caseledger.ledger_info",
      "delete from caseledger.log_head",
      "delete from caseledger.stream_head",
      "delete from caseledger.signing_state",
      "delete from caseledger.vault",
      "truncate caseledger.vault_row",
      "update caseledger.schema_version set version = 0",
      "create table caseledger.more (n integer)",
  };
  SqlSession server(host_.cluster().Dsn(host_.database(), PostgresCluster::kServerRole));
  for (const std::string& sql : refused) {
    const auto answer = server.Query(sql);
    ASSERT_FALSE(answer.ok()) << sql;
    EXPECT_THAT(std::string(answer.status().message()),
                ::testing::ContainsRegex("permission denied|must be owner"))
        << sql;
  }
  EXPECT_EQ(ReadAll(host_.engine(), "a", 0, 2)->size(), 2u);
}

// The keys of a vault are of all its ledgers, and it is a transaction of its own.
TEST_F(PostgresSchema, EveryKeyBeginsWithTheLedgerOrTheVault) {
  EXPECT_THAT(
      *Query("select distinct c.relname from pg_index i join pg_class c on c.oid = i.indrelid "
             "join pg_namespace n on n.oid = c.relnamespace "
             "join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0] "
             "where n.nspname = 'caseledger' and a.attname <> 'ledger' order by 1"),
      ElementsAre("schema_version", "vault", "vault_row"));
  EXPECT_THAT(
      *Query("select distinct attname from pg_attribute a join pg_class c on c.oid = attrelid "
             "join pg_namespace n on n.oid = relnamespace where nspname = 'caseledger' "
             "and relname in ('vault', 'vault_row') and relkind = 'r' and attnum = 1"),
      ElementsAre("vault"));
  EXPECT_THAT(*Query("select relname from pg_class c join pg_namespace n on n.oid = relnamespace "
                     "where nspname = 'caseledger' and relkind = 'r' and not exists "
                     "(select 1 from pg_index where indrelid = c.oid and indisprimary)"),
              IsEmpty());
}

TEST_F(PostgresSchema, HasNoSequencesFunctionsTriggersOrForeignKeys) {
  EXPECT_THAT(*Query("select relname from pg_class c join pg_namespace n on n.oid = relnamespace "
                     "where nspname = 'caseledger' and relkind not in ('r', 'i')"),
              IsEmpty());
  EXPECT_THAT(*Query("select proname from pg_proc p join pg_namespace n on n.oid = pronamespace "
                     "where nspname = 'caseledger'"),
              IsEmpty());
  EXPECT_THAT(*Query("select tgname from pg_trigger t join pg_class c on c.oid = tgrelid "
                     "join pg_namespace n on n.oid = relnamespace where nspname = 'caseledger'"),
              IsEmpty());
}

TEST_F(PostgresSchema, ADatabaseWithoutFsyncIsNotOpened) {
  SqlSession super(host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser));
  ASSERT_TRUE(super.Query("alter system set fsync = off").ok());
  ASSERT_TRUE(super.Query("select pg_reload_conf()").ok());
  ASSERT_TRUE(super.Await("select current_setting('fsync') = 'off'"));
  const auto opened = host_.OpenAnother();
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << opened.status();
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr("fsync"));
  ASSERT_TRUE(super.Query("alter system reset fsync").ok());
  ASSERT_TRUE(super.Query("select pg_reload_conf()").ok());
  ASSERT_TRUE(super.Await("select current_setting('fsync') = 'on'"));
}

}  // namespace
}  // namespace caseledger::testing
