// Whether a server can be started with its certificate: gRPC would start with a wrong one as well
// and then refuse everybody without a word.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "eventstore/base/clock.h"

namespace caseledger::access {

// `certificate_pem`: the server's own, then those of intermediate authorities.
//
// INVALID_ARGUMENT  one cannot be read, they do not belong together, it is not valid now, or names
//                   no host
absl::Status CheckServerCertificate(std::string_view certificate_pem, std::string_view key_pem,
                                    Micros now);

}  // namespace caseledger::access
