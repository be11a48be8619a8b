// The lease: who works on the ledgers of a database, and that nobody else writes to them.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "eventstore/base/random.h"
#include "eventstore/base/scheduler.h"
#include "eventstore/postgres/lease.h"
#include "eventstore/vault/postgres/postgres_vault_store.h"
#include "gmock/gmock.h"
#include "tests/contract/engine_test_data.h"
#include "tests/contract/postgres_host.h"

namespace caseledger::testing {
namespace {

using eventstore::PostgresLease;
using eventstore::PostgresLeaseOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Micros kPatience = kMicrosPerSecond;

// What a lease was told, by its own thread.
class Told {
 public:
  void Add(const absl::Status& status) {
    const std::lock_guard lock(mutex_);
    codes_.push_back(status.code());
    changed_.notify_all();
  }
  // Waits until so many things were told.
  std::vector<absl::StatusCode> Await(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::minutes(1), [&] { return codes_.size() >= count; }));
    return codes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<absl::StatusCode> codes_;
};

class Lease : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(host_.engine().CreateLedger(InfoOf("a")).ok()); }

  std::unique_ptr<PostgresLease> Make(const std::string& holder, Told* told = nullptr) {
    PostgresLeaseOptions options;
    options.session = host_.options().session;
    options.holder = holder;
    options.address = holder + ".example:7400";
    options.patience = kPatience;
    if (idle_ > 0) options.session.idle_in_transaction_timeout = idle_;
    if (told != nullptr) {
      options.on_change = [told](const absl::Status& status) { told->Add(status); };
    }
    return std::make_unique<PostgresLease>(options);
  }
  std::unique_ptr<PostgresLease> MustTake(const std::string& holder, Told* told = nullptr) {
    auto lease = Make(holder, told);
    const absl::Status taken = lease->Take([](const PostgresLease::Waiting&) { return true; });
    EXPECT_TRUE(taken.ok()) << taken;
    return lease;
  }
  std::unique_ptr<eventstore::Engine> EngineOf(const PostgresLease* lease) {
    eventstore::PostgresOptions options = host_.options();
    options.lease = lease;
    auto engine = host_.OpenWith(options);
    EXPECT_TRUE(engine.ok()) << engine.status();
    return *std::move(engine);
  }
  std::unique_ptr<eventstore::VaultStore> VaultOf(const PostgresLease* lease) {
    eventstore::PostgresVaultOptions options;
    options.session = host_.options().session;
    options.lease = lease;
    return eventstore::OpenPostgresVaultStore(options, SystemRandom());
  }
  // As if the holder had never been: somebody else takes the lease behind its back.
  void TakeBehindItsBack() {
    const auto taken =
        super_.Query("update caseledger.vault set token = token + 1, holder = 'another'");
    ASSERT_TRUE(taken.ok()) << taken.status();
  }
  // The status refuses, and says that another server has it.
  void ExpectTakenOver(const absl::Status& status) {
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("another server has taken the"));
  }

  PostgresHost host_;
  Micros idle_ = 0;  // of sessions of leases, in a transaction; 0: as usual
  SqlSession super_{host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser)};
};

TEST_F(Lease, IsHadAtOnceWhenNobodyHasItAndWhenItWasGivenBack) {
  auto first = MustTake("first");
  EXPECT_EQ(first->token(), 1);
  EXPECT_TRUE(first->Check().ok());
  first->GiveBack();
  EXPECT_EQ(first->token(), 0);
  const auto second = Make("second");
  bool waited = false;
  ASSERT_TRUE(second
                  ->Take([&](const PostgresLease::Waiting&) {
                    waited = true;
                    return true;
                  })
                  .ok());
  EXPECT_FALSE(waited);
  EXPECT_EQ(second->token(), 2);
}

TEST_F(Lease, IsNotHadWhileItsHolderBeats) {
  const auto first = MustTake("first");
  const auto second = Make("second");
  // Longer than the holder could be silent.
  const Micros end = MonotonicNow() + 3 * kPatience;
  const absl::Status refused = second->Take([&](const PostgresLease::Waiting& waiting) {
    EXPECT_EQ(waiting.patience, kPatience);
    EXPECT_EQ(waiting.why.code(), absl::StatusCode::kFailedPrecondition) << waiting.why;
    EXPECT_THAT(std::string(waiting.why.message()), HasSubstr("served by first"));
    EXPECT_EQ(waiting.address, "first.example:7400");
    return MonotonicNow() < end;
  });
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_EQ(second->token(), 0);
  EXPECT_TRUE(first->Check().ok());
  EXPECT_THAT(*super_.Query("select beat > 3 from caseledger.vault"), ElementsAre("t"));
}

TEST_F(Lease, TellsNoAddressOfWhoGaveItBack) {
  const auto address = [&] { return super_.Query("select address from caseledger.vault")->at(0); };
  const auto first = MustTake("first");
  EXPECT_EQ(address(), "first.example:7400");
  first->GiveBack();
  EXPECT_EQ(address(), "");
  const auto second = MustTake("second");
  EXPECT_EQ(address(), "second.example:7400");
}

TEST_F(Lease, IsTakenFromAHolderThatIsSilentAndNotBefore) {
  ASSERT_TRUE(
      super_.Query("insert into caseledger.vault values ('main', 7, 3, 1000000, 'who died')").ok());
  const Micros begun = MonotonicNow();
  const auto lease = MustTake("second");
  EXPECT_GE(MonotonicNow() - begun, kPatience);
  EXPECT_EQ(lease->token(), 8);
  EXPECT_THAT(*super_.Query("select holder from caseledger.vault"), ElementsAre("second"));
}

// A program with less patience than the server at work would take the lease between two beats.
TEST_F(Lease, ItsHoldersPatienceCounts) {
  ASSERT_TRUE(
      super_.Query("insert into caseledger.vault values ('main', 7, 3, 3000000, 'patient')").ok());
  const Micros begun = MonotonicNow();
  const auto lease = MustTake("second");
  EXPECT_GE(MonotonicNow() - begun, 3 * kPatience);
  EXPECT_THAT(*super_.Query("select patience from caseledger.vault"), ElementsAre("1000000"));
}

TEST_F(Lease, OfOneWhoBeatsOnceMoreIsWaitedForAgain) {
  ASSERT_TRUE(
      super_.Query("insert into caseledger.vault values ('main', 7, 3, 1000000, 'slow')").ok());
  const auto lease = Make("second");
  Micros beaten = 0;
  int looks = 0;
  ASSERT_TRUE(lease
                  ->Take([&](const PostgresLease::Waiting&) {
                    if (++looks == 5) {
                      EXPECT_TRUE(super_.Query("update caseledger.vault set beat = 4").ok());
                      beaten = MonotonicNow();
                    }
                    return true;
                  })
                  .ok());
  EXPECT_GE(MonotonicNow() - beaten, kPatience);
}

TEST_F(Lease, OnlyOneOfManyWhoWaitHasIt) {
  ASSERT_TRUE(
      super_.Query("insert into caseledger.vault values ('main', 1, 1, 1000000, 'dead')").ok());
  constexpr int kWaiting = 6;
  std::vector<std::unique_ptr<PostgresLease>> leases;
  leases.reserve(kWaiting);
  for (int i = 0; i < kWaiting; ++i) leases.push_back(Make("waiting " + std::to_string(i)));
  std::atomic<int> have_it = 0;
  std::vector<std::thread> threads;
  threads.reserve(kWaiting);
  for (auto& lease : leases) {
    threads.emplace_back([&have_it, &lease] {
      const Micros end = MonotonicNow() + 3 * kPatience;
      have_it +=
          lease->Take([end](const PostgresLease::Waiting&) { return MonotonicNow() < end; }).ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(have_it, 1);
}

TEST_F(Lease, WhatSomebodyElseGuardsIsNotWrittenToAnyMore) {
  Told told;
  const auto first = MustTake("first", &told);
  ASSERT_TRUE(first->Guard("a").ok());
  const auto engine = EngineOf(first.get());
  const auto vault = VaultOf(first.get());
  ASSERT_TRUE(AppendMany(*engine, "a", 2).ok());
  ASSERT_TRUE(engine->ReplaceSigningState("a", "first").ok());
  ASSERT_TRUE(vault->Write({{"\1key", "value"}}, true).ok());

  TakeBehindItsBack();
  EXPECT_THAT(told.Await(1), ElementsAre(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(first->Check().code(), absl::StatusCode::kFailedPrecondition);
  // The vault knows at once; the ledger once the other one guards it.
  ExpectTakenOver(vault->Write({{"\1key", "later"}}, true));
  ASSERT_TRUE(super_.Query("update caseledger.log_head set fence = 2").ok());
  ExpectTakenOver(AppendMany(*engine, "a", 1));
  ExpectTakenOver(engine->ReplaceSigningState("a", "later"));
  EXPECT_EQ(first->Guard("a").code(), absl::StatusCode::kFailedPrecondition);

  EXPECT_EQ(engine->LoadHead("a")->next_position, 2u) << "it may read what is there";
  EXPECT_EQ(**engine->FindSigningState("a"), "first");
  EXPECT_EQ(**vault->Get("\1key"), "value");
}

TEST_F(Lease, WithoutOneNothingIsWrittenToAGuardedLedger) {
  const auto waiting = Make("waiting");
  const auto early = EngineOf(waiting.get());
  ExpectTakenOver(AppendMany(*early, "a", 1));
  ExpectTakenOver(VaultOf(waiting.get())->Write({{"\1key", "value"}}, true));
  const auto lease = MustTake("first");
  ASSERT_TRUE(lease->Guard("a").ok());
  ExpectTakenOver(AppendMany(host_.engine(), "a", 1));
  const auto engine = EngineOf(lease.get());
  EXPECT_TRUE(AppendMany(*engine, "a", 1).ok());
  lease->GiveBack();
  ExpectTakenOver(AppendMany(*engine, "a", 1));
  EXPECT_EQ(lease->Guard("b").code(), absl::StatusCode::kNotFound);
}

// Whoever takes over reads afterwards: what was on its way is there.
TEST_F(Lease, GuardingWaitsForACommitThatIsOnItsWay) {
  const auto first = MustTake("first");
  ASSERT_TRUE(first->Guard("a").ok());
  const auto engine = EngineOf(first.get());
  SqlSession holder(host_.cluster().Dsn(host_.database(), PostgresCluster::kSuperuser));
  ASSERT_TRUE(holder.Query("begin").ok());
  ASSERT_TRUE(holder.Query("lock table caseledger.event in share mode").ok());
  absl::Status committed;
  std::thread commit([&] { committed = AppendMany(*engine, "a", 1); });
  const std::string waiting =
      " from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  ASSERT_TRUE(super_.Await("select count(*) = 1" + waiting));
  ASSERT_TRUE(super_.Query("update caseledger.vault set token = token + 1, holder = ''").ok());
  const auto second = MustTake("second");
  absl::Status guarded;
  std::thread guard([&] { guarded = second->Guard("a"); });
  // Again and again: each of its attempts has an end.
  for (int attempts = 0; attempts < 3; ++attempts) {
    ASSERT_TRUE(super_.Await("select count(*) = 2" + waiting));
    ASSERT_TRUE(super_.Await("select count(*) = 1" + waiting));
  }
  ASSERT_TRUE(holder.Query("commit").ok());
  commit.join();
  guard.join();
  EXPECT_TRUE(committed.ok()) << committed;
  EXPECT_TRUE(guarded.ok()) << guarded;
  ExpectTakenOver(AppendMany(*engine, "a", 1));
  EXPECT_EQ(EngineOf(second.get())->LoadHead("a")->next_position, 1u);
  EXPECT_TRUE(AppendMany(*EngineOf(second.get()), "a", 1).ok());
}

// As a server that was suspended while it sent: no timeout of PostgreSQL's ends that. Of its
// commit, and of a write to the vault.
TEST_F(Lease, WhoStoppedInTheMiddleOfATransactionKeepsNothing) {
  idle_ = kPatience;
  int64_t token = 7;
  ASSERT_TRUE(
      super_.Query("insert into caseledger.vault values ('main', 7, 3, 1000000, 'stopped')").ok());
  for (const char* lock : {"select ledger from caseledger.log_head where ledger = 'a' for update",
                           "select vault from caseledger.vault for share"}) {
    SCOPED_TRACE(lock);
    SqlSession stopped(host_.options().session.dsn);
    ASSERT_TRUE(stopped.Query("set idle_in_transaction_session_timeout = '1s'").ok());
    ASSERT_TRUE(stopped.Query("begin").ok());
    ASSERT_TRUE(stopped.Query(lock).ok());
    stopped.StopInTheMiddle();
    const auto next = MustTake("next");
    EXPECT_EQ(next->token(), ++token);
    const absl::Status guarded = next->Guard("a");
    EXPECT_TRUE(guarded.ok()) << guarded;
    EXPECT_TRUE(AppendMany(*EngineOf(next.get()), "a", 1).ok());
  }
}

TEST_F(Lease, IsInDoubtWhileTheDatabaseIsAway) {
  SqlSession outside(host_.cluster().Dsn("postgres", PostgresCluster::kSuperuser));
  Told told;
  const auto lease = MustTake("first", &told);
  ASSERT_TRUE(lease->Guard("a").ok());
  ASSERT_TRUE(
      outside.Query("alter database " + host_.database() + " allow_connections false").ok());
  ASSERT_TRUE(
      outside
          .Query("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" +
                 host_.database() + "'")
          .ok());
  EXPECT_THAT(told.Await(1), ElementsAre(absl::StatusCode::kUnavailable));
  EXPECT_EQ(lease->Check().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(outside.Query("alter database " + host_.database() + " allow_connections true").ok());
  EXPECT_THAT(told.Await(2), ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kOk));
  EXPECT_TRUE(lease->Check().ok());
  EXPECT_TRUE(AppendMany(*EngineOf(lease.get()), "a", 1).ok());
}

}  // namespace
}  // namespace caseledger::testing
