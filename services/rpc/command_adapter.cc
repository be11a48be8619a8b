#include "services/rpc/command_adapter.h"

#include <memory>
#include <utility>

#include "services/commands/fact_schema.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr size_t kMaxMetadataBytes = 256;

std::string MetadataValue(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto it = metadata.find(key);
  if (it == metadata.end() || it->second.size() > kMaxMetadataBytes) return "";
  return {it->second.data(), it->second.size()};
}

}  // namespace

v1::Command ToCommand(const Message& request) {
  v1::Command command;
  const google::protobuf::Reflection* reflection = request.GetReflection();
  const google::protobuf::Descriptor* type = request.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->type() == FieldDescriptor::TYPE_STRING) {
      command.set_record_id(reflection->GetString(request, field));
    } else if (field->type() == FieldDescriptor::TYPE_ENUM) {
      command.set_record_kind(
          static_cast<options::v1::RecordKind>(reflection->GetEnumValue(request, field)));
    } else if (field->message_type() == v1::CommandHeader::descriptor()) {
      command.mutable_header()->CopyFrom(reflection->GetMessage(request, field));
    } else if (const FieldDescriptor* kind = commands::FactField(field->message_type())) {
      event::v1::Fact& fact = *command.mutable_fact();
      fact.GetReflection()
          ->MutableMessage(&fact, kind)
          ->CopyFrom(reflection->GetMessage(request, field));
    }
  }
  return command;
}

access::CallMetadata MetadataOf(const grpc::CallbackServerContext& context) {
  return {MetadataValue(context, access::kActorKey), MetadataValue(context, access::kAgencyKey),
          MetadataValue(context, access::kRolesKey), MetadataValue(context, "traceparent")};
}

grpc::ServerUnaryReactor* CommandAdapter::Run(grpc::CallbackServerContext* context,
                                              const Message* request, v1::CommandResult* result) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  handler_.Submit(ToCommand(*request), MetadataOf(*context),
                  [reactor, result](absl::StatusOr<v1::CommandResult> outcome) {
                    if (outcome.ok()) *result = *std::move(outcome);
                    reactor->Finish(ToGrpcStatus(outcome.status()));
                  });
  return reactor;
}

}  // namespace caseledger::rpc
