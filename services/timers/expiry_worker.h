// Records what has expired: referral offers nobody answered and bed holds nobody used. What expires
// ends by its time, not by this event; the event makes the end visible in the history.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "eventstore/base/clock.h"
#include "eventstore/base/uuid.h"
#include "projections/due_items/due_items.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"

namespace caseledger::timers {

// Looks at every ledger's due items once a second on a thread of its own. Thread-safe.
class ExpiryWorker {
 public:
  ExpiryWorker(const commands::Ledgers& ledgers, commands::CommandHandler& handler, Clock& clock)
      : ledgers_(ledgers), handler_(handler), clock_(clock) {}
  ~ExpiryWorker() { Stop(); }

  void Start();
  // Ends the thread. Idempotent.
  void Stop();

  // One look: submits what is due now and returns how many commands that were. Used by the thread
  // and by tests.
  size_t RecordDue();

 private:
  void Run();
  bool Remember(const Uuid& request_id);
  void Forget(const Uuid& request_id);
  void Submit(const std::string& ledger, const projections::DueItem& item, const Uuid& request_id);

  const commands::Ledgers& ledgers_;
  commands::CommandHandler& handler_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::set<Uuid> submitted_;  // request ids; bounded
  std::thread thread_;
};

}  // namespace caseledger::timers
