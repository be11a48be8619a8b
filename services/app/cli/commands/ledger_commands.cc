#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/interrupts.h"
#include "services/app/cli/commands/storage_choice.h"
#include "services/app/cli/commands/wrapping_choice.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/storage/move.h"

namespace caseledger::cli {
namespace {

using eventstore::CopyStep;

const char* LabelOf(CopyStep::Phase phase) {
  switch (phase) {
    case CopyStep::Phase::kEvents:
      return "copied events";
    case CopyStep::Phase::kMarks:
      return "copied request ids and names";
    case CopyStep::Phase::kCheckEvents:
      return "checked events";
    case CopyStep::Phase::kCheckIndex:
      return "checked index entries";
    case CopyStep::Phase::kCheckMarks:
      return "checked request ids and names";
  }
  return "";
}

Json ToJsonOf(const app::Moved& moved) {
  Json ledgers = Json::array();
  for (const eventstore::CopiedLedger& ledger : moved.ledgers) {
    ledgers.push_back({{"ledger", ledger.ledger},
                       {"events", ledger.events},
                       {"copied_now", ledger.copied_now},
                       {"marks", ledger.marks},
                       {"root", ledger.root.ToHex()}});
  }
  return {{"copy_id", moved.copy_id.ToString()},
          {"was_done", moved.was_done},
          {"vault_rows", moved.vault_rows},
          {"ledgers", ledgers}};
}

// What the server is to be started with from now on, beside its other flags.
std::string FlagsAfter(const app::MoveOptions& options) {
  if (options.to.choice.in_database()) {
    return "--engine postgres and --dsn, and with the --data-dir, --key-dir, --checkpoint-dir and "
           "--wrapping-key-dir it had";
  }
  std::string flags = fmt::format("--data-dir {}", options.to.data_dir);
  if (!options.to.vault_dir.empty()) flags += fmt::format(" --vault-dir {}", options.to.vault_dir);
  if (options.from.choice.in_database()) {
    return flags + ", and with the --key-dir, --checkpoint-dir and --wrapping-key-dir it had";
  }
  return fmt::format(
      "{0} and, unless it had others or you put these folders there, --key-dir {1}/keys "
      "--checkpoint-dir {1}/checkpoints --wrapping-key-dir {1}/wrapping-keys",
      flags, options.from.data_dir);
}

void Print(const app::Moved& moved, const app::MoveOptions& options) {
  TextTable table({{"ledger"},
                   {"events", Align::kRight},
                   {"copied now", Align::kRight},
                   {"root of the Merkle tree"}});
  for (const eventstore::CopiedLedger& ledger : moved.ledgers) {
    table.AddRow({ledger.ledger, std::to_string(ledger.events), std::to_string(ledger.copied_now),
                  ledger.root.ToHex()});
  }
  fmt::print("{}", table.ToString());
  if (moved.was_done) {
    fmt::print("They were moved before; nothing was left to do.\n");
  } else {
    fmt::print("Checked: every copy is whole, and equal to what was copied.\n");
  }
  fmt::print("They go on there: start the server with {}.\n", FlagsAfter(options));
  fmt::print(
      "Where they were nothing is written any more; it can be read, as by `caseledger log "
      "verify`.\n"
      "The vault there is an old copy of the keys. Keep it until a server on the copies has shown "
      "what is personal; then remove it as you would an old backup.\n");
}

absl::StatusOr<int> Copy(app::MoveOptions options, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  const Interrupts interrupts([] {});
  PhaseProgress bars;
  options.helpers = CheckHelpers();
  options.stop_waiting = [&] { return interrupts.came(); };
  options.on_vault_rows = [&](uint64_t rows) {
    bars.Show("vault: copied rows", rows, rows);
    return !interrupts.came();
  };
  options.on_step = [&](const CopyStep& step) {
    bars.Show(fmt::format("{}: {}", step.ledger, LabelOf(step.phase)), step.done, step.total);
    return !interrupts.came();
  };
  const absl::StatusOr<app::Moved> moved = app::MoveLedgers(options, SystemClock(), SystemRandom());
  bars.Finish();
  if (absl::IsDataLoss(moved.status())) {
    fmt::print(stderr, "caseledger: {}\n", std::string(moved.status().message()));
    return kExitSomeRefused;
  }
  RETURN_IF_ERROR(moved.status());
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJsonOf(*moved)));
  } else {
    Print(*moved, options);
  }
  return kExitGood;
}

}  // namespace

void AddLedgerCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("ledger", "Ledgers as a whole; no server needed.");
  group->require_subcommand(1);
  CLI::App* copy = group->add_subcommand(
      "copy", "Move all ledgers of a stopped server to another engine, where they go on.");
  copy->footer(
      "Events, request ids, names, what the signer remembers and the vault, byte for byte; every\n"
      "copy is read back and compared. Then the originals are ended for good, and the copies go "
      "on.\n"
      "Interrupted, or after an error, run it again: it goes on where it was, and until the end "
      "the\n"
      "originals can be served as before; to give it up, remove what was copied. Folders with "
      "keys,\n"
      "checkpoints and wrapping keys stay where they are; that the wrapping keys open the vault "
      "is\n"
      "looked at.\n\n"
      "Examples:\n"
      "  caseledger ledger copy --data-dir /var/lib/caseledger --to-engine postgres \\\n"
      "    --to-dsn 'host=db.example.org dbname=caseledger user=caseledger_server'\n"
      "  caseledger ledger copy --engine postgres --dsn 'dbname=...' --wrapping-key-dir KEYS \\\n"
      "    --to-engine rocksdb --to-data-dir /var/lib/caseledger-new\n\n"
      "Exit code 0: moved and checked; 1: could not run or was refused; 2: damaged, or the copy "
      "is\n"
      "not what was copied.");
  const auto options = std::make_shared<app::MoveOptions>();
  copy->add_option("--data-dir", options->from.data_dir,
                   "The server's --data-dir, with --engine rocksdb");
  AddStorageChoice(*copy, options->from.choice);
  copy->add_option("--vault-dir", options->from.vault_dir,
                   "The server's --vault-dir; else `vault` in the data directory");
  AddWrappingChoice(*copy, options->wrapping_key_dir, options->token);
  copy->add_option("--to-engine", options->to.choice.engine, "Where to")
      ->required()
      ->check(CLI::IsMember({app::kRocksDb, app::kPostgres}));
  copy->add_option("--to-dsn", options->to.choice.dsn,
                   "Connection string or URI of libpq, with --to-engine postgres; the database is "
                   "migrated (`caseledger db migrate`) and has no ledgers")
      ->envname("CASELEDGER_TO_DSN");
  copy->add_option("--to-data-dir", options->to.data_dir,
                   "Directory without ledgers, with --to-engine rocksdb; made if it is not there");
  copy->add_option("--to-vault-dir", options->to.vault_dir,
                   "For the vault; else `vault` in --to-data-dir");
  copy->callback([options, &chosen] {
    chosen.asks_no_server = true;
    chosen.action = [options](const ClientOptions& client) { return Copy(*options, client); };
  });
}

}  // namespace caseledger::cli
