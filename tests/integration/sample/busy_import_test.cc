// Importing into a server that is too busy for much of what it is sent.
#include <algorithm>
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

const Who kOperator{"tdv-3", "tong-dai", "hotline_operator"};

// A server in the test's process, on today's clock: the sample lies in the past.
class BusyImport : public ServerTest {
 protected:
  BusyImport() {
    options_.log_limits.max_appends_waiting = 16;
    caller_ = kOperator;  // of no agency that comes with the sample
    clock_.Set(SystemClock().Now());
  }

  void SetUp() override {
    ServerTest::SetUp();
    client().Admit(kDataSteward);
  }

  // The summary of an import by the program; must go well.
  static json Import(Cast& cast) {
    cast.Admit("", kDataSteward);
    std::vector<std::string> words = cast.ProgramFlags(kDataSteward);
    words.insert(words.begin(), CASELEDGER_PATH);
    words.insert(words.end(), {"--format", "json", "import", kSample});
    const Finished finished = RunToEnd(words);
    EXPECT_EQ(finished.code, 0) << finished.err;
    json summary = json::parse(finished.out, nullptr, false);
    EXPECT_FALSE(summary.is_discarded()) << finished.out;
    return summary;
  }

  // The summary of the same import into a server with nothing else to do, which takes of an agency
  // what it takes of any.
  json QuietImport() {
    Cast others(directory_ / "quiet-pki");
    others.Begin(directory_ / "quiet", "quang-ninh", clock_);
    ServerProcess quiet(directory_ / "quiet", {"quang-ninh"}, others.ServerFlags());
    others.Serve(quiet.address());
    return Import(others);
  }

  void ExpectEveryRequestOnce() {
    const auto all = auditor().Replay();
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
  const json summary = Import(cast());
  EXPECT_EQ(summary, QuietImport());
  ExpectEveryRequestOnce();
  const uint64_t head = client().EventCount();
  Import(cast());
  EXPECT_EQ(client().EventCount(), head);
}

// Many callers that send without a pause, more of them than the queue has room for.
class Crowd {
 public:
  explicit Crowd(Cast& cast) {
    for (int i = 0; i < 32; ++i) callers_.emplace_back([this, &cast] { Send(cast); });
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
  void Send(Cast& cast) {
    const Client own(cast, "", kOperator);
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
  const uint64_t begun_at = client().EventCount();
  Crowd early(cast());
  std::unique_ptr<Crowd> late;
  std::thread waiting([&] {
    Subscriber corrections(auditor(), 0, {"fact_corrected", "event_voided"});
    while (corrections.events.empty() && corrections.ReadOne()) {
    }
    late = std::make_unique<Crowd>(cast());
  });
  const json summary = Import(cast());
  waiting.join();
  early.Finish();
  late->Finish();
  EXPECT_GT(early.refused(), 0u) << "the queue was never full";
  EXPECT_GT(late->refused(), 0u) << "the queue was never full";
  const json quiet = QuietImport();
  EXPECT_EQ(summary, quiet);
  uint64_t recorded = 0;
  for (const json& file : quiet["files"]) recorded += file["recorded"].get<uint64_t>();
  // The server commits heads of its own accord once events are many.
  const auto events = auditor().Replay();
  ASSERT_TRUE(events.ok()) << events.status.error_message();
  const auto by_people = std::count_if(
      events.value.begin(), events.value.end(),
      [](const v1::RecordedEvent& event) { return !event.fact().has_heads_committed(); });
  EXPECT_EQ(static_cast<uint64_t>(by_people),
            begun_at + recorded + early.recorded() + late->recorded());
  ExpectEveryRequestOnce();
}

}  // namespace
}  // namespace caseledger::testing
