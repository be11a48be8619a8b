#include "services/commands/subject_copy.h"

#include <algorithm>
#include <string_view>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/strings.h"
#include "google/protobuf/message.h"

namespace caseledger::commands {
namespace {

using event::v1::FreeText;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using v1::KeptBackReason;

bool NamesPerson(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::rule).refers_to() ==
         options::v1::RECORD_KIND_PERSON;
}

bool IsNote(const FieldDescriptor& field) {
  return field.message_type() != nullptr && field.message_type() == FreeText::descriptor();
}

std::vector<const FieldDescriptor*> FieldsSet(const Message& message) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return fields;
}

int SizeOf(const Message& message, const FieldDescriptor& field) {
  return field.is_repeated() ? message.GetReflection()->FieldSize(message, &field) : 1;
}

const std::string& TextAt(const Message& message, const FieldDescriptor& field, int index,
                          std::string& scratch) {
  const auto& reflection = *message.GetReflection();
  return field.is_repeated()
             ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
             : reflection.GetStringReference(message, &field, &scratch);
}

const Message& MessageAt(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, index)
                             : reflection.GetMessage(message, &field);
}

// Whom a fact names.
struct Named {
  std::set<std::string> persons;
  std::set<std::string> in_notes;
};

void AddNamed(const Message& message, Named& named) {
  std::string scratch;
  for (const FieldDescriptor* field : FieldsSet(message)) {
    for (int i = 0; i < SizeOf(message, *field); ++i) {
      if (IsNote(*field)) {
        const auto& note = static_cast<const FreeText&>(MessageAt(message, *field, i));
        named.in_notes.insert(note.about_person_ids().begin(), note.about_person_ids().end());
      } else if (field->message_type() != nullptr) {
        AddNamed(MessageAt(message, *field, i), named);
      } else if (NamesPerson(*field)) {
        named.persons.insert(TextAt(message, *field, i, scratch));
      }
    }
  }
}

class Remover {
 public:
  Remover(const std::set<std::string>& person_ids, const SubjectStanding& standing)
      : person_ids_(person_ids), standing_(standing) {}

  // `notes_alone`: it is in a note that it is about them, all else is about others.
  void TakeOut(Message& message, const std::string& way, bool notes_alone) {
    for (const FieldDescriptor* field : FieldsSet(message)) {
      // The fact's own wrapper has no name of its own in the way.
      const std::string here = way.empty() ? field->name() : StrCat(way, ".", field->name());
      const bool of_others = notes_alone && field->message_type() == nullptr;
      const KeptBackReason reason =
          of_others ? v1::KEPT_BACK_REASON_OTHERS : ReasonFor(message, *field);
      if (reason != v1::KEPT_BACK_REASON_UNSPECIFIED) {
        message.GetReflection()->ClearField(&message, field);
        Keep(here, reason);
      } else if (field->message_type() != nullptr) {
        for (int i = 0; i < SizeOf(message, *field); ++i) {
          TakeOut(Mutable(message, *field, i), here, notes_alone && !IsNote(*field));
        }
      } else if (NamesPerson(*field)) {
        LeaveOnlyThem(message, *field, here);
      }
    }
  }

  std::vector<v1::KeptBackPart> Take() { return std::move(kept_); }

 private:
  static Message& Mutable(Message& message, const FieldDescriptor& field, int index) {
    const auto& reflection = *message.GetReflection();
    return field.is_repeated() ? *reflection.MutableRepeatedMessage(&message, &field, index)
                               : *reflection.MutableMessage(&message, &field);
  }

  // Of a whole field; UNSPECIFIED: it stays, as far as what is in it does.
  KeptBackReason ReasonFor(const Message& message, const FieldDescriptor& field) const {
    const auto& options = field.options();
    if (options.GetExtension(options::v1::sensitivity) ==
        options::v1::SENSITIVITY_LOCATION_SECRET) {
      return v1::KEPT_BACK_REASON_LOCATION;
    }
    // `neighbour` says almost as much as the name.
    if (field.containing_type() == event::v1::ContactReceived::descriptor() &&
        field.number() == event::v1::ContactReceived::kCallerRoleFieldNumber && !Spoke()) {
      return v1::KEPT_BACK_REASON_REPORTER;
    }
    // A singular field: that is a rule of the protos, kept by a test of theirs.
    switch (static_cast<int>(options.GetExtension(options::v1::sealed_by))) {
      case options::v1::SUBJECT_UNSPECIFIED:
        return v1::KEPT_BACK_REASON_UNSPECIFIED;
      case options::v1::SUBJECT_NOTE:
        return ReasonForNote(
            static_cast<const FreeText&>(message.GetReflection()->GetMessage(message, &field)));
      case options::v1::SUBJECT_PERSON:
        return standing_.own ? v1::KEPT_BACK_REASON_UNSPECIFIED : v1::KEPT_BACK_REASON_OTHERS;
      case options::v1::SUBJECT_CONTACT:
        return Spoke() ? v1::KEPT_BACK_REASON_UNSPECIFIED : v1::KEPT_BACK_REASON_REPORTER;
      case options::v1::SUBJECT_CASE_RECORD:
        return IsTheirs() ? v1::KEPT_BACK_REASON_UNSPECIFIED : v1::KEPT_BACK_REASON_OTHERS;
      case options::v1::SUBJECT_SHELTER:
        return v1::KEPT_BACK_REASON_LOCATION;
      default:
        return v1::KEPT_BACK_REASON_OTHERS;
    }
  }

  KeptBackReason ReasonForNote(const FreeText& note) const {
    const auto& about = note.about_person_ids();
    const bool only_them = std::all_of(about.begin(), about.end(), [this](const std::string& id) {
      return person_ids_.contains(id);
    });
    if (!only_them) return v1::KEPT_BACK_REASON_OTHERS;
    // What somebody else said about them tells who that was.
    if (standing_.contact && !Spoke()) return v1::KEPT_BACK_REASON_REPORTER;
    const bool theirs = !about.empty() || standing_.own || IsTheirs();
    return theirs ? v1::KEPT_BACK_REASON_UNSPECIFIED : v1::KEPT_BACK_REASON_OTHERS;
  }

  bool IsTheirs() const { return standing_.client && standing_.alone; }
  bool Spoke() const { return standing_.spoke && IsTheirs(); }

  void LeaveOnlyThem(Message& message, const FieldDescriptor& field, const std::string& way) {
    const auto& reflection = *message.GetReflection();
    std::string scratch;
    if (!field.is_repeated()) {
      if (person_ids_.contains(TextAt(message, field, 0, scratch))) return;
      reflection.ClearField(&message, &field);
      Keep(way, v1::KEPT_BACK_REASON_OTHERS);
      return;
    }
    std::vector<std::string> theirs;
    const int count = SizeOf(message, field);
    for (int i = 0; i < count; ++i) {
      const std::string& id = TextAt(message, field, i, scratch);
      if (person_ids_.contains(id)) theirs.push_back(id);
    }
    if (theirs.size() == static_cast<size_t>(count)) return;
    reflection.ClearField(&message, &field);
    for (std::string& id : theirs) reflection.AddString(&message, &field, std::move(id));
    Keep(way, v1::KEPT_BACK_REASON_OTHERS);
  }

  void Keep(const std::string& way, KeptBackReason reason) {
    v1::KeptBackPart part;
    part.set_field(way);
    part.set_reason(reason);
    kept_.push_back(std::move(part));
  }

  const std::set<std::string>& person_ids_;
  const SubjectStanding& standing_;
  std::vector<v1::KeptBackPart> kept_;
};

}  // namespace

bool SubjectCopy::IsForThem(const event::v1::Fact& fact, const SubjectStanding& standing) const {
  if (standing.own) return true;
  Named named;
  AddNamed(fact, named);
  const auto is_them = [this](const std::string& id) { return person_ids_.contains(id); };
  if (named.persons.empty()) {
    return standing.client || std::any_of(named.in_notes.begin(), named.in_notes.end(), is_them);
  }
  return std::any_of(named.persons.begin(), named.persons.end(), is_them);
}

std::vector<v1::KeptBackPart> SubjectCopy::TakeOut(event::v1::Fact& fact,
                                                   const SubjectStanding& standing) const {
  Remover remover(person_ids_, standing);
  Named named;
  AddNamed(fact, named);
  remover.TakeOut(fact, "", named.persons.empty() && !standing.own && !standing.client);
  return remover.Take();
}

}  // namespace caseledger::commands
