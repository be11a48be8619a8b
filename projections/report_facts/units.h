// The administrative units that are registered, and which stand above which.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "caseledger/event/v1/common.pb.h"
#include "caseledger/event/v1/directory.pb.h"

namespace caseledger::projections {

// A unit is written CODE@VERSION.
std::string UnitName(std::string_view code, std::string_view version);
std::string VersionOf(std::string_view unit);

class Units {
 public:
  void Add(const event::v1::AdminUnitRegistered& unit);

  // The unit above it in its version; "": none.
  std::string Parent(const std::string& unit) const;
  // The unit, or the nearest one above it, that is of one of these kinds; "": none.
  std::string OfKind(const std::string& unit, const std::set<std::string>& kinds) const;
  // Whether it is one of `places` or below one of them.
  bool IsWithin(const std::string& unit, const std::set<std::string>& places) const;

 private:
  struct Unit {
    std::string kind;
    std::string parent;
  };
  std::map<std::string, Unit> units_;
};

}  // namespace caseledger::projections
