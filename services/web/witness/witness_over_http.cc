#include "services/web/witness/witness_over_http.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/witness/witness_client.h"

namespace caseledger::web {

using eventstore::WitnessAnswer;

absl::StatusOr<WitnessAddress> WitnessAddress::Parse(std::string_view text) {
  // The text is not shown: it could be a private key, given by mistake.
  const auto wrong = [](std::string_view what) {
    return absl::InvalidArgumentError(
        StrCat("--witness: ", what,
               "; give the address and the verifier key in one word, as in "
               "\"http://127.0.0.1:7404 NAME+HASH+KEY\""));
  };
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return wrong("there is no space between two parts");
  const std::string_view address = text.substr(0, space);
  const std::optional<HttpUrl> url = ParseHttpUrl(address);
  if (!url) return wrong("the address is not http://HOST[:PORT][/PATH]");
  absl::StatusOr<eventstore::VerifierKey> key =
      eventstore::VerifierKey::Parse(text.substr(space + 1));
  if (!key.ok()) return wrong(StrCat(address, ": ", FromAbsl(key.status().message())));
  if (key->algorithm != eventstore::KeyAlgorithm::kCosignatureV1) {
    return wrong(StrCat(address, ": the key is that of a log, not of a witness"));
  }
  return WitnessAddress{*url, *std::move(key)};
}

std::shared_ptr<eventstore::Cosigner> WitnessOverHttp(const WitnessAddress& witness,
                                                      const HttpClientLimits& limits) {
  const auto ask = [url = witness.url,
                    limits](const std::string& body) -> absl::StatusOr<WitnessAnswer> {
    ASSIGN_OR_RETURN(HttpResponse answer, PostOverHttp(url, eventstore::AddCheckpoint::kPath,
                                                       "text/plain", body, limits));
    return WitnessAnswer{answer.status, std::move(answer.content_type), std::move(answer.body)};
  };
  return std::make_shared<eventstore::WitnessClient>(witness.key, ask);
}

}  // namespace caseledger::web
