// deploy/access/rules.txt: the whole of it as a table, and what must hold whatever it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>

#include "services/access/rules/actions.h"
#include "services/access/rules/names.h"
#include "services/access/rules/rules.h"
#include "tests/services/access/rules_matrix.h"

namespace caseledger::testing {
namespace {

using access::Answer;
using access::Level;
using access::Question;
using access::Refusal;
using access::Relation;
using access::Relations;
using access::Rules;
using options::v1::RecordKind;
using Roles = std::set<std::string>;

constexpr char kRulesPath[] = "deploy/access/rules.txt";
constexpr char kMatrixPath[] = "tests/services/access/golden/rules_matrix.txt";
constexpr char kRenew[] = "CASELEDGER_RENEW_GOLDEN";
constexpr unsigned kAllRelations = (1U << access::kRelationCount) - 1;

// Actions that show something of a record, and not merely change it.
const std::set<std::string>& Reads() {
  static const auto& reads = *new std::set<std::string>{"GetCase",
                                                        "ReplayCase",
                                                        "ReplayRecord",
                                                        "ReplayLedger",
                                                        "Subscribe",
                                                        "ListCases",
                                                        "CheckClosure",
                                                        "ExportRecord",
                                                        "GetOccupancy",
                                                        "ListReferrals",
                                                        "ListAccess",
                                                        "ListDenials",
                                                        "ListDisclosures",
                                                        "ListBreakGlass",
                                                        "ExplainAccess",
                                                        "GetErasure",
                                                        "ListDueRequests",
                                                        "SearchPersons",
                                                        "ListRetentionDue",
                                                        "ExportPersonData",
                                                        "ListWorkItems",
                                                        "ListPublishedReports",
                                                        "ListDataQuality",
                                                        "GetPublishedReport",
                                                        "ListDuplicateCandidates"};
  return reads;
}

bool IsOfPeople(RecordKind kind) {
  return kind == options::v1::RECORD_KIND_CONTACT || kind == options::v1::RECORD_KIND_PERSON ||
         kind == options::v1::RECORD_KIND_CASE_RECORD;
}

Relations RelationsOf(unsigned bits) {
  Relations relations;
  for (int i = 0; i < access::kRelationCount; ++i) {
    if ((bits >> i & 1U) != 0) relations.Add(static_cast<Relation>(i));
  }
  return relations;
}

std::string Describe(const Question& question) {
  std::string text = "may " + ::testing::PrintToString(*question.roles) + " " +
                     std::string(question.action) + " on " + access::NameOf(question.kind) +
                     " when " + ::testing::PrintToString(access::NamesOf(question.relations));
  if (question.consent) text += " with consent";
  if (question.purpose) text += " with purpose";
  if (question.warrant) text += " with warrant";
  return text;
}

class DefaultRulesTest : public ::testing::Test {
 protected:
  static const Rules& TheRules() {
    static const auto& rules =
        *new absl::StatusOr<Rules>(Rules::Parse(FileText(kRulesPath), access::PublicActions()));
    EXPECT_TRUE(rules.ok()) << rules.status();
    return *rules;
  }

  static std::vector<RecordKind> Kinds() {
    std::vector<RecordKind> kinds = access::AllKinds();
    kinds.push_back(options::v1::RECORD_KIND_UNSPECIFIED);
    return kinds;
  }

  // Every question of these roles: all actions, kinds, sets of relations and conditions. Sets of
  // relations are gone through where the roles could be allowed at all.
  static void ForAll(const Roles& roles,
                     const std::function<void(const Question&, const Answer&)>& look) {
    for (const std::string& action : access::PublicActions()) {
      for (const RecordKind kind : Kinds()) {
        const Question best{action, kind, &roles, RelationsOf(kAllRelations), true, true, true};
        const bool never = !TheRules().Ask(best).allowed();
        for (unsigned relations = 0; relations <= kAllRelations; ++relations) {
          if (never && (relations & (relations - 1)) != 0) continue;  // one by one is enough
          for (unsigned with = 0; with < 8; ++with) {
            if (::testing::Test::HasFailure()) return;  // the first says enough
            const Question question{action,           kind,
                                    &roles,           RelationsOf(relations),
                                    (with & 1U) != 0, (with & 2U) != 0,
                                    (with & 4U) != 0};
            look(question, TheRules().Ask(question));
          }
        }
      }
    }
  }

  static void ForAllRoles(const std::function<void(const Question&, const Answer&)>& look) {
    for (const std::string& role : access::KnownRoles()) ForAll({role}, look);
  }
};

TEST_F(DefaultRulesTest, SayWhatTheTableSays) {
  const std::string matrix = PrintMatrix(TheRules());
  if (std::getenv(kRenew) != nullptr) {
    std::ofstream(kMatrixPath, std::ios::binary) << matrix;
    FAIL() << "wrote " << kMatrixPath << "; read what changed, then run without " << kRenew;
  }
  EXPECT_EQ(matrix, FileText(kMatrixPath))
      << "an answer changed. If it should: " << kRenew
      << "=1 access_default_rules_test --gtest_filter='*Table*', then read the difference";
}

TEST_F(DefaultRulesTest, DecideEveryMethodThatTheProtosDeclare) {
  std::map<std::string, std::string> declared;  // method to file
  const std::regex method("^\\s*rpc\\s+(\\w+)\\(");
  for (const auto& entry : std::filesystem::directory_iterator("proto/caseledger/v1")) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, method)) continue;
      EXPECT_TRUE(declared.emplace(match[1].str(), entry.path()).second)
          << match[1] << " is declared twice: a rule could not tell them apart";
    }
  }
  ASSERT_GT(declared.size(), 100u) << "run from the top of the source tree";
  std::set<std::string> expected{"Import", "Refer"};
  for (const auto& [name, file] : declared) expected.insert(name);
  EXPECT_EQ(access::PublicActions(), expected)
      << "a file of proto/caseledger/v1 is missing in services/access/rules/actions.cc";
}

TEST_F(DefaultRulesTest, NameEveryRole) {
  const Roles known(access::KnownRoles().begin(), access::KnownRoles().end());
  EXPECT_EQ(TheRules().Roles(), known);
  EXPECT_EQ(TheRules().version(), 1u);
  EXPECT_EQ(TheRules().referral_grace(), 14 * 24 * 3600 * kMicrosPerSecond);
  EXPECT_EQ(TheRules().longest_break_glass(), 4 * 3600 * kMicrosPerSecond);
}

TEST_F(DefaultRulesTest, AllowNothingWithoutARole) {
  for (const Roles& roles : {Roles{}, Roles{"visitor"}}) {
    ForAll(roles, [](const Question& question, const Answer& answer) {
      ASSERT_EQ(answer.refusal, Refusal::kNoRole) << Describe(question);
      ASSERT_EQ(answer.line, 0u);
      ASSERT_EQ(answer.level, Level::kNothing);
    });
  }
}

TEST_F(DefaultRulesTest, ShowAdministratorsAndDashboardsNothingOfPeople) {
  for (const std::string role : {"administrator", "dashboard_viewer"}) {
    ForAll({role}, [](const Question& question, const Answer& answer) {
      if (!IsOfPeople(question.kind)) return;
      ASSERT_FALSE(answer.allowed()) << Describe(question);
      ASSERT_EQ(answer.level, Level::kNothing) << Describe(question);
    });
  }
}

TEST_F(DefaultRulesTest, ShowAdministratorsNothingOfPeopleWhateverOtherRoleTheyHave) {
  for (const std::string& other : access::KnownRoles()) {
    ForAll({"administrator", other}, [](const Question& question, const Answer& answer) {
      if (IsOfPeople(question.kind) || question.kind == options::v1::RECORD_KIND_SHELTER) {
        ASSERT_EQ(answer.level, Level::kNothing) << Describe(question);
        ASSERT_TRUE(!Reads().contains(std::string(question.action)) || !answer.allowed())
            << Describe(question);
      }
    });
  }
}

TEST_F(DefaultRulesTest, ShowDashboardsNothingButWhatEveryoneSees) {
  ForAll({"dashboard_viewer"}, [](const Question& question, const Answer& answer) {
    if (!answer.allowed()) return;
    const Roles other{"therapist"};
    Question theirs = question;
    theirs.roles = &other;
    ASSERT_TRUE(TheRules().Ask(theirs).allowed()) << Describe(question);
  });
}

TEST_F(DefaultRulesTest, ShowExactFiguresToThoseAloneWhoNeedThem) {
  for (const std::string& role : access::KnownRoles()) {
    const bool exact = role == "supervisor" || role == "data_steward" || role == "auditor";
    ForAll({role}, [exact](const Question& question, const Answer& answer) {
      if (question.action == "RunReport") {
        ASSERT_TRUE(exact || !answer.allowed()) << Describe(question);
      }
      if (question.kind != options::v1::RECORD_KIND_PUBLICATION) return;
      ASSERT_TRUE(exact || answer.level <= Level::kPublic) << Describe(question);
    });
  }
}

TEST_F(DefaultRulesTest, ShowPartnersWhatWasSharedAndOnlyWithConsent) {
  for (const std::string role : {"partner", "service"}) {
    ForAll({role}, [](const Question& question, const Answer& answer) {
      if (!IsOfPeople(question.kind)) return;
      ASSERT_LE(answer.level, Level::kShared) << Describe(question);
      // The offer, which names nobody, comes before any consent is looked at.
      if (question.action == "ListReferrals") {
        ASSERT_LE(answer.level, Level::kInternal) << Describe(question);
      } else if (!question.consent) {
        ASSERT_EQ(answer.level, Level::kNothing) << Describe(question);
      }
    });
  }
}

// What commands::Rights::AskToShow takes a short way by.
TEST_F(DefaultRulesTest, AllowMoreToWhoStandsCloserAndNeverLess) {
  ForAllRoles([](const Question& question, const Answer& answer) {
    Question stranger = question;
    stranger.relations = {};
    stranger.consent = false;
    const Answer less = TheRules().Ask(stranger);
    Question closest = question;
    closest.relations = RelationsOf(kAllRelations);
    closest.consent = true;
    const Answer more = TheRules().Ask(closest);
    ASSERT_TRUE(answer.allowed() || !less.allowed()) << Describe(question);
    ASSERT_TRUE(more.allowed() || !answer.allowed()) << Describe(question);
    ASSERT_LE(less.level, answer.level) << Describe(question);
    ASSERT_LE(answer.level, more.level) << Describe(question);
  });
}

TEST_F(DefaultRulesTest, ShowNobodyACaseThatWasOnlyOffered) {
  ForAllRoles([](const Question& question, const Answer& answer) {
    if (!IsOfPeople(question.kind) || question.action == "ListReferrals") return;
    if (question.relations != Relations{Relation::kOffered}) return;
    Question stranger = question;
    stranger.relations = {};
    ASSERT_EQ(answer.level, TheRules().Ask(stranger).level) << Describe(question);
    if (Reads().contains(std::string(question.action))) {
      ASSERT_EQ(answer.allowed(), TheRules().Ask(stranger).allowed()) << Describe(question);
    }
  });
}

TEST_F(DefaultRulesTest, ShowTheAddressToTheSheltersStaffAndThoseBringingSomebody) {
  bool shown = false;
  ForAllRoles([&](const Question& question, const Answer& answer) {
    if (answer.level < Level::kLocationSecret) return;
    shown = true;
    ASSERT_EQ(question.kind, options::v1::RECORD_KIND_SHELTER) << Describe(question);
    ASSERT_TRUE(question.relations.Has(Relation::kOwnShelter) ||
                question.relations.Has(Relation::kBringing))
        << Describe(question);
  });
  EXPECT_TRUE(shown);
}

TEST_F(DefaultRulesTest, LetNobodyChangeAnythingThroughBreakGlass) {
  bool read = false;
  ForAllRoles([&](const Question& question, const Answer& answer) {
    if (question.relations != Relations{Relation::kBreakGlass} || !answer.allowed()) return;
    Question stranger = question;
    stranger.relations = {};
    if (TheRules().Ask(stranger).allowed()) return;
    read = true;
    ASSERT_TRUE(Reads().contains(std::string(question.action))) << Describe(question);
    ASSERT_TRUE(IsOfPeople(question.kind)) << Describe(question);
    ASSERT_EQ(*question.roles, Roles{"case_worker"}) << Describe(question);
  });
  EXPECT_TRUE(read);
}

TEST_F(DefaultRulesTest, ShowStrangersOfPeopleNothingWithoutAPurpose) {
  ForAllRoles([](const Question& question, const Answer& answer) {
    if (!IsOfPeople(question.kind) || !question.relations.empty() || question.purpose) return;
    ASSERT_EQ(answer.level, Level::kNothing) << Describe(question);
    if (Reads().contains(std::string(question.action))) {
      ASSERT_FALSE(answer.allowed()) << Describe(question);
    }
  });
}

TEST_F(DefaultRulesTest, ShowAuditorsNamesWithAWarrantOnly) {
  ForAll({"auditor"}, [](const Question& question, const Answer& answer) {
    if (question.warrant && question.purpose) return;
    ASSERT_LE(answer.level, Level::kInternal) << Describe(question);
  });
}

TEST_F(DefaultRulesTest, ShowHotlineOperatorsNoCaseThatIsNotTheirs) {
  ForAll({"hotline_operator"}, [](const Question& question, const Answer& answer) {
    if (!Reads().contains(std::string(question.action)) || !answer.allowed()) return;
    if (question.kind == options::v1::RECORD_KIND_CASE_RECORD) {
      ASSERT_TRUE(question.relations.Has(Relation::kAssigned)) << Describe(question);
    }
    ASSERT_NE(question.kind, options::v1::RECORD_KIND_PERSON) << Describe(question);
  });
}

TEST_F(DefaultRulesTest, ListNothingThatAGetWouldDeny) {
  ForAllRoles([](const Question& question, const Answer& answer) {
    if (question.action != "ListCases" || !answer.allowed()) return;
    if (question.kind != options::v1::RECORD_KIND_CASE_RECORD) return;
    Question get = question;
    get.action = "GetCase";
    ASSERT_TRUE(TheRules().Ask(get).allowed()) << Describe(question);
    ASSERT_GE(TheRules().Ask(get).level, answer.level) << Describe(question);
  });
}

TEST_F(DefaultRulesTest, ExportOnlyWhatTheSameCallerMayReadInFull) {
  const std::map<RecordKind, Level> whole{
      {options::v1::RECORD_KIND_CONTACT, Level::kSensitive},
      {options::v1::RECORD_KIND_PERSON, Level::kSensitive},
      {options::v1::RECORD_KIND_CASE_RECORD, Level::kSensitive},
      {options::v1::RECORD_KIND_ACCESS_TRAIL, Level::kSensitive},
      {options::v1::RECORD_KIND_SHELTER, Level::kLocationSecret}};
  ForAllRoles([&](const Question& question, const Answer& answer) {
    if (question.action != "ExportRecord" || !answer.allowed()) return;
    const auto all = whole.find(question.kind);
    const Level needed = all == whole.end() ? Level::kInternal : all->second;
    ASSERT_GE(answer.level, needed) << Describe(question);
    Question read = question;
    read.action = "ReplayRecord";
    ASSERT_GE(TheRules().Ask(read).level, needed) << Describe(question);
  });
}

TEST_F(DefaultRulesTest, NeverTakeARightAwayForOneMoreRelationOrCondition) {
  ForAllRoles([](const Question& question, const Answer& answer) {
    if (!answer.allowed()) return;
    const auto expect_no_less = [&](const Question& more) {
      const Answer richer = TheRules().Ask(more);
      ASSERT_TRUE(richer.allowed()) << Describe(more);
      ASSERT_GE(richer.level, answer.level) << Describe(more);
    };
    for (int i = 0; i < access::kRelationCount; ++i) {
      Question more = question;
      more.relations.Add(static_cast<Relation>(i));
      expect_no_less(more);
    }
    for (bool Question::*condition : {&Question::consent, &Question::purpose, &Question::warrant}) {
      Question more = question;
      more.*condition = true;
      expect_no_less(more);
    }
  });
}

TEST_F(DefaultRulesTest, NameARuleForEveryAnswerThatAllows) {
  ForAllRoles([](const Question& question, const Answer& answer) {
    if (answer.allowed() || answer.refusal == Refusal::kForbidden) {
      ASSERT_NE(TheRules().TextOfLine(answer.line), "") << Describe(question);
    } else {
      ASSERT_EQ(answer.line, 0u) << Describe(question);
    }
  });
}

TEST_F(DefaultRulesTest, LetLegalOfficersAloneHoldAndPrivacyOfficersAloneErase) {
  const std::map<std::string, Roles> alone{{"PlaceLegalHold", {"legal_officer"}},
                                           {"LiftLegalHold", {"legal_officer"}},
                                           {"DecideErasure", {"privacy_officer"}},
                                           {"ErasePerson", {"privacy_officer"}},
                                           {"AnswerDataRequest", {"privacy_officer"}},
                                           {"RestrictProcessing", {"privacy_officer"}},
                                           {"LiftRestriction", {"privacy_officer"}},
                                           {"ApproveErasure", {"privacy_officer", "supervisor"}}};
  std::map<std::string, Roles> found;
  ForAllRoles([&](const Question& question, const Answer& answer) {
    const std::string action(question.action);
    if (!answer.allowed() || !alone.contains(action)) return;
    found[action].insert(question.roles->begin(), question.roles->end());
    ASSERT_EQ(answer.level, Level::kNothing) << Describe(question);
    ASSERT_TRUE(question.purpose || question.roles->contains("supervisor")) << Describe(question);
  });
  EXPECT_EQ(found, alone);
  for (const auto& [action, roles] : alone) {
    if (roles == Roles{"privacy_officer"} && action != "DecideErasure" && action != "ErasePerson") {
      continue;
    }
    EXPECT_EQ(access::ActionOfCommand(action, options::v1::RECORD_KIND_PERSON, true), action)
        << "the right to import does not cover it";
  }
}

TEST_F(DefaultRulesTest, LetNobodyImportRightsAndOnlyAdministratorsGiveThem) {
  using access::ActionOfCommand;
  EXPECT_EQ(ActionOfCommand("OpenCase", options::v1::RECORD_KIND_CASE_RECORD, true), "Import");
  EXPECT_EQ(ActionOfCommand("OpenCase", options::v1::RECORD_KIND_CASE_RECORD, false), "OpenCase");
  EXPECT_EQ(ActionOfCommand("RegisterAgency", options::v1::RECORD_KIND_AGENCY, true), "Import");
  for (const std::string_view action : {"GrantRole", "EndRole", "CorrectFact", "VoidEvent"}) {
    EXPECT_EQ(ActionOfCommand(action, options::v1::RECORD_KIND_AGENCY, true), action);
  }
  for (const std::string_view action : {"LoadAccessRules", "CorrectFact", "VoidEvent"}) {
    EXPECT_EQ(ActionOfCommand(action, options::v1::RECORD_KIND_DEFINITION, true), action);
  }
  ForAllRoles([](const Question& question, const Answer& answer) {
    const bool correction = question.action == "CorrectFact" || question.action == "VoidEvent";
    const bool gives_rights =
        question.action == "GrantRole" || question.action == "EndRole" ||
        question.action == "LoadAccessRules" ||
        (correction && (question.kind == options::v1::RECORD_KIND_AGENCY ||
                        question.kind == options::v1::RECORD_KIND_DEFINITION));
    if (!gives_rights || !answer.allowed()) return;
    ASSERT_EQ(*question.roles, Roles{"administrator"}) << Describe(question);
  });
}

}  // namespace
}  // namespace caseledger::testing
