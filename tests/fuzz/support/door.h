// Who calls a hosted ledger: real credentials and made-up ones, judged by the server's own
// authenticator.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/access/call.h"
#include "services/access/identity/authenticator.h"
#include "tests/support/admission.h"
#include "tests/support/fake_clock.h"

namespace caseledger::fuzz {

// The people of the ledger. The first has the roles of most that decides, and calls most often.
const std::vector<testing::Caller>& People();

class Door {
 public:
  // Made once: keys and signatures take long to make.
  static Door& Only();

  // Somebody's call, with their own credentials or with some that are not theirs; or how they are
  // refused. Ends the run if somebody gets in who should not, or as somebody else.
  absl::StatusOr<access::Call> Knock(FuzzedDataProvider& in);

 private:
  struct Papers {
    std::string certificate;
    std::string bearer;  // "": a program
  };

  Door();
  // False when the papers are none that may let anybody in.
  bool Tamper(FuzzedDataProvider& in, Papers& papers) const;

  testing::FakeClock clock_{1'706'000'000'000'000};
  std::unique_ptr<access::Authenticator> authenticator_;
  std::vector<Papers> papers_;       // of each of People()
  std::string foreign_certificate_;  // of an authority that nobody believes
};

}  // namespace caseledger::fuzz
