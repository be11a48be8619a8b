#include <fmt/format.h>

#include <chrono>
#include <string>
#include <thread>

#include "caseledger/v1/admin.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/print/text_table.h"

namespace caseledger::cli {
namespace {

constexpr auto kBetweenQuestions = std::chrono::milliseconds(200);

absl::StatusOr<v1::GetVaultResponse> Ask(const Connection& connection,
                                         const ClientOptions& options) {
  v1::GetVaultRequest request;
  request.set_ledger(options.ledger);
  return Call(connection, &v1::AdminService::Stub::GetVault, request);
}

std::string BackupText(const v1::GetVaultResponse& vault) {
  if (!vault.backs_up()) return "the server does not back it up (--vault-backup-dir)\n";
  std::string text = vault.has_backup_time()
                         ? fmt::format("newest backup: of {}\n", ToText(vault.backup_time()))
                         : "newest backup: none\n";
  if (vault.backup_unusable()) {
    text += "it is from before the last change of wrapping keys and opens nothing any more\n";
  }
  if (vault.backup_due()) text += "a newer one is being made\n";
  if (!vault.backup_trouble().empty()) {
    text +=
        fmt::format("trouble with backups, which are tried again: {}\n", vault.backup_trouble());
  }
  return text;
}

absl::StatusOr<int> Status(const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "table", {"table", "json"}));
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::GetVaultResponse vault, Ask(connection, options));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(vault)));
    return vault.available() ? kExitGood : kExitSomeRefused;
  }
  if (!vault.available()) {
    fmt::print("there is no vault: {}\n", vault.trouble());
    return kExitSomeRefused;
  }
  TextTable table({{"wrapping key"}, {"made"}, {"wraps"}});
  for (const v1::VaultWrappingKey& key : vault.wrapping_keys()) {
    table.AddRow({key.wrapping_key_id(), ToText(key.created_time()),
                  key.newest() ? "new data keys" : "what is not wrapped anew yet"});
  }
  fmt::print("{}\n", table.ToString());
  if (vault.rotating()) {
    fmt::print("the wrapping key is being changed: {} of {} data keys\n", vault.rotated_keys(),
               vault.total_keys());
  } else if (vault.has_next_rotation_time()) {
    fmt::print("it is changed at {}\n", ToText(vault.next_rotation_time()));
  } else {
    fmt::print("it is changed only by `caseledger vault rotate`\n");
  }
  if (!vault.trouble().empty()) fmt::print("trouble: {}\n", vault.trouble());
  fmt::print("{}", BackupText(vault));
  return kExitGood;
}

const char* NextOf(const v1::GetVaultResponse& vault) {
  if (!vault.backs_up()) return "Back the vault up now";
  return vault.backup_unusable() ? "The server could not back the vault up yet and tries again"
                                 : "The server has backed the vault up";
}

absl::StatusOr<int> Rotate(const ClientOptions& options) {
  const Connection connection(options);
  v1::RotateWrappingKeyRequest request;
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(Call(connection, &v1::AdminService::Stub::RotateWrappingKey, request).status());
  Progress progress("data keys wrapped anew", 0);
  while (true) {
    ASSIGN_OR_RETURN(const v1::GetVaultResponse vault, Ask(connection, options));
    progress.AdvanceTo(vault.rotated_keys(), vault.total_keys());
    if (!vault.trouble().empty()) {
      return absl::UnavailableError(StrCat("the wrapping key is not changed yet: ", vault.trouble(),
                                           "; the server tries again every minute"));
    }
    if (!vault.rotating()) break;
    std::this_thread::sleep_for(kBetweenQuestions);
  }
  progress.Finish();
  fmt::print("the wrapping key was changed and the older one destroyed.\n");
  ASSIGN_OR_RETURN(const v1::GetVaultResponse vault, Ask(connection, options));
  fmt::print(
      "{}: copies from before cannot be opened any more. Destroy the copies of older "
      "wrapping keys, too.\n",
      NextOf(vault));
  return kExitGood;
}

absl::StatusOr<int> BackUp(const ClientOptions& options) {
  const Connection connection(options);
  ASSIGN_OR_RETURN(const v1::GetVaultResponse before, Ask(connection, options));
  v1::CreateVaultBackupRequest request;
  request.set_ledger(options.ledger);
  RETURN_IF_ERROR(Call(connection, &v1::AdminService::Stub::CreateVaultBackup, request).status());
  while (true) {
    ASSIGN_OR_RETURN(const v1::GetVaultResponse vault, Ask(connection, options));
    const bool tried = vault.backup_tries() > before.backup_tries();
    if (tried && !vault.backup_trouble().empty()) {
      return absl::UnavailableError(
          StrCat("the vault is not backed up as it should be: ", vault.backup_trouble(),
                 "; the server tries again, and `caseledger vault status` shows when it is"));
    }
    if (!vault.backup_due()) {
      fmt::print("the vault is backed up as of {}\n", ToText(vault.backup_time()));
      return kExitGood;
    }
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

}  // namespace

void AddVaultCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "vault", "The vault with the keys of what is personal: its wrapping keys and backups.");
  group->require_subcommand(1);
  CLI::App* status = group->add_subcommand(
      "status", "Show the wrapping keys, their next change, and the newest backup.");
  status->footer("Example:\n  caseledger vault status --format json");
  status->callback([&chosen] { chosen.action = Status; });
  CLI::App* rotate = group->add_subcommand(
      "rotate", "Wrap all keys with a new wrapping key and destroy the older one, now.");
  rotate->footer("Example:\n  caseledger vault rotate");
  rotate->callback([&chosen] { chosen.action = Rotate; });
  CLI::App* backup = group->add_subcommand(
      "backup", "Have the running server back the vault up into its --vault-backup-dir, now.");
  backup->footer(
      "The server does that by itself after each backup of the log, each erasure and in "
      "each change of wrapping keys.\n\nExample:\n  caseledger vault backup");
  backup->callback([&chosen] { chosen.action = BackUp; });
  AddVaultBackupCommands(*group, chosen);
}

}  // namespace caseledger::cli
