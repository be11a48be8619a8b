#include "services/app/witness/witness_program.h"

#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/witness/witness.h"
#include "services/web/witness/witness_server.h"

namespace caseledger::app {
namespace {

class RunningWitness final : public WitnessProgram {
 public:
  RunningWitness(std::unique_ptr<eventstore::Witness> witness,
                 std::unique_ptr<web::HttpServer> server, std::string host)
      : witness_(std::move(witness)), server_(std::move(server)), host_(std::move(host)) {}
  ~RunningWitness() override { Stop(); }

  std::string address() const override { return StrCat(host_, ":", server_->port()); }
  std::vector<std::string> verifier_keys() const override {
    std::vector<std::string> keys;
    for (const eventstore::VerifierKey& key : witness_->Verifiers()) keys.push_back(key.ToText());
    return keys;
  }
  void Stop() override { server_->Stop(); }

 private:
  const std::unique_ptr<eventstore::Witness> witness_;
  const std::unique_ptr<web::HttpServer> server_;  // uses the witness
  const std::string host_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WitnessProgram>> StartWitness(const WitnessProgramOptions& options,
                                                             Clock& clock, RandomSource& random) {
  eventstore::WitnessOptions of_witness;
  of_witness.key_file = options.key_file;
  of_witness.name = options.name;
  of_witness.state_dir = options.state_dir;
  of_witness.clock = &clock;
  of_witness.random = &random;
  of_witness.on_conflict = options.on_conflict;
  for (const std::string& text : options.logs) {
    absl::StatusOr<eventstore::VerifierKey> key = eventstore::VerifierKey::Parse(text);
    if (!key.ok()) {
      // The text is not shown: it could be a private key, given by mistake.
      return absl::InvalidArgumentError(StrCat("--log: ", FromAbsl(key.status().message()),
                                               "; give the log's verifier key, NAME+HASH+KEY"));
    }
    of_witness.logs.push_back(*std::move(key));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<eventstore::Witness> witness,
                   eventstore::Witness::Open(std::move(of_witness)));
  ASSIGN_OR_RETURN(std::unique_ptr<web::HttpServer> server,
                   web::StartWitnessServer(options.listen, *witness));
  std::string host = options.listen.substr(0, options.listen.rfind(':'));
  return std::make_unique<RunningWitness>(std::move(witness), std::move(server), std::move(host));
}

}  // namespace caseledger::app
