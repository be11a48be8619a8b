// Witnesses that a server asks over HTTP.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/signing/cosigner.h"
#include "services/web/http/http_client.h"

namespace caseledger::web {

// Where a witness is, and whose cosignatures count.
struct WitnessAddress {
  HttpUrl url;  // submission prefix
  eventstore::VerifierKey key;

  // Of `URL VKEY`. INVALID_ARGUMENT: says what is wrong.
  static absl::StatusOr<WitnessAddress> Parse(std::string_view text);
};

// One ledger's view of the witness. A checkpoint takes at most twice the limit's time: once to hear
// which size the witness has.
std::shared_ptr<eventstore::Cosigner> WitnessOverHttp(const WitnessAddress& witness,
                                                      const HttpClientLimits& limits = {});

}  // namespace caseledger::web
