// What a ledger published, and how more is published.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caseledger/v1/publication.pb.h"
#include "services/commands/command_handler.h"
#include "services/commands/ledgers.h"
#include "services/rpc/reading.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {

// Publications are read from their own record: its revisions are their numbers, and they do not
// change.
//
// Thread-safe. Every method may block: on storage, on the read model of reports, and up to `wait`.
class Publications {
 public:
  // Figures below `smallest_shown`, which is 2 or more, are withheld.
  Publications(commands::CommandHandler& handler, Clock& clock, uint32_t smallest_shown)
      : handler_(handler), clock_(clock), smallest_shown_(smallest_shown) {}

  // Computes the report, chooses what is withheld, and has it recorded. One report at a time.
  //
  // INVALID_ARGUMENT     the request breaks rules of its fields
  // NOT_FOUND            the ledger, or the definition
  // FAILED_PRECONDITION  IDENTITY_BROKEN, NOT_ATTRIBUTABLE, and what the domain refuses
  // ABORTED              PUBLICATION_IN_PROGRESS, PUBLISHED_MEANWHILE
  // RESOURCE_EXHAUSTED   more groups than a report may have
  // UNAVAILABLE          the read model is behind, the checkpoint is not published, or whether the
  // event
  //                      was recorded is not known: the same request again tells
  absl::Status PublishReport(Reading& reading, const v1::PublishReportRequest& request,
                             absl::Duration wait, v1::CommandResult& result);
  absl::Status ListPublishedReports(Reading& reading,
                                    const v1::ListPublishedReportsRequest& request,
                                    absl::Duration wait,
                                    v1::ListPublishedReportsResponse& response);
  absl::Status GetPublishedReport(Reading& reading, const v1::GetPublishedReportRequest& request,
                                  absl::Duration wait, v1::GetPublishedReportResponse& response);

  // Runs `query` when the request keeps the rules of its fields.
  template <typename Request, typename Query>
  absl::Status Checked(const Request& request, Query query) const {
    const absl::Status status = CheckRequest(clock_, request);
    return status.ok() ? query() : status;
  }

 private:
  // Everything published so far, without rows, in order.
  absl::StatusOr<std::vector<v1::Publication>> Known(const commands::Ledger& ledger);

  commands::CommandHandler& handler_;
  Clock& clock_;
  const uint32_t smallest_shown_;
  std::mutex publishing_;
  std::mutex known_mutex_;
  std::map<std::string, std::vector<v1::Publication>> known_;  // by ledger
};

}  // namespace caseledger::rpc
