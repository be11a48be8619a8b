// The texts of one kind of definition, by agency, as rows of a projection that computes with them.
//
// Layout, within three bytes of the table:
//
//   names_space text(agency)  -> id of the definition's stream
//   facts_space, index_space     the loads of each definition (fact_groups.h)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event.h"
#include "projections/effective/fact_groups.h"
#include "projections/read_model/read_model.h"

namespace caseledger::projections {

// Whose text counts where an agency has none.
inline constexpr std::string_view kDefaultAgency = "default";

// Thread-safe: keeps nothing itself.
class AgencyTexts {
 public:
  struct Text {
    std::string agency_id;
    std::string text;
  };
  // What the fact loads; nullopt when it is no load of this kind. Pure.
  using TextOf = std::optional<Text> (*)(const event::v1::Fact& fact);

  // `groups_of` gives the group "" for facts that `text_of` knows, and none for others.
  constexpr AgencyTexts(char names_space, char facts_space, char index_space,
                        FactGroups::GroupsOf groups_of, TextOf text_of)
      : names_space_(names_space), facts_(facts_space, index_space, groups_of), text_of_(text_of) {}

  // Takes in the next event of a definition. Returns whether a text is another one now.
  absl::StatusOr<bool> Apply(const eventstore::RecordedEvent& event, const event::v1::Fact& fact,
                             ReadModelBatch& batch) const;

  // The newest text loaded at or before `at`: the agency's own, else the default one. Before any
  // was loaded: the first default one, else the agency's first. Nullopt: none was ever loaded.
  absl::StatusOr<std::optional<std::string>> InForce(const ReadSnapshot& snapshot,
                                                     std::string_view agency, Micros at) const;

  // The same for all times: each text is in force until the next one's `from`, the first ever
  // before. In rising order; empty: none was ever loaded.
  struct Since {
    Micros from = 0;
    std::optional<std::string> text;
  };
  absl::StatusOr<std::vector<Since>> History(const ReadSnapshot& snapshot,
                                             std::string_view agency) const;

 private:
  absl::StatusOr<std::vector<EffectiveFact>> LoadsOf(const ReadSnapshot& snapshot,
                                                     std::string_view agency) const;
  std::string NameKey(std::string_view agency) const;

  char names_space_;
  FactGroups facts_;
  TextOf text_of_;
};

}  // namespace caseledger::projections
