#include "projections/work_items/work_items.h"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/definition_texts/agency_texts.h"
#include "projections/definition_texts/deadline_terms.h"
#include "projections/read_model/kept_rows.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/work_items/fact_times.h"
#include "projections/work_items/layout.h"
#include "projections/work_items/start_types.h"
#include "projections/work_items/work_item_fold.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;

constexpr auto kContact = static_cast<uint32_t>(options::v1::RECORD_KIND_CONTACT);
constexpr auto kCase = static_cast<uint32_t>(options::v1::RECORD_KIND_CASE_RECORD);
constexpr size_t kMostParsed = 64;
constexpr auto kDefinition = static_cast<uint32_t>(options::v1::RECORD_KIND_DEFINITION);

constexpr FactGroups kFacts(work_items::kFactsSpace, work_items::kFactIndexSpace, FactTimeGroupsOf);
constexpr AgencyTexts kTexts =
    DeadlineTexts(work_items::kNamesSpace, work_items::kTextsSpace, work_items::kTextIndexSpace);

std::string ItemKey(KeyBuilder begin, const WorkItem& item) {
  return begin.Number(item.record_kind)
      .Id(item.record_id)
      .Text(item.deadline_id)
      .Id(item.started_by)
      .Take();
}

// One for each list it stands in.
std::vector<std::string> RowKeys(const WorkItem& item) {
  if (item.ended_at.has_value()) {
    return {ItemKey(KeyBuilder(work_items::kEndedSpace).TimeDescending(*item.ended_at), item),
            ItemKey(KeyBuilder(work_items::kEndedOfAgencySpace)
                        .Text(item.agency_id)
                        .TimeDescending(*item.ended_at),
                    item)};
  }
  return {
      ItemKey(KeyBuilder(work_items::kRunningSpace).Time(item.due_at), item),
      ItemKey(KeyBuilder(work_items::kRunningOfAgencySpace).Text(item.agency_id).Time(item.due_at),
              item),
      ItemKey(KeyBuilder(work_items::kRunningOfWorkerSpace)
                  .Text(item.agency_id)
                  .Text(item.worker_id)
                  .Time(item.due_at),
              item)};
}

std::string KeysKey(const StreamId& record) {
  return KeyBuilder(work_items::kKeysSpace).Number(record.kind).Id(record.id).Take();
}

std::string AgencyKey(const Uuid& event_id) {
  return KeyBuilder(work_items::kAgencySpace).Id(event_id).Take();
}

class WorkItems final : public Projection {
 public:
  std::string_view name() const override { return kWorkItemsName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == kCase || record_kind == kContact || record_kind == kDefinition;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    if (event.stream.kind == kDefinition) return TakeIn(event, fact, batch);
    if (event.stream.kind == kContact) {
      const std::string& for_agency = event.origin.on_behalf_of;
      batch.Put(AgencyKey(event.event_id), for_agency.empty() ? event.origin.agency : for_agency);
    }
    ASSIGN_OR_RETURN(const std::vector<std::string> changed, kFacts.Apply(event, fact, batch));
    bool matters = false;
    for (const std::string& group : changed) {
      ASSIGN_OR_RETURN(const auto facts, kFacts.Read(batch, event.stream, group));
      RETURN_IF_ERROR(ReplaceFactTimes(event.stream, group, facts, batch));
      ASSIGN_OR_RETURN(const int type, TypeOfGroup(group));
      RETURN_IF_ERROR(LoadTypes(batch));
      matters = matters || types_->all.contains(type) || IsAboutOwner(type);
    }
    return matters ? Write(event.stream, batch) : absl::OkStatus();
  }

 private:
  // Other deadlines are in force: whatever has one may be due at another time.
  absl::Status TakeIn(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) {
    // Of a correction the new text; what is not in force any more does no harm.
    const Fact& said = fact.has_fact_corrected() ? fact.fact_corrected().replacement() : fact;
    if (said.has_deadlines_loaded()) {
      ASSIGN_OR_RETURN(const v1::Deadlines deadlines,
                       ReadDeadlines(said.deadlines_loaded().text()));
      RETURN_IF_ERROR(NoteTypes(deadlines, batch));
      types_.reset();
    }
    ASSIGN_OR_RETURN(const bool changed, kTexts.Apply(event, fact, batch));
    if (!changed) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<StreamId> records, RecordsWithFacts(batch));
    for (const StreamId& record : records) RETURN_IF_ERROR(Write(record, batch));
    return absl::OkStatus();
  }

  absl::Status Write(const StreamId& record, ReadModelBatch& batch) {
    const auto facts = [&](const std::string& group) { return kFacts.Read(batch, record, group); };
    const auto agency_of = [&](const Uuid& event_id) -> absl::StatusOr<std::string> {
      ASSIGN_OR_RETURN(const std::optional<std::string> agency, batch.Get(AgencyKey(event_id)));
      return agency.value_or("");
    };
    const auto deadlines = [&](const std::string& agency,
                               Micros at) -> absl::StatusOr<std::shared_ptr<const v1::Deadlines>> {
      ASSIGN_OR_RETURN(const std::optional<std::string> text, kTexts.InForce(batch, agency, at));
      return Parsed(text.value_or(""));
    };
    RETURN_IF_ERROR(LoadTypes(batch));
    ASSIGN_OR_RETURN(const std::vector<WorkItem> items,
                     FoldWorkItems(record, {batch, types_->starts, facts, agency_of, deadlines}));
    std::vector<std::pair<std::string, std::string>> rows;
    for (const WorkItem& item : items) {
      for (std::string& key : RowKeys(item)) rows.emplace_back(std::move(key), EncodeRow(item));
    }
    return ReplaceRows(KeysKey(record), rows, batch);
  }

  absl::Status LoadTypes(const ReadSnapshot& snapshot) {
    if (types_.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(types_, ReadTypes(snapshot));
    return absl::OkStatus();
  }

  // The same text gives the same deadlines: reading it again for each fact would cost the most.
  absl::StatusOr<std::shared_ptr<const v1::Deadlines>> Parsed(const std::string& text) {
    if (const auto known = parsed_.find(text); known != parsed_.end()) return known->second;
    ASSIGN_OR_RETURN(v1::Deadlines deadlines, ReadDeadlines(text));
    if (parsed_.size() >= kMostParsed) parsed_.clear();
    return parsed_.emplace(text, std::make_shared<const v1::Deadlines>(std::move(deadlines)))
        .first->second;
  }

  std::optional<NotedTypes> types_;  // as the rows say; nullopt: to be read
  std::map<std::string, std::shared_ptr<const v1::Deadlines>> parsed_;
};

}  // namespace

std::unique_ptr<Projection> MakeWorkItems() { return std::make_unique<WorkItems>(); }

}  // namespace caseledger::projections
