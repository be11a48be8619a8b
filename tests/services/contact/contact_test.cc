#include "services/domain/contact/contact.h"

#include "tests/services/support/property.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::Record;
using testing::Row;
using testing::Step;
using testing::Time;

Record<ContactState> Contact() { return {"contact", DecideContact}; }

const Step kReceived{0, "contact_received { channel: 'phone' line: '18001769' }"};
const Step kEnded{1, "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }"};
const Step kLinked{2, "contact_linked_to_case { case_id: 'k1' }"};
const Step kUnlinked{3, "contact_unlinked { case_id: 'k1' reason: 'other family' }"};

Step Forwarded(double hours, double due) {
  return {hours,
          "report_forwarded { forward_id: 'f1' to_agency_id: 'ca-qn' due_time" + Time(due) + "}"};
}
Step Acknowledged(double hours) { return {hours, "report_acknowledged { forward_id: 'f1' }"}; }

std::vector<Row> Rejections() {
  return {
      {"received twice", {kReceived}, kReceived, Reason::kRecordExists},
      {"ended before it was received", {kReceived}, {-1, kEnded.fact}, Reason::kBeforeRecordBegan},
      {"ended twice", {kReceived, kEnded}, kEnded, Reason::kContactEnded},
      {"linked twice", {kReceived, kLinked}, kLinked, Reason::kContactLinked},
      {"unlinked without a link", {kReceived}, kUnlinked, Reason::kContactNotLinked},
      {"unlinked before the link",
       {kReceived, kLinked},
       {1, kUnlinked.fact},
       Reason::kContactNotLinked},
      {"forwarding key used",
       {kReceived, Forwarded(1, 5)},
       Forwarded(2, 5),
       Reason::kForwardKeyUsed,
       "f1"},
      {"due when it is forwarded", {kReceived}, Forwarded(2, 2), Reason::kDueBeforeForward, "f1"},
      {"acknowledged before it was forwarded",
       {kReceived, Forwarded(2, 5)},
       Acknowledged(1),
       Reason::kForwardUnknown,
       "f1"},
      {"acknowledged twice",
       {kReceived, Forwarded(2, 5), Acknowledged(3)},
       Acknowledged(4),
       Reason::kForwardAcknowledged,
       "f1"},
  };
}

std::vector<Row> Acceptances() {
  return {
      {"silent call without a case", {kReceived}, kEnded, std::nullopt},
      {"linked again after unlinking",
       {kReceived, kLinked, kUnlinked},
       {4, kLinked.fact},
       std::nullopt},
      {"acknowledged after it was due",
       {kReceived, Forwarded(2, 5)},
       Acknowledged(9),
       std::nullopt},
      {"classified after it ended",
       {kReceived, kEnded},
       {5, "contact_classified { main_topic: 'child' }"},
       std::nullopt},
  };
}

TEST(Contact, RefusesInPrecedenceOrder) {
  for (const Row& row : Rejections()) testing::Play(row, Contact());
}

TEST(Contact, Accepts) {
  for (const Row& row : Acceptances()) testing::Play(row, Contact());
}

TEST(Contact, EveryReasonIsProduced) {
  testing::ExpectEveryReasonIsProduced(
      {
#define CASELEDGER_REASON(name, ...) Reason::name,
#include "services/domain/reasons/contact.inc"
#undef CASELEDGER_REASON
      },
      {Rejections()});
}

TEST(Contact, ReportIsNotForwardedToARetiredAgency) {
  Record<ContactState> record = Contact();
  ASSERT_TRUE(record.Try(kReceived).ok());
  record.related.retired_agencies = {"ca-qn"};
  EXPECT_EQ(testing::IdOf(record.Try(Forwarded(1, 5)).status()), "AGENCY_RETIRED");
  Step imported = Forwarded(1, 5);
  imported.imported = true;
  const auto answer = record.Try(imported);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->data_quality, std::vector<std::string>{"AGENCY_RETIRED"});
}

RC_GTEST_PROP(ContactProperty, StateSurvivesItsBytes, ()) {
  Record<ContactState> record = Contact();
  RC_ASSERT(record.Try(kReceived).ok());
  const std::vector<std::string> facts = {kEnded.fact, kLinked.fact, kUnlinked.fact,
                                          Forwarded(0, 99).fact, Acknowledged(0).fact};
  const int commands = *rc::gen::inRange(0, 20);
  for (int i = 0; i < commands; ++i) {
    const int hours = *rc::gen::inRange(0, 50);
    (void)record.Try({static_cast<double>(hours), *rc::gen::elementOf(facts)});
  }
  testing::ExpectRoundTrip(record.StateAt(50));
}

}  // namespace
}  // namespace caseledger::domain
