#include "tests/bench/workloads/bench_run.h"

#include <signal.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/limits/disk.h"
#include "tests/bench/load/batch_load.h"

namespace caseledger::bench {

void Progress(const std::string& what) { std::fprintf(stderr, "bench: %s\n", what.c_str()); }

absl::Status CheckLoad(const LoadResult& load) {
  if (load.failed == 0 && load.latency.count() > 0) return absl::OkStatus();
  return absl::UnavailableError(
      StrCat(load.failed, " of the measured requests failed: ", load.first_error));
}

absl::Status EndProcess(testing::ChildProcess& server) {
  server.Signal(SIGTERM);
  const int code = server.Wait();
  if (code == 0) return absl::OkStatus();
  return absl::UnavailableError(StrCat("the server ended with ", code, ": ", server.err()));
}

BenchRun::BenchRun(BenchOptions options, Report& report)
    : options_(std::move(options)), report_(report) {}

bool BenchRun::Wants(const std::string& section) const {
  return options_.only.empty() || options_.only.contains(section);
}

std::unique_ptr<Deployment> BenchRun::NewDeployment(const std::string& name) {
  return std::make_unique<Deployment>(options_.directory + "/" + name);
}

absl::StatusOr<std::unique_ptr<Deployment>> BenchRun::Deploy(const std::string& name) {
  auto deployment = NewDeployment(name);
  RETURN_IF_ERROR(deployment->Start(testing::NoAgencyLimits()));
  return deployment;
}

absl::StatusOr<PostgresCluster*> BenchRun::Postgres() {
  if (postgres_ == nullptr) {
    ASSIGN_OR_RETURN(postgres_, StartPostgres(options_.directory));
  }
  return postgres_.get();
}

absl::StatusOr<LoadResult> BenchRun::Fill(const Caller& caller, uint64_t events, uint64_t seed) {
  BatchLoad load;
  load.commands = events;
  load.commands_per_message = 256;
  load.seed = seed;
  LoadResult result = RunBatchLoad(caller, load);
  RETURN_IF_ERROR(CheckLoad(result));
  return result;
}

absl::Status BenchRun::MeasureSyncs() {
  Progress("fdatasync");
  ASSIGN_OR_RETURN(LoadResult syncs,
                   MeasureSync(options_.directory, 4096, std::min(options_.seconds, 2.0)));
  sync_p50_micros_ = syncs.latency.Quantile(0.5);
  report_.Add("limit.fdatasync_p50", sync_p50_micros_, "us");
  report_.Add("limit.fdatasync_p99", syncs.latency.Quantile(0.99), "us");
  return absl::OkStatus();
}

absl::Status BenchRun::Run() {
  RETURN_IF_ERROR(MeasureSyncs());  // others are compared with it
  if (Wants("single")) RETURN_IF_ERROR(MeasureSingles());
  if (Wants("tree")) RETURN_IF_ERROR(MeasureTree());
  if (Wants("sealing")) RETURN_IF_ERROR(MeasureSealing());
  if (Wants("postgres") && options_.postgres) RETURN_IF_ERROR(MeasurePostgres());
  if (Wants("database") && options_.postgres) RETURN_IF_ERROR(MeasureDatabase());
  if (Wants("batch")) RETURN_IF_ERROR(MeasureBatch());
  if (Wants("reads")) RETURN_IF_ERROR(MeasureReads());
  if (Wants("trailed")) RETURN_IF_ERROR(MeasureTrailedReads());
  if (Wants("flood")) RETURN_IF_ERROR(MeasureFlood());
  if (Wants("lag")) RETURN_IF_ERROR(MeasureLag());
  if (!options_.sizes.empty() && Wants("sizes")) RETURN_IF_ERROR(MeasureSizes());
  if (options_.cases > 0 && Wants("questions")) RETURN_IF_ERROR(MeasureQuestions());
  return absl::OkStatus();
}

}  // namespace caseledger::bench
