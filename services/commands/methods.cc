#include "services/commands/methods.h"

#include <map>
#include <string>

#include "caseledger/v1/common.pb.h"
#include "services/access/rules/actions.h"

namespace caseledger::commands {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// The fact that requests of this type carry beside a header; null when they are no commands.
const FieldDescriptor* FactOf(const Descriptor* request) {
  const FieldDescriptor* fact = nullptr;
  bool has_header = false;
  for (int i = 0; i < request->field_count(); ++i) {
    const Descriptor* type = request->field(i)->message_type();
    if (type == nullptr) continue;
    has_header = has_header || type == v1::CommandHeader::descriptor();
    if (const FieldDescriptor* field = FactField(type)) fact = field;
  }
  return has_header ? fact : nullptr;
}

std::map<int, std::string> ReadMethods() {
  std::map<int, std::string> methods;
  for (const google::protobuf::FileDescriptor* file : access::PublicFiles()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const google::protobuf::MethodDescriptor* method = file->service(s)->method(m);
        const FieldDescriptor* fact = FactOf(method->input_type());
        if (fact != nullptr) methods[fact->number()] = method->name();
      }
    }
  }
  return methods;
}

}  // namespace

std::string_view MethodOf(const Fact& fact) {
  static const auto& methods = *new std::map<int, std::string>(ReadMethods());
  const auto method = methods.find(static_cast<int>(fact.kind_case()));
  return method == methods.end() ? std::string_view() : method->second;
}

}  // namespace caseledger::commands
