// The witness as a program: keys, state and HTTP put together. Run by another department than the
// log it watches; shares nothing with a server.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"

namespace caseledger::app {

struct WitnessProgramOptions {
  std::string listen = "127.0.0.1:7404";
  std::string key_file;
  std::string name;  // of a new witness
  std::string state_dir;
  std::vector<std::string> logs;  // verifier keys
  // Hears once for each log that it has signed two histories; the note proves it.
  std::function<void(const std::string& origin, const std::string& note)> on_conflict;
};

class WitnessProgram {
 public:
  virtual ~WitnessProgram() = default;
  // HOST:PORT.
  virtual std::string address() const = 0;
  // The witness's keys as logs and their readers are told of them, the newest first.
  virtual std::vector<std::string> verifier_keys() const = 0;
  // Answers what was asked, then ends. Idempotent.
  virtual void Stop() = 0;
};

// Errors as Witness::Open and StartHttpServer. Clock and randomness must outlive it.
absl::StatusOr<std::unique_ptr<WitnessProgram>> StartWitness(const WitnessProgramOptions& options,
                                                             Clock& clock, RandomSource& random);

}  // namespace caseledger::app
