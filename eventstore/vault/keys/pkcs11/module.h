// PKCS#11 modules (OASIS PKCS #11 v2.40), loaded by p11-kit: several users of one module in a
// program do not end each other's.
#pragma once

#include <p11-kit/pkcs11.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace caseledger::eventstore {

// Not initialised. Given back with the last copy.
using Pkcs11Module = std::shared_ptr<CK_FUNCTION_LIST>;

// The module in that file. UNAVAILABLE with the reason.
absl::StatusOr<Pkcs11Module> LoadPkcs11Module(const std::string& path);

}  // namespace caseledger::eventstore
