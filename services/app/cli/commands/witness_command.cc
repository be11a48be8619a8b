#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <future>
#include <memory>

#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/interrupts.h"
#include "services/app/witness/witness_program.h"

namespace caseledger::cli {
namespace {

using app::WitnessProgramOptions;

constexpr char kWitnessHelp[] =
    "Runs a witness (c2sp.org/tlog-witness): cosigns the checkpoints of the logs it knows, each "
    "only when it continues the one before. Run it in another department than the log, on another "
    "machine: then nobody can be shown another history than everybody else.\n"
    "Its verifier key, which is printed first, goes to the log's server (--witness \"URL VKEY\") "
    "and to everyone who checks checkpoints. Ends by Ctrl-C or SIGTERM.";

constexpr char kWitnessExamples[] =
    "Examples:\n"
    "  # The first time; the log's key is what its department gave, or `caseledger key list` "
    "shows.\n"
    "  caseledger witness --key-file ~/witness/key --state-dir ~/witness/state \\\n"
    "    --name witness.so-tu-phap.example --log 'caseledger/quang-ninh/1a2b3c4d+5e6f7a8b+AQ...'\n"
    "  # From then on, as a service; without --listen only programs on this machine can connect.\n"
    "  caseledger witness --listen 10.0.0.7:7404 --key-file ~/witness/key \\\n"
    "    --state-dir ~/witness/state --log 'caseledger/quang-ninh/1a2b3c4d+5e6f7a8b+AQ...'\n"
    "Exit code 0: was told to end; 1: could not run.";

struct Flags {
  WitnessProgramOptions options;
  std::string port_file;
};

// Written whole and moved in place, so that whoever waits for the file never reads half of it.
absl::Status WritePortFile(const std::string& path, const std::string& address) {
  const std::string partial = path + ".part";
  std::ofstream file(partial);
  file << address << "\n";
  file.close();
  if (file.good() && std::rename(partial.c_str(), path.c_str()) == 0) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("cannot write the port file {}", path));
}

absl::StatusOr<int> RunWitness(Flags flags) {
  std::promise<void> interrupted;
  // Before any other thread, so that only it takes the signals.
  const Interrupts interrupts([&interrupted] { interrupted.set_value(); });
  flags.options.on_conflict = [](const std::string& origin, const std::string& note) {
    fmt::print(stderr,
               "caseledger: THE LOG {} HAS SIGNED TWO HISTORIES. Keep this note: together with the "
               "checkpoint in the state directory it proves it.\n{}",
               origin, note);
  };
  ASSIGN_OR_RETURN(const std::unique_ptr<app::WitnessProgram> witness,
                   app::StartWitness(flags.options, SystemClock(), SystemRandom()));
  if (!flags.port_file.empty()) {
    RETURN_IF_ERROR(WritePortFile(flags.port_file, witness->address()));
  }
  for (const std::string& key : witness->verifier_keys()) fmt::print("{}\n", key);
  fmt::print("listening on {}\n", witness->address());
  std::fflush(stdout);
  interrupted.get_future().wait();
  witness->Stop();
  return kExitGood;
}

}  // namespace

void AddWitnessCommand(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("witness", kWitnessHelp);
  command->footer(kWitnessExamples);
  const auto flags = std::make_shared<Flags>();
  WitnessProgramOptions& options = flags->options;
  command
      ->add_option("--listen", options.listen,
                   "Address to listen on, HOST:PORT; port 0 picks a free one")
      ->capture_default_str();
  command->add_option("--key-file", options.key_file, "The witness's keys, for its user alone")
      ->required();
  command
      ->add_option(
          "--state-dir", options.state_dir,
          "Directory for the newest checkpoint of each log. Never go back to an older copy")
      ->required();
  command
      ->add_option("--log", options.logs,
                   "Verifier key of a log to witness; repeatable, and while a log's keys rotate "
                   "both are given")
      ->required();
  command->add_option("--name", options.name,
                      "Name of a new witness, such as a domain: makes its key when there is no key "
                      "file");
  command->add_option("--port-file", flags->port_file,
                      "Write the address listened on to this file once the witness is ready");
  command->callback([&chosen, flags] {
    chosen.action = [flags](const ClientOptions&) { return RunWitness(*flags); };
  });
}

}  // namespace caseledger::cli
