#include <cstdint>
#include <optional>

#include "eventstore/engine/memory/memory_engine.h"
#include "tests/simulation/storage.h"

namespace caseledger::simulation {
namespace {

using eventstore::EngineBatch;

// Keeps or loses the batch of the commit that fails; what is acknowledged always stays.
class MemoryStorage final : public Storage {
 public:
  explicit MemoryStorage(Random& random)
      : engine_({.before_write = [this](const EngineBatch&) { return Strike(false); },
                 .after_write = [this](const EngineBatch&) { return Strike(true); },
                 .resolve_runs = random.OneIn(3) ? 2 : 1}) {}

  absl::Status Open() override {
    engine_.Reopen();
    return absl::OkStatus();
  }
  eventstore::Engine& engine() override { return engine_; }
  void Break(Random& random) override {
    commits_left_ = random.Between(0, random.Pick<int64_t>({3, 20}));
    fails_after_write_ = random.OneIn(2);
  }
  bool is_broken() const override { return is_broken_; }
  absl::Status Close() override {
    Mend();
    return engine_.Close();
  }
  void Crash(Random& /*random*/) override {
    Mend();
    (void)engine_.Close();
  }

 private:
  absl::Status Strike(bool after_write) {
    if (!commits_left_.has_value() || after_write != fails_after_write_) return absl::OkStatus();
    if ((*commits_left_)-- > 0) return absl::OkStatus();
    commits_left_.reset();
    is_broken_ = true;
    return absl::UnavailableError("the simulated storage failed");
  }
  void Mend() {
    commits_left_.reset();
    is_broken_ = false;
  }

  std::optional<int64_t> commits_left_;
  bool fails_after_write_ = false;
  bool is_broken_ = false;
  eventstore::MemoryEngine engine_;
};

}  // namespace

std::unique_ptr<Storage> NewMemoryStorage(Random& random) {
  return std::make_unique<MemoryStorage>(random);
}

}  // namespace caseledger::simulation
