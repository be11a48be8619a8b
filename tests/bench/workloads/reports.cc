#include "tests/bench/workloads/reports.h"

#include <array>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "caseledger/v1/dashboard.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/bench/load/samples.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/reads.h"

namespace caseledger::bench {
namespace {

constexpr double kReportMillis = 200;
constexpr int kHalfYears = 10;
// Contacts that are counselled on the centre's line.
constexpr char kContactsRow[] = "R1";
constexpr size_t kFewestAsks = 20;
constexpr uint64_t kContactSeed = 7;

// In Vietnam's time; 0: the first of 2020.
int64_t BeginOf(int half) {
  const absl::CivilMonth month(2020, 1);
  return absl::ToUnixSeconds(
      absl::FromCivil(month + int64_t{6} * half, absl::FixedTimeZone(7 * 3600)));
}

v1::RunReportRequest QuestionOf(int half) {
  v1::RunReportRequest question;
  question.set_ledger(kLedger);
  question.set_report_id("qn-half-year");
  question.mutable_from_time()->set_seconds(BeginOf(half));
  question.mutable_to_time()->set_seconds(BeginOf(half + 1));
  return question;
}

// Asks, and says what the row of contacts is.
absl::StatusOr<uint64_t> Ask(const Caller& caller, const v1::RunReportRequest& question,
                             Samples& latency) {
  const auto stub = v1::DashboardService::NewStub(caller.channel());
  grpc::ClientContext context;
  caller.Prepare(context);
  v1::RunReportResponse answer;
  const auto begin = SteadyClock::now();
  const grpc::Status status = stub->RunReport(&context, question, &answer);
  if (!status.ok()) return absl::UnavailableError(status.error_message());
  latency.Add(begin);
  for (const v1::ReportRow& row : answer.rows()) {
    if (row.row() == kContactsRow) return row.value();
  }
  return absl::DataLossError("the report has no row of contacts");
}

absl::Status WriteContact(const Caller& writer, ContactCommands& contacts, int half) {
  ContactCommands::Step step{};
  do {
    step = contacts.Next();
    v1::Command command;
    contacts.MoveTo(command);
    command.mutable_header()->mutable_occurred_time()->set_seconds(BeginOf(half) + 86'400);
    RETURN_IF_ERROR(RecordAs(writer, command).status());
  } while (step != ContactCommands::Step::kEnd);
  return absl::OkStatus();
}

}  // namespace

absl::Status MeasureHalfYears(const HalfYearCallers& callers, uint64_t events, double seconds,
                              const std::string& prefix, Report& report) {
  const auto tell = [&](const std::string& name, Samples& latency) {
    report.AddBar(StrCat(prefix, ".half_year.", name, ".p50"), latency.Quantile(0.5) / 1000, "ms",
                  Figure::Bar::kAtMost, kReportMillis);
    report.Add(StrCat(prefix, ".half_year.", name, ".p99"), latency.Quantile(0.99) / 1000, "ms");
  };
  Progress("half-year report, the first time");
  Samples first;
  std::array<uint64_t, kHalfYears> contacts{};
  for (int half = 0; half < kHalfYears; ++half) {
    ASSIGN_OR_RETURN(contacts.at(static_cast<size_t>(half)),
                     Ask(callers.reader, QuestionOf(half), first));
  }
  tell("first", first);

  Progress("half-year report, after what counts in it was written");
  Samples after;
  ContactCommands commands(kContactSeed);
  auto begun = SteadyClock::now();
  for (int i = 0; SecondsSince(begun) < seconds || after.count() < kFewestAsks; ++i) {
    const int half = i % kHalfYears;
    RETURN_IF_ERROR(WriteContact(callers.writer, commands, half));
    ASSIGN_OR_RETURN(const uint64_t size, LedgerSize(callers.administrator));
    v1::RunReportRequest question = QuestionOf(half);
    question.set_min_position(size - 1);
    ASSIGN_OR_RETURN(const uint64_t now, Ask(callers.reader, question, after));
    if (now != ++contacts.at(static_cast<size_t>(half))) {
      return absl::DataLossError("the report does not count the contact that was written");
    }
  }
  tell("again", after);

  Progress("half-year report, as known before");
  Samples past;
  begun = SteadyClock::now();
  for (int i = 0; SecondsSince(begun) < seconds || past.count() < kFewestAsks; ++i) {
    v1::RunReportRequest question = QuestionOf(i % kHalfYears);
    question.mutable_as_of()->set_position(events / 2);
    RETURN_IF_ERROR(Ask(callers.reader, question, past).status());
  }
  tell("past", past);
  return absl::OkStatus();
}

}  // namespace caseledger::bench
