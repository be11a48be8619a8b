// A ledger in memory that seals what is personal, and the person search over it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/engine/memory/memory_engine.h"
#include "eventstore/sequencer/sequencer.h"
#include "eventstore/vault/vault_records.h"
#include "google/protobuf/text_format.h"
#include "projections/person_search/index_key.h"
#include "projections/person_search/layout.h"
#include "projections/person_search/person_search.h"
#include "projections/person_search/text/fit.h"
#include "projections/runtime/runtime.h"
#include "tests/projections/read_model/stores.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_vault.h"
#include "tests/support/recorded_events.h"

namespace caseledger::projections::person_search::testing {

inline constexpr char kLedger[] = "quang-ninh";

class SearchTest : public ::testing::Test {
 protected:
  SearchTest() {
    EXPECT_TRUE(eventstore::CreateLedger(engine_, kLedger, clock_, SystemRandom()).ok());
    eventstore::SequencerOptions options;
    options.clock = &clock_;
    options.sealer = &vault_.sealer();
    log_ = eventstore::OpenLog(engine_, kLedger, options).value();
    OpenStore();
    StartSearch(vault_.vault());
  }
  ~SearchTest() override {
    runtime_.reset();
    log_->Close();
  }

  void OpenStore() {
    store_ = OpenRocksDbReadModels({.path = directory_.path(), .env = nullptr}).value();
  }
  void StartSearch(eventstore::DataKeys& keys, size_t max_batch_events = 512) {
    runtime_.reset();
    Runtime::Options options;
    options.clock = &clock_;
    options.max_batch_events = max_batch_events;
    auto started = StartRuntime(*log_, kLedger, *store_,
                                {[&keys] { return MakePersonSearch(kLedger, keys); }}, options);
    ASSERT_TRUE(started.ok()) << started.status();
    runtime_ = *std::move(started);
  }

  static eventstore::StreamId Person(const std::string& name) {
    return caseledger::testing::NamedStream(options::v1::RECORD_KIND_PERSON, name);
  }
  static std::string IdOf(const std::string& name) { return Person(name).id.ToString(); }

  // Records a fact in protobuf text of the person called `name`; gives the event's id.
  Uuid Record(const std::string& name, const std::string& text, Micros occurred_at = 1) {
    event::v1::Fact fact;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &fact)) << text;
    return Record(name, fact, occurred_at);
  }
  Uuid Record(const std::string& name, const event::v1::Fact& fact, Micros occurred_at) {
    eventstore::NewEvent event;
    event.event_id = Uuid::Generate(clock_, SystemRandom());
    event.stream = Person(name);
    event.occurred_at = occurred_at;
    event.fact_type = static_cast<uint32_t>(fact.kind_case());
    event.fact = fact.SerializeAsString();
    eventstore::AppendRequest request;
    request.key = {"agency", Uuid::Generate(clock_, SystemRandom())};
    request.content = "content";
    request.decide = [event](eventstore::LedgerView&) -> absl::StatusOr<eventstore::Decision> {
      return eventstore::Decision{{event}, {}, {}};
    };
    const auto recorded = log_->Append(std::move(request));
    EXPECT_TRUE(recorded.ok()) << recorded.status();
    return event.event_id;
  }
  Uuid Register(const std::string& name, const std::string& full_name, Micros occurred_at = 1) {
    return Record(
        name,
        "person_registered { attributes { private_part { full_name: '" + full_name + "' } } }",
        occurred_at);
  }
  // The fence, and after it the keys.
  void Erase(const std::string& name) {
    event::v1::Fact fact;
    fact.mutable_person_erased()->set_request_id("r");
    const auto keys = vault_.vault().KeysAbout(kLedger, Person(name), 100).value();
    for (const Uuid& id : keys) {
      fact.mutable_person_erased()->add_key_fingerprints(
          std::string(eventstore::FingerprintOf(id).raw()));
    }
    Record(name, fact, 1);
    const uint64_t last = log_->Head().next_position - 1;
    ASSERT_TRUE(vault_.vault().CarryOut(kLedger, log_->ReadLedger(last, 1).value().front()).ok());
  }

  std::unique_ptr<ReadSnapshot> View() {
    auto view = runtime_->View(kPersonSearchName, log_->Head().next_position, absl::Seconds(60));
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *std::move(view) : nullptr;
  }
  projections::testing::Rows AllRows() { return projections::testing::AllRows(*View()); }
  // Rebuilds the table and waits until it is the live one.
  void Rebuild() {
    const std::vector<std::string> before = store_->ListTables(kLedger).value();
    ASSERT_TRUE(runtime_->Rebuild(kPersonSearchName).ok());
    while (store_->ListTables(kLedger).value() == before ||
           store_->ListTables(kLedger).value().size() != before.size()) {
      std::this_thread::yield();
    }
  }

  BlindIndex Index() {
    key_ = vault_.vault().IndexKey(kLedger).value();
    return IndexUnder(*key_, kLedger);
  }
  Candidates Look(const Asked& asked, bool wider = false, const CandidateLimits& limits = {}) {
    const AskedTokens tokens = Index().TokensOf(asked).value();
    auto found = FindCandidates(*View(), wider ? tokens.wider : tokens.strict, limits);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *std::move(found) : Candidates();
  }
  // Full names of those who fit, each with how.
  std::vector<std::string> Find(const Asked& asked, bool wider = false) {
    std::vector<std::string> found;
    for (const Candidate& candidate : Look(asked, wider).persons) {
      const auto opened = Open(candidate, *log_, kLedger, vault_.vault(), true);
      EXPECT_TRUE(opened.ok()) << opened.status();
      const auto fit = FitOf(asked, opened->text);
      if (!fit.has_value() || (!wider && fit->fit == Fit::kSimilar)) continue;
      found.push_back(opened->text.names.front() + ": " + std::string(FitWord(fit->fit)));
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  std::vector<std::string> FindName(const std::string& name) { return Find({.name = name}); }

  caseledger::testing::FakeClock clock_;
  caseledger::testing::MemoryVault vault_{clock_};
  eventstore::MemoryEngine engine_;
  std::unique_ptr<eventstore::EventLog> log_;
  projections::testing::TemporaryDirectory directory_;
  std::unique_ptr<ReadModelStore> store_;
  std::unique_ptr<Runtime> runtime_;
  std::shared_ptr<const eventstore::SecretKey> key_;
};

}  // namespace caseledger::projections::person_search::testing
