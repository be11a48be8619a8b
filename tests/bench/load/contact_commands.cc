#include "tests/bench/load/contact_commands.h"

#include <cstring>
#include <utility>

#include "eventstore/base/uuid.h"

namespace caseledger::bench {
namespace {

// About what an operator writes down during a call.
constexpr char kNote[] =
    "Người gọi là hàng xóm, nghe tiếng trẻ khóc nhiều đêm liền; mẹ cháu đi làm ca. Đã hướng dẫn "
    "gọi lại khi có nguy cơ, hẹn cán bộ xã đến thăm trong ngày.";

void Fill(v1::CommandHeader& header, const std::string& ledger) {
  header.set_ledger(ledger);
  header.set_purpose("services");
}

}  // namespace

ContactCommands::ContactCommands(uint64_t seed, const std::string& ledger) : random_(seed) {
  Fill(*receive_.mutable_header(), ledger);
  event::v1::ContactReceived& received = *receive_.mutable_fact();
  received.set_channel("phone");
  received.set_line("18001769");
  received.set_caller_role("neighbour");
  received.set_operator_id(kActor);
  received.mutable_note()->set_text(kNote);
  received.mutable_private_part()->set_caller_name("Nguyễn Thị Hoà");
  received.mutable_private_part()->set_caller_phone("+84912345678");
  Fill(*classify_.mutable_header(), ledger);
  classify_.mutable_fact()->set_main_topic("violence");
  classify_.mutable_fact()->add_other_topics("legal");
  Fill(*end_.mutable_header(), ledger);
  end_.mutable_fact()->set_outcome(event::v1::CONTACT_OUTCOME_COUNSELLED);
}

std::string ContactCommands::NewId() {
  const uint64_t words[2] = {random_(), random_()};
  char bytes[16];
  std::memcpy(bytes, words, sizeof bytes);
  return Uuid::FromBytes({bytes, sizeof bytes})->ToString();
}

ContactCommands::Step ContactCommands::Next() {
  switch (step_) {
    case Step::kReceive:
      classify_.mutable_header()->set_request_id(NewId());
      classify_.set_contact_id(receive_.contact_id());
      return step_ = Step::kClassify;
    case Step::kClassify:
      end_.mutable_header()->set_request_id(NewId());
      end_.set_contact_id(receive_.contact_id());
      return step_ = Step::kEnd;
    case Step::kEnd:
      break;
  }
  receive_.mutable_header()->set_request_id(NewId());
  receive_.set_contact_id(NewId());
  return step_ = Step::kReceive;
}

void ContactCommands::MoveTo(v1::Command& command) {
  command.set_record_id(receive_.contact_id());
  switch (step_) {
    case Step::kReceive:
      *command.mutable_header() = receive_.header();
      *command.mutable_fact()->mutable_contact_received() = receive_.fact();
      break;
    case Step::kClassify:
      *command.mutable_header() = classify_.header();
      *command.mutable_fact()->mutable_contact_classified() = classify_.fact();
      break;
    case Step::kEnd:
      *command.mutable_header() = end_.header();
      *command.mutable_fact()->mutable_contact_ended() = end_.fact();
      break;
  }
}

v1::CommandResult SampleAnswer() {
  v1::CommandResult answer;
  v1::EventReceipt& receipt = *answer.add_events();
  receipt.set_event_id("5f0c3d1e-8a77-5b0e-9d5e-1a2b3c4d5e6f");
  receipt.set_record_kind(options::v1::RECORD_KIND_CONTACT);
  receipt.set_record_id("0d9f8e7c-6b5a-4a3b-8c1d-2e3f4a5b6c7d");
  receipt.set_revision(2);
  receipt.set_position(123456);
  receipt.mutable_recorded_time()->set_seconds(1'700'000'000);
  receipt.mutable_recorded_time()->set_nanos(123'456'000);
  receipt.set_fact_name("contact_received");
  answer.set_record_id(receipt.record_id());
  answer.set_revision(2);
  return answer;
}

}  // namespace caseledger::bench
