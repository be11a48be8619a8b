#include "projections/person_search/person_search.h"

#include <algorithm>
#include <utility>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/sealing/sealed_fact.h"
#include "projections/effective/fact_groups.h"
#include "projections/person_search/index_key.h"
#include "projections/person_search/layout.h"
#include "projections/person_search/person_facts.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace person_search {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;

constexpr uint32_t kRowsVersion = 2;
// Document numbers of a person that are looked up: the newest.
constexpr size_t kMostNumbers = 64;
// Reversed merges of a person that are remembered: the newest.
constexpr size_t kMostPartings = 64;

// All of a person together: which attributes hold depends on all of them.
std::vector<std::string> GroupsOf(const Fact& fact) {
  const bool needed = HoldsAttributes(fact) || HoldsNumber(fact) || fact.has_persons_merged() ||
                      fact.has_merge_reversed();
  if (!needed) return {};
  return {""};
}

constexpr FactGroups kFacts(kFactsSpace, kFactIndexSpace, GroupsOf);

// The fact that the event states or corrects.
Uuid FactOf(const RecordedEvent& event, const Fact& fact) {
  if (!fact.has_fact_corrected()) return event.event_id;
  return Uuid::Parse(fact.fact_corrected().target_event_id()).value_or(Uuid());
}

// The record that goes on for `person` after this fact, where `before` did.
Uuid MergedInto(const Uuid& person, const Fact& fact, const Uuid& before) {
  if (fact.has_persons_merged() && fact.persons_merged().merged_person_id() == person.ToString()) {
    return Uuid::Parse(fact.persons_merged().survivor_person_id()).value_or(Uuid());
  }
  if (fact.has_merge_reversed() && fact.merge_reversed().merged_person_id() == person.ToString()) {
    return {};
  }
  return before;
}

// Remembers whom the person was parted from, if this fact says so; a merge anew forgets it.
void TakeParting(const Uuid& person, const Fact& fact, std::vector<Uuid>& parted_from) {
  if (!fact.has_persons_merged() && !fact.has_merge_reversed()) return;
  const bool reversed = fact.has_merge_reversed();
  const std::string& survivor = reversed ? fact.merge_reversed().survivor_person_id()
                                         : fact.persons_merged().survivor_person_id();
  const std::string& merged = reversed ? fact.merge_reversed().merged_person_id()
                                       : fact.persons_merged().merged_person_id();
  const Uuid other =
      Uuid::Parse(survivor == person.ToString() ? merged : survivor).value_or(Uuid());
  std::erase(parted_from, other);
  if (reversed) parted_from.push_back(other);
  if (parted_from.size() > kMostPartings) parted_from.erase(parted_from.begin());
}

// What holds of the person by the facts in force; their sources are among those of `known`.
PersonRow Fold(const Uuid& person, const std::vector<EffectiveFact>& in_order,
               const PersonRow& known) {
  PersonRow row;
  row.had_tokens = known.had_tokens;
  BlindTokens names;
  std::vector<const Source*> numbers;
  for (const EffectiveFact& effective : in_order) {
    row.merged_into = MergedInto(person, effective.fact, row.merged_into);
    TakeParting(person, effective.fact, row.parted_from);
    const auto source =
        std::find_if(known.sources.begin(), known.sources.end(),
                     [&](const Source& one) { return one.event_id == effective.event_id; });
    if (source == known.sources.end()) continue;
    row.sources.push_back(*source);
    if (HoldsNumber(effective.fact)) {
      numbers.push_back(&*source);
    } else {
      row.names_at = source->position;
      names = UnpackTokens(source->tokens);
    }
  }
  if (numbers.size() > kMostNumbers) numbers.erase(numbers.begin(), numbers.end() - kMostNumbers);
  BlindTokens all = std::move(names);
  for (const Source* source : numbers) {
    row.identifiers_at.push_back(source->position);
    const BlindTokens tokens = UnpackTokens(source->tokens);
    all.insert(all.end(), tokens.begin(), tokens.end());
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  row.tokens = PackTokens(all);
  row.had_tokens = row.had_tokens || !all.empty();
  return row;
}

class PersonSearch final : public Projection {
 public:
  PersonSearch(std::string ledger, eventstore::DataKeys& keys)
      : ledger_(std::move(ledger)), keys_(keys) {}

  std::string_view name() const override { return kPersonSearchName; }
  uint32_t version() const override {
    return kRowsVersion * 1'000'000 + static_cast<uint32_t>(IndexVersion());
  }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == options::v1::RECORD_KIND_PERSON;
  }

  void Expect(const eventstore::EventList& events) override {
    std::vector<Uuid> ids;
    for (const RecordedEvent& event : events) {
      if (Wants(event.stream.kind)) eventstore::AddKeysOf(event, ids);
    }
    keys_.ExpectToFind(ledger_, ids);
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    const Uuid& person = event.stream.id;
    ASSIGN_OR_RETURN(const std::optional<std::string> erased, batch.Get(ErasedKey(person)));
    if (erased.has_value()) return absl::OkStatus();
    if (fact.has_person_erased()) return Erase(person, batch);
    ASSIGN_OR_RETURN(const std::vector<std::string> changed, kFacts.Apply(event, fact, batch));
    if (changed.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<EffectiveFact> facts, kFacts.Read(batch, event.stream, ""));
    ASSIGN_OR_RETURN(PersonRow known, Load(person, batch));
    const std::string had = known.tokens;
    RETURN_IF_ERROR(TakeSource(event, fact, known, batch));
    const PersonRow row = Fold(person, facts, known);
    WriteTokens(person, UnpackTokens(had), UnpackTokens(row.tokens), batch);
    batch.Put(PersonKey(person), EncodeRow(row));
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<PersonRow> Load(const Uuid& person, const ReadModelBatch& batch) {
    ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(PersonKey(person)));
    if (!stored.has_value()) return PersonRow();
    return DecodeRow<PersonRow>(*stored);
  }

  static void WriteTokens(const Uuid& person, const BlindTokens& before, const BlindTokens& after,
                          ReadModelBatch& batch) {
    for (const BlindToken& token : before) {
      if (!std::binary_search(after.begin(), after.end(), token)) {
        batch.Delete(TokenKey(token, person));
      }
    }
    for (const BlindToken& token : after) {
      if (!std::binary_search(before.begin(), before.end(), token)) {
        batch.Put(TokenKey(token, person), "");
      }
    }
  }

  // By what is stored alone: the texts cannot be opened any more.
  static absl::Status Erase(const Uuid& person, ReadModelBatch& batch) {
    ASSIGN_OR_RETURN(const PersonRow row, Load(person, batch));
    WriteTokens(person, UnpackTokens(row.tokens), {}, batch);
    batch.Delete(PersonKey(person));
    batch.Put(ErasedKey(person), "");
    if (row.had_tokens) batch.PurgeDeleted();
    return absl::OkStatus();
  }

  // Makes tokens of the texts that the event holds, if any.
  absl::Status TakeSource(const RecordedEvent& event, const Fact& fact, PersonRow& row,
                          ReadModelBatch& batch) {
    if (!HoldsAttributes(StatedBy(fact)) && !HoldsNumber(StatedBy(fact))) return absl::OkStatus();
    RETURN_IF_ERROR(TakeKey(batch));
    ASSIGN_OR_RETURN(const Fact stated, OpenStated(ledger_, event, keys_));
    PersonText text;
    AddText(stated, text);
    Source source{FactOf(event, fact), event.position,
                  PackTokens(IndexUnder(*key_, ledger_).TokensOf(text))};
    std::erase_if(row.sources, [&](const Source& old) { return old.event_id == source.event_id; });
    row.sources.push_back(std::move(source));
    return absl::OkStatus();
  }

  absl::Status TakeKey(ReadModelBatch& batch) {
    if (key_ == nullptr) {
      ASSIGN_OR_RETURN(key_, keys_.IndexKey(ledger_));
    }
    RETURN_IF_ERROR(CheckKey(batch, *key_, ledger_));
    batch.Put(std::string(1, kKeySpace), CheckValueOf(*key_, ledger_));
    return absl::OkStatus();
  }

  const std::string ledger_;
  eventstore::DataKeys& keys_;
  std::shared_ptr<const eventstore::SecretKey> key_;
};

}  // namespace
}  // namespace person_search

std::unique_ptr<Projection> MakePersonSearch(std::string ledger, eventstore::DataKeys& keys) {
  return std::make_unique<person_search::PersonSearch>(std::move(ledger), keys);
}

}  // namespace caseledger::projections
