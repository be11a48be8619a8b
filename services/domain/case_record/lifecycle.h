// Whether a case is open, whose it is and how often it was closed.
//
// Invariants
//  1. It is opened once. It closes only while open and reopens only while closed; every cycle
//     counts.
//  2. Work needs an open case. What settles something that is still open (an ending, an answer, a
//     lifting) and legal holds may come on a closed or transferred case too: an overridden closure
//     leaves such things behind.
//  3. Once another province has taken the case over it can only be closed, with reason
//     `transferred`, and is never reopened: its way back is a transfer in the other direction.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "services/domain/event.h"

namespace caseledger::domain {

enum class CasePhase : uint8_t { kNotOpened, kOpen, kTransferred, kClosed };

struct Lifecycle {
  bool opened = false;
  bool closed = false;
  bool transferred = false;
  Micros opened_at = 0;
  uint32_t cycles = 0;  // how often it was opened or reopened
  std::string owner_agency;
  std::string owner_worker;
  std::string unit_code;  // of the area where it was opened

  CasePhase phase() const;

  void Apply(const DomainEvent& event);
  // Whether the case's phase allows the event.
  absl::Status Check(const DomainEvent& event) const;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(opened, closed, transferred, opened_at, cycles, owner_agency, owner_worker, unit_code);
  }
};

}  // namespace caseledger::domain
