#include "tests/fault/every_io/judge.h"

#include <memory>

#include "eventstore/base/strings.h"
#include "tests/fault/every_io/history.h"

namespace caseledger::testing {
namespace {

constexpr uint64_t kNewCommit = 1'000'000;  // no number of the script's

Judgement Violation(std::string why) { return {Outcome::kViolation, std::move(why), false}; }

Judgement Compared(const Comparison& compared) {
  if (!compared.violation.empty()) {
    return {Outcome::kViolation, compared.violation, compared.only_last_commit_missing};
  }
  if (compared.trouble.ok()) return {};
  if (absl::IsDataLoss(compared.trouble)) return {Outcome::kReported, "", false};
  return Violation(StrCat("not a clear error: ", compared.trouble.ToString()));
}

// Opens, compares, appends to every ledger, ends.
Judgement UseOnce(Rig& rig, StoreModel& model, uint64_t number) {
  if (const absl::Status opened = rig.Open(); !opened.ok()) {
    return {Outcome::kRefused, opened.ToString(), false};
  }
  const Judgement compared = Compared(model.Compare(rig.engine(), true));
  if (compared.outcome != Outcome::kWentOn) return compared;
  for (const std::string& ledger : model.ledgers()) {
    const absl::Status status = CommitOne(rig, ledger, number, model);
    if (!status.ok()) return Violation(StrCat("does not go on: ", status.ToString()));
  }
  const absl::Status closed = rig.Close();
  return closed.ok() ? Judgement() : Violation(StrCat("does not end: ", closed.ToString()));
}

}  // namespace

Judgement JudgeWholeDisk(const DiskImage& image, StoreModel model, bool twice) {
  Rig rig(std::make_shared<MemoryDisk>(image));
  Judgement judgement = UseOnce(rig, model, kNewCommit);
  if (judgement.outcome == Outcome::kWentOn && twice)
    judgement = UseOnce(rig, model, kNewCommit + 1);
  if (judgement.outcome == Outcome::kWentOn) return judgement;
  return Violation(StrCat("nothing was damaged, but: ", judgement.why));
}

Judgement JudgeDamagedDisk(const DiskImage& image, StoreModel model) {
  Rig rig(std::make_shared<MemoryDisk>(image));
  Judgement judgement = UseOnce(rig, model, kNewCommit);
  if (judgement.outcome == Outcome::kRefused &&
      judgement.why.find("restore the last backup") == std::string::npos &&
      judgement.why.find("Check that the disk works") == std::string::npos) {
    return Violation(StrCat("refused without saying what to do: ", judgement.why));
  }
  if (judgement.outcome != Outcome::kWentOn) return judgement;
  return UseOnce(rig, model, kNewCommit + 1);
}

}  // namespace caseledger::testing
