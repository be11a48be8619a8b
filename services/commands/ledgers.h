// The ledgers a server hosts, each with its log and its projections.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/log.h"
#include "eventstore/sealing/data_keys.h"
#include "eventstore/sequencer/stored_ledger.h"
#include "eventstore/signing/publisher.h"
#include "eventstore/signing/signer.h"
#include "projections/report_facts/standing_reports.h"
#include "projections/runtime/runtime.h"
#include "services/access/trail/trail.h"
#include "services/commands/aggregates.h"
#include "services/commands/authority.h"
#include "services/commands/erasure_keys.h"
#include "services/commands/heads_keeper.h"
#include "services/commands/ledger_authority.h"
#include "services/commands/read_rights.h"
#include "services/commands/snapshots.h"

namespace caseledger::commands {

struct LedgerParts {
  std::string name;
  Micros created_at = 0;
  bool sealed = false;
  // Opens what is personal in its events. Outlives the ledger.
  eventstore::DataKeys* keys = nullptr;
  // Asked by the log's thread, so it goes after the log. Null: nothing can be erased.
  std::unique_ptr<ErasureKeys> erasure_keys;
  std::unique_ptr<eventstore::EventLog> log;
  std::unique_ptr<projections::Runtime> projections;
  // Null: each report is counted anew when it is asked for.
  std::unique_ptr<projections::StandingReports> reports;
  std::unique_ptr<SnapshotStore> snapshots;  // may be null
  std::unique_ptr<HeadsKeeper> heads;        // may be null
  // Null when the ledger is not signed. The publisher uses log and signer, and goes before them.
  std::unique_ptr<eventstore::Signer> signer;
  std::unique_ptr<eventstore::Publisher> publisher;
  std::unique_ptr<eventstore::StoredLedger> stored;  // null when the ledger is not signed
  // Into the ledger `NAME.access`. Null for that one itself; without a trail nothing personal may
  // be shown.
  std::unique_ptr<access::Trail> trail;
};

// One hosted ledger. `aggregates` belongs to the log's thread.
struct Ledger {
  explicit Ledger(LedgerParts owned, size_t max_cached_records)
      : parts(std::move(owned)),
        aggregates(max_cached_records, parts.snapshots.get()),
        read_rights(*parts.log, rules, parts.trail.get(), max_cached_records),
        authority(rules, parts.trail.get()) {}

  // Whether it is another ledger's access trail: no command writes to it.
  bool is_trail() const { return access::IsTrailLedger(parts.name); }

  LedgerParts parts;
  RulesCache rules;
  Aggregates aggregates;
  ReadRights read_rights;
  LedgerAuthority authority;
};

// Fixed after the start; thread-safe.
class Ledgers {
 public:
  static constexpr size_t kCachedRecords = 20'000;

  void Add(LedgerParts parts, size_t max_cached_records = kCachedRecords);

  // The ledger of that name; "" means the only one that is no access trail.
  // NOT_FOUND LEDGER_UNKNOWN; INVALID_ARGUMENT LEDGER_NEEDED when "" and there are several.
  absl::StatusOr<Ledger*> Find(std::string_view name) const;
  // By name, access trails included.
  std::vector<Ledger*> All() const;

 private:
  absl::StatusOr<Ledger*> FindOnly() const;

  std::map<std::string, std::unique_ptr<Ledger>, std::less<>> ledgers_;
};

}  // namespace caseledger::commands
