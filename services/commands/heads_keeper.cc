#include "services/commands/heads_keeper.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "caseledger/event/v1/common.pb.h"
#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "eventstore/event_id.h"
#include "services/access/call.h"
#include "services/commands/fact_schema.h"

namespace caseledger::commands {
namespace {

using eventstore::RecordedEvent;
using projections::HeadsSnapshot;

constexpr size_t kEventsPerPage = 256;

absl::StatusOr<event::v1::HeadsCommitted> FactOf(const RecordedEvent& event) {
  Fact fact;
  if (!fact.ParseFromString(event.fact) || !fact.has_heads_committed() ||
      fact.heads_committed().root().size() != sizeof(Hash256::bytes) ||
      fact.heads_committed().tree_size() > event.position) {
    return absl::DataLossError(
        StrCat("the event at position ", event.position, " commits to no heads"));
  }
  return fact.heads_committed();
}

Hash256 RootOf(const event::v1::HeadsCommitted& fact) {
  Hash256 root;
  std::copy(fact.root().begin(), fact.root().end(), root.bytes.begin());
  return root;
}

}  // namespace

eventstore::StreamId HeadsStream() { return NamedStream(RecordKind::RECORD_KIND_LEDGER, "heads"); }

absl::StatusOr<std::unique_ptr<HeadsKeeper>> HeadsKeeper::Open(eventstore::EventLog& log,
                                                               std::string_view ledger,
                                                               projections::ReadModelStore& store,
                                                               Clock& clock, Micros longest) {
  ASSIGN_OR_RETURN(std::unique_ptr<projections::StreamHeads> heads,
                   projections::StreamHeads::Open(log, ledger, store));
  std::unique_ptr<HeadsKeeper> keeper(
      new HeadsKeeper(log, ledger, std::move(heads), clock, longest));
  RETURN_IF_ERROR(keeper->LoadNewest());
  return keeper;
}

// The tree says how far the stream went when it was brought up to date; from there it is read.
absl::Status HeadsKeeper::LoadNewest() {
  ASSIGN_OR_RETURN(const auto tree, heads_->Snapshot());
  const auto known = tree->Prove(HeadsStream());
  if (!known.ok() && !absl::IsNotFound(known.status())) return known.status();
  std::optional<RecordedEvent> newest;
  for (uint64_t revision = known.ok() ? known->head.revision : 1;;) {
    ASSIGN_OR_RETURN(std::vector<RecordedEvent> events,
                     log_.ReadStream(HeadsStream(), revision, kEventsPerPage));
    if (events.empty()) break;
    newest = std::move(events.back());
    revision = newest->revision + 1;
  }
  if (!newest) return absl::OkStatus();
  ASSIGN_OR_RETURN(const event::v1::HeadsCommitted fact, FactOf(*newest));
  MutexLock lock(&mutex_);
  newest_ = {*std::move(newest), fact.tree_size(), RootOf(fact)};
  return absl::OkStatus();
}

absl::Status HeadsKeeper::CatchUp(uint64_t end) {
  return heads_->CatchUp(end, [this] { return !stopped_; });
}

absl::StatusOr<std::optional<CommittedHeads>> HeadsKeeper::StillNewest(uint64_t events) {
  std::optional<Newest> newest;
  {
    MutexLock lock(&mutex_);
    if (newest_ && Uncovered(events) == 0) newest = newest_;
  }
  if (!newest) return std::nullopt;
  RETURN_IF_ERROR(CatchUp(newest->tree_size));
  ASSIGN_OR_RETURN(auto tree, heads_->Snapshot());
  // Taken in further before a crash: the tree as the event says it is gone.
  if (tree->tree_size() != newest->tree_size) return std::nullopt;
  if (tree->root() != newest->root) {
    return absl::DataLossError(
        StrCat("ledger ", ledger_, ": its first ", newest->tree_size,
               " events are not those whose heads were committed at position ",
               newest->event.position, "; run `caseledger log verify`"));
  }
  return CommittedHeads{std::move(newest->event), std::move(tree)};
}

absl::StatusOr<CommittedHeads> HeadsKeeper::Commit() {
  MutexLock committing(&committing_);
  const uint64_t events = log_.Head().next_position;
  if (events == 0) return absl::FailedPreconditionError("the ledger is empty");
  ASSIGN_OR_RETURN(std::optional<CommittedHeads> known, StillNewest(events));
  if (known) return *std::move(known);
  RETURN_IF_ERROR(CatchUp(events));
  // Tables that were made anew take a while, in which others go on writing.
  while (log_.Head().next_position - heads_->tree_size() > kMostBehind) {
    RETURN_IF_ERROR(CatchUp(log_.Head().next_position));
  }
  ASSIGN_OR_RETURN(auto tree, heads_->Snapshot());
  ASSIGN_OR_RETURN(RecordedEvent event, Append(*tree));
  MutexLock lock(&mutex_);
  newest_ = {event, tree->tree_size(), tree->root()};
  uncovered_since_.reset();
  return CommittedHeads{std::move(event), std::move(tree)};
}

absl::StatusOr<RecordedEvent> HeadsKeeper::Append(const HeadsSnapshot& tree) {
  Fact fact;
  event::v1::HeadsCommitted& committed = *fact.mutable_heads_committed();
  committed.set_tree_size(tree.tree_size());
  committed.set_stream_count(tree.stream_count());
  committed.set_root(std::string(tree.root().raw()));

  eventstore::AppendRequest request;
  // The same tree is committed once, however often it is tried.
  request.key = {access::kServerAgency,
                 Uuid::FromName(HeadsStream().id, StrCat("heads/", tree.tree_size()))};
  request.content = fact.SerializeAsString();
  request.origin.actor = "caseledgerd";
  request.origin.agency = access::kServerAgency;
  request.decide =
      [this, event_id = eventstore::EventId(request.key.request_id, request.key.agency, 0),
       fact = request.content](eventstore::LedgerView&) -> absl::StatusOr<eventstore::Decision> {
    eventstore::NewEvent event;
    event.event_id = event_id;
    event.stream = HeadsStream();
    event.occurred_at = clock_.Now();
    event.occurred_precision = event::v1::TIME_PRECISION_SECOND;
    event.fact_type = Fact::kHeadsCommitted;
    event.fact = fact;
    eventstore::Decision decision;
    decision.events.push_back(std::move(event));
    return decision;
  };
  absl::StatusOr<eventstore::AppendResult> appended = log_.Append(std::move(request));
  if (absl::IsAlreadyExists(appended.status())) {
    return absl::DataLossError(StrCat("ledger ", ledger_,
                                      ": other heads were committed for its first ",
                                      tree.tree_size(), " events; run `caseledger log verify`"));
  }
  RETURN_IF_ERROR(appended.status());
  return *appended->events.begin();
}

uint64_t HeadsKeeper::Uncovered(uint64_t events) const {
  // The newest such event covers everything before itself, or others came in between.
  return newest_ ? events - newest_->tree_size - 1 : events;
}

bool HeadsKeeper::IsDue() {
  const uint64_t events = log_.Head().next_position;
  const Micros now = clock_.Now();
  MutexLock lock(&mutex_);
  const uint64_t uncovered = Uncovered(events);
  if (uncovered == 0) {
    uncovered_since_.reset();
    // Tables that were removed are made again, else every search for an event would read the log.
    return newest_ && heads_->tree_size() < newest_->tree_size;
  }
  if (!uncovered_since_ || *uncovered_since_ > now) uncovered_since_ = now;
  return uncovered >= kMostEvents || now - *uncovered_since_ >= longest_;
}

absl::StatusOr<std::optional<uint64_t>> HeadsKeeper::FindEvent(const Uuid& event_id) const {
  ASSIGN_OR_RETURN(const auto tree, heads_->Snapshot());
  return projections::FindEvent(*tree, log_, event_id);
}

}  // namespace caseledger::commands
