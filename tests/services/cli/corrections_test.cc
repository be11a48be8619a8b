#include "services/app/cli/import/corrections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/app/cli/text/time_text.h"
#include "tests/services/cli/import_fixture.h"

namespace caseledger::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = CorrectionStep::Kind;

constexpr char kHeader[] = "correction_id,table,record_id,field,new_value,corrected_at,reason\n";
constexpr char kContact[] =
    "C-1,phone,1,2024-01-01T00:00:00+07:00,2024-01-01T00:09:00+07:00,counselled,child,,,,\n";

struct Planned {
  Loaded loaded;
  std::vector<CorrectionStep> steps;
  Issues issues;
};

Planned Plan(const std::string& corrections, const std::string& contacts = kContact) {
  Planned planned{
      LoadFiles({{"contacts", kContactHeader + contacts}, {"corrections", kHeader + corrections}}),
      {},
      {}};
  const RowContext context = planned.loaded.Context();
  planned.steps = PlanCorrections(context, planned.issues);
  return planned;
}

std::vector<std::string> Names(const std::vector<CorrectionStep>& steps) {
  std::vector<std::string> names;
  for (const CorrectionStep& step : steps) {
    const char* what = step.kind == Kind::kCorrect ? "correct "
                       : step.kind == Kind::kVoid  ? "void "
                                                   : "record ";
    names.push_back(what + FactName(step.planned.fact));
  }
  return names;
}

TEST(Corrections, OnlyTheFactThatDiffersIsCorrected) {
  const Planned planned =
      Plan("X-1,contacts,C-1,main_topic,gender_equality,2024-01-02T00:00:00+07:00,wrong key\n");
  ASSERT_THAT(Names(planned.steps), ElementsAre("correct contact_classified"));
  const CorrectionStep& step = planned.steps[0];
  EXPECT_EQ(step.planned.fact.contact_classified().main_topic(), "gender_equality");
  EXPECT_FALSE(step.moved);
  EXPECT_EQ(step.reason, "wrong key");
  EXPECT_EQ(step.corrected_at, ParseTime("2024-01-02T00:00:00+07:00")->micros);
  EXPECT_EQ(step.target_request_id,
            ImportIds("quang-ninh", "qn-csv").Request("contacts.csv", "C-1", "contact_classified"));
  EXPECT_NE(step.request_id, step.target_request_id);
}

TEST(Corrections, AMovedTimeIsSaid) {
  const Planned planned =
      Plan("X-1,contacts,C-1,ended_at,2024-01-01T00:20:00+07:00,2024-01-02T00:00:00+07:00,clock\n");
  ASSERT_THAT(Names(planned.steps), ElementsAre("correct contact_ended"));
  EXPECT_TRUE(planned.steps[0].moved);
}

TEST(Corrections, FactsThatAreGoneAreVoidedAndNewOnesRecorded) {
  EXPECT_THAT(Names(Plan("X-1,contacts,C-1,main_topic,,2024-01-02T00:00:00+07:00,none\n").steps),
              ElementsAre("void contact_classified"));
  const std::string open = "C-1,phone,1,2024-01-01T00:00:00+07:00,,counselled,,,,,\n";
  EXPECT_THAT(
      Names(Plan("X-1,contacts,C-1,main_topic,child,2024-01-02T00:00:00+07:00,late\n", open).steps),
      ElementsAre("record contact_classified"));
}

TEST(Corrections, AnEmptyFieldVoidsTheRowLastFactFirst) {
  EXPECT_THAT(
      Names(Plan("X-1,contacts,C-1,,,2024-01-02T00:00:00+07:00,never called\n").steps),
      ElementsAre("void contact_ended", "void contact_classified", "void contact_received"));
}

TEST(Corrections, CorrectionsOfOneRowBuildOnOneAnother) {
  const Planned planned = Plan(
      "X-1,contacts,C-1,main_topic,health,2024-01-02T00:00:00+07:00,a\n"
      "X-2,contacts,C-1,outcome,silent,2024-01-03T00:00:00+07:00,b\n"
      "X-3,contacts,C-1,main_topic,child,2024-01-04T00:00:00+07:00,c\n"
      "X-4,contacts,C-1,main_topic,child,2024-01-05T00:00:00+07:00,says nothing new\n");
  EXPECT_THAT(Names(planned.steps),
              ElementsAre("correct contact_classified", "correct contact_ended",
                          "correct contact_classified"));
  EXPECT_NE(planned.steps[0].request_id, planned.steps[2].request_id);
  EXPECT_EQ(planned.steps[0].target_request_id, planned.steps[2].target_request_id);
}

TEST(Corrections, WhatCannotBeCorrectedIsReported) {
  const Planned planned = Plan(
      "X-1,calls,C-1,main_topic,child,2024-01-02T00:00:00+07:00,a\n"
      "X-2,contacts,C-9,main_topic,child,2024-01-02T00:00:00+07:00,a\n"
      "X-3,contacts,C-1,mood,child,2024-01-02T00:00:00+07:00,a\n"
      "X-4,contacts,C-1,contact_id,C-2,2024-01-02T00:00:00+07:00,a\n"
      "X-5,contacts,C-1,outcome,happy,2024-01-02T00:00:00+07:00,a\n"
      "X-6,contacts,C-1,,,2024-01-02T00:00:00+07:00,a\n"
      "X-7,contacts,C-1,main_topic,child,2024-01-02T00:00:00+07:00,a\n");
  std::vector<std::string> lines;
  for (const Issue& issue : planned.issues) lines.push_back(ToLine(issue));
  EXPECT_THAT(lines, ElementsAre(HasSubstr("corrections.csv:2:5: table"),
                                 HasSubstr("corrections.csv:3:14: record_id"),
                                 HasSubstr("corrections.csv:4:18: field"),
                                 HasSubstr("corrections.csv:5:18: field"),
                                 HasSubstr("corrections.csv:6:26: new_value: outcome: not one of"),
                                 HasSubstr("corrections.csv:8:14: record_id: the row was voided")));
}

TEST(Corrections, TheSamplesSixAreFiveTopicsAndOneVoid) {
  const Loaded sample = LoadSample();
  Issues issues;
  const RowContext context = sample.Context();
  EXPECT_THAT(Names(PlanCorrections(context, issues)),
              ElementsAre("correct contact_classified", "correct contact_classified",
                          "correct contact_classified", "correct contact_classified",
                          "correct contact_classified", "void therapy_session_held"));
  EXPECT_THAT(issues, IsEmpty());
}

}  // namespace
}  // namespace caseledger::cli
