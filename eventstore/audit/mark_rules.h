// Rules 9 and 10 of an audit: request ids, names and references against the log.
#pragma once

#include "absl/status/status.h"
#include "eventstore/audit/index_rules.h"

namespace caseledger::eventstore {

// DATA_LOSS with the first entry that is wrong; `audit` gets its position and the counts. As with
// the stream index the log is read again only when something is wrong with a request id.
//
// What cannot be told from the log: the digest of a request's content, which is not stored; and
// which names and references the facts gave, into which the event store does not look.
absl::Status CheckMarks(const ReadLog& log, const FingerprintPoint& point, unsigned helpers,
                        const OnDone& on_done, LedgerAudit& audit);

}  // namespace caseledger::eventstore
