// A COMMIT that waits: for a standby that does not exist.
#pragma once

#include <string>

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
  explicit AbsentStandby(SqlSession& super) : super_(super) {
    EXPECT_TRUE(super_.Query("alter system set synchronous_standby_names = 'absent'").ok());
    Reload("absent");
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

  SqlSession& super_;
  bool dismissed_ = false;
};

}  // namespace caseledger::testing
