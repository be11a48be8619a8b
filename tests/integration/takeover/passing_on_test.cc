// Any server of a database may be called: what stands by passes calls on to the server at work.
#include <string>

#include "caseledger/v1/history.grpc.pb.h"
#include "gmock/gmock.h"
#include "services/net/listener.h"
#include "tests/integration/takeover/two_servers.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class PassingOn : public TwoServersTest {
 protected:
  std::unique_ptr<ServerProcess> StandByOpenly(const std::string& name) {
    auto server = StandBy(name);
    server->AwaitPassingOn();
    return server;
  }
  std::unique_ptr<Client> ClientOf(const std::string& address, const Who& who = {}) {
    cast_.Serve(address);
    return std::make_unique<Client>(cast_, "", who);
  }
};

TEST_F(PassingOn, AnyServerTakesAnyCall) {
  const auto at_work = Work("one");
  const auto standing_by = StandByOpenly("two");
  EXPECT_EQ(ValueInLog(standing_by->process().err(), "to"), at_work->address());
  const auto there = ClientOf(at_work->address());
  const auto here = ClientOf(standing_by->address());
  ASSERT_NE(standing_by->address(), at_work->address());

  const std::string opened = here->Record("", kOpened).record_id();
  there->Record(opened, "risk_assessed { risk: RISK_HIGH }");
  const v1::CommandResult closed = here->Record(opened, "case_closed { reason: 'goals_met' }");
  EXPECT_THAT(there->History(opened), SizeIs(3));
  EXPECT_THAT(here->History(opened), SizeIs(3));
  EXPECT_GE(MetricAt(standing_by->metrics_port(), "caseledger_passed_on_connections"), 1);
  EXPECT_EQ(MetricAt(at_work->metrics_port(), "caseledger_passed_on_connections"), 0);

  // The same request through either: done once.
  const v1::Command again = CommandOf("", kOpened);
  EXPECT_EQ(here->Record(again).record_id(), there->Record(again).record_id());

  // A subscription here hears of what happens there.
  const auto auditor = ClientOf(standing_by->address(), Cast::Auditor());
  auditor->Admit(Cast::Auditor());
  grpc::ClientContext context;
  auditor->Prepare(context);
  v1::SubscribeRequest request;
  request.set_ledger(kSharedLedger);
  request.set_from_position(closed.events(0).position());
  const auto stream = v1::HistoryService::NewStub(auditor->channel())->Subscribe(&context, request);
  const std::string another = there->Record("", kOpened).record_id();
  bool heard = false;
  for (v1::SubscribeResponse response; !heard && stream->Read(&response);) {
    for (const v1::RecordedEvent& event : response.events()) heard |= event.record_id() == another;
  }
  EXPECT_TRUE(heard);
  context.TryCancel();
  stream->Finish();
}

TEST_F(PassingOn, ARightThatEndsThroughOneServerIsRefusedByTheOtherAtOnce) {
  const auto at_work = Work("one");
  const auto standing_by = StandByOpenly("two");
  const std::string addresses[] = {at_work->address(), standing_by->address()};
  const Who lan{"lan", "ctxh-qn", "case_worker"};
  for (int turn = 0; turn < 4; ++turn) {
    SCOPED_TRACE(turn);
    const auto one = ClientOf(addresses[turn % 2]);
    const auto other = ClientOf(addresses[(turn + 1) % 2], lan);
    // What the cast grants by itself is not what is tried here.
    if (turn == 0) {
      other->Admit(lan);
      EXPECT_TRUE(one->Send(CommandOf("ctxh-qn", "role_ended { grant_id: 'lan/case_worker' }"),
                            Cast::Administrator())
                      .ok());
    }
    const std::string grant = StrCat("lan/", turn);
    const auto granted =
        one->Send(CommandOf("ctxh-qn", StrCat("role_granted { grant_id: '", grant,
                                              "' person_name: 'lan' role: 'case_worker' }")),
                  Cast::Administrator());
    ASSERT_TRUE(granted.ok()) << granted.status.error_message();
    EXPECT_TRUE(other->Send(CommandOf("", kOpened)).ok());
    const auto ended =
        one->Send(CommandOf("ctxh-qn", StrCat("role_ended { grant_id: '", grant, "' }")),
                  Cast::Administrator());
    ASSERT_TRUE(ended.ok()) << ended.status.error_message();
    EXPECT_EQ(other->Send(CommandOf("", kOpened)).status.error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
  }
}

// Nobody need know who is at work: the same client goes on with the server that it knows.
TEST_F(PassingOn, GoesOnWhenAnotherServerIsAtWork) {
  auto first = Work("one");
  const auto second = StandByOpenly("two");
  const auto third = StandByOpenly("three");
  const auto by_second = ClientOf(second->address());
  const auto by_third = ClientOf(third->address());
  const auto open = [](const Client& client) {
    const v1::Command command = CommandOf("", kOpened);
    std::string trouble;
    EXPECT_TRUE(Eventually([&] {
      const auto answer = client.Send(command);
      if (!answer.ok()) {
        EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE)
            << answer.status.error_message();
      }
      trouble = answer.status.error_message();
      return answer.ok();
    })) << trouble;
  };
  open(*by_second);
  open(*by_third);
  const uint64_t before = by_third->EventCount();
  Kill(*first);
  // One of them takes over, on the port that it always had; the other one passes on to it.
  open(*by_second);
  open(*by_third);
  EXPECT_EQ(by_second->EventCount(), before + 2);
  EXPECT_EQ(by_third->EventCount(), before + 2);
  const auto is_at_work = [](ServerProcess& server) {
    return server.process().err().find("\"address\":\"") != std::string::npos;
  };
  EXPECT_NE(is_at_work(*second), is_at_work(*third));
  ServerProcess& at_work = is_at_work(*second) ? *second : *third;
  const std::string always = at_work.address();
  ASSERT_TRUE(at_work.AwaitListening());
  EXPECT_EQ(at_work.address(), always);
  // An orderly end is none to the callers of the other either.
  Stop(at_work);
  open(is_at_work(*second) ? *by_third : *by_second);
}

TEST_F(PassingOn, APortThatAnotherServerHasIsHadWhenThatOneEnds) {
  auto first = Work("one");
  const std::string address = first->address();
  ServerProcess second(ServerProcess::StandingBy{}, directory_ / "two",
                       std::vector<std::string>{kSharedLedger},
                       Flags({"--standby", "--listen", address}));
  ASSERT_TRUE(second.process().WaitForError("read models are up to date"));
  EXPECT_THAT(second.process().err(), HasSubstr("calls are not passed on"));
  EXPECT_THAT(second.process().err(), HasSubstr("different ports"));
  Kill(*first);
  ASSERT_TRUE(second.AwaitListening());
  EXPECT_EQ(second.address(), address);
  ClientOf(address)->Record("", kOpened);
}

TEST_F(PassingOn, WhatCannotBeReachedIsSaid) {
  // Advertises an address at which nobody answers, and one that is the other's own.
  auto listener = net::Listener::Open("127.0.0.1:0");
  ASSERT_TRUE(listener.ok());
  const std::string own = StrCat("127.0.0.1:", (*listener)->port());
  {
    ServerProcess first(directory_ / "one", {kSharedLedger}, Flags({"--advertise", "127.0.0.1:9"}));
    ClientOf(first.address())->Record("", kOpened);
    const auto second = StandByOpenly("two");
    const auto answer = ClientOf(second->address())
                            ->Call<v1::GetLedgerHeadResponse>("HistoryService/GetLedgerHead",
                                                              v1::GetLedgerHeadRequest());
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_TRUE(second->process().WaitForError("cannot reach 127.0.0.1, port 9"));
    Stop(*second);
    Stop(first);
  }
  listener->reset();
  ServerProcess first(directory_ / "one", {kSharedLedger}, Flags({"--advertise", own}));
  ServerProcess second(ServerProcess::StandingBy{}, directory_ / "two", {kSharedLedger},
                       Flags({"--standby", "--listen", own}));
  EXPECT_TRUE(second.process().WaitForError("tells this one's address"));
  EXPECT_THAT(second.process().err(), HasSubstr("--advertise"));
  Stop(second);
  Stop(first);
  ServerProcess wrong(ServerProcess::StandingBy{}, directory_ / "two", {kSharedLedger},
                      Flags({"--advertise", "0.0.0.0:7400"}));
  EXPECT_EQ(wrong.process().Wait(), 1);
  EXPECT_THAT(wrong.process().err(), HasSubstr("--advertise 0.0.0.0:7400"));
}

}  // namespace
}  // namespace caseledger::testing
