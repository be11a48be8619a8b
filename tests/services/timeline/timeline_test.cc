#include "services/domain/timeline.h"

#include "services/domain/contact/contact.h"
#include "tests/services/support/record.h"

namespace caseledger::domain {
namespace {

using testing::At;
using testing::EventOf;
using testing::IdOf;
using testing::Time;

constexpr char kReceived[] = "contact_received { channel: 'phone' }";
constexpr char kEnded[] = "contact_ended {}";
constexpr char kLinked[] = "contact_linked_to_case { case_id: 'k1' }";
constexpr char kUnlinked[] = "contact_unlinked { case_id: 'k1' }";

DomainEvent Classified(const std::string& id, uint64_t revision, double hours,
                       const std::string& topic) {
  return EventOf(id, revision, hours, "contact_classified { main_topic: '" + topic + "' }");
}

DomainEvent Corrected(uint64_t revision, const std::string& target, const std::string& replacement,
                      const std::string& moved = "") {
  return EventOf(absl::StrCat("e", revision), revision, 1000,
                 "fact_corrected { target_event_id: '" + target + "' replacement { " + replacement +
                     " } " + moved + " }");
}

DomainEvent Voided(uint64_t revision, const std::string& target) {
  return EventOf(absl::StrCat("e", revision), revision, 1000,
                 "event_voided { target_event_id: '" + target + "' }");
}

std::vector<std::string> IdsOf(const Timeline& timeline) {
  std::vector<std::string> ids;
  for (const DomainEvent& event : timeline.in_order()) ids.push_back(event.event_id);
  return ids;
}

Timeline With(Timeline timeline, const DomainEvent& event) {
  timeline.Add(event);
  return timeline;
}

absl::Status Judge(const Timeline& before, const Timeline& after,
                   const std::set<std::string>& proposed) {
  return CheckChange<ContactState>(before.in_order(), after.in_order(), proposed);
}

using Ids = std::vector<std::string>;

TEST(Timeline, OrdersByOccurrenceThenByRevision) {
  Timeline timeline;
  timeline.Add(EventOf("e1", 1, 0, kReceived));
  timeline.Add(EventOf("e2", 2, 5, kEnded));
  timeline.Add(EventOf("e3", 3, 2, kLinked));
  timeline.Add(EventOf("e4", 4, 5, kUnlinked));
  EXPECT_EQ(IdsOf(timeline), (Ids{"e1", "e3", "e2", "e4"}));
}

TEST(Timeline, CorrectionStandsInItsTargetsPlace) {
  Timeline timeline;
  timeline.Add(EventOf("e1", 1, 0, kReceived));
  timeline.Add(Classified("e2", 2, 1, "child"));
  timeline.Add(Classified("e3", 3, 2, "health"));
  timeline.Add(Corrected(4, "e2", "contact_classified { main_topic: 'elderly' }"));
  EXPECT_EQ(IdsOf(timeline), (Ids{"e1", "e2", "e3"}));
  const DomainEvent* replaced = timeline.Find("e2");
  ASSERT_NE(replaced, nullptr);
  EXPECT_EQ(replaced->fact->contact_classified().main_topic(), "elderly");
  EXPECT_EQ(replaced->revision, 2u);
  EXPECT_EQ(replaced->occurred_at, At(1));
  EXPECT_EQ(FoldUntil<ContactState>(timeline.in_order(), At(1)).main_topic, "elderly");
  EXPECT_EQ(FoldAll<ContactState>(timeline.in_order()).main_topic, "health");
}

TEST(Timeline, CorrectionMayMoveItsTargetInTime) {
  Timeline timeline;
  timeline.Add(EventOf("e1", 1, 0, kReceived));
  timeline.Add(Classified("e2", 2, 1, "child"));
  timeline.Add(Classified("e3", 3, 2, "health"));
  timeline.Add(Corrected(4, "e2", "contact_classified { main_topic: 'child' }",
                         "replacement_occurred_time" + Time(3)));
  EXPECT_EQ(IdsOf(timeline), (Ids{"e1", "e3", "e2"}));
  EXPECT_EQ(FoldAll<ContactState>(timeline.in_order()).main_topic, "child");
}

TEST(Timeline, CorrectionsLegalBasisGoesBeforeItsTargets) {
  DomainEvent target = Classified("e1", 1, 1, "child");
  target.legal_basis = "old";
  DomainEvent plain = Corrected(2, "e1", "contact_classified { main_topic: 'elderly' }");
  DomainEvent based = plain;
  based.legal_basis = "new";
  Timeline timeline;
  timeline.Add(target);
  timeline.Add(plain);
  EXPECT_EQ(timeline.Find("e1")->legal_basis, "old");
  timeline.Add(based);
  EXPECT_EQ(timeline.Find("e1")->legal_basis, "new");
}

TEST(Timeline, CorrectionCanBeCorrectedAgain) {
  Timeline timeline;
  timeline.Add(EventOf("e1", 1, 0, kReceived));
  timeline.Add(Classified("e2", 2, 1, "child"));
  timeline.Add(Corrected(3, "e2", "contact_classified { main_topic: 'health' }"));
  timeline.Add(Corrected(4, "e2", "contact_classified { main_topic: 'elderly' }"));
  EXPECT_EQ(FoldAll<ContactState>(timeline.in_order()).main_topic, "elderly");
}

TEST(Timeline, MovedFactStaysWhereItWasMovedWhenCorrectedWithoutATime) {
  Timeline timeline;
  timeline.Add(EventOf("e1", 1, 0, kReceived));
  timeline.Add(Corrected(2, "e1", kReceived, "replacement_occurred_time" + Time(3)));
  timeline.Add(Corrected(3, "e1", "contact_received { channel: 'zalo' }"));
  EXPECT_EQ(timeline.Find("e1")->occurred_at, At(3));
  EXPECT_EQ(timeline.Find("e1")->fact->contact_received().channel(), "zalo");
}

TEST(Timeline, VoidLeavesNothingAndIsRemembered) {
  Timeline timeline;
  timeline.Add(EventOf("e1", 1, 0, kReceived));
  timeline.Add(EventOf("e2", 2, 1, kEnded));
  EXPECT_FALSE(timeline.IsVoided("e2"));
  timeline.Add(Voided(3, "e2"));
  EXPECT_EQ(IdsOf(timeline), (Ids{"e1"}));
  EXPECT_TRUE(timeline.IsVoided("e2"));
  EXPECT_EQ(timeline.Find("e2"), nullptr);
  EXPECT_FALSE(FoldAll<ContactState>(timeline.in_order()).ended);
}

TEST(Timeline, CorrectionOfAVoidedFactChangesNothing) {
  Timeline timeline;
  timeline.Add(EventOf("e1", 1, 0, kReceived));
  timeline.Add(EventOf("e2", 2, 1, kEnded));
  timeline.Add(Voided(3, "e2"));
  timeline.Add(Corrected(4, "e2", kEnded));
  EXPECT_EQ(IdsOf(timeline), (Ids{"e1"}));
}

TEST(CheckChange, AcceptsALateFactThatBreaksNothing) {
  Timeline before;
  before.Add(EventOf("e1", 1, 0, kReceived));
  before.Add(EventOf("e2", 2, 5, kEnded));
  const Timeline after = With(before, EventOf("e3", 3, 2, kLinked));
  EXPECT_TRUE(Judge(before, after, {"e3"}).ok());
}

TEST(CheckChange, ProposedFactGivesItsOwnReason) {
  Timeline before;
  before.Add(EventOf("e1", 1, 0, kReceived));
  before.Add(EventOf("e2", 2, 5, kEnded));
  const Timeline after = With(before, EventOf("e3", 3, 6, kEnded));
  EXPECT_EQ(IdOf(Judge(before, after, {"e3"})), "CONTACT_ENDED");
}

TEST(CheckChange, NamesEveryDependentThatWouldBreak) {
  Timeline before;
  before.Add(EventOf("e1", 1, 0, kReceived));
  before.Add(EventOf("e2", 2, 1, "report_forwarded { forward_id: 'f1' due_time" + Time(9) + "}"));
  before.Add(EventOf("e3", 3, 2, kLinked));
  before.Add(EventOf("e4", 4, 3, "report_acknowledged { forward_id: 'f1' }"));
  const absl::Status no_forwarding = Judge(before, With(before, Voided(5, "e2")), {"e5"});
  EXPECT_EQ(IdOf(no_forwarding), "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(ItemOf(no_forwarding), "e4");
  const absl::Status no_contact = Judge(before, With(before, Voided(5, "e1")), {"e5"});
  EXPECT_EQ(ItemOf(no_contact), "e2,e3,e4");
}

TEST(CheckChange, EarlierTwinOfARecordedFactNamesTheRecordedOne) {
  Timeline before;
  before.Add(EventOf("e1", 1, 0, kReceived));
  before.Add(EventOf("e2", 2, 5, kEnded));
  const absl::Status status = Judge(before, With(before, EventOf("e3", 3, 4, kEnded)), {"e3"});
  EXPECT_EQ(IdOf(status), "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(ItemOf(status), "e2");
}

TEST(CheckChange, CorrectionThatMovesAFactIsJudgedAtItsNewTime) {
  Timeline before;
  before.Add(EventOf("e1", 1, 0, kReceived));
  before.Add(EventOf("e2", 2, 1, kLinked));
  before.Add(EventOf("e3", 3, 2, kUnlinked));
  const auto moved_to = [&](double hours) {
    return Judge(
        before,
        With(before, Corrected(4, "e2", kLinked, "replacement_occurred_time" + Time(hours))),
        {"e2"});
  };
  EXPECT_TRUE(moved_to(1.5).ok());
  EXPECT_EQ(IdOf(moved_to(-1)), "BEFORE_RECORD_BEGAN");
  EXPECT_EQ(IdOf(moved_to(3)), "LATER_FACT_WOULD_BREAK");
  EXPECT_EQ(ItemOf(moved_to(3)), "e3");
}

TEST(CheckChange, DoesNotBlameTheChangeForFailuresThatWereThereBefore) {
  Timeline before;
  before.Add(EventOf("e1", 1, 0, kReceived));
  before.Add(EventOf("e2", 2, 1, kEnded));
  before.Add(EventOf("e3", 3, 2, kEnded));  // recorded when no rule forbade it
  const Timeline after = With(before, EventOf("e4", 4, 1.5, kLinked));
  EXPECT_TRUE(Judge(before, after, {"e4"}).ok());
}

}  // namespace
}  // namespace caseledger::domain
