// A live subscription over gRPC: one thread each, bounded in number, ending with the call or the
// server.
#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "caseledger/v1/history.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/log.h"
#include "services/access/limits/agency_limits.h"
#include "services/rpc/event_filter.h"
#include "services/rpc/reading.h"
#include "services/rpc/refuse.h"
#include "services/rpc/threads/stream_warden.h"

namespace caseledger::rpc {

// Counts the running subscriptions and ends them at shutdown. Thread-safe.
class SubscriberPool {
 public:
  explicit SubscriberPool(size_t most) : most_(most) {}
  // Waits until every subscription has ended.
  ~SubscriberPool();

  bool Enter(eventstore::Subscription* subscription);
  void Leave(eventstore::Subscription* subscription);
  // Cancels all; new ones are refused from now on.
  void CancelAll();

 private:
  const size_t most_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::set<eventstore::Subscription*> running_;
};

struct SubscriptionRequest {
  std::string ledger;  // as the request names it
  uint64_t from = 0;
  EventFilter filter;
  access::AgencyLimits::Place place;
  StreamLimits limits;
};

// The reactor of one Subscribe call. Of each event as much as the caller may see, by the rules in
// force when it is sent.
grpc::ServerWriteReactor<v1::SubscribeResponse>* StartSubscription(SubscriberPool& pool,
                                                                   const commands::Ledgers& ledgers,
                                                                   Clock& clock, Reading reading,
                                                                   SubscriptionRequest request);

}  // namespace caseledger::rpc
