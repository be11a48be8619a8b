// After an erasure: what any file of the server, of its read models, logs, backups and temporary
// files, and any output of its programs still tells of the person.
#include <unistd.h>

#include <fstream>

#include "tests/integration/privacy/open_files.h"
#include "tests/integration/privacy/sample_erasures.h"
#include "tests/integration/privacy/scan.h"
#include "tests/integration/privacy/traces.h"

namespace caseledger::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ScanAfterErasures : public ErasuresInTheSample {
 protected:
  static std::set<std::string> TracesOf(const std::vector<SamplePerson>& persons) {
    Traces traces = TracesOfTheSample();
    for (const SamplePerson& person : persons) AddTraces(person, traces);
    return traces.texts();
  }

  // What the privacy officer and others ask of an erased person, with the program.
  void AskAbout(const SamplePerson& person) {
    for (const std::vector<std::string>& flag :
         std::vector<std::vector<std::string>>{{"--name", person.name},
                                               {"--phone", person.phone},
                                               {"--identity-number", person.number}}) {
      std::vector<std::string> words = {"person", "search"};
      words.insert(words.end(), flag.begin(), flag.end());
      EXPECT_THAT(Program(kOfficer, words).out, Not(HasSubstr(person.id)));
    }
    EXPECT_THAT(ProgramWell(kOfficer, {"privacy", "erasure", person.id}),
                Not(HasSubstr("decided")));
    EXPECT_THAT(ProgramWell(Cast::Auditor(), {"record", "history", "person", person.id}),
                HasSubstr("erased"));
  }

  void ExpectNoTrace(const std::set<std::string>& traces, const std::string& when) {
    SCOPED_TRACE(when);
    const Scan scan = ScanFor(traces, directory_.path());
    ExpectNothingFound(scan);
    EXPECT_EQ(scan.torn, 0U);
    std::printf("%s: scanned %zu files and %zu rows, %zu bytes, for %zu texts\n", when.c_str(),
                scan.files, scan.rows, scan.bytes, traces.size());
  }
};

TEST_F(ScanAfterErasures, NoFileAndNoOutputTellsOfThem) {
  constexpr size_t kErasures = 5;
  Stop();
  Start({"--log-level", "debug", "--backup-dir", directory_ / "backups"});
  Import();
  const std::vector<SamplePerson> persons = PrepareSome(kErasures);
  ProgramWell(Cast::Administrator(), {"backup", "create"});
  for (const SamplePerson& person : persons) {
    EXPECT_THAT(Everything(), HasSubstr(person.note));
    Erase(person.id);
  }
  EXPECT_TRUE(Eventually([&] {
    const std::string everything = Everything();
    return std::none_of(persons.begin(), persons.end(), [&](const SamplePerson& person) {
      return everything.find(person.note) != std::string::npos;
    });
  }));
  for (const SamplePerson& person : persons) AskAbout(person);
  ProgramWell(kOfficer, {"privacy", "due"});
  ProgramWell(Cast::Administrator(), {"backup", "create"});
  // What a program has open that keeps its memory to itself is shown to root alone.
  if (geteuid() == 0) {
    EXPECT_THAT(FilesOpenOutside(server_->process().pid(), directory_.path()), IsEmpty());
  }
  Stop();
  const std::set<std::string> traces = TracesOf(persons);
  ASSERT_GT(traces.size(), 500U);
  ExpectNoTrace(traces, "after the erasures");

  // The same scan finds one of each where it should.
  for (const char* place : {"data/vault", "temporary", "outputs", "backups"}) {
    const std::string planted = directory_ / place + "/planted";
    std::ofstream(planted) << "x" << persons.front().name << "y";
    const Scan scan = ScanFor(traces, directory_.path());
    ASSERT_THAT(scan.found, Not(IsEmpty())) << place;
    EXPECT_EQ(scan.found.front().where, planted);
    fs::remove(planted);
  }

  Start({"--log-level", "debug"});
  for (const SamplePerson& person : persons) AskAbout(person);
  Kill();
  fs::remove_all(data_dir_ + "/read-models");
  Start({"--log-level", "debug"});
  for (const SamplePerson& person : persons) AskAbout(person);
  Stop();
  ExpectNoTrace(traces, "after a kill, and with read models built anew");
}

}  // namespace
}  // namespace caseledger::testing
