#include <algorithm>
#include <optional>

#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/read_model/row_page.h"
#include "projections/retention/layout.h"
#include "projections/retention/retention_due.h"
#include "projections/retention/retention_fold.h"

namespace caseledger::projections {
namespace {

constexpr size_t kMostCasesOfAPerson = 100;

absl::Status Damaged() {
  return absl::DataLossError("the retention table is damaged: rebuild the read model");
}

std::string QuestionOf(const RetentionQuery& query) {
  return KeyBuilder()
      .Text("retention@1")
      .Text(query.case_type)
      .Number(query.only_free ? 1 : 0)
      .Number(static_cast<uint64_t>(query.order))
      .Take();
}

// Null when the cases lie in the order that is asked for.
SortKey<DueCase> SortKeyOf(RetentionOrder order) {
  switch (order) {
    case RetentionOrder::kFirstDue:
      return nullptr;
    case RetentionOrder::kLastDue:
      return [](const DueCase& row) { return KeyBuilder().TimeDescending(row.due_at).Take(); };
    case RetentionOrder::kFirstClosed:
      return [](const DueCase& row) { return KeyBuilder().Time(row.closed_at).Take(); };
    case RetentionOrder::kLastClosed:
      return [](const DueCase& row) { return KeyBuilder().TimeDescending(row.closed_at).Take(); };
  }
  return nullptr;
}

absl::StatusOr<KeptCase> CaseOf(const ReadSnapshot& snapshot, const Uuid& case_id) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                   snapshot.Get(KeyBuilder(retention::kCaseSpace).Id(case_id).Take()));
  if (!stored.has_value()) return Damaged();
  return DecodeRow<KeptCase>(*stored);
}

// What keeps a person whom the case does not keep itself: the strongest of what their other cases
// say.
absl::StatusOr<std::string> KeptBy(const ReadSnapshot& snapshot, const Uuid& person_id,
                                   const Uuid& case_id, Micros now) {
  std::vector<Uuid> cases;
  const std::string prefix = KeyBuilder(retention::kPersonSpace).Id(person_id).Take();
  RETURN_IF_ERROR(snapshot.Scan(prefix, EndOfPrefix(prefix), [&](std::string_view key, auto) {
    KeyReader reader(key);
    reader.Skip(prefix.size());
    cases.push_back(reader.Id());
    return cases.size() <= kMostCasesOfAPerson;
  }));
  if (cases.size() > kMostCasesOfAPerson) return std::string(kKeptByOtherCase);
  bool open = false;
  bool other = false;
  for (const Uuid& each : cases) {
    if (each == case_id) continue;
    ASSIGN_OR_RETURN(const KeptCase kept, CaseOf(snapshot, each));
    if (!kept.hold_ids.empty()) return std::string(kKeptByLegalHold);
    open = open || !kept.closed_at.has_value();
    other = other || !kept.due_at.has_value() || *kept.due_at > now;
  }
  if (open) return std::string(kKeptByOpenCase);
  return std::string(other ? kKeptByOtherCase : "");
}

absl::StatusOr<DueCase> RowOf(std::string_view key, const ReadSnapshot& snapshot) {
  KeyReader reader(key);
  reader.Skip(1);
  DueCase row;
  row.due_at = reader.Time();
  row.case_id = reader.Id();
  if (!reader.Finished()) return Damaged();
  ASSIGN_OR_RETURN(KeptCase kept, CaseOf(snapshot, row.case_id));
  if (!kept.closed_at.has_value()) return Damaged();
  row.case_type = std::move(kept.case_type);
  row.owner_agency_id = std::move(kept.owner_agency_id);
  row.rule_id = std::move(kept.rule_id);
  row.closed_at = *kept.closed_at;
  row.hold_ids = std::move(kept.hold_ids);
  return row;
}

absl::Status AddPersons(const ReadSnapshot& snapshot, Micros now, DueCase& row,
                        const std::vector<Uuid>& persons) {
  for (const Uuid& person : persons) {
    DuePerson due{person, kKeptByLegalHold};
    if (row.hold_ids.empty()) {
      ASSIGN_OR_RETURN(due.kept_by, KeptBy(snapshot, person, row.case_id, now));
    }
    row.persons.push_back(std::move(due));
  }
  return absl::OkStatus();
}

bool Matches(const DueCase& row, const RetentionQuery& query) {
  return (query.case_type.empty() || row.case_type == query.case_type) &&
         (!query.only_free || row.hold_ids.empty());
}

}  // namespace

absl::StatusOr<RetentionPage> ListRetentionDue(const ReadSnapshot& snapshot,
                                               const RetentionQuery& query) {
  const auto read = [&](std::string_view key,
                        std::string_view value) -> absl::StatusOr<std::optional<DueCase>> {
    ASSIGN_OR_RETURN(DueCase row, RowOf(key, snapshot));
    if (!Matches(row, query)) return std::nullopt;
    ASSIGN_OR_RETURN(const std::vector<Uuid> persons, DecodeRow<std::vector<Uuid>>(value));
    RETURN_IF_ERROR(AddPersons(snapshot, query.now, row, persons));
    return row;
  };
  const std::string end = KeyBuilder(retention::kDueSpace).Time(query.now + 1).Take();
  ASSIGN_OR_RETURN(
      RowPage<DueCase> page,
      ReadRowPage<DueCase>(snapshot,
                           {std::string(1, retention::kDueSpace), end, QuestionOf(query),
                            query.page_size, query.page_token, query.now, &query.memo},
                           read, SortKeyOf(query.order)));
  return RetentionPage{std::move(page.rows), std::move(page.next_page_token),
                       snapshot.applied_events()};
}

}  // namespace caseledger::projections
