// What became of administrative units between versions, and of what they were made.
//
// Going forwards, from a unit to those that took it over, their shares say whether they took over
// all of it. Going backwards there are no such shares: what is recorded of a unit names all of
// which it was made, since the resolution that makes a unit names its parts. A part that was left
// out of the record therefore goes unseen.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/event/v1/directory.pb.h"
#include "projections/report_facts/units.h"

namespace caseledger::projections {

// Not thread-safe: remembers what was asked. `units` must outlive it.
class Successions {
 public:
  explicit Successions(const Units& units) : units_(units) {}

  // All of them, before the first question.
  void Add(const event::v1::UnitSuccessionRecorded& succession);

  // Units of the version that hold all of `unit` together, if such are known: over one succession,
  // else over other versions, over the fewest first. A unit of which too little is recorded goes
  // the way of the nearest unit above it, which holds it.
  const std::optional<std::set<std::string>>& CoverOf(const std::string& unit,
                                                      const std::string& version);

 private:
  using Cover = std::optional<std::set<std::string>>;
  using Way = std::vector<std::string>;  // versions, one after another

  const std::vector<Way>& WaysBetween(const std::string& from, const std::string& to);
  Cover FollowWay(const std::string& unit, const Way& way) const;
  // One step to a version next to the unit's.
  Cover Step(std::string unit, const std::string& version) const;
  Cover OwnStep(const std::string& unit, const std::string& version) const;

  const Units& units_;
  using Shares = std::map<std::string, uint64_t>;  // unit -> millionths
  // Of each unit and other version: what took it over, and what it took over.
  std::map<std::pair<std::string, std::string>, Shares> after_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> before_;
  std::map<std::string, std::set<std::string>> next_versions_;
  std::map<std::pair<std::string, std::string>, std::vector<Way>> ways_;
  std::map<std::pair<std::string, std::string>, Cover> covers_;
};

}  // namespace caseledger::projections
