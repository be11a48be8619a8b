// The figures of a report while they grow, and shrink again: everything is counted once, however
// many facts say it, and stays counted until none of them does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "projections/report_facts/compiled.h"
#include "projections/report_facts/groups.h"

namespace caseledger::projections {

// Not thread-safe.
class Figures {
 public:
  // One thing said once, so that it can be taken back.
  struct Mention {
    uint32_t tally = 0;
    uint32_t thing = 0;
  };

  // `report` must outlive it.
  explicit Figures(const CompiledReport& report);

  // Where an indicator counts: its row; what its filters refuse nowhere and cannot place; a group,
  // which is there from its first mention on.
  uint32_t Row(size_t indicator) const { return static_cast<uint32_t>(2 * indicator); }
  uint32_t NotPlaced(size_t indicator) const { return static_cast<uint32_t>(2 * indicator + 1); }
  uint32_t Group(size_t indicator, const GroupKey& group);

  // `thing` is its name in this tally, `number` what it adds to a sum.
  void Add(uint32_t tally, const std::string& thing, uint64_t number);

  // What is said from now on is written down there; nullptr: nowhere.
  void WriteMentionsTo(std::vector<Mention>* mentions) { mentions_ = mentions; }
  // Takes back what was written down.
  void TakeBack(const std::vector<Mention>& mentions);

  uint64_t Value(size_t indicator) const;
  // By how much it could be more.
  uint64_t NotAttributable(size_t indicator) const;
  // In order.
  void VisitGroups(size_t indicator,
                   absl::FunctionRef<void(const GroupKey& group, uint64_t value)> visit) const;
  // Of all indicators together.
  size_t groups() const { return groups_count_; }
  // About how much memory all of it takes.
  size_t bytes() const;

 private:
  struct Counted {
    uint32_t times = 0;
    uint64_t number = 0;
  };
  struct Tally {
    size_t indicator = 0;
    GroupKey group;
    uint32_t mentions = 0;  // of the group itself
    uint64_t sum = 0;
    absl::flat_hash_map<uint32_t, Counted> things;
  };

  uint32_t NameOf(const std::string& thing);
  uint64_t ValueOf(const Tally& tally) const;
  void TakeBack(const Mention& mention);
  void DropGroup(uint32_t tally);

  const CompiledReport& report_;
  absl::flat_hash_map<std::string, uint32_t> names_;
  size_t name_bytes_ = 0;
  size_t things_ = 0;  // in all tallies
  std::vector<Tally> tallies_;
  std::vector<std::map<GroupKey, uint32_t>> groups_;  // by indicator
  size_t groups_count_ = 0;
  std::vector<uint32_t> unused_;  // tallies of groups that are gone
  std::vector<Mention>* mentions_ = nullptr;
};

}  // namespace caseledger::projections
