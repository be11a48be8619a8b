#include "projections/due_requests/due_requests.h"

#include <limits>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/definition_texts/agency_texts.h"
#include "projections/definition_texts/deadline_terms.h"
#include "projections/due_requests/layout.h"
#include "projections/due_requests/request_fold.h"
#include "projections/read_model/kept_rows.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;

constexpr auto kPerson = static_cast<uint32_t>(options::v1::RECORD_KIND_PERSON);
constexpr auto kDefinition = static_cast<uint32_t>(options::v1::RECORD_KIND_DEFINITION);

std::vector<std::string> GroupsOf(const Fact& fact) {
  if (!MattersToDueRequests(fact)) return {};
  return {""};
}

constexpr FactGroups kFacts(due_requests::kFactsSpace, due_requests::kFactIndexSpace, GroupsOf);
constexpr AgencyTexts kTexts = DeadlineTexts(due_requests::kNamesSpace, due_requests::kTextsSpace,
                                             due_requests::kTextIndexSpace);

std::string RowKey(const DueRequest& row) {
  if (row.executed_at.has_value()) {
    return KeyBuilder(due_requests::kExecutedSpace)
        .TimeDescending(*row.executed_at)
        .Id(row.person_id)
        .Text(row.request_id)
        .Take();
  }
  return KeyBuilder(due_requests::kOpenSpace)
      .Time(row.DueAt().value_or(std::numeric_limits<Micros>::max()))
      .Id(row.person_id)
      .Text(row.request_id)
      .Take();
}

std::string KeysKey(const Uuid& person_id) {
  return KeyBuilder(due_requests::kKeysSpace).Id(person_id).Take();
}

std::string AgencyKey(const Uuid& event_id) {
  return KeyBuilder(due_requests::kAgencySpace).Id(event_id).Take();
}

class DueRequests final : public Projection {
 public:
  std::string_view name() const override { return kDueRequestsName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == kPerson || record_kind == kDefinition;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    if (event.stream.kind == kDefinition) {
      ASSIGN_OR_RETURN(const bool changed, kTexts.Apply(event, fact, batch));
      return changed ? WriteAll(batch) : absl::OkStatus();
    }
    if (fact.has_data_request_received() || fact.has_erasure_decided()) {
      const std::string& for_agency = event.origin.on_behalf_of;
      batch.Put(AgencyKey(event.event_id), for_agency.empty() ? event.origin.agency : for_agency);
    }
    ASSIGN_OR_RETURN(const std::vector<std::string> changed, kFacts.Apply(event, fact, batch));
    return changed.empty() ? absl::OkStatus() : Write(event.stream.id, batch);
  }

 private:
  // Other deadlines are in force: every row may be due at another time.
  static absl::Status WriteAll(ReadModelBatch& batch) {
    std::vector<Uuid> persons;
    absl::Status damage;
    const std::string first(1, due_requests::kKeysSpace);
    RETURN_IF_ERROR(batch.Scan(first, EndOfPrefix(first), [&](std::string_view key, auto) {
      KeyReader reader(key);
      reader.Skip(1);
      persons.push_back(reader.Id());
      if (!reader.Finished()) damage = absl::DataLossError("a key of due requests is damaged");
      return damage.ok();
    }));
    RETURN_IF_ERROR(damage);
    for (const Uuid& person : persons) RETURN_IF_ERROR(Write(person, batch));
    return absl::OkStatus();
  }

  static absl::Status Write(const Uuid& person_id, ReadModelBatch& batch) {
    ASSIGN_OR_RETURN(const std::vector<EffectiveFact> facts,
                     kFacts.Read(batch, StreamId{kPerson, person_id}, ""));
    const auto agency_of = [&](const Uuid& event_id) -> absl::StatusOr<std::string> {
      ASSIGN_OR_RETURN(const std::optional<std::string> agency, batch.Get(AgencyKey(event_id)));
      return agency.value_or("");
    };
    const auto deadlines_of = [&](const std::string& agency,
                                  Micros at) -> absl::StatusOr<v1::Deadlines> {
      ASSIGN_OR_RETURN(const std::optional<std::string> text, kTexts.InForce(batch, agency, at));
      return text.has_value() ? ReadDeadlines(*text) : v1::Deadlines();
    };
    ASSIGN_OR_RETURN(const auto rows, FoldRequests(person_id, facts, agency_of, deadlines_of));
    return Replace(person_id, rows, batch);
  }

  static absl::Status Replace(const Uuid& person_id,
                              const std::map<std::string, DueRequest>& folded,
                              ReadModelBatch& batch) {
    std::vector<std::pair<std::string, std::string>> rows;
    rows.reserve(folded.size());
    for (const auto& [request_id, row] : folded) rows.emplace_back(RowKey(row), EncodeRow(row));
    return ReplaceRows(KeysKey(person_id), rows, batch);
  }
};

}  // namespace

std::unique_ptr<Projection> MakeDueRequests() { return std::make_unique<DueRequests>(); }

}  // namespace caseledger::projections
