// One call: who is calling, as their credentials say it, and what they say of its purpose.
#pragma once

#include <string>

namespace caseledger::access {

// The agency of what the server records itself (timers); no certificate or token may name it.
inline constexpr char kServerAgency[] = "caseledger";
// The actor of a program that calls with its agency's certificate alone.
inline constexpr char kProgramActor[] = "service";
// The role of such a program. Nobody else can have it.
inline constexpr char kProgramRole[] = "service";

struct Call {
  std::string actor;   // the staff member, by the agency's own name for them; or kProgramActor
  std::string agency;  // of the directory
  bool is_program = false;
  std::string purpose;  // why the data is looked at, a key; or ""
  std::string warrant;  // number of the warrant the caller acts on, a key; or ""
  std::string traceparent;
};

}  // namespace caseledger::access
