#include "projections/definition_texts/deadline_terms.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "google/protobuf/text_format.h"
#include "projections/definition_texts/legal_time.h"

namespace caseledger::projections {
namespace {

constexpr char kRequestFact[] = "data_request_received";
constexpr std::string_view kOutcomePrefix = "DATA_REQUEST_OUTCOME_";

template <typename List>
bool Holds(const List& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Such as `fulfilled`.
std::string OutcomeOf(const event::v1::DataRequestAnswered& answered) {
  std::string name = event::v1::DataRequestOutcome_Name(answered.outcome());
  if (!std::string_view(name).starts_with(kOutcomePrefix)) return "";
  return absl::AsciiStrToLower(name.substr(kOutcomePrefix.size()));
}

}  // namespace

std::string NameOf(const event::v1::Fact& fact) {
  const auto* field = event::v1::Fact::descriptor()->FindFieldByNumber(fact.kind_case());
  return field == nullptr ? "" : field->name();
}

std::optional<AgencyTexts::Text> DeadlineTextOf(const event::v1::Fact& fact) {
  if (!fact.has_deadlines_loaded()) return std::nullopt;
  return AgencyTexts::Text{fact.deadlines_loaded().agency_id(), fact.deadlines_loaded().text()};
}

std::vector<std::string> DeadlineTextGroupsOf(const event::v1::Fact& fact) {
  if (!DeadlineTextOf(fact).has_value()) return {};
  return {""};
}

absl::StatusOr<v1::Deadlines> ReadDeadlines(std::string_view text) {
  v1::Deadlines deadlines;
  google::protobuf::TextFormat::Parser parser;
  // What a newer program accepted stays readable.
  parser.AllowUnknownField(true);
  if (!parser.ParseFromString(std::string(text), &deadlines)) {
    return absl::DataLossError("the logged text of deadlines cannot be read");
  }
  return deadlines;
}

bool Starts(const v1::Deadline& deadline, std::string_view request_kind) {
  return deadline.starts_with() == kRequestFact &&
         (deadline.request_kind().empty() || deadline.request_kind() == request_kind);
}

bool Ends(const v1::Deadline& deadline, const event::v1::Fact& fact) {
  const std::string name = NameOf(fact);
  if (Holds(deadline.cancelled_by(), name)) return true;
  if (!Holds(deadline.met_by(), name)) return false;
  return !fact.has_data_request_answered() || deadline.outcome().empty() ||
         Holds(deadline.outcome(), OutcomeOf(fact.data_request_answered()));
}

Micros DueAt(const v1::Deadline& deadline, Micros start) {
  if (deadline.hours() > 0) return AfterHours(start, deadline.hours());
  if (deadline.working_days() > 0) return AfterWorkingDays(start, deadline.working_days());
  return AfterDays(start, deadline.days());
}

}  // namespace caseledger::projections
