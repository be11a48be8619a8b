// `privacy`: what is recorded of requests of data subjects, restrictions and erasures.
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include "caseledger/v1/privacy.grpc.pb.h"
#include "eventstore/base/status_macros.h"
#include "services/app/cli/commands/calls.h"
#include "services/app/cli/commands/commands.h"
#include "services/app/cli/commands/privacy.h"

namespace caseledger::cli {
namespace {

using Privacy = v1::PrivacyService::Stub;
template <typename Request>
using Method = grpc::Status (Privacy::*)(grpc::ClientContext*, const Request&, v1::CommandResult*);

// Texts are as long as the server takes them, in any script.
constexpr size_t kMostNoteBytes = 100'000;

// What any of these commands is told; each uses some of it.
struct Act {
  std::string person;
  std::string key;
  std::string kind;
  std::string asked_by;
  std::string channel;
  std::string representative;
  std::string outcome;
  std::string reason;
  std::string retention_rule;
  std::string occurred;
  std::string note_file;
  bool sure = false;
};

// A note is about the person, and on a command line everybody of the machine could read it.
absl::Status SetNote(const Act& act, event::v1::FreeText* note) {
  if (act.note_file.empty()) return absl::OkStatus();
  std::ifstream file;
  if (act.note_file != "-") {
    file.open(act.note_file, std::ios::binary);
    if (!file) return absl::NotFoundError(fmt::format("cannot read {}", act.note_file));
  }
  std::istream& in = act.note_file == "-" ? std::cin : file;
  std::string text;
  for (char c = 0; text.size() <= kMostNoteBytes && in.get(c);) text += c;
  if (text.size() > kMostNoteBytes) {
    return absl::InvalidArgumentError(fmt::format("{} holds too much for a note", act.note_file));
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  note->set_text(text);
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<int> Send(Request request, const Act& act, Method<Request> method,
                         const std::string& done, const ClientOptions& options) {
  if (!act.occurred.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_header()->mutable_occurred_time(),
                     ToTime(act.occurred, "--at"));
  }
  request.set_person_id(act.person);
  return SendAndTell(std::move(request), options, method, done);
}

absl::StatusOr<int> Receive(const Act& act, const ClientOptions& options) {
  v1::ReceiveDataRequestRequest request;
  auto& fact = *request.mutable_fact();
  fact.set_request_id(act.key);
  fact.set_request_kind(act.kind);
  fact.set_asked_by(act.asked_by);
  fact.set_channel(act.channel);
  fact.set_representative_person_id(act.representative);
  if (!act.note_file.empty()) RETURN_IF_ERROR(SetNote(act, fact.mutable_note()));
  return Send(std::move(request), act, &Privacy::ReceiveDataRequest,
              fmt::format("request {} is recorded; its deadlines: caseledger privacy due", act.key),
              options);
}

absl::StatusOr<int> Answer(const Act& act, const ClientOptions& options) {
  static const auto& outcomes = *new std::map<std::string, event::v1::DataRequestOutcome>{
      {"accepted", event::v1::DATA_REQUEST_OUTCOME_ACCEPTED},
      {"fulfilled", event::v1::DATA_REQUEST_OUTCOME_FULFILLED},
      {"refused", event::v1::DATA_REQUEST_OUTCOME_REFUSED},
      {"withdrawn", event::v1::DATA_REQUEST_OUTCOME_WITHDRAWN}};
  v1::AnswerDataRequestRequest request;
  auto& fact = *request.mutable_fact();
  fact.set_request_id(act.key);
  fact.set_outcome(outcomes.at(act.outcome));
  fact.set_reason(act.reason);
  if (!act.note_file.empty()) RETURN_IF_ERROR(SetNote(act, fact.mutable_note()));
  return Send(std::move(request), act, &Privacy::AnswerDataRequest,
              fmt::format("request {} is {}", act.key, act.outcome), options);
}

absl::StatusOr<int> Decide(const Act& act, const ClientOptions& options) {
  v1::DecideErasureRequest request;
  request.mutable_fact()->set_request_id(act.key);
  request.mutable_fact()->set_retention_rule(act.retention_rule);
  if (!act.note_file.empty()) RETURN_IF_ERROR(SetNote(act, request.mutable_fact()->mutable_note()));
  return Send(std::move(request), act, &Privacy::DecideErasure,
              fmt::format("erasure {} is decided and waits for a second person: caseledger privacy "
                          "approve",
                          act.key),
              options);
}

absl::StatusOr<int> Approve(const Act& act, const ClientOptions& options) {
  v1::ApproveErasureRequest request;
  request.mutable_fact()->set_request_id(act.key);
  return Send(
      std::move(request), act, &Privacy::ApproveErasure,
      fmt::format("erasure {} is approved; carry it out with: caseledger privacy erase", act.key),
      options);
}

// Asks on a terminal; elsewhere --yes must be given.
bool IsSure(const Act& act) {
  if (act.sure) return true;
  if (isatty(STDIN_FILENO) == 0) return false;
  fmt::print(stderr,
             "All that is personal about {} will be gone for good, with every case and contact "
             "that is about nobody else. Nobody can undo it. Type `erase` to go on: ",
             act.person);
  std::string answer;
  return static_cast<bool>(std::getline(std::cin, answer)) && answer == "erase";
}

absl::StatusOr<int> Erase(const Act& act, const ClientOptions& options) {
  if (!IsSure(act)) {
    return absl::FailedPreconditionError("nothing was erased; confirm it, or give --yes");
  }
  v1::ErasePersonRequest request;
  request.mutable_fact()->set_request_id(act.key);
  return Send(std::move(request), act, &Privacy::ErasePerson,
              "erased; when nobody can undo it any more: caseledger privacy erasure", options);
}

absl::StatusOr<int> Restrict(const Act& act, const ClientOptions& options) {
  v1::RestrictProcessingRequest request;
  request.mutable_fact()->set_restriction_id(act.key);
  request.mutable_fact()->set_reason(act.reason);
  if (!act.note_file.empty()) RETURN_IF_ERROR(SetNote(act, request.mutable_fact()->mutable_note()));
  return Send(std::move(request), act, &Privacy::RestrictProcessing,
              fmt::format("restriction {}: what is held is only kept from now on", act.key),
              options);
}

absl::StatusOr<int> Lift(const Act& act, const ClientOptions& options) {
  v1::LiftRestrictionRequest request;
  request.mutable_fact()->set_restriction_id(act.key);
  request.mutable_fact()->set_reason(act.reason);
  return Send(std::move(request), act, &Privacy::LiftRestriction,
              fmt::format("restriction {} has ended", act.key), options);
}

using Run = absl::StatusOr<int> (*)(const Act& act, const ClientOptions& options);

// A command about a person; `key_option` names the request or restriction.
CLI::App* AddAct(CLI::App& group, Chosen& chosen, const std::string& name, const std::string& help,
                 const std::string& key_option, const std::shared_ptr<Act>& act, Run run) {
  CLI::App* command = group.add_subcommand(name, help);
  command->add_option("PERSON", act->person, "UUID or external reference")->required();
  command->add_option(key_option, act->key, "Its key, such as `2026-014`")->required();
  command->add_option("--at", act->occurred,
                      "When it happened, such as 2026-03-05T14:00; else now");
  command->callback([act, run, &chosen] {
    chosen.action = [act, run](const ClientOptions& client) { return run(*act, client); };
  });
  return command;
}

void AddNote(CLI::App& command, const std::shared_ptr<Act>& act) {
  command.add_option("--note-file", act->note_file,
                     "Remarks, from a file or `-` for standard input; sealed as all notes are");
}

void AddRequestActs(CLI::App& group, Chosen& chosen) {
  const auto received = std::make_shared<Act>();
  CLI::App* receive =
      AddAct(group, chosen, "receive", "Record that somebody asked for what the law gives them.",
             "--request", received, Receive);
  receive->footer(
      "Example:\n  caseledger privacy receive PERSON --request 2026-014 --kind access "
      "--asked-by self --channel letter --purpose data_protection");
  receive->add_option("--kind", received->kind, "access, correction, restriction or erasure")
      ->required();
  receive->add_option("--asked-by", received->asked_by, "self, representative, heir or authority")
      ->required();
  receive->add_option("--channel", received->channel, "How it came in, such as letter or walk_in")
      ->required();
  receive->add_option("--representative", received->representative, "Who asked for them");
  AddNote(*receive, received);

  const auto answered = std::make_shared<Act>();
  CLI::App* answer = AddAct(group, chosen, "answer", "Record what became of a request.",
                            "--request", answered, Answer);
  answer->add_option("--outcome", answered->outcome, "accepted, fulfilled, refused or withdrawn")
      ->required()
      ->check(CLI::IsMember({"accepted", "fulfilled", "refused", "withdrawn"}));
  answer->add_option("--reason", answered->reason,
                     "Of a refusal, such as law_requires_keeping or identity_not_shown");
  AddNote(*answer, answered);
}

void AddErasureActs(CLI::App& group, Chosen& chosen) {
  const auto decided = std::make_shared<Act>();
  CLI::App* decide = AddAct(group, chosen, "decide", "Decide that a person is to be erased.",
                            "--request", decided, Decide);
  decide->footer(
      "A second person approves it, then it is carried out:\n"
      "  caseledger privacy decide PERSON --request 2026-014\n"
      "  caseledger privacy approve PERSON --request 2026-014\n"
      "  caseledger privacy erase PERSON --request 2026-014");
  decide->add_option("--retention-rule", decided->retention_rule,
                     "The rule by which it is due, when nobody asked for it");
  AddNote(*decide, decided);
  AddAct(group, chosen, "approve", "Approve an erasure that somebody else decided.", "--request",
         std::make_shared<Act>(), Approve);
  const auto erased = std::make_shared<Act>();
  CLI::App* erase =
      AddAct(group, chosen, "erase", "Erase a person for good, once it was decided and approved.",
             "--request", erased, Erase);
  erase->add_flag("--yes", erased->sure, "Do not ask");
}

void AddRestrictionActs(CLI::App& group, Chosen& chosen) {
  const auto restricted = std::make_shared<Act>();
  CLI::App* restrict =
      AddAct(group, chosen, "restrict", "Only keep what is held about a person, and not use it.",
             "--restriction", restricted, Restrict);
  restrict
      ->add_option("--reason", restricted->reason,
                   "Such as accuracy_contested, objection or legal_claim")
      ->required();
  AddNote(*restrict, restricted);
  const auto lifted = std::make_shared<Act>();
  CLI::App* lift =
      AddAct(group, chosen, "lift", "End a restriction.", "--restriction", lifted, Lift);
  lift->add_option("--reason", lifted->reason,
                   "Such as data_corrected, claim_settled or objection_withdrawn")
      ->required();
}

}  // namespace

void AddPrivacyActs(CLI::App& group, Chosen& chosen) {
  AddRequestActs(group, chosen);
  AddErasureActs(group, chosen);
  AddRestrictionActs(group, chosen);
}

}  // namespace caseledger::cli
