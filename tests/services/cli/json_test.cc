#include "services/app/cli/print/json.h"

#include <gtest/gtest.h>

#include "caseledger/v1/common.pb.h"
#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {
namespace {

TEST(Json, NumbersAreNumbersTimesAreTextAndListsAreThere) {
  v1::RecordedEvent event;
  event.set_position(7);
  event.set_fact_name("case_opened");
  event.set_record_kind(options::v1::RECORD_KIND_CASE_RECORD);
  *event.mutable_occurred_time() = ToTimestamp(0);
  event.mutable_fact()->mutable_case_opened()->add_concerns("neglect");
  const Json json = ToJson(event);
  EXPECT_EQ(json["position"], 7);
  EXPECT_EQ(json["record_kind"], "RECORD_KIND_CASE_RECORD");
  EXPECT_EQ(json["occurred_time"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(json["fact"]["case_opened"]["concerns"], Json::array({"neglect"}));
  EXPECT_TRUE(json["data_quality"].is_array());
  EXPECT_FALSE(json.contains("recorded_time"));
}

TEST(Json, LinesHaveNoLineEndsInside) {
  EXPECT_EQ(ToJsonLine({{"a", "x\ny"}}), "{\"a\":\"x\\ny\"}\n");
}

TEST(Json, BytesAreHexadecimal) {
  event::v1::PlanApproved plan;
  plan.set_content_hash(std::string("\x01\xFF", 2));
  EXPECT_EQ(ToJson(plan)["content_hash"], "01ff");
}

}  // namespace
}  // namespace caseledger::cli
