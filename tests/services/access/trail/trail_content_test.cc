// Nothing personal can be in the trail, by what its facts can hold: keys, ids, counts, and the
// notes of break-glass, which are sealed one by one.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"
#include "google/protobuf/descriptor.h"

namespace caseledger::access {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Strings that are neither keys nor UUIDs, each looked at: the server makes the query of keys, and
// a legal basis is a citation.
const std::set<std::string_view>& OtherStrings() {
  static const auto& names = *new std::set<std::string_view>{
      "caseledger.event.v1.RecordAccessed.query", "caseledger.event.v1.DisclosureMade.legal_basis"};
  return names;
}

// The only places for what people wrote.
const std::set<std::string_view>& Notes() {
  static const auto& names = *new std::set<std::string_view>{
      "caseledger.event.v1.BreakGlassUsed.reason", "caseledger.event.v1.BreakGlassReviewed.note"};
  return names;
}

bool IsOpen(const FieldDescriptor& field) {
  const options::v1::Sensitivity sensitivity =
      field.options().GetExtension(options::v1::sensitivity);
  return sensitivity == options::v1::SENSITIVITY_PUBLIC ||
         sensitivity == options::v1::SENSITIVITY_INTERNAL;
}

// What a field says that is not allowed in a trail, appended to `wrong`.
void Check(const Descriptor& message, std::vector<std::string>& wrong) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    const auto& rule = field.options().GetExtension(options::v1::rule);
    if (Notes().contains(field.full_name())) {
      if (field.options().GetExtension(options::v1::sealed_by) != options::v1::SUBJECT_NOTE) {
        wrong.push_back(field.full_name() + " is not sealed as a note");
      }
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const bool is_time = field.message_type()->full_name() == "google.protobuf.Timestamp";
      if (!is_time) Check(*field.message_type(), wrong);
    } else if (!IsOpen(field)) {
      wrong.push_back(field.full_name() + " is personal");
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && !rule.key() && !rule.uuid() &&
               !OtherStrings().contains(field.full_name())) {
      wrong.push_back(field.full_name() + " takes any text");
    }
  }
}

TEST(TrailContent, FactsOfATrailHoldKeysIdsAndSealedNotesAlone) {
  const Descriptor& fact = *event::v1::Fact::descriptor();
  int facts = 0;
  std::vector<std::string> wrong;
  for (int i = 0; i < fact.field_count(); ++i) {
    const Descriptor& message = *fact.field(i)->message_type();
    const auto& stream = message.options().GetExtension(options::v1::stream);
    if (stream.kind() != options::v1::RECORD_KIND_ACCESS_TRAIL) continue;
    ++facts;
    Check(message, wrong);
  }
  EXPECT_EQ(facts, 5);
  EXPECT_EQ(wrong, std::vector<std::string>());
}

TEST(TrailContent, TheCheckSeesWhatIsPersonal) {
  std::vector<std::string> wrong;
  Check(*event::v1::PersonRegistered::descriptor(), wrong);
  EXPECT_FALSE(wrong.empty());
}

}  // namespace
}  // namespace caseledger::access
