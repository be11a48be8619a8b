// Facts of the directory, of programmes and of outreach.
#include "services/app/cli/import/fact_list.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

using event::v1::TIME_PRECISION_DAY;
using event::v1::TIME_PRECISION_SECOND;
using event::v1::TIME_PRECISION_UNKNOWN;

event::v1::TimePrecision PrecisionOf(const std::string& time) {
  const auto parsed = ParseTime(time);
  return parsed && parsed->form == TimeForm::kDate ? TIME_PRECISION_DAY : TIME_PRECISION_SECOND;
}

// Of the directory's files, which do not say since when.
PlannedFact& AddUndated(FactList& facts, options::v1::RecordKind kind, const std::string& record) {
  PlannedFact& planned = facts.Add(kind, record, kDirectoryTime, Rank::kDirectory);
  planned.precision = TIME_PRECISION_UNKNOWN;
  return planned;
}

}  // namespace

void MapAdminUnit(FactList& facts) {
  const Row& row = facts.row;
  PlannedFact& planned =
      AddUndated(facts, options::v1::RECORD_KIND_ADMIN_UNITS, row.Get("version"));
  planned.level = facts.context.UnitLevel(row.Get("code"));
  auto& unit = *planned.fact.mutable_admin_unit_registered();
  unit.set_code(row.Get("code"));
  unit.set_kind(row.Get("kind"));
  unit.set_name(row.Get("name"));
  unit.set_parent_code(row.Get("parent_code"));
}

void MapUnitPredecessor(FactList& facts) {
  const Row& row = facts.row;
  PlannedFact& planned =
      AddUndated(facts, options::v1::RECORD_KIND_ADMIN_UNITS, row.Get("to_version"));
  auto& succession = *planned.fact.mutable_unit_succession_recorded();
  succession.set_code(row.Get("to_code"));
  succession.mutable_predecessor()->set_code(row.Get("from_code"));
  succession.mutable_predecessor()->set_version(row.Get("from_version"));
  succession.set_share_millionths(row.GetMillionths("share").value_or(0));
  succession.set_source(row.Get("source"));
}

void MapAgency(FactList& facts) {
  const Row& row = facts.row;
  PlannedFact& planned = AddUndated(facts, options::v1::RECORD_KIND_AGENCY, row.Get("agency_id"));
  auto& agency = *planned.fact.mutable_agency_registered();
  agency.set_kind(row.Get("kind"));
  agency.set_name_vi(row.Get("name_vi"));
  agency.set_name_en(row.Get("name_en"));
  if (row.Has("unit_code")) *agency.mutable_unit() = facts.context.Unit(row.Get("unit_code"));
}

void MapShelter(FactList& facts) {
  const Row& row = facts.row;
  PlannedFact& planned =
      facts.AddToShelter(row.Get("shelter_id"), kDirectoryTime, Rank::kDirectory);
  planned.precision = TIME_PRECISION_UNKNOWN;
  planned.on_behalf_of = row.Get("agency_id");
  auto& shelter = *planned.fact.mutable_shelter_registered();
  facts.SetExternalRef(row.Get("shelter_id"), *shelter.mutable_external_ref());
  shelter.set_agency_id(row.Get("agency_id"));
  shelter.set_beds(row.GetNumber("beds").value_or(0));
  shelter.set_alias(row.Get("alias"));
  if (row.Has("address")) shelter.mutable_private_part()->set_address(row.Get("address"));
}

void MapProgramme(FactList& facts) {
  const Row& row = facts.row;
  const std::string record_id = facts.context.RecordId("programmes", row.Get("programme_id"));
  const Micros valid_from = *row.GetTime("valid_from");
  {
    PlannedFact& planned =
        facts.Add(options::v1::RECORD_KIND_PROGRAMME, record_id, valid_from, Rank::kRest);
    planned.precision = PrecisionOf(row.Get("valid_from"));
    auto& programme = *planned.fact.mutable_programme_recorded();
    facts.SetExternalRef(row.Get("programme_id"), *programme.mutable_external_ref());
    programme.set_kind(row.Get("kind"));
    programme.set_name(row.Get("name"));
    for (const std::string& code : row.GetList("unit_codes")) {
      *programme.add_units() = facts.context.Unit(code);
    }
    *programme.mutable_valid_from_time() = ToTimestamp(valid_from);
  }
  // The end is a fact of its own, so that a row that gains it later adds one event.
  if (const auto valid_to = row.GetTime("valid_to")) {
    PlannedFact& planned =
        facts.Add(options::v1::RECORD_KIND_PROGRAMME, record_id, *valid_to, Rank::kEnding);
    planned.precision = PrecisionOf(row.Get("valid_to"));
    planned.fact.mutable_programme_ended();
  }
}

void MapOutreach(FactList& facts) {
  const Row& row = facts.row;
  PlannedFact& planned = facts.Add(options::v1::RECORD_KIND_PROGRAMME,
                                   facts.context.RecordId("outreach", row.Get("outreach_id")),
                                   *row.GetTime("held_at"), Rank::kRest);
  auto& outreach = *planned.fact.mutable_outreach_held();
  facts.SetExternalRef(row.Get("outreach_id"), *outreach.mutable_external_ref());
  outreach.set_kind(row.Get("kind"));
  outreach.set_topic(row.Get("topic"));
  if (row.Has("unit_code")) *outreach.mutable_unit() = facts.context.Unit(row.Get("unit_code"));
  if (const auto attendance = row.GetNumber("attendance")) outreach.set_attendance(*attendance);
}

}  // namespace caseledger::cli
