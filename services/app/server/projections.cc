#include "services/app/server/projections.h"

#include <memory>

#include "projections/access_trail/access_trail.h"
#include "projections/case_list/case_list.h"
#include "projections/data_quality/data_quality.h"
#include "projections/due_items/due_items.h"
#include "projections/due_requests/due_requests.h"
#include "projections/referrals/referrals.h"
#include "projections/report_facts/report_facts.h"
#include "projections/retention/retention_due.h"
#include "projections/shelter_occupancy/shelter_occupancy.h"
#include "projections/work_items/work_items.h"
#include "services/access/trail/trail.h"

namespace caseledger::app {

std::vector<projections::Runtime::Factory> ProjectionsOf(const std::string& ledger) {
  if (access::IsTrailLedger(ledger)) return {[] { return projections::MakeAccessTrail(); }};
  return {[] { return projections::MakeCaseList(); },
          [] { return projections::MakeReferrals(); },
          [] { return projections::MakeShelterOccupancy(); },
          [] { return projections::MakeDueItems(); },
          [] { return projections::MakeDueRequests(); },
          [] { return projections::MakeRetention(); },
          [] { return projections::MakeDataQuality(); },
          [] { return projections::MakeWorkItems(); },
          [] { return std::make_unique<projections::ReportFacts>(); }};
}

}  // namespace caseledger::app
