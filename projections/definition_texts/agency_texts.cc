#include "projections/definition_texts/agency_texts.h"

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"

namespace caseledger::projections {
namespace {

const EffectiveFact* NewestAt(const std::vector<EffectiveFact>& loads, Micros at) {
  const EffectiveFact* newest = nullptr;
  for (const EffectiveFact& load : loads) {
    if (load.occurred_at <= at) newest = &load;
  }
  return newest;
}

const EffectiveFact* First(const std::vector<EffectiveFact>& loads) {
  return loads.empty() ? nullptr : &loads.front();
}

}  // namespace

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

absl::StatusOr<std::optional<std::string>> AgencyTexts::InForce(const ReadSnapshot& snapshot,
                                                                std::string_view agency,
                                                                Micros at) const {
  ASSIGN_OR_RETURN(const std::vector<EffectiveFact> own, LoadsOf(snapshot, agency));
  ASSIGN_OR_RETURN(const std::vector<EffectiveFact> standard, LoadsOf(snapshot, kDefaultAgency));
  const EffectiveFact* found = NewestAt(own, at);
  if (found == nullptr) found = NewestAt(standard, at);
  if (found == nullptr) found = First(standard);
  if (found == nullptr) found = First(own);
  if (found == nullptr) return std::nullopt;
  const std::optional<Text> text = text_of_(found->fact);
  return text.has_value() ? std::optional(text->text) : std::nullopt;
}

}  // namespace caseledger::projections
