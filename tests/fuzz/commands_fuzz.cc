// Sequences of commands against one ledger in memory, mostly ones that a client could mean, with
// corrections and voids among them. Whatever they are: refusals are clean, the ledger moves only on
// OK, the cached states are what a fold of the log gives, and no projection trips over an event.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "projections/case_list/case_list.h"
#include "projections/data_quality/data_quality.h"
#include "projections/due_items/due_items.h"
#include "projections/due_requests/due_requests.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "projections/referrals/referrals.h"
#include "projections/report_facts/report_facts.h"
#include "projections/retention/retention_due.h"
#include "projections/shelter_occupancy/shelter_occupancy.h"
#include "projections/work_items/work_items.h"
#include "services/commands/fact_schema.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/contact/contact.h"
#include "services/domain/directory/admin_units.h"
#include "services/domain/directory/agency.h"
#include "services/domain/directory/definition.h"
#include "services/domain/directory/programme.h"
#include "services/domain/person/person.h"
#include "services/domain/shelter/shelter.h"
#include "tests/fuzz/support/answers.h"
#include "tests/fuzz/support/check.h"
#include "tests/fuzz/support/random_message.h"
#include "tests/services/commands/centre.h"

namespace caseledger::fuzz {
namespace {

using options::v1::RecordKind;
using testing::Centre;
using testing::Id;

constexpr int kMostSteps = 24;

// Who may call. The first has all the roles that a decision asks for, and calls most often.
const std::vector<testing::Caller>& People() {
  static const auto& people = *new std::vector<testing::Caller>{
      {"linh",
       "hotline",
       {"administrator", "case_worker", "data_steward", "shelter_manager", "supervisor"}},
      testing::Worker(),
      testing::Worker("hospital", "binh"),
      {"hoa", "hotline", {"hotline_operator"}},
      {"khanh", "hospital", {"therapist"}},
      {"phuc", "hospital", {"partner"}},
      {"thu", "hospital", {"data_steward"}},
      testing::Auditor()};
  return people;
}

Names Prepare(Centre& centre) {
  centre.RegisterAgencies();
  for (const testing::Caller& person : People()) centre.Admit(person);
  for (const int person : {1, 2, 3}) centre.RegisterPerson(person);
  centre.OpenCase(100, {1, 2});
  centre.OpenCase(101, {3});
  centre.RegisterShelter(200, 2);
  centre.Given(Id(300), 1, "contact_received { channel: 'phone' line: '18001769' }");
  centre.Given(Id(1), 2, "consent_given { consent_id: 'k1' purposes: 'sharing' given_by: 'self' }");
  Names names;
  names.records[RecordKind::RECORD_KIND_AGENCY] = {"hotline", "hospital", "new"};
  names.records[RecordKind::RECORD_KIND_PERSON] = {Id(1), Id(2), Id(3), Id(4)};
  names.records[RecordKind::RECORD_KIND_CASE_RECORD] = {Id(100), Id(101), Id(102)};
  names.records[RecordKind::RECORD_KIND_SHELTER] = {Id(200), Id(201)};
  names.records[RecordKind::RECORD_KIND_CONTACT] = {Id(300), Id(301)};
  names.records[RecordKind::RECORD_KIND_PROGRAMME] = {Id(400), Id(401)};
  names.records[RecordKind::RECORD_KIND_ADMIN_UNITS] = {"2024"};
  names.records[RecordKind::RECORD_KIND_DEFINITION] = {"report/r", "deadlines/default"};
  return names;
}

access::Call AnyCaller(FuzzedDataProvider& in) {
  const auto& people = People();
  const size_t who = in.ConsumeIntegralInRange<size_t>(0, 2 * people.size() + 1);
  if (who < people.size()) return people[who].Call();
  if (who == people.size())
    return testing::Caller{in.ConsumeRandomLengthString(8), "hotline"}.Call();
  if (who == people.size() + 1) return testing::Caller{"", "hospital"}.Call();  // a program
  return people.front().Call();
}

// A header that a client could send, for a command that happens within the first days.
void FillHeader(FuzzedDataProvider& in, const Names& names, v1::Command& command) {
  const std::string request_id = command.header().request_id();
  if (in.ConsumeIntegralInRange(0, 7) == 7) {
    Randomize(in, names, *command.mutable_header());
    if (in.ConsumeIntegralInRange(0, 7) < 7) command.mutable_header()->clear_ledger();
  }
  if (in.ConsumeIntegralInRange(0, 31) < 31) command.mutable_header()->set_request_id(request_id);
}

v1::Command AnyCommand(FuzzedDataProvider& in, const Names& names, Centre& centre) {
  v1::Command command = centre.Command("", in.ConsumeIntegralInRange(0, 50), "");
  Randomize(in, names, *command.mutable_fact());
  const commands::FactSchema* schema = commands::SchemaOf(command.fact());
  const RecordKind kind = schema == nullptr ? RecordKind::RECORD_KIND_CASE_RECORD : schema->kind;
  command.set_record_id(names.Record(in, kind));
  FillHeader(in, names, command);
  return command;
}

// A correction or a void of something in the ledger.
v1::Command AnyCorrection(FuzzedDataProvider& in, const Names& names, Centre& centre) {
  const uint64_t position = in.ConsumeIntegralInRange<uint64_t>(0, centre.size() - 1);
  const auto target = (*centre.log().ReadLedger(position, 1))[0];
  v1::Command command = centre.Command(target.stream.id.ToString(), 100, "");
  const auto kind = static_cast<RecordKind>(target.stream.kind);
  command.set_record_kind(kind);
  if (commands::IsNamedKind(kind)) command.set_record_id(names.Record(in, kind));
  event::v1::Fact fact = centre.FactAt(position);
  if (in.ConsumeBool()) {
    auto& voided = *command.mutable_fact()->mutable_event_voided();
    voided.set_target_event_id(target.event_id.ToString());
    voided.set_reason("never happened");
    return command;
  }
  if (in.ConsumeBool()) {
    const auto* field =
        event::v1::Fact::descriptor()->FindFieldByNumber(static_cast<int>(target.fact_type));
    auto* content = fact.GetReflection()->MutableMessage(&fact, field);
    content->Clear();
    Randomize(in, names, *content);
  }
  auto& corrected = *command.mutable_fact()->mutable_fact_corrected();
  corrected.set_target_event_id(target.event_id.ToString());
  corrected.set_reason("typed wrongly");
  *corrected.mutable_replacement() = fact;
  if (in.ConsumeBool()) {
    *corrected.mutable_replacement_occurred_time() =
        commands::ToTimestamp(testing::AtHour(in.ConsumeIntegralInRange(0, 50)));
  }
  return command;
}

// What an accepted command did may be that its caller could not give it any more: it voided the
// record's beginning, handed the case on, ended a role, loaded other rules.
void CheckRightEnded(const absl::Status& status) {
  CheckRefusal(status);
  const std::string reason = testing::ReasonIdOf(status);
  Check(reason == "ACCESS_DENIED" || reason == "RECORD_UNKNOWN" || reason == "IMPORT_NOT_ALLOWED",
        "only who may not give a request any more does not hear its answer again: " + reason);
}

void SendAndCheck(Centre& centre, const v1::Command& command, const access::Call& caller,
                  Names& names) {
  v1::Command received;  // what is no text does not come through the transport
  if (!received.ParseFromString(command.SerializeAsString())) return;
  const uint64_t before = centre.size();
  const Centre::Result result = centre.StartAs(received, caller).get();
  if (!result.ok()) {
    CheckRefusal(result.status());
    Check(centre.size() == before, "a refused command leaves the ledger as it was");
    return;
  }
  CheckResponse(*result);
  Check(result->events_size() > 0, "an accepted command tells its events");
  const uint64_t added =
      result->already_recorded() ? 0 : static_cast<uint64_t>(result->events_size());
  Check(centre.size() == before + added, "the ledger grows by the events told");
  for (const v1::EventReceipt& receipt : result->events())
    names.event_ids.push_back(receipt.event_id());
  const Centre::Result again = centre.StartAs(received, caller).get();
  if (again.ok()) {
    Check(again->already_recorded() && again->events_size() == result->events_size(),
          "the same request again has the same answer");
  } else {
    CheckRightEnded(again.status());
  }
  Check(centre.size() == before + added, "the same request again writes nothing");
}

template <typename State>
void CompareState(commands::Aggregates& cache, eventstore::LedgerView& view,
                  const eventstore::StreamId& stream) {
  const auto cached = cache.Load<State>(view, stream);
  const auto history = commands::ReadHistory(view, stream);
  Check(cached.ok() && history.ok(), "every stream can be folded");
  State from_cache = (*cached)->state;
  State folded = domain::FoldAll<State>(history->timeline.in_order());
  Check(domain::Save(from_cache) == domain::Save(folded), "the cached state is the folded one");
}

void CompareAny(commands::Aggregates& cache, eventstore::LedgerView& view,
                const eventstore::StreamId& stream) {
  switch (static_cast<int>(stream.kind)) {
    case options::v1::RECORD_KIND_CONTACT:
      return CompareState<domain::ContactState>(cache, view, stream);
    case options::v1::RECORD_KIND_PERSON:
      return CompareState<domain::PersonState>(cache, view, stream);
    case options::v1::RECORD_KIND_CASE_RECORD:
      return CompareState<domain::CaseState>(cache, view, stream);
    case options::v1::RECORD_KIND_SHELTER:
      return CompareState<domain::ShelterState>(cache, view, stream);
    case options::v1::RECORD_KIND_PROGRAMME:
      return CompareState<domain::ProgrammeState>(cache, view, stream);
    case options::v1::RECORD_KIND_AGENCY:
      return CompareState<domain::AgencyState>(cache, view, stream);
    case options::v1::RECORD_KIND_ADMIN_UNITS:
      return CompareState<domain::AdminUnitsState>(cache, view, stream);
    case options::v1::RECORD_KIND_DEFINITION:
      return CompareState<domain::DefinitionState>(cache, view, stream);
    default:
      Check(false, "every stream has a kind that is known");
  }
}

// Inside a decision that decides nothing, where caches are used.
void CheckCaches(Centre& centre, const std::vector<eventstore::RecordedEvent>& events) {
  std::set<eventstore::StreamId> streams;
  for (const auto& event : events) streams.insert(event.stream);
  eventstore::AppendRequest request;
  request.key = {"fuzz", *Uuid::Parse(Id(1))};
  request.decide = [&](eventstore::LedgerView& view) -> absl::StatusOr<eventstore::Decision> {
    for (const auto& stream : streams) CompareAny(centre.ledger().aggregates, view, stream);
    return eventstore::Decision{};
  };
  Check(centre.log().Append(std::move(request)).ok(), "a decision of nothing goes through");
}

using Rows = std::vector<std::pair<std::string, std::string>>;

// The rows after all events, committed `per_batch` at a time.
Rows Project(projections::Projection& projection,
             const std::vector<eventstore::RecordedEvent>& events, size_t per_batch) {
  const auto store = projections::NewMemoryReadModels();
  const auto table = *store->OpenTable("qn", "t@1");
  for (size_t from = 0; from < events.size(); from += per_batch) {
    const size_t end = std::min(from + per_batch, events.size());
    const auto batch = table->NewBatch();
    for (size_t i = from; i < end; ++i) {
      event::v1::Fact fact;
      Check(fact.ParseFromString(events[i].fact), "a stored fact can be read");
      const absl::Status applied = projection.Apply(events[i], fact, *batch);
      Check(applied.ok(),
            std::string(projection.name()) + " applies every event: " + applied.ToString());
    }
    Check(table->Commit(*batch, from, end).ok(), "rows are committed");
  }
  Rows rows;
  const absl::Status scanned =
      table->Snapshot()->Scan("", "", [&](std::string_view key, std::string_view value) {
        rows.emplace_back(key, value);
        return true;
      });
  Check(scanned.ok(), "rows can be read");
  return rows;
}

void CheckProjections(const std::vector<eventstore::RecordedEvent>& events) {
  std::vector<std::unique_ptr<projections::Projection>> all;
  all.push_back(projections::MakeCaseList());
  all.push_back(projections::MakeReferrals());
  all.push_back(projections::MakeShelterOccupancy());
  all.push_back(projections::MakeDueItems());
  all.push_back(projections::MakeDueRequests());
  all.push_back(projections::MakeRetention());
  all.push_back(projections::MakeDataQuality());
  all.push_back(projections::MakeWorkItems());
  all.push_back(std::make_unique<projections::ReportFacts>());
  for (const auto& projection : all) {
    Check(Project(*projection, events, 1) == Project(*projection, events, 1000),
          std::string(projection->name()) + " has the same rows when it is rebuilt");
  }
}

void RunSequence(FuzzedDataProvider& in) {
  testing::CentreOptions options;
  options.max_records = in.ConsumeIntegralInRange<size_t>(1, 8);
  options.trail = false;
  Centre centre(options);
  Names names = Prepare(centre);
  for (int step = 0; step < kMostSteps && in.remaining_bytes() > 0; ++step) {
    const int what = in.ConsumeIntegralInRange(0, 15);
    if (what == 15) {
      centre.Reopen();
      continue;
    }
    const v1::Command command =
        what >= 10 ? AnyCorrection(in, names, centre) : AnyCommand(in, names, centre);
    SendAndCheck(centre, command, AnyCaller(in), names);
  }
  const auto events = centre.log().ReadLedger(0, 0);
  Check(events.ok() && events->size() == centre.size(), "the whole ledger can be read");
  CheckCaches(centre, *events);
  CheckProjections(*events);
}

}  // namespace
}  // namespace caseledger::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  GTEST_FLAG_SET(break_on_failure, true);  // what the centre takes as given must hold
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider in(data, size);
  caseledger::fuzz::RunSequence(in);
  return 0;
}
