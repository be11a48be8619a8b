#include "services/commands/references.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "services/commands/field_paths.h"
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

RecordKind ReferredKind(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::rule).refers_to();
}

const FieldPaths& PathsToReferences() {
  static const auto& paths = *new FieldPaths(Fact::descriptor(), [](const FieldDescriptor* field) {
    return ReferredKind(field) != RecordKind::RECORD_KIND_UNSPECIFIED;
  });
  return paths;
}

}  // namespace

CalledBy ReadId(RecordKind kind, std::string_view id) {
  CalledBy called;
  if (IsNamedKind(kind)) {
    called.stream = NamedStream(kind, id);
  } else if (const std::optional<Uuid> uuid = Uuid::Parse(id)) {
    called.stream = StreamId{static_cast<uint32_t>(kind), *uuid};
  } else {
    const size_t slash = id.find('/');
    if (slash != std::string_view::npos) called.source = id.substr(0, slash);
    called.value = slash == std::string_view::npos ? id : id.substr(slash + 1);
  }
  return called;
}

const event::v1::ExternalRef* NameGivenBy(const Fact& fact) {
  const FactSchema* schema = SchemaOf(fact);
  if (schema == nullptr || schema->external_ref == nullptr) return nullptr;
  const Message& message = MessageOf(fact);
  if (!message.GetReflection()->HasField(message, schema->external_ref)) return nullptr;
  return &static_cast<const event::v1::ExternalRef&>(
      message.GetReflection()->GetMessage(message, schema->external_ref));
}

absl::StatusOr<StreamId> FindRecord(const RecordIndex& index, RecordKind kind,
                                    std::string_view id) {
  const CalledBy called = ReadId(kind, id);
  std::optional<StreamId> stream = called.stream;
  if (!stream) {
    ASSIGN_OR_RETURN(stream,
                     index.find_name(static_cast<uint32_t>(kind), called.source, called.value));
  }
  if (!stream.has_value()) return domain::Reject(domain::Reason::kRecordUnknown);
  ASSIGN_OR_RETURN(const bool exists, index.exists(*stream));
  if (!exists) return domain::Reject(domain::Reason::kRecordUnknown);
  return *stream;
}

absl::StatusOr<StreamId> FindRecordToRead(const RecordIndex& index, RecordKind kind,
                                          std::string_view id) {
  absl::StatusOr<StreamId> found = FindRecord(index, kind, id);
  const std::optional<Uuid> uuid = Uuid::Parse(id);
  if (!absl::IsNotFound(found.status()) || !uuid) return found;
  const StreamId stream{static_cast<uint32_t>(kind), *uuid};
  ASSIGN_OR_RETURN(const bool exists, index.exists(stream));
  if (exists) return stream;
  return found;
}

StreamId StandInFor(RecordKind kind, std::string_view id) {
  const std::optional<Uuid> uuid = Uuid::Parse(id);
  if (uuid.has_value()) return {static_cast<uint32_t>(kind), *uuid};
  return NamedStream(kind, id);
}

absl::Status ResolveReferences(const RecordIndex& index, Message& fact) {
  for (const FieldDescriptor* field : PathsToReferences().Of(fact.GetDescriptor())) {
    const int count = CountOf(fact, field);
    for (int i = 0; i < count; ++i) {
      if (field->message_type() != nullptr) {
        RETURN_IF_ERROR(ResolveReferences(index, MutableMessageAt(fact, field, i)));
        continue;
      }
      std::string scratch;
      ASSIGN_OR_RETURN(
          std::string resolved,
          ResolveOne(index, ReferredKind(field), TextAt(fact, field, i, scratch), field->name()));
      SetTextAt(fact, field, i, std::move(resolved));
    }
  }
  return absl::OkStatus();
}

void VisitReferences(const Message& fact,
                     absl::FunctionRef<void(RecordKind kind, std::string_view id)> visit) {
  for (const FieldDescriptor* field : PathsToReferences().Of(fact.GetDescriptor())) {
    const int count = CountOf(fact, field);
    for (int i = 0; i < count; ++i) {
      std::string scratch;
      if (field->message_type() != nullptr) {
        VisitReferences(MessageAt(fact, field, i), visit);
      } else {
        visit(ReferredKind(field), TextAt(fact, field, i, scratch));
      }
    }
  }
}

}  // namespace caseledger::commands
