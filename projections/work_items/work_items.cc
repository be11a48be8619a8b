#include "projections/work_items/work_items.h"

#include <algorithm>
#include <iterator>
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
constexpr size_t kMostAgencies = 1000;  // whose deadlines are kept in memory
constexpr auto kDefinition = static_cast<uint32_t>(options::v1::RECORD_KIND_DEFINITION);

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

class WorkItems final : public Projection {
 public:
  std::string_view name() const override { return kWorkItemsName; }
  uint32_t version() const override { return 2; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == kCase || record_kind == kContact || record_kind == kDefinition;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    if (event.stream.kind == kDefinition) return TakeIn(event, fact, batch);
    ASSIGN_OR_RETURN(const std::vector<int> changed, TakeInFact(event, fact, batch));
    RETURN_IF_ERROR(LoadTypes(batch));
    const bool matters = std::any_of(changed.begin(), changed.end(), [&](int type) {
      return types_->all.contains(type) || IsAboutOwner(type);
    });
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
    deadlines_.clear();
    ASSIGN_OR_RETURN(const std::vector<StreamId> records, RecordsWithFacts(batch));
    for (const StreamId& record : records) RETURN_IF_ERROR(Write(record, batch));
    return absl::OkStatus();
  }

  absl::Status Write(const StreamId& record, ReadModelBatch& batch) {
    const auto deadlines = [&](const std::string& agency, Micros at) {
      return DeadlinesAt(agency, at, batch);
    };
    RETURN_IF_ERROR(LoadTypes(batch));
    ASSIGN_OR_RETURN(const std::vector<WorkItem> items,
                     FoldWorkItems(record, {batch, types_->starts, deadlines}));
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

  using SharedDeadlines = std::shared_ptr<const v1::Deadlines>;

  // Texts change a few times a year: reading them again for each fact would cost the most.
  absl::StatusOr<SharedDeadlines> DeadlinesAt(const std::string& agency, Micros at,
                                              const ReadSnapshot& snapshot) {
    auto known = deadlines_.find(agency);
    if (known == deadlines_.end()) {
      if (deadlines_.size() >= kMostAgencies) deadlines_.clear();
      ASSIGN_OR_RETURN(const std::vector<AgencyTexts::Since> texts,
                       kTexts.History(snapshot, agency));
      std::map<Micros, SharedDeadlines> read;
      for (const AgencyTexts::Since& text : texts) {
        ASSIGN_OR_RETURN(v1::Deadlines deadlines, ReadDeadlines(text.text.value_or("")));
        read[text.from] = std::make_shared<const v1::Deadlines>(std::move(deadlines));
      }
      known = deadlines_.emplace(agency, std::move(read)).first;
    }
    const auto after = known->second.upper_bound(at);
    if (after != known->second.begin()) return std::prev(after)->second;
    return std::make_shared<const v1::Deadlines>();
  }

  std::optional<NotedTypes> types_;  // as the rows say; nullopt: to be read
  // By agency and since when; of the texts as they are.
  std::map<std::string, std::map<Micros, SharedDeadlines>> deadlines_;
};

}  // namespace

std::unique_ptr<Projection> MakeWorkItems() { return std::make_unique<WorkItems>(); }

}  // namespace caseledger::projections
