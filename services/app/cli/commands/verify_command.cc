#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/audit/ledger_audit.h"
#include "eventstore/base/random.h"
#include "eventstore/base/scheduler.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/ledger_rules.h"
#include "eventstore/engine/rocksdb/backup/read_only_store.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "eventstore/signing/kept_checkpoints.h"
#include "services/app/audit/heads_rule.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/interrupts.h"
#include "services/app/cli/commands/storage_choice.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

using eventstore::AuditProgress;
using eventstore::KeptCheckpoints;
using eventstore::LedgerAudit;

struct VerifyArguments {
  std::string data_dir;
  app::StorageChoice storage;
  std::string checkpoint_dir;
  std::string key_dir;
  std::vector<std::string> keys;
  std::vector<std::string> files;
};

// What became of one ledger.
struct VerifiedLedger {
  std::string ledger;
  KeptCheckpoints checkpoints;
  LedgerAudit audit;
  uint64_t heads = 0;  // commits to the heads of all streams
  double seconds = 0;

  uint64_t events_per_second() const {
    return seconds > 0 ? static_cast<uint64_t>(static_cast<double>(audit.events) / seconds) : 0;
  }
};

// Asked on the way; false ends it.
using GoOn = std::function<bool()>;

const char* LabelOf(AuditProgress::Phase phase) {
  switch (phase) {
    case AuditProgress::Phase::kEvents:
      return "events";
    case AuditProgress::Phase::kIndex:
      return "index entries";
    case AuditProgress::Phase::kMarks:
      return "request ids and names";
  }
  return "";
}

absl::StatusOr<eventstore::CheckpointSources> SourcesOf(const std::string& ledger,
                                                        const VerifyArguments& arguments) {
  const auto in_data = [&](const std::string& chosen, const char* folder) {
    return chosen.empty() ? arguments.data_dir + "/" + folder : chosen;
  };
  eventstore::CheckpointSources sources;
  sources.ledger = ledger;
  sources.checkpoint_dir = in_data(arguments.checkpoint_dir, "checkpoints");
  sources.key_file = in_data(arguments.key_dir, "keys") + "/" + ledger + ".keys";
  sources.files = arguments.files;
  for (const std::string& text : arguments.keys) {
    absl::StatusOr<eventstore::VerifierKey> key = eventstore::VerifierKey::Parse(text);
    if (!key.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("--vkey {}: {}", text, std::string(key.status().message())));
    }
    sources.keys.push_back(*std::move(key));
  }
  return sources;
}

VerifiedLedger VerifyLedger(const eventstore::Engine& store, const std::string& ledger,
                            const VerifyArguments& arguments, const GoOn& go_on) {
  VerifiedLedger verified;
  verified.ledger = ledger;
  const absl::StatusOr<eventstore::CheckpointSources> sources = SourcesOf(ledger, arguments);
  absl::StatusOr<KeptCheckpoints> kept =
      sources.ok() ? eventstore::FindKeptCheckpoints(store, *sources) : sources.status();
  if (!kept.ok()) {
    verified.audit.status = kept.status();
    return verified;
  }
  verified.checkpoints = *std::move(kept);
  eventstore::LedgerAuditOptions options;
  options.ledger = ledger;
  options.helpers = CheckHelpers();
  options.random = &SystemRandom();
  for (const eventstore::KeptCheckpoint& found : verified.checkpoints.found) {
    options.roots.push_back({found.where, found.checkpoint.size, found.checkpoint.root});
  }
  audit::HeadsRule heads;
  const auto of_ledger = [&ledger](const absl::Status& status) {
    if (status.ok()) return status;
    return absl::Status(status.code(), StrCat("ledger ", ledger, ": ", FromAbsl(status.message())));
  };
  options.on_event = [&](const eventstore::RecordedEvent& event) {
    return of_ledger(heads.Take(event));
  };
  options.on_last_event = [&] { return of_ledger(heads.Finish()); };
  PhaseProgress bars;
  options.on_progress = [&](const AuditProgress& now) {
    bars.Show(fmt::format("{}: {}", ledger, LabelOf(now.phase)), now.done, now.total);
    return go_on();
  };
  const Micros begun = MonotonicNow();
  verified.audit = eventstore::AuditLedger(store, options);
  verified.seconds = static_cast<double>(MonotonicNow() - begun) / kMicrosPerSecond;
  verified.heads = heads.commits();
  return verified;
}

absl::StatusOr<std::vector<std::string>> LedgersToVerify(const eventstore::Engine& store,
                                                         const VerifyArguments& arguments,
                                                         const std::string& chosen) {
  ASSIGN_OR_RETURN(const auto infos, store.ListLedgers());
  std::vector<std::string> ledgers;
  for (const auto& info : infos) {
    if (!chosen.empty() && info.ledger() != chosen) continue;
    RETURN_IF_ERROR(eventstore::CheckArrived(info));
    ledgers.push_back(info.ledger());
  }
  if (!ledgers.empty()) return ledgers;
  const std::string where = arguments.storage.in_database() ? "the database" : arguments.data_dir;
  return absl::NotFoundError(chosen.empty()
                                 ? fmt::format("there is no ledger in {}", where)
                                 : fmt::format("there is no ledger {} in {}", chosen, where));
}

Json ToJsonOf(const VerifiedLedger& verified) {
  const LedgerAudit& audit = verified.audit;
  Json checkpoints = Json::array();
  for (const eventstore::KeptCheckpoint& found : verified.checkpoints.found) {
    checkpoints.push_back({{"where", found.where},
                           {"tree_size", found.checkpoint.size},
                           {"root", found.checkpoint.root.ToHex()}});
  }
  Json json{{"ledger", verified.ledger}, {"whole", audit.status.ok()}};
  if (!audit.status.ok()) json["trouble"] = std::string(audit.status.message());
  if (audit.position) json["position"] = *audit.position;
  json.update({{"origin", verified.checkpoints.origin},
               {"events", audit.events},
               {"streams", audit.streams},
               {"index_entries", audit.index_entries},
               {"request_ids", audit.requests},
               {"names", audit.names},
               {"references", audit.references},
               {"tiles", audit.tiles},
               {"committed_heads", verified.heads},
               {"checkpoints", checkpoints},
               {"cautions", verified.checkpoints.cautions},
               {"seconds", verified.seconds},
               {"events_per_second", verified.events_per_second()}});
  return json;
}

std::string SizesText(const KeptCheckpoints& checkpoints) {
  std::string text;
  for (const eventstore::KeptCheckpoint& found : checkpoints.found) {
    text += (text.empty() ? "" : ", ") + std::to_string(found.checkpoint.size);
  }
  return text.empty() ? "none" : text;
}

std::string TableOf(const std::vector<VerifiedLedger>& ledgers) {
  TextTable table({{"ledger"},
                   {"events", Align::kRight},
                   {"records", Align::kRight},
                   {"index entries", Align::kRight},
                   {"request ids", Align::kRight},
                   {"names", Align::kRight},
                   {"references", Align::kRight},
                   {"tiles", Align::kRight},
                   {"heads", Align::kRight},
                   {"signed at"},
                   {"seconds", Align::kRight},
                   {"events/s", Align::kRight},
                   {"result"}});
  for (const VerifiedLedger& verified : ledgers) {
    const LedgerAudit& audit = verified.audit;
    table.AddRow({verified.ledger, std::to_string(audit.events), std::to_string(audit.streams),
                  std::to_string(audit.index_entries), std::to_string(audit.requests),
                  std::to_string(audit.names), std::to_string(audit.references),
                  std::to_string(audit.tiles), std::to_string(verified.heads),
                  SizesText(verified.checkpoints), fmt::format("{:.1f}", verified.seconds),
                  std::to_string(verified.events_per_second()),
                  audit.status.ok() ? "whole" : "NOT WHOLE"});
  }
  return table.ToString();
}

// Damage has an exit code of its own, so that a nightly job can tell it from a full disk.
int ExitCodeOf(const std::vector<absl::Status>& statuses) {
  const auto any = [&](auto&& is) { return std::any_of(statuses.begin(), statuses.end(), is); };
  if (any([](const absl::Status& status) { return absl::IsDataLoss(status); })) {
    return kExitSomeRefused;
  }
  return any([](const absl::Status& status) { return !status.ok(); }) ? kExitCouldNotRun
                                                                      : kExitGood;
}

void PrintSentences(const VerifiedLedger& verified) {
  if (!verified.audit.status.ok()) {
    fmt::print(stderr, "caseledger: {}\n", std::string(verified.audit.status.message()));
  }
  for (const std::string& caution : verified.checkpoints.cautions) {
    fmt::print(stderr, "Caution: ledger {}: {}.\n", verified.ledger, caution);
  }
}

// `strangers`: whether there is something of no ledger, which an engine may not be able to have.
absl::StatusOr<int> VerifyIn(const eventstore::Engine& store, const absl::Status& strangers,
                             const std::string& format, const VerifyArguments& arguments,
                             const ClientOptions& client, const GoOn& go_on) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   LedgersToVerify(store, arguments, client.ledger));
  std::vector<absl::Status> statuses = {strangers};
  std::vector<VerifiedLedger> ledgers;
  for (const std::string& name : names) {
    ledgers.push_back(VerifyLedger(store, name, arguments, go_on));
    statuses.push_back(ledgers.back().audit.status);
  }
  if (format == "json") {
    Json rows = Json::array();
    for (const VerifiedLedger& verified : ledgers) rows.push_back(ToJsonOf(verified));
    fmt::print("{}", ToDocument({{"ledgers", rows}}));
  } else {
    fmt::print("{}", TableOf(ledgers));
  }
  std::fflush(stdout);
  if (!statuses[0].ok()) fmt::print(stderr, "caseledger: {}\n", std::string(statuses[0].message()));
  for (const VerifiedLedger& verified : ledgers) PrintSentences(verified);
  return ExitCodeOf(statuses);
}

// Holds the lease meanwhile, so that nobody writes, and gives it back also when it is interrupted.
absl::StatusOr<int> VerifyDatabase(const std::string& format, const VerifyArguments& arguments,
                                   const ClientOptions& client) {
  const Interrupts interrupts([] {});
  app::StorageOptions options;
  options.choice = arguments.storage;
  options.stop_waiting = [&interrupts] { return interrupts.came(); };
  ASSIGN_OR_RETURN(const auto storage, app::Storage::Open(options, SystemRandom()));
  RETURN_IF_ERROR(storage->GuardAll());
  absl::StatusOr<int> verified =
      VerifyIn(storage->engine(), absl::OkStatus(), format, arguments, client,
               [&] { return !interrupts.came() && storage->Check().ok(); });
  if (const absl::Status held = storage->Check(); !held.ok()) {
    return absl::UnavailableError(
        fmt::format("somebody may have written meanwhile, so nothing is shown by this; run it "
                    "again: {}",
                    std::string(held.message())));
  }
  return verified;
}

absl::StatusOr<int> VerifyStore(const VerifyArguments& arguments, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  RETURN_IF_ERROR(arguments.storage.Check());
  if (arguments.storage.in_database()) return VerifyDatabase(format, arguments, client);
  RETURN_IF_ERROR(eventstore::CheckNotRestoring(arguments.data_dir));
  ASSIGN_OR_RETURN(const auto store,
                   eventstore::rocksdb_engine::OpenStoppedStore(arguments.data_dir + "/log"));
  return VerifyIn(*store, store->CheckNoStrangers(), format, arguments, client,
                  [] { return true; });
}

// Damage that already shows on opening has the exit code of damage, too.
absl::StatusOr<int> Verify(const VerifyArguments& arguments, const ClientOptions& client) {
  absl::StatusOr<int> exit_code = VerifyStore(arguments, client);
  if (exit_code.ok() || !absl::IsDataLoss(exit_code.status())) return exit_code;
  fmt::print(stderr, "caseledger: {}\n", std::string(exit_code.status().message()));
  return kExitSomeRefused;
}

}  // namespace

void AddVerifyCommand(CLI::App& log, Chosen& chosen) {
  CLI::App* verify =
      log.add_subcommand("verify", "Check everything a stopped server holds; no server needed.");
  verify->footer(
      "Every record against its hash, the hashes against the signed checkpoints, every index "
      "entry,\n"
      "request id and commit of heads against the events. All ledgers, or --ledger. Nothing is\n"
      "written.\n\n"
      "Examples:\n"
      "  caseledger log verify --data-dir /var/lib/caseledger\n"
      "  caseledger log verify --data-dir copy --ledger quang-ninh --vkey "
      "caseledger/quang-ninh/...\n"
      "  caseledger log verify --data-dir /var/lib/caseledger --engine postgres --dsn "
      "'dbname=...'\n"
      "  caseledger log verify --data-dir copy --checkpoint checkpoint-2024-06-30 --format json\n\n"
      "Exit code 0: whole; 1: could not run or was refused; 2: damaged or changed.");
  const auto arguments = std::make_shared<VerifyArguments>();
  verify->add_option("--data-dir", arguments->data_dir, "The server's --data-dir, or a copy of it")
      ->required();
  AddStorageChoice(*verify, arguments->storage);
  verify->add_option("--checkpoint-dir", arguments->checkpoint_dir,
                     "The server's --checkpoint-dir; else `checkpoints` in the data directory");
  verify->add_option("--key-dir", arguments->key_dir,
                     "The server's --key-dir; else `keys` in the data directory");
  verify->add_option("--vkey", arguments->keys,
                     "Verifier key that you were given, instead of the operator's; repeatable");
  verify->add_option("--checkpoint", arguments->files,
                     "File with a checkpoint that you kept, such as `log checkpoint` prints; "
                     "repeatable");
  verify->callback([arguments, &chosen] {
    chosen.action = [arguments](const ClientOptions& client) { return Verify(*arguments, client); };
  });
}

}  // namespace caseledger::cli
