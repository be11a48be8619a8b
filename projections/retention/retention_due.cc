#include "projections/retention/retention_due.h"

#include <limits>
#include <optional>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/definition_texts/agency_texts.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/retention/layout.h"
#include "projections/retention/retention_fold.h"
#include "projections/retention/retention_terms.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;

constexpr auto kPerson = static_cast<uint32_t>(options::v1::RECORD_KIND_PERSON);
constexpr auto kCase = static_cast<uint32_t>(options::v1::RECORD_KIND_CASE_RECORD);
constexpr auto kDefinition = static_cast<uint32_t>(options::v1::RECORD_KIND_DEFINITION);
constexpr Micros kNow = std::numeric_limits<Micros>::max();  // the newest text counts

std::vector<std::string> GroupsOf(const Fact& fact) {
  if (!MattersToRetention(fact)) return {};
  return {""};
}

std::vector<std::string> ErasureGroupsOf(const Fact& fact) {
  if (!fact.has_person_erased()) return {};
  return {""};
}

std::optional<AgencyTexts::Text> TextOf(const Fact& fact) {
  if (!fact.has_retention_rules_loaded()) return std::nullopt;
  const event::v1::RetentionRulesLoaded& loaded = fact.retention_rules_loaded();
  return AgencyTexts::Text{loaded.agency_id(), loaded.text()};
}

std::vector<std::string> TextGroupsOf(const Fact& fact) {
  if (!TextOf(fact).has_value()) return {};
  return {""};
}

constexpr FactGroups kFacts(retention::kFactsSpace, retention::kFactIndexSpace, GroupsOf);
constexpr FactGroups kErasures(retention::kErasuresSpace, retention::kErasureIndexSpace,
                               ErasureGroupsOf);
constexpr AgencyTexts kTexts(retention::kNamesSpace, retention::kTextsSpace,
                             retention::kTextIndexSpace, TextGroupsOf, TextOf);

std::string CaseKey(const Uuid& case_id) {
  return KeyBuilder(retention::kCaseSpace).Id(case_id).Take();
}

std::string PersonPrefix(const Uuid& person_id) {
  return KeyBuilder(retention::kPersonSpace).Id(person_id).Take();
}

std::string PersonKey(const Uuid& person_id, const Uuid& case_id) {
  return KeyBuilder(retention::kPersonSpace).Id(person_id).Id(case_id).Take();
}

std::string DueKey(Micros due_at, const Uuid& case_id) {
  return KeyBuilder(retention::kDueSpace).Time(due_at).Id(case_id).Take();
}

// The cases whose keys begin so; the id is what follows.
absl::StatusOr<std::vector<Uuid>> CasesUnder(const std::string& prefix,
                                             const ReadSnapshot& snapshot) {
  std::vector<Uuid> cases;
  absl::Status damage;
  RETURN_IF_ERROR(snapshot.Scan(prefix, EndOfPrefix(prefix), [&](std::string_view key, auto) {
    KeyReader reader(key);
    reader.Skip(prefix.size());
    cases.push_back(reader.Id());
    if (!reader.Finished()) damage = absl::DataLossError("a key of the retention table is damaged");
    return damage.ok();
  }));
  RETURN_IF_ERROR(damage);
  return cases;
}

class Retention final : public Projection {
 public:
  std::string_view name() const override { return kRetentionName; }
  uint32_t version() const override { return 1; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == kCase || record_kind == kPerson || record_kind == kDefinition;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    if (event.stream.kind == kDefinition) {
      ASSIGN_OR_RETURN(const bool changed, kTexts.Apply(event, fact, batch));
      return changed ? WriteAll(std::string(1, retention::kCaseSpace), batch) : absl::OkStatus();
    }
    if (event.stream.kind == kPerson) {
      ASSIGN_OR_RETURN(const std::vector<std::string> changed, kErasures.Apply(event, fact, batch));
      return changed.empty() ? absl::OkStatus() : WriteAll(PersonPrefix(event.stream.id), batch);
    }
    ASSIGN_OR_RETURN(const std::vector<std::string> changed, kFacts.Apply(event, fact, batch));
    return changed.empty() ? absl::OkStatus() : Write(event.stream.id, batch);
  }

 private:
  absl::Status WriteAll(const std::string& prefix, ReadModelBatch& batch) {
    ASSIGN_OR_RETURN(const std::vector<Uuid> cases, CasesUnder(prefix, batch));
    for (const Uuid& case_id : cases) RETURN_IF_ERROR(Write(case_id, batch));
    return absl::OkStatus();
  }

  absl::Status Write(const Uuid& case_id, ReadModelBatch& batch) {
    RETURN_IF_ERROR(Delete(case_id, batch));
    ASSIGN_OR_RETURN(const std::vector<EffectiveFact> facts,
                     kFacts.Read(batch, StreamId{kCase, case_id}, ""));
    std::optional<KeptCase> kept = FoldKeptCase(facts);
    if (!kept.has_value()) return absl::OkStatus();
    RETURN_IF_ERROR(FindRule(*kept, batch));
    batch.Put(CaseKey(case_id), EncodeRow(*kept));
    std::vector<Uuid> left;
    for (const Uuid& person : kept->persons) {
      batch.Put(PersonKey(person, case_id), "");
      ASSIGN_OR_RETURN(const auto erasures, kErasures.Read(batch, StreamId{kPerson, person}, ""));
      if (erasures.empty()) left.push_back(person);
    }
    if (kept->due_at.has_value() && !left.empty()) {
      batch.Put(DueKey(*kept->due_at, case_id), EncodeRow(left));
    }
    return absl::OkStatus();
  }

  static absl::Status Delete(const Uuid& case_id, ReadModelBatch& batch) {
    ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(CaseKey(case_id)));
    if (!stored.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const KeptCase old, DecodeRow<KeptCase>(*stored));
    batch.Delete(CaseKey(case_id));
    for (const Uuid& person : old.persons) batch.Delete(PersonKey(person, case_id));
    if (old.due_at.has_value()) batch.Delete(DueKey(*old.due_at, case_id));
    return absl::OkStatus();
  }

  absl::Status FindRule(KeptCase& kept, const ReadModelBatch& batch) {
    if (!kept.closed_at.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::optional<std::string> text,
                     kTexts.InForce(batch, kept.owner_agency_id, kNow));
    if (!text.has_value()) return absl::OkStatus();
    if (*text != read_text_) {
      ASSIGN_OR_RETURN(read_rules_, ReadRetentionRules(*text));
      read_text_ = *text;
    }
    const v1::RetentionRule* rule = RuleFor(read_rules_, kept.case_type);
    if (rule == nullptr) return absl::OkStatus();
    kept.due_at = DueAt(*rule, *kept.closed_at);
    kept.rule_id = rule->id();
    return absl::OkStatus();
  }

  // The text read last and what it says: a load computes thousands of cases by one.
  std::string read_text_;
  v1::RetentionRules read_rules_;
};

}  // namespace

std::unique_ptr<Projection> MakeRetention() { return std::make_unique<Retention>(); }

}  // namespace caseledger::projections
