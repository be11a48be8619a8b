#include "eventstore/vault/keys/pkcs11/module.h"

#include <p11-kit/p11-kit.h>

#include <string_view>

#include "absl/status/status.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore {

absl::StatusOr<Pkcs11Module> LoadPkcs11Module(const std::string& path) {
  CK_FUNCTION_LIST* module = p11_kit_module_load(path.c_str(), 0);
  if (module != nullptr) return Pkcs11Module(module, p11_kit_module_release);
  const char* reason = p11_kit_message();  // of this thread
  return absl::UnavailableError(StrCat("cannot load the PKCS#11 module ", path, ": ",
                                       reason == nullptr ? "no reason given" : reason,
                                       ". Give the path of the .so file of the token's maker"));
}

}  // namespace caseledger::eventstore
