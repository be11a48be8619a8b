#include "tests/fuzz/support/hosted_ledger.h"

#include <google/protobuf/text_format.h>

#include <cstdio>
#include <future>
#include <utility>

#include "eventstore/sequencer/sequencer.h"
#include "projections/person_search/person_search.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "services/access/trail/trail.h"
#include "services/app/server/projections.h"
#include "tests/fuzz/support/check.h"
#include "tests/fuzz/support/door.h"

namespace caseledger::fuzz {
namespace {

using options::v1::RecordKind;

constexpr int64_t kOccurred = 1'704'070'800;  // 2024-01-01 01:00 UTC
constexpr char kReport[] =
    R"(report_id: "r" version: 1 time_zone: "Asia/Ho_Chi_Minh" label_vi: "a" label_en: "a"
indicators { row: "R1" unit: "contact" label_vi: "a" label_en: "a" fact: "contact_ended"
  count: "contact" period: PERIOD_RULE_OCCURRED_IN_PERIOD })";

std::string Id(int number) {
  char text[37];
  std::snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012d", number);
  return text;
}

}  // namespace

HostedLedger::HostedLedger()
    : read_models_(projections::NewMemoryReadModels()),
      admissions_(kHostedName, kOccurred * kMicrosPerSecond) {
  const std::string trail = access::TrailLedgerOf(kHostedName);
  Host(trail, app::ProjectionsOf(trail), nullptr);
  std::vector<projections::Runtime::Factory> models = app::ProjectionsOf(kHostedName);
  models.push_back([this] { return projections::MakePersonSearch(kHostedName, vault_.vault()); });
  Host(kHostedName, std::move(models),
       std::make_unique<access::Trail>(*(*ledgers_.Find(trail))->parts.log, trail_random_));
}

void HostedLedger::Host(const std::string& name, std::vector<projections::Runtime::Factory> models,
                        std::unique_ptr<access::Trail> trail) {
  Check(eventstore::CreateLedger(engine_, name, clock_, random_).ok(), "a ledger is made");
  commands::LedgerParts parts;
  parts.name = name;
  parts.keys = &vault_.vault();
  eventstore::SequencerOptions log_options;
  log_options.clock = &clock_;
  log_options.sealer = &vault_.sealer();
  parts.log = *eventstore::OpenLog(engine_, name, log_options);
  projections::Runtime::Options runtime_options;
  runtime_options.clock = &clock_;
  parts.projections = *projections::StartRuntime(*parts.log, name, *read_models_, std::move(models),
                                                 runtime_options);
  parts.trail = std::move(trail);
  ledgers_.Add(std::move(parts), 8);
}

HostedLedger::~HostedLedger() {
  for (commands::Ledger* ledger : ledgers_.All()) {
    if (!ledger->is_trail()) ledger->parts.log->Close();
    if (ledger->parts.trail != nullptr) ledger->parts.trail->Drain();
  }
  for (commands::Ledger* ledger : ledgers_.All()) {
    if (ledger->is_trail()) ledger->parts.log->Close();
    ledger->parts.projections->Stop();
  }
}

commands::Ledger& HostedLedger::hosted() const { return **ledgers_.Find(kHostedName); }

uint64_t HostedLedger::size() const { return hosted().parts.log->Head().next_position; }

void HostedLedger::Given(const std::string& record, const std::string& fact) {
  v1::Command command;
  command.mutable_header()->set_request_id(Id(900'000 + next_request_++));
  command.mutable_header()->mutable_occurred_time()->set_seconds(kOccurred);
  command.set_record_id(record);
  Check(google::protobuf::TextFormat::ParseFromString(fact, command.mutable_fact()), fact);
  std::promise<absl::Status> promise;
  handler_.Submit(command, People().front().Call(), [&](absl::StatusOr<v1::CommandResult> result) {
    promise.set_value(result.status());
  });
  const absl::Status status = promise.get_future().get();
  Check(status.ok(), fact + ": " + status.ToString());
}

Names HostedLedger::Prepare() {
  absl::Status admitted = admissions_.Begin(handler_);
  for (const testing::Caller& person : People()) {
    admitted.Update(admissions_.Admit(handler_, person));
  }
  Check(admitted.ok(), "everybody is admitted: " + admitted.ToString());
  for (const int person : {1, 2}) {
    Given(Id(person), "person_registered { attributes { sex: 'female' } }");
  }
  Given(Id(100), "case_opened { case_type: 'gender_based_violence' owner_agency_id: 'hotline' }");
  Given(Id(100), "participant_added { person_id: '" + Id(1) + "' role: PARTICIPANT_ROLE_CLIENT }");
  Given(Id(200), "shelter_registered { agency_id: 'hotline' beds: 2 }");
  event::v1::Fact report;
  report.mutable_report_definition_loaded()->set_text(kReport);
  std::string report_text;
  google::protobuf::TextFormat::PrintToString(report, &report_text);
  Given("report/r", report_text);

  Names names;
  names.records[RecordKind::RECORD_KIND_AGENCY] = {"hotline", "hospital", "new"};
  names.records[RecordKind::RECORD_KIND_PERSON] = {Id(1), Id(2), Id(3)};
  names.records[RecordKind::RECORD_KIND_CASE_RECORD] = {Id(100), Id(101)};
  names.records[RecordKind::RECORD_KIND_SHELTER] = {Id(200), Id(201)};
  names.records[RecordKind::RECORD_KIND_CONTACT] = {Id(300), Id(301)};
  names.records[RecordKind::RECORD_KIND_PROGRAMME] = {Id(400)};
  names.records[RecordKind::RECORD_KIND_ADMIN_UNITS] = {"2024"};
  names.records[RecordKind::RECORD_KIND_DEFINITION] = {"report/r", "deadlines/default"};
  // Request ids.
  for (int id = 500; id < 516; ++id)
    names.records[RecordKind::RECORD_KIND_UNSPECIFIED].push_back(Id(id));
  const auto events = hosted().parts.log->ReadLedger(0, 0);
  for (const auto& event : *events) {
    names.event_ids.push_back(event.event_id.ToString());
  }
  names.others = {"case-list", "report-facts", "r",           "r@1",  "r@2",
                  "open",      "hotline",      "case_opened", kReport};
  return names;
}

void HostedLedger::CheckHealth() const {
  for (const commands::Ledger* ledger : ledgers_.All()) {
    Check(ledger->parts.log->health().ok(), "the log accepts");
    for (const auto& health : ledger->parts.projections->Health()) {
      Check(health.state != projections::ProjectionHealth::State::kStopped,
            health.name + " runs: " + health.trouble);
    }
  }
}

const google::protobuf::MethodDescriptor* HostedLedger::QueryMethod(
    size_t index, const std::vector<const google::protobuf::MethodDescriptor*>& all) {
  std::vector<const google::protobuf::MethodDescriptor*> queries;
  for (const auto* method : all) {
    if (method->output_type() != v1::CommandResult::descriptor()) queries.push_back(method);
  }
  return queries[index % queries.size()];
}

}  // namespace caseledger::fuzz
