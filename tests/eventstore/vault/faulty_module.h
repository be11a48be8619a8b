// A PKCS#11 module that answers as it is told to.
#pragma once

#include <p11-kit/pkcs11.h>

#include "eventstore/vault/keys/pkcs11/module.h"

namespace caseledger::eventstore::testing {

// What a faulty module does, and what was asked of it. One at a time in a program; Reset first.
struct ModuleFaults {
  // The next call of the function answers this, once, and does nothing.
  CK_RV open_session = CKR_OK;
  CK_RV login = CKR_OK;
  CK_RV find = CKR_OK;
  CK_RV sign = CKR_OK;
  CK_RV generate = CKR_OK;
  CK_RV destroy = CKR_OK;
  CK_RV mechanism = CKR_OK;

  int sessions = 0;  // that were asked for
  int logins = 0;    // that were tried
};

ModuleFaults& Faults();

// `real`, but for the faults.
Pkcs11Module FaultyModule(const Pkcs11Module& real);

}  // namespace caseledger::eventstore::testing
