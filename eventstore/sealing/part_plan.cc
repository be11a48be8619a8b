#include "eventstore/sealing/part_plan.h"

#include <cstdlib>
#include <map>
#include <memory>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"

namespace caseledger::eventstore {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Whether the field's own value is sealed with its part.
bool IsOpen(const FieldDescriptor& field) {
  const options::v1::Sensitivity sensitivity =
      field.options().GetExtension(options::v1::sensitivity);
  return sensitivity == options::v1::SENSITIVITY_PUBLIC ||
         sensitivity == options::v1::SENSITIVITY_INTERNAL;
}

PartField PartOf(const FieldDescriptor& field, options::v1::Subject subject) {
  PartField part;
  part.number = static_cast<uint32_t>(field.number());
  part.is_note = subject == options::v1::SUBJECT_NOTE;
  const Descriptor& type = *field.message_type();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& inner = *type.field(i);
    if (!IsOpen(inner)) continue;
    const auto number = static_cast<uint32_t>(inner.number());
    part.open_fields.push_back(number);
    const options::v1::FieldRule& rule = inner.options().GetExtension(options::v1::rule);
    if (rule.refers_to() == options::v1::RECORD_KIND_PERSON) part.persons_field = number;
  }
  return part;
}

// Types hold one another in circles (a correction holds a fact): a plan is entered before it is
// filled, and plans without parts are left out of those that hold them at the end.
class Plans {
 public:
  const PartPlan& Build(const Descriptor& type) {
    Add(type);
    bool dropped = true;
    while (dropped) {
      dropped = false;
      for (auto& [each, plan] : plans_) {
        dropped = std::erase_if(plan->fields,
                                [](const PartField& field) {
                                  return field.inner != nullptr && field.inner->fields.empty();
                                }) > 0 ||
                  dropped;
      }
    }
    for (const auto& [each, plan] : plans_) {
      if (plan->fields.size() > kMostPartFields) std::abort();
    }
    return *plans_.at(&type);
  }

 private:
  PartPlan& Add(const Descriptor& type) {
    std::unique_ptr<PartPlan>& place = plans_[&type];
    if (place != nullptr) return *place;
    place = std::make_unique<PartPlan>();
    PartPlan& plan = *place;
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.message_type() == nullptr) continue;
      const options::v1::Subject subject = field.options().GetExtension(options::v1::sealed_by);
      if (subject != options::v1::SUBJECT_UNSPECIFIED) {
        plan.fields.push_back(PartOf(field, subject));
        continue;
      }
      PartField inner;
      inner.number = static_cast<uint32_t>(field.number());
      inner.inner = &Add(*field.message_type());
      plan.fields.push_back(std::move(inner));
    }
    return plan;
  }

  std::map<const Descriptor*, std::unique_ptr<PartPlan>> plans_;
};

}  // namespace

const PartPlan& PlanOfFacts() {
  static auto& plans = *new Plans;
  static const PartPlan& plan = plans.Build(*event::v1::Fact::descriptor());
  return plan;
}

}  // namespace caseledger::eventstore
