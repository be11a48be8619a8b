// `caseledger projection rebuild`: beside the live rows, which are the same afterwards.
#include <algorithm>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Rebuild : public SampleTest {
 protected:
  // Every projection as the program shows it.
  json Status() const {
    json status =
        json::parse(RunWell(Cast::Administrator(), {"projection", "status", "--format", "json"}),
                    nullptr, false);
    EXPECT_FALSE(status.is_discarded());
    return status.is_discarded() ? json::array() : status["projections"];
  }
  bool AllAreLiveAt(const json& applied_events) const {
    const json status = Status();
    return std::all_of(status.begin(), status.end(), [&](const json& row) {
      return row["state"] == "live" && row["applied_events"] == applied_events;
    });
  }

  // What came out when the last rebuild was compared.
  json Compared(const std::string& name) const {
    for (const json& row : Status()) {
      if (row["name"] == name && row.contains("comparison")) return row["comparison"];
    }
    return json::object();
  }

  std::string AllRows() const {
    return RunWell({"case", "list", "--all", "--format", "json"}) + Report() +
           RunWell({"referral", "list", "--of", "ctxh-qn", "--outbox", "--page-size", "1000",
                    "--format", "json"});
  }
};

TEST_F(Rebuild, GivesTheSameRowsAndGoesLiveAgain) {
  Use("rebuilt");
  LoadDefinitionAndImport();
  const auto worker = ClientOf({"lan", "ctxh-qn", "case_worker"});
  const std::string rows = AllRows();
  EXPECT_THAT(rows, AllOf(HasSubstr("CASE-2024-0086"), HasSubstr("police_other")));
  const uint64_t head = auditor().EventCount();
  const json projections = Status();
  EXPECT_EQ(projections.size(), 10u);
  for (const json& projection : projections) {
    const std::string name = projection["name"].get<std::string>();
    const std::string said =
        RunWell(Cast::Administrator(), {"projection", "rebuild", name, "--compare"});
    EXPECT_THAT(said, HasSubstr(name + " is being rebuilt, and compared"));
    EXPECT_EQ(AllRows(), rows) << "the live rows answer meanwhile: " << name;
    EXPECT_TRUE(Eventually([&] { return AllAreLiveAt(projection["applied_events"]); })) << name;
    EXPECT_EQ(AllRows(), rows) << name;
    EXPECT_TRUE(Eventually([&] { return Compared(name)["state"] == "same"; })) << Compared(name);
    EXPECT_EQ(Compared(name)["events"], projection["applied_events"]) << name;
  }
  EXPECT_THAT(RunWell(Cast::Administrator(), {"projection", "status"}),
              HasSubstr("events beside those before: 0 changed, 0 lost, 0 new"));
  EXPECT_EQ(auditor().EventCount(), head) << "a rebuild records nothing";
  const v1::CommandResult opened =
      worker->Record("", "case_opened { case_type: 'trafficking' owner_agency_id: 'ctxh-qn' }");
  EXPECT_THAT(AllRows(), HasSubstr(opened.record_id())) << "the rebuilt rows follow the ledger";
}

TEST_F(Rebuild, AProjectionIsPausedResumedAndDropped) {
  Use("rebuilt");
  const auto act = [&](const std::string& what) {
    return Run(Cast::Administrator(), {"projection", what, "case-list"});
  };
  const auto state = [&]() -> std::string {
    for (const json& row : Status()) {
      if (row["name"].get<std::string>().starts_with("case-list@")) return row["state"];
    }
    return "";
  };
  const auto worker = ClientOf({"lan", "ctxh-qn", "case_worker"});
  EXPECT_EQ(act("pause").code, 0);
  EXPECT_EQ(state(), "paused");
  worker->Record("", "case_opened { case_type: 'trafficking' owner_agency_id: 'ctxh-qn' }");
  const Finished behind = Run({"case", "list"});
  EXPECT_EQ(behind.code, 1);
  EXPECT_THAT(behind.err, HasSubstr("PAUSED"));
  EXPECT_EQ(act("pause").code, 1) << "it does not run";
  EXPECT_EQ(act("resume").code, 0);
  EXPECT_THAT(RunWell({"case", "list"}), HasSubstr("trafficking"));
  EXPECT_EQ(act("drop").code, 0);
  EXPECT_EQ(state(), "dropped");
  EXPECT_THAT(Run({"case", "list"}).err, HasSubstr("DROPPED"));
  EXPECT_EQ(act("rebuild").code, 0);
  EXPECT_TRUE(Eventually([&] { return state() == "live"; }));
  EXPECT_THAT(RunWell({"case", "list"}), HasSubstr("trafficking"));
  EXPECT_EQ(Run({"projection", "pause", "case-list"}).code, 1) << "not the auditor";
}

TEST_F(Rebuild, OfAnUnknownProjectionIsAnError) {
  Use("rebuilt");
  const Finished finished = Run(Cast::Administrator(), {"projection", "rebuild", "no-such-rows"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(Run(Cast::Administrator(), {"projection", "rebuild", "case-list@99"}).code, 1)
      << "not the version it has";
  EXPECT_EQ(Run(Cast::Administrator(), {"projection", "rebuild", "case-list"}).code, 0)
      << "the version may be left out";
  EXPECT_THAT(finished.err, HasSubstr("[PROJECTION_UNKNOWN]"));
}

}  // namespace
}  // namespace caseledger::testing
