// Services with queries beside their commands. The queries themselves are in queries.h.
#pragma once

#include "caseledger/v1/admin.grpc.pb.h"
#include "caseledger/v1/casework.grpc.pb.h"
#include "caseledger/v1/closure.grpc.pb.h"
#include "caseledger/v1/dashboard.grpc.pb.h"
#include "caseledger/v1/person.grpc.pb.h"
#include "caseledger/v1/privacy.grpc.pb.h"
#include "caseledger/v1/referral.grpc.pb.h"
#include "caseledger/v1/shelter.grpc.pb.h"
#include "services/rpc/backup_calls.h"
#include "services/rpc/command_adapter.h"
#include "services/rpc/exports.h"
#include "services/rpc/live_dashboards.h"
#include "services/rpc/person_export.h"
#include "services/rpc/queries.h"
#include "services/rpc/query_runner.h"

namespace caseledger::rpc {

// Defines a query method of a service class that has members `QueryRunner queries_` and `Queries&
// answers_`: runs off the reaction, after the request was checked, and is put on the access trail
// before it leaves; _UNTRAILED: shows nothing of a record, and leaves no trace.
#define CASELEDGER_ASK(method, trailed)                                                    \
  grpc::ServerUnaryReactor* method(grpc::CallbackServerContext* context,                   \
                                   const v1::method##Request* request,                     \
                                   v1::method##Response* response) override {              \
    return queries_.Run(context, #method, request, response, trailed,                      \
                        [this, context, request, response](Reading& reading) {             \
                          return answers_.Checked(*request, [&] {                          \
                            return answers_.method(reading, *request, WaitLimit(*context), \
                                                   *response);                             \
                          });                                                              \
                        });                                                                \
  }
#define CASELEDGER_QUERY(method) CASELEDGER_ASK(method, Trailed::kYes)
#define CASELEDGER_QUERY_UNTRAILED(method) CASELEDGER_ASK(method, Trailed::kNo)

// A service of commands and queries.
template <typename Service>
class MixedService : public Service::CallbackService {
 public:
  MixedService(CommandAdapter& commands, QueryRunner& queries, Queries& answers)
      : commands_(commands), queries_(queries), answers_(answers) {}

 protected:
  CommandAdapter& commands_;
  QueryRunner& queries_;
  Queries& answers_;
};

class CaseworkServiceImpl final : public MixedService<v1::CaseworkService> {
 public:
  using MixedService::MixedService;

  CASELEDGER_COMMAND(OpenCase)
  CASELEDGER_COMMAND(AssignOwner)
  CASELEDGER_COMMAND(AddParticipant)
  CASELEDGER_COMMAND(ChangeParticipantRole)
  CASELEDGER_COMMAND(RemoveParticipant)
  CASELEDGER_COMMAND(AssessRisk)
  CASELEDGER_COMMAND(ChangeVictimStatus)
  CASELEDGER_COMMAND(DraftPlan)
  CASELEDGER_COMMAND(ApprovePlan)
  CASELEDGER_COMMAND(RejectPlan)
  CASELEDGER_COMMAND(ReviewPlan)
  CASELEDGER_COMMAND(DeliverService)
  CASELEDGER_COMMAND(ScreenForTherapy)
  CASELEDGER_COMMAND(EnrolInTherapy)
  CASELEDGER_COMMAND(HoldTherapySession)
  CASELEDGER_COMMAND(EndTherapy)
  CASELEDGER_COMMAND(StartEmergency)
  CASELEDGER_COMMAND(EndEmergency)
  CASELEDGER_COMMAND(OrderSeparation)
  CASELEDGER_COMMAND(ExtendSeparation)
  CASELEDGER_COMMAND(LiftSeparation)
  CASELEDGER_COMMAND(IssueContactBan)
  CASELEDGER_COMMAND(ExtendContactBan)
  CASELEDGER_COMMAND(LiftContactBan)
  CASELEDGER_COMMAND(RequestTransfer)
  CASELEDGER_COMMAND(AcceptTransfer)
  CASELEDGER_COMMAND(DeclineTransfer)
  CASELEDGER_COMMAND(RevokeTransfer)
  CASELEDGER_COMMAND(PlaceLegalHold)
  CASELEDGER_COMMAND(LiftLegalHold)
  CASELEDGER_QUERY(GetCase)
};

class PersonServiceImpl final : public MixedService<v1::PersonService> {
 public:
  using MixedService::MixedService;

  CASELEDGER_COMMAND(RegisterPerson)
  CASELEDGER_COMMAND(AmendPerson)
  CASELEDGER_COMMAND(AttachIdentifier)
  CASELEDGER_COMMAND(RecordRelationship)
  CASELEDGER_COMMAND(SetSafeContactRule)
  CASELEDGER_COMMAND(AppointRepresentative)
  CASELEDGER_COMMAND(ExcludeRepresentative)
  CASELEDGER_COMMAND(GiveConsent)
  CASELEDGER_COMMAND(WithdrawConsent)
  CASELEDGER_COMMAND(MergePersons)
  CASELEDGER_COMMAND(ReverseMerge)
  CASELEDGER_QUERY(SearchPersons)
  CASELEDGER_QUERY(ListDuplicateCandidates)
};

class ReferralServiceImpl final : public MixedService<v1::ReferralService> {
 public:
  using MixedService::MixedService;

  CASELEDGER_COMMAND(SendReferral)
  CASELEDGER_COMMAND(AcceptReferral)
  CASELEDGER_COMMAND(DeclineReferral)
  CASELEDGER_COMMAND(RevokeReferral)
  CASELEDGER_COMMAND(CompleteReferral)
  CASELEDGER_COMMAND(ReturnReferral)
  CASELEDGER_COMMAND(ForwardReferral)
  CASELEDGER_QUERY(ListReferrals)
};

class PrivacyServiceImpl final : public MixedService<v1::PrivacyService> {
 public:
  PrivacyServiceImpl(CommandAdapter& commands, QueryRunner& queries, Queries& answers,
                     Exports& exports)
      : MixedService(commands, queries, answers), exports_(exports) {}

  CASELEDGER_COMMAND(ReceiveDataRequest)
  CASELEDGER_COMMAND(AnswerDataRequest)
  CASELEDGER_COMMAND(DecideErasure)
  CASELEDGER_COMMAND(ApproveErasure)
  CASELEDGER_COMMAND(ErasePerson)
  CASELEDGER_COMMAND(RestrictProcessing)
  CASELEDGER_COMMAND(LiftRestriction)
  CASELEDGER_QUERY(GetErasure)
  CASELEDGER_QUERY(ListDueRequests)
  CASELEDGER_QUERY(ListRetentionDue)

  grpc::ServerWriteReactor<v1::ExportPersonDataResponse>* ExportPersonData(
      grpc::CallbackServerContext* context, const v1::ExportPersonDataRequest* request) override {
    return exports_.Start(*context, "ExportPersonData", *request, ExportOfPerson);
  }

 private:
  Exports& exports_;
};

class ShelterServiceImpl final : public MixedService<v1::ShelterService> {
 public:
  using MixedService::MixedService;

  CASELEDGER_COMMAND(RegisterShelter)
  CASELEDGER_COMMAND(ChangeBeds)
  CASELEDGER_COMMAND(RequestPlacement)
  CASELEDGER_COMMAND(HoldPlacement)
  CASELEDGER_COMMAND(AdmitResident)
  CASELEDGER_COMMAND(ExtendStay)
  CASELEDGER_COMMAND(DischargeResident)
  CASELEDGER_COMMAND(DeclinePlacement)
  CASELEDGER_COMMAND(CancelPlacement)
  CASELEDGER_QUERY(GetOccupancy)
};

class ClosureServiceImpl final : public MixedService<v1::ClosureService> {
 public:
  using MixedService::MixedService;

  CASELEDGER_COMMAND(CloseCase)
  CASELEDGER_COMMAND(ReopenCase)
  CASELEDGER_QUERY(CheckClosure)
};

class DashboardServiceImpl final : public v1::DashboardService::CallbackService {
 public:
  DashboardServiceImpl(QueryRunner& queries, Queries& answers, LiveDashboards& live)
      : queries_(queries), answers_(answers), live_(live) {}

  CASELEDGER_QUERY(ListCases)
  CASELEDGER_QUERY(ListWorkItems)
  CASELEDGER_QUERY(ListDataQuality)
  CASELEDGER_QUERY(RunReport)

  grpc::ServerWriteReactor<v1::WatchDashboardResponse>* WatchDashboard(
      grpc::CallbackServerContext* context, const v1::WatchDashboardRequest* request) override {
    return live_.Start(*context, *request);
  }

 private:
  QueryRunner& queries_;
  Queries& answers_;
  LiveDashboards& live_;
};

class AdminServiceImpl final : public v1::AdminService::CallbackService {
 public:
  AdminServiceImpl(QueryRunner& queries, Queries& answers, BackupCalls& backups)
      : queries_(queries), answers_(answers), backups_(backups) {}

  CASELEDGER_QUERY_UNTRAILED(ListLedgers)
  CASELEDGER_QUERY_UNTRAILED(ListProjections)
  CASELEDGER_QUERY(RebuildProjection)
  CASELEDGER_QUERY(PauseProjection)
  CASELEDGER_QUERY(ResumeProjection)
  CASELEDGER_QUERY(DropProjection)
  CASELEDGER_QUERY_UNTRAILED(GetVault)
  CASELEDGER_QUERY(RotateWrappingKey)
  CASELEDGER_QUERY(CreateVaultBackup)

  grpc::ServerWriteReactor<v1::CreateBackupResponse>* CreateBackup(
      grpc::CallbackServerContext* context, const v1::CreateBackupRequest* request) override {
    return backups_.Start(*context, *request);
  }

 private:
  QueryRunner& queries_;
  Queries& answers_;
  BackupCalls& backups_;
};

}  // namespace caseledger::rpc
