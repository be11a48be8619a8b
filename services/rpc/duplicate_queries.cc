// Records that may be of one human. Whom the caller may not see is never opened, as in a search.
#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/person_search/index_key.h"
#include "projections/person_search/similar.h"
#include "projections/person_search/text/same_human.h"
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

constexpr size_t kStandardPairs = 20;
// Persons that a page looks at, so that no page takes longer than a second or so.
constexpr size_t kMostLookedAt = 200;
// Opened persons that a page remembers.
constexpr size_t kMostOpened = 4'096;
constexpr double kWeightSteps = 1e6;

// A record that the caller may see, with what its texts say.
struct Known {
  search::IndexedPerson indexed;
  search::OpenedPerson opened;
  Level level = Level::kNothing;

  const Uuid& id() const { return indexed.candidate.person_id; }
  const Uuid& survivor() const { return indexed.candidate.survivor; }
  const Uuid& goes_on_as() const { return survivor().is_nil() ? id() : survivor(); }
};

using KnownPerson = std::shared_ptr<const Known>;

struct Pair {
  KnownPerson record;
  KnownPerson other;
  search::Resemblance resemblance;
  bool parted = false;
  std::string key;  // in order of these they are shown
};

std::string KeyOf(const Uuid& record, double bits, const Uuid& other) {
  const auto steps = static_cast<uint64_t>(std::llround(std::max(bits, 0.0) * kWeightSteps));
  return projections::KeyBuilder().Id(record).Number(~steps).Id(other).Take();
}

bool Lists(const std::vector<Uuid>& ids, const Uuid& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// One question's walk over the index.
class Finder {
 public:
  Finder(Reading& reading, const projections::ReadSnapshot& snapshot, search::BlindIndex blind)
      : reading_(reading), index_(snapshot), blind_(blind) {}

  // Null when there is none that the caller may see so much of.
  absl::StatusOr<KnownPerson> Find(const Uuid& person) {
    if (const auto found = known_.find(person); found != known_.end()) return found->second;
    ASSIGN_OR_RETURN(KnownPerson known, Read(person));
    if (known_.size() >= kMostOpened) known_.clear();
    known_[person] = known;
    return known;
  }

  // The likeliest first. `all`: else those alone that come after the person in order.
  absl::StatusOr<std::vector<Pair>> PairsOf(const KnownPerson& person, bool all,
                                            bool include_parted) {
    std::vector<Pair> pairs;
    const search::PersonText& text = person->opened.text;
    const search::BlindTokens numbers = blind_.TokensOf(
        search::PersonText{.phone = text.phone, .identity_numbers = text.identity_numbers});
    ASSIGN_OR_RETURN(const search::SimilarPersons like_this,
                     index_.LikeThis(person->indexed, numbers));
    more_ = more_ || like_this.more;
    for (const Uuid& id : like_this.persons) {
      if (!all && id < person->id()) continue;
      ASSIGN_OR_RETURN(const KnownPerson other, Find(id));
      if (other == nullptr) continue;
      ASSIGN_OR_RETURN(std::optional<Pair> pair, Judge(person, other));
      if (pair.has_value() && (include_parted || !pair->parted)) pairs.push_back(*std::move(pair));
    }
    std::sort(pairs.begin(), pairs.end(),
              [](const Pair& a, const Pair& b) { return a.key < b.key; });
    return pairs;
  }

  bool more() const { return more_; }

 private:
  absl::StatusOr<KnownPerson> Read(const Uuid& person) {
    const commands::LedgerParts& parts = reading_.ledger().parts;
    ASSIGN_OR_RETURN(std::optional<search::IndexedPerson> indexed, index_.Find(person));
    if (!indexed.has_value()) return KnownPerson();
    ASSIGN_OR_RETURN(const commands::Verdict verdict, reading_.AskToShow(PersonStream(person)));
    // Below, that two names are alike would tell what is not to be shown.
    if (!verdict.allowed() || verdict.answer.level < Level::kPersonal) return KnownPerson();
    ASSIGN_OR_RETURN(search::OpenedPerson opened,
                     search::Open(indexed->candidate, *parts.log, parts.name, KeysOf(parts), true));
    return std::make_shared<const Known>(
        Known{*std::move(indexed), std::move(opened), verdict.answer.level});
  }

  // nullopt: they are one already, or hardly are.
  absl::StatusOr<std::optional<Pair>> Judge(const KnownPerson& record, const KnownPerson& other) {
    if (record->goes_on_as() == other->goes_on_as()) return std::optional<Pair>();
    Pair pair{.record = record,
              .other = other,
              .resemblance = search::ResemblanceOf(record->opened, other->opened),
              .key = {}};
    if (pair.resemblance.bits < search::kPossiblyOne) return std::optional<Pair>();
    ASSIGN_OR_RETURN(const bool said, SaidByThoseThatGoOn(*record, *other));
    if (said) return std::optional<Pair>();
    pair.parted = Lists(record->indexed.parted_from, other->id());
    pair.key = KeyOf(record->id(), pair.resemblance.bits, other->id());
    return std::optional<Pair>(std::move(pair));
  }

  // The same pair is listed for the records that go on for these.
  absl::StatusOr<bool> SaidByThoseThatGoOn(const Known& record, const Known& other) {
    if (record.survivor().is_nil() && other.survivor().is_nil()) return false;
    ASSIGN_OR_RETURN(const KnownPerson a, Find(record.goes_on_as()));
    ASSIGN_OR_RETURN(const KnownPerson b, Find(other.goes_on_as()));
    return a != nullptr && b != nullptr &&
           search::ResemblanceOf(a->opened, b->opened).bits >= search::kPossiblyOne;
  }

  Reading& reading_;
  search::SimilarityIndex index_;
  const search::BlindIndex blind_;
  absl::flat_hash_map<Uuid, KnownPerson> known_;
  bool more_ = false;
};

absl::Status ShowRecord(Reading& reading, const Known& known, v1::DuplicateRecord& out) {
  out.set_person_id(known.id().ToString());
  if (!known.survivor().is_nil()) {
    ASSIGN_OR_RETURN(const bool seen, reading.Shows(PersonStream(known.survivor())));
    if (seen) out.set_survivor_person_id(known.survivor().ToString());
  }
  const std::vector<std::string>& names = known.opened.text.names;
  if (!names.empty()) out.set_full_name(names.front());
  out.set_sex(known.opened.sex);
  out.set_birth_year(known.opened.birth_year);
  access::Redact(out, known.level, {});
  return absl::OkStatus();
}

absl::Status Show(Reading& reading, const Pair& pair,
                  v1::ListDuplicateCandidatesResponse& response) {
  ASSIGN_OR_RETURN(const bool record, reading.Shows(PersonStream(pair.record->id())));
  ASSIGN_OR_RETURN(const bool other, reading.Shows(PersonStream(pair.other->id())));
  if (!record || !other) return absl::OkStatus();
  v1::DuplicateCandidate& out = *response.add_candidates();
  RETURN_IF_ERROR(ShowRecord(reading, *pair.record, *out.mutable_record()));
  RETURN_IF_ERROR(ShowRecord(reading, *pair.other, *out.mutable_other()));
  out.set_weight(pair.resemblance.bits);
  for (const std::string_view reason : pair.resemblance.reasons) {
    out.add_reasons(std::string(reason));
  }
  out.set_parted(pair.parted);
  return absl::OkStatus();
}

// Where a page begins and what it is of.
struct Walk {
  std::string question;
  std::optional<Uuid> only;  // pairs of this person alone
  bool include_parted = false;
  size_t most = kStandardPairs;
  Uuid from{};        // the person to begin with
  std::string after;  // keys of pairs up to here were given
};

absl::StatusOr<Walk> WalkOf(Reading& reading, const v1::ListDuplicateCandidatesRequest& request) {
  Walk walk;
  walk.include_parted = request.include_parted();
  if (request.page_size() > 0) walk.most = static_cast<size_t>(request.page_size());
  if (!request.person_id().empty()) {
    ASSIGN_OR_RETURN(const eventstore::StreamId person,
                     reading.Open(options::v1::RECORD_KIND_PERSON, request.person_id(), true));
    walk.only = person.id;
    walk.from = person.id;
  }
  walk.question = StrCat("duplicates@1 ", walk.only.has_value() ? walk.from.ToString() : "all",
                         walk.include_parted ? " parted" : "");
  if (request.page_token().empty()) return walk;
  ASSIGN_OR_RETURN(const projections::PagePoint point,
                   projections::ReadPageToken(walk.question, request.page_token()));
  walk.after = point.after_key;
  const std::optional<Uuid> from = Uuid::FromBytes(walk.after.substr(0, 16));
  if (!from.has_value())
    return commands::InvalidRequest({{"page_token", "It is not of this list."}});
  walk.from = *from;
  return walk;
}

// Fills the page; gives where the next one begins, empty at the end.
absl::StatusOr<std::string> Fill(Reading& reading, Finder& finder, const Walk& walk,
                                 const search::Persons& persons,
                                 v1::ListDuplicateCandidatesResponse& response) {
  std::string last = walk.after;
  for (size_t i = 0; i < persons.size(); ++i) {
    if (i == kMostLookedAt) return projections::KeyBuilder().Id(persons[i]).Take();
    response.set_looked_at_persons(i + 1);
    ASSIGN_OR_RETURN(const KnownPerson person, finder.Find(persons[i]));
    if (person == nullptr) continue;
    ASSIGN_OR_RETURN(const std::vector<Pair> pairs,
                     finder.PairsOf(person, walk.only.has_value(), walk.include_parted));
    for (const Pair& pair : pairs) {
      if (pair.key <= walk.after) continue;
      if (response.candidates_size() == static_cast<int>(walk.most)) return last;
      RETURN_IF_ERROR(Show(reading, pair, response));
      last = pair.key;
    }
  }
  return std::string();
}

}  // namespace

absl::Status Queries::ListDuplicateCandidates(Reading& reading,
                                              const v1::ListDuplicateCandidatesRequest& request,
                                              absl::Duration wait,
                                              v1::ListDuplicateCandidatesResponse& response) const {
  ASSIGN_OR_RETURN(const commands::Ledger* ledger,
                   reading.Begin(request.ledger(), options::v1::RECORD_KIND_PERSON));
  reading.AskedFor(StrCat("person=", request.person_id().empty() ? "" : "asked",
                          " include_parted=", request.include_parted() ? "true" : "false",
                          " page_size=", request.page_size()));
  // First of all, so that a missing vault is told as such.
  ASSIGN_OR_RETURN(const std::shared_ptr<const eventstore::SecretKey> key,
                   KeysOf(ledger->parts).IndexKey(ledger->parts.name));
  ASSIGN_OR_RETURN(const Walk walk, WalkOf(reading, request));
  ASSIGN_OR_RETURN(const ReadModelView view, LookAt(*ledger, projections::kPersonSearchName,
                                                    request.min_position(), nullptr, wait));
  RETURN_IF_ERROR(search::CheckKey(*view.snapshot, *key, ledger->parts.name));
  search::Persons persons;
  if (walk.only.has_value()) {
    persons.push_back(*walk.only);
  } else {
    ASSIGN_OR_RETURN(persons, search::PersonsFrom(*view.snapshot, walk.from, kMostLookedAt + 1));
  }
  Finder finder(reading, *view.snapshot, search::IndexUnder(*key, ledger->parts.name));
  ASSIGN_OR_RETURN(const std::string next, Fill(reading, finder, walk, persons, response));
  response.set_more_candidates(finder.more());
  response.set_reflected_events(view.snapshot->applied_events());
  if (!next.empty()) {
    response.set_next_page_token(
        projections::MakePageToken(walk.question, {view.snapshot->applied_events(), next}));
  }
  return absl::OkStatus();
}

}  // namespace caseledger::rpc
