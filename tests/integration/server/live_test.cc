// Dashboards that are watched.
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "caseledger/v1/access.grpc.pb.h"
#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "tests/integration/support/server_fixture.h"
#include "tests/integration/support/watcher.h"

namespace caseledger::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kOpenCases[] = "panels { cases { phase: 'open' } }";

std::vector<std::string> LiveKeysOf(const v1::PanelChange& change) {
  std::vector<std::string> keys;
  for (const v1::PanelRow& row : change.rows()) keys.push_back(row.key());
  return keys;
}

class Live : public ServerTest {
 protected:
  v1::ListCasesResponse Cases(const Client& asker, const v1::ListCasesRequest& question) {
    v1::ListCasesRequest request = question;
    request.set_min_position(client().EventCount() - 1);
    const auto answer = asker.Call<v1::ListCasesResponse>("DashboardService/ListCases", request);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }
  // What is followed is what is answered.
  void ExpectSame(const cli::FollowedPanel& followed, const v1::ListCasesResponse& answer) {
    ASSERT_EQ(static_cast<int>(followed.rows().size()), answer.cases_size());
    for (int i = 0; i < answer.cases_size(); ++i) {
      EXPECT_EQ(followed.rows()[static_cast<size_t>(i)].case_row().SerializeAsString(),
                answer.cases(i).SerializeAsString());
    }
    EXPECT_EQ(followed.more(), !answer.next_page_token().empty());
  }
  void Close(const std::string& case_id) {
    client().Record(case_id, "case_closed { reason: 'goals_met' }");
  }
  grpc::Status EndOf(const Client& asker, const std::string& request) {
    Watcher watcher(asker, WatchRequest(request));
    while (watcher.ReadOne()) {
    }
    return watcher.Finish();
  }
};

TEST_F(Live, FirstTheWholeAnswerAndThenWhatChanges) {
  const std::string first = OpenCase();
  Watcher watcher(client(), WatchRequest(kOpenCases));
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  EXPECT_THAT(watcher.panels[0].rows(), SizeIs(1));

  AdvanceSeconds(1);  // newest first
  const std::string second = OpenCase();
  ASSERT_TRUE(watcher.ReadUntilRows([](const auto& rows) { return rows.size() == 2; }));
  ASSERT_EQ(watcher.last.changes_size(), 1);
  EXPECT_FALSE(watcher.last.changes(0).whole());
  EXPECT_THAT(LiveKeysOf(watcher.last.changes(0)), ElementsAre(second)) << "nothing of the first";

  client().Record(first, "risk_assessed { risk: RISK_HIGH }");
  ASSERT_TRUE(watcher.ReadUntilRows(
      [&](const auto& rows) { return rows.size() == 2 && rows[1].case_row().risk() == "high"; }));
  EXPECT_THAT(LiveKeysOf(watcher.last.changes(0)), ElementsAre(first));

  Close(first);
  ASSERT_TRUE(watcher.ReadUntilRows([](const auto& rows) { return rows.size() == 1; }));
  EXPECT_THAT(watcher.last.changes(0).removed_keys(), ElementsAre(first));
  EXPECT_THAT(watcher.last.changes(0).rows(), IsEmpty());
  EXPECT_EQ(watcher.last.ledger_events(), client().EventCount());
}

TEST_F(Live, ManyPanelsAreOneStreamAndEachIsToldForItself) {
  RegisterAgency("bv-qn");
  Watcher watcher(
      client(),
      WatchRequest(
          "panels { cases {} } panels { cases { phase: 'closed' } } "
          "panels { referrals { agency_id: 'bv-qn' direction: REFERRAL_DIRECTION_INBOX } }"));
  ASSERT_TRUE(watcher.ReadOne());
  EXPECT_EQ(watcher.last.changes_size(), 3) << "also those that are empty";
  const std::string opened = OpenCase();
  ASSERT_TRUE(watcher.ReadUntilRows([](const auto& rows) { return rows.size() == 1; }));
  EXPECT_THAT(watcher.panels[1].rows(), IsEmpty());
  Close(opened);
  ASSERT_TRUE(watcher.ReadUntilRows([](const auto& rows) { return rows.size() == 1; }, 1));
  ASSERT_TRUE(watcher.ReadUntilRows(
      [](const auto& rows) { return rows[0].case_row().phase() == "closed"; }, 0));
}

// Much happens and a lot is told, but not often, and in the end just what is so.
TEST_F(Live, AtMostFourMessagesASecond) {
  Watcher watcher(client(), WatchRequest("panels { cases { page_size: 200 } }"));
  ASSERT_TRUE(watcher.ReadOne());
  const auto begun = std::chrono::steady_clock::now();
  std::thread writer([this] {
    for (int i = 0; i < 300; ++i) OpenCase();
  });
  std::vector<std::chrono::steady_clock::time_point> told;
  while (watcher.panels[0].rows().size() < 200) {
    ASSERT_TRUE(watcher.ReadOne());
    told.push_back(std::chrono::steady_clock::now());
  }
  writer.join();
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  const auto lasted = std::chrono::steady_clock::now() - begun;
  EXPECT_LE(watcher.messages, 2 + lasted / std::chrono::milliseconds(250));
  v1::ListCasesRequest question;
  question.set_page_size(200);
  ExpectSame(watcher.panels[0], Cases(client(), question));
  EXPECT_TRUE(watcher.panels[0].more());
}

// What happens while nobody reads is told in few messages, whatever it was.
TEST_F(Live, ASlowReaderIsCaughtUp) {
  Watcher watcher(client(), WatchRequest("panels { cases { page_size: 200 } }"));
  for (int i = 0; i < 200; ++i) OpenCase();
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  const v1::ListCasesResponse cases = Cases(client(), [] {
    v1::ListCasesRequest question;
    question.set_page_size(200);
    return question;
  }());
  const int before = watcher.messages;
  // Every row changes five times: a message of all of them is larger than what a connection holds
  // for a client that does not read.
  for (const char* risk : {"RISK_HIGH", "RISK_LOW", "RISK_HIGH", "RISK_LOW", "RISK_HIGH"}) {
    for (const v1::CaseRow& row : cases.cases()) {
      client().Record(row.case_id(), std::string("risk_assessed { risk: ") + risk + " }");
    }
  }
  const uint64_t all = client().EventCount();
  int stale = 0;
  while (watcher.panels[0].reflected_events() < all) {
    ASSERT_TRUE(watcher.ReadOne());
    ++stale;
  }
  // What was on its way when the reader stopped, and then one that catches up.
  EXPECT_LE(stale, 12) << "of some " << (watcher.messages - before);
  for (const v1::PanelRow& row : watcher.panels[0].rows()) {
    EXPECT_EQ(row.case_row().risk(), "high");
  }
}

TEST_F(Live, WhatTheClockChangesIsToldThoughNothingHappens) {
  std::ifstream file("deploy/deadlines/default.textproto");
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_FALSE(text.str().empty()) << "run from the top of the source tree";
  v1::Command command = CommandOf("deadlines/default", "deadlines_loaded {}");
  command.mutable_fact()->mutable_deadlines_loaded()->set_text(text.str());
  client().Record(command);
  client().Record("", "case_opened { case_type: 'child_protection' owner_agency_id: 'ctxh-qn' }");
  Watcher watcher(client(), WatchRequest("panels { work_items { state: 'overdue' } }"));
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  EXPECT_THAT(watcher.panels[0].rows(), IsEmpty());
  AdvanceSeconds(13 * 3'600);
  ASSERT_TRUE(watcher.ReadUntilRows([](const auto& rows) { return rows.size() == 1; }));
  EXPECT_EQ(watcher.panels[0].rows()[0].work_item().deadline_id(), "first_measures");
}

TEST_F(Live, ARightThatEndsTakesTheRowsBackOrEndsTheStream) {
  const Who lan{"lan", "ctxh-qn", "case_worker"};
  const Client worker(cast(), "", lan);
  worker.Admit(lan);
  OpenCase();
  Watcher watcher(worker, WatchRequest(kOpenCases));
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  EXPECT_THAT(watcher.panels[0].rows(), SizeIs(1));
  // The case goes to an agency that Lan is not of.
  RegisterAgency("ctxh-hl");
  client().Record(watcher.panels[0].rows()[0].case_row().case_id(),
                  "owner_assigned { owner_agency_id: 'ctxh-hl' }");
  ASSERT_TRUE(watcher.ReadUntilRows([](const auto& rows) { return rows.empty(); }));
  // And Lan is no case worker any more.
  const auto ended = client().Send(
      CommandOf("ctxh-qn", "role_ended { grant_id: 'lan/case_worker' }"), Cast::Administrator());
  ASSERT_TRUE(ended.ok()) << ended.status.error_message();
  while (watcher.ReadOne()) {
  }
  EXPECT_EQ(watcher.Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(Live, EachQuestionNeedsItsOwnRight) {
  const Client viewer(cast(), "", {"bao-cao", "so-qn", "dashboard_viewer"});
  for (const char* request :
       {kOpenCases, "panels { work_items {} }",
        "panels { referrals { agency_id: 'ctxh-qn' direction: REFERRAL_DIRECTION_INBOX } }",
        "panels { report { report_id: 'x' from_time { seconds: 1 } to_time { seconds: 2 } } }"}) {
    EXPECT_EQ(EndOf(viewer, request).error_code(), grpc::StatusCode::PERMISSION_DENIED) << request;
  }
  // One question too many, and nothing is told at all.
  const Client worker(cast(), "", {"lan", "ctxh-qn", "case_worker"});
  Watcher watcher(worker, WatchRequest("panels { cases {} } panels { report { report_id: 'x' "
                                       "from_time { seconds: 1 } to_time { seconds: 2 } } }"));
  EXPECT_FALSE(watcher.ReadOne());
  EXPECT_EQ(watcher.Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(Live, WhatCannotBeWatchedIsRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"", "panels"},
      {"panels {}", "panels[0]"},
      {"panels { cases { page_token: 'x' } }", "panels[0].cases.page_token"},
      {"panels { cases {} } panels { cases { as_of { position: 1 } } }", "panels[1].cases.as_of"},
      {"panels { cases { ledger: 'quang-ninh' } }", "panels[0].cases.ledger"},
      {"panels { cases { page_size: 201 } }", "panels[0].cases.page_size"},
      {"panels { occupancy {} }", "panels[0].occupancy.shelter_id"},
      {"panels { cases {} } interval_ms: 60001", "interval_ms"}};
  for (const auto& [request, field] : bad) {
    const grpc::Status status = EndOf(client(), request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << request;
    EXPECT_THAT(status.error_message(), HasSubstr(field)) << request;
  }
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += "panels { cases {} } ";
  EXPECT_EQ(EndOf(client(), nine).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(EndOf(client(), "ledger: 'nowhere' panels { cases {} }").error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(EndOf(client(), "panels { work_items { state: 'done' } }").error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(EndOf(client(), "panels { cases { min_position: 1000000 } }").error_code(),
            grpc::StatusCode::OUT_OF_RANGE);
}

TEST_F(Live, AReadModelThatRestsIsSeenToLagAndThenCaughtUp) {
  Watcher watcher(client(), WatchRequest(kOpenCases));
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  const Client administrator(cast(), "", Cast::Administrator());
  v1::PauseProjectionRequest pause;
  pause.set_name("case-list");
  ASSERT_TRUE(
      administrator.Call<v1::PauseProjectionResponse>("AdminService/PauseProjection", pause).ok());
  OpenCase();
  const uint64_t events = client().EventCount();
  while (watcher.last.ledger_events() < events) ASSERT_TRUE(watcher.ReadOne());
  EXPECT_LT(watcher.panels[0].reflected_events(), events);
  EXPECT_THAT(watcher.panels[0].rows(), IsEmpty());
  v1::ResumeProjectionRequest resume;
  resume.set_name("case-list");
  ASSERT_TRUE(
      administrator.Call<v1::ResumeProjectionResponse>("AdminService/ResumeProjection", resume)
          .ok());
  ASSERT_TRUE(watcher.ReadUntil(events));
  EXPECT_THAT(watcher.panels[0].rows(), SizeIs(1));
}

TEST_F(Live, WhatIsToldIsOnTheTrailBefore) {
  const std::string case_id = OpenCase();
  Watcher watcher(client(), WatchRequest(kOpenCases));
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  AdvanceSeconds(1);
  const std::string later = OpenCase();
  ASSERT_TRUE(watcher.ReadUntilRows([](const auto& rows) { return rows.size() == 2; }));
  const Client trail(cast(), "quang-ninh.access");
  // While it runs, and each record once.
  for (const std::string& record : {case_id, later}) {
    v1::ListAccessRequest request;
    request.set_ledger("quang-ninh");
    request.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
    request.set_record_id(record);
    request.set_min_position(trail.EventCount() - 1);
    const auto answer = client().Call<v1::ListAccessResponse>("AccessService/ListAccess", request);
    ASSERT_EQ(answer.value.entries_size(), 1) << answer.value.DebugString();
    const event::v1::RecordAccessed& accessed = answer.value.entries(0).accessed();
    EXPECT_EQ(accessed.action(), "WatchDashboard");
    EXPECT_EQ(accessed.stage(), event::v1::TRAIL_STAGE_CONTINUED);
    EXPECT_EQ(accessed.level(), "sensitive") << "as ListCases would say";
  }
  const auto who = client().Call<v1::ListAccessResponse>("AccessService/ListAccess", [] {
    v1::ListAccessRequest request;
    request.set_ledger("quang-ninh");
    request.set_actor(Who{}.actor);
    request.set_agency_id(Who{}.agency);
    return request;
  }());
  std::vector<std::string> queries;
  for (const v1::TrailEntry& entry : who.value.entries()) {
    if (entry.accessed().stage() == event::v1::TRAIL_STAGE_OPENED) {
      queries.push_back(entry.accessed().query());
    }
  }
  EXPECT_THAT(queries, ElementsAre(AllOf(HasSubstr("ListCases (line "),
                                         HasSubstr("): owner_agency= phase=open"))));
}

TEST_F(Live, OnlyAnswersAreExportedAndOnlyAsWhatIsKnown) {
  const auto stub = v1::DashboardService::NewStub(client().channel());
  const auto code_of = [&](const std::vector<std::string>& kinds) {
    grpc::ClientContext context;
    client().Prepare(context);
    for (const std::string& kind : kinds) context.AddMetadata("caseledger-export", kind);
    v1::ListCasesResponse response;
    return stub->ListCases(&context, v1::ListCasesRequest(), &response).error_code();
  };
  EXPECT_EQ(code_of({"xlsx"}), grpc::StatusCode::OK);
  // What goes on the trail is for ever: no text of the caller's.
  EXPECT_EQ(code_of({"nguyen.thi.hoa/0912345678"}), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code_of({"csv", "xlsx"}), grpc::StatusCode::INVALID_ARGUMENT);
  grpc::ClientContext context;
  client().Prepare(context);
  context.AddMetadata("caseledger-export", "csv");
  const auto reader = stub->WatchDashboard(&context, WatchRequest(kOpenCases));
  v1::WatchDashboardResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

// What clients could not take in, or what would fill the server while nobody reads it.
TEST_F(Live, APanelThatIsTooLargeIsRefused) {
  const std::string label(900, 'x');
  v1::Command command = CommandOf("report/long", "report_definition_loaded {}");
  command.mutable_fact()->mutable_report_definition_loaded()->set_text(
      "report_id: 'long' version: 1 label_vi: 'x' label_en: 'x' time_zone: 'Asia/Ho_Chi_Minh' "
      "indicators { row: 'R1' fact: 'case_opened' unit: 'case' count: 'case' label_vi: '" +
      label + "' label_en: '" + label + "' by { field: 'case.owner_worker_id' } }");
  client().Record(command);
  const auto open = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      client().Record("",
                      "case_opened { case_type: 'trafficking' owner_agency_id: 'ctxh-qn' "
                      "owner_worker_id: 'w" +
                          std::to_string(i) + "' }");
    }
  };
  const std::string request =
      "panels { report { report_id: 'long' from_time { seconds: 1 } to_time { seconds: " +
      std::to_string(now_seconds() + 1) + " } } }";
  open(0, 100);
  Watcher watcher(client(), WatchRequest(request));
  ASSERT_TRUE(watcher.ReadUntil(client().EventCount()));
  EXPECT_THAT(watcher.panels[0].rows(), SizeIs(101));
  open(100, 200);
  while (watcher.ReadOne()) EXPECT_LT(watcher.last.ByteSizeLong(), 300u << 10);
  const grpc::Status status = watcher.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("DASHBOARD_TOO_LARGE"));
}

TEST_F(Live, AServerThatEndsSaysSo) {
  Watcher watcher(client(), WatchRequest(kOpenCases));
  ASSERT_TRUE(watcher.ReadOne());
  std::thread stopping([this] { Stop(); });
  while (watcher.ReadOne()) {
  }
  EXPECT_EQ(watcher.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopping.join();
}

// Anybody's work, at random, watched by several who see different things: each sees in the end what
// they are answered.
TEST_F(Live, WhoeverFollowsKnowsTheAnswer) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  RegisterAgency("ctxh-hl");
  const Client other(cast(), "", {"mai", "ctxh-hl", "supervisor,case_worker"});
  other.Admit({"mai", "ctxh-hl", "supervisor,case_worker"});
  const char* const kPanels =
      "panels { cases { page_size: 7 } } panels { cases { phase: 'open' page_size: 200 } } "
      "panels { cases { owner_agency_id: 'ctxh-hl' } }";
  const v1::WatchDashboardRequest request = WatchRequest(kPanels);
  Watcher here(client(), request);
  Watcher there(other, request);
  std::vector<std::string> open;
  for (int round = 0; round < 6; ++round) {
    for (int i = 0; i < 12; ++i) {
      const std::string at = open.empty() ? "" : open[random() % open.size()];
      const uint64_t act = random() % 5;
      if (act < 2 || open.empty()) {
        open.push_back(OpenCase());
      } else if (act == 2) {
        client().Record(at, random() % 2 == 0 ? "risk_assessed { risk: RISK_HIGH }"
                                              : "risk_assessed { risk: RISK_LOW }");
      } else {
        if (act == 3) {
          Close(at);
        } else {
          client().Record(at, "owner_assigned { owner_agency_id: 'ctxh-hl' }");
        }
        std::erase(open, at);
      }
    }
    const uint64_t events = client().EventCount();
    ASSERT_TRUE(here.ReadUntil(events));
    ASSERT_TRUE(there.ReadUntil(events));
    for (int panel = 0; panel < request.panels_size(); ++panel) {
      const auto at = static_cast<size_t>(panel);
      ExpectSame(here.panels[at], Cases(client(), request.panels(panel).cases()));
      ExpectSame(there.panels[at], Cases(other, request.panels(panel).cases()));
    }
  }
}

class OneDashboard : public Live {
 protected:
  OneDashboard() { options_.max_dashboards = 1; }
};

TEST_F(OneDashboard, OneMoreIsRefusedUntilItHasGone) {
  auto only = std::make_unique<Watcher>(client(), WatchRequest(kOpenCases));
  ASSERT_TRUE(only->ReadOne());
  const grpc::Status refused = EndOf(auditor(), kOpenCases);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(refused.error_message(), HasSubstr("OVERLOADED"));
  only.reset();
  EXPECT_TRUE(Eventually([&] { return Watcher(client(), WatchRequest(kOpenCases)).ReadOne(); }));
}

class FewDashboards : public Live {
 protected:
  FewDashboards() { options_.agency.streams_at_a_time = 2; }
};

TEST_F(FewDashboards, AnAgencyHasItsRoomAndGivesItBack) {
  auto first = std::make_unique<Watcher>(client(), WatchRequest(kOpenCases));
  Watcher second(client(), WatchRequest(kOpenCases));
  ASSERT_TRUE(first->ReadOne());
  ASSERT_TRUE(second.ReadOne());
  EXPECT_EQ(EndOf(client(), kOpenCases).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  first.reset();
  EXPECT_TRUE(Eventually([&] {
    Watcher again(client(), WatchRequest(kOpenCases));
    return again.ReadOne();
  }));
}

}  // namespace
}  // namespace caseledger::testing
