#include "projections/definition_texts/agency_texts.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"

namespace caseledger::projections {

std::string AgencyTexts::NameKey(std::string_view agency) const {
  return KeyBuilder(names_space_).Text(agency).Take();
}

absl::StatusOr<bool> AgencyTexts::Apply(const eventstore::RecordedEvent& event,
                                        const event::v1::Fact& fact, ReadModelBatch& batch) const {
  ASSIGN_OR_RETURN(const std::vector<std::string> changed, facts_.Apply(event, fact, batch));
  if (const std::optional<Text> text = text_of_(fact); text.has_value()) {
    batch.Put(NameKey(text->agency_id), event.stream.id.raw());
  }
  return !changed.empty();
}

absl::StatusOr<std::vector<EffectiveFact>> AgencyTexts::LoadsOf(const ReadSnapshot& snapshot,
                                                                std::string_view agency) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, snapshot.Get(NameKey(agency)));
  if (!stored.has_value()) return std::vector<EffectiveFact>();
  const std::optional<Uuid> id = Uuid::FromBytes(*stored);
  if (!id.has_value()) {
    return absl::DataLossError("the name of a definition is damaged: rebuild the read model");
  }
  return facts_.Read(snapshot, {static_cast<uint32_t>(options::v1::RECORD_KIND_DEFINITION), *id},
                     "");
}

absl::StatusOr<std::vector<AgencyTexts::Since>> AgencyTexts::History(
    const ReadSnapshot& snapshot, std::string_view agency) const {
  ASSIGN_OR_RETURN(const std::vector<EffectiveFact> own, LoadsOf(snapshot, agency));
  ASSIGN_OR_RETURN(const std::vector<EffectiveFact> standard, LoadsOf(snapshot, kDefaultAgency));
  std::vector<Since> history;
  const auto add = [&](const EffectiveFact& load) {
    std::optional<Text> text = text_of_(load.fact);
    Since& since = history.emplace_back();
    since.from = history.size() == 1 ? std::numeric_limits<Micros>::min() : load.occurred_at;
    if (text.has_value()) since.text = std::move(text->text);
  };
  for (const EffectiveFact& load : standard) {
    // From its own first one on the agency works to its own, and before the first default one to
    // that.
    if (history.empty() || own.empty() || load.occurred_at < own.front().occurred_at) add(load);
  }
  for (const EffectiveFact& load : own) add(load);
  return history;
}

absl::StatusOr<std::optional<std::string>> AgencyTexts::InForce(const ReadSnapshot& snapshot,
                                                                std::string_view agency,
                                                                Micros at) const {
  ASSIGN_OR_RETURN(std::vector<Since> history, History(snapshot, agency));
  // Of those loaded for the same moment the last.
  const auto in_force = std::find_if(history.rbegin(), history.rend(),
                                     [&](const Since& since) { return since.from <= at; });
  if (in_force == history.rend()) return std::nullopt;
  return std::move(in_force->text);
}

}  // namespace caseledger::projections
