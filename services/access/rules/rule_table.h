// The compiled form of a rules text: what the parser makes and what `Ask` reads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/access/rules/rules.h"

namespace caseledger::access {

// Roles as bits, by RoleIndex.
using RoleBits = uint32_t;
// Kinds of records as bits, by number; bit 0: no record.
using KindBits = uint32_t;

// One line that says may or may never.
struct Rule {
  bool never = false;
  bool needs_relation = false;
  bool needs_consent = false;
  bool needs_purpose = false;
  bool needs_warrant = false;
  Level level = Level::kNothing;
  RoleBits roles = 0;
  KindBits kinds = 0;
  Relations relations;  // any of them, when one is needed
  uint32_t line = 0;
};

struct RuleTable {
  uint32_t version = 0;
  Micros referral_grace = 0;
  Micros longest_break_glass = 0;
  RoleBits named_roles = 0;
  absl::flat_hash_map<std::string, RoleBits> role_bits;
  // By action: the rules that name it, those that say never first.
  absl::flat_hash_map<std::string, std::vector<Rule>> by_action;
  std::map<uint32_t, std::string> texts;  // by line
};

}  // namespace caseledger::access
