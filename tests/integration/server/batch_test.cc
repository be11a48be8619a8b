// Many commands over one stream.
#include <set>

#include "caseledger/v1/batch.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

class Batch : public ServerTest {
 protected:
  using Stream = grpc::ClientReaderWriter<v1::ExecuteRequest, v1::ExecuteResponse>;

  std::unique_ptr<Stream> Open(grpc::ClientContext& context) {
    client().Prepare(context);
    stub_ = v1::BatchService::NewStub(client().channel());
    return stub_->Execute(&context);
  }

  static v1::Command Contact() { return CommandOf("", "contact_received { channel: 'sms' }"); }

  static v1::ExecuteRequest Contacts(int count) {
    v1::ExecuteRequest request;
    for (int i = 0; i < count; ++i) *request.add_commands() = Contact();
    return request;
  }

  static std::vector<v1::CommandAnswer> ReadAll(Stream& stream) {
    std::vector<v1::CommandAnswer> answers;
    v1::ExecuteResponse response;
    while (stream.Read(&response)) {
      answers.insert(answers.end(), response.answers().begin(), response.answers().end());
    }
    return answers;
  }

  std::unique_ptr<v1::BatchService::Stub> stub_;
};

TEST_F(Batch, AnswersComeInOrderAndARefusalStopsNothing) {
  v1::ExecuteRequest request = Contacts(100);
  for (int i = 0; i < 100; i += 3) request.mutable_commands(i)->set_record_id("not/a/uuid");
  request.mutable_commands(50)->clear_fact();
  uint64_t recorded = client().EventCount();
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->WritesDone());
  const std::vector<v1::CommandAnswer> answers = ReadAll(*stream);
  EXPECT_TRUE(stream->Finish().ok());
  ASSERT_EQ(answers.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    const v1::CommandAnswer& answer = answers[static_cast<size_t>(i)];
    EXPECT_EQ(answer.request_id(), request.commands(i).header().request_id());
    EXPECT_EQ(answer.has_error(), i % 3 == 0 || i == 50) << i << answer.ShortDebugString();
    if (answer.has_error()) {
      EXPECT_EQ(answer.error().code(), int{grpc::StatusCode::INVALID_ARGUMENT});
      EXPECT_FALSE(ExplainStatus(answer.error()).fields.empty());
      continue;
    }
    EXPECT_EQ(answer.result().events(0).position(), recorded++);
  }
  EXPECT_EQ(client().EventCount(), recorded);
}

TEST_F(Batch, LaterCommandsSeeWhatEarlierOnesDid) {
  const std::string id = NewUuid();
  v1::ExecuteRequest request;
  *request.add_commands() = CommandOf(id, "contact_received { channel: 'sms' }");
  *request.add_commands() = CommandOf(id, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  *request.add_commands() = CommandOf(id, "contact_ended { outcome: CONTACT_OUTCOME_PRANK }");
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->WritesDone());
  const std::vector<v1::CommandAnswer> answers = ReadAll(*stream);
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[1].result().revision(), 2u);
  EXPECT_EQ(ExplainStatus(answers[2].error()).reason, "CONTACT_ENDED");
}

TEST_F(Batch, AMessageCarriesAtMost256Commands) {
  const uint64_t head = client().EventCount();
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(Contacts(256)));
  ASSERT_TRUE(stream->Write(Contacts(257)));
  const std::vector<v1::CommandAnswer> answers = ReadAll(*stream);
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(answers.size(), 256u) << "what was taken before is answered";
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), ::testing::HasSubstr("at most 256"));
  EXPECT_EQ(client().EventCount(), head + 256);
}

TEST_F(Batch, EverythingIsAnsweredAfterTheClientHasSaidItsLast) {
  const uint64_t head = client().EventCount();
  grpc::ClientContext context;
  const auto stream = Open(context);
  constexpr int kMessages = 16;  // as many commands as may be sent before an answer is read
  for (int i = 0; i < kMessages; ++i) ASSERT_TRUE(stream->Write(Contacts(256)));
  ASSERT_TRUE(stream->WritesDone());
  EXPECT_EQ(ReadAll(*stream).size(), kMessages * 256u);
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(client().EventCount(), head + kMessages * 256u);
}

TEST_F(Batch, AClientThatLeavesMidwayHarmsNobody) {
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    const auto stream = Open(context);
    ASSERT_TRUE(stream->Write(Contacts(200)));
    v1::ExecuteResponse response;
    if (i % 2 == 0) stream->Read(&response);
    context.TryCancel();
    stream->Finish();
  }
  const v1::CommandResult after = client().Record(Contact());
  const auto events = auditor().Replay();
  ASSERT_GE(events.value.size(), after.events(0).position() + 1);
  std::set<std::string> requests;
  for (size_t i = 0; i < events.value.size(); ++i) {
    EXPECT_EQ(events.value[i].position(), i);
    EXPECT_TRUE(requests.insert(events.value[i].request_id()).second) << "done twice";
  }
}

TEST_F(Batch, AnEndingServerEndsIdleStreams) {
  options_.drain_seconds = 600;
  Restart();
  grpc::ClientContext context;
  const auto stream = Open(context);
  ASSERT_TRUE(stream->Write(Contacts(1)));
  v1::ExecuteResponse response;
  ASSERT_TRUE(stream->Read(&response));
  Stop();  // would take the whole 600 seconds
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace caseledger::testing
