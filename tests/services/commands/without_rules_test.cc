// A ledger without rules allows nothing to anybody, whatever was granted in it, until it is begun
// on the machine itself.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/access/rules/actions.h"
#include "tests/services/commands/centre.h"

namespace caseledger::testing {
namespace {

using commands::RecordKind;

CentreOptions NotBegun() {
  CentreOptions options;
  options.begun = false;
  return options;
}

class WithoutRules : public ::testing::Test {
 protected:
  WithoutRules() : centre_(NotBegun()) {
    for (const Caller& caller : callers_) {
      if (caller.roles.empty()) continue;
      RecordAsServer(caller.agency, "agency_registered { kind: 'centre' name_vi: 'Trung tâm' }");
      const std::string& role = *caller.roles.begin();
      RecordAsServer(caller.agency,
                     absl::StrCat("role_granted { grant_id: '", role, "' person_name: '",
                                  caller.actor, "' role: '", role, "' }"));
    }
  }

  void RecordAsServer(const std::string& record, const std::string& fact) {
    const auto result = centre_.SendFromServer(centre_.Command(record, 0, fact));
    EXPECT_TRUE(result.ok()) << fact << ": " << result.status();
  }

  // Each of an agency of their own, and a program.
  const std::vector<Caller> callers_ = {Administrator(),
                                        {"chi", "hospital", {"supervisor"}},
                                        {"an", "hotline", {"case_worker"}},
                                        {"tra", "thanh-tra", {"auditor"}, "audit", "QD-12"},
                                        {"", "hotline"}};
  Centre centre_;
};

TEST_F(WithoutRules, NobodyMayDoOrSeeAnything) {
  const auto* kinds = options::v1::RecordKind_descriptor();
  for (const Caller& caller : callers_) {
    const access::Call call = caller.Call();
    for (const std::string& action : access::PublicActions()) {
      for (int i = 0; i < kinds->value_count(); ++i) {
        const auto kind = static_cast<RecordKind>(kinds->value(i)->number());
        const auto verdict = centre_.ledger().read_rights.With(
            call, centre_.clock().Now(),
            [&](commands::Rights& rights) { return rights.Ask(action, kind); });
        ASSERT_TRUE(verdict.ok()) << verdict.status();
        EXPECT_FALSE(verdict->allowed()) << caller.actor << " " << action << " " << kind;
      }
    }
  }
}

TEST_F(WithoutRules, EveryCommandIsRefusedAndNothingRecorded) {
  const uint64_t size = centre_.size();
  v1::Command rules = centre_.Command("access-rules", 1, "access_rules_loaded {}");
  rules.mutable_fact()->mutable_access_rules_loaded()->set_text(DeliveredRules());
  std::vector<v1::Command> commands = {
      rules,
      centre_.Command("hotline", 1,
                      "role_granted { grant_id: 'g' person_name: 'an' role: 'administrator' }"),
      centre_.Command("new", 1, "agency_registered { kind: 'centre' name_vi: 'Trung tâm' }"),
      centre_.Command(Id(1), 1, "contact_received { channel: 'phone' }"),
      centre_.Command(Id(2), 1, "person_registered { attributes {} }"),
      centre_.Command(Id(3), 1,
                      "case_opened { case_type: 'trafficking' owner_agency_id: 'hotline' }")};
  v1::Command imported = commands[3];
  imported.mutable_header()->mutable_import()->set_source("sample");
  imported.mutable_header()->mutable_import()->set_file("contacts.csv");
  imported.mutable_header()->mutable_import()->set_row("1");
  for (const Caller& caller : callers_) {
    for (const v1::Command& command : commands) {
      const auto result = centre_.Send(command, caller);
      EXPECT_EQ(ReasonIdOf(result), "ACCESS_DENIED") << caller.actor << " " << command.record_id();
    }
    EXPECT_EQ(ReasonIdOf(centre_.Send(imported, caller)), "IMPORT_NOT_ALLOWED") << caller.actor;
  }
  EXPECT_EQ(centre_.size(), size);
}

TEST(BootstrapOfALedger, IsWhatItsAdministratorCanBeginWith) {
  Centre centre(NotBegun());
  const v1::Command command =
      centre.Command("hospital", 1, "agency_registered { kind: 'centre' name_vi: 'Trung tâm' }");
  EXPECT_EQ(ReasonIdOf(centre.Send(command, Administrator())), "ACCESS_DENIED");
  centre.Begin();
  EXPECT_EQ(ReasonIdOf(centre.Send(command, Administrator())), "OK");
  EXPECT_EQ(ReasonIdOf(centre.Try("", 1, "contact_received { channel: 'phone' }")), "OK");
}

}  // namespace
}  // namespace caseledger::testing
