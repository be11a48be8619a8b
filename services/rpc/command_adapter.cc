#include "services/rpc/command_adapter.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "services/commands/fact_schema.h"
#include "services/commands/validation.h"
#include "services/rpc/peer.h"
#include "services/rpc/status.h"

namespace caseledger::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What the fields of a command are called in the request of a method.
struct Shape {
  std::string record_field;  // `case_id`
  std::string fact_prefix;   // `fact.case_opened`

  std::string FieldOf(const std::string& path) const {
    if (path == "record_id" && !record_field.empty()) return record_field;
    if (fact_prefix.empty() || !path.starts_with(fact_prefix)) return path;
    const std::string rest = path.substr(fact_prefix.size());
    return rest.empty() || rest[0] == '.' ? "fact" + rest : path;
  }
};

Shape ShapeOf(const Message& request) {
  Shape shape;
  const google::protobuf::Descriptor* type = request.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->type() == FieldDescriptor::TYPE_STRING) shape.record_field = field->name();
    if (field->message_type() == nullptr) continue;
    const FieldDescriptor* kind = commands::FactField(field->message_type());
    if (kind != nullptr) shape.fact_prefix = "fact." + kind->name();
  }
  return shape;
}

void Take(Message& from, Message& to) { to.GetReflection()->Swap(&to, &from); }

}  // namespace

v1::Command ToCommand(Message& request) {
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
      Take(*reflection->MutableMessage(&request, field), *command.mutable_header());
    } else if (const FieldDescriptor* kind = commands::FactField(field->message_type())) {
      event::v1::Fact& fact = *command.mutable_fact();
      Take(*reflection->MutableMessage(&request, field),
           *fact.GetReflection()->MutableMessage(&fact, kind));
    }
  }
  return command;
}

absl::Status InTermsOf(const Message& request, const absl::Status& status) {
  const auto payload = status.GetPayload(commands::kViolationsUrl);
  google::rpc::BadRequest details;
  if (!payload.has_value() || !details.ParseFromString(std::string(*payload))) return status;
  const Shape shape = ShapeOf(request);
  std::vector<commands::Violation> violations;
  for (const auto& violation : details.field_violations()) {
    violations.push_back({shape.FieldOf(violation.field()), violation.description()});
  }
  return commands::InvalidRequest(violations);
}

void HideOthers(v1::CommandResult& result) {
  static const std::string& ended =
      *new std::string(commands::FactName(event::v1::Fact::kReferralConsentLost));
  auto& events = *result.mutable_events();
  for (int i = events.size() - 1; i > 0; --i) {
    if (events.Get(i).fact_name() == ended) events.DeleteSubrange(i, 1);
  }
}

grpc::ServerUnaryReactor* CommandAdapter::Run(grpc::CallbackServerContext* context,
                                              const Message* request, v1::CommandResult* result) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  absl::StatusOr<Admitted> admitted = callers_.Admit(*context, Callers::Use::kCall, request);
  if (!admitted.ok()) {
    const_cast<Message*>(request)->Clear();  // the call may be held back, and many with it
    callers_.refusals().Finish(reactor, admitted.status());
    return reactor;
  }
  // The request lives until the call is finished, and nobody reads it but us: gRPC makes one for
  // each call, and not as a constant.
  handler_.Submit(ToCommand(*const_cast<Message*>(request)), admitted->call,
                  [reactor, request, result,
                   place = std::move(admitted->place)](absl::StatusOr<v1::CommandResult> outcome) {
                    const absl::Status status = outcome.status();
                    if (outcome.ok()) {
                      *result = *std::move(outcome);
                      HideOthers(*result);
                    }
                    reactor->Finish(ToGrpcStatus(InTermsOf(*request, status)));
                  });
  return reactor;
}

}  // namespace caseledger::rpc
