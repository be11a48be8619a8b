#include "projections/effective/fact_groups.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/effective/open_part.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;

struct StoredFact {
  Uuid event_id;
  uint64_t revision = 0;
  Micros occurred_at = 0;
  std::string fact;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(event_id, revision, occurred_at, fact);
  }
};

bool OccursBefore(const EffectiveFact& a, const EffectiveFact& b) {
  return std::tie(a.occurred_at, a.revision) < std::tie(b.occurred_at, b.revision);
}

std::vector<std::string> Union(const std::vector<std::string>& a,
                               const std::vector<std::string>& b) {
  std::set<std::string> all(a.begin(), a.end());
  all.insert(b.begin(), b.end());
  return {all.begin(), all.end()};
}

}  // namespace

absl::Status CheckKnown(const RecordedEvent& event, const Fact& fact) {
  if (fact.kind_case() != Fact::KIND_NOT_SET) return absl::OkStatus();
  return absl::UnimplementedError(
      StrCat("this program does not know events of type ", event.fact_type));
}

std::string FactGroups::GroupKey(const StreamId& stream, std::string_view group) const {
  return KeyBuilder(facts_space_).Number(stream.kind).Id(stream.id).Raw(group).Take();
}

std::string FactGroups::IndexKey(const Uuid& event_id) const {
  return KeyBuilder(index_space_).Id(event_id).Take();
}

absl::StatusOr<std::vector<std::string>> FactGroups::Apply(const RecordedEvent& event,
                                                           const Fact& fact,
                                                           ReadModelBatch& batch) const {
  switch (KindOf(fact)) {
    case Fact::kFactCorrected:
      return Correct(event.stream, fact.fact_corrected(), batch);
    case Fact::kEventVoided: {
      const auto target = Uuid::Parse(fact.event_voided().target_event_id());
      EffectiveFact removed;
      return target.has_value() ? Remove(event.stream, *target, batch, removed) : Groups();
    }
    default:
      return Insert(event.stream,
                    {event.event_id, event.revision, event.occurred_at, OpenPartOf(fact)}, batch);
  }
}

absl::StatusOr<FactGroups::Groups> FactGroups::Correct(const StreamId& stream,
                                                       const event::v1::FactCorrected& correction,
                                                       ReadModelBatch& batch) const {
  const auto target = Uuid::Parse(correction.target_event_id());
  if (!target.has_value()) return Groups();
  EffectiveFact fact;
  ASSIGN_OR_RETURN(const Groups before, Remove(stream, *target, batch, fact));
  if (before.empty()) return before;
  fact.fact = OpenPartOf(correction.replacement());
  if (correction.has_replacement_occurred_time()) {
    fact.occurred_at = ToMicros(correction.replacement_occurred_time());
  }
  ASSIGN_OR_RETURN(const Groups after, Insert(stream, fact, batch));
  return Union(before, after);
}

absl::StatusOr<FactGroups::Groups> FactGroups::Remove(const StreamId& stream, const Uuid& event_id,
                                                      ReadModelBatch& batch,
                                                      EffectiveFact& removed) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(IndexKey(event_id)));
  if (!stored.has_value()) return Groups();
  ASSIGN_OR_RETURN(Groups groups, DecodeRow<Groups>(*stored));
  for (const std::string& group : groups) {
    ASSIGN_OR_RETURN(std::vector<EffectiveFact> facts, Read(batch, stream, group));
    const auto it = std::find_if(facts.begin(), facts.end(), [&](const EffectiveFact& fact) {
      return fact.event_id == event_id;
    });
    // A target in another stream: corrections and voids reach their own stream only.
    if (it == facts.end()) return Groups();
    removed = std::move(*it);
    facts.erase(it);
    RETURN_IF_ERROR(Write(stream, group, facts, batch));
  }
  batch.Delete(IndexKey(event_id));
  return groups;
}

absl::StatusOr<FactGroups::Groups> FactGroups::Insert(const StreamId& stream,
                                                      const EffectiveFact& fact,
                                                      ReadModelBatch& batch) const {
  const Groups groups = Union(groups_of_(fact.fact), {});
  for (const std::string& group : groups) {
    ASSIGN_OR_RETURN(std::vector<EffectiveFact> facts, Read(batch, stream, group));
    facts.insert(std::upper_bound(facts.begin(), facts.end(), fact, OccursBefore), fact);
    RETURN_IF_ERROR(Write(stream, group, facts, batch));
  }
  if (!groups.empty()) batch.Put(IndexKey(fact.event_id), EncodeRow(groups));
  return groups;
}

absl::StatusOr<std::vector<EffectiveFact>> FactGroups::Read(const ReadSnapshot& snapshot,
                                                            const StreamId& stream,
                                                            std::string_view group) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, snapshot.Get(GroupKey(stream, group)));
  std::vector<EffectiveFact> facts;
  if (!stored.has_value()) return facts;
  ASSIGN_OR_RETURN(const std::vector<StoredFact> rows, DecodeRow<std::vector<StoredFact>>(*stored));
  for (const StoredFact& row : rows) {
    EffectiveFact& fact = facts.emplace_back();
    fact.event_id = row.event_id;
    fact.revision = row.revision;
    fact.occurred_at = row.occurred_at;
    if (!fact.fact.ParseFromString(row.fact)) {
      return absl::DataLossError("a kept fact is damaged: rebuild the read model");
    }
  }
  return facts;
}

absl::Status FactGroups::Write(const StreamId& stream, std::string_view group,
                               const std::vector<EffectiveFact>& facts,
                               ReadModelBatch& batch) const {
  if (facts.empty()) {
    batch.Delete(GroupKey(stream, group));
    return absl::OkStatus();
  }
  std::vector<StoredFact> rows;
  for (const EffectiveFact& fact : facts) {
    StoredFact& row = rows.emplace_back();
    row.event_id = fact.event_id;
    row.revision = fact.revision;
    row.occurred_at = fact.occurred_at;
    if (!fact.fact.SerializeToString(&row.fact)) {
      return absl::InternalError("a fact cannot be serialised");
    }
  }
  batch.Put(GroupKey(stream, group), EncodeRow(rows));
  return absl::OkStatus();
}

}  // namespace caseledger::projections
