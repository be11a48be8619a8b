#include "projections/case_list/case_list.h"

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/case_list/case_fold.h"
#include "projections/case_list/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;

std::vector<std::string> GroupsOf(const Fact& fact) {
  if (!MattersToCaseList(fact)) return {};
  return {""};
}

constexpr FactGroups kFacts(case_list::kFactsSpace, case_list::kFactIndexSpace, GroupsOf);

std::string RowKey(Micros opened_at, const Uuid& case_id) {
  return KeyBuilder().TimeDescending(opened_at).Id(case_id).Take();
}

class CaseList final : public Projection {
 public:
  std::string_view name() const override { return kCaseListName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == options::v1::RECORD_KIND_CASE_RECORD;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    RETURN_IF_ERROR(kFacts.Apply(event, fact, batch).status());
    ASSIGN_OR_RETURN(const std::vector<EffectiveFact> facts, kFacts.Read(batch, event.stream, ""));
    std::optional<CaseRow> row = FoldCase(facts);
    if (row.has_value()) {
      row->case_id = event.stream.id;
      row->revision = event.revision;
    }
    return WriteRow(event, row, batch);
  }

 private:
  // The time of opening is part of the key, so a row may move.
  static absl::Status WriteRow(const RecordedEvent& event, const std::optional<CaseRow>& row,
                               ReadModelBatch& batch) {
    const Uuid& case_id = event.stream.id;
    const std::string opened_key = KeyBuilder(case_list::kOpenedAtSpace).Id(case_id).Take();
    ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(opened_key));
    if (stored.has_value()) {
      ASSIGN_OR_RETURN(const Micros opened_at, DecodeRow<Micros>(*stored));
      if (!row.has_value() || row->opened_at != opened_at) {
        RETURN_IF_ERROR(case_list::kRows.Remove(batch, RowKey(opened_at, case_id), event.position));
        batch.Delete(opened_key);
      }
    }
    if (!row.has_value()) return absl::OkStatus();
    batch.Put(opened_key, EncodeRow(row->opened_at));
    return case_list::kRows.Put(batch, RowKey(row->opened_at, case_id), EncodeRow(*row),
                                event.position);
  }
};

}  // namespace

std::unique_ptr<Projection> MakeCaseList() { return std::make_unique<CaseList>(); }

}  // namespace caseledger::projections
