#include "services/commands/references.h"

#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/field_rules.h"
#include "services/domain/rejection.h"

namespace caseledger::commands {
namespace {

using eventstore::StreamId;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::StatusOr<std::string> ResolveOne(const RecordIndex& index, RecordKind kind,
                                       const std::string& id, const std::string& field) {
  absl::StatusOr<StreamId> stream = FindRecord(index, kind, id);
  if (absl::IsNotFound(stream.status())) {
    return domain::Reject(domain::Reason::kReferenceUnknown, field);
  }
  RETURN_IF_ERROR(stream.status());
  return IsNamedKind(kind) ? id : stream->id.ToString();
}

}  // namespace

absl::StatusOr<StreamId> FindRecord(const RecordIndex& index, RecordKind kind,
                                    std::string_view id) {
  std::optional<StreamId> stream;
  if (IsNamedKind(kind)) {
    stream = NamedStream(kind, id);
  } else if (const std::optional<Uuid> uuid = Uuid::Parse(id)) {
    stream = StreamId{static_cast<uint32_t>(kind), *uuid};
  } else {
    const size_t slash = id.find('/');
    const std::string_view source = slash == std::string_view::npos ? "" : id.substr(0, slash);
    const std::string_view value = slash == std::string_view::npos ? id : id.substr(slash + 1);
    ASSIGN_OR_RETURN(stream, index.find_name(static_cast<uint32_t>(kind), source, value));
  }
  if (!stream.has_value()) return domain::Reject(domain::Reason::kRecordUnknown);
  ASSIGN_OR_RETURN(const bool exists, index.exists(*stream));
  if (!exists) return domain::Reject(domain::Reason::kRecordUnknown);
  return *stream;
}

absl::Status ResolveReferences(const RecordIndex& index, Message& fact) {
  const google::protobuf::Reflection* reflection = fact.GetReflection();
  for (const RuledField& ruled : RulesOf(fact.GetDescriptor())) {
    const FieldDescriptor* field = ruled.field;
    const int size = field->is_repeated()                ? reflection->FieldSize(fact, field)
                     : reflection->HasField(fact, field) ? 1
                                                         : 0;
    for (int i = 0; i < size; ++i) {
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        RETURN_IF_ERROR(ResolveReferences(
            index, field->is_repeated() ? *reflection->MutableRepeatedMessage(&fact, field, i)
                                        : *reflection->MutableMessage(&fact, field)));
        continue;
      }
      if (ruled.rule.refers_to() == RecordKind::RECORD_KIND_UNSPECIFIED) continue;
      const std::string id = field->is_repeated() ? reflection->GetRepeatedString(fact, field, i)
                                                  : reflection->GetString(fact, field);
      ASSIGN_OR_RETURN(std::string resolved,
                       ResolveOne(index, ruled.rule.refers_to(), id, field->name()));
      if (field->is_repeated()) {
        reflection->SetRepeatedString(&fact, field, i, std::move(resolved));
      } else {
        reflection->SetString(&fact, field, std::move(resolved));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace caseledger::commands
