// The commands every workload sends: contacts of a hotline, each received, classified and ended.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "caseledger/v1/common.pb.h"
#include "caseledger/v1/intake.pb.h"

namespace caseledger::bench {

inline constexpr char kLedger[] = "bench";
inline constexpr char kAgency[] = "bench-centre";
inline constexpr char kActor[] = "operator-7";

// One contact after the other, three commands each. About 500 stored bytes an event. Not
// thread-safe: one per lane.
class ContactCommands {
 public:
  enum class Step { kReceive, kClassify, kEnd };

  explicit ContactCommands(uint64_t seed, const std::string& ledger = kLedger);

  // Makes the next command; it is in the request of that step.
  Step Next();

  const v1::ReceiveContactRequest& receive() const { return receive_; }
  const v1::ClassifyContactRequest& classify() const { return classify_; }
  const v1::EndContactRequest& end() const { return end_; }
  // The same command for the Batch stream.
  void MoveTo(v1::Command& command);
  const std::string& contact_id() const { return receive_.contact_id(); }

 private:
  std::string NewId();

  std::mt19937_64 random_;
  Step step_ = Step::kEnd;
  v1::ReceiveContactRequest receive_;
  v1::ClassifyContactRequest classify_;
  v1::EndContactRequest end_;
};

// What the server answers to such a command, for a server that does nothing else.
v1::CommandResult SampleAnswer();

}  // namespace caseledger::bench
