// Importing: whole, again, with bad rows, with rows that gained or changed something.
#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/integration/sample/sample_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Import : public SampleTest {
 protected:
  // Lines of contacts.csv that nothing else refers to.
  static std::vector<size_t> FreeContactLines(const std::string& directory, size_t count) {
    const std::string others =
        ReadWholeFile(directory + "/cases.csv") + ReadWholeFile(directory + "/corrections.csv");
    Lines contacts(directory + "/contacts.csv");
    std::vector<size_t> found;
    for (size_t line = 100; found.size() < count && line <= contacts.count(); ++line) {
      const std::string& text = contacts.at(line);
      const bool refers = !text.ends_with(",");  // names a case
      const bool referred = others.find(KeyOf(text)) != std::string::npos;
      if (!refers && !referred && text.find(",counselled,") != std::string::npos) {
        found.push_back(line);
      }
    }
    EXPECT_EQ(found.size(), count);
    return found;
  }
  static std::string KeyOf(const std::string& line) { return line.substr(0, line.find(',')); }
  static void Replace(std::string& text, const std::string& what, const std::string& by) {
    const size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, what.size(), by);
  }
  // How many events of the ledger come from these rows.
  size_t EventsOfRows(const std::set<std::string>& keys) const {
    const auto all = auditor().Replay();
    return static_cast<size_t>(std::count_if(
        all.value.begin(), all.value.end(),
        [&](const v1::RecordedEvent& event) { return keys.contains(event.source_row()); }));
  }
};

TEST_F(Import, TheSampleGivesThePublishedFiguresAndImportsOnce) {
  Use("whole");
  LoadDefinitionAndImport();
  const std::string expected = ReadWholeFile(std::string(kSample) + "/expected_report.csv");
  EXPECT_EQ(Report(), expected);
  const uint64_t head = auditor().EventCount();
  const Finished again = Run(kDataSteward, {"import", kSample});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(auditor().EventCount(), head) << "the second import recorded something";
  EXPECT_EQ(Run(kDataSteward, {"definition", "load", kDefinitionFile}).code, 0);
  EXPECT_EQ(auditor().EventCount(), head);
  EXPECT_EQ(Report(), expected);
}

TEST_F(Import, BadRowsAreReportedWithTheirPlaceAndTheRestIsIn) {
  Use("whole");
  LoadDefinitionAndImport();  // nothing new when the test before ran
  const uint64_t whole = auditor().EventCount();
  const std::string directory = CopyOfSample();
  const std::vector<size_t> bad = FreeContactLines(directory, 4);
  Lines contacts(directory + "/contacts.csv");
  std::set<std::string> keys;
  for (const size_t line : bad) keys.insert(KeyOf(contacts.at(line)));
  Replace(contacts.at(bad[0]), ",op-", ",op\xff\xfe");
  Replace(contacts.at(bad[1]), "T", "X");
  Replace(contacts.at(bad[2]), ",counselled,", ",gossip,");
  contacts.at(bad[3]) += ",one,too,many";
  contacts.Save();
  Lines services(directory + "/services.csv");
  keys.insert(KeyOf(services.at(9)));
  Replace(services.at(9), "CASE-2024-", "CASE-2099-");
  services.Save();
  const size_t missing = EventsOfRows(keys);
  EXPECT_GE(missing, 5u);

  Use("bad-rows");
  RunWell(kDataSteward, {"definition", "load", kDefinitionFile});
  const Finished finished = Run(kDataSteward, {"import", directory});
  EXPECT_EQ(finished.code, 2) << finished.err;
  for (const size_t line : bad) {
    EXPECT_THAT(finished.err, ContainsRegex("contacts.csv:" + std::to_string(line) + ":[0-9]+: "));
  }
  EXPECT_THAT(finished.err, ContainsRegex("services.csv:9:[0-9]+: "));
  EXPECT_EQ(auditor().EventCount(), whole - missing) << finished.err;

  const Finished json = Run(kDataSteward, {"import", directory, "--format", "json"});
  EXPECT_EQ(json.code, 2);
  const auto summary = nlohmann::json::parse(json.out, nullptr, false);
  ASSERT_FALSE(summary.is_discarded()) << json.out;
  EXPECT_FALSE(summary["clean"].get<bool>());
  EXPECT_GE(summary["issues"].size(), 5u);
  EXPECT_EQ(auditor().EventCount(), whole - missing) << "again, nothing new";
}

// A file whose columns slipped: what is said of it names no one (tests/checks/output.sh looks,
// too).
TEST_F(Import, PersonalDataInAWrongColumnIsNotRepeated) {
  const std::string directory = CopyOfSample();
  Lines persons(directory + "/persons.csv");
  ASSERT_TRUE(persons.at(1).starts_with("person_id,full_name,sex,birth,phone,"));
  std::vector<std::string> secrets;
  for (size_t line = 2; line < 7; ++line) {
    std::vector<std::string> cells = absl::StrSplit(persons.at(line), ',');
    for (const size_t column : {size_t{1}, size_t{4}}) {
      ASSERT_FALSE(cells.at(column).empty());
      secrets.push_back(cells.at(column));
    }
    // Its neighbour's place, one's own, the id's; one cell too few, one too many.
    if (line == 2) std::swap(cells[1], cells[2]);
    if (line == 3) std::swap(cells[3], cells[4]);
    if (line == 4) std::swap(cells[0], cells[1]);
    if (line == 5) cells.erase(cells.begin());
    if (line == 6) cells.insert(cells.begin(), "P-2024-9999");
    persons.at(line) = absl::StrJoin(cells, ",");
  }
  persons.Save();
  Use("slipped");
  for (const char* format : {"table", "json"}) {
    const Finished finished = Run(kDataSteward, {"import", directory, "--format", format});
    EXPECT_EQ(finished.code, 2) << format;
    const std::string said = finished.out + finished.err;
    EXPECT_THAT(said, HasSubstr("persons.csv"));
    for (const std::string& secret : secrets) {
      EXPECT_FALSE(absl::StrContains(said, secret)) << format;
    }
  }
}

TEST_F(Import, ARowThatGainedItsEndAddsOneEventAndAChangedOneIsAdvisedAgainst) {
  Use("later-rows");
  LoadDefinitionAndImport();
  const uint64_t head = auditor().EventCount();
  const std::string directory = CopyOfSample();
  const std::string busy = ReadWholeFile(directory + "/referrals.csv") +
                           ReadWholeFile(directory + "/emergencies.csv") +
                           ReadWholeFile(directory + "/shelter_stays.csv");
  Lines cases(directory + "/cases.csv");
  size_t line = 2;
  while (!cases.at(line).ends_with(",,,") ||
         busy.find(KeyOf(cases.at(line))) != std::string::npos) {
    ++line;
  }
  std::string& row = cases.at(line);
  row.replace(row.size() - 3, 3, ",2024-12-01T00:00:00+07:00,goals_met,");
  cases.Save();
  const Finished gained = Run(kDataSteward, {"import", directory});
  EXPECT_EQ(gained.code, 0) << gained.err;
  EXPECT_EQ(auditor().EventCount(), head + 1);
  EXPECT_EQ(auditor().Replay(head).value.at(0).fact_name(), "case_closed");

  const size_t changed = FreeContactLines(directory, 1)[0];
  Lines contacts(directory + "/contacts.csv");
  Replace(contacts.at(changed), ",counselled,", ",prank,");
  contacts.Save();
  const Finished refused = Run(kDataSteward, {"import", directory});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("contacts.csv:" + std::to_string(changed) + ":"));
  EXPECT_THAT(refused.err, HasSubstr("record a correction instead"));
  EXPECT_EQ(auditor().EventCount(), head + 1);
}

}  // namespace
}  // namespace caseledger::testing
