// A scripted history of the RocksDB engine, once for every I/O and every fault that can strike it.
//
// CASELEDGER_EVERY_NTH_IO=N   strikes every N-th I/O only (default 1: all)
// CASELEDGER_LONG_FAULTS=1    flips more bits of each write, and of each file at rest
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/contract/rocksdb_host.h"
#include "tests/fault/every_io/history.h"
#include "tests/fault/every_io/judge.h"
#include "tests/fault/every_io/outcomes.h"

namespace caseledger::testing {
namespace {

using Survives = MemoryDisk::Survives;

// The last but one of the session that is killed.
constexpr size_t kCommitsBeforeKill = 29;

struct Point {
  Io io;
  std::string file;
  int64_t nth;  // of its kind on this file, from 0
};

std::string Describe(const FaultPlan& plan) {
  return StrCat(NameOf(plan.io), " ", plan.succeed_first, " of ", plan.suffix);
}

// The kind of file, for the table.
std::string KindOfFile(const std::string& name) {
  if (name.ends_with(".log")) return "log";
  if (name.ends_with(".sst")) return "table";
  if (name.starts_with("MANIFEST")) return "manifest";
  if (name.ends_with(".dbtmp") || name == "CURRENT") return "current";
  return "other";
}

bool IsLong() { return std::getenv("CASELEDGER_LONG_FAULTS") != nullptr; }

const FaultyFileSystem::Counts& CountsOfHistory() {
  static const FaultyFileSystem::Counts counts = [] {
    StoreModel model;
    Rig rig(std::make_shared<MemoryDisk>(EmptyDisk()));
    const HistoryReport report = RunHistory(rig, model);
    EXPECT_EQ(report.violation, "");
    EXPECT_TRUE(report.troubles.empty()) << report.troubles.front();
    return rig.faults().counts();
  }();
  return counts;
}

// What was asked of files a different number of times; "" when nothing.
std::string Difference(FaultyFileSystem::Counts one, FaultyFileSystem::Counts two) {
  std::string text;
  for (const auto& [what, count] : two) one[what] += 0;
  for (const auto& [what, count] : one) {
    const int64_t other = two[what];
    // How often a table is read ahead differs a little from run to run.
    if (count == other || what.first == Io::kRead) continue;
    text += StrCat(NameOf(what.first), " of ", what.second, ": ", count, " and ", other, "\n");
  }
  return text;
}

std::vector<Point> PointsOf(const std::set<Io>& kinds) {
  const char* every = std::getenv("CASELEDGER_EVERY_NTH_IO");
  const int64_t step = every != nullptr ? std::atoll(every) : 1;
  std::vector<Point> points;
  int64_t number = 0;
  for (const auto& [what, count] : CountsOfHistory()) {
    if (!kinds.contains(what.first)) continue;
    for (int64_t nth = 0; nth < count; ++nth) {
      if (number++ % step == 0) points.push_back({what.first, what.second, nth});
    }
  }
  EXPECT_FALSE(points.empty()) << "the history has no such I/O";
  return points;
}

const std::set<Io> kWrites = {Io::kMakeDirectory, Io::kCreate, Io::kAppend, Io::kSync,
                              Io::kClose,         Io::kRename, Io::kDelete, Io::kDirectorySync};
const std::set<Io> kAll = {Io::kMakeDirectory, Io::kList,   Io::kLook,   Io::kOpen,
                           Io::kRead,          Io::kCreate, Io::kAppend, Io::kSync,
                           Io::kClose,         Io::kRename, Io::kDelete, Io::kDirectorySync};

class EveryIo : public ::testing::Test {
 protected:
  static FaultPlan PlanOf(const Point& point, Fault fault) {
    return {.io = point.io, .suffix = point.file, .succeed_first = point.nth, .fault = fault};
  }

  void Expect(const std::string& row, const FaultPlan& plan, Judgement judgement) {
    table_.Count(row, judgement.outcome);
    const bool may_differ = plan.io == Io::kRead && judgement.outcome == Outcome::kNotReached;
    if (judgement.outcome == Outcome::kViolation ||
        (judgement.outcome == Outcome::kNotReached && !may_differ)) {
      ADD_FAILURE() << row << ", " << Describe(plan) << ": " << judgement.why;
    }
  }

  // Runs the history with the plan's fault. Nullopt when the row is settled by that: the fault was
  // not reached, or the store did what it must not.
  std::optional<HistoryReport> RunStruck(const std::string& row, const FaultPlan& plan,
                                         const std::shared_ptr<MemoryDisk>& disk,
                                         StoreModel& model) {
    Rig rig(disk);
    rig.faults().Inject(plan);
    HistoryReport report = RunHistory(rig, model);
    if (!rig.faults().struck()) {
      Expect(row, plan, {Outcome::kNotReached, "not reached", false});
      return std::nullopt;
    }
    if (!report.violation.empty()) {
      Expect(row, plan, {Outcome::kViolation, report.violation, false});
      return std::nullopt;
    }
    return report;
  }

  // The disk fails once (or, when full, until healed); the store is used on as far as it lets
  // itself, then the disk is well again and the store is reopened.
  void FailsAndHeals(const std::string& row, const FaultPlan& plan) {
    const auto disk = std::make_shared<MemoryDisk>(EmptyDisk());
    StoreModel model;
    const std::optional<HistoryReport> report = RunStruck(row, plan, disk, model);
    if (!report.has_value()) return;
    Judgement judgement;
    for (const Survives survives : {Survives::kEverything, Survives::kNothing}) {
      judgement =
          JudgeWholeDisk(disk->AfterPowerCut(survives), model, survives == Survives::kNothing);
      if (judgement.outcome == Outcome::kViolation) return Expect(row, plan, judgement);
    }
    if (!report->troubles.empty()) judgement.outcome = Outcome::kStopped;
    Expect(row, plan, judgement);
  }

  // The power goes at this I/O, which is done in part or not at all.
  void LosesPower(const std::string& row, FaultPlan plan) {
    plan.power_cut = true;
    const auto disk = std::make_shared<MemoryDisk>(EmptyDisk());
    StoreModel model;
    const std::optional<HistoryReport> report = RunStruck(row, plan, disk, model);
    if (!report.has_value()) return;
    const std::vector<std::string> left = {", nothing unsynced left", ", names left",
                                           ", everything left"};
    for (const Survives survives : {Survives::kNothing, Survives::kNames, Survives::kEverything}) {
      Expect(row + left[static_cast<size_t>(survives)], plan,
             JudgeWholeDisk(disk->AfterPowerCut(survives), model, survives == Survives::kNothing));
    }
  }

  // The disk does something else than it was told and says nothing. The process is killed after
  // that very step (`at_once`), or the history goes on to its end.
  void IsDamaged(const std::string& row, const FaultPlan& plan, bool at_once) {
    const auto disk = std::make_shared<MemoryDisk>(EmptyDisk());
    StoreModel model;
    HistoryReport report;
    bool struck = false;
    {
      Rig rig(disk);
      rig.faults().Inject(plan);
      report = RunHistory(rig, model, [&] { return at_once && rig.faults().struck(); });
      struck = rig.faults().struck();
    }
    if (!struck) return Expect(row, plan, {Outcome::kNotReached, "not reached", false});
    Judgement judgement =
        report.violation.empty()
            ? JudgeDamagedDisk(disk->AfterPowerCut(Survives::kEverything), model)
            : Judgement{Outcome::kViolation, report.violation, report.only_last_commit_missing};
    if (judgement.only_last_commit_missing && MayBeMissing(plan)) {
      judgement.outcome = Outcome::kTolerated;
    }
    if (judgement.outcome == Outcome::kWentOn && !report.troubles.empty()) {
      judgement.outcome = Outcome::kStopped;
    }
    Expect(row, plan, judgement);
  }

  // The only loss that cannot be seen from inside: the newest record of the write-ahead log reads
  // as zeros, as if it had never been written.
  static bool MayBeMissing(const FaultPlan& plan) {
    return plan.io == Io::kAppend && KindOfFile(plan.suffix) == "log" &&
           (plan.fault == Fault::kLost || plan.fault == Fault::kMisdirected);
  }

  OutcomeTable table_{::testing::UnitTest::GetInstance()->current_test_info()->name()};
};

// Of the files that a store consists of: what else is on the disk, and in its folder, may differ.
FaultyFileSystem::Counts WritesOnly(const FaultyFileSystem::Counts& counts) {
  FaultyFileSystem::Counts writes;
  for (const auto& [what, count] : counts) {
    const bool writes_data =
        what.first == Io::kCreate || what.first == Io::kAppend || what.first == Io::kSync;
    if (writes_data) writes[what] = count;
  }
  return writes;
}

TEST_F(EveryIo, TheSystemsFileSystemIsAskedTheSame) {
  const TemporaryDirectory directory;
  StoreModel model;
  Rig rig(rocksdb::FileSystem::Default(), directory.path() + "/store");
  EXPECT_EQ(RunHistory(rig, model).violation, "");
  EXPECT_EQ(Difference(WritesOnly(CountsOfHistory()), WritesOnly(rig.faults().counts())), "");
}

TEST_F(EveryIo, TheHistoryIsTheSameEachTime) {
  const FaultyFileSystem::Counts counts = CountsOfHistory();
  StoreModel model;
  Rig rig(std::make_shared<MemoryDisk>(EmptyDisk()));
  EXPECT_EQ(RunHistory(rig, model).violation, "");
  EXPECT_EQ(Difference(counts, rig.faults().counts()), "");
  std::map<Io, int64_t> sums;
  for (const auto& [what, count] : counts) sums[what.first] += count;
  for (const auto& [io, count] : sums) {
    std::printf("  %-16s %lld\n", NameOf(io).c_str(), static_cast<long long>(count));
    EXPECT_GT(count, 0);
  }
}

TEST_F(EveryIo, AnInputOutputErrorAnywhereLosesNothing) {
  for (const Point& point : PointsOf(kAll)) {
    FailsAndHeals(StrCat("EIO, ", NameOf(point.io)), PlanOf(point, Fault::kError));
  }
}

TEST_F(EveryIo, AFullDiskAnywhereLosesNothing) {
  for (const Point& point : PointsOf({Io::kCreate, Io::kAppend, Io::kSync, Io::kRename})) {
    FailsAndHeals(StrCat("ENOSPC, ", NameOf(point.io)), PlanOf(point, Fault::kNoSpace));
  }
}

TEST_F(EveryIo, ATornWriteAnywhereLosesNothing) {
  for (const Point& point : PointsOf({Io::kAppend})) {
    FailsAndHeals(StrCat("torn, ", KindOfFile(point.file)), PlanOf(point, Fault::kTorn));
  }
}

TEST_F(EveryIo, APowerCutAnywhereLosesNothing) {
  for (const Point& point : PointsOf(kWrites)) {
    LosesPower("power cut", PlanOf(point, Fault::kError));
    if (point.io == Io::kAppend) LosesPower("power cut in a write", PlanOf(point, Fault::kTorn));
  }
}

TEST_F(EveryIo, ABitFlippedOnTheWayToTheDiskIsNeverSilent) {
  for (const Point& point : PointsOf({Io::kAppend})) {
    // Into the checksum, the length (low and high) and the type of a log record, and farther on.
    const std::vector<uint64_t> bits = {3, 32, 46, 48, 50, 1001};
    for (size_t i = 0; i < bits.size(); ++i) {
      if (!IsLong() && i != static_cast<size_t>(point.nth) % bits.size()) continue;
      FaultPlan plan = PlanOf(point, Fault::kFlip);
      plan.at = bits[i];
      IsDamaged(StrCat("flip, ", KindOfFile(point.file), ", killed"), plan, true);
      IsDamaged(StrCat("flip, ", KindOfFile(point.file), ", used on"), plan, false);
    }
  }
}

// The disk as a killed process leaves it, with several commits in the write-ahead log.
TEST_F(EveryIo, ABitFlippedAtRestIsNeverSilent) {
  const auto disk = std::make_shared<MemoryDisk>(EmptyDisk());
  StoreModel model;
  {
    Rig rig(disk);
    RunHistory(rig, model, [&] { return model.commits() == kCommitsBeforeKill; });
  }
  ASSERT_EQ(model.commits(), kCommitsBeforeKill);
  const DiskImage intact = disk->AfterPowerCut(Survives::kEverything);
  for (const auto& [path, bytes] : intact.files) {
    const std::string name = path.substr(path.rfind('/') + 1);
    const size_t flips = IsLong() ? 2000 : 60;
    const size_t step = std::max<size_t>(1, bytes.size() * 8 / flips) | 1;  // odd: all bits in turn
    for (size_t bit = 0; bit < bytes.size() * 8; bit += step) {
      DiskImage image = intact;
      char& byte = image.files[path][bit / 8];
      byte = static_cast<char>(byte ^ (1 << (bit % 8)));
      const Judgement judgement = JudgeDamagedDisk(image, model);
      table_.Count(StrCat("flip at rest, ", KindOfFile(name)), judgement.outcome);
      EXPECT_NE(judgement.outcome, Outcome::kViolation)
          << name << ", bit " << bit << ": " << judgement.why;
    }
  }
}

TEST_F(EveryIo, AMisdirectedWriteIsNeverSilent) {
  for (const Point& point : PointsOf({Io::kAppend})) {
    for (const Fault fault : {Fault::kLost, Fault::kMisdirected}) {
      const std::string row =
          StrCat(fault == Fault::kLost ? "lost, " : "misdirected, ", KindOfFile(point.file));
      IsDamaged(row + ", killed", PlanOf(point, fault), true);
      IsDamaged(row + ", used on", PlanOf(point, fault), false);
    }
  }
}

}  // namespace
}  // namespace caseledger::testing
