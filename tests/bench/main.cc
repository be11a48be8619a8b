// caseledger_bench: this program's speed beside what limits it, in one run.
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "services/app/server/options.h"
#include "services/rpc/tls.h"
#include "tests/bench/limits/embedded_server.h"
#include "tests/bench/limits/noop_server.h"
#include "tests/bench/load/flood.h"
#include "tests/bench/report/report.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::bench {
namespace {

std::string Commit() {
  const testing::Finished finished =
      testing::RunToEnd({"/usr/bin/git", "rev-parse", "--short", "HEAD"});
  return finished.code == 0 ? finished.out.substr(0, finished.out.find('\n')) : "unknown";
}

std::string About(const BenchOptions& options) {
  utsname system{};
  uname(&system);
  char date[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(date, sizeof date, "%FT%TZ", std::gmtime(&now));
  const nlohmann::ordered_json about{{"commit", Commit()},
                                     {"date", date},
                                     {"cores", std::thread::hardware_concurrency()},
                                     {"kernel", system.release},
                                     {"seconds", options.seconds},
                                     {"rounds", options.rounds},
                                     {"events", options.events}};
  return about.dump();
}

int Measure(BenchOptions options, const std::string& json_file) {
  options.program = std::filesystem::read_symlink("/proc/self/exe");
  Report report;
  const absl::Status status = BenchRun(options, report).Run();
  std::fputs(report.ToTable().c_str(), stdout);
  if (!json_file.empty()) {
    std::ofstream(json_file) << report.ToJson(About(options));
    if (!std::ifstream(json_file).good()) {
      std::fprintf(stderr, "bench: cannot write %s\n", json_file.c_str());
      return 1;
    }
  }
  if (status.ok()) return 0;
  std::fprintf(stderr, "bench: %s\n", status.ToString().c_str());
  return 1;
}

int Compare(const std::vector<std::string>& files) {
  const absl::StatusOr<std::string> table = CompareReports(files[0], files[1]);
  if (!table.ok()) {
    std::fprintf(stderr, "bench: %s\n", std::string(table.status().message()).c_str());
    return 2;
  }
  std::fputs(table->c_str(), stdout);
  return 0;
}

// Runs a server that is measured beside caseledgerd, told by the same flags.
int Serve(std::vector<std::string> flags, bool keep_tree,
          int (*run)(const app::ServerOptions& options)) {
  rpc::SpeakOnlyTls13();
  flags.insert(flags.begin(), "caseledger_bench");
  const std::string nowhere[] = {"--metrics-listen", "none",       "--log-listen", "none",
                                 "--listen",         "127.0.0.1:0"};
  flags.insert(flags.end(), std::begin(nowhere), std::end(nowhere));
  std::vector<char*> arguments;
  for (std::string& flag : flags) arguments.push_back(flag.data());
  app::ParsedOptions parsed =
      app::ParseServerOptions(static_cast<int>(arguments.size()), arguments.data());
  if (!parsed.run) return parsed.exit_code;
  parsed.options.keep_tree = keep_tree;
  return run(parsed.options);
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Measures Caseledger and its limits side by side, and prints values and ratios.\n"
      "A bar that is missed is shown, it is not an error: exit code 1 means that something could "
      "not be measured.\n\nExamples:\n"
      "  caseledger_bench --json tests/bench/results/$(git rev-parse --short HEAD).json\n"
      "  caseledger_bench --only single --rounds 3\n"
      "  caseledger_bench --only sizes --sizes 100000,1000000,10000000\n"
      "  caseledger_bench --only questions --cases 1000000\n"
      "  caseledger_bench --compare tests/bench/results/A.json tests/bench/results/B.json");
  BenchOptions options;
  std::string json_file;
  std::string parent;
  std::vector<std::string> compare;
  std::vector<std::string> only;
  bool no_postgres = false;
  app.add_option("--seconds", options.seconds, "of one measurement")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 600.0));
  app.add_option("--rounds", options.rounds, "of measurements side by side; medians count")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  app.add_option("--events", options.events, "of the ledger that is read, replayed and rebuilt")
      ->capture_default_str()
      ->check(CLI::Range(1000, 100'000'000));
  app.add_option("--sizes", options.sizes, "of the size sweep, ascending; none: left out")
      ->delimiter(',');
  app.add_option("--only", only,
                 "sections: single, tree, sealing, postgres, database, batch, reads, trailed, "
                 "flood, lag, sizes, "
                 "questions")
      ->delimiter(',')
      ->check(CLI::IsMember({"single", "tree", "sealing", "postgres", "database", "batch", "reads",
                             "trailed", "flood", "lag", "sizes", "questions"}));
  app.add_option("--cases", options.cases,
                 "of the ledger that lists and reports are asked about; 0: left out")
      ->check(CLI::Range(0, 10'000'000));
  app.add_option("--dir", parent, "scratch directory, on the disk to be measured")
      ->check(CLI::ExistingDirectory);
  app.add_option("--json", json_file, "write the figures to this file, too");
  app.add_flag("--no-postgres", no_postgres, "leave PostgreSQL out");
  app.add_option("--compare", compare, "print the ratios of two results and end")->expected(2);
  // Processes of its own. Servers take the flags of caseledgerd.
  CLI::App* noop = app.add_subcommand("noop-server")->group("")->allow_extras();
  CLI::App* embedded = app.add_subcommand("embedded-server")->group("")->allow_extras();
  bool tree = true;
  bool sealing = true;
  embedded->add_option("--tree", tree);
  embedded->add_option("--sealing", sealing);
  CLI::App* flood = app.add_subcommand("flood")->group("");
  std::string address;
  CallerFiles files;
  std::string case_id;
  double flood_seconds = 0;
  flood->add_option("--address", address)->required();
  flood->add_option("--authority", files.authority)->required();
  flood->add_option("--certificate", files.certificate)->required();
  flood->add_option("--key", files.key)->required();
  flood->add_option("--token-file", files.token)->required();
  flood->add_option("--case", case_id)->required();
  flood->add_option("--flood-seconds", flood_seconds)->required();
  std::set<std::string> kinds;
  flood->add_option("--kind", kinds)->required();
  CLI11_PARSE(app, argc, argv);
  if (flood->parsed()) return RunFlood(address, files, case_id, kinds, flood_seconds);
  if (noop->parsed()) return Serve(noop->remaining(), true, RunNoopServer);
  if (embedded->parsed()) {
    return Serve(embedded->remaining(), tree, sealing ? RunEmbeddedServer : RunUnsealedServer);
  }
  if (!compare.empty()) return Compare(compare);
  if (!std::is_sorted(options.sizes.begin(), options.sizes.end())) {
    std::fprintf(stderr, "bench: --sizes must ascend\n");
    return 2;
  }
  options.only.insert(only.begin(), only.end());
  if (options.only.contains("questions") && options.cases == 0) {
    std::fprintf(stderr, "bench: questions need a ledger: say how large, such as --cases 100000\n");
    return 2;
  }
  if (options.only.contains("sizes") && options.sizes.empty()) {
    std::fprintf(stderr, "bench: sizes need some: say which, such as --sizes 100000,1000000\n");
    return 2;
  }
  options.postgres = !no_postgres;
  if (!parent.empty()) setenv("TMPDIR", parent.c_str(), 1);
  const testing::ScratchDirectory scratch;
  options.directory = scratch.path();
  return Measure(options, json_file);
}

}  // namespace
}  // namespace caseledger::bench

int main(int argc, char** argv) { return caseledger::bench::Main(argc, argv); }
