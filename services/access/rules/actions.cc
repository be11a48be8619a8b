#include "services/access/rules/actions.h"

#include "caseledger/v1/access.pb.h"
#include "caseledger/v1/admin.pb.h"
#include "caseledger/v1/audit.pb.h"
#include "caseledger/v1/batch.pb.h"
#include "caseledger/v1/casework.pb.h"
#include "caseledger/v1/closure.pb.h"
#include "caseledger/v1/dashboard.pb.h"
#include "caseledger/v1/directory.pb.h"
#include "caseledger/v1/history.pb.h"
#include "caseledger/v1/intake.pb.h"
#include "caseledger/v1/person.pb.h"
#include "caseledger/v1/privacy.pb.h"
#include "caseledger/v1/publication.pb.h"
#include "caseledger/v1/referral.pb.h"
#include "caseledger/v1/shelter.pb.h"
#include "services/access/rules/rules.h"

namespace caseledger::access {

std::set<std::string> ActionsOf(const std::vector<const google::protobuf::FileDescriptor*>& files) {
  std::set<std::string> actions{std::string(kImportAction), std::string(kReferAction)};
  for (const google::protobuf::FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        actions.insert(file->service(s)->method(m)->name());
      }
    }
  }
  return actions;
}

std::string_view ActionOfCommand(std::string_view method, options::v1::RecordKind kind,
                                 bool imported) {
  const bool describes_agency =
      method == "RegisterAgency" || method == "ChangeAgency" || method == "RetireAgency";
  // What cannot be undone, or keeps it from being done, is not brought in from a file.
  const bool is_of_erasure = method == "DecideErasure" || method == "ApproveErasure" ||
                             method == "ErasePerson" || method == "PlaceLegalHold" ||
                             method == "LiftLegalHold";
  const bool may_give_rights = kind == options::v1::RECORD_KIND_DEFINITION ||
                               (kind == options::v1::RECORD_KIND_AGENCY && !describes_agency);
  // What was published is out.
  const bool is_free = !may_give_rights && !is_of_erasure && method != "PublishReport";
  return imported && is_free ? kImportAction : method;
}

const std::vector<const google::protobuf::FileDescriptor*>& PublicFiles() {
  static const auto& files = *new std::vector<const google::protobuf::FileDescriptor*>{
      v1::ExplainAccessRequest::descriptor()->file(),
      v1::ListLedgersRequest::descriptor()->file(),
      v1::ExportRecordRequest::descriptor()->file(),
      v1::ExecuteRequest::descriptor()->file(),
      v1::OpenCaseRequest::descriptor()->file(),
      v1::CloseCaseRequest::descriptor()->file(),
      v1::RunReportRequest::descriptor()->file(),
      v1::RegisterAgencyRequest::descriptor()->file(),
      v1::GetLedgerHeadRequest::descriptor()->file(),
      v1::ReceiveContactRequest::descriptor()->file(),
      v1::RegisterPersonRequest::descriptor()->file(),
      v1::ReceiveDataRequestRequest::descriptor()->file(),
      v1::PublishReportRequest::descriptor()->file(),
      v1::SendReferralRequest::descriptor()->file(),
      v1::RegisterShelterRequest::descriptor()->file()};
  return files;
}

const std::set<std::string>& PublicActions() {
  static const auto& actions = *new std::set<std::string>(ActionsOf(PublicFiles()));
  return actions;
}

}  // namespace caseledger::access
