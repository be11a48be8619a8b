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
  Follow() : ServerTest({"quang-ninh"}, Door::kPlaintext) {}

  std::unique_ptr<ChildProcess> Start(const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments = {CASELEDGER_PATH, "--server", address(), "--format",
                                          "json",          "log",      "follow"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    auto process = std::make_unique<ChildProcess>(arguments);
    EXPECT_TRUE(process->WaitForError("caught up")) << process->err();
    return process;
  }

  void RecordContacts(int count) {
    for (int i = 0; i < count; ++i) client().Record("", "contact_received { channel: 'sms' }");
  }

  // Waits until the event has been printed.
  void AwaitPosition(ChildProcess& process, uint64_t position) const {
    const std::string event_id = client().Replay(position, 1).value.at(0).event_id();
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
};

TEST_F(Follow, PrintsWhatIsRecordedAfterItStartedUntilInterrupted) {
  uint64_t head = 0;
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
  const auto first = Start({"--from", "0"});
  AwaitPosition(*first, 2);
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(), 0);
  EXPECT_THAT(Positions(first->out()), ElementsAre(0, 1, 2));
  RecordContacts(2);  // while nobody follows
  const auto second = Start({"--from", "3"});
  RecordContacts(1);
  AwaitPosition(*second, 5);
  second->Signal(SIGINT);
  EXPECT_EQ(second->Wait(), 0);
  EXPECT_THAT(Positions(second->out()), ElementsAre(3, 4, 5));
}

TEST_F(Follow, PrintsOnlyTheFactsAskedForAndGoesOnPastTheOthers) {
  const auto process = Start({"--from", "0", "--fact", "contact_ended"});
  const std::string contact =
      client().Record("", "contact_received { channel: 'sms' }").record_id();
  client().Record(contact, "contact_ended { outcome: CONTACT_OUTCOME_SILENT }");
  AwaitPosition(*process, 1);
  process->Signal(SIGINT);
  EXPECT_EQ(process->Wait(), 0);
  EXPECT_THAT(Positions(process->out()), ElementsAre(1));
  EXPECT_THAT(process->err(), HasSubstr("--from 2\n"));
}

TEST_F(Follow, AServerThatStopsEndsItWithAnErrorAndThePlaceToGoOn) {
  RecordContacts(1);
  const auto process = Start({"--from", "0"});
  Stop();
  EXPECT_EQ(process->Wait(), 1);
  EXPECT_THAT(process->err(), HasSubstr("go on with --from 1\n"));
  EXPECT_THAT(process->err(), HasSubstr("[UNAVAILABLE]: start caseledgerd"));
}

TEST_F(Follow, APositionPastTheEndIsAnError) {
  const Finished finished =
      RunToEnd({CASELEDGER_PATH, "--server", address(), "log", "follow", "--from", "7"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("[POSITION_PAST_END]"));
}

}  // namespace
}  // namespace caseledger::testing
