// WatchDashboard over gRPC: dashboards that are told what changes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>

#include "caseledger/v1/dashboard.pb.h"
#include "services/rpc/page_stream.h"
#include "services/rpc/peer.h"
#include "services/rpc/queries.h"
#include "services/rpc/threads/executor.h"
#include "services/rpc/threads/pacer.h"
#include "services/rpc/threads/stream_warden.h"

namespace caseledger::rpc {

// A watched dashboard holds no thread while it rests: it is looked at on the query threads, in one
// lane for all dashboards that takes turns with the agencies' and never has all threads, and rests
// four times as long as that took, waiting included, between 250 ms and a minute. So dashboards,
// however many and however dear, leave most of the server to others, and slow down before anybody
// who asks does.
//
// Thread-safe. All it is given must outlive it, and it the calls.
class LiveDashboards {
 public:
  LiveDashboards(const commands::Ledgers& ledgers, Executor& executor, StreamWarden& warden,
                 const Callers& callers, const Queries& answers, size_t most, Clock& clock)
      : ledgers_(ledgers),
        executor_(executor),
        warden_(warden),
        callers_(callers),
        answers_(answers),
        places_(most),
        clock_(clock) {}

  grpc::ServerWriteReactor<v1::WatchDashboardResponse>* Start(
      const grpc::CallbackServerContext& context, const v1::WatchDashboardRequest& request);

  // Ends all with UNAVAILABLE, and new ones at once: the server is ending.
  void EndAll() { pacer_.End(); }

 private:
  const commands::Ledgers& ledgers_;
  Executor& executor_;
  StreamWarden& warden_;
  const Callers& callers_;
  const Queries& answers_;
  StreamPlaces places_;
  Clock& clock_;
  Pacer pacer_;
};

}  // namespace caseledger::rpc
