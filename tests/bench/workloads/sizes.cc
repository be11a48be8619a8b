// What changes as a ledger grows: rates, memory, disk, and the start after a crash.
#include <signal.h>

#include <filesystem>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/engine/rocksdb/tuning.h"
#include "rocksdb/listener.h"
#include "rocksdb/sst_file_writer.h"
#include "tests/bench/limits/disk.h"
#include "tests/bench/limits/process.h"
#include "tests/bench/load/batch_load.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/bench/load/unary_load.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/reads.h"

namespace caseledger::bench {
namespace {

double DirectoryBytes(const std::string& directory) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  }
  return bytes;
}

// Bytes an event when nothing but the records of the ledger are written into one table file with
// the engine's own compression.
absl::StatusOr<double> CompressedPayload(const std::string& data_dir) {
  ASSIGN_OR_RETURN(const auto events, LoadStoredEvents(data_dir, 0, 200'000));
  const std::string path = data_dir + "/payload.sst";
  eventstore::RocksDbOptions options;
  rocksdb::Options raw = eventstore::rocksdb_engine::DatabaseOptions(
      options, std::make_shared<rocksdb::EventListener>());
  raw.compression = raw.bottommost_compression;
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), raw);
  rocksdb::Status status = writer.Open(path);
  for (size_t i = 0; status.ok() && i < events.size(); ++i) {
    std::string key(8, '\0');
    for (size_t byte = 0; byte < 8; ++byte) key[7 - byte] = static_cast<char>(i >> (8 * byte));
    status = writer.Put(key, events[i].record);
  }
  rocksdb::ExternalSstFileInfo info;
  if (status.ok()) status = writer.Finish(&info);
  if (!status.ok()) return absl::UnavailableError(status.ToString());
  std::filesystem::remove(path);
  return static_cast<double>(info.file_size) / static_cast<double>(events.size());
}

}  // namespace

absl::Status BenchRun::MeasureSizes() {
  const std::string name = "sizes";
  const auto deployment = NewDeployment(name);
  double first_single = 0;
  double first_batch = 0;
  double first_replay = 0;
  for (const uint64_t size : options_.sizes) {
    Progress(StrCat("growing the ledger to ", size, " events"));
    RETURN_IF_ERROR(deployment->Start(testing::NoAgencyLimits()));
    const Caller worker = deployment->As(Operator());
    const Caller administrator = deployment->As(testing::Cast::Administrator());
    const Caller auditor = deployment->As(testing::Cast::Auditor());
    ASSIGN_OR_RETURN(uint64_t have, LedgerSize(worker));
    if (size <= have) {
      return absl::InvalidArgumentError(
          StrCat("--sizes: the measurements before ", size, " have left ", have, " events"));
    }
    ASSIGN_OR_RETURN(const LoadResult fill, Fill(worker, size - have, size));
    const std::string prefix = StrCat("size.", size);
    RETURN_IF_ERROR(WaitForProjections(administrator));

    LoadResult single = RunUnaryLoad(worker, {64, options_.seconds, 0, size + 1});
    RETURN_IF_ERROR(CheckLoad(single));
    BatchLoad more;
    more.commands = options_.events;
    more.seed = size + 2;
    const LoadResult batch = RunBatchLoad(worker, more);
    RETURN_IF_ERROR(CheckLoad(batch));
    ASSIGN_OR_RETURN(have, LedgerSize(worker));
    ASSIGN_OR_RETURN(const LoadResult replay, Replay(auditor, have));
    RETURN_IF_ERROR(WaitForProjections(administrator));
    ASSIGN_OR_RETURN(const double memory, PeakMemory(deployment->server().process().pid()));

    // A crash: whatever is in memory is gone, the files stay as they are.
    deployment->server().process().Signal(SIGKILL);
    deployment->server().process().Wait();
    const auto start = SteadyClock::now();
    RETURN_IF_ERROR(deployment->Start(testing::NoAgencyLimits()));
    const double started = SecondsSince(start);
    RETURN_IF_ERROR(EndServer(deployment->server()));
    const double disk = DirectoryBytes(options_.directory + "/" + name + "/log");
    ASSIGN_OR_RETURN(const double payload, CompressedPayload(options_.directory + "/" + name));

    const bool first = first_single == 0;
    if (first) {
      first_single = single.per_second();
      first_batch = batch.per_second();
      first_replay = replay.per_second();
    }
    const auto bar = first ? Figure::Bar::kNone : Figure::Bar::kAtLeast;
    report_.AddRatio(prefix + ".single_64", single.per_second(), "/s", "smallest", first_single,
                     bar, 0.8);
    report_.AddRatio(prefix + ".batch", batch.per_second(), "/s", "smallest", first_batch, bar,
                     0.8);
    report_.AddRatio(prefix + ".replay", replay.per_second(), "events/s", "smallest", first_replay,
                     bar, 0.8);
    report_.Add(prefix + ".fill", fill.per_second(), "/s");
    report_.Add(prefix + ".single_64_p99", single.latency.Quantile(0.99), "us");
    report_.AddBar(prefix + ".memory", memory / (1 << 20), "MiB", Figure::Bar::kAtMost, 1024);
    report_.AddBar(prefix + ".start_after_crash", started, "s", Figure::Bar::kAtMost, 5);
    report_.AddRatio(prefix + ".disk_per_event", disk / static_cast<double>(have), "bytes",
                     "1.3 x compressed payload + 300", 1.3 * payload + 300, Figure::Bar::kAtMost,
                     1);
  }
  return absl::OkStatus();
}

}  // namespace caseledger::bench
