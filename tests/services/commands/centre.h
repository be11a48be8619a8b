// A centre's ledger in memory behind the real command handler: commands told in a line, events read
// back from the log.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/commands/times.h"
#include "services/domain/rejection.h"
#include "tests/support/counting_random.h"
#include "tests/support/domain_builders.h"
#include "tests/support/fake_clock.h"

namespace caseledger::testing {

inline constexpr char kLedgerName[] = "qn";

// A UUID that shows its number.
inline std::string Id(int number) {
  char text[37];
  std::snprintf(text, sizeof(text), "00000000-0000-4000-8000-%012d", number);
  return text;
}

// In a ledger without rules callers have the roles they claim.
inline access::Call Claiming(const std::string& actor, const std::string& agency,
                             std::set<std::string> roles) {
  access::Call call;
  call.actor = actor;
  call.agency = agency;
  call.claimed_roles = std::move(roles);
  return call;
}
inline access::Call Worker(const std::string& agency = "hotline", const std::string& actor = "an") {
  return Claiming(actor, agency, {"case_worker"});
}
inline access::Call Supervisor(const std::string& agency = "hotline") {
  return Claiming("boss", agency, {"supervisor"});
}
inline access::Call Steward() { return Claiming("steward", "hotline", {"data_steward"}); }

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
  eventstore::MemoryEngineOptions engine;
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
    EXPECT_TRUE(eventstore::CreateLedger(engine_, kLedgerName, clock_, random_).ok());
    Reopen();
  }
  ~Centre() { log().Close(); }

  // As after a restart of the program: nothing is left but log and snapshots.
  void Reopen() {
    if (ledgers_ != nullptr) log().Close();
    engine_.Reopen();
    handler_.reset();
    ledgers_ = std::make_unique<commands::Ledgers>();
    commands::LedgerParts parts;
    parts.name = kLedgerName;
    parts.open_without_rules = true;
    eventstore::SequencerOptions log_options;
    log_options.clock = &clock_;
    parts.log = *eventstore::OpenLog(engine_, kLedgerName, log_options);
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

  // A command with a fresh request id that occurs at the hour.
  v1::Command Command(const std::string& record, double hour, const std::string& fact) {
    v1::Command command;
    command.mutable_header()->set_request_id(Id(900'000 + next_request_++));
    *command.mutable_header()->mutable_occurred_time() = commands::ToTimestamp(AtHour(hour));
    command.set_record_id(record);
    *command.mutable_fact() = FactOf(fact);
    return command;
  }

  std::future<Result> Start(const v1::Command& command, const access::Call& caller) {
    auto promise = std::make_shared<std::promise<Result>>();
    std::future<Result> answer = promise->get_future();
    handler_->Submit(command, caller,
                     [promise](Result result) { promise->set_value(std::move(result)); });
    return answer;
  }
  Result Send(const v1::Command& command, const access::Call& caller = Worker()) {
    return Start(command, caller).get();
  }
  Result SendFromServer(const v1::Command& command) {
    std::promise<Result> promise;
    handler_->SubmitFromServer(command,
                               [&](Result result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }
  Result Try(const std::string& record, double hour, const std::string& fact,
             const access::Call& caller = Worker()) {
    return Send(Command(record, hour, fact), caller);
  }
  // The same for what a test takes as given; the id of its first event.
  std::string Given(const std::string& record, double hour, const std::string& fact,
                    const access::Call& caller = Worker()) {
    const Result result = Try(record, hour, fact, caller);
    EXPECT_TRUE(result.ok()) << "given " << fact << ": " << result.status();
    return result.ok() ? result->events(0).event_id() : "";
  }

  Result Correct(const std::string& record, const std::string& target,
                 const std::string& replacement, const access::Call& caller = Worker(),
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
              const access::Call& caller = Worker()) {
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
    EXPECT_TRUE(fact.ParseFromString((*log().ReadLedger(position, 1))[0].fact));
    return fact;
  }

  void RegisterAgencies() {
    for (const char* name : {"hotline", "hospital"}) {
      Given(name, 0, "agency_registered { kind: 'centre' name_vi: 'Trung tâm' }");
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
          absl::StrCat("shelter_registered { agency_id: 'hotline' beds: ", beds, " }"));
  }

 private:
  const CentreOptions options_;
  FakeClock clock_;
  CountingRandom random_;
  eventstore::MemoryEngine engine_;
  std::unique_ptr<projections::ReadModelStore> read_models_;
  std::unique_ptr<commands::Ledgers> ledgers_;
  std::unique_ptr<commands::CommandHandler> handler_;
  int next_request_ = 0;
};

}  // namespace caseledger::testing
