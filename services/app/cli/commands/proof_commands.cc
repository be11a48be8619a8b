#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/codec/leaf.h"
#include "eventstore/verifiable/checkpoint.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/print/json.h"

namespace caseledger::cli {
namespace {

absl::StatusOr<v1::GetCheckpointResponse> NewestCheckpoint(v1::HistoryService::Stub& stub,
                                                           const Connection& connection,
                                                           const ClientOptions& options) {
  grpc::ClientContext context;
  connection.PrepareCall(context);
  v1::GetCheckpointRequest request;
  request.set_ledger(options.ledger);
  v1::GetCheckpointResponse response;
  RETURN_IF_ERROR(CallStatus(stub.GetCheckpoint(&context, request, &response), options));
  return response;
}

absl::StatusOr<int> ShowCheckpoint(const ClientOptions& options) {
  ASSIGN_OR_RETURN(const std::string format, FormatOf(options, "text", {"text", "json"}));
  const Connection connection(options);
  const auto stub = v1::HistoryService::NewStub(connection.channel());
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response,
                   NewestCheckpoint(*stub, connection, options));
  if (format == "json") {
    fmt::print("{}", ToDocument(ToJson(response)));
    return kExitGood;
  }
  fmt::print("{}", response.note());
  for (const std::string& key : response.verifier_keys()) fmt::print(stderr, "{}\n", key);
  return kExitGood;
}

// Checked before it is printed: what the server says must fit what it signed.
absl::StatusOr<int> Prove(const std::string& event, const ClientOptions& options) {
  const Connection connection(options);
  const auto stub = v1::HistoryService::NewStub(connection.channel());
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse checkpoint,
                   NewestCheckpoint(*stub, connection, options));
  // What it signed, not what it says beside.
  ASSIGN_OR_RETURN(const eventstore::Note note, eventstore::Note::Parse(checkpoint.note()));
  ASSIGN_OR_RETURN(const eventstore::Checkpoint signed_one,
                   eventstore::Checkpoint::FromText(note.text));
  v1::GetInclusionProofRequest request;
  request.set_ledger(options.ledger);
  if (uint64_t position = 0; absl::SimpleAtoi(event, &position)) {
    request.set_position(position);
  } else {
    request.set_event_id(event);
  }
  request.set_tree_size(signed_one.size);
  grpc::ClientContext context;
  connection.PrepareCall(context);
  v1::GetInclusionProofResponse response;
  RETURN_IF_ERROR(CallStatus(stub->GetInclusionProof(&context, request, &response), options));

  const auto to_hash = [](const std::string& bytes) {
    Hash256 hash;
    std::copy_n(bytes.begin(), std::min(bytes.size(), hash.bytes.size()), hash.bytes.begin());
    return hash;
  };
  const absl::StatusOr<eventstore::LeafFields> leaf =
      eventstore::DecodeLeafEntry(response.leaf_entry());
  if (!leaf.ok() || leaf->position != response.position() ||
      (!request.event_id().empty() ? leaf->event_id != Uuid::Parse(event)
                                   : leaf->position != request.position())) {
    return absl::DataLossError(
        "the server proves another event than was asked for: tell the auditor");
  }
  eventstore::ProofFile file;
  file.index = response.position();
  for (const std::string& hash : response.hashes()) file.proof.push_back(to_hash(hash));
  file.checkpoint = checkpoint.note();
  if (absl::Status fits = eventstore::VerifyInclusion(
          file.index, signed_one.size, eventstore::HashLeafEntry(response.leaf_entry()), file.proof,
          signed_one.root);
      !fits.ok()) {
    return absl::DataLossError(fmt::format("the server's proof is wrong ({}): tell the auditor",
                                           std::string(fits.message())));
  }
  fmt::print("{}", file.ToText());
  return kExitGood;
}

}  // namespace

void AddProofCommands(CLI::App& log, Chosen& chosen) {
  CLI::App* checkpoint = log.add_subcommand(
      "checkpoint", "Print the newest signed checkpoint; verifier keys go to standard error.");
  checkpoint->footer("Example:\n  caseledger log checkpoint > checkpoint-2024-06-30");
  checkpoint->callback([&chosen] {
    chosen.action = [](const ClientOptions& options) { return ShowCheckpoint(options); };
  });

  CLI::App* prove = log.add_subcommand(
      "prove", "Print the proof that an event is in the log (c2sp.org/tlog-proof).");
  prove->footer("Example:\n  caseledger log prove 42 > event-42.tlog-proof");
  const auto event = std::make_shared<std::string>();
  prove->add_option("EVENT", *event, "Position of the event, or its UUID")->required();
  prove->callback([&chosen, event] {
    chosen.action = [event](const ClientOptions& options) { return Prove(*event, options); };
  });
}

}  // namespace caseledger::cli
