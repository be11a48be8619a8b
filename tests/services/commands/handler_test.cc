// What every command goes through: identity, repetition, revisions, names, imports, completion.
#include "caseledger/v1/deadlines.pb.h"
#include "eventstore/base/hash.h"
#include "google/rpc/error_details.pb.h"
#include "services/commands/validation.h"
#include "services/domain/contact/contact.h"
#include "tests/services/commands/centre.h"
#include "tests/support/memory_vault.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr RecordKind kCaseKind = RecordKind::RECORD_KIND_CASE_RECORD;
constexpr char kContact[] = "contact_received { channel: 'phone' line: '18001769' }";

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() { centre_.RegisterAgencies(); }

  static std::vector<std::string> DataQuality(const Centre::Result& result) {
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    return {result->events(0).data_quality().begin(), result->events(0).data_quality().end()};
  }

  Centre centre_;
};

TEST_F(HandlerTest, SameRequestGivesTheFirstAnswerAgain) {
  v1::Command command = centre_.Command("", 1, kContact);
  const auto first = centre_.Send(command);
  ASSERT_TRUE(first.ok()) << first.status();
  command.mutable_header()->set_correlation_id(Id(5));
  const auto again = centre_.Send(command);

  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(first->already_recorded());
  EXPECT_TRUE(again->already_recorded());
  // The id that the server chose is that of the first answer.
  EXPECT_EQ(again->record_id(), first->record_id());
  EXPECT_EQ(again->events(0).SerializeAsString(), first->events(0).SerializeAsString());
  centre_.Reopen();
  EXPECT_EQ(centre_.Send(command)->events(0).SerializeAsString(),
            first->events(0).SerializeAsString());
}

TEST_F(HandlerTest, TheSameRequestMayNameItsLedgerOrNot) {
  v1::Command command = centre_.Command("", 1, kContact);
  command.mutable_header()->clear_ledger();
  const auto first = centre_.Send(command);
  ASSERT_TRUE(first.ok()) << first.status();
  command.mutable_header()->set_ledger(kLedgerName);
  const auto again = centre_.Send(command);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->already_recorded());
}

TEST_F(HandlerTest, SameRequestIdWithOtherContentIsRefused) {
  v1::Command command = centre_.Command("", 1, kContact);
  ASSERT_TRUE(centre_.Send(command).ok());
  command.mutable_fact()->mutable_contact_received()->set_line("113");
  EXPECT_EQ(ReasonIdOf(centre_.Send(command)), "REQUEST_ID_REUSED");

  // Of another agency it is another request.
  const auto other = centre_.Send(command, Worker("hospital"));
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->already_recorded());
}

TEST_F(HandlerTest, EventIdsAreDerivedFromRequestAgencyAndOrdinal) {
  const v1::Command command = centre_.Command("", 1, kContact);
  const auto result = centre_.Send(command);
  ASSERT_TRUE(result.ok());
  const Uuid request = *Uuid::Parse(command.header().request_id());
  EXPECT_EQ(result->events(0).event_id(), Uuid::FromName(request, "hotline/0").ToString());
}

TEST_F(HandlerTest, RefusedRequestIdMayBeUsedAgain) {
  v1::Command command =
      centre_.Command(Id(9), 1, "contact_ended { outcome: CONTACT_OUTCOME_PRANK }");
  EXPECT_EQ(ReasonIdOf(centre_.Send(command)), "RECORD_UNKNOWN");
  centre_.Given(Id(9), 0, kContact);
  EXPECT_TRUE(centre_.Send(command).ok());
}

TEST_F(HandlerTest, ExpectedRevisionIsHeldAgainstTheRecord) {
  v1::Command begin = centre_.Command(Id(9), 1, kContact);
  begin.mutable_header()->set_expected_revision(0);
  ASSERT_TRUE(centre_.Send(begin).ok());
  v1::Command begin_again = centre_.Command(Id(9), 1, kContact);
  begin_again.mutable_header()->set_expected_revision(0);
  EXPECT_TRUE(absl::IsAborted(centre_.Send(begin_again).status()));

  const auto classify = [&](int64_t revision) {
    v1::Command command = centre_.Command(Id(9), 2, "contact_classified { main_topic: 'child' }");
    command.mutable_header()->set_expected_revision(revision);
    return centre_.Send(command);
  };
  EXPECT_TRUE(classify(1).ok());
  const auto stale = classify(1);
  EXPECT_TRUE(absl::IsAborted(stale.status())) << stale.status();
  EXPECT_EQ(std::string(*stale.status().GetPayload("caseledger/current_revision")), "2");
  EXPECT_EQ(ReasonIdOf(classify(-1)), "INVALID_REQUEST");
}

TEST_F(HandlerTest, StaleRevisionIsToldBeforeAnyRule) {
  centre_.Given(Id(9), 1, kContact);
  centre_.Given(Id(9), 2, "contact_ended { outcome: CONTACT_OUTCOME_PRANK }");
  v1::Command command =
      centre_.Command(Id(9), 3, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  command.mutable_header()->set_expected_revision(1);
  EXPECT_TRUE(absl::IsAborted(centre_.Send(command).status()));
}

TEST_F(HandlerTest, UnknownUnitIsKeptAndFlagged) {
  centre_.Given("2024", 0,
                "admin_unit_registered { code: '22' kind: 'province' name: 'Quảng Ninh' }",
                Steward());
  const auto with_unit = [&](const std::string& code, const std::string& version) {
    return DataQuality(
        centre_.Try("", 1,
                    absl::StrCat("contact_received { channel: 'phone' unit { code: '", code,
                                 "' version: '", version, "' } }")));
  };
  EXPECT_THAT(with_unit("22", "2024"), Not(Contains("UNIT_UNKNOWN")));
  EXPECT_THAT(with_unit("06691", "2024"), Contains("UNIT_UNKNOWN"));
  EXPECT_THAT(with_unit("22", "2025"), Contains("UNIT_UNKNOWN"));
  // Also inside a nested message.
  EXPECT_THAT(DataQuality(centre_.Try("", 1,
                                      "person_registered { attributes { unit { code: 'x' version: "
                                      "'2024' } } }")),
              Contains("UNIT_UNKNOWN"));
}

TEST_F(HandlerTest, SuccessionsOfUnitsAreCorrectedAndVoidedLikeOtherFacts) {
  const auto unit = [&](const std::string& version, const std::string& code) {
    return centre_.Given(
        version, 0, "admin_unit_registered { code: '" + code + "' kind: 'province' name: 'x' }",
        Steward());
  };
  const auto succession = [](const std::string& code, const std::string& before, int share) {
    return absl::StrCat("unit_succession_recorded { code: '", code, "' predecessor { code: '",
                        before, "' version: '2024' } share_millionths: ", share,
                        " source: 'a resolution' }");
  };
  unit("2024", "22");
  const std::string after = unit("2026", "22");
  const auto recorded = centre_.Try("2026", 0, succession("22", "22", 600'000), Steward());
  EXPECT_THAT(DataQuality(recorded), Not(Contains("UNIT_UNKNOWN")));
  EXPECT_EQ(centre_.FactAt(centre_.size() - 1).unit_succession_recorded().version(), "2026");
  EXPECT_THAT(DataQuality(centre_.Try("2026", 0, succession("22", "31", 1'000'000), Steward())),
              Contains("UNIT_UNKNOWN"));
  EXPECT_EQ(ReasonIdOf(centre_.Try("2026", 0, succession("22", "22", 400'000), Steward())),
            "SUCCESSION_RECORDED");
  EXPECT_EQ(ReasonIdOf(centre_.Void(RecordKind::RECORD_KIND_ADMIN_UNITS, "2026", after, Steward())),
            "LATER_FACT_WOULD_BREAK");
  const std::string event = recorded->events(0).event_id();
  ASSERT_TRUE(centre_.Correct("2026", event, succession("22", "22", 1'000'000), Steward()).ok());
  const auto corrected = centre_.FactAt(centre_.size() - 1).fact_corrected().replacement();
  EXPECT_EQ(corrected.unit_succession_recorded().version(), "2026");
  ASSERT_TRUE(centre_.Void(RecordKind::RECORD_KIND_ADMIN_UNITS, "2026", event, Steward()).ok());
  EXPECT_TRUE(centre_.Try("2026", 0, succession("22", "22", 400'000), Steward()).ok());
}

TEST_F(HandlerTest, ReferencesTakeUuidNameAndSourceWithName) {
  centre_.Given(Id(1), 0,
                "person_registered { external_ref { source: 'a' value: 'P-1' } attributes {} }");
  centre_.Given(Id(2), 0,
                "person_registered { external_ref { source: 'a' value: 'P-2' } attributes {} }");
  centre_.Given(Id(3), 0,
                "person_registered { external_ref { source: 'b' value: 'P-2' } attributes {} }");
  const auto noted = [&](const std::string& about) {
    return centre_.Try("", 1,
                       absl::StrCat("contact_received { channel: 'phone' note { text: 'x' "
                                    "about_person_ids: '",
                                    about, "' } }"));
  };
  const auto resolved = [&](const std::string& about) {
    const auto result = noted(about);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? centre_.FactAt(result->events(0).position())
                             .contact_received()
                             .note()
                             .about_person_ids(0)
                       : "";
  };
  EXPECT_EQ(resolved(Id(1)), Id(1));
  EXPECT_EQ(resolved("P-1"), Id(1));
  EXPECT_EQ(resolved("a/P-2"), Id(2));
  EXPECT_EQ(resolved("b/P-2"), Id(3));
  EXPECT_TRUE(absl::IsInvalidArgument(noted("P-2").status()));
  EXPECT_EQ(ReasonIdOf(noted("P-9")), "REFERENCE_UNKNOWN");
  EXPECT_EQ(domain::ItemOf(noted(Id(77)).status()), "about_person_ids");
  // A record is named in the same ways.
  EXPECT_TRUE(centre_.Try("a/P-2", 1, "safe_contact_rule_set { may_call: true }").ok());
  centre_.Given(Id(9), 1, kContact);
  const auto forward = [&](const std::string& agency) {
    return ReasonIdOf(centre_.Try(Id(9), 2,
                                  absl::StrCat("report_forwarded { forward_id: 'f' to_agency_id: '",
                                               agency, "' ", TimeField("due_time", 20), "}")));
  };
  EXPECT_EQ(forward("nobody"), "REFERENCE_UNKNOWN");
  EXPECT_EQ(forward("hospital"), "OK");
}

TEST_F(HandlerTest, ReferencesInsideAReplacementAreResolved) {
  centre_.Given(Id(1), 0,
                "person_registered { external_ref { source: 'a' value: 'P-1' } attributes {} }");
  const std::string received = centre_.Given(Id(9), 0, kContact);
  ASSERT_TRUE(centre_
                  .Correct(Id(9), received,
                           "contact_received { channel: 'sms' note { about_person_ids: 'P-1' } }")
                  .ok());
  const auto fact = centre_.FactAt(centre_.size() - 1).fact_corrected().replacement();
  EXPECT_EQ(fact.contact_received().note().about_person_ids(0), Id(1));
}

TEST_F(HandlerTest, NamesAreUniquePerSourceAlsoWhenACorrectionGivesThem) {
  const std::string named =
      "person_registered { external_ref { source: 'a' value: 'P-1' } attributes {} }";
  centre_.Given(Id(1), 0, named);
  EXPECT_EQ(ReasonIdOf(centre_.Try(Id(2), 0, named)), "EXTERNAL_REF_TAKEN");
  const std::string other = centre_.Given(Id(2), 0, "person_registered { attributes {} }");
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(2), other, named)), "EXTERNAL_REF_TAKEN");
  ASSERT_TRUE(
      centre_
          .Correct(Id(2), other,
                   "person_registered { external_ref { source: 'a' value: 'P-2' } attributes {} }")
          .ok());
  EXPECT_TRUE(centre_.Try("a/P-2", 1, "safe_contact_rule_set {}").ok());
}

TEST_F(HandlerTest, ShortNamesMustBeKeys) {
  const auto named = [&](const std::string& name) {
    return ReasonIdOf(
        centre_.Try(name, 0, "agency_registered { kind: 'police' name_vi: 'x' }", Administrator()));
  };
  EXPECT_EQ(named("công an"), "INVALID_REQUEST");
  EXPECT_EQ(named(std::string(65, 'a')), "INVALID_REQUEST");
  EXPECT_EQ(named("ca-qn"), "OK");
}

TEST_F(HandlerTest, TextIsStoredInNfc) {
  const std::string decomposed = "Nguye\xCC\x82\xCC\x83n Thi\xCC\xA3 A\xCC\x81nh";
  const std::string composed = "Nguy\xE1\xBB\x85n Th\xE1\xBB\x8B \xC3\x81nh";
  const auto stored = [&](const std::string& name) {
    const auto result =
        centre_.Try("", 0,
                    absl::StrCat("person_registered { attributes { private_part { full_name: '",
                                 name, "' aliases: '", name, "' } } }"));
    EXPECT_TRUE(result.ok()) << result.status();
    return centre_.FactAt(result->events(0).position())
        .person_registered()
        .attributes()
        .private_part();
  };
  EXPECT_EQ(stored(decomposed).full_name(), composed);
  EXPECT_EQ(stored(decomposed).aliases(0), composed);
  EXPECT_EQ(stored(composed).full_name(), composed);
  EXPECT_EQ(stored("Anh  Ba").full_name(), "Anh  Ba");
}

TEST_F(HandlerTest, RecordBelongsToTheAgencyItWasImportedFor) {
  v1::Command command = centre_.Command(Id(7), 3, "contact_received { channel: 'phone' }");
  v1::ImportSource& source = *command.mutable_header()->mutable_import();
  source.set_source("sample");
  source.set_file("contacts.csv");
  source.set_row("1");
  source.set_on_behalf_of("hospital");
  ASSERT_TRUE(centre_.Send(command, Steward()).ok());
  centre_.Given(Id(8), 3, "contact_received { channel: 'phone' }");
  const auto registered_by = [&](int contact) {
    return domain::FoldAll<domain::ContactState>(
               centre_.History(RecordKind::RECORD_KIND_CONTACT, Id(contact)).in_order())
        .registered_by;
  };
  EXPECT_EQ(registered_by(7), "hospital");
  EXPECT_EQ(registered_by(8), "hotline");
}

TEST_F(HandlerTest, ImportsTurnWhoMayIntoDataQualityButKeepRules) {
  centre_.RegisterPerson(1);
  centre_.OpenCase(100, {1});
  const auto import = [&](const std::string& fact) {
    v1::Command command = centre_.Command(Id(100), 5, fact);
    v1::ImportSource& source = *command.mutable_header()->mutable_import();
    source.set_source("qn-csv");
    source.set_file("cases.csv");
    source.set_row("7");
    return command;
  };
  const v1::Command closing = import("case_closed { reason: 'goals_met' }");
  EXPECT_EQ(ReasonIdOf(centre_.Send(closing)), "IMPORT_NOT_ALLOWED");
  EXPECT_THAT(DataQuality(centre_.Send(closing, Steward())), Contains("CLOSURE_NEEDS_SUPERVISOR"));
  EXPECT_EQ(ReasonIdOf(centre_.Send(import("case_closed { reason: 'goals_met' }"), Steward())),
            "CASE_ALREADY_CLOSED");
}

TEST_F(HandlerTest, CorrectionsAreForTheAuthorAndSupervisorsOfTheAgency) {
  const std::string received = centre_.Given(Id(9), 0, kContact);
  const auto correct = [&](const Caller& caller, const std::string& line) {
    return ReasonIdOf(centre_.Correct(
        Id(9), received, absl::StrCat("contact_received { channel: 'phone' line: '", line, "' }"),
        caller));
  };
  EXPECT_EQ(correct(Worker("hotline", "binh"), "1"), "CORRECTION_NOT_ALLOWED");
  EXPECT_EQ(correct(Supervisor("hospital"), "1"), "RECORD_UNKNOWN");  // does not know of it
  EXPECT_EQ(correct(Worker(), "1"), "OK");
  EXPECT_EQ(correct(Supervisor(), "2"), "OK");  // the target again, not the correction
  EXPECT_EQ(centre_.History(RecordKind::RECORD_KIND_CONTACT, Id(9))
                .in_order()[0]
                .fact->contact_received()
                .line(),
            "2");
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(9), received,
                                       "contact_ended { outcome: CONTACT_OUTCOME_PRANK }")),
            "CORRECTION_OF_OTHER_TYPE");
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(9), Id(1), kContact)), "TARGET_UNKNOWN");
  const auto voided = [&](const std::string& target) {
    return ReasonIdOf(centre_.Void(RecordKind::RECORD_KIND_CONTACT, Id(9), target));
  };
  const std::string classified =
      centre_.Given(Id(9), 1, "contact_classified { main_topic: 'child' }");
  EXPECT_EQ(voided(classified), "OK");
  EXPECT_EQ(voided(classified), "TARGET_VOIDED");
  EXPECT_EQ(voided(received), "OK");
  EXPECT_EQ(voided(received), "RECORD_UNKNOWN");  // nobody stands to what was never there
}

class PlanTest : public HandlerTest {
 protected:
  PlanTest() {
    centre_.RegisterPerson(1);
    centre_.OpenCase(100, {1});
  }
  static std::string Draft(const std::string& text) {
    return absl::StrCat("plan_drafted { plan_id: 'k' private_part { text: '", text, "' } }");
  }
  event::v1::PlanDrafted Plan() {
    const uint64_t position = centre_.Stream(kCaseKind, Id(100)).back().position;
    const event::v1::Fact fact = centre_.FactAt(position);
    return fact.has_fact_corrected() ? fact.fact_corrected().replacement().plan_drafted()
                                     : fact.plan_drafted();
  }
  Centre::Result Approve(const std::string& hash, const Caller& caller) {
    v1::Command command = centre_.Command(Id(100), 4, "plan_approved { plan_id: 'k' }");
    command.mutable_fact()->mutable_plan_approved()->set_content_hash(hash);
    return centre_.Send(command, caller);
  }
};

TEST_F(PlanTest, ApprovalNamesTheSaltedHashOfTheText) {
  centre_.Given(Id(100), 3, Draft("kế hoạch"), Supervisor());
  const event::v1::PlanDrafted plan = Plan();
  EXPECT_EQ(plan.private_part().salt().size(), 16u);
  EXPECT_EQ(plan.content_hash(),
            std::string(Sha256({plan.private_part().salt(), plan.private_part().text()}).raw()));
  const Caller other = Supervisor("hotline", "chi");
  EXPECT_EQ(ReasonIdOf(Approve(std::string(32, 'x'), other)), "PLAN_HASH_DIFFERS");
  EXPECT_EQ(ReasonIdOf(Approve(plan.content_hash(), Worker())), "ACCESS_DENIED");
  EXPECT_EQ(ReasonIdOf(Approve(plan.content_hash(), Supervisor())), "PLAN_APPROVER_IS_DRAFTER");
  EXPECT_EQ(ReasonIdOf(Approve(plan.content_hash(), other)), "OK");
}

TEST_F(PlanTest, HashThatHoldsANulIsNoReasonToRefuse) {
  centre_.Given(Id(100), 3, Draft("x"));
  EXPECT_EQ(ReasonIdOf(Approve(std::string(32, '\0'), Supervisor())), "PLAN_HASH_DIFFERS");
}

TEST_F(PlanTest, CorrectedPlanGetsAHashOfItsOwn) {
  const std::string drafted = centre_.Given(Id(100), 3, Draft("first"));
  const std::string old_hash = Plan().content_hash();
  ASSERT_TRUE(centre_.Correct(Id(100), drafted, Draft("second")).ok());
  EXPECT_EQ(Plan().content_hash().size(), 32u);
  EXPECT_EQ(ReasonIdOf(Approve(old_hash, Supervisor())), "PLAN_HASH_DIFFERS");
  EXPECT_EQ(ReasonIdOf(Approve(Plan().content_hash(), Supervisor())), "OK");
}

TEST_F(HandlerTest, CallerMustBeNamed) {
  access::Call nobody;
  nobody.agency = "hotline";
  const auto refused = centre_.StartAs(centre_.Command("", 1, kContact), nobody).get();
  EXPECT_EQ(ReasonIdOf(refused), "CALLER_UNKNOWN");
  EXPECT_TRUE(absl::IsUnauthenticated(refused.status()));
}

TEST_F(HandlerTest, LedgerMustBeHosted) {
  v1::Command command = centre_.Command("", 1, kContact);
  command.mutable_header()->set_ledger("elsewhere");
  EXPECT_EQ(ReasonIdOf(centre_.Send(command)), "LEDGER_UNKNOWN");
}

// Empty ledgers of those names.
class LedgersTest : public ::testing::Test {
 protected:
  void Host(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      ASSERT_TRUE(eventstore::CreateLedger(engine_, name, clock_, SystemRandom()).ok());
      commands::LedgerParts parts;
      parts.name = name;
      eventstore::SequencerOptions options;
      options.clock = &clock_;
      options.sealer = &vault_.sealer();
      parts.log = *eventstore::OpenLog(engine_, name, options);
      ledgers_.Add(std::move(parts));
    }
  }

  FakeClock clock_{AtHour(20'000)};
  MemoryVault vault_{clock_};
  eventstore::MemoryEngine engine_;
  commands::Ledgers ledgers_;
};

TEST_F(LedgersTest, SeveralLedgersMustBeNamed) {
  Host({"a", "b"});
  EXPECT_EQ(ReasonIdOf(ledgers_.Find("")), "LEDGER_NEEDED");
  EXPECT_EQ(ReasonIdOf(ledgers_.Find("c")), "LEDGER_UNKNOWN");
  EXPECT_EQ((*ledgers_.Find("b"))->parts.name, "b");
  EXPECT_EQ(ledgers_.All().size(), 2u);
}

TEST_F(LedgersTest, AccessTrailsDoNotCountAsLedgersToChooseFrom) {
  EXPECT_EQ(ReasonIdOf(ledgers_.Find("")), "LEDGER_UNKNOWN");
  Host({"a", "a.access"});
  EXPECT_EQ((*ledgers_.Find(""))->parts.name, "a");
  EXPECT_EQ((*ledgers_.Find("a.access"))->parts.name, "a.access");
  EXPECT_TRUE((*ledgers_.Find("a.access"))->is_trail());
  EXPECT_EQ(ledgers_.All().size(), 2u);
}

TEST_F(LedgersTest, NoCommandWritesToAnAccessTrail) {
  Host({"qn.access"});
  commands::CommandHandler handler(ledgers_, clock_, SystemRandom());
  Centre centre;
  v1::Command command = centre.Command("", 1, kContact);
  command.mutable_header()->set_ledger("qn.access");
  std::string reason;
  handler.Submit(
      command, Worker().Call(),
      [&reason](const absl::StatusOr<v1::CommandResult>& result) { reason = ReasonIdOf(result); });
  EXPECT_EQ(reason, "TRAIL_LEDGER");
}

// A correction may not be judged by less than the fact was.
TEST_F(HandlerTest, LegalBasisOfAReferralHoldsForItsCorrection) {
  centre_.RegisterPerson(1);
  centre_.OpenCase(100, {1});
  const std::string sent =
      "referral_sent { referral_id: 'r' person_id: '" + Id(1) +
      "' from_agency_id: 'hotline' to_agency_id: 'hospital' service: 'legal' }";
  v1::Command command = centre_.Command(Id(100), 3, sent);
  EXPECT_EQ(ReasonIdOf(centre_.Send(command)), "CONSENT_MISSING");
  command.mutable_header()->set_legal_basis("Law 13/2022");
  const auto result = centre_.Send(command);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ReasonIdOf(centre_.Correct(Id(100), result->events(0).event_id(), sent, Worker(), 4)),
            "OK");
}

}  // namespace
}  // namespace caseledger::testing
