// A server with metrics and backups, and some of everything that it counts.
#pragma once

#include <string>

#include "tests/integration/monitoring/vocabulary.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {

class WatchedServer : public ServerTest {
 protected:
  WatchedServer();

  // The page of metrics, without the header of HTTP.
  std::string Page() const;
  // The value of the series that the page calls so, such as `caseledger_events{ledger="x"}`; NaN
  // when there is none.
  double Sample(const std::string& series) const;

  // Must be answered so.
  void CreateBackup();
  void RebuildCaseList();
  // Somebody without a role asks for what they may not have.
  void BeDenied();
  // Calls with a token that is none.
  void CallAsNobody();
};

}  // namespace caseledger::testing
