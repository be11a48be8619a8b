#include "projections/case_list/case_list.h"

#include <algorithm>
#include <string>
#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/case_list/case_fold.h"
#include "projections/case_list/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

using case_list::ListedAs;
using event::v1::Fact;
using eventstore::RecordedEvent;

std::vector<std::string> GroupsOf(const Fact& fact) {
  if (!MattersToCaseList(fact)) return {};
  return {""};
}

constexpr FactGroups kFacts(case_list::kFactsSpace, case_list::kFactIndexSpace, GroupsOf);

class CaseList final : public Projection {
 public:
  std::string_view name() const override { return kCaseListName; }
  uint32_t version() const override { return 2; }

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
  static case_list::ListedAs ListedAsOf(const CaseRow& row) {
    return {.opened_at = row.opened_at,
            .by = {.agency = row.owner_agency_id,
                   .worker = row.owner_worker_id,
                   .phase = row.phase,
                   .case_type = row.case_type}};
  }

  // The time of opening is part of the key, so a row may move.
  static absl::Status WriteRow(const RecordedEvent& event, const std::optional<CaseRow>& row,
                               ReadModelBatch& batch) {
    const Uuid& case_id = event.stream.id;
    const std::string listed_key = KeyBuilder(case_list::kListedAsSpace).Id(case_id).Take();
    ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(listed_key));
    std::optional<ListedAs> before;
    std::optional<ListedAs> after;
    if (stored.has_value()) {
      ASSIGN_OR_RETURN(before, DecodeRow<ListedAs>(*stored));
    }
    if (row.has_value()) after = ListedAsOf(*row);
    if (before != after) RETURN_IF_ERROR(Move(event, listed_key, before, after, batch));
    if (!row.has_value()) return absl::OkStatus();
    const std::string key = case_list::RowKey(row->opened_at, case_id);
    if (before.has_value() && before->opened_at == row->opened_at) {
      return case_list::kRows.Put(batch, key, EncodeRow(*row), event.position);
    }
    case_list::kRows.PutNew(batch, key, EncodeRow(*row), event.position);
    return absl::OkStatus();
  }

  // What finds the case from now on. What it is listed as says which keys there are now.
  static absl::Status Move(const RecordedEvent& event, const std::string& listed_key,
                           const std::optional<ListedAs>& before,
                           const std::optional<ListedAs>& after, ReadModelBatch& batch) {
    const Uuid& case_id = event.stream.id;
    if (before.has_value() && (!after.has_value() || after->opened_at != before->opened_at)) {
      RETURN_IF_ERROR(case_list::kRows.Remove(batch, case_list::RowKey(before->opened_at, case_id),
                                              event.position));
    }
    std::vector<std::string> old_keys;
    std::vector<std::string> new_keys;
    if (before.has_value()) old_keys = before->IndexKeys(case_id);
    if (after.has_value()) new_keys = after->IndexKeys(case_id);
    for (const std::string& key : old_keys) {
      if (std::find(new_keys.begin(), new_keys.end(), key) != new_keys.end()) continue;
      RETURN_IF_ERROR(case_list::kIndex.Remove(batch, key, event.position));
    }
    for (const std::string& key : new_keys) {
      if (std::find(old_keys.begin(), old_keys.end(), key) != old_keys.end()) continue;
      case_list::kIndex.PutNew(batch, key, "", event.position);
    }
    if (after.has_value()) {
      batch.Put(listed_key, EncodeRow(*after));
    } else {
      batch.Delete(listed_key);
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<Projection> MakeCaseList() { return std::make_unique<CaseList>(); }

}  // namespace caseledger::projections
