#include "tests/foreign/signed_ledger.h"

#include <algorithm>
#include <future>
#include <memory>
#include <random>
#include <utility>

#include "eventstore/backup/durable_file.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/engine/rocksdb/rocksdb_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/signing/signer.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/support/opaque_facts.h"

namespace caseledger::testing {
namespace {

constexpr uint64_t kContactsAtATime = 64;
constexpr uint64_t kAppendsAtATime = 2048;
constexpr Micros kBothKeysSignFor = 30LL * 24 * 3600 * kMicrosPerSecond;

// What the command handler would append for a command of a hotline.
eventstore::AppendRequest RequestFor(const v1::Command& command, Uuid event_id, Micros now) {
  eventstore::NewEvent event;
  event.event_id = event_id;
  event.stream = {options::v1::RECORD_KIND_CONTACT, *Uuid::Parse(command.record_id())};
  event.occurred_at = now;
  event.fact_type = static_cast<uint32_t>(command.fact().kind_case());
  event.fact = command.fact().SerializeAsString();
  eventstore::AppendRequest request;
  request.key = {bench::kAgency, *Uuid::Parse(command.header().request_id())};
  request.content = command.SerializeAsString();
  request.origin.actor = bench::kActor;
  request.origin.agency = bench::kAgency;
  request.origin.purpose = command.header().purpose();
  request.decide =
      [event = std::move(event)](eventstore::LedgerView&) -> absl::StatusOr<eventstore::Decision> {
    return eventstore::Decision{{event}, {}, {}};
  };
  return request;
}

class Filler {
 public:
  explicit Filler(SignedLedgerPlan plan) : plan_(std::move(plan)), random_(plan_.seed) {
    for (uint64_t i = 0; i < kContactsAtATime; ++i) {
      contacts_.emplace_back(plan_.seed * kContactsAtATime + i);
    }
  }

  absl::StatusOr<SignedLedger> Fill() {
    RETURN_IF_ERROR(Open());
    SignedLedger made;
    for (const uint64_t size : plan_.signed_sizes) {
      RETURN_IF_ERROR(GrowTo(size));
      if (size == plan_.second_key_at) RETURN_IF_ERROR(AddKey());
      RETURN_IF_ERROR(signer_->Sign(*log_->Tree()));
      made.checkpoints.push_back(signer_->Latest()->note);
    }
    made.origin = signer_->origin();
    made.verifiers = signer_->Verifiers();
    std::reverse(made.verifiers.begin(), made.verifiers.end());
    log_->Close();
    RETURN_IF_ERROR(engine_->Close());
    return made;
  }

 private:
  absl::Status Open() {
    RETURN_IF_ERROR(eventstore::MakeDirectoryDurably(plan_.data_dir));
    eventstore::RocksDbOptions storage;
    storage.path = plan_.data_dir + "/log";
    ASSIGN_OR_RETURN(engine_, eventstore::OpenRocksDbEngine(storage));
    RETURN_IF_ERROR(
        eventstore::CreateLedger(*engine_, plan_.ledger, SystemClock(), SystemRandom()));
    eventstore::SignerOptions signing;
    signing.ledger = plan_.ledger;
    signing.checkpoint_dir = plan_.data_dir + "/checkpoints";
    signing.key_file = KeyFileOf(plan_);
    signing.clock = &SystemClock();
    signing.random = &SystemRandom();
    ASSIGN_OR_RETURN(signer_, eventstore::Signer::Open(*engine_, std::move(signing)));
    eventstore::SequencerOptions sequencer;
    sequencer.clock = &SystemClock();
    sequencer.sealer = &SealsNothing();
    ASSIGN_OR_RETURN(log_, eventstore::OpenLog(*engine_, plan_.ledger, sequencer));
    return absl::OkStatus();
  }

  absl::Status AddKey() {
    ASSIGN_OR_RETURN(eventstore::KeyRing ring, eventstore::KeyRing::Load(KeyFileOf(plan_)));
    RETURN_IF_ERROR(
        ring.Add(signer_->origin(), SystemClock().Now() + kBothKeysSignFor, SystemRandom())
            .status());
    return ring.Save(KeyFileOf(plan_));
  }

  absl::Status GrowTo(uint64_t size) {
    while (recorded_ < size) RETURN_IF_ERROR(Append(std::min(kAppendsAtATime, size - recorded_)));
    if (log_->Head().next_position == size) return absl::OkStatus();
    return absl::InternalError(
        StrCat("the ledger has ", log_->Head().next_position, " events instead of ", size));
  }

  absl::Status Append(uint64_t count) {
    std::vector<std::future<absl::Status>> answers;
    for (uint64_t i = 0; i < count; ++i) {
      auto answered = std::make_shared<std::promise<absl::Status>>();
      answers.push_back(answered->get_future());
      log_->Submit(Next(), [answered](const absl::StatusOr<eventstore::AppendResult>& result) {
        answered->set_value(result.status());
      });
    }
    for (std::future<absl::Status>& answer : answers) RETURN_IF_ERROR(answer.get());
    recorded_ += count;
    return absl::OkStatus();
  }

  // The contacts take turns, so that their streams lie between one another.
  eventstore::AppendRequest Next() {
    bench::ContactCommands& contact = contacts_[next_++ % kContactsAtATime];
    contact.Next();
    v1::Command command;
    contact.MoveTo(command);
    Uuid event_id;
    for (uint8_t& byte : event_id.bytes) byte = static_cast<uint8_t>(random_());
    return RequestFor(command, event_id, SystemClock().Now());
  }

  const SignedLedgerPlan plan_;
  std::mt19937_64 random_;
  std::vector<bench::ContactCommands> contacts_;
  uint64_t next_ = 0;
  uint64_t recorded_ = 0;
  std::unique_ptr<eventstore::RocksDbStore> engine_;
  std::unique_ptr<eventstore::Signer> signer_;
  std::unique_ptr<eventstore::EventLog> log_;
};

}  // namespace

absl::StatusOr<SignedLedger> MakeSignedLedger(const SignedLedgerPlan& plan) {
  return Filler(plan).Fill();
}

std::string KeyFileOf(const SignedLedgerPlan& plan) {
  return StrCat(plan.data_dir, "/keys/", plan.ledger, ".keys");
}

}  // namespace caseledger::testing
