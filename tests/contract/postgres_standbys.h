// A COMMIT that waits: for a standby that does not exist.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "tests/contract/postgres_host.h"

namespace caseledger::testing {

inline std::string ServersWaitingFor(const std::string& event) {
  return "from pg_stat_activity where datname = current_database() and usename = '" +
         std::string(PostgresCluster::kServerRole) + "' and wait_event = '" + event + "'";
}

// From now on commits are done here, and wait for the standby before anyone sees them.
class AbsentStandby {
 public:
  explicit AbsentStandby(PostgresHost& host)
      : dsn_(host.cluster().Dsn(host.database(), PostgresCluster::kSuperuser)), super_(dsn_) {
    EXPECT_TRUE(super_.Query("alter system set synchronous_standby_names = 'absent'").ok());
    Reload("absent");
    AwaitEffect();
  }
  ~AbsentStandby() { Dismiss(); }
  AbsentStandby(const AbsentStandby&) = delete;
  AbsentStandby& operator=(const AbsentStandby&) = delete;

  bool AwaitCommit() { return super_.Await("select count(*) = 1 " + ServersWaitingFor("SyncRep")); }

  // Lets those go on that wait.
  void Dismiss() {
    if (dismissed_) return;
    dismissed_ = true;
    EXPECT_TRUE(super_.Query("alter system reset synchronous_standby_names").ok());
    Reload("");
  }

 private:
  void Reload(const std::string& expected) {
    EXPECT_TRUE(super_.Query("select pg_reload_conf()").ok());
    EXPECT_TRUE(
        super_.Await("select current_setting('synchronous_standby_names') = '" + expected + "'"));
  }

  // Sessions know the setting before the process does that makes commits wait, so that the next
  // commit may not wait yet: commits until one does, and lets that one go.
  void AwaitEffect() {
    SqlSession probe(dsn_);
    const std::string pid = probe.Query("select pg_backend_pid()")->at(0);
    const std::string waits =
        "select count(*) = 1 from pg_stat_activity where wait_event = 'SyncRep' and pid = " + pid;
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) {
      std::atomic<bool> done = false;
      std::thread commit([&] {
        EXPECT_TRUE(probe.Query("select pg_logical_emit_message(true, 'probe', '')").ok());
        done = true;
      });
      bool waited = false;
      while (!done && !waited) waited = super_.Query(waits)->at(0) == "t";
      if (waited) {
        EXPECT_TRUE(super_.Query("select pg_cancel_backend(" + pid + ")").ok());
      }
      commit.join();
      if (waited) return;
    }
    ADD_FAILURE() << "commits do not wait for a standby that is absent";
  }

  const std::string dsn_;
  SqlSession super_;
  bool dismissed_ = false;
};

}  // namespace caseledger::testing
