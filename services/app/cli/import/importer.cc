#include "services/app/cli/import/importer.h"

#include <algorithm>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/random.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/client/backoff.h"
#include "services/app/cli/client/errors.h"
#include "services/app/cli/client/head.h"
#include "services/app/cli/import/batch_sender.h"
#include "services/app/cli/import/corrections.h"
#include "services/app/cli/import/row_facts.h"
#include "services/app/cli/import/unit_list.h"
#include "services/app/cli/import/validate.h"
#include "services/app/cli/print/progress.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

constexpr char kCorrectionsFile[] = "corrections.csv";
constexpr char kWhoAdvice[] =
    "an import needs the role data_steward; an administrator grants it with "
    "`caseledger access grant PERSON data_steward --of AGENCY`";
constexpr char kChangedRow[] =
    "the row was changed after it was imported; record a correction instead";

class Importer {
 public:
  Importer(const Connection& connection, const RowContext& context, ImportSummary& summary)
      : connection_(connection),
        context_(context),
        summary_(summary),
        history_(v1::HistoryService::NewStub(connection.channel())) {}

  absl::Status Run() {
    facts_ = FactsOfDataset(context_);
    HoldBackFutureEnds();
    steps_ = PlanCorrections(context_, summary_.issues);
    for (const CorrectionStep& step : steps_) event_ids_[step.target_request_id];
    RETURN_IF_ERROR(SendFacts());
    return SendCorrections();
  }

 private:
  // A programme that is to end some day has not ended: its end is no fact yet.
  void HoldBackFutureEnds() {
    const Micros now = SystemClock().Now();
    std::erase_if(facts_, [&](const PlannedFact& planned) {
      const bool later = planned.fact.has_programme_ended() && planned.occurred_at > now;
      if (later) ++summary_.files[planned.file].later;
      return later;
    });
  }

  absl::Status SendFacts() {
    Progress progress("importing", facts_.size());
    BatchWork work;
    work.count = facts_.size();
    work.command = [&](size_t index) { return ToCommand(facts_[index], context_.ids()); };
    work.answered = [&](size_t index, const v1::CommandAnswer& answer) -> absl::Status {
      const PlannedFact& planned = facts_[index];
      progress.Advance();
      if (!answer.has_error()) {
        Accept(planned.file, planned.request_id, answer.result());
        return absl::OkStatus();
      }
      return Refuse(planned.file, planned.at, FactName(planned.fact), answer.error());
    };
    return SendBatch(connection_, work);
  }

  void Accept(const std::string& file, const std::string& request_id,
              const v1::CommandResult& result) {
    FileCounts& counts = summary_.files[file];
    const auto events = static_cast<size_t>(result.events_size());
    (result.already_recorded() ? counts.already_recorded : counts.recorded) += events;
    for (const v1::EventReceipt& receipt : result.events()) {
      counts.data_quality += static_cast<size_t>(receipt.data_quality_size());
      for (const std::string& reason : receipt.data_quality()) ++summary_.data_quality[reason];
    }
    const auto wanted = event_ids_.find(request_id);
    if (wanted != event_ids_.end() && events > 0) wanted->second = result.events(0).event_id();
  }

  // Takes a refusal down. One that is about the caller, and so meant for every row, is returned.
  absl::Status Refuse(const std::string& file, TextPosition at, const std::string& fact_name,
                      const google::rpc::Status& error) {
    const ErrorText text = Explain(error, connection_.options().vietnamese);
    if (error.code() == grpc::StatusCode::UNAUTHENTICATED || text.reason == "CALLER_UNKNOWN" ||
        text.reason == "IMPORT_NOT_ALLOWED" || text.reason == "LEDGER_UNKNOWN") {
      return absl::PermissionDeniedError(text.ToLine() + ": " + kWhoAdvice);
    }
    ++summary_.files[file].refused;
    const bool changed = text.reason == "REQUEST_ID_REUSED";
    summary_.issues.push_back({changed ? IssueKind::kChanged : IssueKind::kRefused, file, at, "",
                               fact_name + ": " + (changed ? kChangedRow : text.ToLine())});
    return absl::OkStatus();
  }

  absl::Status SendCorrections() {
    if (steps_.empty()) return absl::OkStatus();
    Progress progress("correcting", steps_.size());
    for (const CorrectionStep& step : steps_) {
      RETURN_IF_ERROR(SendStep(step));
      progress.Advance();
    }
    return absl::OkStatus();
  }

  absl::Status SendStep(const CorrectionStep& step) {
    if (step.kind == CorrectionStep::Kind::kRecord) return SendNewFact(step);
    const std::string& target = event_ids_[step.target_request_id];
    if (target.empty()) {
      ++summary_.files[kCorrectionsFile].refused;
      summary_.issues.push_back(
          {IssueKind::kDependent, kCorrectionsFile, step.at, "",
           FactName(step.planned.fact) + ": the fact to be corrected was not recorded"});
      return absl::OkStatus();
    }
    v1::CommandResult result;
    const grpc::Status status = CallUntilTaken(step, target, result);
    return TakeStepAnswer(step, status, result);
  }

  // Asks again while the server is too busy or away, for as long as a backoff lasts.
  grpc::Status CallUntilTaken(const CorrectionStep& step, const std::string& target,
                              v1::CommandResult& result) {
    Backoff backoff(SystemRandom());
    while (true) {
      grpc::ClientContext context;
      connection_.PrepareCall(context);
      grpc::Status status = step.kind == CorrectionStep::Kind::kVoid
                                ? Void(step, target, context, result)
                                : Correct(step, target, context, result);
      if (!MayTryAgain(status.error_code())) return status;
      const auto pause = backoff.Next(RetryDelay(DetailsOf(status)));
      if (!pause) return status;
      std::this_thread::sleep_for(*pause);
    }
  }

  grpc::Status Void(const CorrectionStep& step, const std::string& target,
                    grpc::ClientContext& context, v1::CommandResult& result) {
    v1::VoidEventRequest request;
    *request.mutable_header() = ToHeader(step, context_.ids());
    request.set_record_kind(step.planned.record_kind);
    request.set_record_id(step.planned.record_id);
    request.mutable_fact()->set_target_event_id(target);
    request.mutable_fact()->set_reason(step.reason);
    return history_->VoidEvent(&context, request, &result);
  }

  grpc::Status Correct(const CorrectionStep& step, const std::string& target,
                       grpc::ClientContext& context, v1::CommandResult& result) {
    v1::CorrectFactRequest request;
    *request.mutable_header() = ToHeader(step, context_.ids());
    request.set_record_kind(step.planned.record_kind);
    request.set_record_id(step.planned.record_id);
    event::v1::FactCorrected& fact = *request.mutable_fact();
    fact.set_target_event_id(target);
    *fact.mutable_replacement() = step.planned.fact;
    if (step.moved) {
      *fact.mutable_replacement_occurred_time() = ToTimestamp(step.planned.occurred_at);
      fact.set_replacement_occurred_precision(step.planned.precision);
    }
    fact.set_reason(step.reason);
    return history_->CorrectFact(&context, request, &result);
  }

  // A refusal belongs to the row; a server that cannot be asked ends the import.
  absl::Status TakeStepAnswer(const CorrectionStep& step, const grpc::Status& status,
                              const v1::CommandResult& result) {
    if (status.ok()) {
      Accept(kCorrectionsFile, "", result);
      return absl::OkStatus();
    }
    if (MayTryAgain(status.error_code()) ||
        status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return ToAbslStatus(status, connection_.options().server, connection_.options().vietnamese);
    }
    return Refuse(kCorrectionsFile, step.at, FactName(step.planned.fact), DetailsOf(status));
  }

  absl::Status SendNewFact(const CorrectionStep& step) {
    const PlannedFact& planned = step.planned;
    BatchWork work;
    work.count = 1;
    work.command = [&](size_t) { return ToCommand(planned, context_.ids()); };
    work.answered = [&](size_t, const v1::CommandAnswer& answer) -> absl::Status {
      if (answer.has_error()) {
        return Refuse(kCorrectionsFile, step.at, FactName(planned.fact), answer.error());
      }
      Accept(kCorrectionsFile, planned.request_id, answer.result());
      return absl::OkStatus();
    };
    return SendBatch(connection_, work);
  }

  const Connection& connection_;
  const RowContext& context_;
  ImportSummary& summary_;
  const std::unique_ptr<v1::HistoryService::Stub> history_;
  std::vector<PlannedFact> facts_;
  std::vector<CorrectionStep> steps_;
  // By request: the events that corrections name. Empty until recorded.
  std::unordered_map<std::string, std::string> event_ids_;
};

absl::StatusOr<Dataset> LoadDataset(const ImportOptions& options, Issues& issues) {
  Dataset dataset;
  if (!options.predecessors_file.empty()) {
    ASSIGN_OR_RETURN(const std::string content, ReadWholeFile(options.predecessors_file));
    RETURN_IF_ERROR(AddPredecessorList(content, dataset, issues));
    return dataset;
  }
  if (options.units_file.empty()) return Dataset::Load(options.directory, issues);
  ASSIGN_OR_RETURN(const std::string content, ReadWholeFile(options.units_file));
  RETURN_IF_ERROR(AddUnitList(content, options.units_version, dataset, issues));
  return dataset;
}

void CountRows(const Dataset& dataset, ImportSummary& summary) {
  const auto count = [&](const Table& table) {
    const LoadedTable& loaded = dataset.Get(table.name);
    if (!loaded.present) return;
    FileCounts& counts = summary.files[std::string(table.name) + ".csv"];
    counts.rows = loaded.row_count;
    counts.bad_rows = loaded.row_count - static_cast<size_t>(std::ranges::count_if(
                                             loaded.rows, [](const Row& row) { return row.good; }));
  };
  for (const Table& table : Tables()) count(table);
  count(CorrectionsTable());
}

}  // namespace

bool ImportSummary::clean() const {
  return std::ranges::all_of(
      issues, [](const Issue& issue) { return issue.kind == IssueKind::kUnknownColumn; });
}

absl::Status Import(const Connection& connection, const ImportOptions& options,
                    ImportSummary& summary) {
  ASSIGN_OR_RETURN(Dataset dataset, LoadDataset(options, summary.issues));
  Validate(dataset, summary.issues);
  CountRows(dataset, summary);
  ASSIGN_OR_RETURN(const v1::GetLedgerHeadResponse head, GetHead(connection));
  summary.ledger = head.ledger();
  const RowContext context(dataset, ImportIds(summary.ledger, options.source),
                           options.on_behalf_of);
  absl::Status status = Importer(connection, context, summary).Run();
  std::ranges::stable_sort(summary.issues, {}, [](const Issue& issue) {
    return std::tuple(issue.file, issue.at.line, issue.at.column);
  });
  return status;
}

}  // namespace caseledger::cli
