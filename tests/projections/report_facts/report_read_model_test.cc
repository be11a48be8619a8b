// More of what counts by hand-made facts: places, shelters, programmes, spans of measures,
// agencies; reports given only as text; what the read model holds.
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/unknown_field_set.h"
#include "gtest/gtest.h"
#include "projections/read_model/memory/memory_read_models.h"
#include "projections/report_facts/definition.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {
namespace {

using options::v1::RECORD_KIND_ADMIN_UNITS;
using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_CONTACT;
using options::v1::RECORD_KIND_DEFINITION;
using options::v1::RECORD_KIND_PERSON;
using options::v1::RECORD_KIND_PROGRAMME;
using options::v1::RECORD_KIND_SHELTER;

void RegisterUnits(Ledger& ledger) {
  const auto unit = [&](const char* version, const char* code, const char* parent) {
    ledger.Record(RECORD_KIND_ADMIN_UNITS, version, "2024-01-01",
                  absl::StrCat("admin_unit_registered { version: '", version, "' code: '", code,
                               "' parent_code: '", parent, "' }"));
  };
  unit("2024", "22", "");
  unit("2024", "203", "22");
  unit("2024", "06994", "203");
  unit("2024", "193", "22");
  unit("2025", "22", "");
  unit("2025", "06994", "22");
}

TEST(Places, AUnitIncludesTheUnitsBelowItInItsOwnVersion) {
  Ledger ledger;
  RegisterUnits(ledger);
  const auto emergency = [&](const char* key, const char* code, const char* version) {
    ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2024-02-01",
                  absl::StrCat("emergency_started { emergency_id: '", key, "' place { code: '",
                               code, "' version: '", version, "' } }"));
  };
  emergency("e1", "203", "2024");
  emergency("e2", "06994", "2024");
  emergency("e3", "193", "2024");
  emergency("e4", "06994", "2025");
  emergency("e5", "99999", "2024");
  const auto within = [&](const std::string& place) {
    return Figure(ledger, "fact: 'emergency_started' filters { field: 'place' " + place + " }");
  };
  EXPECT_EQ(within("within { code: '203' version: '2024' }"), 2);
  EXPECT_EQ(within("within { code: '06994' version: '2024' }"), 1);
  EXPECT_EQ(within("within { code: '22' version: '2024' }"), 3);
  EXPECT_EQ(within("within { code: '22' version: '2025' }"), 1);
  EXPECT_EQ(within("within { code: '22' version: '2024' } within { code: '22' version: '2025' }"),
            4);
}

TEST(Shelter, OnlyTheResidentCountsOnceHoweverOftenAdmitted) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01", "case_type: 'gender_based_violence'");
  OpenCase(ledger, "other", "2024-01-01", "case_type: 'trafficking'");
  const auto admit = [&](const char* key, const char* case_name, const char* person) {
    ledger.Record(
        RECORD_KIND_SHELTER, "s", "2024-02-01",
        absl::StrCat("resident_admitted { placement_id: '", key, "' case_id: \"$", case_name,
                     "\" person_id: \"$", person, "\" companion_person_ids: \"$kid\" }"));
  };
  admit("p1", "c", "ann");
  admit("p2", "c", "ann");
  admit("p3", "other", "eve");
  EXPECT_EQ(Figure(ledger,
                   "fact: 'resident_admitted' persons: 'person_id' count: 'person' "
                   "filters { field: 'case.case_type' any_of: 'gender_based_violence' }"),
            1);
  EXPECT_EQ(Figure(ledger, "fact: 'resident_admitted' count: 'fact'"), 3);
  EXPECT_EQ(Figure(ledger, "fact: 'shelter_stay' count: 'record'"), 1);
}

std::string Programme(const char* from, const char* to, const char* units) {
  const auto seconds = [](const char* date) { return At(date) / kMicrosPerSecond; };
  const std::string end =
      to == nullptr ? "" : absl::StrCat(" valid_to_time { seconds: ", seconds(to), " }");
  return absl::StrCat("programme_recorded { kind: 'safe_city' valid_from_time { seconds: ",
                      seconds(from), " }", end, " ", units, " }");
}

TEST(Programmes, ValidityIsWhatTheySayWithAnExclusiveEndAndEndingsCount) {
  constexpr char kValid[] = "fact: 'programme_validity' count: 'record'";
  Ledger ledger;
  // All recorded only in 2025: the dates they carry decide.
  ledger.Record(RECORD_KIND_PROGRAMME, "until-from", "2025-01-01",
                Programme("2021-01-01", "2024-01-01", ""));
  ledger.Record(RECORD_KIND_PROGRAMME, "after", "2025-01-01", Programme("2024-07-01", nullptr, ""));
  EXPECT_EQ(Figure(ledger, kValid), 0);
  ledger.Record(RECORD_KIND_PROGRAMME, "long", "2025-01-01", Programme("2021-01-01", nullptr, ""));
  ledger.Record(RECORD_KIND_PROGRAMME, "last-day", "2025-01-01",
                Programme("2024-06-30", "2026-01-01", ""));
  EXPECT_EQ(Figure(ledger, kValid), 2);
  ledger.Record(RECORD_KIND_PROGRAMME, "long", "2023-12-31", "programme_ended { }");
  EXPECT_EQ(Figure(ledger, kValid), 1);
}

TEST(Programmes, AreasAreCountedOnceOverAllProgrammes) {
  Ledger ledger;
  ledger.Record(
      RECORD_KIND_PROGRAMME, "a", "2024-01-01",
      Programme("2024-01-01", nullptr,
                "units { code: '1' version: '2024' } units { code: '2' version: '2024' }"));
  ledger.Record(
      RECORD_KIND_PROGRAMME, "b", "2024-01-01",
      Programme("2024-01-01", nullptr,
                "units { code: '2' version: '2024' } units { code: '2' version: '2025' }"));
  EXPECT_EQ(Figure(ledger, "fact: 'programme_validity' count: 'units'"), 3);
}

TEST(Therapy, SessionsFindTheirPersonThroughTheEpisode) {
  Ledger ledger;
  const auto at = [&](const char* time, const std::string& fact) {
    return ledger.Record(RECORD_KIND_CASE_RECORD, "c", time, fact);
  };
  at("2023-02-01", "therapy_screened { episode_id: 'e' person_id: \"$kid\" }");
  at("2024-02-01", "therapy_session_held { episode_id: 'e' session_id: '1' minutes: 45 }");
  const std::string second =
      at("2024-02-08", "therapy_session_held { episode_id: 'e' session_id: '2' minutes: 30 }");
  constexpr char kPersons[] =
      "fact: 'therapy_session_held' persons: 'start.person_id' count: 'person'";
  EXPECT_EQ(Figure(ledger, kPersons), 1);
  EXPECT_EQ(Figure(ledger, "fact: 'therapy_session_held' sum: 'minutes'"), 75);
  ledger.Void(RECORD_KIND_CASE_RECORD, "c", second);
  EXPECT_EQ(Figure(ledger, kPersons), 1);
  EXPECT_EQ(Figure(ledger, "fact: 'therapy_session_held'"), 1);
}

TEST(Measures, AreInForceFromTheirDatesAsExtendedOrLifted) {
  Ledger ledger;
  const auto when = [](const char* field, const char* date) {
    return absl::StrCat(" ", field, " { seconds: ", At(date) / kMicrosPerSecond, " }");
  };
  const auto ban = [&](const char* key) {
    ledger.Record(
        RECORD_KIND_CASE_RECORD, "c", "2023-12-28",
        absl::StrCat("contact_ban_issued { measure_id: '", key, "'",
                     when("from_time", "2023-12-28"), when("to_time", "2023-12-31"), " }"));
  };
  constexpr char kBans[] = "fact: 'contact_ban'";
  ban("b1");
  ban("b2");
  EXPECT_EQ(Figure(ledger, kBans), 0);
  for (const char* key : {"b1", "b2"}) {
    ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2023-12-30",
                  absl::StrCat("contact_ban_extended { measure_id: '", key, "'",
                               when("to_time", "2024-01-03"), " }"));
  }
  EXPECT_EQ(Figure(ledger, kBans), 2);
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2023-12-31",
                "contact_ban_lifted { measure_id: 'b2' }");
  EXPECT_EQ(Figure(ledger, kBans), 1);
}

TEST(Referrals, AnAnswerUnderANewKeyFindsTheFirstSending) {
  Ledger ledger;
  const auto at = [&](const char* time, const std::string& fact) {
    ledger.Record(RECORD_KIND_CASE_RECORD, "c", time, fact);
  };
  at("2024-02-01", "referral_sent { referral_id: 'r1' person_id: \"$ann\" service: 'legal' }");
  at("2024-02-02", "referral_forwarded { referral_id: 'r1' new_referral_id: 'r2' }");
  at("2024-02-03", "referral_completed { referral_id: 'r2' outcome: 'service_given' }");
  EXPECT_EQ(Figure(ledger,
                   "fact: 'referral_completed' persons: 'start.person_id' count: 'person' "
                   "filters { field: 'start.service' any_of: 'legal' }"),
            1);
}

TEST(Agencies, OwnerIsTheOneAtTheFactAndStandsForAProviderNotNamed) {
  Ledger ledger;
  OpenCase(ledger, "c", "2024-01-01", "owner_agency_id: 'first'");
  ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2024-04-01",
                "owner_assigned { owner_agency_id: 'second' }");
  ledger.set_agency("clinic");
  Serve(ledger, "c", "2024-02-01", "medical_care", "ann");
  const auto with = [&](const std::string& filter) {
    return Figure(ledger, "fact: 'service_delivered' filters { " + filter + " }");
  };
  EXPECT_EQ(with("field: 'case.owner_agency_id' any_of: 'first'"), 1);
  EXPECT_EQ(with("field: 'case.owner_agency_id' any_of: 'second'"), 0);
  EXPECT_EQ(with("field: 'provider_agency_id' any_of: 'first'"), 1);
  EXPECT_EQ(with("field: 'event.agency_id' any_of: 'clinic'"), 1);
}

// Reports that no line of the program knows of.

TEST(NewReport, ContactsByChannelNeedsOnlyAText) {
  Ledger ledger;
  for (const char* name : {"a", "b"}) {
    ledger.Record(RECORD_KIND_CONTACT, name, "2024-02-01", "contact_received { channel: 'zalo' }");
  }
  ledger.Record(RECORD_KIND_CONTACT, "c", "2024-02-01", "contact_received { channel: 'phone' }");
  const auto definition = ParseReportDefinition(Definition(R"(
    indicators { row: "ALL" unit: "contact" label_vi: "Tất cả" fact: "contact_received" }
    indicators { row: "Z" parent: "ALL" unit: "contact" label_vi: "Zalo"
                 filters { field: "channel" any_of: "zalo" } }
    indicators { row: "P" parent: "ALL" unit: "contact" label_vi: "Điện thoại"
                 filters { field: "channel" any_of: "phone" } }
    identities { row: "ALL" sum_of: "Z" sum_of: "P" })"));
  ASSERT_TRUE(definition.ok()) << definition.status();
  const auto run = [&] {
    return RunReport(*ledger.Snapshot(), *definition, At("2024-01-01"), At("2024-07-01"),
                     ledger.size())
        .value();
  };
  const ReportResult result = run();
  ASSERT_EQ(result.rows.size(), 3u);
  EXPECT_EQ(result.rows[0].value, 3u);
  EXPECT_EQ(result.rows[1].value, 2u);
  EXPECT_EQ(result.rows[1].parent, "ALL");
  EXPECT_EQ(result.rows[2].value, 1u);
  EXPECT_THAT(result.broken_identities, testing::IsEmpty());
  ledger.Record(RECORD_KIND_CONTACT, "d", "2024-02-01", "contact_received { channel: 'sms' }");
  EXPECT_THAT(run().broken_identities, testing::ElementsAre("ALL is 4, but Z + P is 3"));
}

TEST(NewReport, ServicesByKindForGirlsUnderSixteenInOneDistrictNeedsOnlyAText) {
  Ledger ledger;
  RegisterUnits(ledger);
  OpenCase(ledger, "here", "2024-01-01", "unit { code: '06994' version: '2024' }");
  OpenCase(ledger, "there", "2024-01-01", "unit { code: '193' version: '2024' }");
  Register(ledger, "girl", "2024-01-01", "sex: 'female' birth_year: 2012");
  Register(ledger, "woman", "2024-01-01", "sex: 'female' birth_year: 1990");
  Register(ledger, "boy", "2024-01-01", "sex: 'male' birth_year: 2012");
  for (const char* person : {"girl", "woman", "boy"}) {
    for (const char* place : {"here", "there"}) {
      Serve(ledger, place, "2024-02-01", "medical_care", person);
    }
  }
  Serve(ledger, "here", "2024-03-01", "safety_planning", "girl");
  EXPECT_EQ(Figure(ledger, R"(fact: "service_delivered" persons: "beneficiary_person_ids"
                              count: "fact"
                              filters { field: "kind" any_of: "medical_care" }
                              filters { field: "person.sex" any_of: "female" }
                              filters { field: "person.age" max: 15 }
                              filters { field: "case.unit" within { code: "203" version: "2024" } })"),
            1);
}

TEST(RunReport, RefusesAnEmptyPeriodAndAPointNotReached) {
  Ledger ledger;
  EndContact(ledger, "k", "2024-02-01");
  const auto definition = ParseReportDefinition(
      Definition("indicators { row: 'X' unit: 'contact' label_vi: 'X' fact: 'contact_ended' }"));
  ASSERT_TRUE(definition.ok()) << definition.status();
  const auto run = [&](Micros from, Micros to, uint64_t events) {
    return RunReport(*ledger.Snapshot(), *definition, from, to, events).status().code();
  };
  EXPECT_EQ(run(10, 10, 1), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(run(0, 10, 2), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(run(0, 10, 1), absl::StatusCode::kOk);
  EXPECT_EQ(run(0, 10, 0), absl::StatusCode::kOk);
}

TEST(FindDefinition, GivesTheNewestLoadedAsOfThePoint) {
  Ledger ledger;
  const auto load = [&](int version, const char* text) {
    return ledger.Record(RECORD_KIND_DEFINITION, "report/r", "2024-01-01",
                         absl::StrCat("report_definition_loaded { report_id: 'r' version: ",
                                      version, " text: '", text, "' }"));
  };
  load(1, "one");
  load(2, "two");
  const std::string last = load(1, "one again");
  const auto find = [&](const char* name, uint64_t events) {
    const auto found = FindDefinition(*ledger.Snapshot(), name, events);
    return found.ok() ? absl::StrCat(found->version, " ", found->text, " at ", found->position)
                      : absl::StatusCodeToString(found.status().code());
  };
  EXPECT_EQ(find("r", 3), "1 one again at 2");
  EXPECT_EQ(find("r", 2), "2 two at 1");
  EXPECT_EQ(find("r@1", 2), "1 one at 0");
  EXPECT_EQ(find("r@2", 3), "2 two at 1");
  EXPECT_EQ(find("r@3", 3), "NOT_FOUND");
  EXPECT_EQ(find("r", 0), "NOT_FOUND");
  EXPECT_EQ(find("r@x", 3), "INVALID_ARGUMENT");
  EXPECT_EQ(find("r", 4), "OUT_OF_RANGE");
  ledger.Void(RECORD_KIND_DEFINITION, "report/r", last);
  EXPECT_EQ(find("r", 4), "2 two at 1");
}

TEST(Rows, HoldNothingPersonalAndNoFreeText) {
  Ledger ledger;
  ledger.Record(RECORD_KIND_CONTACT, "k", "2024-02-01",
                "contact_received { channel: 'phone' line: '111' "
                "external_ref { source: 'old' value: 'SECRET1' } note { text: 'SECRET2' } "
                "private_part { caller_name: 'SECRET3' caller_phone: 'SECRET4' } }");
  ledger.Record(
      RECORD_KIND_PERSON, "p", "2024-02-01",
      "person_registered { attributes { sex: 'female' private_part { full_name: 'SECRET5' "
      "birth_date: 'SECRET6' address: 'SECRET7' } } }");
  const std::string closing =
      ledger.Record(RECORD_KIND_CASE_RECORD, "c", "2024-02-01",
                    "case_closed { reason: 'other' override_reason: 'SECRET8' }");
  ledger.Correct(RECORD_KIND_CASE_RECORD, "c", closing,
                 "case_closed { reason: 'other' note { text: 'SECRET9' } }");
  event::v1::Fact newer = ParseFact("person_amended { attributes { sex: 'female' } }");
  for (google::protobuf::Message* part :
       {static_cast<google::protobuf::Message*>(&newer),
        static_cast<google::protobuf::Message*>(newer.mutable_person_amended()),
        static_cast<google::protobuf::Message*>(
            newer.mutable_person_amended()->mutable_attributes())}) {
    part->GetReflection()->MutableUnknownFields(part)->AddLengthDelimited(900, "SECRET10");
  }
  ledger.Record(RECORD_KIND_PERSON, "p", At("2024-03-01"), newer);
  int rows = 0;
  const absl::Status status =
      ledger.Snapshot()->Scan("", "", [&](std::string_view key, std::string_view value) {
        ++rows;
        EXPECT_EQ(key.find("SECRET"), std::string_view::npos);
        EXPECT_EQ(value.find("SECRET"), std::string_view::npos) << value;
        return true;
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(rows, 10);
  EXPECT_EQ(Figure(ledger, "fact: 'case_closed' filters { field: 'reason' any_of: 'other' }"), 1);
}

TEST(Projection, StopsAtAFactItDoesNotKnow) {
  const std::unique_ptr<ReadModelStore> store = NewMemoryReadModels();
  const auto table = store->OpenTable("test", "report-facts");
  ASSERT_TRUE(table.ok()) << table.status();
  const std::unique_ptr<ReadModelBatch> batch = (*table)->NewBatch();
  eventstore::RecordedEvent event;
  event.position = 7;
  event.fact_type = 999;
  const absl::Status status = ReportFacts().Apply(event, event::v1::Fact(), *batch);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("position 7 of type 999"));
}

}  // namespace
}  // namespace caseledger::projections
