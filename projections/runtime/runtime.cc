#include "projections/runtime/runtime.h"

#include <map>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/runtime/slot.h"
#include "projections/runtime/tables.h"

namespace caseledger::projections {
namespace {

class RuntimeImpl final : public Runtime {
 public:
  explicit RuntimeImpl(std::unique_ptr<LiveTables> tables) : tables_(std::move(tables)) {}
  ~RuntimeImpl() override { Stop(); }

  absl::Status Add(eventstore::EventLog& log, Factory factory, const Options& options) {
    auto slot = std::make_unique<Slot>(log, *tables_, std::move(factory), options);
    const std::string name = slot->projection_name();
    if (slots_.contains(name)) {
      return absl::InvalidArgumentError(StrCat("two projections are called ", name));
    }
    RETURN_IF_ERROR(slot->Start());
    slots_.emplace(name, std::move(slot));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<ReadSnapshot>> View(std::string_view name,
                                                     uint64_t min_applied_events,
                                                     absl::Duration timeout) override {
    ASSIGN_OR_RETURN(Slot* const slot, Find(name));
    return slot->View(min_applied_events, timeout);
  }
  std::vector<ProjectionHealth> Health(Ages ages) const override {
    std::vector<ProjectionHealth> all;
    for (const auto& [name, slot] : slots_) all.push_back(slot->Health(ages));
    return all;
  }
  absl::Status Rebuild(std::string_view name, Compare compare) override {
    ASSIGN_OR_RETURN(Slot* const slot, Find(name));
    return slot->Rebuild(compare);
  }
  absl::Status Pause(std::string_view name) override {
    ASSIGN_OR_RETURN(Slot* const slot, Find(name));
    return slot->Pause();
  }
  absl::Status Resume(std::string_view name) override {
    ASSIGN_OR_RETURN(Slot* const slot, Find(name));
    return slot->Resume();
  }
  absl::Status Drop(std::string_view name) override {
    ASSIGN_OR_RETURN(Slot* const slot, Find(name));
    return slot->Drop();
  }
  void Stop() override {
    for (const auto& [name, slot] : slots_) slot->Stop();
  }

 private:
  // By its name, with its version or without.
  absl::StatusOr<Slot*> Find(std::string_view name) const {
    const auto it = slots_.find(name.substr(0, name.find('@')));
    const bool found =
        it != slots_.end() && (it->first == name || it->second->table_name() == name);
    if (found) return it->second.get();
    return absl::NotFoundError(StrCat("PROJECTION_UNKNOWN: no projection is called ", name));
  }

  const std::unique_ptr<LiveTables> tables_;
  std::map<std::string, std::unique_ptr<Slot>, std::less<>> slots_;  // fixed once started
};

}  // namespace

absl::StatusOr<std::unique_ptr<Runtime>> StartRuntime(eventstore::EventLog& log,
                                                      std::string_view ledger,
                                                      ReadModelStore& store,
                                                      std::vector<Runtime::Factory> projections,
                                                      const Runtime::Options& options) {
  if (options.clock == nullptr) return absl::InvalidArgumentError("the runtime needs a clock");
  ASSIGN_OR_RETURN(std::unique_ptr<LiveTables> tables, LiveTables::Open(store, ledger));
  auto runtime = std::make_unique<RuntimeImpl>(std::move(tables));
  for (Runtime::Factory& factory : projections) {
    RETURN_IF_ERROR(runtime->Add(log, std::move(factory), options));
  }
  return std::unique_ptr<Runtime>(std::move(runtime));
}

}  // namespace caseledger::projections
