#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "caseledger/v1/admin.grpc.pb.h"
#include "eventstore/backup/manifest.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/engine/rocksdb/backup/rocksdb_backup.h"
#include "services/app/cli/client/errors.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

using eventstore::BackupManifest;
using eventstore::BackupProgress;

constexpr uint64_t kMebibyte = 1u << 20;

constexpr char kExitCodes[] =
    "\nExit code 0: good; 1: could not run or was refused; 2: a backup or stored data is damaged.";

// One bar a phase.
class PhaseBars {
 public:
  bool Show(const BackupProgress& now) {
    if (!bar_ || phase_ != now.phase) {
      bar_.emplace(LabelOf(now.phase), InUnits(now.phase, now.total));
      phase_ = now.phase;
    }
    bar_->AdvanceTo(InUnits(now.phase, now.done), InUnits(now.phase, now.total));
    return true;
  }
  void Finish() { bar_.reset(); }

 private:
  static std::string LabelOf(BackupProgress::Phase phase) {
    if (phase == BackupProgress::Phase::kCopyingFiles) return "copying, MiB";
    return phase == BackupProgress::Phase::kCheckingFiles ? "checking, MiB" : "reading, events";
  }
  static size_t InUnits(BackupProgress::Phase phase, uint64_t count) {
    if (phase == BackupProgress::Phase::kReadingEvents) return count;
    return (count + kMebibyte - 1) / kMebibyte;
  }

  std::optional<Progress> bar_;
  BackupProgress::Phase phase_ = BackupProgress::Phase::kCopyingFiles;
};

BackupProgress FromProto(const v1::BackupProgress& progress) {
  using Phase = BackupProgress::Phase;
  Phase phase = Phase::kCopyingFiles;
  if (progress.phase() == v1::BACKUP_PHASE_CHECKING_FILES) phase = Phase::kCheckingFiles;
  if (progress.phase() == v1::BACKUP_PHASE_READING_EVENTS) phase = Phase::kReadingEvents;
  return {phase, progress.done(), progress.total()};
}

v1::Backup ToProto(const BackupManifest& manifest) {
  v1::Backup backup;
  backup.set_backup_id(manifest.id);
  *backup.mutable_created_time() = ToTimestamp(manifest.created_at);
  backup.set_total_bytes(manifest.bytes());
  for (const eventstore::BackupLedger& ledger : manifest.ledgers) {
    v1::BackupLedger& added = *backup.add_ledgers();
    added.set_ledger(ledger.ledger);
    added.set_event_count(ledger.head.next_position);
    added.set_last_leaf_hash(std::string(ledger.head.last_leaf_hash.raw()));
    if (ledger.head.next_position == 0) continue;
    *added.mutable_last_recorded_time() = ToTimestamp(ledger.head.last_recorded_at);
  }
  return backup;
}

// What only making a backup knows is left out.
Json ToJsonOfManifest(const BackupManifest& manifest) {
  Json json = ToJson(ToProto(manifest));
  json.erase("copied_bytes");
  json.erase("removed_backup_ids");
  return json;
}

std::string Megabytes(uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMebibyte);
}

std::string LedgersText(const v1::Backup& backup) {
  TextTable table({{"ledger"}, {"events", Align::kRight}, {"last recorded"}, {"last leaf hash"}});
  for (const v1::BackupLedger& ledger : backup.ledgers()) {
    std::string hash;
    for (const char byte : ledger.last_leaf_hash()) {
      hash += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    table.AddRow({ledger.ledger(), std::to_string(ledger.event_count()),
                  ToText(ledger.last_recorded_time()), hash});
  }
  return table.ToString();
}

void PrintManifest(const std::string& sentence, const BackupManifest& manifest,
                   const std::string& format) {
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJsonOfManifest(manifest)));
  } else {
    fmt::print("{}\n\n{}", sentence, LedgersText(ToProto(manifest)));
  }
}

// Damage has an exit code of its own, so that a nightly job can tell it from a full disk.
absl::StatusOr<int> ExitCodeOf(const absl::Status& status) {
  if (!absl::IsDataLoss(status)) return status;
  fmt::print(stderr, "caseledger: {}\n", std::string(status.message()));
  return kExitSomeRefused;
}

// What the server says to an administrator: the whole reason, not the sentence for everyone.
absl::Status ServerStatus(const grpc::Status& status, const ClientOptions& client) {
  const std::string reason = Explain(DetailsOf(status), client.vietnamese).reason;
  if (!reason.starts_with("BACKUP_") && reason != "DATA_LOSS") return CallStatus(status, client);
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

absl::StatusOr<int> Create(uint32_t keep, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  const Connection connection(client);
  const auto stub = v1::AdminService::NewStub(connection.channel());
  v1::CreateBackupRequest request;
  request.set_keep(keep);
  grpc::ClientContext context;
  connection.PrepareStream(context);
  const auto stream = stub->CreateBackup(&context, request);
  v1::CreateBackupResponse response;
  v1::Backup backup;
  PhaseBars bars;
  while (stream->Read(&response)) {
    if (response.has_progress()) bars.Show(FromProto(response.progress()));
    if (response.has_backup()) backup = response.backup();
  }
  bars.Finish();
  const absl::Status status = ServerStatus(stream->Finish(), client);
  if (!status.ok()) return ExitCodeOf(status);
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(backup)));
    return kExitGood;
  }
  fmt::print("backup {} is complete: {}, of which {} new; {} older removed\n\n{}",
             backup.backup_id(), Megabytes(backup.total_bytes()), Megabytes(backup.copied_bytes()),
             backup.removed_backup_ids_size(), LedgersText(backup));
  return kExitGood;
}

std::string LedgersLine(const BackupManifest& manifest) {
  std::string line;
  for (const eventstore::BackupLedger& ledger : manifest.ledgers) {
    line += (line.empty() ? "" : ", ") + ledger.ledger + " " +
            std::to_string(ledger.head.next_position);
  }
  return line;
}

absl::StatusOr<int> List(const std::string& directory, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  ASSIGN_OR_RETURN(const auto backups, eventstore::ManifestStore(directory).List());
  TextTable table({{"backup", Align::kRight},
                   {"complete at"},
                   {"size", Align::kRight},
                   {"ledgers and their events"},
                   {"trouble"}});
  Json rows = Json::array();
  int exit_code = kExitGood;
  for (const eventstore::ListedBackup& backup : backups) {
    if (backup.manifest.ok()) {
      const BackupManifest& manifest = *backup.manifest;
      rows.push_back(ToJsonOfManifest(manifest));
      table.AddRow({std::to_string(backup.id), FormatLocal(manifest.created_at),
                    Megabytes(manifest.bytes()), LedgersLine(manifest), ""});
      continue;
    }
    exit_code = kExitSomeRefused;
    const std::string trouble(backup.manifest.status().message());
    rows.push_back({{"backup_id", backup.id}, {"trouble", trouble}});
    table.AddRow({std::to_string(backup.id), "", "", "", trouble});
  }
  if (format == "json") {
    fmt::print("{}", ToDocument({{"backups", rows}}));
  } else if (backups.empty()) {
    fmt::print("no backups in {}\n", directory);
  } else {
    fmt::print("{}", table.ToString());
  }
  return exit_code;
}

absl::StatusOr<int> Verify(const std::string& directory, uint64_t id, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  PhaseBars bars;
  const absl::StatusOr<BackupManifest> manifest = eventstore::VerifyRocksDbBackup(
      directory, id, [&bars](const BackupProgress& now) { return bars.Show(now); });
  bars.Finish();
  if (!manifest.ok()) return ExitCodeOf(manifest.status());
  PrintManifest(fmt::format("backup {} is whole: every file, every event", manifest->id), *manifest,
                format);
  return kExitGood;
}

absl::StatusOr<int> Restore(const std::string& directory, uint64_t id, const std::string& target,
                            const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  PhaseBars bars;
  const absl::StatusOr<BackupManifest> manifest = eventstore::RestoreRocksDbBackup(
      directory, id, target, [&bars](const BackupProgress& now) { return bars.Show(now); });
  bars.Finish();
  if (!manifest.ok()) return ExitCodeOf(manifest.status());
  PrintManifest(fmt::format("backup {} is restored and was read through. Start it with\n"
                            "  caseledgerd --data-dir {} --ledger ...",
                            manifest->id, target),
                *manifest, format);
  return kExitGood;
}

struct BackupArguments {
  std::string directory;
  std::string target;
  uint64_t id = 0;
  uint32_t keep = 0;
};

using Arguments = std::shared_ptr<BackupArguments>;

void AddDirectory(CLI::App& app, BackupArguments& arguments) {
  app.add_option("DIRECTORY", arguments.directory, "The server's --backup-dir, or a copy of it")
      ->envname("CASELEDGER_BACKUP_DIR")
      ->required();
}

void AddId(CLI::App& app, BackupArguments& arguments) {
  app.add_option("--id", arguments.id, "Number of the backup; else the newest")
      ->check(CLI::PositiveNumber);
}

void AddCreate(CLI::App& group, const Arguments& arguments, Chosen& chosen) {
  CLI::App* create = group.add_subcommand(
      "create", "Have the running server back all ledgers up into its --backup-dir.");
  create->footer(
      std::string("Stopped with Ctrl-C it leaves nothing. Keep what it prints in another place: "
                  "events and leaf hashes tell a replaced history.\n\nExamples:\n"
                  "  caseledger backup create\n"
                  "  caseledger backup create --keep 14 --format json") +
      kExitCodes);
  create
      ->add_option("--keep", arguments->keep,
                   "Then keep only the newest N, once the new one was read through; 0: all")
      ->check(CLI::Range(0, 10'000));
  create->callback([arguments, &chosen] {
    chosen.action = [arguments](const ClientOptions& client) {
      return Create(arguments->keep, client);
    };
  });
}

void AddList(CLI::App& group, const Arguments& arguments, Chosen& chosen) {
  CLI::App* list =
      group.add_subcommand("list", "List the backups of a directory; no server needed.");
  list->footer(std::string("Example:\n  caseledger backup list /mnt/backups/caseledger") +
               kExitCodes);
  AddDirectory(*list, *arguments);
  list->callback([arguments, &chosen] {
    chosen.action = [arguments](const ClientOptions& client) {
      return List(arguments->directory, client);
    };
  });
}

void AddVerify(CLI::App& group, const Arguments& arguments, Chosen& chosen) {
  CLI::App* verify = group.add_subcommand(
      "verify", "Check a backup's files and read all its events; no server needed.");
  verify->footer(std::string("Examples:\n  caseledger backup verify /mnt/backups/caseledger\n"
                             "  caseledger backup verify /mnt/backups/caseledger --id 12") +
                 kExitCodes);
  AddDirectory(*verify, *arguments);
  AddId(*verify, *arguments);
  verify->callback([arguments, &chosen] {
    chosen.action = [arguments](const ClientOptions& client) {
      return Verify(arguments->directory, arguments->id, client);
    };
  });
}

void AddRestore(CLI::App& group, const Arguments& arguments, Chosen& chosen) {
  CLI::App* restore = group.add_subcommand(
      "restore", "Restore a backup into a new data directory; no server needed.");
  restore->footer(std::string("The data directory must be empty or not be there; nothing is ever "
                              "overwritten.\n\nExample:\n"
                              "  caseledger backup restore /mnt/backups/caseledger --id 12 "
                              "--to /var/lib/caseledger-restored") +
                  kExitCodes);
  AddDirectory(*restore, *arguments);
  AddId(*restore, *arguments);
  restore->add_option("--to", arguments->target, "Data directory to make")->required();
  restore->callback([arguments, &chosen] {
    chosen.action = [arguments](const ClientOptions& client) {
      return Restore(arguments->directory, arguments->id, arguments->target, client);
    };
  });
}

}  // namespace

void AddBackupCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("backup", "Backups: create, list, verify, restore.");
  group->require_subcommand(1);
  const auto arguments = std::make_shared<BackupArguments>();
  AddCreate(*group, arguments, chosen);
  AddList(*group, arguments, chosen);
  AddVerify(*group, arguments, chosen);
  AddRestore(*group, arguments, chosen);
}

}  // namespace caseledger::cli
