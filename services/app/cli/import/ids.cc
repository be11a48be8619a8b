#include "services/app/cli/import/ids.h"

#include <initializer_list>

#include "eventstore/base/uuid.h"

namespace caseledger::cli {
namespace {

std::string FromParts(std::initializer_list<std::string_view> parts) {
  static const Uuid name_space = *Uuid::Parse(kImportNamespace);
  std::string name;
  for (const std::string_view part : parts) {
    if (!name.empty()) name += '\n';
    name += part;
  }
  return Uuid::FromName(name_space, name).ToString();
}

}  // namespace

std::string ImportIds::Record(options::v1::RecordKind kind, std::string_view id) const {
  return FromParts({"record", ledger_, source_, KindName(kind), id});
}

std::string ImportIds::Request(std::string_view file, std::string_view row_key,
                               std::string_view fact_name) const {
  return FromParts({"request", ledger_, source_, file, row_key, fact_name});
}

std::string DefinitionRequestId(std::string_view ledger, std::string_view definition_id,
                                std::string_view text) {
  return FromParts({"definition", ledger, definition_id, text});
}

std::string KindName(options::v1::RecordKind kind) {
  constexpr std::string_view kPrefix = "RECORD_KIND_";
  std::string name = options::v1::RecordKind_Name(kind);
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace caseledger::cli
