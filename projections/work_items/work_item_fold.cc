#include "projections/work_items/work_item_fold.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/definition_texts/deadline_terms.h"
#include "projections/work_items/fact_times.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::StreamId;

constexpr auto kCase = static_cast<uint32_t>(options::v1::RECORD_KIND_CASE_RECORD);

// Who owns a case from when on.
struct Owner {
  FactPlace from;
  std::string agency_id;
  std::string worker_id;
};

class WorkItemFold {
 public:
  WorkItemFold(const StreamId& record, const WorkItemSources& sources)
      : record_(record), sources_(sources), times_(sources.snapshot, record) {}

  absl::StatusOr<std::vector<WorkItem>> Fold() {
    if (record_.kind == kCase) {
      RETURN_IF_ERROR(ReadOwners());
      if (owners_.empty()) return std::vector<WorkItem>();  // its opening was voided
    }
    for (const int type : sources_.start_types) {
      absl::Status status;
      RETURN_IF_ERROR(times_.Visit(type, std::nullopt, [&](const FactTime& start) {
        status = Start(type, start);
        return status.ok();
      }));
      RETURN_IF_ERROR(status);
    }
    std::sort(items_.begin(), items_.end(), [](const WorkItem& a, const WorkItem& b) {
      return std::tie(a.started_at, a.started_by, a.deadline_id) <
             std::tie(b.started_at, b.started_by, b.deadline_id);
    });
    return std::move(items_);
  }

 private:
  absl::Status ReadOwners() {
    RETURN_IF_ERROR(times_.Visit(Fact::kCaseOpened, std::nullopt, [&](const FactTime& opened) {
      if (owners_.empty()) case_type_ = opened.case_type;
      owners_.push_back({opened.place, opened.agency_id, opened.worker_id});
      return true;
    }));
    if (owners_.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(times_.Visit(Fact::kOwnerAssigned, std::nullopt, [&](const FactTime& assigned) {
      owners_.push_back({assigned.place, assigned.agency_id, assigned.worker_id});
      return true;
    }));
    std::sort(owners_.begin(), owners_.end(),
              [](const Owner& a, const Owner& b) { return a.from < b.from; });
    return absl::OkStatus();
  }

  // Whose deadlines count for what starts there.
  const std::string& AgencyAt(const FactTime& start) const {
    if (record_.kind != kCase) return start.agency_id;
    const auto after =
        std::upper_bound(owners_.begin(), owners_.end(), start.place,
                         [](const FactPlace& at, const Owner& owner) { return at < owner.from; });
    return after == owners_.begin() ? owners_.front().agency_id : std::prev(after)->agency_id;
  }

  absl::Status Start(int type, const FactTime& start) {
    const std::string& agency = AgencyAt(start);
    ASSIGN_OR_RETURN(const std::shared_ptr<const v1::Deadlines> deadlines,
                     sources_.deadlines(agency, start.place.occurred_at));
    const std::string& name = Fact::descriptor()->FindFieldByNumber(type)->name();
    for (const v1::Deadline& deadline : deadlines->deadline()) {
      const bool starts = deadline.starts_with() == name &&
                          (deadline.case_type().empty() || deadline.case_type() == case_type_);
      if (!starts) continue;
      WorkItem item;
      item.record_kind = record_.kind;
      item.record_id = record_.id;
      item.deadline_id = deadline.id();
      item.label_vi = deadline.label_vi();
      item.label_en = deadline.label_en();
      item.basis = deadline.basis();
      item.case_type = case_type_;
      item.agency_id = owners_.empty() ? agency : owners_.back().agency_id;
      item.worker_id = owners_.empty() ? "" : owners_.back().worker_id;
      item.started_by = start.event_id;
      item.started_at = start.place.occurred_at;
      item.due_at = DueAt(deadline, start.place.occurred_at);
      RETURN_IF_ERROR(End(deadline, start, item));
      items_.push_back(std::move(item));
    }
    return absl::OkStatus();
  }

  // Met or cancelled by whichever comes first.
  absl::Status End(const v1::Deadline& deadline, const FactTime& start, WorkItem& item) {
    std::optional<FactPlace> first;
    const auto look = [&](const std::string& name, bool cancels) -> absl::Status {
      const auto* field = Fact::descriptor()->FindFieldByName(name);
      if (field == nullptr) return absl::OkStatus();
      ASSIGN_OR_RETURN(const auto found, FirstAfter(field->number(), start));
      if (!found.has_value() || (first.has_value() && *first <= *found)) return absl::OkStatus();
      first = found;
      item.ended_at = found->occurred_at;
      item.cancelled = cancels;
      return absl::OkStatus();
    };
    for (const std::string& name : deadline.met_by()) RETURN_IF_ERROR(look(name, false));
    for (const std::string& name : deadline.cancelled_by()) RETURN_IF_ERROR(look(name, true));
    // The case is somebody else's from then on.
    return record_.kind == kCase ? look("transfer_accepted", true) : absl::OkStatus();
  }

  absl::StatusOr<std::optional<FactPlace>> FirstAfter(int type, const FactTime& start) {
    std::optional<FactPlace> found;
    RETURN_IF_ERROR(times_.Visit(type, start.place, [&](const FactTime& time) {
      if (!start.subject.GoesWith(time.subject)) return true;
      found = time.place;
      return false;
    }));
    return found;
  }

  const StreamId record_;
  const WorkItemSources& sources_;
  FactTimes times_;
  std::vector<Owner> owners_;  // in order; none of a contact
  std::string case_type_;
  std::vector<WorkItem> items_;
};

}  // namespace

bool IsAboutOwner(int fact_type) {
  return fact_type == Fact::kCaseOpened || fact_type == Fact::kOwnerAssigned ||
         fact_type == Fact::kTransferAccepted;
}

absl::StatusOr<std::vector<WorkItem>> FoldWorkItems(const StreamId& record,
                                                    const WorkItemSources& sources) {
  return WorkItemFold(record, sources).Fold();
}

}  // namespace caseledger::projections
