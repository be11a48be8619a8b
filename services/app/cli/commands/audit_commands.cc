#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "caseledger/v1/audit.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/app/audit/bundle.h"
#include "services/app/audit/readable.h"
#include "services/app/audit/verify.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/new_directory.h"
#include "services/app/cli/print/json.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/text/time_text.h"
#include "services/app/cli/text/utf8.h"

namespace caseledger::cli {
namespace {

namespace fs = std::filesystem;
using eventstore::VerifierKey;

constexpr char kExitCodes[] =
    "\nExit code 0: good; 1: could not run; 2: the bundle does not prove what it claims.";

struct ExportOptions {
  std::string record;
  std::string kind = "case_record";
  std::string directory;
};

struct CheckOptions {
  std::string directory;
  std::vector<std::string> keys;
  std::vector<std::string> witnesses;
  std::string record;
};

absl::StatusOr<std::vector<VerifierKey>> ToKeys(const std::vector<std::string>& texts,
                                                eventstore::KeyAlgorithm algorithm,
                                                const std::string& option) {
  std::vector<VerifierKey> keys;
  for (const std::string& text : texts) {
    absl::StatusOr<VerifierKey> key = VerifierKey::Parse(text);
    if (!key.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("{} {}: {}", option, text, FromAbsl(key.status().message())));
    }
    if (key->algorithm != algorithm) {
      return absl::InvalidArgumentError(
          fmt::format("{} {}: a log's key goes to --vkey, a witness's to --witness", option, text));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

Json ToJson(const audit::Verified& verified, const std::string& directory) {
  return Json{{"directory", directory},
              {"ledger", verified.facts.ledger},
              {"record_kind", options::v1::RecordKind_Name(verified.facts.record_kind)},
              {"record_id", verified.facts.record_id},
              {"event_count", verified.facts.event_count},
              {"origin", verified.origin},
              {"checkpoint_size", verified.checkpoint_size},
              {"complete_up_to", verified.complete_up_to},
              {"committed_at", FormatUtc(verified.committed_at)},
              {"cosigned_by", verified.cosigned_by}};
}

std::string ToText(const audit::Verified& verified) {
  std::string text = fmt::format(
      "Record {} of the ledger {}: {} events, unchanged and in order.\n"
      "None is missing among the ledger's first {} events, as committed at {}.\n"
      "Signed by {}.\n",
      verified.facts.record_id, verified.facts.ledger, verified.facts.event_count,
      verified.complete_up_to, FormatLocal(verified.committed_at), verified.origin);
  for (const std::string& name : verified.cosigned_by) {
    text += fmt::format("Cosigned by the witness {}.\n", name);
  }
  if (verified.cosigned_by.empty()) {
    text +=
        "Not shown: that the operator showed the same history to everyone; give the keys of "
        "witnesses with --witness for that.\n";
  }
  return text;
}

// Everything that the server sends, into `directory`.
absl::Status Receive(grpc::ClientReader<v1::ExportRecordResponse>& stream,
                     const std::string& directory, const ClientOptions& options,
                     std::vector<std::string>& server_keys) {
  v1::ExportRecordResponse response;
  std::unique_ptr<audit::BundleWriter> writer;
  std::optional<Progress> progress;
  while (stream.Read(&response)) {
    if (writer == nullptr) {
      const v1::ExportHeader& header = response.header();
      server_keys = {header.verifier_keys().begin(), header.verifier_keys().end()};
      ASSIGN_OR_RETURN(writer, audit::BundleWriter::Create(directory, header));
      progress.emplace("events", header.event_count());
    }
    for (const v1::ExportedEvent& event : response.events()) {
      RETURN_IF_ERROR(writer->Add(event));
      progress->Advance();
    }
  }
  return CallStatus(stream.Finish(), options);
}

absl::StatusOr<int> Export(const ExportOptions& chosen, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  ASSIGN_OR_RETURN(const options::v1::RecordKind kind, ToKind(chosen.kind));
  ASSIGN_OR_RETURN(NewDirectory target, NewDirectory::At(chosen.directory));
  const std::string& partial = target.partial();
  const Connection connection(options);
  const auto stub = v1::AuditService::NewStub(connection.channel());
  v1::ExportRecordRequest request;
  request.set_ledger(options.ledger);
  request.set_record_kind(kind);
  request.set_record_id(chosen.record);
  grpc::ClientContext context;
  connection.PrepareStream(context);
  const auto stream = stub->ExportRecord(&context, request);
  std::vector<std::string> server_keys;
  const auto finish = [&]() -> absl::StatusOr<audit::Verified> {
    RETURN_IF_ERROR(Receive(*stream, partial, options, server_keys));
    audit::VerifyOptions check;
    ASSIGN_OR_RETURN(check.log_keys,
                     ToKeys(server_keys, eventstore::KeyAlgorithm::kNote, "the server's key"));
    ASSIGN_OR_RETURN(audit::Verified verified, audit::VerifyProofs(partial, check));
    RETURN_IF_ERROR(audit::WriteReadable(partial, verified));
    RETURN_IF_ERROR(target.PutInPlace());
    return verified;
  };
  const absl::StatusOr<audit::Verified> verified = finish();
  if (!verified.ok()) {
    context.TryCancel();
    return verified.status();
  }
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(*verified, target.directory())));
  } else {
    fmt::print("{}", ToText(*verified));
  }
  fmt::print(stderr, "Check it with: caseledger audit verify {} --vkey KEY\n", target.directory());
  for (const std::string& key : server_keys) {
    fmt::print(stderr, "The server says that its key is {}\n", key);
  }
  return kExitGood;
}

absl::StatusOr<int> Check(const CheckOptions& chosen, const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  audit::VerifyOptions check;
  ASSIGN_OR_RETURN(check.log_keys, ToKeys(chosen.keys, eventstore::KeyAlgorithm::kNote, "--vkey"));
  ASSIGN_OR_RETURN(check.witness_keys,
                   ToKeys(chosen.witnesses, eventstore::KeyAlgorithm::kCosignatureV1, "--witness"));
  check.record = chosen.record;
  std::error_code error;
  if (!fs::is_directory(chosen.directory, error)) {
    return absl::NotFoundError(fmt::format("no directory {}", chosen.directory));
  }
  std::optional<Progress> progress;
  check.progress = [&progress](uint64_t checked, uint64_t total) {
    if (!progress) progress.emplace("events", total);
    progress->AdvanceTo(checked, total);
  };
  const absl::StatusOr<audit::Verified> verified = audit::VerifyBundle(chosen.directory, check);
  progress.reset();
  if (absl::IsDataLoss(verified.status())) {
    // It may name a file as somebody called it.
    const std::string reason = Visible(FromAbsl(verified.status().message()));
    if (format == "json") {
      fmt::print("{}", ToDocument(Json{{"directory", chosen.directory}, {"wrong", reason}}));
    }
    fmt::print(stderr, "caseledger: the bundle is not good: {}\n", reason);
    return kExitSomeRefused;
  }
  RETURN_IF_ERROR(verified.status());
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(*verified, chosen.directory)));
  } else {
    fmt::print("{}", ToText(*verified));
  }
  return kExitGood;
}

}  // namespace

void AddAuditCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "audit", "Histories with proof: write one to a directory, check one without a server.");
  group->require_subcommand(1);

  CLI::App* write = group->add_subcommand(
      "export", "Write a case's history with everything that proves it to a new directory.");
  write->footer("Example:\n  caseledger audit export CASE-2024-0001 -o case-2024-0001");
  const auto to_write = std::make_shared<ExportOptions>();
  write->add_option("CASE", to_write->record, "UUID or external reference")->required();
  write->add_option("-o,--output", to_write->directory, "Directory, not there yet or empty")
      ->required();
  write->add_option("--kind", to_write->kind, "Kind of the record, if it is no case")
      ->capture_default_str();
  write->callback([&chosen, to_write] {
    chosen.action = [to_write](const ClientOptions& options) { return Export(*to_write, options); };
  });

  CLI::App* check = group->add_subcommand(
      "verify",
      std::string("Check such a directory: offline, and names the first thing that is wrong.") +
          kExitCodes);
  check->footer(
      "Example:\n  caseledger audit verify case-2024-0001 --case CASE-2024-0001 \\\n"
      "    --vkey 'caseledger/quang-ninh/1a2b3c4d+5e6f7a8b+AQ...'");
  const auto to_check = std::make_shared<CheckOptions>();
  check->add_option("DIR", to_check->directory, "The directory")->required();
  check
      ->add_option(
          "--vkey", to_check->keys,
          "Verifier key of the log, got in another way than with the directory; repeatable")
      ->required();
  check->add_option("--witness", to_check->witnesses,
                    "Verifier key of a witness that must have cosigned; repeatable");
  check->add_option("--case", to_check->record,
                    "The case that it should be about: UUID or external reference");
  check->callback([&chosen, to_check] {
    chosen.action = [to_check](const ClientOptions& options) { return Check(*to_check, options); };
  });
}

}  // namespace caseledger::cli
