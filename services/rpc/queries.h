// The unary queries: from public requests to read models and back. They answer from the
// projections' consistent views and say how many events these reflect.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "eventstore/vault/backup/backup_keeper.h"
#include "eventstore/vault/rotator.h"
#include "services/commands/ledgers.h"
#include "services/commands/validation.h"
#include "services/rpc/reading.h"

namespace caseledger::rpc {

// What administrators see of the vault.
struct VaultFace {
  eventstore::Rotator* rotator = nullptr;  // must outlive the server; null: there is no vault
  absl::Status missing;                    // why, and what to do
  // Must outlive the server; null: the vault is not backed up.
  eventstore::VaultBackupKeeper* backups = nullptr;
};

// Every answer begins with Reading::Begin and shows only what the reading lets through.
//
// Thread-safe. Every method may block: on storage, and up to `wait` until a read model is far
// enough.
//
// INVALID_ARGUMENT   the request breaks rules of its fields
// PERMISSION_DENIED  the caller may not ask this
// NOT_FOUND          ledger or record unknown, or not for the caller to see
// OUT_OF_RANGE       a position past the end
// DEADLINE_EXCEEDED  the read model did not get to `min_position` in time
// UNAVAILABLE        the read model is stopped before that point
class Queries {
 public:
  Queries(const commands::Ledgers& ledgers, Clock& clock, std::string version, VaultFace vault)
      : ledgers_(ledgers), clock_(clock), version_(std::move(version)), vault_(std::move(vault)) {}

  // Runs `query` when the request keeps the rules of its fields.
  template <typename Request, typename Query>
  absl::Status Checked(const Request& request, Query query) const {
    const auto violations = commands::Validate(request, clock_.Now());
    if (!violations.empty()) return commands::InvalidRequest(violations);
    return query();
  }

  absl::Status GetCase(Reading& reading, const v1::GetCaseRequest& request, absl::Duration wait,
                       v1::GetCaseResponse& response) const;
  absl::Status CheckClosure(Reading& reading, const v1::CheckClosureRequest& request,
                            absl::Duration wait, v1::CheckClosureResponse& response) const;
  absl::Status ListReferrals(Reading& reading, const v1::ListReferralsRequest& request,
                             absl::Duration wait, v1::ListReferralsResponse& response) const;
  absl::Status GetOccupancy(Reading& reading, const v1::GetOccupancyRequest& request,
                            absl::Duration wait, v1::GetOccupancyResponse& response) const;
  absl::Status ListWorkItems(Reading& reading, const v1::ListWorkItemsRequest& request,
                             absl::Duration wait, v1::ListWorkItemsResponse& response) const;
  absl::Status ListDataQuality(Reading& reading, const v1::ListDataQualityRequest& request,
                               absl::Duration wait, v1::ListDataQualityResponse& response) const;
  absl::Status ListCases(Reading& reading, const v1::ListCasesRequest& request, absl::Duration wait,
                         v1::ListCasesResponse& response) const;
  absl::Status ListDuplicateCandidates(Reading& reading,
                                       const v1::ListDuplicateCandidatesRequest& request,
                                       absl::Duration wait,
                                       v1::ListDuplicateCandidatesResponse& response) const;
  absl::Status SearchPersons(Reading& reading, const v1::SearchPersonsRequest& request,
                             absl::Duration wait, v1::SearchPersonsResponse& response) const;
  absl::Status ListDueRequests(Reading& reading, const v1::ListDueRequestsRequest& request,
                               absl::Duration wait, v1::ListDueRequestsResponse& response) const;
  absl::Status ListRetentionDue(Reading& reading, const v1::ListRetentionDueRequest& request,
                                absl::Duration wait, v1::ListRetentionDueResponse& response) const;
  absl::Status RunReport(Reading& reading, const v1::RunReportRequest& request, absl::Duration wait,
                         v1::RunReportResponse& response) const;
  absl::Status ListLedgers(Reading& reading, const v1::ListLedgersRequest& request,
                           absl::Duration wait, v1::ListLedgersResponse& response) const;
  absl::Status ListProjections(Reading& reading, const v1::ListProjectionsRequest& request,
                               absl::Duration wait, v1::ListProjectionsResponse& response) const;
  absl::Status PauseProjection(Reading& reading, const v1::PauseProjectionRequest& request,
                               absl::Duration wait, v1::PauseProjectionResponse& response) const;
  absl::Status ResumeProjection(Reading& reading, const v1::ResumeProjectionRequest& request,
                                absl::Duration wait, v1::ResumeProjectionResponse& response) const;
  absl::Status DropProjection(Reading& reading, const v1::DropProjectionRequest& request,
                              absl::Duration wait, v1::DropProjectionResponse& response) const;
  absl::Status RebuildProjection(Reading& reading, const v1::RebuildProjectionRequest& request,
                                 absl::Duration wait,
                                 v1::RebuildProjectionResponse& response) const;
  absl::Status GetVault(Reading& reading, const v1::GetVaultRequest& request, absl::Duration wait,
                        v1::GetVaultResponse& response) const;
  absl::Status CreateVaultBackup(Reading& reading, const v1::CreateVaultBackupRequest& request,
                                 absl::Duration wait,
                                 v1::CreateVaultBackupResponse& response) const;
  absl::Status RotateWrappingKey(Reading& reading, const v1::RotateWrappingKeyRequest& request,
                                 absl::Duration wait,
                                 v1::RotateWrappingKeyResponse& response) const;
  absl::Status GetErasure(Reading& reading, const v1::GetErasureRequest& request,
                          absl::Duration wait, v1::GetErasureResponse& response) const;

 private:
  // PERMISSION_DENIED and others as Reading::Begin, unless the rules of each ledger let the caller.
  absl::Status AllLedgersAllow(const access::Call& call, std::string_view what) const;

  const commands::Ledgers& ledgers_;
  Clock& clock_;
  const std::string version_;
  const VaultFace vault_;
};

}  // namespace caseledger::rpc
