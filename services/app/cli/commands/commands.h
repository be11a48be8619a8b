// The commands of the program. Each registers itself and leaves behind what to do when it was
// chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "caseledger/v1/common.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/app/cli/client/connection.h"

namespace caseledger::cli {

// Exit codes.
inline constexpr int kExitGood = 0;
inline constexpr int kExitCouldNotRun = 1;
inline constexpr int kExitSomeRefused = 2;

// What the chosen command does: an exit code, or the error to print.
using Action = std::function<absl::StatusOr<int>(const ClientOptions& options)>;

// Where a command leaves its action.
struct Chosen {
  Action action;
  bool asks_no_server = false;  // certificates and tokens need not be there
};

void AddAccessCommands(CLI::App& app, Chosen& chosen);
// Who saw what, disclosures, break-glass; of `access`
void AddTrailCommands(CLI::App& access, Chosen& chosen);
void AddImportCommand(CLI::App& app, Chosen& chosen);
void AddDirectoryCommands(CLI::App& app, Chosen& chosen);
void AddDefinitionCommands(CLI::App& app, Chosen& chosen);
void AddReportCommand(CLI::App& app, Chosen& chosen);
void AddPublicationCommands(CLI::App& app, Chosen& chosen);
void AddCaseCommands(CLI::App& app, Chosen& chosen);
void AddWorkCommand(CLI::App& group, Chosen& chosen);    // work, of `case`
void AddHistoryCommands(CLI::App& app, Chosen& chosen);  // record, log
// checkpoint and prove, of `log`
void AddProofCommands(CLI::App& log, Chosen& chosen);
void AddVerifyCommand(CLI::App& log, Chosen& chosen);  // verify, of `log`
void AddKeyCommands(CLI::App& app, Chosen& chosen);
void AddAuditCommands(CLI::App& app, Chosen& chosen);
void AddBackupCommands(CLI::App& app, Chosen& chosen);
void AddDatabaseCommands(CLI::App& app, Chosen& chosen);
void AddLedgerCommands(CLI::App& app, Chosen& chosen);
void AddProfileCommands(CLI::App& app, Chosen& chosen);
void AddProjectionCommands(CLI::App& app, Chosen& chosen);
void AddVaultCommands(CLI::App& app, Chosen& chosen);
void AddVaultBackupCommands(CLI::App& vault, Chosen& chosen);  // backups, restore, of `vault`
void AddWitnessCommand(CLI::App& app, Chosen& chosen);
void AddShelterCommands(CLI::App& app, Chosen& chosen);
void AddQualityCommands(CLI::App& app, Chosen& chosen);
void AddReferralCommands(CLI::App& app, Chosen& chosen);
void AddPersonCommands(CLI::App& app, Chosen& chosen);
void AddDuplicateCommands(CLI::App& person,
                          Chosen& chosen);  // duplicates, merge, part, of `person`
void AddPrivacyCommands(CLI::App& app, Chosen& chosen);

inline constexpr char kKinds[] =
    "contact, person, case_record, shelter, programme, agency, admin_units, definition, ledger, "
    "access_trail, publication";
// One of these, or `case`. INVALID_ARGUMENT when there is no such kind.
absl::StatusOr<options::v1::RecordKind> ToKind(std::string name);

// Threads that check stored ledgers beside the calling one, which reads: bounded, and at least one.
unsigned CheckHelpers();

// The text of a definition's file, at most 1 MiB.
absl::StatusOr<std::string> ReadDefinition(const std::string& path);

// INVALID_ARGUMENT when `text`, given to `option`, is neither an ISO date nor RFC 3339.
absl::StatusOr<google::protobuf::Timestamp> ToTime(const std::string& text,
                                                   const std::string& option);

// A position (digits only) or a time. Empty: unset, which is now.
absl::StatusOr<v1::AsOf> ToAsOf(const std::string& text);

// The format asked for, or `standard`; INVALID_ARGUMENT when the command does not have it.
absl::StatusOr<std::string> FormatOf(const ClientOptions& options, const std::string& standard,
                                     std::initializer_list<const char*> allowed);

// The status of a call made with these options, as one line for people.
absl::Status CallStatus(const grpc::Status& status, const ClientOptions& options);

// Number of events in the ledger now: what a read must reflect to see all that was written before.
absl::StatusOr<uint64_t> EventCount(const Connection& connection);

// The position to wait for so that a read reflects `event_count` events.
inline uint64_t LastPosition(uint64_t event_count) {
  return event_count == 0 ? 0 : event_count - 1;
}

// A time for people in the ledger's zone, or "" when it is not set.
std::string ToText(const google::protobuf::Timestamp& time);

}  // namespace caseledger::cli
