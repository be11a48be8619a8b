#include "tests/integration/support/client.h"

#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/audit.pb.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/intake.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "caseledger/v1/publication.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "eventstore/base/random.h"
#include "eventstore/base/uuid.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"

namespace caseledger::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::Reflection;

constexpr std::chrono::seconds kCallLimit{30};

// Before main() and so before gRPC looks. It looks after connections without a call only so often,
// else every five seconds, and a server that ends waits until it has.
const bool kIdleConnectionsAreLookedAfter =
    setenv("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "100", /*overwrite=*/0) == 0;

std::string PathOf(const MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

// Commands have a method each: the one whose request carries this message as `fact`.
const MethodDescriptor* MethodFor(const Descriptor* fact_type) {
  static const auto* methods = [] {
    auto* map = new std::map<const Descriptor*, const MethodDescriptor*>();
    for (const MethodDescriptor* method : PublicMethods()) {
      const FieldDescriptor* fact = method->input_type()->FindFieldByName("fact");
      if (fact != nullptr) map->emplace(fact->message_type(), method);
    }
    return map;
  }();
  const auto it = methods->find(fact_type);
  return it == methods->end() ? nullptr : it->second;
}

// The command as the request of its typed method.
std::unique_ptr<Message> TypedRequest(const v1::Command& command, const MethodDescriptor& method) {
  const Descriptor* type = method.input_type();
  std::unique_ptr<Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  const Reflection* reflection = request->GetReflection();
  reflection->MutableMessage(request.get(), type->FindFieldByName("header"))
      ->CopyFrom(command.header());
  const event::v1::Fact& fact = command.fact();
  const FieldDescriptor* kind =
      fact.GetReflection()->GetOneofFieldDescriptor(fact, fact.GetDescriptor()->oneof_decl(0));
  reflection->MutableMessage(request.get(), type->FindFieldByName("fact"))
      ->CopyFrom(fact.GetReflection()->GetMessage(fact, kind));
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->name() == "record_kind") {
      reflection->SetEnumValue(request.get(), field, command.record_kind());
    } else if (field->name().ends_with("_id")) {
      reflection->SetString(request.get(), field, command.record_id());
    }
  }
  return request;
}

}  // namespace

Refusal ExplainStatus(const google::rpc::Status& status) {
  Refusal refusal;
  for (const google::protobuf::Any& detail : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::LocalizedMessage sentence;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info)) {
      refusal.reason = info.reason();
      refusal.domain = info.domain();
      refusal.metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (detail.UnpackTo(&sentence)) {
      refusal.sentences[sentence.locale()] = sentence.message();
    } else if (detail.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        refusal.fields.push_back(violation.field());
      }
    } else if (detail.UnpackTo(&retry)) {
      refusal.retry_milliseconds =
          retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1'000'000;
    }
  }
  std::sort(refusal.fields.begin(), refusal.fields.end());
  return refusal;
}

Refusal Explain(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details())) << status.error_message();
  return ExplainStatus(details);
}

std::string NewUuid() {
  Uuid id;
  SystemRandom().Fill(id.bytes.data(), id.bytes.size());
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0F) | 0x40);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3F) | 0x80);
  return id.ToString();
}

google::protobuf::Timestamp Seconds(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

event::v1::Fact Fact(const std::string& text) {
  event::v1::Fact fact;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &fact)) << text;
  return fact;
}

v1::Command CommandOf(const std::string& record_id, const std::string& fact_text) {
  v1::Command command;
  command.mutable_header()->set_request_id(NewUuid());
  command.mutable_header()->set_purpose("services");
  command.set_record_id(record_id);
  *command.mutable_fact() = Fact(fact_text);
  return command;
}

grpc::ChannelArguments ChannelArgumentsOfTests() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return arguments;
}

Client::Client(Cast& cast, std::string ledger, Who who)
    : cast_(&cast),
      channel_(cast.Connect(who.agency)),
      ledger_(std::move(ledger)),
      who_(std::move(who)) {}

std::shared_ptr<grpc::Channel> Client::ChannelOf(const Who& who) const {
  if (who.agency == who_.agency) return channel_;
  const std::lock_guard lock(mutex_);
  std::shared_ptr<grpc::Channel>& channel = others_[who.agency];
  if (channel == nullptr) channel = cast_->Connect(who.agency);
  return channel;
}

void Client::Admit(const Who& who) const { cast_->Admit(ledger_, who); }

void Client::Prepare(grpc::ClientContext& context) const { Prepare(context, who_); }

void Client::Prepare(grpc::ClientContext& context, const Who& who) const {
  cast_->Admit(ledger_, who);
  cast_->Introduce(context, who);
  context.set_deadline(std::chrono::system_clock::now() + kCallLimit);
}

Answer<v1::CommandResult> Client::Send(const v1::Command& command) const {
  return Send(command, who_);
}

Answer<v1::CommandResult> Client::Send(const v1::Command& command, const Who& who) const {
  const event::v1::Fact& fact = command.fact();
  const FieldDescriptor* kind =
      fact.GetReflection()->GetOneofFieldDescriptor(fact, fact.GetDescriptor()->oneof_decl(0));
  const MethodDescriptor* method = kind == nullptr ? nullptr : MethodFor(kind->message_type());
  if (method == nullptr) {
    return {{grpc::StatusCode::UNIMPLEMENTED, "no method takes this fact"}, {}};
  }
  v1::Command addressed = command;
  if (addressed.header().ledger().empty()) addressed.mutable_header()->set_ledger(ledger_);
  Answer<v1::CommandResult> answer;
  grpc::ByteBuffer reply;
  answer.status = CallRaw(PathOf(*method), ToBytes(*TypedRequest(addressed, *method)), reply, who);
  if (answer.ok()) Parse(reply, answer.value);
  return answer;
}

v1::CommandResult Client::Record(const std::string& record_id, const std::string& fact) const {
  return Record(CommandOf(record_id, fact));
}

v1::CommandResult Client::Record(const v1::Command& command) const {
  Answer<v1::CommandResult> answer = Send(command);
  EXPECT_TRUE(answer.ok()) << answer.status.error_message() << "\n" << command.ShortDebugString();
  return std::move(answer.value);
}

grpc::Status Client::CallRaw(const std::string& path, const grpc::ByteBuffer& request,
                             grpc::ByteBuffer& reply) const {
  return CallRaw(path, request, reply, who_);
}

grpc::Status Client::CallRaw(const std::string& path, const grpc::ByteBuffer& request,
                             grpc::ByteBuffer& reply, const Who& who) const {
  grpc::ClientContext context;
  Prepare(context, who);
  grpc::GenericStub stub(ChannelOf(who));
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, path, grpc::StubOptions(), &request, &reply,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

uint64_t Client::EventCount() const {
  const auto head =
      Call<v1::GetLedgerHeadResponse>("HistoryService/GetLedgerHead", v1::GetLedgerHeadRequest());
  EXPECT_TRUE(head.ok()) << head.status.error_message();
  return head.value.event_count();
}

namespace {

template <typename Reader>
Answer<std::vector<v1::RecordedEvent>> ReadAll(Reader reader) {
  Answer<std::vector<v1::RecordedEvent>> answer;
  v1::ReplayResponse page;
  while (reader->Read(&page)) {
    for (v1::RecordedEvent& event : *page.mutable_events()) {
      answer.value.push_back(std::move(event));
    }
  }
  answer.status = reader->Finish();
  return answer;
}

}  // namespace

Answer<std::vector<v1::RecordedEvent>> Client::Replay(uint64_t from, uint64_t most) const {
  v1::ReplayLedgerRequest request;
  request.set_from_position(from);
  request.set_max_events(most);
  return ReplayLedger(request);
}

Answer<std::vector<v1::RecordedEvent>> Client::ReplayLedger(
    const v1::ReplayLedgerRequest& request) const {
  v1::ReplayLedgerRequest addressed = request;
  if (addressed.ledger().empty()) addressed.set_ledger(ledger_);
  grpc::ClientContext context;
  Prepare(context);
  return ReadAll(v1::HistoryService::NewStub(channel_)->ReplayLedger(&context, addressed));
}

Answer<std::vector<v1::RecordedEvent>> Client::ReplayCase(
    const v1::ReplayCaseRequest& request) const {
  v1::ReplayCaseRequest addressed = request;
  if (addressed.ledger().empty()) addressed.set_ledger(ledger_);
  grpc::ClientContext context;
  Prepare(context);
  return ReadAll(v1::HistoryService::NewStub(channel_)->ReplayCase(&context, addressed));
}

std::vector<v1::RecordedEvent> Client::History(const std::string& case_id) const {
  v1::ReplayCaseRequest request;
  request.set_case_id(case_id);
  Answer<std::vector<v1::RecordedEvent>> answer = ReplayCase(request);
  EXPECT_TRUE(answer.ok()) << answer.status.error_message();
  return std::move(answer.value);
}

grpc::ByteBuffer Client::ToBytes(const Message& message) {
  const grpc::Slice slice(message.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

void Client::Parse(const grpc::ByteBuffer& bytes, Message& message) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(bytes.Dump(&slices).ok());
  std::string whole;
  for (const grpc::Slice& slice : slices) {
    whole.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  EXPECT_TRUE(message.ParseFromString(whole)) << message.GetTypeName();
}

std::vector<const MethodDescriptor*> PublicMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const FileDescriptor* file :
       {v1::ListLedgersRequest::descriptor()->file(), v1::ExportRecordRequest::descriptor()->file(),
        v1::ExplainAccessRequest::descriptor()->file(), v1::ExecuteRequest::descriptor()->file(),
        v1::OpenCaseRequest::descriptor()->file(), v1::CloseCaseRequest::descriptor()->file(),
        v1::ListCasesRequest::descriptor()->file(), v1::RegisterAgencyRequest::descriptor()->file(),
        v1::GetLedgerHeadRequest::descriptor()->file(),
        v1::ReceiveContactRequest::descriptor()->file(),
        v1::RegisterPersonRequest::descriptor()->file(),
        v1::ReceiveDataRequestRequest::descriptor()->file(),
        v1::PublishReportRequest::descriptor()->file(),
        v1::SendReferralRequest::descriptor()->file(),
        v1::RegisterShelterRequest::descriptor()->file()}) {
    for (int service = 0; service < file->service_count(); ++service) {
      for (int i = 0; i < file->service(service)->method_count(); ++i) {
        methods.push_back(file->service(service)->method(i));
      }
    }
  }
  return methods;
}

bool Eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace caseledger::testing
