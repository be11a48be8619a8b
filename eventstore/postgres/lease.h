// Which program works on the ledgers of a vault: one at a time, whatever becomes of the others.
//
// The holder beats: it changes a row of the database again and again. Whoever waits looks at that
// row, and takes the lease when it was given back, or did not change for the holder's `patience` by
// the clock of whoever waits. No two machines' clocks are compared. Each taking has a higher token
// than the one before, and every ledger, and the vault, remembers the token of who may write
// (Guard): a holder that was stopped meanwhile and goes on cannot write any more, whatever it
// believes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/thread.h"
#include "eventstore/postgres/connection_pool.h"
#include "eventstore/postgres/postgres_options.h"

namespace caseledger::eventstore {

struct PostgresLeaseOptions {
  PostgresSession session;
  std::string vault = "main";  // [a-z0-9-]{1,40}; each vault of a database has its own lease
  std::string holder;          // told to those who wait; not empty
  std::string address;         // told as well: where the holder's calls are answered; may be empty
  // When it was silent for so long it loses the lease to the next who asks for it, whatever
  // patience that one would have as a holder.
  Micros patience = 5 * kMicrosPerSecond;
  // Hears FAILED_PRECONDITION once the lease is lost for good, UNAVAILABLE when it is in doubt
  // because the database does not answer, and OK when that is over. In the lease's thread, and not
  // before Take has returned. May be empty.
  std::function<void(const absl::Status&)> on_change;
};

// Thread-safe, but Take, Guard and GiveBack come from one thread.
class PostgresLease {
 public:
  explicit PostgresLease(PostgresLeaseOptions options);
  // Gives it back.
  ~PostgresLease();
  PostgresLease(const PostgresLease&) = delete;
  PostgresLease& operator=(const PostgresLease&) = delete;

  struct Waiting {
    // FAILED_PRECONDITION names the holder, UNAVAILABLE says that the database does not answer.
    absl::Status why;
    Micros patience = 0;  // of the holder, as far as is known
    // Of the holder: empty while nobody has the lease, or when the holder did not tell; nullopt
    // while the database does not say.
    std::optional<std::string> address;
  };
  using GoOn = absl::FunctionRef<bool(const Waiting& waiting)>;

  // Waits until the lease can be had, takes it and keeps beating. `go_on` is asked between two
  // looks, ten in a `patience`. Its false ends the waiting with the reason.
  //
  // FAILED_PRECONDITION  also: the database has another schema version, or no grants for this role
  absl::Status Take(GoOn go_on);

  // From now on nobody with an older lease writes to the ledger. What was committed before is there
  // for whoever reads afterwards. After Take, before the ledger is read.
  //
  // NOT_FOUND            no such ledger
  // FAILED_PRECONDITION  somebody with a newer lease was first
  // UNAVAILABLE          the database did not answer, or an old holder's transaction does not end
  absl::Status Guard(std::string_view ledger);

  // What a ledger's or the vault's fence has to be for this program to write; 0: nothing may be
  // written.
  int64_t token() const { return token_; }

  // UNAVAILABLE while the holder cannot be sure that nobody else has the lease by now: what it
  // knows may be old, so it is not to be shown. FAILED_PRECONDITION when the lease is lost.
  absl::Status Check() const ABSL_LOCKS_EXCLUDED(mutex_);

  // After the last write. The next who waits need not wait for `patience`.
  void GiveBack();

 private:
  struct Row {
    int64_t token = 0;
    int64_t beat = 0;
    Micros patience = 0;  // of the holder
    std::string holder;   // empty: it was given back
    std::string address;
    bool operator==(const Row&) const = default;
  };

  bool stopping() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return stopping_; }
  absl::StatusOr<Row> Look();
  // Whether nobody else was faster.
  absl::StatusOr<bool> TakeFrom(const Row& row);
  absl::Status FenceOnce(std::string_view ledger);
  // How long a transaction of somebody who lost the lease may keep what has to be changed.
  Micros LongestTransaction() const;
  // Ends sessions of this role whose transactions keep it longer. The database does that with those
  // that are idle, and not where a client was stopped while it sent: half of its statements are
  // there, and the session waits for the rest.
  void EndStuckTransactions();
  void Run();
  absl::Status Beat();
  void Tell(const absl::Status& status);

  const PostgresLeaseOptions options_;
  Micros holders_patience_ = 0;  // the longest that was seen; of who takes it
  postgres::ConnectionPool pool_;
  std::atomic<int64_t> token_ = 0;
  absl::Status told_;  // of the lease's thread

  mutable Mutex mutex_;
  Micros sure_until_ ABSL_GUARDED_BY(mutex_) = 0;  // MonotonicNow
  bool lost_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace caseledger::eventstore
