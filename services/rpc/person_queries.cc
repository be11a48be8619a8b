// The search for persons. Whom the caller may not see is never opened, so that nothing about them
// can be told: not that they are there, and not that a number is theirs.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/person_search/index_key.h"
#include "projections/person_search/person_search.h"
#include "projections/person_search/text/fit.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "services/access/redaction.h"
#include "services/rpc/queries.h"
#include "services/rpc/read_model_view.h"
#include "services/rpc/recorded_event.h"
#include "services/rpc/requests.h"

namespace caseledger::rpc {
namespace {

namespace search = projections::person_search;
using access::Level;
using commands::Ledger;
using commands::Violation;

constexpr size_t kStandardPersons = 20;

enum class PersonOrder { kBestFit, kFirstBorn, kLastBorn };

constexpr Orders<PersonOrder, 3> kPersonOrders{{{"score desc", PersonOrder::kBestFit},
                                                {"birth_year", PersonOrder::kFirstBorn},
                                                {"birth_year desc", PersonOrder::kLastBorn}}};

// Scores differ by less only through rounding.
constexpr double kScoreSteps = 1e6;

search::Asked AskedBy(const v1::SearchPersonsRequest& request) {
  return {.name = request.name(),
          .last_word_unfinished = request.last_word_unfinished(),
          .phone = request.phone(),
          .identity_number = request.identity_number()};
}

// By what was searched, never for what.
std::string TrailOf(const v1::SearchPersonsRequest& request) {
  const auto whether = [](const std::string& text) { return text.empty() ? "" : "asked"; };
  return StrCat("name=", whether(request.name()), " phone=", whether(request.phone()),
                " identity_number=", whether(request.identity_number()),
                " wider=", request.wider() ? "true" : "false", " page_size=", request.page_size(),
                " order_by=", request.order_by());
}

// All that cannot be looked up, each told of its field.
absl::StatusOr<search::AskedTokens> TokensOf(const search::BlindIndex& index,
                                             const search::Asked& asked) {
  absl::StatusOr<search::AskedTokens> tokens = index.TokensOf(asked);
  if (!absl::IsInvalidArgument(tokens.status())) return tokens;
  std::vector<Violation> violations;
  const auto check = [&](const char* field, const std::string& text, const search::Asked& alone) {
    if (text.empty()) return;
    const absl::Status status = index.TokensOf(alone).status();
    if (!status.ok()) violations.push_back({field, std::string(FromAbsl(status.message()))});
  };
  check("name", asked.name, {.name = asked.name});
  check("phone", asked.phone, {.phone = asked.phone});
  check("identity_number", asked.identity_number, {.identity_number = asked.identity_number});
  if (violations.empty()) {
    violations.push_back({"name", std::string(FromAbsl(tokens.status().message()))});
  }
  return commands::InvalidRequest(violations);
}

// What the question looks up, for its page tokens: a keyed hash, which tells nothing of its texts.
std::string QuestionOf(const v1::SearchPersonsRequest& request,
                       const std::vector<search::BlindTokens>& alternatives) {
  projections::KeyBuilder question;
  question.Text("persons@1").Text(request.wider() ? "wider" : "strict").Text(request.order_by());
  for (const search::BlindTokens& tokens : alternatives) {
    question.Number(tokens.size());
    for (const search::BlindToken& token : tokens) question.Raw(token.raw());
  }
  return question.Take();
}

// Somebody who fits and may be seen.
struct Match {
  search::Candidate candidate;
  search::OpenedPerson person;
  search::PersonFit fit;
  Level level = Level::kNothing;
  std::string key;  // in order of these they are shown
};

std::string KeyOf(PersonOrder order, uint32_t birth_year, double score, const Uuid& person) {
  projections::KeyBuilder key;
  if (order != PersonOrder::kBestFit) {
    const uint64_t year = birth_year;
    key.Number(birth_year == 0 ? ~uint64_t{0} : order == PersonOrder::kFirstBorn ? year : ~year);
  }
  const auto steps = static_cast<uint64_t>(std::llround(score * kScoreSteps));
  return key.Number(~steps).Id(person).Take();
}

absl::StatusOr<std::vector<Match>> Judge(Reading& reading, const v1::SearchPersonsRequest& request,
                                         PersonOrder order,
                                         std::vector<search::Candidate> candidates) {
  const commands::LedgerParts& parts = reading.ledger().parts;
  const search::Asked asked = AskedBy(request);
  std::vector<Match> matches;
  for (search::Candidate& candidate : candidates) {
    ASSIGN_OR_RETURN(const commands::Verdict verdict,
                     reading.AskToShow(PersonStream(candidate.person_id)));
    // Below, that a name or number fits would tell what is not to be shown.
    if (!verdict.allowed() || verdict.answer.level < Level::kPersonal) continue;
    ASSIGN_OR_RETURN(search::OpenedPerson person,
                     search::Open(candidate, *parts.log, parts.name, KeysOf(parts),
                                  !request.identity_number().empty()));
    const std::optional<search::PersonFit> fit = search::FitOf(asked, person.text);
    if (!fit.has_value() || (!request.wider() && fit->fit == search::Fit::kSimilar)) continue;
    std::string key = KeyOf(order, person.birth_year, fit->score, candidate.person_id);
    matches.push_back(
        {std::move(candidate), std::move(person), *fit, verdict.answer.level, std::move(key)});
  }
  std::sort(matches.begin(), matches.end(),
            [](const Match& a, const Match& b) { return a.key < b.key; });
  return matches;
}

absl::Status Show(Reading& reading, const Match& match, v1::SearchPersonsResponse& response) {
  ASSIGN_OR_RETURN(const bool shown, reading.Shows(PersonStream(match.candidate.person_id)));
  if (!shown) return absl::OkStatus();
  v1::PersonMatch& out = *response.add_persons();
  out.set_person_id(match.candidate.person_id.ToString());
  if (!match.candidate.survivor.is_nil()) {
    ASSIGN_OR_RETURN(const bool known, reading.Shows(PersonStream(match.candidate.survivor)));
    if (known) out.set_survivor_person_id(match.candidate.survivor.ToString());
  }
  const std::vector<std::string>& names = match.person.text.names;
  if (!names.empty()) out.set_full_name(names.front());
  if (match.fit.name > 0) out.set_matched_alias(names[match.fit.name]);
  out.set_sex(match.person.sex);
  out.set_birth_year(match.person.birth_year);
  out.set_score(match.fit.score);
  out.set_fit(std::string(search::FitWord(match.fit.fit)));
  access::Redact(out, match.level, {});
  return absl::OkStatus();
}

}  // namespace

absl::Status Queries::SearchPersons(Reading& reading, const v1::SearchPersonsRequest& request,
                                    absl::Duration wait,
                                    v1::SearchPersonsResponse& response) const {
  ASSIGN_OR_RETURN(const Ledger* ledger,
                   reading.Begin(request.ledger(), options::v1::RECORD_KIND_PERSON));
  ASSIGN_OR_RETURN(const PersonOrder order, OrderOf(request.order_by(), kPersonOrders));
  reading.AskedFor(TrailOf(request));
  // First of all, so that a missing vault is told as such.
  ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::SecretKey> key,
                   KeysOf(ledger->parts).IndexKey(ledger->parts.name));
  ASSIGN_OR_RETURN(search::AskedTokens tokens,
                   TokensOf(search::IndexUnder(*key, ledger->parts.name), AskedBy(request)));
  const auto& alternatives = request.wider() ? tokens.wider : tokens.strict;
  const std::string question = QuestionOf(request, alternatives);
  std::string after;
  if (!request.page_token().empty()) {
    ASSIGN_OR_RETURN(const projections::PagePoint point,
                     projections::ReadPageToken(question, request.page_token()));
    after = point.after_key;
  }
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kPersonSearchName,
                                                    request.min_position(), nullptr, wait));
  RETURN_IF_ERROR(search::CheckKey(*view.snapshot, *key, ledger->parts.name));
  ASSIGN_OR_RETURN(search::Candidates found, search::FindCandidates(*view.snapshot, alternatives));
  response.set_common_words_only(tokens.common_words_only);
  response.set_more_candidates(found.more);
  response.set_reflected_events(found.reflected_events);
  ASSIGN_OR_RETURN(const std::vector<Match> matches,
                   Judge(reading, request, order, std::move(found.persons)));
  if (request.count_total()) {
    response.set_total_size(matches.size());
    response.set_total_is_partial(found.more);
  }
  const size_t most =
      request.page_size() == 0 ? kStandardPersons : static_cast<size_t>(request.page_size());
  std::string last;
  for (const Match& match : matches) {
    if (match.key <= after) continue;
    if (response.persons_size() == static_cast<int>(most)) {
      response.set_next_page_token(
          projections::MakePageToken(question, {found.reflected_events, last}));
      break;
    }
    RETURN_IF_ERROR(Show(reading, match, response));
    last = match.key;
  }
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
