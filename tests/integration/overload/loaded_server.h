// A child server for which one agency makes the whole load.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eventstore/base/clock.h"
#include "tests/integration/overload/command_load.h"
#include "tests/integration/support/cast.h"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/client.h"
#include "tests/integration/support/scratch_directory.h"
#include "tests/integration/support/server_memory.h"

namespace caseledger::testing {

// With a ledger of its own, in which the sender of loads and the auditor have their roles.
class LoadedServer {
 public:
  // `flags` are more of the server's.
  explicit LoadedServer(const std::vector<std::string>& flags)
      : server_(Begin(), {kLedger}, Flags(flags)) {
    cast_.Serve(server_.address());
    for (const Who& who : {kLoadSender, Cast::Auditor()}) cast_.Admit(kLedger, who);
    events_before_ = auditor().EventCount();
  }

  Cast& cast() { return cast_; }
  ChildProcess& process() { return server_.process(); }
  ServerMemory memory() { return MemoryOf(process().pid()); }
  // A connection of its own for who reads the whole ledger.
  Client auditor() { return Client(cast_, kLedger, Cast::Auditor()); }
  // How many events there were before any load.
  uint64_t events_before() const { return events_before_; }

 private:
  static constexpr char kLedger[] = "a";

  std::string Begin() {
    std::string data = directory_ / "data";
    cast_.Begin(data, kLedger, SystemClock());
    return data;
  }
  std::vector<std::string> Flags(const std::vector<std::string>& more) const {
    std::vector<std::string> flags = cast_.ServerFlags(NoAgencyLimits());
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  }

  ScratchDirectory directory_;
  Cast cast_{directory_ / "pki"};
  ServerProcess server_;
  uint64_t events_before_ = 0;
};

}  // namespace caseledger::testing
