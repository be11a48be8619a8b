#include "services/access/redaction.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/mutex.h"

namespace caseledger::access {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kLevelCount = static_cast<size_t>(Level::kLocationSecret) + 1;

struct TypePlan;

struct FieldPlan {
  const FieldDescriptor* field = nullptr;
  Level need = Level::kNothing;    // to see the field at all
  const TypePlan* type = nullptr;  // of the message it holds; nullptr: nothing to look into
  bool sealed = false;             // the message is stored encrypted
  bool is_free_text = false;
};

// What there is to do for messages of one type.
struct TypePlan {
  bool is_fact = false;
  Level highest = Level::kNothing;  // that a field of it, or within it, needs
  std::vector<FieldPlan> fields;
  // By level: those of `fields` that need more or hold what does.
  std::array<std::vector<const FieldPlan*>, kLevelCount> above;
};

Level LevelFor(options::v1::Sensitivity sensitivity) {
  if (sensitivity == options::v1::SENSITIVITY_PUBLIC) return Level::kPublic;
  if (sensitivity == options::v1::SENSITIVITY_PERSONAL) return Level::kPersonal;
  if (sensitivity == options::v1::SENSITIVITY_SENSITIVE) return Level::kSensitive;
  if (sensitivity == options::v1::SENSITIVITY_LOCATION_SECRET) return Level::kLocationSecret;
  return Level::kInternal;
}

// Messages of others, such as times, say nothing of their fields: the field that holds them does.
bool IsOurs(const Descriptor& type) { return type.full_name().starts_with("caseledger."); }

Level Highest(const FieldPlan& plan) {
  return plan.type == nullptr ? plan.need : std::max(plan.need, plan.type->highest);
}

// Plans of all types asked about so far. Thread-safe; plans never move or change once given out.
// Those who read take no lock: a map is replaced, not changed, and the few old ones are kept.
class Plans {
 public:
  const TypePlan& Of(const Descriptor& type) {
    const ByType* known = known_.load(std::memory_order_acquire);
    if (known != nullptr) {
      const auto found = known->find(&type);
      if (found != known->end()) return *found->second;
    }
    const MutexLock lock(&mutex_);
    std::vector<TypePlan*> added;
    const TypePlan& plan = Add(type, added);
    Settle(added);
    ByType next;
    for (const auto& [each, of] : plans_) next.emplace(each, of.get());
    published_.push_back(std::make_unique<const ByType>(std::move(next)));
    known_.store(published_.back().get(), std::memory_order_release);
    return plan;
  }

 private:
  using ByType = absl::flat_hash_map<const Descriptor*, const TypePlan*>;

  TypePlan& Add(const Descriptor& type, std::vector<TypePlan*>& added)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::unique_ptr<TypePlan>& place = plans_[&type];
    if (place != nullptr) return *place;
    place = std::make_unique<TypePlan>();
    TypePlan& plan = *place;  // `place` itself moves when more are added
    added.push_back(&plan);
    plan.is_fact = &type == event::v1::Fact::descriptor();
    for (int i = 0; i < type.field_count(); ++i)
      plan.fields.push_back(PlanOf(*type.field(i), added));
    return plan;
  }

  FieldPlan PlanOf(const FieldDescriptor& field, std::vector<TypePlan*>& added)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const google::protobuf::FieldOptions& options = field.options();
    FieldPlan plan;
    plan.field = &field;
    plan.need = LevelFor(options.GetExtension(options::v1::sensitivity));
    const Descriptor* type = field.message_type();
    if (type == nullptr || !IsOurs(*type)) return plan;
    // A message that does not say is as sensitive as what it holds.
    if (!options.HasExtension(options::v1::sensitivity)) plan.need = Level::kNothing;
    plan.sealed = options.GetExtension(options::v1::sealed_by) != options::v1::SUBJECT_UNSPECIFIED;
    plan.is_free_text = type == event::v1::FreeText::descriptor();
    plan.type = &Add(*type, added);
    return plan;
  }

  // Types hold one another, in circles too: what they hold is passed up until nothing changes.
  static void Settle(const std::vector<TypePlan*>& added) {
    bool changed = true;
    while (changed) {
      changed = false;
      for (TypePlan* plan : added) {
        for (const FieldPlan& field : plan->fields) {
          if (Highest(field) <= plan->highest) continue;
          plan->highest = Highest(field);
          changed = true;
        }
      }
    }
    for (TypePlan* plan : added) {
      for (size_t level = 0; level < kLevelCount; ++level) {
        for (const FieldPlan& field : plan->fields) {
          if (Highest(field) > static_cast<Level>(level)) plan->above[level].push_back(&field);
        }
      }
    }
  }

  std::atomic<const ByType*> known_ = nullptr;
  Mutex mutex_;
  absl::flat_hash_map<const Descriptor*, std::unique_ptr<TypePlan>> plans_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<const ByType>> published_ ABSL_GUARDED_BY(mutex_);
};

Plans& AllPlans() {
  static auto& plans = *new Plans;
  return plans;
}

bool IsPresent(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                             : reflection.HasField(message, &field);
}

// One walk through a message.
class Redactor {
 public:
  Redactor(Level level, const std::vector<std::string>& shared) : level_(level), shared_(shared) {}

  // `holder`: the field of the innermost fact that this is in, `text_name` what its text is called
  // when it is free text; each "" when there is none.
  bool Walk(Message& message, const TypePlan& plan, std::string_view holder,
            std::string_view text_name);

 private:
  bool Shows(const FieldPlan& plan, std::string_view holder, std::string_view text_name) const;
  bool WalkInto(Message& message, const FieldPlan& plan, std::string_view holder);
  bool KeepsSealed(const Message& sealed, const TypePlan& plan, std::string_view holder,
                   std::string_view text_name) const;

  const Level level_;
  const std::vector<std::string>& shared_;
};

bool Redactor::Shows(const FieldPlan& plan, std::string_view holder,
                     std::string_view text_name) const {
  if (plan.need <= level_) return true;
  if (level_ != Level::kShared || plan.need > Level::kSensitive) return false;
  const std::string_view name =
      text_name.empty() ? std::string_view(plan.field->name()) : text_name;
  for (const std::string_view shared : shared_) {
    if (shared.empty()) continue;
    if (shared == name || shared == holder) return true;
    if (!holder.empty() && shared.size() == holder.size() + 1 + name.size() &&
        shared.starts_with(holder) && shared[holder.size()] == '.' && shared.ends_with(name)) {
      return true;
    }
  }
  return false;
}

// Whether a sealed message still has something to say; what is left of it otherwise would only
// tell that there was something.
bool Redactor::KeepsSealed(const Message& sealed, const TypePlan& plan, std::string_view holder,
                           std::string_view text_name) const {
  bool hides = false;
  for (const FieldPlan* field : plan.above[static_cast<size_t>(Level::kInternal)]) {
    if (IsPresent(sealed, *field->field)) return true;
    hides = hides || !Shows(*field, holder, text_name);
  }
  return !hides;
}

bool Redactor::WalkInto(Message& message, const FieldPlan& plan, std::string_view holder) {
  const Reflection& reflection = *message.GetReflection();
  const std::string_view text_name =
      plan.is_free_text ? std::string_view(plan.field->name()) : std::string_view();
  bool cleared = false;
  if (!plan.field->is_repeated()) {
    Message& part = *reflection.MutableMessage(&message, plan.field);
    cleared = Walk(part, *plan.type, holder, text_name);
    if (plan.sealed && !KeepsSealed(part, *plan.type, holder, text_name)) {
      reflection.ClearField(&message, plan.field);
      return true;
    }
    return cleared;
  }
  for (int i = 0; i < reflection.FieldSize(message, plan.field); ++i) {
    Message& part = *reflection.MutableRepeatedMessage(&message, plan.field, i);
    cleared = Walk(part, *plan.type, holder, text_name) || cleared;
    if (plan.sealed && !KeepsSealed(part, *plan.type, holder, text_name)) part.Clear();
  }
  return cleared;
}

bool Redactor::Walk(Message& message, const TypePlan& plan, std::string_view holder,
                    std::string_view text_name) {
  const Reflection& reflection = *message.GetReflection();
  bool cleared = false;
  // Nothing is known of how sensitive unknown fields are.
  if (!reflection.GetUnknownFields(message).empty()) {
    reflection.MutableUnknownFields(&message)->Clear();
    cleared = true;
  }
  for (const FieldPlan* field : plan.above[static_cast<size_t>(level_)]) {
    if (!IsPresent(message, *field->field)) continue;
    const std::string_view of = plan.is_fact ? std::string_view(field->field->name()) : holder;
    if (!Shows(*field, of, text_name)) {
      reflection.ClearField(&message, field->field);
      cleared = true;
    } else if (field->type != nullptr) {
      cleared = WalkInto(message, *field, of) || cleared;
    }
  }
  return cleared;
}

}  // namespace

bool Redact(Message& message, Level level, const std::vector<std::string>& shared) {
  if (level == Level::kLocationSecret) return false;
  if (level == Level::kNothing) {
    const bool holds = message.ByteSizeLong() > 0;
    message.Clear();
    return holds;
  }
  const TypePlan& plan = AllPlans().Of(*message.GetDescriptor());
  return Redactor(level, shared).Walk(message, plan, "", "");
}

bool MayHoldMoreThan(const Descriptor& type, Level level) {
  return AllPlans().Of(type).highest > level;
}

}  // namespace caseledger::access
