// What became of each fault, counted.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace caseledger::testing {

enum class Outcome {
  kWentOn,      // as if nothing had been
  kStopped,     // with a clear error; everything was there after reopening
  kRefused,     // to open, saying what to do
  kReported,    // opened, and says DATA_LOSS when asked for what is damaged
  kTolerated,   // the newest commit is silently missing, where that cannot be told from a torn one
  kNotReached,  // the I/O did not come: the history is not repeatable
  kViolation    // silently shorter or altered, or not reopened after a fault that damages nothing
};
inline constexpr size_t kOutcomes = 7;

// Counts, and prints itself when it ends.
class OutcomeTable {
 public:
  explicit OutcomeTable(std::string title) : title_(std::move(title)) {}
  ~OutcomeTable() { Print(); }
  OutcomeTable(const OutcomeTable&) = delete;
  OutcomeTable& operator=(const OutcomeTable&) = delete;

  void Count(const std::string& row, Outcome outcome) {
    ++rows_[row][static_cast<size_t>(outcome)];
  }
  int64_t Sum(Outcome outcome) const;

 private:
  void Print() const;

  const std::string title_;
  std::map<std::string, std::array<int64_t, kOutcomes>> rows_;
};

}  // namespace caseledger::testing
