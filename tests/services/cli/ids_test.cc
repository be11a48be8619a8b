#include "services/app/cli/import/ids.h"

#include <gtest/gtest.h>

#include <set>

#include "eventstore/base/uuid.h"
#include "tests/services/cli/import_fixture.h"

namespace caseledger::cli {
namespace {

using options::v1::RECORD_KIND_CASE_RECORD;
using options::v1::RECORD_KIND_CONTACT;

TEST(Ids, StayTheSameForEver) {
  const ImportIds ids("quang-ninh", "qn-csv");
  EXPECT_EQ(ids.Record(RECORD_KIND_CASE_RECORD, "CASE-2024-0001"),
            ImportIds("quang-ninh", "qn-csv").Record(RECORD_KIND_CASE_RECORD, "CASE-2024-0001"));
  const auto uuid = Uuid::Parse(ids.Request("cases.csv", "CASE-2024-0001", "case_opened"));
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->bytes[6] >> 4, 5);  // the version
}

TEST(Ids, DifferInEveryPart) {
  const ImportIds ids("a", "s");
  const std::set<std::string> all = {
      ids.Record(RECORD_KIND_CONTACT, "1"),
      ids.Record(RECORD_KIND_CASE_RECORD, "1"),
      ids.Record(RECORD_KIND_CONTACT, "2"),
      ImportIds("b", "s").Record(RECORD_KIND_CONTACT, "1"),
      ImportIds("a", "t").Record(RECORD_KIND_CONTACT, "1"),
      ids.Request("contacts.csv", "1", "contact_ended"),
      ids.Request("contacts.csv", "1", "contact_received"),
      ids.Request("cases.csv", "1", "contact_ended"),
      ids.Request("contacts.csv", "2", "contact_ended"),
      DefinitionRequestId("a", "report/x", "text"),
      DefinitionRequestId("a", "report/x", "text 2"),
  };
  EXPECT_EQ(all.size(), 11u);
}

TEST(Ids, EveryFactOfTheSampleHasItsOwnRequest) {
  const Loaded sample = LoadSample();
  std::set<std::string> requests;
  const auto facts = FactsOfDataset(sample.Context());
  for (const PlannedFact& fact : facts) requests.insert(fact.request_id);
  EXPECT_EQ(requests.size(), facts.size());
}

}  // namespace
}  // namespace caseledger::cli
