// Every command method of every service becomes the fact it stands for, and hears of its own
// fields.
#include "services/rpc/command_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/batch.pb.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/history.pb.h"
#include "caseledger/v1/intake.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "caseledger/v1/publication.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "google/rpc/error_details.pb.h"
#include "services/commands/validation.h"

namespace caseledger::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using ::testing::ElementsAre;

std::vector<const MethodDescriptor*> CommandMethods() {
  const std::vector<const FileDescriptor*> files{
      v1::ReceiveContactRequest::descriptor()->file(),
      v1::RegisterPersonRequest::descriptor()->file(),
      v1::ReceiveDataRequestRequest::descriptor()->file(),
      v1::PublishReportRequest::descriptor()->file(),
      v1::RegisterAgencyRequest::descriptor()->file(),
      v1::OpenCaseRequest::descriptor()->file(),
      v1::SendReferralRequest::descriptor()->file(),
      v1::RegisterShelterRequest::descriptor()->file(),
      v1::CloseCaseRequest::descriptor()->file(),
      v1::CorrectFactRequest::descriptor()->file(),
      v1::ExecuteRequest::descriptor()->file(),
      v1::ListCasesRequest::descriptor()->file(),
      v1::ListLedgersRequest::descriptor()->file()};
  std::vector<const MethodDescriptor*> methods;
  for (const FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const MethodDescriptor* method = file->service(s)->method(m);
        if (method->output_type() == v1::CommandResult::descriptor()) methods.push_back(method);
      }
    }
  }
  return methods;
}

const FieldDescriptor* FieldOfType(const Descriptor* type, FieldDescriptor::Type wanted) {
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->type() == wanted) return type->field(i);
  }
  return nullptr;
}

std::unique_ptr<Message> RequestOf(const MethodDescriptor& method) {
  const Descriptor* type = method.input_type();
  std::unique_ptr<Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  const auto* reflection = request->GetReflection();
  auto* header = reflection->MutableMessage(request.get(), type->FindFieldByName("header"));
  static_cast<v1::CommandHeader*>(header)->set_request_id("the request");
  reflection->SetString(request.get(), FieldOfType(type, FieldDescriptor::TYPE_STRING),
                        "the record");
  if (const auto* kind = FieldOfType(type, FieldDescriptor::TYPE_ENUM)) {
    reflection->SetEnumValue(request.get(), kind, options::v1::RECORD_KIND_PERSON);
  }
  reflection->MutableMessage(request.get(), type->FindFieldByName("fact"));
  return request;
}

TEST(CommandAdapter, EveryMethodBecomesItsFact) {
  const auto methods = CommandMethods();
  EXPECT_GE(methods.size(), 70u);
  for (const MethodDescriptor* method : methods) {
    SCOPED_TRACE(method->full_name());
    const v1::Command command = ToCommand(*RequestOf(*method));
    const commands::FactSchema* schema = commands::SchemaOf(command.fact());
    ASSERT_NE(schema, nullptr);
    EXPECT_EQ(schema->field->message_type(),
              method->input_type()->FindFieldByName("fact")->message_type());
    EXPECT_EQ(command.header().request_id(), "the request");
    EXPECT_EQ(command.record_id(), "the record");
    if (FieldOfType(method->input_type(), FieldDescriptor::TYPE_ENUM) != nullptr) {
      EXPECT_EQ(command.record_kind(), options::v1::RECORD_KIND_PERSON);
    }
  }
}

TEST(CommandAdapter, EveryFactIsReachedByOneMethodExceptTheServersOwn) {
  std::map<std::string, int> reached;
  for (const MethodDescriptor* method : CommandMethods()) {
    ++reached[commands::SchemaOf(ToCommand(*RequestOf(*method)).fact())->field->name()];
  }
  const std::set<std::string> server_facts{
      "shelter_stay_opened", "shelter_stay_closed", "stay_began",       "stay_finished",
      "referral_expired",    "hold_expired",        "heads_committed",  "referral_consent_lost",
      "record_accessed",     "access_denied",       "break_glass_used", "break_glass_reviewed",
      "disclosure_made"};
  const Descriptor* facts = event::v1::Fact::descriptor();
  for (int i = 0; i < facts->field_count(); ++i) {
    const std::string& name = facts->field(i)->name();
    EXPECT_EQ(reached[name], server_facts.contains(name) ? 0 : 1) << name;
  }
}

std::vector<std::string> FieldsOf(const absl::Status& status) {
  google::rpc::BadRequest details;
  EXPECT_TRUE(details.ParseFromString(std::string(*status.GetPayload(commands::kViolationsUrl))));
  std::vector<std::string> fields;
  for (const auto& violation : details.field_violations()) fields.push_back(violation.field());
  return fields;
}

TEST(CommandAdapter, ViolationsAreNamedInTermsOfTheMethod) {
  const absl::Status status = commands::InvalidRequest({{"header.request_id", "a"},
                                                        {"record_id", "b"},
                                                        {"fact.contact_received.line", "c"},
                                                        {"fact.contact_received", "d"},
                                                        {"fact.contact_received_late.line", "e"}});
  const absl::Status told = InTermsOf(v1::ReceiveContactRequest(), status);
  EXPECT_THAT(FieldsOf(told), ElementsAre("header.request_id", "contact_id", "fact.line", "fact",
                                          "fact.contact_received_late.line"));
  EXPECT_EQ(told.code(), status.code());
  EXPECT_THAT(std::string(told.message()), ::testing::HasSubstr("contact_id b"));
}

TEST(CommandAdapter, ReplacementsKeepTheKindTheClientSent) {
  const absl::Status status = commands::InvalidRequest(
      {{"fact.fact_corrected.replacement.case_opened.case_type", "must be set"}});
  EXPECT_THAT(FieldsOf(InTermsOf(v1::CorrectFactRequest(), status)),
              ElementsAre("fact.replacement.case_opened.case_type"));
}

TEST(CommandAdapter, OtherStatusesStayAsTheyAre) {
  EXPECT_TRUE(InTermsOf(v1::ReceiveContactRequest(), absl::OkStatus()).ok());
  const absl::Status aborted = absl::AbortedError("at revision 3");
  EXPECT_EQ(InTermsOf(v1::ReceiveContactRequest(), aborted), aborted);
}

}  // namespace
}  // namespace caseledger::rpc
