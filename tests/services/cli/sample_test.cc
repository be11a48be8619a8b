#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/services/cli/import_fixture.h"

namespace caseledger::cli {
namespace {

TEST(Sample, HasNoBadRow) { EXPECT_THAT(LoadSample().IssueLines(), testing::IsEmpty()); }

TEST(Sample, EveryRowBecomesItsFacts) {
  const Loaded sample = LoadSample();
  std::map<std::string, size_t> counts;
  for (const std::string& name : NamesOf(FactsOfDataset(sample.Context()))) ++counts[name];
  const std::map<std::string, size_t> expected = {
      {"admin_unit_registered", 21},
      {"agency_registered", 11},
      {"shelter_registered", 1},
      {"programme_recorded", 21},
      {"programme_ended", 7},
      {"outreach_held", 14},
      {"person_registered", 175},
      {"contact_received", 1891},
      {"contact_classified", 1891},
      {"contact_ended", 1891},
      {"contact_linked_to_case", 5},
      {"case_opened", 95},
      {"case_closed", 6},
      {"case_reopened", 3},
      {"participant_added", 175},
      {"consent_given", 94},
      {"service_delivered", 104},
      {"therapy_screened", 43},
      {"therapy_enrolled", 33},
      {"therapy_ended", 14},
      {"therapy_session_held", 724},
      {"emergency_started", 5},
      {"emergency_ended", 5},
      {"referral_sent", 10},
      {"referral_accepted", 8},
      {"referral_declined", 2},
      {"referral_completed", 5},
      {"placement_requested", 8},
      {"resident_admitted", 8},
      {"resident_discharged", 7},
  };
  EXPECT_EQ(counts, expected);
}

}  // namespace
}  // namespace caseledger::cli
