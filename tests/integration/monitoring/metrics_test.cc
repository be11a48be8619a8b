// What the metrics of a running server say.
#include <filesystem>

#include "gmock/gmock.h"
#include "tests/integration/monitoring/watched_server.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class MetricsOfAServer : public WatchedServer {
 protected:
  double Of(const std::string& metric, const std::string& more = "") const {
    return Sample(metric + "{ledger=\"quang-ninh\"" + more + "}");
  }
};

TEST_F(MetricsOfAServer, EveryDurableEventIsOfABatch) {
  const double events = Of("caseledger_events") - Of("caseledger_batch_events_sum");
  OpenCaseFor(RegisterPerson());
  EXPECT_EQ(Of("caseledger_events"), static_cast<double>(client().EventCount()));
  EXPECT_EQ(Of("caseledger_events") - Of("caseledger_batch_events_sum"), events);
  EXPECT_GT(Of("caseledger_batch_events_count"), 0);
  EXPECT_EQ(Of("caseledger_commit_seconds_count"), Of("caseledger_batch_events_count"));
  EXPECT_GT(Of("caseledger_commit_seconds_sum"), 0);
  EXPECT_LT(Of("caseledger_commit_seconds_sum"), Of("caseledger_append_seconds_sum"));
}

TEST_F(MetricsOfAServer, RefusalsAreAnsweredButAreNoBatch) {
  const double answered = Of("caseledger_append_seconds_count");
  const double batches = Of("caseledger_batch_events_count");
  ExpectRefused(CommandOf(NewUuid(), "risk_assessed { risk: RISK_LOW }"),
                grpc::StatusCode::NOT_FOUND, "RECORD_UNKNOWN");
  EXPECT_EQ(Of("caseledger_append_seconds_count"), answered + 1);
  EXPECT_EQ(Of("caseledger_batch_events_count"), batches);
}

TEST_F(MetricsOfAServer, AnIdleQueueIsEmptyAndHasItsLimit) {
  EXPECT_EQ(Of("caseledger_appends_waiting"), 0);
  EXPECT_EQ(Of("caseledger_appends_waiting_limit"),
            static_cast<double>(options_.log_limits.max_appends_waiting));
}

TEST_F(MetricsOfAServer, SubscribersAreCountedWhileTheyAreThere) {
  EXPECT_EQ(Of("caseledger_subscribers", ",kind=\"client\""), 0);
  EXPECT_GT(Of("caseledger_subscribers", ",kind=\"worker\""), 0);
  {
    Subscriber subscriber(auditor(), client().EventCount());
    while (subscriber.caught_up == 0) ASSERT_TRUE(subscriber.ReadOne());
    EXPECT_EQ(Of("caseledger_subscribers", ",kind=\"client\""), 1);
  }
  EXPECT_TRUE(Eventually([this] { return Of("caseledger_subscribers", ",kind=\"client\"") == 0; }));
}

TEST_F(MetricsOfAServer, RefusalsAreCountedByReasonAlone) {
  BeDenied();
  EXPECT_EQ(Of("caseledger_denials_total", ",reason=\"NO_ROLE\""), 1);
  ExpectRefused(CommandOf(NewUuid(), "risk_assessed { risk: RISK_LOW }"),
                grpc::StatusCode::NOT_FOUND, "RECORD_UNKNOWN");
  EXPECT_EQ(Of("caseledger_denials_total", ",reason=\"RECORD_UNKNOWN\""), 1);
  EXPECT_EQ(Of("caseledger_denials_total", ",reason=\"OTHER\""), 0);
  CallAsNobody();
  EXPECT_EQ(Sample("caseledger_callers_refused_total{reason=\"TOKEN_INVALID\"}"), 1);
  EXPECT_EQ(Sample("caseledger_callers_refused_total{reason=\"OTHER\"}"), 0);
  for (const char* name : {"ctxh-qn", "moi", "so-qn", "nv-07", "Bearer"}) {
    EXPECT_THAT(Page(), Not(HasSubstr(name))) << "nothing about anyone";
  }
}

TEST_F(MetricsOfAServer, CheckpointsKeepUp) {
  OpenCase();
  AdvanceSeconds(30);
  EXPECT_TRUE(Eventually([this] { return Of("caseledger_checkpoint_lag_events") == 0; }));
  EXPECT_EQ(Of("caseledger_checkpoint_lag_seconds"), 0);
  EXPECT_EQ(Of("caseledger_checkpoint_timestamp_seconds"), static_cast<double>(now_seconds() - 30));
}

TEST_F(MetricsOfAServer, ACheckpointThatCannotBeSignedFallsBehind) {
  ASSERT_TRUE(Eventually([this] { return Of("caseledger_checkpoint_lag_events") == 0; }));
  const double covered = Of("caseledger_checkpoint_timestamp_seconds");
  const fs::path keys = fs::path(options_.data_dir) / "keys" / "quang-ninh.keys";
  fs::rename(keys, directory_ / "aside");
  AdvanceSeconds(30);
  OpenCase();
  AdvanceSeconds(400);
  EXPECT_EQ(Of("caseledger_checkpoint_lag_events"), 1);
  EXPECT_EQ(Of("caseledger_checkpoint_lag_seconds"), 400);
  EXPECT_EQ(Of("caseledger_checkpoint_timestamp_seconds"), covered);
  fs::rename(directory_ / "aside", keys);
  EXPECT_TRUE(Eventually([this] { return Of("caseledger_checkpoint_lag_events") == 0; }));
}

TEST_F(MetricsOfAServer, AMissingVaultShows) {
  Stop();
  fs::rename(fs::path(options_.data_dir) / "vault", directory_ / "aside");
  options_.vault_backup_dir = "";
  Start();
  EXPECT_EQ(Sample("caseledger_vault_open"), 0);
  EXPECT_THAT(Page(), Not(HasSubstr("caseledger_vault_rotation")));
  EXPECT_EQ(Of("caseledger_accepting"), 1);
}

TEST_F(MetricsOfAServer, TheVaultTellsHowOldItsKeysAre) {
  EXPECT_EQ(Sample("caseledger_vault_open"), 1);
  EXPECT_EQ(Sample("caseledger_vault_rotation_unfinished"), 0);
  const double made = Sample("caseledger_vault_newest_wrapping_key_timestamp_seconds");
  EXPECT_LE(made, static_cast<double>(now_seconds()));
  EXPECT_EQ(Sample("caseledger_vault_rotation_due_timestamp_seconds") - made,
            static_cast<double>(options_.rotate_wrapping_days * 24 * 3600));
}

TEST_F(MetricsOfAServer, BackupsTellTheirTime) {
  EXPECT_THAT(Page(), Not(HasSubstr("caseledger_last_backup_timestamp_seconds ")));
  CreateBackup();
  const double now = static_cast<double>(now_seconds());
  EXPECT_EQ(Sample("caseledger_last_backup_timestamp_seconds"), now);
  EXPECT_EQ(Sample("caseledger_last_vault_backup_timestamp_seconds"), now);
}

TEST_F(MetricsOfAServer, DisksTellWhatIsLeftAndWhatIsThere) {
  for (const std::string place : {"{place=\"data\"}", "{place=\"vault\"}"}) {
    EXPECT_GT(Sample("caseledger_filesystem_available_bytes" + place), 0);
    EXPECT_LE(Sample("caseledger_filesystem_available_bytes" + place),
              Sample("caseledger_filesystem_size_bytes" + place));
  }
  const double log = Sample("caseledger_stored_bytes{store=\"log\"}");
  EXPECT_GT(Sample("caseledger_stored_bytes{store=\"read_models\"}"), 0);
  EXPECT_GT(Sample("caseledger_stored_bytes{store=\"vault\"}"), 0);
  for (int i = 0; i < 5; ++i) OpenCase();
  EXPECT_GT(Sample("caseledger_stored_bytes{store=\"log\"}"), log);
}

}  // namespace
}  // namespace caseledger::testing
