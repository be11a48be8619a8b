// A token in software (SoftHSM2) of a test's own, in a folder that goes with it. Needs no root and
// nothing but the package softhsm2.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string>
#include <vector>

#include "eventstore/vault/keys/pkcs11/module.h"
#include "eventstore/vault/keys/pkcs11/pkcs11_keys.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::eventstore::testing {

// One at a time in a program: the module finds its tokens by the environment (SOFTHSM2_CONF) when
// it is initialised. Failures fail the test.
class SoftToken {
 public:
  SoftToken();

  // How the server finds it. The PIN file is its user's alone.
  const Pkcs11Options& options() const { return options_; }
  // Where the token keeps what it has.
  std::string folder() const { return scratch_ / "tokens"; }

  void WritePin(const std::string& pin) const;
  const std::string& pin() const { return pin_; }

  // Puts an object into the token, as its user may.
  CK_RV Import(std::vector<CK_ATTRIBUTE> attributes) const;
  // What reading an attribute of the key with that id answers; its value goes to `value`.
  CK_RV Read(const Uuid& id, CK_ATTRIBUTE_TYPE type, std::string& value) const;

 private:
  caseledger::testing::ScratchDirectory scratch_;
  std::string pin_;
  Pkcs11Options options_;
};

}  // namespace caseledger::eventstore::testing
