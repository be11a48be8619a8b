// Replays of a record whose facts were corrected more than once.
#include <optional>
#include <set>

#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {
namespace {

using ::testing::ElementsAre;

// A correction of a case's event; the time it gives is `occurred_seconds`, if any.
v1::Command CorrectionOf(const std::string& case_id, const std::string& event_id,
                         const std::string& risk, std::optional<int64_t> occurred_seconds) {
  const std::string time =
      occurred_seconds.has_value()
          ? " replacement_occurred_time { seconds: " + std::to_string(*occurred_seconds) +
                " } replacement_occurred_precision: TIME_PRECISION_SECOND"
          : "";
  return CommandOf(case_id, "fact_corrected { target_event_id: '" + event_id +
                                "' reason: 'wrong' replacement { risk_assessed { risk: " + risk +
                                " } }" + time + " }");
}

class ReplayOfCorrections : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    RegisterAgency("ctxh-qn");
  }
  // The names of the facts of the case's history as of an occurred time, superseded ones marked.
  std::vector<std::string> ShownAt(const std::string& case_id, int64_t seconds) {
    v1::ReplayCaseRequest request;
    request.set_case_id(case_id);
    *request.mutable_as_of_occurred_time() = Seconds(seconds);
    std::vector<std::string> shown;
    for (const v1::RecordedEvent& event : client().ReplayCase(request).value) {
      shown.push_back(event.fact_name() + (event.superseded_by_event_id().empty() ? "" : "*"));
    }
    return shown;
  }
};

TEST_F(ReplayOfCorrections, ALaterOneWithoutATimeKeepsTheTimeTheEarlierOneGave) {
  const std::string case_id = OpenCase();
  const int64_t opened = now_seconds();
  AdvanceSeconds(3600);
  const int64_t assessed = now_seconds();
  const std::string risk =
      client().Record(case_id, "risk_assessed { risk: RISK_HIGH }").events(0).event_id();
  AdvanceSeconds(60);
  // It was really half an hour before; then only the risk is corrected.
  client().Record(CorrectionOf(case_id, risk, "RISK_LOW", assessed - 1800));
  client().Record(CorrectionOf(case_id, risk, "RISK_MEDIUM", std::nullopt));

  EXPECT_THAT(ShownAt(case_id, opened), ElementsAre("case_opened"));
  EXPECT_THAT(ShownAt(case_id, assessed - 1800),
              ElementsAre("case_opened", "fact_corrected*", "fact_corrected"));
  EXPECT_THAT(ShownAt(case_id, assessed),
              ElementsAre("case_opened", "risk_assessed*", "fact_corrected*", "fact_corrected"));
}

TEST_F(ReplayOfCorrections, AVoidHappenedWhenTheCorrectedFactDid) {
  const std::string case_id = OpenCase();
  AdvanceSeconds(3600);
  const int64_t assessed = now_seconds();
  const std::string risk =
      client().Record(case_id, "risk_assessed { risk: RISK_HIGH }").events(0).event_id();
  AdvanceSeconds(60);
  client().Record(CorrectionOf(case_id, risk, "RISK_LOW", assessed - 1800));
  v1::Command undo =
      CommandOf(case_id, "event_voided { target_event_id: '" + risk + "' reason: 'another case' }");
  undo.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
  client().Record(undo);
  EXPECT_THAT(ShownAt(case_id, assessed - 1800),
              ElementsAre("case_opened", "fact_corrected*", "event_voided"));
}

// A replay of the ledger takes corrections as that of each record does.
TEST_F(ReplayOfCorrections, TheLedgerAsOfATimeIsTheRecordsAsOfThatTime) {
  const int64_t begun = now_seconds();
  std::vector<std::string> cases;
  for (int i = 0; i < 3; ++i) {
    cases.push_back(OpenCase());
    AdvanceSeconds(3600);
    const std::string risk =
        client().Record(cases.back(), "risk_assessed { risk: RISK_HIGH }").events(0).event_id();
    AdvanceSeconds(60);
    client().Record(CorrectionOf(cases.back(), risk, "RISK_LOW", now_seconds() - 1800 - 60 * i));
    client().Record(CorrectionOf(cases.back(), risk, "RISK_MEDIUM", std::nullopt));
  }
  size_t seen = 0;
  for (int64_t at = begun; at < now_seconds() + 300; at += 300) {
    v1::ReplayLedgerRequest request;
    *request.mutable_as_of_occurred_time() = Seconds(at);
    std::set<std::string> of_ledger;
    for (const v1::RecordedEvent& event : auditor().ReplayLedger(request).value) {
      if (event.record_kind() == options::v1::RECORD_KIND_CASE_RECORD) {
        of_ledger.insert(event.event_id());
      }
    }
    std::set<std::string> of_records;
    for (const std::string& case_id : cases) {
      v1::ReplayCaseRequest one;
      one.set_case_id(case_id);
      *one.mutable_as_of_occurred_time() = Seconds(at);
      for (const v1::RecordedEvent& event : client().ReplayCase(one).value) {
        of_records.insert(event.event_id());
      }
    }
    EXPECT_EQ(of_ledger, of_records) << at;
    EXPECT_GE(of_ledger.size(), seen);
    seen = of_ledger.size();
  }
  EXPECT_EQ(seen, 12u);
}

TEST_F(ReplayOfCorrections, TheLedgerAsOfAPositionOrARecordedTimeEndsThere) {
  const uint64_t begun = client().EventCount();
  OpenCase();
  AdvanceSeconds(60);
  const int64_t between = now_seconds();
  AdvanceSeconds(60);
  OpenCase();
  v1::ReplayLedgerRequest request;
  request.mutable_as_of()->set_position(begun);
  EXPECT_EQ(auditor().ReplayLedger(request).value.size(), begun + 1);
  request.set_from_position(begun);
  EXPECT_EQ(auditor().ReplayLedger(request).value.size(), 1u);
  request.set_from_position(0);
  *request.mutable_as_of()->mutable_recorded_time() = Seconds(between);
  EXPECT_EQ(auditor().ReplayLedger(request).value.size(), begun + 1);
  request.set_max_events(1);
  EXPECT_EQ(auditor().ReplayLedger(request).value.size(), 1u);
  request.mutable_as_of()->set_position(begun + 99);
  EXPECT_EQ(auditor().ReplayLedger(request).status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

}  // namespace
}  // namespace caseledger::testing
