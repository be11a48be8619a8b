// Services that only take commands.
#pragma once

#include "caseledger/v1/directory.grpc.pb.h"
#include "caseledger/v1/intake.grpc.pb.h"
#include "services/rpc/command_adapter.h"

namespace caseledger::rpc {

class IntakeServiceImpl final : public v1::IntakeService::CallbackService {
 public:
  explicit IntakeServiceImpl(CommandAdapter& commands) : commands_(commands) {}

  CASELEDGER_COMMAND(ReceiveContact)
  CASELEDGER_COMMAND(EndContact)
  CASELEDGER_COMMAND(ClassifyContact)
  CASELEDGER_COMMAND(LinkContactToCase)
  CASELEDGER_COMMAND(UnlinkContact)
  CASELEDGER_COMMAND(ForwardReport)
  CASELEDGER_COMMAND(AcknowledgeReport)

 private:
  CommandAdapter& commands_;
};

class DirectoryServiceImpl final : public v1::DirectoryService::CallbackService {
 public:
  explicit DirectoryServiceImpl(CommandAdapter& commands) : commands_(commands) {}

  CASELEDGER_COMMAND(RegisterAgency)
  CASELEDGER_COMMAND(ChangeAgency)
  CASELEDGER_COMMAND(RetireAgency)
  CASELEDGER_COMMAND(GrantRole)
  CASELEDGER_COMMAND(EndRole)
  CASELEDGER_COMMAND(RegisterAdminUnit)
  CASELEDGER_COMMAND(RecordUnitSuccession)
  CASELEDGER_COMMAND(LoadReportDefinition)
  CASELEDGER_COMMAND(LoadDeadlines)
  CASELEDGER_COMMAND(LoadRetentionRules)
  CASELEDGER_COMMAND(LoadAccessRules)
  CASELEDGER_COMMAND(RecordProgramme)
  CASELEDGER_COMMAND(EndProgramme)
  CASELEDGER_COMMAND(HoldOutreach)

 private:
  CommandAdapter& commands_;
};

}  // namespace caseledger::rpc
