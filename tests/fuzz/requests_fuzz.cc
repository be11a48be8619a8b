// Every method of every public service with random requests, through the same steps as in the
// server but without the transport: read, adapt, judge or query, answer. Whatever is asked, the
// answer is clean, and the ledger's head moves only when a command is accepted.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/audit.pb.h"
#include "caseledger/v1/batch.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/history.pb.h"
#include "caseledger/v1/intake.pb.h"
#include "caseledger/v1/person.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/commands/fact_schema.h"
#include "services/commands/times.h"
#include "services/rpc/command_adapter.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/explain.h"
#include "services/rpc/export.h"
#include "services/rpc/proofs.h"
#include "services/rpc/queries.h"
#include "services/rpc/replay.h"
#include "services/rpc/trail_answers.h"
#include "tests/fuzz/support/answers.h"
#include "tests/fuzz/support/check.h"
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
        v1::RegisterAgencyRequest::descriptor(), v1::ExportRecordRequest::descriptor(),
        v1::ExplainAccessRequest::descriptor()}) {
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
using Driver =
    std::function<void(HostedLedger& host, const access::Call& caller, const Message& request)>;
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

template <typename Request, typename Response>
Driver Query(absl::Status (rpc::Queries::*method)(rpc::Reading&, const Request&, absl::Duration,
                                                  Response&) const) {
  return [method](HostedLedger& host, const access::Call& caller, const Message& message) {
    rpc::Reading reading(host.ledgers(), caller, "Query", host.clock());
    const auto& request = static_cast<const Request&>(message);
    const rpc::Queries& queries = host.queries();
    Response response;
    const absl::Status status = queries.Checked(
        request, [&] { return (queries.*method)(reading, request, kWait, response); });
    CheckAnswer(status, response);
  };
}

template <typename Request, typename Response>
Driver OfTrail(absl::Status (rpc::TrailAnswers::*method)(rpc::Reading&, const Request&,
                                                         absl::Duration, Response&) const) {
  return [method](HostedLedger& host, const access::Call& caller, const Message& message) {
    const auto& request = static_cast<const Request&>(message);
    const rpc::TrailAnswers answers(host.ledgers(), host.clock());
    rpc::Reading reading(host.ledgers(), caller, "Query", host.clock());
    Response response;
    const absl::Status status = answers.Checked(
        request, [&] { return (answers.*method)(reading, request, kWait, response); });
    CheckAnswer(status, response);
  };
}

rpc::Reading ReadingIn(HostedLedger& host) {
  access::Call call;
  call.actor = "boss";
  call.agency = "hotline";
  return {host.ledgers(), std::move(call), "Read", host.clock()};
}

// As HistoryService pages; to its end.
void Drain(const rpc::ReplaySource& source) {
  v1::ReplayResponse page;
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more) {
    page.Clear();
    more = source(page);
    CheckAnswer(more.status(), page);
  }
}

template <typename Request>
absl::StatusOr<commands::Ledger*> Find(HostedLedger& host, const Request& request) {
  const auto violations = commands::Validate(request, host.clock().Now());
  if (!violations.empty()) return commands::InvalidRequest(violations);
  return host.ledgers().Find(request.ledger());
}

template <typename Request>
void ReplayRecord(HostedLedger& host, const Request& request, RecordKind kind,
                  const std::string& id) {
  const auto ledger = Find(host, request);
  if (!ledger.ok()) return CheckRefusal(ledger.status());
  rpc::RecordReplay replay{kHostedName, kind, id, request.as_of(), std::nullopt};
  if (request.has_as_of_occurred_time()) {
    replay.as_of_occurred = commands::FromTimestamp(request.as_of_occurred_time());
  }
  Drain(rpc::ReplayOfRecord(ReadingIn(host), std::move(replay)));
}

void ReplayLedger(HostedLedger& host, const v1::ReplayLedgerRequest& request) {
  const auto ledger = Find(host, request);
  if (!ledger.ok()) return CheckRefusal(ledger.status());
  rpc::LedgerReplay replay{kHostedName, request.from_position(), request.max_events(),
                           request.as_of(), std::nullopt};
  if (request.has_as_of_occurred_time()) {
    replay.as_of_occurred = commands::FromTimestamp(request.as_of_occurred_time());
  }
  Drain(rpc::ReplayOfLedger(ReadingIn(host), std::move(replay)));
}

void Subscribe(HostedLedger& host, const v1::SubscribeRequest& request) {
  const auto ledger = Find(host, request);
  if (!ledger.ok()) return CheckRefusal(ledger.status());
  const auto filter = rpc::EventFilter::Of(request);
  if (!filter.ok()) return CheckRefusal(filter.status());
  const auto subscription = (*ledger)->parts.log->Subscribe(request.from_position());
  if (!subscription.ok()) return CheckRefusal(subscription.status());
  const auto delivery = (*subscription)->Next(kWait);
  if (!delivery.ok()) return CheckRefusal(delivery.status());
  for (const eventstore::RecordedEvent& event : delivery->events) filter->Wants(event);
}

// A question about the tree; the hosted ledger is not signed.
template <typename Request, typename Response>
Driver Proof(absl::Status (*ask)(const commands::Ledger&, const Request&, Response&)) {
  return [ask](HostedLedger& host, const access::Call&, const Message& message) {
    const auto& request = static_cast<const Request&>(message);
    const auto ledger = Find(host, request);
    if (!ledger.ok()) return CheckRefusal(ledger.status());
    Response response;
    CheckAnswer(ask(**ledger, request, response), response);
  };
}

void ExportRecord(HostedLedger& host, const v1::ExportRecordRequest& request) {
  const auto ledger = Find(host, request);
  if (!ledger.ok()) return CheckRefusal(ledger.status());
  v1::ExportRecordResponse page;
  CheckAnswer(rpc::ExportOfRecord(ReadingIn(host), request)(page).status(), page);
}

void Execute(HostedLedger& host, const access::Call& caller, const v1::ExecuteRequest& request) {
  for (const v1::Command& command : request.commands()) Command(host, caller, command, command);
}

template <typename Request>
Driver Of(void (*drive)(HostedLedger&, const Request&)) {
  return [drive](HostedLedger& host, const access::Call&, const Message& request) {
    drive(host, static_cast<const Request&>(request));
  };
}

Drivers StreamDrivers() {
  Drivers drivers;
  drivers[v1::ReplayCaseRequest::descriptor()] =
      Of<v1::ReplayCaseRequest>([](HostedLedger& host, const v1::ReplayCaseRequest& request) {
        ReplayRecord(host, request, RecordKind::RECORD_KIND_CASE_RECORD, request.case_id());
      });
  drivers[v1::ReplayRecordRequest::descriptor()] =
      Of<v1::ReplayRecordRequest>([](HostedLedger& host, const v1::ReplayRecordRequest& request) {
        ReplayRecord(host, request, request.record_kind(), request.record_id());
      });
  drivers[v1::ReplayLedgerRequest::descriptor()] = Of(ReplayLedger);
  drivers[v1::SubscribeRequest::descriptor()] = Of(Subscribe);
  drivers[v1::ExportRecordRequest::descriptor()] = Of(ExportRecord);
  drivers[v1::GetCheckpointRequest::descriptor()] = Proof(rpc::GetCheckpoint);
  drivers[v1::GetInclusionProofRequest::descriptor()] = Proof(rpc::GetInclusionProof);
  drivers[v1::GetConsistencyProofRequest::descriptor()] = Proof(rpc::GetConsistencyProof);
  drivers[v1::GetTileRequest::descriptor()] = Proof(rpc::GetTile);
  drivers[v1::GetLedgerHeadRequest::descriptor()] =
      Of<v1::GetLedgerHeadRequest>([](HostedLedger& host, const v1::GetLedgerHeadRequest& request) {
        if (const auto ledger = Find(host, request); !ledger.ok()) CheckRefusal(ledger.status());
      });
  // A backup needs an engine with files: here only the rules of its fields are judged.
  drivers[v1::CreateBackupRequest::descriptor()] =
      Of<v1::CreateBackupRequest>([](HostedLedger& host, const v1::CreateBackupRequest& request) {
        const auto violations = commands::Validate(request, host.clock().Now());
        if (!violations.empty()) CheckRefusal(commands::InvalidRequest(violations));
      });
  drivers[v1::ExecuteRequest::descriptor()] = [](HostedLedger& host, const access::Call& caller,
                                                 const Message& request) {
    Execute(host, caller, static_cast<const v1::ExecuteRequest&>(request));
  };
  return drivers;
}

// Every method has a driver, or the target does not start.
const Drivers& AllDrivers() {
  static const Drivers* const all = [] {
    auto drivers = std::make_unique<Drivers>(StreamDrivers());
    (*drivers)[v1::GetCaseRequest::descriptor()] = Query(&rpc::Queries::GetCase);
    (*drivers)[v1::CheckClosureRequest::descriptor()] = Query(&rpc::Queries::CheckClosure);
    (*drivers)[v1::ListReferralsRequest::descriptor()] = Query(&rpc::Queries::ListReferrals);
    (*drivers)[v1::GetOccupancyRequest::descriptor()] = Query(&rpc::Queries::GetOccupancy);
    (*drivers)[v1::ListCasesRequest::descriptor()] = Query(&rpc::Queries::ListCases);
    (*drivers)[v1::RunReportRequest::descriptor()] = Query(&rpc::Queries::RunReport);
    (*drivers)[v1::ListLedgersRequest::descriptor()] = Query(&rpc::Queries::ListLedgers);
    (*drivers)[v1::ListProjectionsRequest::descriptor()] = Query(&rpc::Queries::ListProjections);
    (*drivers)[v1::RebuildProjectionRequest::descriptor()] =
        Query(&rpc::Queries::RebuildProjection);
    (*drivers)[v1::ExplainAccessRequest::descriptor()] =
        [](HostedLedger& host, const access::Call& caller, const Message& message) {
          const auto& request = static_cast<const v1::ExplainAccessRequest&>(message);
          const auto violations = commands::Validate(request, host.clock().Now());
          if (!violations.empty()) return CheckRefusal(commands::InvalidRequest(violations));
          rpc::Reading reading(host.ledgers(), caller, "ExplainAccess", host.clock());
          v1::ExplainAccessResponse response;
          CheckAnswer(rpc::ExplainAccess(reading, request, response), response);
        };
    (*drivers)[v1::ListAccessRequest::descriptor()] = OfTrail(&rpc::TrailAnswers::ListAccess);
    (*drivers)[v1::ListDenialsRequest::descriptor()] = OfTrail(&rpc::TrailAnswers::ListDenials);
    (*drivers)[v1::ListDisclosuresRequest::descriptor()] =
        OfTrail(&rpc::TrailAnswers::ListDisclosures);
    (*drivers)[v1::ListBreakGlassRequest::descriptor()] =
        OfTrail(&rpc::TrailAnswers::ListBreakGlass);
    (*drivers)[v1::UseBreakGlassRequest::descriptor()] = OfTrail(&rpc::TrailAnswers::UseBreakGlass);
    (*drivers)[v1::ReviewBreakGlassRequest::descriptor()] =
        OfTrail(&rpc::TrailAnswers::ReviewBreakGlass);
    (*drivers)[v1::RecordDisclosureRequest::descriptor()] =
        OfTrail(&rpc::TrailAnswers::RecordDisclosure);
    for (const MethodDescriptor* method : AllMethods()) {
      if (method->output_type() != v1::CommandResult::descriptor()) {
        Check(drivers->contains(method->input_type()), method->full_name() + " has a driver");
        continue;
      }
      (*drivers)[method->input_type()] = [](HostedLedger& host, const access::Call& caller,
                                            const Message& request) {
        const uint64_t before = host.size();
        const std::unique_ptr<Message> taken(request.New());
        taken->CopyFrom(request);
        const bool accepted = Command(host, caller, rpc::ToCommand(*taken), request);
        Check(accepted || host.size() == before, "a refused command leaves the head as it was");
      };
    }
    return drivers.release();
  }();
  return *all;
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

// What gRPC lets through in a header.
std::string HeaderText(FuzzedDataProvider& in, size_t most) {
  std::string text = in.ConsumeRandomLengthString(most);
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

access::Call AnyCaller(FuzzedDataProvider& in) {
  if (in.ConsumeIntegralInRange(0, 7) == 7) {
    access::Call call;
    call.actor = HeaderText(in, 8);
    call.agency = HeaderText(in, 8);
    call.claimed_roles = {HeaderText(in, 16)};
    call.traceparent = HeaderText(in, 60);
    return call;
  }
  access::Call call;
  call.actor = "boss";
  call.agency = in.ConsumeBool() ? "hotline" : "hospital";
  call.claimed_roles = {"supervisor", "data_steward"};
  return call;
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
  AllDrivers().at(method->input_type())(host, AnyCaller(in), *received);
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  caseledger::fuzz::AllDrivers();
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
