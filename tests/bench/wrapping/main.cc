// How many data keys the providers of wrapping keys wrap and unwrap a second, one after the other:
//
//   caseledger_wrapping_speed [SECONDS]     of each measurement; 1 unless said otherwise
//
// The token is SoftHSM2's: what PKCS#11 and a token in software cost, not what one in hardware
// does.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "eventstore/base/random.h"
#include "eventstore/vault/keys/key_files.h"
#include "eventstore/vault/keys/pkcs11/pkcs11_keys.h"
#include "tests/eventstore/vault/soft_token.h"
#include "tests/integration/support/scratch_directory.h"

namespace caseledger::eventstore {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Provider = absl::StatusOr<std::unique_ptr<WrappingKeys>>;

constexpr int kCallsBetweenLooks = 16;

// Calls a second; negative when one failed.
double Rate(double seconds, const std::function<absl::Status()>& call) {
  const auto begin = SteadyClock::now();
  for (int64_t calls = 0;; calls += kCallsBetweenLooks) {
    const double passed = std::chrono::duration<double>(SteadyClock::now() - begin).count();
    if (passed >= seconds) return static_cast<double>(calls) / passed;
    for (int i = 0; i < kCallsBetweenLooks; ++i) {
      if (!call().ok()) return -1;
    }
  }
}

bool Measure(const char* name, const Provider& keys, double seconds) {
  if (!keys.ok()) {
    std::fprintf(stderr, "%s: %s\n", name, keys.status().ToString().c_str());
    return false;
  }
  const auto all = (*keys)->List();
  if (!all.ok()) return false;
  const Uuid id = all->back().id;
  const SecretKey data_key = SecretKey::Random(SystemRandom());
  const auto wrapped = (*keys)->Wrap(id, data_key, "a data key");
  if (!wrapped.ok()) return false;
  const double wraps =
      Rate(seconds, [&] { return (*keys)->Wrap(id, data_key, "a data key").status(); });
  const double unwraps =
      Rate(seconds, [&] { return (*keys)->Unwrap(id, *wrapped, "a data key").status(); });
  std::printf("%-10s %10.0f wraps/s %10.0f unwraps/s\n", name, wraps, unwraps);
  return wraps > 0 && unwraps > 0;
}

int Run(double seconds) {
  const caseledger::testing::ScratchDirectory scratch;
  const bool files =
      Measure("key files", KeyFiles::CreateFolder(scratch / "keys", SystemClock(), SystemRandom()),
              seconds);
  const testing::SoftToken token;
  const bool tokens = Measure(
      "SoftHSM2", Pkcs11Keys::CreateFirst(token.options(), SystemClock(), SystemRandom()), seconds);
  return files && tokens ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace caseledger::eventstore

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1;
  if (argc > 2 || seconds <= 0) {
    std::fprintf(stderr, "use: caseledger_wrapping_speed [SECONDS]\n");
    return 2;
  }
  return caseledger::eventstore::Run(seconds);
}
