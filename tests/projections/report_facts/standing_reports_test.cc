// Reports that are kept and brought up to date, over random histories with corrections, voids,
// merges and reforms of units: always what the whole of the facts gives when it is counted anew.
#include "projections/report_facts/standing_reports.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "projections/report_facts/definition.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::StreamId;
using options::v1::RECORD_KIND_ADMIN_UNITS;
using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_CONTACT;
using options::v1::RECORD_KIND_PERSON;
using options::v1::RecordKind;

// Every way in which a figure may depend on other records than the fact's own.
constexpr char kRows[] = R"(
  indicators { row: "calls" unit: "call" label_vi: "x" fact: "contact_ended"
    filters { field: "contact.line" any_of: "111" }
    by { field: "at.hour" } by { field: "outcome" } }
  indicators { row: "callers" unit: "case" label_vi: "x" fact: "contact_ended" count: "case"
    by { field: "case.case_type" } }
  indicators { row: "minutes" unit: "minute" label_vi: "x" fact: "service_delivered"
    sum: "minutes" by { field: "kind" } }
  indicators { row: "served" unit: "person" label_vi: "x" fact: "service_delivered"
    persons: "beneficiary_person_ids" count: "person"
    by { field: "person.sex" } by { field: "person.age" edges: [10, 20] } }
  indicators { row: "providers" unit: "agency" label_vi: "x" fact: "service_delivered"
    count: "provider_agency_id" }
  indicators { row: "confirmed" unit: "person" label_vi: "x" fact: "service_delivered"
    persons: "beneficiary_person_ids" count: "person"
    filters { field: "person.victim_status" any_of: "confirmed" } }
  indicators { row: "clients" unit: "person" label_vi: "x" fact: "participation"
    persons: "person_id" count: "person" filters { field: "role" any_of: "client" }
    period: PERIOD_RULE_OVERLAPS_PERIOD by { field: "case.owner_worker_id" } }
  indicators { row: "guardians" unit: "case" label_vi: "x" fact: "service_delivered"
    persons: "beneficiary_person_ids" count: "case"
    filters { field: "person.role" any_of: "guardian" or_unknown: true } }
  indicators { row: "closed" unit: "case" label_vi: "x" fact: "case_open" count: "case"
    period: PERIOD_RULE_ENDED_IN_PERIOD by { field: "span.days" edges: [0, 30, 90] } }
  indicators { row: "here" unit: "case" label_vi: "x" fact: "case_open" count: "case"
    filters { field: "case.unit" within { code: "d0" version: "new" } }
    period: PERIOD_RULE_IN_FORCE_AT_PERIOD_END
    by { field: "case.unit" unit_kinds: "commune" unit_version: "new" } }
  indicators { row: "answers" unit: "offer" label_vi: "x" fact: "referral_answer"
    period: PERIOD_RULE_ENDED_IN_PERIOD by { field: "span.ended_by" } }
)";

v1::ReportDefinition Parsed(const std::string& rows) {
  const absl::StatusOr<v1::ReportDefinition> parsed = ParseReportDefinition(Definition(rows));
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.value_or(v1::ReportDefinition());
}

Period HalfYear() { return {At("2024-01-01"), At("2024-07-01")}; }

std::vector<std::string> Rows(const absl::StatusOr<ReportResult>& result) {
  EXPECT_TRUE(result.ok()) << result.status();
  std::vector<std::string> rows;
  if (!result.ok()) return rows;
  for (const ReportFigure& row : result->rows) {
    rows.push_back(absl::StrCat(row.row, " ", absl::StrJoin(row.group, "|"), " ", row.value, " +",
                                row.not_attributable));
  }
  return rows;
}

// A small centre where everything happens to everybody.
class AnyCentre {
 public:
  explicit AnyCentre(uint64_t seed) : random_(seed) {}

  void Live(int steps) {
    for (int i = 0; i < steps; ++i) Step();
  }
  const Ledger& ledger() const { return ledger_; }
  size_t Any(size_t below) { return std::uniform_int_distribution<size_t>(0, below - 1)(random_); }

  // Of the events from one position to the other.
  absl::StatusOr<Streams> Written(uint64_t from, uint64_t to) {
    ++asked_;
    Streams streams;
    for (uint64_t i = from; i < to; ++i) streams.insert(written_[i].stream);
    return streams;
  }
  int asked() const { return asked_; }

  absl::StatusOr<ReportResult> Anew(const v1::ReportDefinition& definition, const Period& period) {
    return RunReport(*ledger_.Snapshot(), definition, period.from, period.to, ledger_.size());
  }
  absl::StatusOr<ReportResult> Ask(StandingReports& reports, const v1::ReportDefinition& definition,
                                   const Period& period) {
    return reports.Run(*ledger_.Snapshot(), definition, period,
                       [&](uint64_t from, uint64_t to) { return Written(from, to); });
  }

 private:
  struct Event {
    StreamId stream;
    RecordKind kind;
    std::string record;
    std::string name;
    Fact fact;
  };

  Micros AnyTime() {
    return At("2023-09-01") + static_cast<Micros>(Any(430 * 24)) * 3600 * kMicrosPerSecond;
  }
  std::string Person() { return absl::StrCat("$p", Any(5)); }
  std::string Unit() {
    return absl::StrCat("unit { code: 'c", Any(4), "' version: '", Any(2) == 0 ? "old" : "new",
                        "' } ");
  }

  Fact PersonFact(const std::string& record) {
    // Both streams of a merge have it in the ledger; here one of them may lack it.
    const std::string pair =
        absl::StrCat("survivor_person_id: \"", Person(), "\" merged_person_id: \"$", record, "\" ");
    const std::string attributes =
        absl::StrCat("attributes { sex: '", Any(2) == 0 ? "female" : "male",
                     "' birth_year: ", 1990 + Any(30), " ", Unit(), "} ");
    switch (Any(6)) {
      case 0:
      case 1:
        return ParseFact("persons_merged { " + pair + "}");
      case 2:
        return ParseFact("merge_reversed { " + pair + "}");
      case 3:
        return ParseFact("person_amended { " + attributes + "}");
      default:
        return ParseFact("person_registered { " + attributes + "}");
    }
  }
  Fact ContactFact() {
    const std::string a_case = absl::StrCat("{ case_id: \"$case", Any(4), "\" }");
    switch (Any(6)) {
      case 0:
        return ParseFact(
            absl::StrCat("contact_received { channel: 'phone' line: '", 111 + Any(2), "' }"));
      case 1:
        return ParseFact("contact_linked_to_case " + a_case);
      case 2:
        return ParseFact("contact_unlinked " + a_case);
      default:
        return ParseFact(absl::StrCat("contact_ended { outcome: ", 1 + Any(3), " }"));
    }
  }
  Fact CaseFact() {
    const std::string person = absl::StrCat("person_id: \"", Person(), "\" ");
    const std::string role =
        absl::StrCat("role: PARTICIPANT_ROLE_", Any(2) == 0 ? "CLIENT" : "GUARDIAN", " ");
    const std::string worker = absl::StrCat("owner_worker_id: 'w", Any(3), "' ");
    const std::string referral = absl::StrCat("referral_id: 'r", Any(3), "' ");
    switch (Any(14)) {
      case 0:
      case 1:
        return ParseFact(absl::StrCat("case_opened { case_type: 't", Any(2), "' ",
                                      "owner_agency_id: 'a", Any(2), "' ", worker, Unit(), "}"));
      case 2:
        return ParseFact("owner_assigned { owner_agency_id: 'a' " + worker + "}");
      case 3:
        return ParseFact("case_closed { reason: 'goals_met' }");
      case 4:
        return ParseFact("case_reopened { reason: 'x' }");
      case 5:
      case 6:
        return ParseFact("participant_added { " + person + role + "}");
      case 7:
        return ParseFact("participant_role_changed { " + person + role + "}");
      case 8:
        return ParseFact("participant_removed { " + person + "}");
      case 9:
        return ParseFact(
            absl::StrCat("victim_status_changed { ", person, "status: ", 1 + Any(3), " }"));
      case 10:
        return ParseFact("referral_sent { " + referral + "to_agency_id: 'b' }");
      case 11:
        return ParseFact(absl::StrCat(Any(2) == 0 ? "referral_accepted" : "referral_declined",
                                      " { ", referral, "}"));
      default:
        return ParseFact(absl::StrCat("service_delivered { kind: 'k", Any(2),
                                      "' minutes: ", Any(90), " beneficiary_person_ids: \"",
                                      Person(), "\" beneficiary_person_ids: \"", Person(), "\" ",
                                      Any(2) == 0 ? "provider_agency_id: 'x' " : "", "}"));
    }
  }
  Fact UnitFact() {
    const std::string code = absl::StrCat("'c", Any(4), "' ");
    if (Any(3) > 0) {
      return ParseFact(absl::StrCat(
          "unit_succession_recorded { code: ", code, "version: 'new' predecessor { code: 'c",
          Any(4), "' version: 'old' } share_millionths: ", 500'000 * (1 + Any(2)), " }"));
    }
    return ParseFact(absl::StrCat("admin_unit_registered { code: ", code, "version: '",
                                  Any(2) == 0 ? "old" : "new", "' kind: 'commune' name: 'x' ",
                                  "parent_code: 'd", Any(2), "' }"));
  }

  void Step() {
    const size_t what = Any(20);
    if (what < 3 && !written_.empty()) {
      const Event& target = written_[Any(written_.size())];
      if (!target.fact.has_event_voided() && !target.fact.has_fact_corrected()) {
        return Change(target, what == 0);
      }
    }
    if (what < 5) return Write(RECORD_KIND_ADMIN_UNITS, "units", UnitFact());
    const RecordKind kind = what < 9    ? RECORD_KIND_PERSON
                            : what < 12 ? RECORD_KIND_CONTACT
                                        : RECORD_KIND_CASE_RECORD;
    const char* of = kind == RECORD_KIND_PERSON ? "p" : kind == RECORD_KIND_CONTACT ? "k" : "case";
    const std::string record = absl::StrCat(of, Any(kind == RECORD_KIND_PERSON ? 5 : 4));
    Write(kind, record,
          kind == RECORD_KIND_PERSON    ? PersonFact(record)
          : kind == RECORD_KIND_CONTACT ? ContactFact()
                                        : CaseFact());
  }

  void Change(const Event& target, bool is_void) {
    Fact fact;
    if (is_void) {
      fact.mutable_event_voided()->set_target_event_id(Id(target.name));
    } else {
      auto& corrected = *fact.mutable_fact_corrected();
      corrected.set_target_event_id(Id(target.name));
      *corrected.mutable_replacement() = target.kind == RECORD_KIND_PERSON
                                             ? PersonFact(target.record)
                                         : target.kind == RECORD_KIND_CONTACT     ? ContactFact()
                                         : target.kind == RECORD_KIND_ADMIN_UNITS ? UnitFact()
                                                                                  : CaseFact();
      if (Any(2) == 0) {
        corrected.mutable_replacement_occurred_time()->set_seconds(AnyTime() / kMicrosPerSecond);
      }
    }
    Write(target.kind, target.record, fact);
  }

  void Write(RecordKind kind, const std::string& record, const Fact& fact) {
    const std::string name = ledger_.Record(kind, record, AnyTime(), fact);
    written_.push_back(
        {{static_cast<uint32_t>(kind), *Uuid::Parse(Id(record))}, kind, record, name, fact});
  }

  std::mt19937_64 random_;
  Ledger ledger_;
  std::vector<Event> written_;
  int asked_ = 0;
};

TEST(StandingReportsOfRandomHistories, AreWhatCountingAnewGives) {
  const uint64_t first_seed = std::random_device{}();
  std::printf("first seed %llu\n", static_cast<unsigned long long>(first_seed));
  const v1::ReportDefinition definition = Parsed(kRows);
  size_t told = 0;
  for (uint64_t seed = first_seed; seed < first_seed + 30; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    AnyCentre centre(seed);
    StandingReports reports({});
    for (int round = 0; round < 60 && !::testing::Test::HasFailure(); ++round) {
      centre.Live(static_cast<int>(centre.Any(6)));
      const std::vector<std::string> rows = Rows(centre.Ask(reports, definition, HalfYear()));
      EXPECT_EQ(rows, Rows(centre.Anew(definition, HalfYear()))) << "round " << round;
      told += rows.size();
    }
    EXPECT_GT(centre.asked(), 30) << "kept, and brought up to date";
    EXPECT_GT(reports.bytes(), 0U);
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(told, 20'000U) << "else the histories say too little";
}

TEST(StandingReports, AStreamThatIsNotToldOfIsMissed) {
  Ledger ledger;
  const v1::ReportDefinition definition = Parsed(kRows);
  StandingReports reports({});
  const auto ask = [&](const Streams& streams) {
    return Rows(reports.Run(*ledger.Snapshot(), definition, HalfYear(),
                            [&](uint64_t, uint64_t) { return streams; }));
  };
  OpenCase(ledger, "one", "2024-02-01");
  Serve(ledger, "one", "2024-02-02", "k", "ann");
  const std::vector<std::string> before = ask({});
  Register(ledger, "ann", "2024-01-01", "sex: 'female'");
  EXPECT_EQ(ask({}), before) << "so nothing else is read again";
  Register(ledger, "ann", "2024-01-02", "sex: 'female'");
  const StreamId ann{static_cast<uint32_t>(RECORD_KIND_PERSON), *Uuid::Parse(Id("ann"))};
  EXPECT_NE(ask({ann}), before) << "the case is counted again, which was not written";
}

TEST(StandingReports, EachDefinitionAndPeriodIsAnotherQuestion) {
  AnyCentre centre(7);
  centre.Live(200);
  StandingReports reports({});
  const v1::ReportDefinition all = Parsed(kRows);
  const v1::ReportDefinition calls =
      Parsed("indicators { row: \"calls\" unit: \"x\" label_vi: \"x\" fact: \"contact_ended\" }");
  const Period quarter{At("2024-01-01"), At("2024-04-01")};
  for (int round = 0; round < 3; ++round) {
    for (const auto& definition : {all, calls}) {
      for (const Period& period : {HalfYear(), quarter}) {
        EXPECT_EQ(Rows(centre.Ask(reports, definition, period)),
                  Rows(centre.Anew(definition, period)));
      }
    }
    centre.Live(10);
  }
}

TEST(StandingReports, WhatIsKeptIsBounded) {
  AnyCentre centre(8);
  centre.Live(400);
  const v1::ReportDefinition definition = Parsed(kRows);
  const auto days = [](int count) {
    return Period{At("2024-01-01"), At("2024-01-01") + count * Micros{86'400} * kMicrosPerSecond};
  };
  StandingReports one({.most_reports = 1});
  EXPECT_TRUE(centre.Ask(one, definition, days(150)).ok());
  const size_t of_one = one.bytes();
  EXPECT_TRUE(centre.Ask(one, definition, days(151)).ok());
  EXPECT_LT(one.bytes(), 2 * of_one) << "the first went";

  // Room for two of them.
  StandingReports two({.most_bytes = of_one * 5 / 2});
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(Rows(centre.Ask(two, definition, days(150 + i))),
              Rows(centre.Anew(definition, days(150 + i))));
    EXPECT_LE(two.bytes(), of_one * 5 / 2);
  }
  EXPECT_GT(two.bytes(), of_one);

  // Room for none: each is counted anew.
  StandingReports none({.most_bytes = 1000});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Rows(centre.Ask(none, definition, days(150))),
              Rows(centre.Anew(definition, days(150))));
    EXPECT_EQ(none.bytes(), 0U);
    centre.Live(1);
  }

  // After too many events everything is counted anew, without asking what was written.
  StandingReports slow({.most_new_events = 5});
  EXPECT_TRUE(centre.Ask(slow, definition, days(150)).ok());
  const int asked = centre.asked();
  centre.Live(6);
  EXPECT_EQ(Rows(centre.Ask(slow, definition, days(150))),
            Rows(centre.Anew(definition, days(150))));
  EXPECT_EQ(centre.asked(), asked);
}

TEST(StandingReports, AnErrorIsToldAndTheNextAskIsAnsweredAnew) {
  AnyCentre centre(9);
  centre.Live(100);
  const v1::ReportDefinition definition = Parsed(kRows);
  StandingReports reports({});
  EXPECT_TRUE(centre.Ask(reports, definition, HalfYear()).ok());
  centre.Live(1);
  const auto refused = reports.Run(
      *centre.ledger().Snapshot(), definition, HalfYear(),
      [](uint64_t, uint64_t) { return absl::StatusOr<Streams>(absl::DataLossError("damaged")); });
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(reports.bytes(), 0U);
  EXPECT_EQ(Rows(centre.Ask(reports, definition, HalfYear())),
            Rows(centre.Anew(definition, HalfYear())));
  EXPECT_EQ(centre.Ask(reports, definition, {5, 5}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(StandingReports, WhoComesWithAnOlderSnapshotGetsTheNewerAnswer) {
  AnyCentre centre(10);
  centre.Live(100);
  const v1::ReportDefinition definition = Parsed(kRows);
  StandingReports reports({});
  const std::unique_ptr<ReadSnapshot> older = centre.ledger().Snapshot();
  centre.Live(10);
  const std::vector<std::string> rows = Rows(centre.Ask(reports, definition, HalfYear()));
  const auto answer = reports.Run(*older, definition, HalfYear(), [&](uint64_t from, uint64_t to) {
    return centre.Written(from, to);
  });
  EXPECT_EQ(Rows(answer), rows);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->reflected_events, centre.ledger().size());
}

TEST(StandingReports, ManyMayAskAtOnce) {
  AnyCentre centre(11);
  centre.Live(300);
  const v1::ReportDefinition definition = Parsed(kRows);
  const std::unique_ptr<ReadSnapshot> snapshot = centre.ledger().Snapshot();
  const std::vector<std::string> rows = Rows(centre.Anew(definition, HalfYear()));
  StandingReports reports({.most_reports = 2});
  std::vector<std::vector<std::string>> answers(4);
  std::vector<std::thread> askers;
  for (size_t i = 0; i < answers.size(); ++i) {
    askers.emplace_back([&, i] {
      for (int round = 0; round < 20; ++round) {
        // Each has questions of its own, too, so that entries come and go.
        const Micros later = static_cast<Micros>(i) * (round % 3);
        const auto answer =
            reports.Run(*snapshot, definition, {HalfYear().from, HalfYear().to + later},
                        [](uint64_t, uint64_t) { return absl::StatusOr<Streams>(Streams()); });
        answers[i] = Rows(answer);
        if (answers[i] != rows) return;
      }
    });
  }
  for (std::thread& asker : askers) asker.join();
  for (const std::vector<std::string>& answer : answers) EXPECT_EQ(answer, rows);
}

}  // namespace
}  // namespace caseledger::projections
