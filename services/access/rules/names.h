// The words of a rules text besides actions: roles, relations, kinds, levels.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "services/access/rules/rules.h"

namespace caseledger::access {

// The roles there are, in the order in which this documentation speaks of them.
const std::vector<std::string>& KnownRoles();
// Place in KnownRoles; nullopt for what is none.
std::optional<size_t> RoleIndex(std::string_view role);

// `case_record`; "" for RECORD_KIND_UNSPECIFIED.
std::string NameOf(options::v1::RecordKind kind);
// All but RECORD_KIND_UNSPECIFIED, by number.
const std::vector<options::v1::RecordKind>& AllKinds();

std::optional<options::v1::RecordKind> KindNamed(std::string_view name);
std::optional<Relation> RelationNamed(std::string_view name);
std::optional<Level> LevelNamed(std::string_view name);

// For hints.
std::vector<std::string> KindNames();
std::vector<std::string> RelationNames();
std::vector<std::string> LevelNames();

}  // namespace caseledger::access
