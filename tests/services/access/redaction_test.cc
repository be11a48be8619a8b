// What of a fact is shown at a level: judged field by field against what the protos say.
#include "services/access/redaction.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "caseledger/v1/casework.pb.h"

namespace caseledger::access {
namespace {

using event::v1::Fact;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using options::v1::Sensitivity;

const std::vector<Level> kLevels{Level::kPublic,   Level::kInternal,  Level::kShared,
                                 Level::kPersonal, Level::kSensitive, Level::kLocationSecret};

Sensitivity SensitivityOf(const FieldDescriptor* field) {
  const auto said = field->options().GetExtension(options::v1::sensitivity);
  return said == options::v1::SENSITIVITY_UNSPECIFIED ? options::v1::SENSITIVITY_INTERNAL : said;
}

// The most sensitive field that a level shows when nothing was shared by name.
Sensitivity MostAt(Level level) {
  switch (level) {
    case Level::kNothing:
    case Level::kPublic:
      return options::v1::SENSITIVITY_PUBLIC;
    case Level::kInternal:
    case Level::kShared:
      return options::v1::SENSITIVITY_INTERNAL;
    case Level::kPersonal:
      return options::v1::SENSITIVITY_PERSONAL;
    case Level::kSensitive:
      return options::v1::SENSITIVITY_SENSITIVE;
    case Level::kLocationSecret:
      break;
  }
  return options::v1::SENSITIVITY_LOCATION_SECRET;
}

// Sets every field, lists with one item, down to a bounded depth.
void Fill(Message& message, int depth) {
  const auto* reflection = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    const bool list = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        list ? reflection->AddString(&message, field, "x")
             : reflection->SetString(&message, field, "x");
        break;
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth > 0) {
          Fill(list ? *reflection->AddMessage(&message, field)
                    : *reflection->MutableMessage(&message, field),
               depth - 1);
        }
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        list ? reflection->AddEnumValue(&message, field, 1)
             : reflection->SetEnumValue(&message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        list ? reflection->AddBool(&message, field, true)
             : reflection->SetBool(&message, field, true);
        break;
      case FieldDescriptor::CPPTYPE_INT64:
        list ? reflection->AddInt64(&message, field, 7) : reflection->SetInt64(&message, field, 7);
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        list ? reflection->AddUInt64(&message, field, 7)
             : reflection->SetUInt64(&message, field, 7);
        break;
      case FieldDescriptor::CPPTYPE_INT32:
        list ? reflection->AddInt32(&message, field, 7) : reflection->SetInt32(&message, field, 7);
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        list ? reflection->AddUInt32(&message, field, 7)
             : reflection->SetUInt32(&message, field, 7);
        break;
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        ADD_FAILURE() << field->full_name() << ": no fact counts in fractions";
    }
  }
}

// Calls `visit` for every field that holds a value of its own.
void VisitValues(const Message& message, const std::function<void(const FieldDescriptor*)>& visit) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool is_time = field->message_type() != nullptr &&
                         field->message_type()->full_name() == "google.protobuf.Timestamp";
    if (field->message_type() == nullptr || is_time) {
      visit(field);
    } else if (field->is_repeated()) {
      for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
        VisitValues(message.GetReflection()->GetRepeatedMessage(message, field, i), visit);
      }
    } else {
      VisitValues(message.GetReflection()->GetMessage(message, field), visit);
    }
  }
}

// In a free text or a private part: of these the open fields go with the last personal one.
bool IsInSealedPart(const FieldDescriptor* field) {
  const std::string& owner = field->containing_type()->name();
  return owner == "Private" || owner == "FreeText" || owner == "Sealed";
}

// Values that must stay at `most`: in sealed parts only what makes them sealed.
int CountThatStay(const Message& message, Sensitivity most) {
  int count = 0;
  VisitValues(message, [&](const FieldDescriptor* field) {
    const Sensitivity sensitivity = SensitivityOf(field);
    const bool counts = !IsInSealedPart(field) || sensitivity >= options::v1::SENSITIVITY_PERSONAL;
    if (counts && sensitivity <= most) ++count;
  });
  return count;
}

// Of every kind of fact there is, all fields set.
std::vector<Fact> EveryFact() {
  std::vector<Fact> facts;
  const auto* type = Fact::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    Fact fact;
    Fill(*fact.GetReflection()->MutableMessage(&fact, type->field(i)), 4);
    facts.push_back(std::move(fact));
  }
  return facts;
}

TEST(Redaction, ShowsNothingAboveTheLevelOfAnyFact) {
  for (const Level level : kLevels) {
    for (Fact fact : EveryFact()) {
      Redact(fact, level, {});
      VisitValues(fact, [&](const FieldDescriptor* field) {
        EXPECT_LE(SensitivityOf(field), MostAt(level)) << field->full_name() << NameOf(level);
      });
    }
  }
}

TEST(Redaction, KeepsWhatTheLevelShows) {
  for (const Level level : kLevels) {
    for (const Fact& whole : EveryFact()) {
      Fact fact = whole;
      Redact(fact, level, {});
      EXPECT_EQ(CountThatStay(fact, MostAt(level)), CountThatStay(whole, MostAt(level)))
          << NameOf(level) << " of " << whole.DebugString();
    }
  }
}

TEST(Redaction, SaysWhetherSomethingWentAndIsDoneOnce) {
  for (const Level level : kLevels) {
    for (const Fact& whole : EveryFact()) {
      Fact once = whole;
      const bool changed = Redact(once, level, {});
      EXPECT_EQ(changed, !google::protobuf::util::MessageDifferencer::Equals(once, whole));
      Fact twice = once;
      EXPECT_FALSE(Redact(twice, level, {}));
      EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(once, twice));
    }
  }
}

TEST(Redaction, FactsThatCanHoldNoMoreAreLeftAsTheyAre) {
  for (const Level level : kLevels) {
    for (Fact fact : EveryFact()) {
      const auto* field = Fact::descriptor()->FindFieldByNumber(static_cast<int>(fact.kind_case()));
      if (MayHoldMoreThan(*field->message_type(), level)) continue;
      EXPECT_FALSE(Redact(fact, level, {})) << field->name() << NameOf(level);
    }
  }
}

// Answers are cut by what their own fields say, like facts.
TEST(Redaction, AnswersShowTheirCodesToThePublicAndTheirIdsToThoseWithARight) {
  v1::GetCaseResponse answer;
  answer.set_case_id("id");
  answer.set_case_type("trafficking");
  answer.set_owner_agency_id("ctxh-qn");
  answer.add_participants()->set_person_id("person");
  answer.mutable_participants(0)->set_role("client");
  answer.add_legal_holds()->set_document_number("12/QD");
  v1::GetCaseResponse whole = answer;
  EXPECT_FALSE(Redact(whole, Level::kInternal, {}));
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(whole, answer));
  EXPECT_TRUE(Redact(answer, Level::kPublic, {}));
  EXPECT_EQ(answer.case_type(), "trafficking");
  EXPECT_EQ(answer.participants(0).role(), "client");
  EXPECT_EQ(answer.case_id() + answer.owner_agency_id() + answer.participants(0).person_id() +
                answer.legal_holds(0).document_number(),
            "");
}

TEST(Redaction, WhatWasSharedByNameStays) {
  Fact fact;
  auto& attributes = *fact.mutable_person_registered()->mutable_attributes();
  attributes.mutable_private_part()->set_full_name("Hoà");
  attributes.mutable_private_part()->set_phone("+84");
  Fact named = fact;
  Redact(named, Level::kShared, {"full_name"});
  EXPECT_EQ(named.person_registered().attributes().private_part().full_name(), "Hoà");
  EXPECT_EQ(named.person_registered().attributes().private_part().phone(), "");
  Fact nothing = fact;
  Redact(nothing, Level::kShared, {});
  EXPECT_FALSE(nothing.person_registered().attributes().has_private_part());
  Fact shelter;
  shelter.mutable_shelter_registered()->mutable_private_part()->set_address("Hạ Long");
  Redact(shelter, Level::kShared, {"address", "shelter_registered"});
  EXPECT_FALSE(shelter.shelter_registered().has_private_part()) << "an address is never shared";
}

}  // namespace
}  // namespace caseledger::access
