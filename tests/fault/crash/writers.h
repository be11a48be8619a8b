// Clients that send a centre's daily work as fast as they are answered, until the connection is
// lost.
#pragma once

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/fault/crash/journal.h"

namespace caseledger::testing {

inline constexpr int kUnaryWriters = 48;
inline constexpr int kBatchWriters = 16;
// In every record written; must never appear in a log.
inline constexpr char kSecretName[] = "Bí Mật Không Được Lộ";

// Records the agency the work is for.
void RegisterCentre(const std::string& address, Journal& journal);

// Sixty-four clients, each on a connection of its own. Joined by the destructor; they end when the
// server does.
class Writers {
 public:
  Writers(const std::string& address, uint64_t seed, Journal& journal);
  ~Writers() { Join(); }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  void Join();

 private:
  std::vector<std::thread> threads_;
};

}  // namespace caseledger::testing
