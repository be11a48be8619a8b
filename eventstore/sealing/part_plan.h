// Where in facts the parts stand that are sealed, read once from the descriptors: fields with the
// option `sealed_by`, at any depth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caseledger::eventstore {

struct PartPlan;

// Of one message type; a bit of 64 stands for each.
inline constexpr size_t kMostPartFields = 64;

struct PartField {
  uint32_t number = 0;
  // Of a message in which parts stand; null when this field is a part itself.
  const PartPlan* inner = nullptr;

  // Of a part:
  bool is_note = false;               // it has a key of its own
  std::vector<uint32_t> open_fields;  // these stay open
  uint32_t persons_field = 0;         // of these the one that names persons; 0: none
};

// A message type. Immutable; lives as long as the program.
struct PartPlan {
  std::vector<PartField> fields;

  const PartField* Find(uint32_t number) const {
    for (const PartField& field : fields) {
      if (field.number == number) return &field;
    }
    return nullptr;
  }
};

// The field of each part that holds it as it is stored (`Sealed`).
inline constexpr uint32_t kSealedField = 15;

// Of the message Fact. Thread-safe.
const PartPlan& PlanOfFacts();

}  // namespace caseledger::eventstore
