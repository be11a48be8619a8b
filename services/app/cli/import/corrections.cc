#include "services/app/cli/import/corrections.h"

#include <algorithm>
#include <map>
#include <utility>

#include "services/app/cli/import/validate.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

constexpr char kFile[] = "corrections.csv";

// A row as it stands after the corrections so far.
struct CurrentRow {
  Row row;
  size_t index = 0;
  std::vector<PlannedFact> facts;
  bool voided = false;
};

class Planner {
 public:
  Planner(const RowContext& context, Issues& issues) : context_(context), issues_(issues) {}

  std::vector<CorrectionStep> Plan() {
    for (const Row& correction : context_.dataset().corrections().rows) {
      if (correction.good) PlanOne(correction);
    }
    return std::move(steps_);
  }

 private:
  void Complain(const Row& correction, std::string_view column, std::string reason,
                IssueKind kind = IssueKind::kBadRow) {
    const int index = correction.table->Find(column);
    issues_.push_back({kind, kFile, correction.cells_at[static_cast<size_t>(index)],
                       std::string(column), std::move(reason)});
  }

  void PlanOne(const Row& correction) {
    CurrentRow* current = FindRow(correction);
    if (current == nullptr) return;
    if (current->voided) {
      Complain(correction, "record_id", "the row was voided by an earlier correction");
    } else if (correction.Has("field")) {
      Change(correction, *current);
    } else {
      Void(correction, *current);
    }
  }

  // The row the correction is about; null after a complaint.
  CurrentRow* FindRow(const Row& correction) {
    const Table* table = FindTable(correction.Get("table"));
    if (table == nullptr) {
      Complain(correction, "table", "not the name of a file, such as contacts");
      return nullptr;
    }
    const LoadedTable& loaded = context_.dataset().Get(table->name);
    const auto found = loaded.by_key.find(correction.Get("record_id"));
    if (found == loaded.by_key.end()) {
      Complain(correction, "record_id",
               "no readable row of " + std::string(table->name) + ".csv has this key");
      return nullptr;
    }
    const Row& row = loaded.rows[found->second];
    if (!row.good) {
      Complain(correction, "record_id",
               "refers to " + row.FileName() + ":" + std::to_string(row.at.line) +
                   ", which is not imported",
               IssueKind::kDependent);
      return nullptr;
    }
    const auto [entry, inserted] = current_.emplace(std::pair(table->name, row.key),
                                                    CurrentRow{row, found->second, {}, false});
    if (inserted) entry->second.facts = FactsOfRow(context_, row, found->second);
    return &entry->second;
  }

  void Change(const Row& correction, CurrentRow& current) {
    const Table& table = *current.row.table;
    const std::string& field = correction.Get("field");
    const int column = table.Find(field);
    if (column < 0) {
      return Complain(correction, "field", "not a column of " + current.row.FileName());
    }
    if (std::ranges::count(table.key, field) > 0) {
      return Complain(correction, "field", "part of the row's key, which cannot be corrected");
    }
    Row changed = current.row;
    changed.cells[static_cast<size_t>(column)] = correction.Get("new_value");
    Issues complaints;
    if (!ValidateRow(context_.dataset(), changed, complaints)) {
      const std::string column_name = complaints.front().column;
      return Complain(correction, "new_value",
                      (column_name.empty() ? "" : column_name + ": ") + complaints.front().reason);
    }
    std::vector<PlannedFact> facts = FactsOfRow(context_, changed, current.index);
    Compare(correction, current.facts, facts);
    current.row = std::move(changed);
    current.facts = std::move(facts);
  }

  void Void(const Row& correction, CurrentRow& current) {
    Compare(correction, current.facts, {});
    current.facts.clear();
    current.voided = true;
  }

  // Voids come first, last fact first, so that nothing is left that needs what is voided.
  void Compare(const Row& correction, const std::vector<PlannedFact>& before,
               const std::vector<PlannedFact>& after) {
    const auto find = [](const std::vector<PlannedFact>& facts, const PlannedFact& wanted) {
      return std::ranges::find_if(facts, [&](const PlannedFact& fact) {
        return fact.request_id == wanted.request_id && fact.record_id == wanted.record_id;
      });
    };
    for (auto fact = before.rbegin(); fact != before.rend(); ++fact) {
      if (find(after, *fact) == after.end()) {
        AddStep(correction, CorrectionStep::Kind::kVoid, *fact);
      }
    }
    for (const PlannedFact& fact : after) {
      const auto old = find(before, fact);
      if (old == before.end()) {
        AddStep(correction, CorrectionStep::Kind::kRecord, fact);
      } else if (!SaysTheSame(*old, fact)) {
        AddStep(correction, CorrectionStep::Kind::kCorrect, fact).moved =
            old->occurred_at != fact.occurred_at || old->precision != fact.precision;
      }
    }
  }

  CorrectionStep& AddStep(const Row& correction, CorrectionStep::Kind kind,
                          const PlannedFact& planned) {
    CorrectionStep& step = steps_.emplace_back();
    step.kind = kind;
    step.at = correction.at;
    step.correction_id = correction.key;
    step.reason = correction.Get("reason");
    step.corrected_at = *correction.GetTime("corrected_at");
    step.target_request_id = planned.request_id;
    step.planned = planned;
    const std::string what =
        (kind == CorrectionStep::Kind::kVoid ? "event_voided:" : "fact_corrected:") +
        FactName(planned.fact);
    step.request_id = kind == CorrectionStep::Kind::kRecord
                          ? planned.request_id
                          : context_.ids().Request(kFile, step.correction_id, what);
    return step;
  }

  const RowContext& context_;
  Issues& issues_;
  std::map<std::pair<std::string_view, std::string>, CurrentRow> current_;
  std::vector<CorrectionStep> steps_;
};

}  // namespace

std::vector<CorrectionStep> PlanCorrections(const RowContext& context, Issues& issues) {
  return Planner(context, issues).Plan();
}

v1::CommandHeader ToHeader(const CorrectionStep& step, const ImportIds& ids) {
  v1::CommandHeader header;
  header.set_ledger(ids.ledger());
  header.set_request_id(step.request_id);
  *header.mutable_occurred_time() = ToTimestamp(step.corrected_at);
  header.set_occurred_precision(event::v1::TIME_PRECISION_SECOND);
  v1::ImportSource& import = *header.mutable_import();
  import.set_source(ids.source());
  import.set_file(kFile);
  import.set_row(step.correction_id);
  import.set_on_behalf_of(step.planned.on_behalf_of);
  return header;
}

}  // namespace caseledger::cli
