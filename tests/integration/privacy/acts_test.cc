// A request of a data subject from the day it comes in to the erasure, with the `caseledger`
// program alone.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/integration/support/child_process.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::HasSubstr;

const Who kOfficer{"hoa", "so-qn", "privacy_officer", "data-subject-request"};
const Who kSecondOfficer{"binh", "so-qn", "privacy_officer", "data-subject-request"};

class PrivacyActs : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    for (const Who& who : {kOfficer, kSecondOfficer}) client().Admit(who);
    person_ = client()
                  .Record("",
                          "person_registered { attributes { sex: 'female' private_part { "
                          "full_name: 'Vũ Thị Xóa' } } }")
                  .record_id();
  }
  // `privacy ACT PERSON WORDS...`
  Finished Run(const Who& who, const std::string& act, const std::vector<std::string>& words) {
    std::vector<std::string> all{CASELEDGER_PATH};
    for (const std::string& flag : cast().ProgramFlags(who)) all.push_back(flag);
    all.insert(all.end(), {"privacy", act});
    if (act != "due") all.push_back(person_);
    all.insert(all.end(), words.begin(), words.end());
    return RunToEnd(all);
  }
  std::string RunWell(const Who& who, const std::string& act,
                      const std::vector<std::string>& words = {}) {
    const Finished finished = Run(who, act, words);
    EXPECT_EQ(finished.code, 0) << act << ": " << finished.err;
    return finished.out;
  }
  std::string NoteFile(const std::string& text) {
    const std::string path = directory_ / "note.txt";
    std::ofstream(path) << text << "\n";
    return path;
  }
  // The newest fact about the person.
  std::string Newest() {
    const auto events = auditor().Replay();
    EXPECT_TRUE(events.ok());
    // The ledger says something of itself now and then.
    for (auto event = events.value.rbegin(); event != events.value.rend(); ++event) {
      if (event->record_kind() == options::v1::RECORD_KIND_PERSON) {
        return event->fact().Utf8DebugString();
      }
    }
    return "";
  }

  std::string person_;
};

TEST_F(PrivacyActs, FromTheRequestToTheErasure) {
  const std::vector<std::string> key{"--request", "2026-014"};
  RunWell(kOfficer, "receive",
          {"--request", "2026-014", "--kind", "erasure", "--asked-by", "self", "--channel",
           "letter", "--note-file", NoteFile("Xin xóa hết thông tin.")});
  EXPECT_THAT(Newest(), HasSubstr("text: \"Xin xóa hết thông tin.\""));
  EXPECT_THAT(RunWell(kOfficer, "due"), HasSubstr("2026-014"));
  RunWell(kOfficer, "answer", {"--request", "2026-014", "--outcome", "accepted"});
  RunWell(kOfficer, "decide", key);
  // Nobody approves what they decided.
  const Finished alone = Run(kOfficer, "approve", key);
  EXPECT_EQ(alone.code, 1);
  RunWell(kSecondOfficer, "approve", key);
  EXPECT_THAT(RunWell(kOfficer, "erasure"), HasSubstr("waits to be carried out"));

  const Finished unsure = Run(kOfficer, "erase", key);
  EXPECT_EQ(unsure.code, 1);
  EXPECT_THAT(unsure.err, HasSubstr("--yes"));
  EXPECT_THAT(RunWell(kOfficer, "erasure"), HasSubstr("waits to be carried out"));
  RunWell(kOfficer, "erase", {"--request", "2026-014", "--yes"});
  EXPECT_TRUE(Eventually([&] {
    return RunWell(kOfficer, "erasure").find("the keys are destroyed") != std::string::npos;
  }));
}

TEST_F(PrivacyActs, RefusalsRestrictionsAndTheirTimes) {
  AdvanceSeconds(2 * 86'400);
  RunWell(kOfficer, "receive",
          {"--request", "a", "--kind", "restriction", "--asked-by", "self", "--channel", "phone",
           "--at", "2023-11-15T09:00:00+07:00"});
  EXPECT_EQ(auditor().Replay().value.back().occurred_time().seconds(), 1'700'013'600);
  RunWell(kOfficer, "restrict",
          {"--restriction", "r", "--reason", "objection", "--note-file",
           NoteFile("Không gọi điện nữa.")});
  EXPECT_THAT(Newest(), HasSubstr("Không gọi điện nữa."));
  RunWell(kOfficer, "lift", {"--restriction", "r", "--reason", "objection_withdrawn"});
  RunWell(kOfficer, "answer",
          {"--request", "a", "--outcome", "refused", "--reason", "identity_not_shown"});
  EXPECT_THAT(Newest(), HasSubstr("DATA_REQUEST_OUTCOME_REFUSED"));

  EXPECT_THAT(Run(kOfficer, "answer", {"--request", "none", "--outcome", "fulfilled"}).err,
              HasSubstr("DATA_REQUEST_UNKNOWN"));
  EXPECT_THAT(Run(kOfficer, "restrict",
                  {"--restriction", "s", "--reason", "objection", "--note-file", "no-such-file"})
                  .err,
              HasSubstr("cannot read no-such-file"));
}

}  // namespace
}  // namespace caseledger::testing
