// Printed pages name facts and fields in Vietnamese.
#include "services/app/cli/print/titles.h"

#include <gtest/gtest.h>

#include <set>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/options/v1/options.pb.h"

namespace caseledger::cli {
namespace {

using google::protobuf::Descriptor;

TEST(Titles, EveryFactHasOne) {
  const auto* facts = event::v1::Fact::descriptor();
  for (int i = 0; i < facts->field_count(); ++i) {
    const std::string& name = facts->field(i)->name();
    EXPECT_NE(VietnameseTitle(name), name);
  }
}

void AddFields(const Descriptor& type, std::set<const Descriptor*>& seen,
               std::set<std::string>& names) {
  if (!type.full_name().starts_with("caseledger.") || !seen.insert(&type).second) return;
  if (type.name() == "Sealed") return;  // shown in words
  for (int i = 0; i < type.field_count(); ++i) {
    names.insert(type.field(i)->name());
    if (type.field(i)->message_type() != nullptr) {
      AddFields(*type.field(i)->message_type(), seen, names);
    }
  }
}

// Of the records that are handed out to whom they are about.
TEST(Titles, EveryFieldOfFactsAboutPeopleHasALabel) {
  std::set<std::string> names;
  std::set<const Descriptor*> seen{event::v1::Fact::descriptor()};
  const auto* facts = event::v1::Fact::descriptor();
  for (int i = 0; i < facts->field_count(); ++i) {
    const auto kind =
        facts->field(i)->message_type()->options().GetExtension(options::v1::stream).kind();
    const bool about_people =
        kind == options::v1::RECORD_KIND_CONTACT || kind == options::v1::RECORD_KIND_PERSON ||
        kind == options::v1::RECORD_KIND_CASE_RECORD || kind == options::v1::RECORD_KIND_SHELTER;
    if (about_people) AddFields(*facts->field(i)->message_type(), seen, names);
  }
  EXPECT_GT(names.size(), 80U);
  for (const std::string& name : names) EXPECT_NE(VietnameseLabel(name), name);
}

TEST(Titles, WhatIsNotKnownKeepsItsName) {
  EXPECT_EQ(VietnameseTitle("of_a_newer_program"), "of_a_newer_program");
  EXPECT_EQ(VietnameseLabel("of_a_newer_program"), "of_a_newer_program");
}

}  // namespace
}  // namespace caseledger::cli
