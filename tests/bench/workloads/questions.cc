// What dashboards and lists cost over a large ledger of whole cases, and building their read
// models.
#include <grpcpp/generic/generic_stub.h>

#include <fstream>
#include <sstream>

#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/fill/case_lives.h"
#include "tests/bench/fill/fill.h"
#include "tests/bench/limits/process.h"
#include "tests/bench/load/closed_load.h"
#include "tests/bench/load/contact_commands.h"
#include "tests/bench/workloads/bench_run.h"
#include "tests/bench/workloads/reads.h"
#include "tests/bench/workloads/reports.h"

namespace caseledger::bench {
namespace {

constexpr uint64_t kSeed = 20240101;
constexpr double kListMillis = 20;
constexpr int kQuestions = 64;  // of each kind, one after the other and round again

// Of the agency that has every second case.
testing::Who Supervisor() { return {"giam-sat", "ctxh-qn", "supervisor,case_worker"}; }
testing::Who Steward() { return {"nhap-lieu", "ctxh-qn", "data_steward"}; }

// Calls the method with one of the questions after the other.
template <typename Response, typename Request>
CallMaker Ask(const Caller& caller, const std::string& method, std::vector<Request> questions) {
  for (Request& question : questions) question.set_ledger(kLedger);
  struct State {
    grpc::TemplatedGenericStub<Request, Response> stub;
    std::string path;
    std::vector<Request> questions;
    size_t next = 0;
    Response response;
  };
  return [channel = caller.channel(), path = "/caseledger.v1." + method,
          questions = std::move(questions)](int lane) -> AsyncCall {
    auto state =
        std::make_shared<State>(State{grpc::TemplatedGenericStub<Request, Response>(channel),
                                      path,
                                      questions,
                                      static_cast<size_t>(lane),
                                      {}});
    return [state](grpc::ClientContext& context, std::function<void(grpc::Status)> done) {
      const Request& question = state->questions[state->next++ % state->questions.size()];
      state->response.Clear();
      state->stub.UnaryCall(&context, state->path, grpc::StubOptions(), &question, &state->response,
                            std::move(done));
    };
  };
}

template <typename Request, typename Fill>
std::vector<Request> Questions(Fill fill) {
  std::vector<Request> questions(kQuestions);
  for (uint64_t i = 0; i < questions.size(); ++i) fill(i, questions[i]);
  return questions;
}

std::vector<v1::ListCasesRequest> CaseQuestions(const std::string& order, bool count,
                                                uint64_t as_of_events = 0) {
  return Questions<v1::ListCasesRequest>([&](uint64_t i, v1::ListCasesRequest& question) {
    question.set_owner_agency_id(Supervisor().agency);
    question.set_owner_worker_id(CaseLives::WorkerOf(i * 7));
    question.set_phase("open");
    question.set_page_size(50);
    question.set_order_by(order);
    question.set_count_total(count);
    if (as_of_events > 0) question.mutable_as_of()->set_position(as_of_events - 1 - i);
  });
}

// What an agency's own desk asks.
struct Question {
  std::string name;
  CallMaker calls;
};

std::vector<Question> AllQuestions(const Caller& caller, uint64_t events) {
  std::vector<Question> all;
  const std::string cases = "DashboardService/ListCases";
  const auto list = [&](const std::string& name, std::vector<v1::ListCasesRequest> questions) {
    all.push_back({name, Ask<v1::ListCasesResponse>(caller, cases, std::move(questions))});
  };
  list("cases", Questions<v1::ListCasesRequest>([](uint64_t, v1::ListCasesRequest& question) {
         question.set_owner_agency_id(Supervisor().agency);
         question.set_page_size(50);
       }));
  list("cases_of_worker", CaseQuestions("", false));
  list("cases_by_risk", CaseQuestions("risk desc", false));
  list("cases_counted", CaseQuestions("", true));
  list("cases_as_of", CaseQuestions("", false, events / 2));
  const auto work = Questions<v1::ListWorkItemsRequest>([](uint64_t i, auto& question) {
    question.set_agency_id(Supervisor().agency);
    if (i % 2 == 0) question.set_worker_id(CaseLives::WorkerOf(i));
    question.set_state("overdue");
    question.set_page_size(50);
  });
  all.push_back(
      {"work", Ask<v1::ListWorkItemsResponse>(caller, "DashboardService/ListWorkItems", work)});
  const auto started = Questions<v1::ListWorkItemsRequest>([](uint64_t i, auto& question) {
    question.set_agency_id(Supervisor().agency);
    question.set_worker_id(CaseLives::WorkerOf(i * 7));
    question.set_order_by("started_time desc");
    question.set_page_size(50);
  });
  all.push_back({"work_of_worker_sorted", Ask<v1::ListWorkItemsResponse>(
                                              caller, "DashboardService/ListWorkItems", started)});
  const auto outbox = Questions<v1::ListReferralsRequest>([](uint64_t, auto& question) {
    question.set_agency_id(Supervisor().agency);
    question.set_direction(v1::REFERRAL_DIRECTION_OUTBOX);
    question.set_page_size(50);
  });
  all.push_back({"referrals",
                 Ask<v1::ListReferralsResponse>(caller, "ReferralService/ListReferrals", outbox)});
  const auto flagged = Questions<v1::ListDataQualityRequest>([](uint64_t, auto& question) {
    question.set_agency_id(Supervisor().agency);
    question.set_page_size(50);
  });
  all.push_back({"data_quality", Ask<v1::ListDataQualityResponse>(
                                     caller, "DashboardService/ListDataQuality", flagged)});
  CaseLives names(kSeed + 1, 1);
  const auto persons = Questions<v1::SearchPersonsRequest>(
      [&](uint64_t, auto& question) { question.set_name(names.RandomName()); });
  all.push_back(
      {"persons", Ask<v1::SearchPersonsResponse>(caller, "PersonService/SearchPersons", persons)});
  return all;
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.good() || text.str().empty()) {
    return absl::NotFoundError(StrCat("cannot read ", path, ": run from the top of the tree"));
  }
  return text.str();
}

absl::Status LoadDefinitions(const Caller& steward) {
  v1::Command deadlines;
  deadlines.set_record_id("deadlines/default");
  ASSIGN_OR_RETURN(*deadlines.mutable_fact()->mutable_deadlines_loaded()->mutable_text(),
                   ReadText("deploy/deadlines/default.textproto"));
  RETURN_IF_ERROR(RecordAs(steward, deadlines).status());
  v1::Command report;
  report.set_record_id("report/qn-half-year");
  ASSIGN_OR_RETURN(*report.mutable_fact()->mutable_report_definition_loaded()->mutable_text(),
                   ReadText("deploy/reports/qn-half-year.textproto"));
  return RecordAs(steward, report).status();
}

}  // namespace

absl::Status BenchRun::MeasureQuestions() {
  const uint64_t cases = options_.cases;
  const auto deployment = NewDeployment("questions");
  RETURN_IF_ERROR(deployment->Start(testing::NoAgencyLimits()));
  deployment->As(testing::Cast::Administrator());
  deployment->As(Supervisor());
  deployment->As(Operator());
  RETURN_IF_ERROR(LoadDefinitions(deployment->As(Steward())));
  RETURN_IF_ERROR(EndServer(deployment->server()));

  Progress(StrCat("filling a ledger with ", cases, " cases"));
  CaseLives lives(kSeed, cases);
  const auto begun = SteadyClock::now();
  RETURN_IF_ERROR(FillLedger(
                      options_.directory + "/questions", kLedger,
                      [&](eventstore::AppendRequest& request) { return lives.Next(request); },
                      [](uint64_t events) { Progress(StrCat(events, " events")); })
                      .status());
  const double filled = SecondsSince(begun);
  const std::string prefix = StrCat("questions.", cases);
  report_.Add(prefix + ".fill", static_cast<double>(cases * CaseLives::kEventsPerCase) / filled,
              "events/s");

  Progress("all read models together");
  const auto start = SteadyClock::now();
  RETURN_IF_ERROR(deployment->Start(testing::NoAgencyLimits()));
  const Caller administrator = deployment->As(testing::Cast::Administrator());
  RETURN_IF_ERROR(WaitForProjections(administrator));
  const double caught_up = SecondsSince(start);
  ASSIGN_OR_RETURN(const uint64_t events, LedgerSize(administrator));
  report_.AddBar(prefix + ".catch_up_all", static_cast<double>(events) / caught_up, "events/s",
                 Figure::Bar::kAtLeast, 100'000);
  ASSIGN_OR_RETURN(const auto states, ProjectionStates(administrator));
  for (const ProjectionState& projection : states) {
    const std::string name = projection.name.substr(0, projection.name.find('@'));
    Progress(StrCat("rebuild of ", name));
    ASSIGN_OR_RETURN(const double seconds, Rebuild(administrator, name));
    report_.AddBar(StrCat(prefix, ".rebuild.", name), static_cast<double>(events) / seconds,
                   "events/s", Figure::Bar::kAtLeast, 250'000);
  }

  const Caller supervisor = deployment->As(Supervisor());
  for (const Question& question : AllQuestions(supervisor, events)) {
    Progress(StrCat("list ", question.name));
    ClosedResult asked = RunClosedLoad(supervisor, {1, options_.seconds}, question.calls);
    RETURN_IF_ERROR(CheckLoad(asked.load));
    const std::string name = StrCat(prefix, ".list.", question.name);
    report_.Add(name + ".p50", asked.load.latency.Quantile(0.5) / 1000, "ms");
    report_.AddBar(name + ".p99", asked.load.latency.Quantile(0.99) / 1000, "ms",
                   Figure::Bar::kAtMost, kListMillis);
  }
  const Caller writer = deployment->As(Operator());
  RETURN_IF_ERROR(MeasureHalfYears({supervisor, writer, administrator}, events, options_.seconds,
                                   prefix, report_));
  ASSIGN_OR_RETURN(const double memory, PeakMemory(deployment->server().process().pid()));
  report_.Add(prefix + ".memory_peak", memory / 1e6, "MB");
  return EndServer(deployment->server());
}

}  // namespace caseledger::bench
