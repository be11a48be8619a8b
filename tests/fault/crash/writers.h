// Clients that send a centre's daily work as fast as they are answered and look at their cases,
// until the connection is lost.
#pragma once

#include <cstdint>
#include <thread>
#include <vector>

#include "tests/fault/crash/journal.h"
#include "tests/integration/support/cast.h"

namespace caseledger::testing {

inline constexpr int kUnaryWriters = 48;
inline constexpr int kBatchWriters = 16;
// In every record written; must never appear in a log.
inline constexpr char kSecretName[] = "Bí Mật Không Được Lộ";

// The people of a centre, each with their own work.
inline const Who kOperator{"lan", "ctxh-qn", "hotline_operator"};
inline const Who kWorker{"hoa", "ctxh-qn", "case_worker"};
inline const Who kHost{"minh", "ctxh-qn", "shelter_manager"};

// Whose work such a command is.
const Who& SenderOf(const v1::Command& command);

// Sixty-four clients, each on a connection of its own. Joined by the destructor; they end when the
// server does.
class Writers {
 public:
  Writers(Cast& cast, uint64_t seed, Journal& journal);
  ~Writers() { Join(); }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  void Join();

 private:
  std::vector<std::thread> threads_;
};

}  // namespace caseledger::testing
