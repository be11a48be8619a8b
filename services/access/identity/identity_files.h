// The files that say whom the server believes: authorities, revocation lists, keys of tokens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/access/identity/authorities.h"
#include "services/access/identity/reloaded.h"
#include "services/access/identity/token_keys.h"

namespace caseledger::access {

struct IdentityPaths {
  std::string client_ca;  // PEM
  std::string revoked;    // PEM, one list for each authority
  std::vector<std::string> token_keys;
};

// Who may vouch for agencies, and what was taken back: taken together, so that they fit.
struct Trust {
  Authorities authorities;
  Revocations revocations;
};

// Thread-safe.
class IdentityFiles {
 public:
  // On plain text nobody shows a certificate, and only keys are read.
  IdentityFiles(IdentityPaths paths, bool plaintext);

  // Takes what changed. Certificates and keys are taken each by themselves: a broken key set must
  // not keep a revocation from working.
  //
  // INVALID_ARGUMENT  names the flag, the file, what is wrong and what to do; what was read before
  //                   stays in force
  absl::Status Refresh();

  // Null on plain text, and until a first Refresh() that was OK.
  std::shared_ptr<const Trust> trust() const { return trust_.value(); }
  std::shared_ptr<const TokenKeys> keys() const { return keys_.value(); }

 private:
  const bool plaintext_;
  Reloaded<Trust> trust_;
  Reloaded<TokenKeys> keys_;
};

}  // namespace caseledger::access
