// A centre's ledger in memory behind the real command handler: commands told in a line, events read
// back from the log. It begins as a deployment does, with an administrator and the delivered rules;
// whoever calls is granted their roles, by events, before their first command. Beside it is its
// access trail.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "services/access/trail/trail.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/commands/times.h"
#include "services/domain/rejection.h"
#include "tests/support/admission.h"
#include "tests/support/counting_random.h"
#include "tests/support/domain_builders.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_vault.h"

namespace caseledger::testing {

inline constexpr char kLedgerName[] = "qn";

// A UUID that shows its number.
inline std::string Id(int number) {
  char text[37];
  std::snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012d", number);
  return text;
}

// Who works there: each with the roles of that one person.
inline Caller Worker(const std::string& agency = "hotline", const std::string& actor = "an") {
  return {actor, agency, {"case_worker"}};
}
inline Caller Supervisor(const std::string& agency = "hotline", const std::string& actor = "boss") {
  return {actor, agency, {"supervisor"}};
}
// Of the agency's shelters.
inline Caller Manager(const std::string& agency = "hotline") {
  return {"mai", agency, {"shelter_manager"}};
}
// Reads whole ledgers.
inline Caller Auditor() { return {"tra", "thanh-tra", {"auditor"}, "audit", "QD-12/2026"}; }
// Decides and carries out erasures; others of the kind approve them.
inline Caller PrivacyOfficer(const std::string& actor = "hoa") {
  return {actor, "so-qn", {"privacy_officer"}, "data subject request"};
}
// Places and lifts legal holds.
inline Caller LegalOfficer(const std::string& actor = "luat") {
  return {actor, "so-tp", {"legal_officer"}, "court order"};
}
inline Caller Steward() { return {"steward", "hotline", {"data_steward"}}; }

// The reason id at the beginning of the status's message, or "OK".
inline std::string ReasonIdOf(const absl::Status& status) {
  if (status.ok()) return "OK";
  const std::string message(status.message());
  return message.substr(0, message.find(':'));
}
template <typename T>
std::string ReasonIdOf(const absl::StatusOr<T>& result) {
  return ReasonIdOf(result.status());
}

struct CentreOptions {
  size_t max_records = 1000;
  bool snapshots = false;
  bool begun = true;  // else there is nothing in the ledger, and no rules
  // Refusals that hide a record wait for the trail's beat: not for properties that refuse much.
  bool trail = true;
  eventstore::MemoryEngineOptions engine = {};
  // Makes what knows the keys of persons; else there is none, and nothing can be erased.
  std::function<std::unique_ptr<commands::ErasureKeys>()> erasure_keys = {};
};

// Not thread-safe; one command at a time unless Start is used.
class Centre {
 public:
  using Result = absl::StatusOr<v1::CommandResult>;

  explicit Centre(CentreOptions options = {})
      : options_(std::move(options)),
        engine_(options_.engine),
        read_models_(projections::NewMemoryReadModels()) {
    clock_.Set(AtHour(20'000));
    for (const std::string& name : {std::string(kLedgerName), access::TrailLedgerOf(kLedgerName)}) {
      EXPECT_TRUE(eventstore::CreateLedger(engine_, name, clock_, random_).ok());
    }
    Reopen();
    if (options_.begun) Begin();
  }
  ~Centre() { Close(); }

  // As after a restart of the program: nothing is left but log and snapshots.
  void Reopen() {
    if (ledgers_ != nullptr) Close();
    engine_.Reopen();
    handler_.reset();
    ledgers_ = std::make_unique<commands::Ledgers>();
    ledgers_->Add(Open(access::TrailLedgerOf(kLedgerName)), options_.max_records);
    commands::LedgerParts parts = Open(kLedgerName);
    if (options_.trail) {
      parts.trail = std::make_unique<access::Trail>(trail_log(), trail_random_);
    }
    if (options_.erasure_keys) parts.erasure_keys = options_.erasure_keys();
    if (options_.snapshots) {
      parts.snapshots = std::make_unique<commands::SnapshotStore>(OpenSnapshots());
    }
    ledgers_->Add(std::move(parts), options_.max_records);
    handler_ = std::make_unique<commands::CommandHandler>(*ledgers_, clock_, random_);
  }

  std::unique_ptr<projections::ReadModelTable> OpenSnapshots() {
    return *read_models_->OpenTable(kLedgerName, "snapshots@1");
  }

  FakeClock& clock() { return clock_; }
  CountingRandom& random() { return random_; }
  eventstore::MemoryEngine& engine() { return engine_; }
  commands::CommandHandler& handler() { return *handler_; }
  commands::Ledgers& ledgers() { return *ledgers_; }
  commands::Ledger& ledger() { return **ledgers_->Find(kLedgerName); }
  eventstore::EventLog& log() { return *ledger().parts.log; }
  eventstore::EventLog& trail_log() {
    return *(*ledgers_->Find(access::TrailLedgerOf(kLedgerName)))->parts.log;
  }

  // A command with a fresh request id that occurs at the hour.
  v1::Command Command(const std::string& record, double hour, const std::string& fact) {
    v1::Command command;
    command.mutable_header()->set_request_id(Id(900'000 + next_request_++));
    *command.mutable_header()->mutable_occurred_time() = commands::ToTimestamp(AtHour(hour));
    command.set_record_id(record);
    *command.mutable_fact() = FactOf(fact);
    return command;
  }

  std::future<Result> StartAs(const v1::Command& command, const access::Call& call) {
    auto promise = std::make_shared<std::promise<Result>>();
    std::future<Result> answer = promise->get_future();
    handler_->Submit(command, call,
                     [promise](Result result) { promise->set_value(std::move(result)); });
    return answer;
  }
  std::future<Result> Start(const v1::Command& command, const Caller& caller) {
    Admit(caller);
    return StartAs(command, caller.Call());
  }
  Result Send(const v1::Command& command, const Caller& caller = Worker()) {
    return Start(command, caller).get();
  }
  Result SendFromServer(const v1::Command& command) {
    std::promise<Result> promise;
    handler_->SubmitFromServer(command,
                               [&](Result result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }
  Result Try(const std::string& record, double hour, const std::string& fact,
             const Caller& caller = Worker()) {
    return Send(Command(record, hour, fact), caller);
  }
  // The same for what a test takes as given; the id of its first event.
  std::string Given(const std::string& record, double hour, const std::string& fact,
                    const Caller& caller = Worker()) {
    const Result result = Try(record, hour, fact, caller);
    EXPECT_TRUE(result.ok()) << "given " << fact << ": " << result.status();
    return result.ok() ? result->events(0).event_id() : "";
  }

  Result Correct(const std::string& record, const std::string& target,
                 const std::string& replacement, const Caller& caller = Worker(),
                 std::optional<double> hour = std::nullopt) {
    v1::Command command = Command(record, 19'000, "fact_corrected { reason: 'typed wrongly' }");
    event::v1::FactCorrected& corrected = *command.mutable_fact()->mutable_fact_corrected();
    corrected.set_target_event_id(target);
    *corrected.mutable_replacement() = FactOf(replacement);
    if (hour.has_value()) {
      *corrected.mutable_replacement_occurred_time() = commands::ToTimestamp(AtHour(*hour));
    }
    return Send(command, caller);
  }
  Result Void(commands::RecordKind kind, const std::string& record, const std::string& target,
              const Caller& caller = Worker()) {
    v1::Command command = Command(record, 19'000, "event_voided { reason: 'never happened' }");
    command.mutable_fact()->mutable_event_voided()->set_target_event_id(target);
    command.set_record_kind(kind);
    return Send(command, caller);
  }

  uint64_t size() { return log().Head().next_position; }
  std::vector<eventstore::RecordedEvent> Stream(commands::RecordKind kind,
                                                const std::string& record) {
    return *log().ReadStream({static_cast<uint32_t>(kind), *Uuid::Parse(record)}, 1, 0);
  }
  domain::Timeline History(commands::RecordKind kind, const std::string& record) {
    domain::Timeline timeline;
    for (const auto& event : Stream(kind, record)) timeline.Add(*commands::ToDomainEvent(event));
    return timeline;
  }
  // Names and hours of the effective facts, such as `stay_began@5`.
  std::vector<std::string> Effective(commands::RecordKind kind, const std::string& record) {
    std::vector<std::string> facts;
    const domain::Timeline timeline = History(kind, record);
    for (const domain::DomainEvent& event : timeline.in_order()) {
      facts.push_back(absl::StrCat(
          std::string(commands::FactName(static_cast<uint32_t>(event.fact->kind_case()))), "@",
          (event.occurred_at - AtHour(0)) / kHour));
    }
    return facts;
  }
  event::v1::Fact FactAt(uint64_t position) {
    event::v1::Fact fact;
    const std::vector<eventstore::RecordedEvent> events = log().ReadLedger(position, 1).value();
    const auto opened = eventstore::OpenFact(kLedgerName, events.at(0), vault_.vault());
    EXPECT_TRUE(opened.ok()) << opened.status();
    EXPECT_TRUE(opened.ok() && fact.ParseFromString(*opened));
    return fact;
  }

  // The administrator and the rules, once, as the local bootstrap puts them there.
  void Begin() {
    ExpectDone(admissions_.Begin(*handler_));
    begun_ = true;
  }
  // Grants the roles, if they have not called before: the ledger's head moves.
  void Admit(const Caller& caller) {
    if (begun_) ExpectDone(admissions_.Admit(*handler_, caller));
  }
  void RegisterAgencies() {
    for (const char* name : {"hotline", "hospital"}) {
      ExpectDone(admissions_.Register(*handler_, name));
    }
  }
  void RegisterPerson(int number) {
    Given(Id(number), 0, "person_registered { attributes { sex: 'female' } }");
  }
  // A case of the hotline's with these participants.
  void OpenCase(int number, const std::vector<int>& persons) {
    Given(Id(number), 0,
          "case_opened { case_type: 'gender_based_violence' owner_agency_id: 'hotline' }");
    for (const int person : persons) {
      Given(Id(number), 1,
            absl::StrCat("participant_added { person_id: '", Id(person),
                         "' role: PARTICIPANT_ROLE_CLIENT }"));
    }
  }
  void RegisterShelter(int number, int beds) {
    Given(Id(number), 0,
          absl::StrCat("shelter_registered { agency_id: 'hotline' beds: ", beds, " }"), Manager());
  }

 private:
  commands::LedgerParts Open(const std::string& name) {
    commands::LedgerParts parts;
    parts.name = name;
    parts.keys = &vault_.vault();
    eventstore::SequencerOptions log_options;
    log_options.clock = &clock_;
    log_options.sealer = &vault_.sealer();
    parts.log = *eventstore::OpenLog(engine_, name, log_options);
    return parts;
  }
  void Close() {
    log().Close();
    if (options_.trail) ledger().parts.trail->Drain();
    trail_log().Close();
  }

  static void ExpectDone(const absl::Status& status) { EXPECT_TRUE(status.ok()) << status; }

  const CentreOptions options_;
  FakeClock clock_;
  CountingRandom random_;
  CountingRandom trail_random_;  // refusals are put there by the log's thread
  MemoryVault vault_{clock_};
  eventstore::MemoryEngine engine_;
  std::unique_ptr<projections::ReadModelStore> read_models_;
  std::unique_ptr<commands::Ledgers> ledgers_;
  std::unique_ptr<commands::CommandHandler> handler_;
  bool begun_ = false;
  Admissions admissions_{kLedgerName, AtHour(0)};
  int next_request_ = 0;
};

}  // namespace caseledger::testing
