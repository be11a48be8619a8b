#include <algorithm>
#include <utility>

#include "eventstore/base/strings.h"
#include "tests/integration/overload/command_load.h"

namespace caseledger::testing {

void Outcomes::Took(const Uuid& request_id, const v1::CommandResult& result) {
  taken_.push_back(request_id);
  if (result.already_recorded()) Unexpected("recorded before, but sent for the first time");
  if (result.events_size() != 1) Unexpected(StrCat("became ", result.events_size(), " events"));
}

void Outcomes::Refused(const Uuid& request_id, const google::rpc::Status& error) {
  refused_.push_back(request_id);
  const Refusal refusal = ExplainStatus(error);
  if (error.code() != int{grpc::StatusCode::RESOURCE_EXHAUSTED} || refusal.reason != "OVERLOADED" ||
      refusal.retry_milliseconds <= 0) {
    Unexpected(StrCat(error.code(), " ", refusal.reason, " ", error.message()));
  }
}

void Outcomes::Unexpected(const std::string& what) {
  if (unexpected_++ == 0) first_unexpected_ = what;
}

void Outcomes::Answered(SteadyClock::duration after) {
  ++answered_;
  waited_ += after;
  slowest_ = std::max(slowest_, after);
}

void Outcomes::Merge(Outcomes other) {
  taken_.insert(taken_.end(), other.taken_.begin(), other.taken_.end());
  refused_.insert(refused_.end(), other.refused_.begin(), other.refused_.end());
  if (unexpected_ == 0) first_unexpected_ = std::move(other.first_unexpected_);
  unexpected_ += other.unexpected_;
  answered_ += other.answered_;
  waited_ += other.waited_;
  slowest_ = std::max(slowest_, other.slowest_);
}

v1::Command NewContact(const Uuid& request_id) {
  v1::Command command;
  command.mutable_header()->set_request_id(request_id.ToString());
  command.mutable_header()->set_purpose("services");
  command.mutable_fact()->mutable_contact_received()->set_channel("sms");
  return command;
}

}  // namespace caseledger::testing
