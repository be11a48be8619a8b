#include "tests/bench/workloads/reads.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "caseledger/v1/admin.grpc.pb.h"
#include "caseledger/v1/history.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "tests/bench/load/contact_commands.h"

namespace caseledger::bench {
namespace {

// Often enough for what is measured, seldom enough not to be felt: a hundredth of what has passed.
constexpr auto kPollAtLeast = std::chrono::milliseconds(2);
constexpr auto kPollAtMost = std::chrono::milliseconds(500);
constexpr double kMostSeconds = 1800;

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(status.error_message());
}

// Waits a little without a busy loop.
void Pause(SteadyClock::time_point start) {
  static std::mutex mutex;
  static std::condition_variable never;
  std::unique_lock lock(mutex);
  const auto wait = std::clamp<SteadyClock::duration>((SteadyClock::now() - start) / 100,
                                                      kPollAtLeast, kPollAtMost);
  never.wait_for(lock, wait, [] { return false; });
}

}  // namespace

absl::StatusOr<LoadResult> Replay(const Caller& caller, uint64_t events) {
  const auto stub = v1::HistoryService::NewStub(caller.channel());
  grpc::ClientContext context;
  caller.Prepare(context);
  v1::SubscribeRequest request;
  request.set_ledger(kLedger);
  LoadResult result;
  const auto start = SteadyClock::now();
  const auto stream = stub->Subscribe(&context, request);
  v1::SubscribeResponse response;
  uint64_t next = 0;
  while (next < events && stream->Read(&response)) {
    for (const v1::RecordedEvent& event : response.events()) {
      if (event.position() != next) return absl::DataLossError(StrCat("no event ", next));
      ++next;
      result.latency.Add(start);
    }
  }
  result.seconds = SecondsSince(start);
  context.TryCancel();
  const grpc::Status status = stream->Finish();
  if (next < events) return FromGrpc(status);
  return result;
}

absl::StatusOr<std::vector<std::string>> FirstContacts(const Caller& caller, size_t most) {
  const auto stub = v1::HistoryService::NewStub(caller.channel());
  grpc::ClientContext context;
  caller.Prepare(context);
  v1::SubscribeRequest request;
  request.set_ledger(kLedger);
  request.add_fact_names("contact_ended");
  const auto stream = stub->Subscribe(&context, request);
  v1::SubscribeResponse response;
  std::vector<std::string> contacts;
  while (contacts.size() < most && stream->Read(&response)) {
    for (const v1::RecordedEvent& event : response.events()) contacts.push_back(event.record_id());
    if (response.state() == v1::SUBSCRIPTION_STATE_CAUGHT_UP) break;
  }
  context.TryCancel();
  stream->Finish().ok();
  if (contacts.empty()) return absl::NotFoundError("the ledger has no contacts");
  return contacts;
}

absl::StatusOr<LoadResult> ReadHistories(const Caller& caller,
                                         const std::vector<std::string>& contacts, double seconds) {
  const auto stub = v1::HistoryService::NewStub(caller.channel());
  v1::ReplayRecordRequest request;
  request.set_ledger(kLedger);
  request.set_record_kind(options::v1::RECORD_KIND_CONTACT);
  LoadResult result;
  const auto start = SteadyClock::now();
  for (size_t i = 0; SecondsSince(start) < seconds; ++i) {
    grpc::ClientContext context;
    caller.Prepare(context);
    request.set_record_id(contacts[i % contacts.size()]);
    const auto begin = SteadyClock::now();
    const auto stream = stub->ReplayRecord(&context, request);
    v1::ReplayResponse response;
    int events = 0;
    while (stream->Read(&response)) events += response.events_size();
    RETURN_IF_ERROR(FromGrpc(stream->Finish()));
    if (events == 0) return absl::DataLossError("a contact has no history");
    result.latency.Add(begin);
  }
  result.seconds = SecondsSince(start);
  return result;
}

absl::StatusOr<std::vector<ProjectionState>> ProjectionStates(const Caller& caller) {
  grpc::ClientContext context;
  caller.Prepare(context);
  v1::ListProjectionsRequest request;
  request.set_ledger(kLedger);
  v1::ListProjectionsResponse response;
  RETURN_IF_ERROR(FromGrpc(
      v1::AdminService::NewStub(caller.channel())->ListProjections(&context, request, &response)));
  std::vector<ProjectionState> states;
  for (const v1::ProjectionStatus& one : response.projections()) {
    if (one.state() == "stopped")
      return absl::DataLossError(one.name() + " stopped: " + one.trouble());
    states.push_back({one.name(), one.state(), one.lag_events(), one.applied_events()});
  }
  return states;
}

absl::StatusOr<double> Rebuild(const Caller& caller, const std::string& projection) {
  grpc::ClientContext context;
  caller.Prepare(context);
  v1::RebuildProjectionRequest request;
  request.set_ledger(kLedger);
  request.set_name(projection);
  v1::RebuildProjectionResponse response;
  const auto start = SteadyClock::now();
  RETURN_IF_ERROR(FromGrpc(v1::AdminService::NewStub(caller.channel())
                               ->RebuildProjection(&context, request, &response)));
  while (SecondsSince(start) < kMostSeconds) {
    ASSIGN_OR_RETURN(const auto states, ProjectionStates(caller));
    for (const ProjectionState& one : states) {
      // The name in the status goes on with `@` and the version and build that is live.
      if (one.name.starts_with(projection + "@") && one.state == "live" && one.lag_events == 0) {
        return SecondsSince(start);
      }
    }
    Pause(start);
  }
  return absl::DeadlineExceededError(projection + " is not rebuilt");
}

absl::Status WaitForProjections(const Caller& caller) {
  const auto start = SteadyClock::now();
  while (SecondsSince(start) < kMostSeconds) {
    ASSIGN_OR_RETURN(const auto states, ProjectionStates(caller));
    bool all = true;
    for (const ProjectionState& one : states) {
      all = all && one.state == "live" && one.lag_events == 0;
    }
    if (all) return absl::OkStatus();
    Pause(start);
  }
  return absl::DeadlineExceededError("the projections do not catch up");
}

absl::StatusOr<uint64_t> LedgerSize(const Caller& caller) {
  grpc::ClientContext context;
  caller.Prepare(context);
  v1::GetLedgerHeadRequest request;
  request.set_ledger(kLedger);
  v1::GetLedgerHeadResponse head;
  RETURN_IF_ERROR(FromGrpc(
      v1::HistoryService::NewStub(caller.channel())->GetLedgerHead(&context, request, &head)));
  return head.event_count();
}

absl::Status WaitForCheckpoint(const Caller& caller) {
  const auto stub = v1::HistoryService::NewStub(caller.channel());
  ASSIGN_OR_RETURN(const uint64_t size, LedgerSize(caller));
  const auto start = SteadyClock::now();
  while (SecondsSince(start) < kMostSeconds) {
    grpc::ClientContext context;
    caller.Prepare(context);
    v1::GetCheckpointRequest request;
    request.set_ledger(kLedger);
    v1::GetCheckpointResponse checkpoint;
    const grpc::Status status = stub->GetCheckpoint(&context, request, &checkpoint);
    if (status.ok() && checkpoint.tree_size() >= size) return absl::OkStatus();
    // Before the first one there is none.
    if (!status.ok() && status.error_code() != grpc::StatusCode::FAILED_PRECONDITION) {
      return FromGrpc(status);
    }
    Pause(start);
  }
  return absl::DeadlineExceededError("no checkpoint is published");
}

}  // namespace caseledger::bench
