#include "tests/fault/crash/writers.h"

#include <optional>
#include <random>
#include <utility>

#include "caseledger/v1/casework.pb.h"
#include "eventstore/base/strings.h"
#include "gtest/gtest.h"
#include "tests/integration/support/client.h"

namespace caseledger::testing {
namespace {

constexpr int kCommandsPerMessage = 4;

using Random = std::mt19937_64;

bool OneIn(Random& random, unsigned count) { return random() % count == 0; }

// Whether the server may have done what it did not answer.
bool IsLost(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::CANCELLED ||
         status.error_code() == grpc::StatusCode::UNKNOWN;
}

v1::Command NewContact() {
  return CommandOf(NewUuid(), StrCat("contact_received { channel: 'phone' line: '18001769' "
                                     "private_part { caller_name: '",
                                     kSecretName, "' } }"));
}

v1::Command NewPerson(Random& random) {
  return CommandOf(NewUuid(), StrCat("person_registered { attributes { sex: 'female' birth_year: ",
                                     1950 + random() % 70, " private_part { full_name: '",
                                     kSecretName, " ", random() % 1'000'000, "' } } }"));
}

// One connection's work, one command at a time.
class UnaryWriter {
 public:
  UnaryWriter(Cast& cast, uint64_t seed, Journal& journal)
      : client_(cast, "", kOperator), random_(seed), journal_(journal) {}

  void Run() {
    bool alive = true;
    while (alive) {
      switch (random_() % 4) {
        case 0:
          alive = Send(NewPerson(random_));
          break;
        case 1:
        case 2:
          alive = CaseWithStay();
          break;
        default:
          alive = OneContact();
      }
    }
  }

 private:
  // False when the connection was lost.
  bool Send(const v1::Command& command) {
    const size_t index = journal_.Begin(command);
    const Answer<v1::CommandResult> answer = client_.Send(command, SenderOf(command));
    if (!answer.ok()) {
      EXPECT_TRUE(IsLost(answer.status)) << answer.status.error_message();
      return false;
    }
    EXPECT_FALSE(answer.value.already_recorded()) << command.ShortDebugString();
    journal_.Acknowledge(index, answer.value);
    return !OneIn(random_, 10) || SendAgain(command, answer.value);
  }

  bool SendAgain(const v1::Command& command, const v1::CommandResult& first) {
    const Answer<v1::CommandResult> again = client_.Send(command, SenderOf(command));
    if (!again.ok()) {
      EXPECT_TRUE(IsLost(again.status)) << again.status.error_message();
      return false;
    }
    EXPECT_TRUE(again.value.already_recorded());
    v1::CommandResult expected = first;
    expected.set_already_recorded(true);
    EXPECT_EQ(again.value.ShortDebugString(), expected.ShortDebugString());
    return true;
  }

  bool Send(const std::string& record, const std::string& fact) {
    return Send(CommandOf(record, fact));
  }

  // The worker sees the case, the operator does not; both are on the trail before they hear it.
  bool Look(const std::string& case_id) {
    return Look(case_id, kWorker, grpc::StatusCode::OK) &&
           (!OneIn(random_, 4) || Look(case_id, kOperator, grpc::StatusCode::PERMISSION_DENIED));
  }

  bool Look(const std::string& case_id, const Who& who, grpc::StatusCode expected) {
    v1::GetCaseRequest request;
    request.set_case_id(case_id);
    grpc::ByteBuffer reply;
    journal_.BeginLook(who.actor, case_id);
    const grpc::Status status = client_.CallRaw("/caseledger.v1.CaseworkService/GetCase",
                                                Client::ToBytes(request), reply, who);
    if (status.error_code() != expected) {
      EXPECT_TRUE(IsLost(status)) << who.actor << ": " << status.error_message();
      return false;
    }
    journal_.EndLook(who.actor, case_id);
    return true;
  }

  bool OneContact() {
    const v1::Command received = NewContact();
    return Send(received) &&
           Send(received.record_id(), "contact_ended { outcome: CONTACT_OUTCOME_COUNSELLED }");
  }

  // A case with a service and a stay: the admission writes three records at once.
  bool CaseWithStay() {
    const v1::Command person = NewPerson(random_);
    const std::string person_id = person.record_id();
    const std::string case_id = NewUuid();
    const std::string shelter_id = NewUuid();
    return Send(person) &&
           Send(case_id,
                "case_opened { case_type: 'gender_based_violence' concerns: 'domestic_violence' "
                "owner_agency_id: 'ctxh-qn' }") &&
           Send(case_id, StrCat("participant_added { person_id: '", person_id,
                                "' role: PARTICIPANT_ROLE_CLIENT }")) &&
           Look(case_id) &&
           Send(case_id, StrCat("service_delivered { service_id: 's1' kind: 'medical_care' "
                                "beneficiary_person_ids: '",
                                person_id, "' note { text: '", kSecretName, "' } }")) &&
           Send(shelter_id, "shelter_registered { agency_id: 'ctxh-qn' beds: 2 }") &&
           Send(shelter_id, StrCat("placement_requested { placement_id: 'pl1' case_id: '", case_id,
                                   "' person_id: '", person_id, "' }")) &&
           Send(shelter_id, "resident_admitted { placement_id: 'pl1' }") &&
           Send(shelter_id, "resident_discharged { placement_id: 'pl1' destination: 'relatives' }");
  }

  const Client client_;
  Random random_;
  Journal& journal_;
};

// One connection's work over the Batch stream, some commands a message.
class BatchWriter {
 public:
  BatchWriter(Cast& cast, uint64_t seed, Journal& journal)
      : client_(cast, "", kOperator), random_(seed), journal_(journal) {}

  void Run() {
    grpc::ClientContext context;
    client_.Prepare(context);
    const auto stub = v1::BatchService::NewStub(client_.channel());
    const auto stream = stub->Execute(&context);
    while (Exchange(*stream)) {
    }
    stream->WritesDone();
    v1::ExecuteResponse rest;
    while (stream->Read(&rest)) {
      for (const v1::CommandAnswer& answer : rest.answers()) Note(answer);
    }
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok() || IsLost(status)) << status.error_message();
  }

 private:
  using Stream = grpc::ClientReaderWriter<v1::ExecuteRequest, v1::ExecuteResponse>;

  // Sends one message and reads its answers; false when the connection was lost.
  bool Exchange(Stream& stream) {
    v1::ExecuteRequest request;
    for (int i = 0; i < kCommandsPerMessage; ++i) {
      const v1::Command command = OneIn(random_, 2) ? NewContact() : NewPerson(random_);
      waiting_.push_back(journal_.Begin(command));
      *request.add_commands() = command;
    }
    if (!stream.Write(request)) return false;
    v1::ExecuteResponse response;
    while (!waiting_.empty() && stream.Read(&response)) {
      for (const v1::CommandAnswer& answer : response.answers()) Note(answer);
    }
    return waiting_.empty();
  }

  // Answers come in the order of the commands.
  void Note(const v1::CommandAnswer& answer) {
    ASSERT_FALSE(waiting_.empty());
    const size_t index = waiting_.front();
    waiting_.erase(waiting_.begin());
    if (answer.has_result()) {
      journal_.Acknowledge(index, answer.result());
      return;
    }
    const auto code = static_cast<grpc::StatusCode>(answer.error().code());
    EXPECT_TRUE(IsLost({code, ""})) << answer.error().message();
  }

  const Client client_;
  Random random_;
  Journal& journal_;
  std::vector<size_t> waiting_;
};

}  // namespace

const Who& SenderOf(const v1::Command& command) {
  const event::v1::Fact& fact = command.fact();
  if (fact.has_contact_received() || fact.has_contact_ended() || fact.has_person_registered()) {
    return kOperator;
  }
  if (fact.has_shelter_registered() || fact.has_resident_admitted() ||
      fact.has_resident_discharged()) {
    return kHost;
  }
  return kWorker;
}

Writers::Writers(Cast& cast, uint64_t seed, Journal& journal) {
  for (int i = 0; i < kUnaryWriters + kBatchWriters; ++i) journal.WriterBegins();
  for (int i = 0; i < kUnaryWriters + kBatchWriters; ++i) {
    const uint64_t own_seed = seed * 1000 + static_cast<uint64_t>(i);
    threads_.emplace_back([=, &cast, &journal] {
      if (i < kUnaryWriters) {
        UnaryWriter(cast, own_seed, journal).Run();
      } else {
        BatchWriter(cast, own_seed, journal).Run();
      }
      journal.WriterEnds();
    });
  }
}

void Writers::Join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace caseledger::testing
