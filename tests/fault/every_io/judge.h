// Holds what is on a disk after a fault to what was acknowledged before.
#pragma once

#include <string>

#include "tests/fault/every_io/outcomes.h"
#include "tests/fault/every_io/store_model.h"
#include "tests/support/memory_disk.h"

namespace caseledger::testing {

struct Judgement {
  Outcome outcome = Outcome::kWentOn;
  std::string why;
  bool only_last_commit_missing = false;
};

// After faults that damage nothing that was synced (errors, full disks, torn writes, power cuts):
// the store must open, hold everything and go on; and, when used `twice`, hold everything again.
Judgement JudgeWholeDisk(const DiskImage& image, StoreModel model, bool twice);

// After damage: the store goes on with everything, or refuses to open and says what to do, or
// reports DATA_LOSS when asked for what is damaged.
Judgement JudgeDamagedDisk(const DiskImage& image, StoreModel model);

}  // namespace caseledger::testing
