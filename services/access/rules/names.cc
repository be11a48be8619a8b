#include "services/access/rules/names.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace caseledger::access {
namespace {

constexpr std::array<std::string_view, kRelationCount> kRelationNames = {
    "own_agency", "registered",  "owner_agency", "assigned",    "offered", "referred",
    "sheltering", "own_shelter", "bringing",     "break_glass", "self"};

constexpr std::array<std::string_view, 7> kLevelNames = {
    "nothing", "public", "internal", "shared", "personal", "sensitive", "location_secret"};

constexpr std::string_view kKindPrefix = "RECORD_KIND_";

template <size_t size>
std::optional<size_t> PlaceOf(const std::array<std::string_view, size>& names,
                              std::string_view name) {
  const auto* found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

}  // namespace

const std::vector<std::string>& KnownRoles() {
  static const auto& roles = *new std::vector<std::string>{
      "hotline_operator", "case_worker", "therapist",        "shelter_manager", "supervisor",
      "partner",          "auditor",     "dashboard_viewer", "data_steward",    "privacy_officer",
      "administrator",    "service",     "legal_officer"};
  return roles;
}

std::optional<size_t> RoleIndex(std::string_view role) {
  const std::vector<std::string>& roles = KnownRoles();
  const auto found = std::find(roles.begin(), roles.end(), role);
  if (found == roles.end()) return std::nullopt;
  return static_cast<size_t>(found - roles.begin());
}

std::string_view NameOf(Relation relation) { return kRelationNames[static_cast<size_t>(relation)]; }

std::vector<std::string> NamesOf(Relations relations) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kRelationNames.size(); ++i) {
    if (relations.Has(static_cast<Relation>(i))) names.emplace_back(kRelationNames[i]);
  }
  return names;
}

std::string_view NameOf(Level level) { return kLevelNames[static_cast<size_t>(level)]; }

std::string_view NameOf(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone:
      return "";
    case Refusal::kForbidden:
      return "FORBIDDEN";
    case Refusal::kNoRole:
      return "NO_ROLE";
    case Refusal::kNoRelation:
      return "NO_RELATION";
    case Refusal::kNoConsent:
      return "NO_CONSENT";
    case Refusal::kNoPurpose:
      return "NO_PURPOSE";
    case Refusal::kNoWarrant:
      return "NO_WARRANT";
  }
  return "";
}

std::string NameOf(options::v1::RecordKind kind) {
  if (kind == options::v1::RECORD_KIND_UNSPECIFIED) return "";
  std::string name = options::v1::RecordKind_Name(kind);
  if (!name.starts_with(kKindPrefix)) return "";
  name.erase(0, kKindPrefix.size());
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

const std::vector<options::v1::RecordKind>& AllKinds() {
  static const auto& kinds = *[] {
    auto* all = new std::vector<options::v1::RecordKind>;
    const google::protobuf::EnumDescriptor* type = options::v1::RecordKind_descriptor();
    for (int i = 0; i < type->value_count(); ++i) {
      const auto kind = static_cast<options::v1::RecordKind>(type->value(i)->number());
      if (kind != options::v1::RECORD_KIND_UNSPECIFIED) all->push_back(kind);
    }
    return all;
  }();
  return kinds;
}

std::optional<options::v1::RecordKind> KindNamed(std::string_view name) {
  for (const options::v1::RecordKind kind : AllKinds()) {
    if (NameOf(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<Relation> RelationNamed(std::string_view name) {
  const auto place = PlaceOf(kRelationNames, name);
  if (!place.has_value()) return std::nullopt;
  return static_cast<Relation>(*place);
}

std::optional<Level> LevelNamed(std::string_view name) {
  const auto place = PlaceOf(kLevelNames, name);
  if (!place.has_value()) return std::nullopt;
  return static_cast<Level>(*place);
}

std::vector<std::string> KindNames() {
  std::vector<std::string> names;
  for (const options::v1::RecordKind kind : AllKinds()) names.push_back(NameOf(kind));
  return names;
}

std::vector<std::string> RelationNames() { return {kRelationNames.begin(), kRelationNames.end()}; }

std::vector<std::string> LevelNames() { return {kLevelNames.begin(), kLevelNames.end()}; }

}  // namespace caseledger::access
