#include "eventstore/engine/postgres/standby_reads.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "eventstore/base/scheduler.h"

namespace caseledger::eventstore::postgres {
namespace {

constexpr Micros kWaitForSession = 200'000;

// The last of the wanted events that is there; -1: none. The limit has each of them looked up by
// its key.
constexpr Statement kLastThatIsThere = {
    "last_that_is_there",
    "select coalesce(max(there.position), -1) from unnest($2::int8[], $3::bytea[]) "
    "as told (position, leaf_hash) cross join lateral ("
    "select e.position from caseledger.event e where e.ledger = $1 "
    "and e.position = told.position and e.leaf_hash = told.leaf_hash limit 1) there"};

PostgresSession SessionOf(const PostgresOptions& options) {
  PostgresSession session = options.session;
  session.dsn = options.read_dsn;
  session.statement_timeout = StandbyReads::kPatience;
  // Where it leads is not what the primary is measured by.
  session.newest_timeline = std::make_shared<NewestTimeline>();
  return session;
}

}  // namespace

StandbyReads::StandbyReads(const PostgresOptions& options)
    : pool_(SessionOf(options), options.max_connections, kWaitForSession),
      newest_timeline_(options.session.newest_timeline),
      counts_(options.page_counts) {}

bool StandbyReads::MayAsk() {
  const MutexLock lock(&mutex_);
  if (rest_ == 0) return true;
  if (is_tried_ || MonotonicNow() < rests_until_) return false;
  is_tried_ = true;
  return true;
}

void StandbyReads::Answered() {
  const MutexLock lock(&mutex_);
  rest_ = 0;
  is_tried_ = false;
}

std::optional<Rows> StandbyReads::NotAsked() {
  const MutexLock lock(&mutex_);
  is_tried_ = false;
  return std::nullopt;
}

std::optional<Rows> StandbyReads::Failed() {
  const MutexLock lock(&mutex_);
  is_tried_ = false;
  const Micros now = MonotonicNow();
  // Those that were under way when it failed fail together.
  if (rest_ != 0 && now < rests_until_) return std::nullopt;
  rest_ = rest_ == 0 ? kFirstRest : std::min(2 * rest_, kLongestRest);
  rests_until_ = now + rest_;
  return std::nullopt;
}

std::optional<Rows> StandbyReads::Read(std::string_view ledger, ToldEvents& told, uint64_t last,
                                       const Statement& statement, const Parameters& parameters) {
  if (told.IsLeftAlone(MonotonicNow())) return std::nullopt;
  const std::vector<ToldEvent> wanted = told.From(newest_timeline_->newest(), last);
  if (wanted.empty() || !MayAsk()) return std::nullopt;
  std::vector<uint64_t> positions;
  std::vector<std::string_view> hashes;
  positions.reserve(wanted.size());
  hashes.reserve(wanted.size());
  for (const ToldEvent& event : wanted) {
    positions.push_back(event.position);
    hashes.push_back(event.leaf_hash.raw());
  }
  const absl::StatusOr<ConnectionPool::Lease> lease = pool_.Take();
  if (!lease.ok()) {
    return lease.status().message() == ConnectionPool::kAllInUse ? NotAsked() : Failed();
  }
  Connection& session = **lease;
  // With prefer-standby, while there is none, and once it was promoted: it would stay with the
  // primary for good.
  if (!session.IsStandby()) {
    session.GiveUp();
    return Failed();
  }
  const std::vector<Call> calls = {
      {&kLastThatIsThere, Parameters().Text(ledger).Int8s(positions).ByteStrings(hashes)},
      {&statement, parameters}};
  absl::StatusOr<std::vector<Rows>> rows = session.RunAll(calls, kPatience);
  if (!rows.ok()) return Failed();
  Answered();
  const int64_t there = rows->front().Int8(0, 0);
  if (there < 0) {
    told.LeaveAloneUntil(MonotonicNow() + kAfterLack);
    return std::nullopt;
  }
  told.Settle(static_cast<uint64_t>(there));
  ++counts_->standby;
  return std::move(rows->back());
}

absl::StatusOr<Rows> PageRunner::Run(const Statement& statement, const Parameters& parameters) {
  if (standby_ == nullptr) return primary_.Run(statement, parameters);
  if (std::optional<Rows> rows = standby_->Read(ledger_, told_, last_, statement, parameters)) {
    return *std::move(rows);
  }
  standby_->CountPrimary();
  return primary_.Run(statement, parameters);
}

}  // namespace caseledger::eventstore::postgres
