// A ledger and its access trail as the server hosts them, with their projections, in memory. It
// begins with an administrator and the delivered rules.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "eventstore/engine/memory/memory_engine.h"
#include "google/protobuf/descriptor.h"
#include "projections/read_model/read_model.h"
#include "projections/runtime/runtime.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/rpc/publications.h"
#include "services/rpc/queries.h"
#include "tests/fuzz/support/random_message.h"
#include "tests/support/admission.h"
#include "tests/support/counting_random.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_vault.h"

namespace caseledger::fuzz {

inline constexpr char kHostedName[] = "qn";

class HostedLedger {
 public:
  HostedLedger();
  ~HostedLedger();

  // A small centre: agencies, roles of People(), persons, a case, a shelter, a report. What can be
  // spoken of.
  Names Prepare();

  commands::CommandHandler& handler() { return handler_; }
  const commands::Ledgers& ledgers() const { return ledgers_; }
  // What answers questions: rpc::Queries or rpc::TrailAnswers.
  template <typename Answers>
  Answers AnswersOf() {
    if constexpr (std::is_same_v<Answers, rpc::Queries>) {
      return Answers(ledgers_, clock_, "fuzz",
                     rpc::VaultFace{nullptr, absl::UnavailableError("VAULT_MISSING: none")});
    } else {
      return Answers(ledgers_, clock_);
    }
  }
  rpc::Publications& publications() { return publications_; }
  Clock& clock() { return clock_; }
  uint64_t size() const;

  // Ends the run unless the log accepts and every projection runs.
  void CheckHealth() const;

  // One of the methods that do not answer with a command's result: there are few of them.
  static const google::protobuf::MethodDescriptor* QueryMethod(
      size_t index, const std::vector<const google::protobuf::MethodDescriptor*>& all);

 private:
  commands::Ledger& hosted() const;
  void Host(const std::string& name, std::vector<projections::Runtime::Factory> models,
            std::unique_ptr<access::Trail> trail);
  void Given(const std::string& record, const std::string& fact);

  testing::FakeClock clock_{1'706'000'000'000'000};  // 2024-01-23, after all that is told
  testing::CountingRandom random_;
  testing::CountingRandom trail_random_;
  testing::MemoryVault vault_{clock_};
  eventstore::MemoryEngine engine_;
  std::unique_ptr<projections::ReadModelStore> read_models_;
  commands::Ledgers ledgers_;
  commands::CommandHandler handler_{ledgers_, clock_, random_};
  rpc::Publications publications_{handler_, clock_, 5};
  testing::Admissions admissions_;
  int next_request_ = 0;
};

}  // namespace caseledger::fuzz
