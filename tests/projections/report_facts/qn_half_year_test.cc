// The shipped definition over the sample half-year: every figure to the digit.
//
// The rows become facts in the plainest way, with no command handler between: what is tested is the
// definition, the read model and the evaluator.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/report_facts/definition.h"
#include "projections/report_facts/evaluator.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using options::v1::RecordKind;
using Row = std::map<std::string, std::string>;

constexpr char kFolder[] = "deploy/sample/quang-ninh-2024-h1/";

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> SplitCsvLine(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return cells;
}

std::vector<Row> ReadCsv(const std::string& name) {
  std::vector<Row> rows;
  std::vector<std::string> header;
  std::istringstream text(ReadFile(kFolder + name));
  for (std::string line; std::getline(text, line);) {
    if (line.empty()) continue;
    const std::vector<std::string> cells = SplitCsvLine(line);
    if (header.empty()) {
      header = cells;
      continue;
    }
    Row row;
    for (size_t i = 0; i < header.size(); ++i) row[header[i]] = cells.at(i);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::string> List(const std::string& cell) {
  return absl::StrSplit(cell, ';', absl::SkipEmpty());
}

// A fact to record: of which record, when, what.
struct Entry {
  RecordKind kind;
  std::string record;
  std::string time;
  std::string fact;
  std::string row;  // corrections name it
};

std::string Unit(const char* field, const std::string& code) {
  if (code.empty()) return "";
  return absl::StrCat(" ", field, " { code: '", code, "' version: '2024' }");
}

std::string Strings(const char* field, const std::string& list, const char* prefix = "") {
  std::string text;
  for (const std::string& item : List(list))
    absl::StrAppend(&text, " ", field, ": \"", prefix, item, "\"");
  return text;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

void AddDirectory(std::vector<Entry>& out) {
  for (const Row& r : ReadCsv("admin_units.csv")) {
    out.push_back(
        {options::v1::RECORD_KIND_ADMIN_UNITS, "units-2024", "2024-01-01",
         absl::StrCat("admin_unit_registered { version: '2024' code: '", r.at("code"), "' kind: '",
                      r.at("kind"), "' parent_code: '", r.at("parent_code"), "' }"),
         ""});
  }
  for (const Row& r : ReadCsv("programmes.csv")) {
    const auto time = [](const char* field, const std::string& date) {
      return date.empty() ? ""
                          : absl::StrCat(" ", field, " { seconds: ", At(date) / 1'000'000, " }");
    };
    std::string units;
    for (const std::string& code : List(r.at("unit_codes"))) units += Unit("units", code);
    out.push_back({options::v1::RECORD_KIND_PROGRAMME, r.at("programme_id"), r.at("valid_from"),
                   absl::StrCat("programme_recorded { kind: '", r.at("kind"), "'", units,
                                time("valid_from_time", r.at("valid_from")),
                                time("valid_to_time", r.at("valid_to")), " }"),
                   ""});
  }
}

void AddContacts(std::vector<Entry>& out) {
  const RecordKind kind = options::v1::RECORD_KIND_CONTACT;
  for (const Row& r : ReadCsv("contacts.csv")) {
    const std::string& id = r.at("contact_id");
    out.push_back({kind, id, r.at("started_at"),
                   absl::StrCat("contact_received { channel: '", r.at("channel"), "' line: '",
                                r.at("line"), "' caller_role: '", r.at("caller_role"), "'",
                                Unit("unit", r.at("unit_code")), " }"),
                   ""});
    if (!r.at("main_topic").empty()) {
      out.push_back({kind, id, r.at("ended_at"),
                     "contact_classified { main_topic: '" + r.at("main_topic") + "' }", id});
    }
    out.push_back({kind, id, r.at("ended_at"),
                   "contact_ended { outcome: CONTACT_OUTCOME_" + Upper(r.at("outcome")) + " }",
                   ""});
  }
}

void AddPersonsAndCases(std::vector<Entry>& out) {
  for (const Row& r : ReadCsv("persons.csv")) {
    out.push_back(
        {options::v1::RECORD_KIND_PERSON, r.at("person_id"), "2023-01-01",
         absl::StrCat("person_registered { attributes { sex: '", r.at("sex"),
                      "' document_status: '", r.at("documents"), "' school_status: '",
                      r.at("school"), "'", r.at("birth").empty() ? "" : " birth_year: ",
                      r.at("birth").substr(0, 4), Unit("unit", r.at("unit_code")), " } }"),
         ""});
  }
  const RecordKind kind = options::v1::RECORD_KIND_CASE_RECORD;
  std::map<std::string, std::string> opened;
  for (const Row& r : ReadCsv("cases.csv")) {
    const std::string& id = r.at("case_id");
    opened[id] = r.at("opened_at");
    out.push_back(
        {kind, id, r.at("opened_at"),
         absl::StrCat("case_opened { case_type: '", r.at("case_type"), "'",
                      Strings("concerns", r.at("concerns")), " owner_agency_id: '",
                      r.at("owner_agency_id"), "'", Unit("unit", r.at("unit_code")), " }"),
         ""});
    if (!r.at("closed_at").empty()) {
      out.push_back({kind, id, r.at("closed_at"),
                     "case_closed { reason: '" + r.at("closure_reason") + "' }", ""});
    }
    if (!r.at("reopened_at").empty()) {
      out.push_back({kind, id, r.at("reopened_at"), "case_reopened { }", ""});
    }
  }
  for (const Row& r : ReadCsv("participants.csv")) {
    out.push_back({kind, r.at("case_id"), opened.at(r.at("case_id")),
                   absl::StrCat("participant_added { person_id: \"$", r.at("person_id"),
                                "\" role: PARTICIPANT_ROLE_", Upper(r.at("role")), " }"),
                   ""});
  }
}

void AddCasework(std::vector<Entry>& out) {
  const RecordKind kind = options::v1::RECORD_KIND_CASE_RECORD;
  for (const Row& r : ReadCsv("services.csv")) {
    out.push_back(
        {kind, r.at("case_id"), r.at("delivered_at"),
         absl::StrCat("service_delivered { service_id: '", r.at("service_id"), "' kind: '",
                      r.at("kind"), "'",
                      Strings("beneficiary_person_ids", r.at("beneficiary_person_ids"), "$"),
                      r.at("minutes").empty() ? "" : " minutes: ", r.at("minutes"), " }"),
         ""});
  }
  for (const Row& r : ReadCsv("emergencies.csv")) {
    out.push_back({kind, r.at("case_id"), r.at("started_at"),
                   absl::StrCat("emergency_started { emergency_id: '", r.at("emergency_id"),
                                "' person_id: \"$", r.at("person_id"), "\" kind: '", r.at("kind"),
                                "'", Unit("place", r.at("place_unit_code")), " }"),
                   ""});
  }
}

void AddTherapy(std::vector<Entry>& out) {
  const RecordKind kind = options::v1::RECORD_KIND_CASE_RECORD;
  std::map<std::string, std::string> case_of;
  for (const Row& r : ReadCsv("therapy_episodes.csv")) {
    const std::string& id = r.at("case_id");
    const std::string key = "episode_id: '" + r.at("episode_id") + "'";
    case_of[r.at("episode_id")] = id;
    if (!r.at("screened_at").empty()) {
      out.push_back({kind, id, r.at("screened_at"),
                     "therapy_screened { " + key + " person_id: \"$" + r.at("person_id") + "\" }",
                     ""});
    }
    if (!r.at("enrolled_at").empty()) {
      out.push_back({kind, id, r.at("enrolled_at"), "therapy_enrolled { " + key + " }", ""});
    }
    if (!r.at("ended_at").empty()) {
      out.push_back({kind, id, r.at("ended_at"),
                     "therapy_ended { " + key + " reason: '" + r.at("end_reason") + "' }", ""});
    }
  }
  for (const Row& r : ReadCsv("therapy_sessions.csv")) {
    out.push_back({kind, case_of.at(r.at("episode_id")), r.at("held_at"),
                   absl::StrCat("therapy_session_held { episode_id: '", r.at("episode_id"),
                                "' session_id: '", r.at("session_id"), "' }"),
                   r.at("session_id")});
  }
}

void AddStays(std::vector<Entry>& out) {
  for (const Row& r : ReadCsv("shelter_stays.csv")) {
    const std::string ids =
        absl::StrCat("placement_id: '", r.at("stay_id"), "' case_id: \"$", r.at("case_id"),
                     "\" person_id: \"$", r.at("person_id"), "\"",
                     Strings("companion_person_ids", r.at("companion_person_ids"), "$"));
    const RecordKind kind = options::v1::RECORD_KIND_SHELTER;
    out.push_back({kind, r.at("shelter_id"), r.at("requested_at"),
                   "placement_requested { " + ids + " }", ""});
    out.push_back(
        {kind, r.at("shelter_id"), r.at("admitted_at"), "resident_admitted { " + ids + " }", ""});
    if (r.at("discharged_at").empty()) continue;
    out.push_back({kind, r.at("shelter_id"), r.at("discharged_at"),
                   absl::StrCat("resident_discharged { placement_id: '", r.at("stay_id"),
                                "' destination: '", r.at("destination"), "' }"),
                   ""});
  }
}

std::vector<Entry> SampleEntries() {
  std::vector<Entry> entries;
  AddDirectory(entries);
  AddContacts(entries);
  AddPersonsAndCases(entries);
  AddCasework(entries);
  AddTherapy(entries);
  AddStays(entries);
  return entries;
}

// Events of the rows that corrections.csv can name.
using EventOfRow = std::map<std::string, std::pair<Entry, std::string>>;

EventOfRow RecordAll(const std::vector<Entry>& entries, Ledger& ledger) {
  EventOfRow events;
  for (const Entry& entry : entries) {
    const std::string event = ledger.Record(entry.kind, entry.record, entry.time, entry.fact);
    if (!entry.row.empty()) events[entry.row] = {entry, event};
  }
  return events;
}

void RecordCorrections(const EventOfRow& events, Ledger& ledger) {
  for (const Row& r : ReadCsv("corrections.csv")) {
    const auto& [entry, event] = events.at(r.at("record_id"));
    if (r.at("field").empty()) {
      ledger.Void(entry.kind, entry.record, event);
    } else {
      ASSERT_EQ(r.at("field"), "main_topic");
      ledger.Correct(entry.kind, entry.record, event,
                     "contact_classified { main_topic: '" + r.at("new_value") + "' }");
    }
  }
}

std::string Print(const ReportResult& result) {
  std::string text = "row,parent,value,unit,label_vi,label_en\n";
  for (const ReportFigure& row : result.rows) {
    absl::StrAppend(&text, row.row, ",", row.parent, ",", row.value, ",", row.unit, ",",
                    row.label_vi, ",", row.label_en, "\n");
  }
  return text;
}

ReportResult RunShippedReport(const Ledger& ledger, uint64_t as_of_events) {
  const auto definition = ParseReportDefinition(ReadFile("deploy/reports/qn-half-year.textproto"));
  EXPECT_TRUE(definition.ok()) << definition.status();
  auto result = RunReport(*ledger.Snapshot(), definition.value(), At("2024-01-01"),
                          At("2024-07-01"), as_of_events);
  EXPECT_TRUE(result.ok()) << result.status();
  return std::move(result).value();
}

TEST(QnHalfYear, GivesThePublishedFiguresToTheDigit) {
  Ledger ledger;
  RecordCorrections(RecordAll(SampleEntries(), ledger), ledger);
  const ReportResult result = RunShippedReport(ledger, ledger.size());
  EXPECT_EQ(Print(result), ReadFile(std::string(kFolder) + "expected_report.csv"));
  EXPECT_THAT(result.broken_identities, testing::IsEmpty());
}

TEST(QnHalfYear, OrderOfRecordingDoesNotMatter) {
  const auto seed = static_cast<uint32_t>(std::random_device{}());
  std::cout << "seed " << seed << "\n";
  std::vector<Entry> entries = SampleEntries();
  std::shuffle(entries.begin(), entries.end(), std::mt19937(seed));
  Ledger ledger;
  RecordCorrections(RecordAll(entries, ledger), ledger);
  EXPECT_EQ(Print(RunShippedReport(ledger, ledger.size())),
            ReadFile(std::string(kFolder) + "expected_report.csv"));
}

TEST(QnHalfYear, BeforeTheCorrectionsItGivesWhatWasKnownThen) {
  Ledger ledger;
  const EventOfRow events = RecordAll(SampleEntries(), ledger);
  const uint64_t before = ledger.size();
  const std::string known_then = Print(RunShippedReport(ledger, before));
  RecordCorrections(events, ledger);
  EXPECT_EQ(Print(RunShippedReport(ledger, before)), known_then);
  const ReportResult then = RunShippedReport(ledger, before);
  EXPECT_EQ(then.rows[11].row, "R12");
  EXPECT_EQ(then.rows[11].value, 711u);  // with the session that was voided later
  EXPECT_EQ(then.rows[1].value, 57u);    // two contacts got gender_equality by correction
}

}  // namespace
}  // namespace caseledger::projections
