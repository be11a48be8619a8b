// `caseledger log follow` as a process of its own: what it prints, where it goes on, how it ends.
#include <signal.h>

#include <sstream>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/support/child_process.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Follow : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    begun_at_ = client().EventCount();
  }

  // The program's words, as an auditor says them.
  std::vector<std::string> Words(const std::vector<std::string>& options) {
    std::vector<std::string> words = cast().ProgramFlags(Cast::Auditor());
    words.insert(words.begin(), CASELEDGER_PATH);
    words.insert(words.end(), {"--format", "json", "log", "follow"});
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  std::unique_ptr<ChildProcess> Start(const std::vector<std::string>& options = {}) {
    auto process = std::make_unique<ChildProcess>(Words(options));
    EXPECT_TRUE(process->WaitForError("caught up")) << process->err();
    return process;
  }

  void RecordContacts(int count) {
    for (int i = 0; i < count; ++i) client().Record("", "contact_received { channel: 'sms' }");
  }

  // Waits until the event has been printed.
  void AwaitPosition(ChildProcess& process, uint64_t position) const {
    const std::string event_id = auditor().Replay(position, 1).value.at(0).event_id();
    EXPECT_TRUE(process.WaitForOutput(event_id)) << process.err();
  }

  // Of the events printed, one on a line.
  static std::vector<uint64_t> Positions(const std::string& out) {
    std::vector<uint64_t> positions;
    std::istringstream lines(out.substr(0, out.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) {
      const auto event = nlohmann::json::parse(line, nullptr, false);
      EXPECT_FALSE(event.is_discarded()) << line;
      if (event.is_discarded()) continue;
      const auto& position = event["position"];
      positions.push_back(position.is_string() ? std::stoull(position.get<std::string>())
                                               : position.get<uint64_t>());
    }
    return positions;
  }

  // `--from` so many events after what the ledger began with.
  std::vector<std::string> From(uint64_t events) const {
    return {"--from", std::to_string(begun_at_ + events)};
  }

  uint64_t begun_at_ = 0;  // events before the test's own
};

TEST_F(Follow, PrintsWhatIsRecordedAfterItStartedUntilInterrupted) {
  uint64_t head = begun_at_;
  for (const int signal : {SIGINT, SIGTERM}) {
    RecordContacts(2);
    const auto process = Start();
    RecordContacts(2);
    head += 4;
    AwaitPosition(*process, head - 1);
    process->Signal(signal);
    EXPECT_EQ(process->Wait(), 0) << process->err();
    EXPECT_THAT(Positions(process->out()), ElementsAre(head - 2, head - 1));
    EXPECT_THAT(process->err(), HasSubstr("go on with --from " + std::to_string(head) + "\n"));
  }
}

TEST_F(Follow, GoesOnFromAPositionWithoutALossOrADouble) {
  RecordContacts(3);
  const auto first = Start(From(0));
  AwaitPosition(*first, begun_at_ + 2);
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(), 0);
  EXPECT_THAT(Positions(first->out()), ElementsAre(begun_at_, begun_at_ + 1, begun_at_ + 2));
  RecordContacts(2);  // while nobody follows
  const auto second = Start(From(3));
  RecordContacts(1);
  AwaitPosition(*second, begun_at_ + 5);
  second->Signal(SIGINT);
  EXPECT_EQ(second->Wait(), 0);
  EXPECT_THAT(Positions(second->out()), ElementsAre(begun_at_ + 3, begun_at_ + 4, begun_at_ + 5));
}

TEST_F(Follow, PrintsOnlyTheFactsAskedForAndGoesOnPastTheOthers) {
  const auto process = Start({"--from", "0", "--fact", "contact_ended"});
  const std::string contact =
      client().Record("", "contact_received { channel: 'sms' }").record_id();
  client().Record(contact, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  AwaitPosition(*process, begun_at_ + 1);
  process->Signal(SIGINT);
  EXPECT_EQ(process->Wait(), 0);
  EXPECT_THAT(Positions(process->out()), ElementsAre(begun_at_ + 1));
  EXPECT_THAT(process->err(), HasSubstr("--from " + std::to_string(begun_at_ + 2) + "\n"));
}

TEST_F(Follow, AServerThatStopsEndsItWithAnErrorAndThePlaceToGoOn) {
  RecordContacts(1);
  const auto process = Start(From(0));
  Stop();
  EXPECT_EQ(process->Wait(), 1);
  EXPECT_THAT(process->err(),
              HasSubstr("go on with --from " + std::to_string(begun_at_ + 1) + "\n"));
  EXPECT_THAT(process->err(), HasSubstr("[UNAVAILABLE]: start caseledgerd"));
}

TEST_F(Follow, APositionPastTheEndIsAnError) {
  const Finished finished = RunToEnd(Words(From(1)));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("[POSITION_PAST_END]"));
}

}  // namespace
}  // namespace caseledger::testing
