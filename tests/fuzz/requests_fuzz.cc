// Every method of every public service with random requests, through the same steps as in the
// server but without the transport: authenticate, read, adapt, judge or query, put on the trail,
// answer. Whatever is asked, the answer is clean, and the ledger's head moves only when a command
// is accepted.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/audit.pb.h"
#include "caseledger/v1/batch.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/history.pb.h"
#include "caseledger/v1/intake.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "caseledger/v1/publication.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"
#include "services/rpc/command_adapter.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/explain.h"
#include "services/rpc/export.h"
#include "services/rpc/live_watch.h"
#include "services/rpc/person_export.h"
#include "services/rpc/proofs.h"
#include "services/rpc/publications.h"
#include "services/rpc/queries.h"
#include "services/rpc/replay.h"
#include "services/rpc/requests.h"
#include "services/rpc/stream_gate.h"
#include "services/rpc/trail_answers.h"
#include "tests/fuzz/support/answers.h"
#include "tests/fuzz/support/check.h"
#include "tests/fuzz/support/door.h"
#include "tests/fuzz/support/hosted_ledger.h"
#include "tests/fuzz/support/random_message.h"

namespace caseledger::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using options::v1::RecordKind;

constexpr int kMostCalls = 12;
constexpr absl::Duration kWait = absl::Milliseconds(20);

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const Descriptor* one_of_each :
       {v1::GetCaseRequest::descriptor(), v1::CheckClosureRequest::descriptor(),
        v1::ListReferralsRequest::descriptor(), v1::GetOccupancyRequest::descriptor(),
        v1::ListCasesRequest::descriptor(), v1::ListLedgersRequest::descriptor(),
        v1::GetLedgerHeadRequest::descriptor(), v1::ExecuteRequest::descriptor(),
        v1::ReceiveContactRequest::descriptor(), v1::RegisterPersonRequest::descriptor(),
        v1::ReceiveDataRequestRequest::descriptor(), v1::RegisterAgencyRequest::descriptor(),
        v1::ExportRecordRequest::descriptor(), v1::ExplainAccessRequest::descriptor(),
        v1::PublishReportRequest::descriptor()}) {
    const auto* file = one_of_each->file();
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        methods.push_back(file->service(s)->method(m));
      }
    }
  }
  return methods;
}

// One method of the public interface: asks the hosted ledger and checks the answer.
// A call that came through the door, with its request.
struct Asked {
  HostedLedger& host;
  const access::Call& caller;
  std::string_view action;  // the method's name
  const Message& message;

  template <typename Request>
  const Request& As() const {
    return static_cast<const Request&>(message);
  }
  rpc::Reading Read() const { return {host.ledgers(), caller, action, host.clock()}; }
};

using Driver = std::function<void(const Asked& asked)>;
using Drivers = std::map<const Descriptor*, Driver>;  // by request

void CheckAnswer(const absl::Status& status, const Message& response) {
  status.ok() ? CheckResponse(response) : CheckRefusal(status);
}

// Sends a command and waits; whether it was accepted.
bool Command(HostedLedger& host, const access::Call& caller, const v1::Command& command,
             const Message& request) {
  std::promise<absl::StatusOr<v1::CommandResult>> promise;
  host.handler().Submit(command, caller, [&](absl::StatusOr<v1::CommandResult> result) {
    promise.set_value(std::move(result));
  });
  const absl::StatusOr<v1::CommandResult> result = promise.get_future().get();
  CheckAnswer(rpc::InTermsOf(request, result.status()),
              result.ok() ? *result : v1::CommandResult());
  return result.ok();
}

// As the query runner: a refusal, and what an answer shows, are on the trail before they leave.
absl::Status OnTrail(rpc::Reading& reading, const absl::Status& status, bool shows) {
  if (!status.ok()) return reading.Refused(status);
  if (!shows) return status;
  Check(reading.trail() != nullptr, "what shows something has a trail");
  RETURN_IF_ERROR(reading.StillHolds());
  return reading.trail()->AppendAndWait(reading.call(), reading.Entry()).status();
}

// A question to the read models or the trail. `shows`: more than the state of the system.
template <typename Answers, typename Request, typename Response>
Driver Query(absl::Status (Answers::*method)(rpc::Reading&, const Request&, absl::Duration,
                                             Response&) const,
             bool shows) {
  return [method, shows](const Asked& asked) {
    const auto& request = asked.As<Request>();
    const Answers answers = asked.host.AnswersOf<Answers>();
    rpc::Reading reading = asked.Read();
    Response response;
    const absl::Status status = answers.Checked(
        request, [&] { return (answers.*method)(reading, request, kWait, response); });
    CheckAnswer(OnTrail(reading, status, shows), response);
  };
}

// What was published is the ledger's, so a host has one answerer for it.
template <typename Request, typename Response>
Driver Published(absl::Status (rpc::Publications::*method)(rpc::Reading&, const Request&,
                                                           absl::Duration, Response&)) {
  return [method](const Asked& asked) {
    const auto& request = asked.As<Request>();
    rpc::Publications& answers = asked.host.publications();
    rpc::Reading reading = asked.Read();
    Response response;
    const absl::Status status = answers.Checked(
        request, [&] { return (answers.*method)(reading, request, kWait, response); });
    CheckAnswer(OnTrail(reading, status, /*shows=*/true), response);
  };
}

void Explain(const Asked& asked) {
  const auto& request = asked.As<v1::ExplainAccessRequest>();
  const absl::Status bad = rpc::CheckRequest(asked.host.clock(), request);
  if (!bad.ok()) return CheckRefusal(bad);
  rpc::Reading reading = asked.Read();
  v1::ExplainAccessResponse response;
  const absl::Status status = rpc::ExplainAccess(reading, request, response);
  CheckAnswer(OnTrail(reading, status, /*shows=*/true), response);
}

// As the services page; to its end.
template <typename Page>
void Drain(const std::function<absl::StatusOr<bool>(Page&)>& source) {
  Page page;
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) {
    page.Clear();
    more = source(page);
    CheckAnswer(more.status(), page);
  }
}

// A driver of requests whose fields keep their rules.
template <typename Request>
Driver Of(void (*drive)(const Asked&, const Request&)) {
  return [drive](const Asked& asked) {
    const auto& request = asked.As<Request>();
    const absl::Status bad = rpc::CheckRequest(asked.host.clock(), request);
    bad.ok() ? drive(asked, request) : CheckRefusal(bad);
  };
}

template <typename Request>
void ReplayRecord(const Asked& asked, const Request& request, RecordKind kind,
                  const std::string& id) {
  rpc::RecordReplay replay{request.ledger(), kind, id, request.as_of(), std::nullopt};
  if (request.has_as_of_occurred_time()) {
    replay.as_of_occurred = commands::FromTimestamp(request.as_of_occurred_time());
  }
  Drain<v1::ReplayResponse>(rpc::ReplayOfRecord(asked.Read(), std::move(replay)));
}

void ReplayLedger(const Asked& asked, const v1::ReplayLedgerRequest& request) {
  rpc::LedgerReplay replay{request.ledger(), request.from_position(), request.max_events(),
                           request.as_of(), std::nullopt};
  if (request.has_as_of_occurred_time()) {
    replay.as_of_occurred = commands::FromTimestamp(request.as_of_occurred_time());
  }
  Drain<v1::ReplayResponse>(rpc::ReplayOfLedger(asked.Read(), std::move(replay)));
}

// The first delivery of a subscription.
void Subscribe(const Asked& asked, const v1::SubscribeRequest& request) {
  const auto filter = rpc::EventFilter::Of(request);
  if (!filter.ok()) return CheckRefusal(filter.status());
  rpc::StreamGate gate(asked.Read());
  const absl::Status begun = gate.BeginLedger(request.ledger());
  if (!begun.ok()) return CheckRefusal(gate.Refused(begun));
  const commands::Ledger& ledger = gate.reading().ledger();
  const auto subscription = ledger.parts.log->Subscribe(request.from_position());
  if (!subscription.ok()) return CheckRefusal(subscription.status());
  const auto delivery = (*subscription)->Next(kWait);
  if (!delivery.ok()) return CheckRefusal(delivery.status());
  v1::SubscribeResponse response;
  for (const eventstore::RecordedEvent& event : delivery->events) {
    if (!filter->Wants(event)) continue;
    const auto shown =
        gate.Add(event, ledger.parts.name, v1::SubscribeResponse::kEventsFieldNumber, response);
    Check(shown.ok(), "every event is shown or left out: " + shown.status().ToString());
  }
  CheckResponse(response);
  Check(gate.End().ok(), "the end of a stream is on the trail");
}

// The first two messages of a watched dashboard.
void WatchDashboard(const Asked& asked, const v1::WatchDashboardRequest& request) {
  auto watched = rpc::LiveWatch::RequestOf(asked.host.clock(), request);
  if (!watched.ok()) return CheckRefusal(watched.status());
  const auto answers = asked.host.AnswersOf<rpc::Queries>();
  rpc::LiveWatch watch(
      asked.host.ledgers(), answers, asked.caller, *std::move(watched),
      [] { return absl::OkStatus(); }, asked.host.clock());
  const rpc::SteadyTime now = std::chrono::steady_clock::now();
  v1::WatchDashboardResponse first;
  const auto told = watch.Next(now, kWait, first);
  if (!told.ok()) return CheckRefusal(told.status());
  Check(*told && first.changes_size() == request.panels_size(), "the first message has all");
  CheckResponse(first);
  v1::WatchDashboardResponse second;
  const auto more = watch.Next(now + std::chrono::seconds(2), kWait, second);
  CheckAnswer(more.status(), second);
  for (const v1::PanelChange& change : second.changes()) {
    Check(!change.whole(), "the whole answer is told once");
  }
  Check(watch.End().ok(), "the end of a stream is on the trail");
}

// A question about the tree; the hosted ledger is not signed.
template <typename Request, typename Response>
Driver Proof(absl::Status (*ask)(const commands::Ledger&, const Request&, Response&)) {
  return [ask](const Asked& asked) {
    const auto& request = asked.As<Request>();
    rpc::Reading reading = asked.Read();
    Response response;
    const auto answer = [&]() -> absl::Status {
      RETURN_IF_ERROR(rpc::CheckRequest(asked.host.clock(), request));
      ASSIGN_OR_RETURN(const commands::Ledger* ledger, reading.Begin(request.ledger()));
      return ask(*ledger, request, response);
    };
    CheckAnswer(OnTrail(reading, answer(), /*shows=*/false), response);
  };
}

// Of the head only that it may be asked for: it is read off the log.
absl::Status HeadOf(const commands::Ledger&, const v1::GetLedgerHeadRequest&,
                    v1::GetLedgerHeadResponse&) {
  return absl::OkStatus();
}

// A backup needs an engine with files: here only the rules of its fields are judged.
void CreateBackup(const Asked&, const v1::CreateBackupRequest&) {}

void ExportRecord(const Asked& asked, const v1::ExportRecordRequest& request) {
  Drain<v1::ExportRecordResponse>(rpc::ExportOfRecord(asked.Read(), request));
}

void ExportPersonData(const Asked& asked, const v1::ExportPersonDataRequest& request) {
  Drain<v1::ExportPersonDataResponse>(rpc::ExportOfPerson(asked.Read(), request));
}

void Execute(const Asked& asked) {
  for (const v1::Command& command : asked.As<v1::ExecuteRequest>().commands()) {
    Command(asked.host, asked.caller, command, command);
  }
}

void Mutate(const Asked& asked) {
  const uint64_t before = asked.host.size();
  const std::unique_ptr<Message> taken(asked.message.New());
  taken->CopyFrom(asked.message);
  const bool accepted = Command(asked.host, asked.caller, rpc::ToCommand(*taken), asked.message);
  Check(accepted || asked.host.size() == before, "a refused command leaves the head as it was");
}

Drivers StreamDrivers() {
  Drivers drivers;
  drivers[v1::ReplayCaseRequest::descriptor()] =
      Of<v1::ReplayCaseRequest>([](const Asked& asked, const v1::ReplayCaseRequest& request) {
        ReplayRecord(asked, request, RecordKind::RECORD_KIND_CASE_RECORD, request.case_id());
      });
  drivers[v1::ReplayRecordRequest::descriptor()] =
      Of<v1::ReplayRecordRequest>([](const Asked& asked, const v1::ReplayRecordRequest& request) {
        ReplayRecord(asked, request, request.record_kind(), request.record_id());
      });
  drivers[v1::ReplayLedgerRequest::descriptor()] = Of(ReplayLedger);
  drivers[v1::SubscribeRequest::descriptor()] = Of(Subscribe);
  drivers[v1::WatchDashboardRequest::descriptor()] = Of(WatchDashboard);
  drivers[v1::ExportRecordRequest::descriptor()] = Of(ExportRecord);
  drivers[v1::ExportPersonDataRequest::descriptor()] = Of(ExportPersonData);
  drivers[v1::CreateBackupRequest::descriptor()] = Of(CreateBackup);
  drivers[v1::ExecuteRequest::descriptor()] = Execute;
  return drivers;
}

Drivers QuestionDrivers() {
  using rpc::Queries;
  using rpc::TrailAnswers;
  Drivers drivers;
  drivers[v1::GetCaseRequest::descriptor()] = Query(&Queries::GetCase, true);
  drivers[v1::CheckClosureRequest::descriptor()] = Query(&Queries::CheckClosure, true);
  drivers[v1::ListReferralsRequest::descriptor()] = Query(&Queries::ListReferrals, true);
  drivers[v1::SearchPersonsRequest::descriptor()] = Query(&Queries::SearchPersons, true);
  drivers[v1::ListDuplicateCandidatesRequest::descriptor()] =
      Query(&Queries::ListDuplicateCandidates, true);
  drivers[v1::GetOccupancyRequest::descriptor()] = Query(&Queries::GetOccupancy, true);
  drivers[v1::ListCasesRequest::descriptor()] = Query(&Queries::ListCases, true);
  drivers[v1::ListDueRequestsRequest::descriptor()] = Query(&Queries::ListDueRequests, true);
  drivers[v1::ListRetentionDueRequest::descriptor()] = Query(&Queries::ListRetentionDue, true);
  drivers[v1::ListDataQualityRequest::descriptor()] = Query(&Queries::ListDataQuality, true);
  drivers[v1::ListWorkItemsRequest::descriptor()] = Query(&Queries::ListWorkItems, true);
  drivers[v1::RunReportRequest::descriptor()] = Query(&Queries::RunReport, true);
  drivers[v1::ListLedgersRequest::descriptor()] = Query(&Queries::ListLedgers, false);
  drivers[v1::ListProjectionsRequest::descriptor()] = Query(&Queries::ListProjections, false);
  drivers[v1::RebuildProjectionRequest::descriptor()] = Query(&Queries::RebuildProjection, true);
  drivers[v1::PauseProjectionRequest::descriptor()] = Query(&Queries::PauseProjection, true);
  drivers[v1::ResumeProjectionRequest::descriptor()] = Query(&Queries::ResumeProjection, true);
  drivers[v1::DropProjectionRequest::descriptor()] = Query(&Queries::DropProjection, true);
  drivers[v1::GetVaultRequest::descriptor()] = Query(&Queries::GetVault, false);
  drivers[v1::CreateVaultBackupRequest::descriptor()] = Query(&Queries::CreateVaultBackup, true);
  drivers[v1::RotateWrappingKeyRequest::descriptor()] = Query(&Queries::RotateWrappingKey, true);
  drivers[v1::GetErasureRequest::descriptor()] = Query(&Queries::GetErasure, true);
  drivers[v1::ExplainAccessRequest::descriptor()] = Explain;
  drivers[v1::ListAccessRequest::descriptor()] = Query(&TrailAnswers::ListAccess, true);
  drivers[v1::ListDenialsRequest::descriptor()] = Query(&TrailAnswers::ListDenials, true);
  drivers[v1::ListDisclosuresRequest::descriptor()] = Query(&TrailAnswers::ListDisclosures, true);
  drivers[v1::ListBreakGlassRequest::descriptor()] = Query(&TrailAnswers::ListBreakGlass, true);
  drivers[v1::UseBreakGlassRequest::descriptor()] = Query(&TrailAnswers::UseBreakGlass, false);
  drivers[v1::ReviewBreakGlassRequest::descriptor()] =
      Query(&TrailAnswers::ReviewBreakGlass, false);
  drivers[v1::RecordDisclosureRequest::descriptor()] =
      Query(&TrailAnswers::RecordDisclosure, false);
  drivers[v1::ListPublishedReportsRequest::descriptor()] =
      Published(&rpc::Publications::ListPublishedReports);
  drivers[v1::GetPublishedReportRequest::descriptor()] =
      Published(&rpc::Publications::GetPublishedReport);
  drivers[v1::GetCheckpointRequest::descriptor()] = Proof(rpc::GetCheckpoint);
  drivers[v1::GetInclusionProofRequest::descriptor()] = Proof(rpc::GetInclusionProof);
  drivers[v1::GetConsistencyProofRequest::descriptor()] = Proof(rpc::GetConsistencyProof);
  drivers[v1::GetTileRequest::descriptor()] = Proof(rpc::GetTile);
  drivers[v1::GetLedgerHeadRequest::descriptor()] = Proof(HeadOf);
  return drivers;
}

// Every method has a driver, or the target does not start.
const Drivers& AllDrivers() {
  static const auto& all = *[] {
    auto* drivers = new Drivers(StreamDrivers());
    drivers->merge(QuestionDrivers());
    for (const MethodDescriptor* method : AllMethods()) {
      if (method->output_type() == v1::CommandResult::descriptor()) {
        (*drivers)[method->input_type()] = Mutate;
      }
      Check(drivers->contains(method->input_type()), method->full_name() + " has a driver");
    }
    return drivers;
  }();
  return all;
}

// The kind of record a request with a fact speaks to.
RecordKind KindOf(const Descriptor* request) {
  for (int i = 0; i < request->field_count(); ++i) {
    if (request->field(i)->message_type() == nullptr) continue;
    const auto* field = commands::FactField(request->field(i)->message_type());
    if (field == nullptr) continue;
    return commands::SchemaOfType(static_cast<uint32_t>(field->number()))->kind;
  }
  return RecordKind::RECORD_KIND_CASE_RECORD;
}

// Mostly names a record of the right kind, sends a request id and means the only ledger.
void MakeMeant(FuzzedDataProvider& in, const Names& names, Message& request) {
  const Descriptor* type = request.GetDescriptor();
  const auto* reflection = request.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (in.ConsumeIntegralInRange(0, 15) == 15) continue;
    if (field->message_type() == v1::CommandHeader::descriptor()) {
      auto& header = static_cast<v1::CommandHeader&>(*reflection->MutableMessage(&request, field));
      header.clear_ledger();
      header.clear_import();
      header.clear_expected_revision();
      header.set_request_id(names.Record(in, RecordKind::RECORD_KIND_UNSPECIFIED));
    } else if (field->name() == "ledger" && !field->is_repeated()) {
      reflection->ClearField(&request, field);
    } else if (field->name() != "page_token" && field->name().ends_with("_id") &&
               field->type() == google::protobuf::FieldDescriptor::TYPE_STRING) {
      reflection->SetString(&request, field, names.Record(in, KindOf(type)));
    }
  }
}

void AskOnce(FuzzedDataProvider& in, HostedLedger& host, Names& names) {
  static const auto* const methods = new auto(AllMethods());
  const MethodDescriptor* method =
      in.ConsumeBool() ? (*methods)[in.ConsumeIntegral<uint8_t>() % methods->size()]
                       : HostedLedger::QueryMethod(in.ConsumeIntegral<uint8_t>(), *methods);
  const std::unique_ptr<Message> made(
      MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
  Randomize(in, names, *made);
  MakeMeant(in, names, *made);
  const std::unique_ptr<Message> received(made->New());
  // What is no text does not come through the transport.
  if (!received->ParseFromString(made->SerializeAsString())) return;
  const absl::StatusOr<access::Call> caller = Door::Only().Knock(in);
  if (!caller.ok()) return CheckRefusal(caller.status());
  AllDrivers().at(method->input_type())({host, *caller, method->name(), *received});
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  caseledger::fuzz::AllDrivers();
  caseledger::fuzz::Door::Only();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger::fuzz;
  FuzzedDataProvider in(data, size);
  HostedLedger host;
  Names names = host.Prepare();
  for (int call = 0; call < kMostCalls && in.remaining_bytes() > 0; ++call) {
    AskOnce(in, host, names);
    host.CheckHealth();
  }
  return 0;
}
