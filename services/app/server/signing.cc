#include "services/app/server/signing.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/verifiable/signing_key.h"
#include "services/access/trail/trail.h"
#include "services/app/server/logging.h"
#include "services/web/witness/witness_over_http.h"

namespace caseledger::app {
namespace {

absl::StatusOr<eventstore::CosigningOptions> CosigningOf(const ServerOptions& from,
                                                         const std::string& ledger) {
  eventstore::CosigningOptions options;
  for (const std::string& text : from.witnesses) {
    ASSIGN_OR_RETURN(const web::WitnessAddress witness, web::WitnessAddress::Parse(text));
    options.witnesses.push_back(web::WitnessOverHttp(witness));
  }
  options.min_cosignatures = from.min_witnesses;
  options.on_change = [ledger](const std::string& witness, const absl::Status& status) {
    if (status.ok()) {
      Log(LogLevel::kInfo, "the witness cosigns again", {{"ledger", ledger}, {"witness", witness}});
    } else {
      Log(LogLevel::kWarn, "the witness does not cosign",
          {{"ledger", ledger}, {"witness", witness}, {"reason", std::string(status.message())}});
    }
  };
  return options;
}

}  // namespace

absl::Status CheckSigning(const ServerOptions& options) {
  if (!eventstore::IsKeyName(options.origin_prefix) || options.origin_prefix.starts_with('/') ||
      options.origin_prefix.ends_with('/')) {
    return absl::InvalidArgumentError(
        StrCat("--origin-prefix \"", options.origin_prefix,
               "\" begins no log's name: it has no spaces and no +, and no / at its ends, as in "
               "log.example.org"));
  }
  for (const std::string& name : options.new_origins) {
    if (std::any_of(options.ledgers.begin(), options.ledgers.end(), [&](const auto& ledger) {
          return name == ledger || name == access::TrailLedgerOf(ledger);
        })) {
      continue;
    }
    return absl::InvalidArgumentError(StrCat("--new-origin ", name,
                                             ": this server has no such "
                                             "ledger; give one that --ledger names"));
  }
  if (options.accept_lost_checkpoint) {
    Log(LogLevel::kWarn, "lost checkpoints are accepted: events that are lost may not be noticed",
        {{"next", "start without --accept-lost-checkpoint from now on"}});
  }
  return absl::OkStatus();
}

bool TakesNewOrigin(const ServerOptions& options, const std::string& name) {
  return std::any_of(options.new_origins.begin(), options.new_origins.end(),
                     [&](const std::string& chosen) {
                       return chosen == name || access::TrailLedgerOf(chosen) == name;
                     });
}

absl::StatusOr<std::unique_ptr<eventstore::Signer>> OpenSigner(const ServerOptions& from,
                                                               const std::string& ledger,
                                                               eventstore::Engine& engine,
                                                               Clock& clock, RandomSource& random) {
  const auto in_data = [&from](const std::string& chosen, const char* folder) {
    return chosen.empty() ? StrCat(from.data_dir, "/", folder) : chosen;
  };
  eventstore::SignerOptions options;
  options.ledger = ledger;
  options.checkpoint_dir = in_data(from.checkpoint_dir, "checkpoints");
  options.key_file = StrCat(in_data(from.key_dir, "keys"), "/", ledger, ".keys");
  options.origin_prefix = from.origin_prefix;
  options.accept_lost_checkpoint = from.accept_lost_checkpoint;
  options.new_origin = TakesNewOrigin(from, ledger);
  options.clock = &clock;
  options.random = &random;
  ASSIGN_OR_RETURN(options.cosigning, CosigningOf(from, ledger));
  return eventstore::Signer::Open(engine, std::move(options));
}

}  // namespace caseledger::app
