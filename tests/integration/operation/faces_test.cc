// What else a server shows: health, reflection, metrics, several ledgers.
#include "caseledger/v1/admin.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/operation/raw_call.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Faces : public ServerTest {
 protected:
  Faces() { options_.metrics_listen = "127.0.0.1:0"; }
};

std::vector<std::string> ServiceNames() {
  std::vector<std::string> names;
  for (const auto* method : PublicMethods()) {
    if (names.empty() || names.back() != method->service()->full_name()) {
      names.push_back(method->service()->full_name());
    }
  }
  return names;
}

size_t Count(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST_F(Faces, EveryServiceSaysItServes) {
  EXPECT_TRUE(IsServing(cast(), ""));
  EXPECT_EQ(ServiceNames().size(), 15u);
  for (const std::string& name : ServiceNames()) EXPECT_TRUE(IsServing(cast(), name)) << name;
  EXPECT_FALSE(IsServing(cast(), "caseledger.v1.NoService"));
}

TEST_F(Faces, ReflectionShowsThePublicServicesAndNothingOfTheStorage) {
  // ServerReflectionRequest { list_services = 7; file_containing_symbol = 4; }
  const std::string path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const StreamEnd listed = CallStream(client(), path, {"\x3a\x01*"}, 1);
  ASSERT_EQ(listed.messages.size(), 1u) << listed.status.error_message();
  for (const std::string& name : ServiceNames()) EXPECT_THAT(listed.messages[0], HasSubstr(name));
  EXPECT_THAT(listed.messages[0], Not(HasSubstr("caseledger.storage")));
  EXPECT_EQ(Count(listed.messages[0], "caseledger.v1."), ServiceNames().size())
      << "tests of every rpc must not miss a service";

  const auto ask = [&](const std::string& symbol) {
    const StreamEnd answer = CallStream(
        client(), path, {std::string("\x22") + static_cast<char>(symbol.size()) + symbol}, 1);
    return answer.messages.empty() ? "" : answer.messages[0];
  };
  EXPECT_THAT(ask("caseledger.v1.CaseworkService"), HasSubstr("OpenCase"));
  EXPECT_THAT(ask("caseledger.storage.v1.StoredEvent"), Not(HasSubstr("envelope.proto")));
}

TEST_F(Faces, MetricsCountCommandsAndShowLag) {
  const uint64_t head = client().EventCount();
  OpenCase();
  ExpectRefused(CommandOf(NewUuid(), "risk_assessed { risk: RISK_LOW }"),
                grpc::StatusCode::NOT_FOUND, "RECORD_UNKNOWN");
  const std::string page = HttpGet(server_->metrics_port(), "/metrics");
  EXPECT_THAT(page, HasSubstr("200 OK"));
  EXPECT_THAT(page, HasSubstr("caseledger_events{ledger=\"quang-ninh\"} " +
                              std::to_string(head + 1) + "\n"));
  EXPECT_THAT(page, HasSubstr("caseledger_projection_lag_events{ledger=\"quang-ninh\","));
  EXPECT_THAT(page, HasSubstr("fact=\"case_opened\""));
  EXPECT_THAT(page, HasSubstr("fact=\"risk_assessed\""));
  for (const char* name : {"ctxh-qn", "nv-07", "so-qn", "quan\""}) {
    EXPECT_THAT(page, Not(HasSubstr(name))) << "nothing about anyone";
  }
}

const Who kOperator{"tdv-3", "tong-dai", "hotline_operator"};

class TwoLedgers : public ServerTest {
 protected:
  TwoLedgers() : ServerTest({"quang-ninh", "hai-phong"}) {}
};

TEST_F(TwoLedgers, TheyKnowNothingOfEachOther) {
  const Client north(cast(), "quang-ninh", kOperator);
  const Client south(cast(), "hai-phong", kOperator);
  const uint64_t north_head = north.EventCount();
  const uint64_t south_head = south.EventCount();
  const v1::Command contact = CommandOf(NewUuid(), "contact_received { channel: 'sms' }");
  north.Record(contact);
  EXPECT_EQ(north.EventCount(), north_head + 1);
  EXPECT_EQ(south.EventCount(), south_head);
  const v1::Command end =
      CommandOf(contact.record_id(), "contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  EXPECT_EQ(south.Send(end).status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_FALSE(south.Record(contact).already_recorded()) << "a request id belongs to a ledger";
  const auto ledgers = Client(cast(), "quang-ninh", Cast::Administrator())
                           .Call<v1::ListProjectionsResponse>("AdminService/ListProjections",
                                                              v1::ListProjectionsRequest());
  EXPECT_EQ(ledgers.value.event_count(), north_head + 1);
}

TEST_F(TwoLedgers, TheLedgerMustBeNamedAndKnown) {
  const v1::Command contact = CommandOf(NewUuid(), "contact_received { channel: 'sms' }");
  const auto nameless = Client(cast(), "", kOperator).Send(contact);
  EXPECT_EQ(nameless.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Explain(nameless.status).reason, "LEDGER_NEEDED");
  const auto unknown = Client(cast(), "hue", kOperator).Send(contact);
  EXPECT_EQ(unknown.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Explain(unknown.status).reason, "LEDGER_UNKNOWN");
  EXPECT_EQ(Client(cast(), "hue", Cast::Auditor()).Replay().status.error_code(),
            grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace caseledger::testing
