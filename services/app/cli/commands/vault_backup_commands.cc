// Backups of the vault as files: these need no server.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/vault/backup/vault_backups.h"
#include "eventstore/vault/rocksdb/rocksdb_vault_restore.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/text_table.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

using eventstore::VaultBackupInfo;

constexpr char kExitCodes[] =
    "\nExit code 0: good; 1: could not run or was refused; 2: a backup is damaged.";

struct Arguments {
  std::string backup_dir;
  std::string data_dir;
  std::string vault_dir;
  uint64_t id = 0;
};

std::vector<std::string> WrappingKeysOf(const VaultBackupInfo& info) {
  std::vector<std::string> ids;
  for (const Uuid& id : info.wrapping_key_ids) ids.push_back(id.ToString());
  return ids;
}

Json ToJson(const VaultBackupInfo& info) {
  return {{"backup_id", info.id},
          {"created_time",
           absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", absl::FromUnixMicros(info.created_at),
                            absl::UTCTimeZone())},
          {"vault_id", info.vault_id.ToString()},
          {"rows", info.rows},
          {"bytes", info.bytes},
          {"wrapping_key_ids", WrappingKeysOf(info)},
          {"sha256", info.hash.ToHex()}};
}

absl::StatusOr<int> List(const Arguments& arguments, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "table", {"table", "json"}));
  const auto folder = eventstore::MakeBackupFolder(arguments.backup_dir);
  ASSIGN_OR_RETURN(const auto backups, eventstore::VaultBackups(*folder).List());
  TextTable table({{"backup", Align::kRight},
                   {"vault as of"},
                   {"bytes", Align::kRight},
                   {"opened by the wrapping key"},
                   {"trouble"}});
  Json rows = Json::array();
  int exit_code = kExitGood;
  for (const eventstore::ListedVaultBackup& backup : backups) {
    const std::string id = std::to_string(backup.id);
    if (backup.info.ok()) {
      rows.push_back(ToJson(*backup.info));
      table.AddRow({id, FormatLocal(backup.info->created_at), std::to_string(backup.info->bytes),
                    fmt::format("{}", fmt::join(WrappingKeysOf(*backup.info), ", ")), ""});
      continue;
    }
    exit_code = kExitSomeRefused;
    const std::string trouble(backup.info.status().message());
    rows.push_back({{"backup_id", backup.id}, {"trouble", trouble}});
    table.AddRow({id, "", "", "", trouble});
  }
  if (format == "json") {
    fmt::print("{}", ToDocument({{"backups", rows}}));
  } else if (backups.empty()) {
    fmt::print("no backups of a vault in {}\n", arguments.backup_dir);
  } else {
    fmt::print("{}", table.ToString());
  }
  return exit_code;
}

absl::StatusOr<int> Restore(const Arguments& arguments, const ClientOptions& client) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(client, "text", {"text", "json"}));
  const std::string place =
      arguments.vault_dir.empty() ? arguments.data_dir + "/vault" : arguments.vault_dir;
  const auto folder = eventstore::MakeBackupFolder(arguments.backup_dir);
  const absl::StatusOr<VaultBackupInfo> info =
      eventstore::RestoreRocksDbVault(eventstore::VaultBackups(*folder), arguments.id, place);
  // Damage has an exit code of its own, so that a script can tell it from a full disk.
  if (absl::IsDataLoss(info.status())) {
    fmt::print(stderr, "caseledger: {}\n", std::string(info.status().message()));
    return kExitSomeRefused;
  }
  RETURN_IF_ERROR(info.status());
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(*info)));
    return kExitGood;
  }
  fmt::print(
      "backup {} is restored into {}: the vault as of {}.\n"
      "It is opened by the wrapping key {}: have that in its place and start the server. It reads "
      "from the log which keys were given out or destroyed since.\n",
      info->id, place, FormatLocal(info->created_at), fmt::join(WrappingKeysOf(*info), ", "));
  return kExitGood;
}

void AddDirectory(CLI::App& command, Arguments& arguments) {
  command
      .add_option("--vault-backup-dir", arguments.backup_dir,
                  "The server's --vault-backup-dir, or a copy of it")
      ->envname("CASELEDGER_VAULT_BACKUP_DIR")
      ->required();
}

}  // namespace

void AddVaultBackupCommands(CLI::App& vault, Chosen& chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* list = vault.add_subcommand(
      "backups", "List the backups of the vault and read each through; no server needed.");
  list->footer(std::string("Example:\n"
                           "  caseledger vault backups --vault-backup-dir /mnt/keep/vault") +
               kExitCodes);
  AddDirectory(*list, *arguments);
  list->callback([arguments, &chosen] {
    chosen.asks_no_server = true;
    chosen.action = [arguments](const ClientOptions& client) { return List(*arguments, client); };
  });
  CLI::App* restore = vault.add_subcommand(
      "restore",
      "Put a backup of the vault back, with the server stopped; nothing is overwritten.");
  restore->footer(
      std::string("Restore the log first (`caseledger backup restore`), into a directory that is "
                  "not there. Take the newest backup of the vault, also with an older one of the "
                  "log: the other way round keys would be missing.\n\nExample:\n"
                  "  caseledger vault restore --vault-backup-dir /mnt/keep/vault "
                  "--data-dir /var/lib/caseledger-restored") +
      kExitCodes);
  AddDirectory(*restore, *arguments);
  restore->add_option("--data-dir", arguments->data_dir, "The server's data directory")->required();
  restore->add_option("--vault-dir", arguments->vault_dir,
                      "The server's --vault-dir, when it has one");
  restore->add_option("--id", arguments->id, "Number of the backup; else the newest")
      ->check(CLI::PositiveNumber);
  restore->callback([arguments, &chosen] {
    chosen.asks_no_server = true;
    chosen.action = [arguments](const ClientOptions& client) {
      return Restore(*arguments, client);
    };
  });
}

}  // namespace caseledger::cli
