// Parts of the command group `privacy`, each in a file of its own.
#pragma once

#include "services/app/cli/commands/commands.h"

namespace caseledger::cli {

void AddPersonExportCommand(CLI::App& group, Chosen& chosen);
// receive, answer, decide, approve, erase, restrict, lift
void AddPrivacyActs(CLI::App& group, Chosen& chosen);

}  // namespace caseledger::cli
