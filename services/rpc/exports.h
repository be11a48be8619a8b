// Streams of everything about something: each reads much and is handed out whole, so few run at a
// time.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "services/commands/ledgers.h"
#include "services/rpc/page_stream.h"
#include "services/rpc/peer.h"
#include "services/rpc/reading.h"
#include "services/rpc/refuse.h"
#include "services/rpc/requests.h"
#include "services/rpc/status.h"
#include "services/rpc/threads/executor.h"

namespace caseledger::rpc {

// Thread-safe. All it is given must outlive it.
class Exports {
 public:
  Exports(const commands::Ledgers& ledgers, Executor& executor, StreamWarden& warden,
          const Callers& callers, size_t most, Clock& clock)
      : ledgers_(ledgers),
        executor_(executor),
        warden_(warden),
        callers_(callers),
        places_(most),
        clock_(clock) {}

  // `action`: the method's name; it must outlive the stream. `source_of` makes what fills pages.
  template <typename Page, typename Request>
  grpc::ServerWriteReactor<Page>* Start(const grpc::CallbackServerContext& context,
                                        std::string_view action, const Request& request,
                                        std::function<absl::StatusOr<bool>(Page& page)> (
                                            *source_of)(Reading reading, const Request& request)) {
    absl::StatusOr<Admitted> admitted = callers_.Admit(context, Callers::Use::kStream, &request);
    if (!admitted.ok()) {
      return callers_.refusals().template FinishStream<Page>(admitted.status());
    }
    if (const absl::Status bad = CheckRequest(clock_, request); !bad.ok()) {
      return Refuse<Page>(ToGrpcStatus(bad));
    }
    if (!places_.Take()) {
      return Refuse<Page>(ToGrpcStatus(
          absl::ResourceExhaustedError("OVERLOADED: too many exports are running; try again")));
    }
    const std::string agency = admitted->call.agency;
    return new PageStream<Page>(
        {executor_, warden_, places_}, agency, std::move(admitted->place),
        source_of(Reading(ledgers_, std::move(admitted->call), action, clock_), request));
  }

 private:
  const commands::Ledgers& ledgers_;
  Executor& executor_;
  StreamWarden& warden_;
  const Callers& callers_;
  StreamPlaces places_;
  Clock& clock_;
};

}  // namespace caseledger::rpc
