// Importing into a server that is too busy for much of what it is sent.
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"
#include "tests/integration/support/server_fixture.h"
#include "tests/integration/support/subscriber.h"

namespace caseledger::testing {
namespace {

using nlohmann::json;

// A server in the test's process, on today's clock: the sample lies in the past.
class BusyImport : public ServerTest {
 protected:
  BusyImport() : ServerTest({"quang-ninh"}, Door::kPlaintext) {
    options_.log_limits.max_appends_waiting = 16;
    clock_.Set(SystemClock().Now());
  }

  // The summary of an import by the program; must go well.
  static json Import(const std::string& server) {
    const Finished finished = RunToEnd({CASELEDGER_PATH, "--server", server, "--agency", "ctxh-qn",
                                        "--format", "json", "import", kSample});
    EXPECT_EQ(finished.code, 0) << finished.err;
    json summary = json::parse(finished.out, nullptr, false);
    EXPECT_FALSE(summary.is_discarded()) << finished.out;
    return summary;
  }

  // The summary of the same import into a server with nothing else to do.
  json QuietImport() {
    ServerProcess quiet(directory_ / "quiet", {"quang-ninh"});
    return Import(quiet.address());
  }

  void ExpectEveryRequestOnce() {
    const auto all = client().Replay();
    std::map<std::string, std::set<uint64_t>> positions;
    for (const v1::RecordedEvent& event : all.value) {
      positions[event.request_id()].insert(event.position());
    }
    for (const auto& [request, at] : positions) {
      EXPECT_EQ(*at.rbegin() - *at.begin() + 1, at.size()) << "not one append: " << request;
    }
  }
};

TEST_F(BusyImport, ASmallQueueTakesEveryRowOnce) {
  const json summary = Import(address());
  EXPECT_EQ(summary, QuietImport());
  ExpectEveryRequestOnce();
  const uint64_t head = client().EventCount();
  Import(address());
  EXPECT_EQ(client().EventCount(), head);
}

// Many callers that send without a pause, more of them than the queue has room for.
class Crowd {
 public:
  explicit Crowd(const std::string& address) {
    for (int i = 0; i < 32; ++i) callers_.emplace_back([this, address] { Send(address); });
  }
  ~Crowd() { Finish(); }

  // Waits until all have sent what they had.
  void Finish() {
    for (std::thread& caller : callers_) caller.join();
    callers_.clear();
  }

  uint64_t recorded() const { return recorded_; }
  uint64_t refused() const { return refused_; }

 private:
  void Send(const std::string& address) {
    const Client own(address);
    for (int i = 0; i < 60; ++i) {
      const bool ok = own.Send(CommandOf("", "contact_received { channel: 'sms' }")).ok();
      ++(ok ? recorded_ : refused_);
    }
  }

  std::atomic<uint64_t> recorded_ = 0;
  std::atomic<uint64_t> refused_ = 0;
  std::vector<std::thread> callers_;
};

TEST_F(BusyImport, ACrowdAtItsBeginningAndAtItsCorrectionsOnlyDelaysIt) {
  Crowd early(address());
  std::unique_ptr<Crowd> late;
  std::thread waiting([&] {
    Subscriber corrections(client(), 0, {"fact_corrected", "event_voided"});
    while (corrections.events.empty() && corrections.ReadOne()) {
    }
    late = std::make_unique<Crowd>(address());
  });
  const json summary = Import(address());
  waiting.join();
  early.Finish();
  late->Finish();
  EXPECT_GT(early.refused(), 0u) << "the queue was never full";
  EXPECT_GT(late->refused(), 0u) << "the queue was never full";
  const json quiet = QuietImport();
  EXPECT_EQ(summary, quiet);
  uint64_t recorded = 0;
  for (const json& file : quiet["files"]) recorded += file["recorded"].get<uint64_t>();
  EXPECT_EQ(client().EventCount(), recorded + early.recorded() + late->recorded());
  ExpectEveryRequestOnce();
}

}  // namespace
}  // namespace caseledger::testing
