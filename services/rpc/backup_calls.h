// Backups asked for over gRPC: each runs in a thread of its own, one at a time, and tells how far
// it is.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <vector>

#include "caseledger/v1/admin.pb.h"
#include "eventstore/backup/backup.h"
#include "eventstore/base/clock.h"
#include "services/commands/ledgers.h"
#include "services/rpc/peer.h"
#include "services/rpc/threads/stream_warden.h"

namespace caseledger::rpc {

// A backup is all there is, so it is on the trail of each ledger before it begins.
//
// Thread-safe. Outlives its calls: the server's Shutdown waits for them.
class BackupCalls {
 public:
  // `maker` may be null: there is no directory for backups.
  BackupCalls(eventstore::BackupMaker* maker, const commands::Ledgers& ledgers,
              const Callers& callers, const StreamLimits& limits, Clock& clock)
      : maker_(maker), ledgers_(ledgers), callers_(callers), limits_(limits), clock_(clock) {}

  // The reactor of one CreateBackup call.
  grpc::ServerWriteReactor<v1::CreateBackupResponse>* Start(
      const grpc::CallbackServerContext& context, const v1::CreateBackupRequest& request);

  // Ends the running backup soon; new ones are refused.
  void StopAll() { ending_ = true; }

 private:
  class Call;
  // What a ledger's trail is to say of a backup.
  struct Told {
    access::Trail* trail;
    event::v1::Fact entry;
  };

  // `told`: for each ledger asked; the last one is the ledger that refuses.
  absl::Status MayBackUp(const access::Call& call, uint32_t keep, std::vector<Told>& told) const;
  absl::Status CheckReady() const;

  eventstore::BackupMaker* const maker_;
  const commands::Ledgers& ledgers_;
  const Callers& callers_;
  const StreamLimits limits_;
  Clock& clock_;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> running_ = false;
};

}  // namespace caseledger::rpc
