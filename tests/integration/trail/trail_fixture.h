// A server whose access trail is asked over gRPC.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "caseledger/v1/access.grpc.pb.h"
#include "caseledger/v1/casework.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/integration/support/server_fixture.h"

namespace caseledger::testing {

inline constexpr auto kCaseKind = options::v1::RECORD_KIND_CASE_RECORD;
inline constexpr int64_t kMinuteSeconds = 60;

inline Who Named(const std::string& actor, const std::string& agency = "ctxh-qn",
                 const std::string& roles = "case_worker") {
  return {actor, agency, roles};
}

class TrailServerTest : public ServerTest {
 protected:
  using AccessStub = v1::AccessService::Stub;
  template <typename Request, typename Response>
  using Method = grpc::Status (AccessStub::*)(grpc::ClientContext*, const Request&, Response*);

  template <typename Request, typename Response>
  Answer<Response> Ask(Method<Request, Response> method, const Request& request,
                       const Who& who = {}, const std::string& purpose = "") {
    grpc::ClientContext context;
    client().Prepare(context, who);
    if (!purpose.empty()) context.AddMetadata("caseledger-purpose", purpose);
    Answer<Response> answer;
    const auto stub = v1::AccessService::NewStub(client().ChannelOf(who));
    answer.status = ((*stub).*method)(&context, request, &answer.value);
    return answer;
  }

  Answer<v1::GetCaseResponse> GetCase(const std::string& case_id, const Who& who = {}) {
    v1::GetCaseRequest request;
    request.set_case_id(case_id);
    grpc::ClientContext context;
    client().Prepare(context, who);
    Answer<v1::GetCaseResponse> answer;
    answer.status = v1::CaseworkService::NewStub(client().ChannelOf(who))
                        ->GetCase(&context, request, &answer.value);
    return answer;
  }

  // Position of the trail's newest entry: what a list is to reflect.
  uint64_t NewestEntry() {
    const uint64_t entries = Client(cast(), "quang-ninh.access").EventCount();
    return entries == 0 ? 0 : entries - 1;
  }

  // Entries about the case, newest first.
  std::vector<v1::TrailEntry> WhoSaw(const std::string& case_id, const Who& who = {}) {
    v1::ListAccessRequest request;
    request.set_record_kind(kCaseKind);
    request.set_record_id(case_id);
    request.set_min_position(NewestEntry());
    const auto answer = Ask(&AccessStub::ListAccess, request, who);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return {answer.value.entries().begin(), answer.value.entries().end()};
  }
  Answer<v1::ListAccessResponse> SeenBy(const Who& whom, const Who& who = {},
                                        const std::string& purpose = "") {
    v1::ListAccessRequest request;
    request.set_actor(whom.actor);
    request.set_agency_id(whom.agency);
    request.set_min_position(NewestEntry());
    return Ask(&AccessStub::ListAccess, request, who, purpose);
  }

  static v1::UseBreakGlassRequest UseRequest(const std::string& case_id, int64_t minutes = 0) {
    v1::UseBreakGlassRequest request;
    request.set_request_id(NewUuid());
    request.set_case_id(case_id);
    request.set_reason("Ambulance on its way");
    request.set_minutes(minutes);
    return request;
  }
  v1::UseBreakGlassResponse Use(const std::string& case_id, const Who& who) {
    const auto answer = Ask(&AccessStub::UseBreakGlass, UseRequest(case_id), who);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return answer.value;
  }
  static v1::ReviewBreakGlassRequest ReviewRequest(const std::string& use) {
    v1::ReviewBreakGlassRequest request;
    request.set_request_id(NewUuid());
    request.set_break_glass_event_id(use);
    request.set_finding(event::v1::BREAK_GLASS_FINDING_JUSTIFIED);
    request.set_note("They were right to look");
    return request;
  }
  std::vector<v1::BreakGlassRow> Uses(bool reviewed, const Who& who = {},
                                      const std::string& purpose = "") {
    v1::ListBreakGlassRequest request;
    request.set_reviewed(reviewed);
    request.set_min_position(NewestEntry());
    const auto answer = Ask(&AccessStub::ListBreakGlass, request, who, purpose);
    EXPECT_TRUE(answer.ok()) << answer.status.error_message();
    return {answer.value.uses().begin(), answer.value.uses().end()};
  }

  static std::string ReasonOf(const grpc::Status& status) {
    return status.ok() ? "OK" : Explain(status).reason;
  }
};

}  // namespace caseledger::testing
