#include "projections/effective/open_part.h"

#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/message.h"

namespace caseledger::projections {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

void ClearSealed(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->options().HasExtension(options::v1::sealed_by)) {
      reflection.ClearField(&message, field);
      continue;
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      ClearSealed(*reflection.MutableMessage(&message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      ClearSealed(*reflection.MutableRepeatedMessage(&message, field, i));
    }
  }
}

}  // namespace

event::v1::Fact OpenPartOf(const event::v1::Fact& fact) {
  event::v1::Fact open = fact;
  ClearSealed(open);
  open.DiscardUnknownFields();
  return open;
}

}  // namespace caseledger::projections
