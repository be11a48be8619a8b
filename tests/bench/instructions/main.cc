// Does one kind of work COUNT times, single steps of what every event goes through, so that
// callgrind can count the instructions. instructions.sh runs it and takes the set-up away.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "caseledger/v1/history.pb.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "projections/report_facts/report_facts.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/rpc/recorded_event.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/support/admission.h"
#include "tests/support/counting_random.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_vault.h"

namespace caseledger::bench {
namespace {

constexpr uint64_t kSeed = 20260101;
constexpr size_t kEvents = 300;  // of the ledger that is read

[[noreturn]] void Stop(const std::string& why) {
  std::fprintf(stderr, "caseledger_instructions: %s\n", why.c_str());
  std::exit(1);
}

void Must(const absl::Status& status) {
  if (!status.ok()) Stop(status.ToString());
}

// A ledger in memory behind the real command handler and log, with the delivered rules: all that a
// command costs but the transport, the look at its caller's papers, and the disk.
class Centre {
 public:
  Centre() {
    Must(eventstore::CreateLedger(engine_, kLedger, clock_, random_));
    commands::LedgerParts parts;
    parts.name = kLedger;
    eventstore::SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &vault_.sealer();
    auto log = eventstore::OpenLog(engine_, kLedger, options);
    Must(log.status());
    log_ = log->get();
    parts.log = *std::move(log);
    ledgers_.Add(std::move(parts), kEvents);
    testing::Admissions admissions(kLedger, clock_.Now());
    Must(admissions.Begin(handler_));
    Must(admissions.Admit(handler_, operator_));
    begun_ = log_->Head().next_position;
  }
  ~Centre() { log_->Close(); }

  void Command() {
    v1::Command command;
    commands_.Next();
    commands_.MoveTo(command);
    std::promise<absl::Status> answered;
    handler_.Submit(std::move(command), operator_.Call(),
                    [&](const absl::StatusOr<v1::CommandResult>& result) {
                      answered.set_value(result.status());
                    });
    Must(answered.get_future().get());
  }

  // The events of the first commands.
  std::vector<eventstore::RecordedEvent> Read() {
    auto events = log_->ReadLedger(begun_, kEvents);
    Must(events.status());
    if (events->size() != kEvents) Stop(StrCat("read ", events->size(), " events"));
    return *std::move(events);
  }

 private:
  testing::FakeClock clock_;
  testing::CountingRandom random_;
  testing::MemoryVault vault_{clock_, random_};
  eventstore::MemoryEngine engine_;
  commands::Ledgers ledgers_;
  const testing::Caller operator_{kActor, kAgency, {"hotline_operator"}};
  commands::CommandHandler handler_{ledgers_, clock_, random_};
  eventstore::EventLog* log_ = nullptr;  // of ledgers_
  uint64_t begun_ = 0;                   // events before the first command
  ContactCommands commands_{kSeed};
};

void Commands(Centre& centre, size_t count) {
  for (size_t i = 0; i < count; ++i) centre.Command();
}

std::vector<eventstore::RecordedEvent> Events(Centre& centre) {
  Commands(centre, kEvents);
  return centre.Read();
}

void Read(Centre& centre, size_t count) {
  Commands(centre, kEvents);
  for (size_t i = 0; i < count; i += kEvents) centre.Read();
}

void Send(Centre& centre, size_t count) {
  const std::vector<eventstore::RecordedEvent> events = Events(centre);
  std::string bytes;
  for (size_t i = 0; i < count; i += kEvents) {
    v1::ReplayResponse response;
    for (const eventstore::RecordedEvent& event : events) {
      rpc::AddSentEvent(event, kLedger, v1::ReplayResponse::kEventsFieldNumber, response);
    }
    if (!response.SerializeToString(&bytes) || bytes.empty()) Stop("a page was not written");
  }
}

void Project(Centre& centre, size_t count) {
  const std::vector<eventstore::RecordedEvent> events = Events(centre);
  const auto store = projections::NewMemoryReadModels();
  for (size_t i = 0; i < count; i += kEvents) {
    auto table = store->OpenTable(kLedger, StrCat("report-facts@", i));
    Must(table.status());
    const auto batch = (*table)->NewBatch();
    projections::ReportFacts projection;
    event::v1::Fact fact;
    for (const eventstore::RecordedEvent& event : events) {
      if (!fact.ParseFromString(event.fact)) Stop("a fact cannot be parsed");
      Must(projection.Apply(event, fact, *batch));
    }
    Must((*table)->Commit(*batch, 0, events.size()));
  }
}

int Run(int argc, char** argv) {
  const std::map<std::string, std::function<void(Centre&, size_t)>> kinds = {
      {"command", Commands}, {"read", Read}, {"send", Send}, {"report-facts", Project}};
  const auto kind = argc == 3 ? kinds.find(argv[1]) : kinds.end();
  const long long count = argc == 3 ? std::atoll(argv[2]) : 0;
  if (kind == kinds.end() || count <= 0 || count % static_cast<long long>(kEvents) != 0) {
    std::cerr << "usage: caseledger_instructions command|read|send|report-facts COUNT\n"
              << "COUNT is a multiple of " << kEvents << "\n";
    return 2;
  }
  Centre centre;
  kind->second(centre, static_cast<size_t>(count));
  return 0;
}

}  // namespace
}  // namespace caseledger::bench

int main(int argc, char** argv) { return caseledger::bench::Run(argc, argv); }
