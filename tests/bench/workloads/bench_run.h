// One run: its options, its scratch directory, its report, and the sections it is made of.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/limits/postgres.h"
#include "tests/bench/load/deployment.h"
#include "tests/bench/load/samples.h"
#include "tests/bench/load/unary_load.h"
#include "tests/bench/report/report.h"
#include "tests/integration/support/child_process.h"

namespace caseledger::bench {

struct BenchOptions {
  std::string directory;        // scratch; on the disk that is to be measured
  double seconds = 3;           // of one measurement
  int rounds = 5;               // of measurements made side by side
  uint64_t events = 100'000;    // of the ledger that is read, replayed and rebuilt
  std::vector<uint64_t> sizes;  // of the size sweep; none: left out
  uint64_t cases = 0;           // of the ledger that questions are put to; 0: left out
  std::set<std::string> only;   // sections; empty: all
  bool postgres = true;
  std::string program;  // this program, to start the no-op server
};

class BenchRun {
 public:
  BenchRun(BenchOptions options, Report& report);

  // UNAVAILABLE when a part could not be measured; what was measured before is in the report.
  absl::Status Run();

 private:
  bool Wants(const std::string& section) const;

  // Each section in a file of its own.
  absl::Status MeasureSyncs();
  absl::Status MeasureSingles();
  absl::Status MeasureTree();
  absl::Status MeasureSealing();
  // Single commands to a server embedded in this program with and without what `choice` names.
  absl::Status MeasureWithAndWithout(const std::string& choice, double rate_at_least);
  absl::Status MeasurePostgres();
  absl::Status MeasureDatabase();
  // Of its ledger in the database: replay, and rebuild of each read model.
  struct LoadOf {
    const Caller& caller;
    UnaryLoad load;
  };
  // The rate of one load beside that of another, round by round, and its own latency.
  absl::Status MeasureBeside(const std::string& name, LoadOf ours, const std::string& limit_name,
                             LoadOf limit);
  absl::Status MeasurePassingOn(Deployment& deployment);
  absl::Status MeasureReadingDatabase(Deployment& deployment, PostgresCluster& cluster,
                                      const std::string& dsn);
  absl::Status MeasureManyLedgers(PostgresCluster& cluster);
  // Started when it is first asked for.
  absl::StatusOr<PostgresCluster*> Postgres();
  absl::Status MeasureBatch();
  absl::Status MeasureReads();
  // Of the ledger in `reads`, which has so many events; the server runs, and is ended.
  absl::Status MeasureReplay(Deployment& deployment, uint64_t events);
  absl::Status MeasureTrailedReads();
  absl::Status MeasureFlood();
  absl::Status MeasureFloodOf(const std::string& name, const std::vector<std::string>& kinds);
  absl::Status MeasureLag();
  absl::Status MeasureSizes();
  absl::Status MeasureQuestions();

  // In a directory of that name below the scratch directory. One agency makes the whole load.
  std::unique_ptr<Deployment> NewDeployment(const std::string& name);
  absl::StatusOr<std::unique_ptr<Deployment>> Deploy(const std::string& name);
  // Sends so many commands over the Batch stream.
  absl::StatusOr<LoadResult> Fill(const Caller& caller, uint64_t events, uint64_t seed);

  const BenchOptions options_;
  Report& report_;
  std::unique_ptr<PostgresCluster> postgres_;
  double sync_p50_micros_ = 0;
  double single_64_per_second_ = 0;
  double batch_per_second_ = 0;
};

// Says what is being done, on standard error.
void Progress(const std::string& what);

// An error when a load failed.
absl::Status CheckLoad(const LoadResult& load);

// Asks a server to end; an error when it does not end well.
absl::Status EndProcess(testing::ChildProcess& server);
inline absl::Status EndServer(testing::ServerProcess& server) {
  return EndProcess(server.process());
}

}  // namespace caseledger::bench
