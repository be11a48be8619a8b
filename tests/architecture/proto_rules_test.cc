// The protos keep their rules, and the test that says so can fail.
#include "tests/architecture/proto_rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "caseledger/event/v1/fact.pb.h"
#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/audit.pb.h"
#include "caseledger/v1/batch.pb.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/deadlines.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/history.pb.h"
#include "caseledger/v1/intake.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "caseledger/v1/publication.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "caseledger/v1/report_definition.pb.h"
#include "caseledger/v1/retention.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "tests/architecture/source_tree.h"

namespace caseledger::architecture {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::FileDescriptorProto;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One message of every public file, so that the linker keeps its descriptor.
const std::vector<const Descriptor*>& LinkedFiles() {
  static const auto& linked = *new std::vector<const Descriptor*>{
      v1::ListLedgersRequest::descriptor(),    v1::ExportRecordRequest::descriptor(),
      v1::ExplainAccessRequest::descriptor(),  v1::ExecuteRequest::descriptor(),
      v1::OpenCaseRequest::descriptor(),       v1::CloseCaseRequest::descriptor(),
      v1::ListCasesRequest::descriptor(),      v1::RegisterAgencyRequest::descriptor(),
      v1::GetLedgerHeadRequest::descriptor(),  v1::ReceiveContactRequest::descriptor(),
      v1::RegisterPersonRequest::descriptor(), v1::ReceiveDataRequestRequest::descriptor(),
      v1::SendReferralRequest::descriptor(),   v1::RegisterShelterRequest::descriptor(),
      v1::ReportDefinition::descriptor(),      v1::Deadlines::descriptor(),
      v1::RetentionRules::descriptor(),        v1::PublishReportRequest::descriptor()};
  return linked;
}

const Descriptor& FactDescriptor() { return *event::v1::Fact::descriptor(); }

// The descriptors of every .proto file in `folder`.
std::vector<const FileDescriptor*> FilesIn(const std::string& folder) {
  EXPECT_THAT(LinkedFiles(), testing::Not(testing::Contains(nullptr)));
  std::vector<const FileDescriptor*> files;
  for (const SourceFile& source : ReadTree({"proto/" + folder}, {".proto"})) {
    const std::string name = source.path.substr(std::string("proto/").size());
    const FileDescriptor* file = DescriptorPool::generated_pool()->FindFileByName(name);
    EXPECT_NE(file, nullptr) << name << " is not linked into this test: add it to LinkedFiles";
    if (file != nullptr) files.push_back(file);
  }
  EXPECT_FALSE(files.empty()) << "run from the top of the source tree";
  return files;
}

// Every message that requests and answers of the service hold, at any depth.
std::set<const Descriptor*> ReachedFrom(const google::protobuf::ServiceDescriptor& service) {
  std::vector<const Descriptor*> waiting;
  for (int i = 0; i < service.method_count(); ++i) {
    waiting.push_back(service.method(i)->input_type());
    waiting.push_back(service.method(i)->output_type());
  }
  std::set<const Descriptor*> reached;
  while (!waiting.empty()) {
    const Descriptor* message = waiting.back();
    waiting.pop_back();
    if (!reached.insert(message).second) continue;
    for (int i = 0; i < message->field_count(); ++i) {
      const Descriptor* held = message->field(i)->message_type();
      if (held != nullptr) waiting.push_back(held);
    }
  }
  return reached;
}

template <typename Judge>
void ExpectNone(const std::string& folder, Judge judge) {
  for (const FileDescriptor* file : FilesIn(folder)) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      EXPECT_THAT(judge(*file->message_type(i)), IsEmpty());
    }
  }
}

TEST(EventProtos, SealWhatIsPersonal) { ExpectNone("caseledger/event/v1", SealingViolations); }

TEST(EventProtos, SayHowSensitiveEveryFieldIs) {
  ExpectNone("caseledger/event/v1", UnsaidSensitivities);
}

TEST(EventProtos, SayToWhichStreamEveryFactBelongs) {
  EXPECT_THAT(StreamViolations(FactDescriptor()), IsEmpty());
}

TEST(EventProtos, SealUnderTheKeyOfTheirOwnRecord) {
  EXPECT_THAT(SubjectViolations(FactDescriptor()), IsEmpty());
}

TEST(PublicProtos, SayHowSensitiveEveryFieldIs) {
  ExpectNone("caseledger/v1", UnsaidSensitivities);
}

// What the services take and give is judged through the files above: nothing of ours is elsewhere.
TEST(PublicProtos, AskAndAnswerWithJudgedMessagesOnly) {
  int reached = 0;
  for (const FileDescriptor* file : FilesIn("caseledger/v1")) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (const Descriptor* message : ReachedFrom(*file->service(i))) {
        ++reached;
        const std::string& package = message->file()->package();
        EXPECT_TRUE(package == "caseledger.v1" || package == "caseledger.event.v1" ||
                    package.starts_with("google."))
            << message->full_name();
      }
    }
  }
  EXPECT_GT(reached, 200);
}

TEST(PublicProtos, GiveEveryCommandOneShape) {
  int commands = 0;
  ExpectNone("caseledger/v1", [&](const Descriptor& message) {
    if (!IsCommand(message)) return std::vector<std::string>();
    ++commands;
    return CommandViolations(message, FactDescriptor());
  });
  EXPECT_GT(commands, 50);
}

TEST(PublicProtos, AnswerEveryCommandAlike) {
  for (const FileDescriptor* file : FilesIn("caseledger/v1")) {
    for (int i = 0; i < file->service_count(); ++i) {
      EXPECT_THAT(ServiceViolations(*file->service(i)), IsEmpty());
    }
  }
}

TEST(PublicProtos, AskByNothingThatIsKnownOfAPerson) {
  for (const FileDescriptor* file : FilesIn("caseledger/v1")) {
    for (int i = 0; i < file->service_count(); ++i) {
      EXPECT_THAT(QuestionViolations(*file->service(i)), IsEmpty());
    }
  }
}

// Wrong protos, built in memory over the real ones.
class PlantedProto : public testing::Test {
 protected:
  // Builds `body` as a file of package caseledger.planted and returns its message `name`.
  const Descriptor& Build(const std::string& body, const std::string& name) {
    const std::string text =
        "name: 'planted.proto' package: 'caseledger.planted' syntax: 'proto3' "
        "dependency: 'caseledger/options/v1/options.proto' "
        "dependency: 'caseledger/event/v1/common.proto' "
        "dependency: 'caseledger/event/v1/contact.proto' "
        "dependency: 'caseledger/v1/common.proto' "
        "dependency: 'google/protobuf/timestamp.proto' "
        "dependency: 'google/rpc/status.proto' " +
        body;
    FileDescriptorProto proto;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &proto));
    const FileDescriptor* file = pool_.BuildFile(proto);
    EXPECT_NE(file, nullptr);
    return *file->FindMessageTypeByName(name);
  }

  DescriptorPool pool_{DescriptorPool::generated_pool()};
};

constexpr char kString[] = "label: LABEL_OPTIONAL type: TYPE_STRING ";
constexpr char kMessage[] = "label: LABEL_OPTIONAL type: TYPE_MESSAGE ";
constexpr char kPersonal[] =
    "options { [caseledger.options.v1.sensitivity]: SENSITIVITY_PERSONAL } ";
constexpr char kInternal[] =
    "options { [caseledger.options.v1.sensitivity]: SENSITIVITY_INTERNAL } ";

std::string Field(const std::string& name, int number, const std::string& rest) {
  return "field { name: '" + name + "' number: " + std::to_string(number) + " " + rest + "} ";
}

std::string Message(const std::string& name, const std::string& fields) {
  return "message_type { name: '" + name + "' " + fields + "} ";
}

std::string Type(const std::string& name) {
  return std::string(kMessage) + "type_name: '" + name + "' ";
}

TEST_F(PlantedProto, PrivateFieldBelowPersonalIsFound) {
  const Descriptor& message =
      Build(Message("Private", Field("open", 1, std::string(kString) + kInternal)), "Private");
  EXPECT_THAT(SealingViolations(message), ElementsAre(HasSubstr("not PERSONAL or above")));
}

TEST_F(PlantedProto, PersonalFieldOutsidePrivateIsFound) {
  const Descriptor& message =
      Build(Message("Leak", Field("name", 1, std::string(kString) + kPersonal)), "Leak");
  EXPECT_THAT(SealingViolations(message), ElementsAre(HasSubstr("outside a sealed message")));
}

TEST_F(PlantedProto, UnsealedPrivateAndFreeTextAreFound) {
  const Descriptor& message =
      Build(Message("Leak",
                    Field("private_part", 1, Type(".caseledger.event.v1.ContactReceived.Private")) +
                        Field("note", 2, Type(".caseledger.event.v1.FreeText"))),
            "Leak");
  EXPECT_THAT(SealingViolations(message),
              ElementsAre(HasSubstr("private_part: holds personal data"),
                          HasSubstr("note: holds personal data")));
}

TEST_F(PlantedProto, ASealedPartWithoutItsStoredFormOrTwiceInOnePlaceIsFound) {
  const std::string sealed = "options { [caseledger.options.v1.sealed_by]: SUBJECT_PERSON } ";
  const std::string list = "label: LABEL_REPEATED type: TYPE_MESSAGE ";
  const Descriptor& message = Build(
      Message("Private", Field("name", 1, std::string(kString) + kPersonal)) +
          Message(
              "Parts",
              Field("private_part", 1, Type(".caseledger.planted.Private") + sealed) +
                  Field("notes", 2, list + "type_name: '.caseledger.event.v1.FreeText' " + sealed)),
      "Parts");
  EXPECT_THAT(SealingViolations(message), ElementsAre(HasSubstr("lacks `Sealed sealed = 15`"),
                                                      HasSubstr("sealed and repeated")));
}

TEST_F(PlantedProto, UnsaidSensitivityIsFound) {
  const Descriptor& message = Build(Message("Unsaid", Field("code", 1, kString)), "Unsaid");
  EXPECT_THAT(UnsaidSensitivities(message), ElementsAre(HasSubstr("how sensitive")));
}

TEST_F(PlantedProto, UnsaidSensitivityOfAnAnswerWithAnErrorAndATimeIsFound) {
  const Descriptor& message =
      Build(Message("Answer", Field("error", 1, Type(".google.rpc.Status")) +
                                  Field("time", 2, Type(".google.protobuf.Timestamp")) +
                                  Field("code", 3, std::string(kString) + kInternal) +
                                  Field("header", 4, Type(".caseledger.v1.CommandHeader"))),
            "Answer");
  EXPECT_THAT(UnsaidSensitivities(message),
              ElementsAre(HasSubstr("Answer.error"), HasSubstr("Answer.time")));
}

TEST_F(PlantedProto, APartSealedByAnotherKindOfRecordIsFound) {
  const auto sealed_by = [](const std::string& subject) {
    return "options { [caseledger.options.v1.sealed_by]: " + subject + " } ";
  };
  const std::string in_case =
      "options { [caseledger.options.v1.stream] { kind: RECORD_KIND_CASE_RECORD } } ";
  const std::string text = Type(".caseledger.event.v1.FreeText");
  const Descriptor& fact = Build(
      Message("Inner", Field("deep", 1, text + sealed_by("SUBJECT_PERSON"))) +
          Message("Told", in_case + Field("own", 1, text + sealed_by("SUBJECT_CASE_RECORD")) +
                              Field("note", 2, text + sealed_by("SUBJECT_NOTE")) +
                              Field("place", 3, text + sealed_by("SUBJECT_SHELTER")) +
                              Field("inner", 4, Type(".caseledger.planted.Inner"))) +
          Message("Fact", Field("told", 1, Type(".caseledger.planted.Told") + "oneof_index: 0 ") +
                              "oneof_decl { name: 'kind' }"),
      "Fact");
  EXPECT_THAT(SubjectViolations(fact),
              ElementsAre(HasSubstr("Told.place: is sealed by another kind"),
                          HasSubstr("Inner.deep: is sealed by another kind")));
}

TEST_F(PlantedProto, FactWithoutStreamIsFound) {
  const Descriptor& fact = Build(
      Message("Lost", "") +
          Message("Fact", Field("lost", 1, Type(".caseledger.planted.Lost") + "oneof_index: 0 ") +
                              "oneof_decl { name: 'kind' }"),
      "Fact");
  EXPECT_THAT(StreamViolations(fact), ElementsAre(HasSubstr("to which stream")));
}

TEST_F(PlantedProto, ASearchByTelephoneIsFound) {
  const Descriptor& request =
      Build(Message("FindRequest", Field("ledger", 1, kString) + Field("phone", 2, kString)) +
                Message("FindResponse", "") +
                "service { name: 'Finder' method { name: 'Find' "
                "input_type: '.caseledger.planted.FindRequest' "
                "output_type: '.caseledger.planted.FindResponse' } }",
            "FindRequest");
  EXPECT_THAT(QuestionViolations(*request.file()->service(0)), ElementsAre(HasSubstr("phone")));
}

TEST_F(PlantedProto, CommandsOfAnotherShapeAreFound) {
  const std::string header = Type(".caseledger.v1.CommandHeader");
  const std::string ended = Type(".caseledger.event.v1.ContactEnded");
  const std::string body =
      Message("HeaderLastRequest", Field("contact_id", 1, kString) + Field("fact", 2, ended) +
                                       Field("header", 3, header)) +
      Message("NoFactRequest", Field("header", 1, header) + Field("contact_id", 2, kString)) +
      Message("WrongIdRequest",
              Field("header", 1, header) + Field("case_id", 2, kString) + Field("fact", 3, ended)) +
      Message("MoreRequest", Field("header", 1, header) + Field("contact_id", 2, kString) +
                                 Field("fact", 3, ended) + Field("actor", 4, kString)) +
      Message("NotAFactRequest", Field("header", 1, header) + Field("record_id", 2, kString) +
                                     Field("fact", 3, Type(".caseledger.event.v1.UnitRef"))) +
      Message("GoodRequest", Field("header", 1, header) + Field("contact_id", 2, kString) +
                                 Field("fact", 3, ended));
  const FileDescriptor& file = *Build(body, "GoodRequest").file();
  const auto violations = [&](const std::string& name) {
    const Descriptor& request = *file.FindMessageTypeByName(name);
    EXPECT_TRUE(IsCommand(request)) << name;
    return CommandViolations(request, FactDescriptor());
  };
  EXPECT_THAT(violations("HeaderLastRequest"),
              testing::Contains(HasSubstr("header is not field 1")));
  EXPECT_THAT(violations("NoFactRequest"), ElementsAre(HasSubstr("carries no fact")));
  EXPECT_THAT(violations("WrongIdRequest"), ElementsAre(HasSubstr("record id")));
  EXPECT_THAT(violations("MoreRequest"), ElementsAre(HasSubstr("not the last field")));
  EXPECT_THAT(violations("NotAFactRequest"), ElementsAre(HasSubstr("no alternative of Fact")));
  EXPECT_THAT(violations("GoodRequest"), IsEmpty());
}

}  // namespace
}  // namespace caseledger::architecture
