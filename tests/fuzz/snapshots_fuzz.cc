// Snapshots of states: bytes are a whole state, which comes back as it was, or they are refused.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/domain/archive.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/contact/contact.h"
#include "services/domain/directory/admin_units.h"
#include "services/domain/directory/agency.h"
#include "services/domain/directory/definition.h"
#include "services/domain/directory/programme.h"
#include "services/domain/person/person.h"
#include "services/domain/shelter/shelter.h"
#include "tests/fuzz/support/check.h"

namespace caseledger::fuzz {
namespace {

template <typename State>
void CheckState(std::string_view bytes) {
  std::optional<State> state = domain::Restore<State>(bytes);
  if (!state.has_value()) return;
  const std::string saved = domain::Save(*state);
  std::optional<State> again = domain::Restore<State>(saved);
  Check(again.has_value() && domain::Save(*again) == saved, "a state comes back as it was");
}

}  // namespace
}  // namespace caseledger::fuzz

// The first byte chooses the kind of state.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace caseledger;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      fuzz::CheckState<domain::CaseState>(bytes);
      break;
    case 1:
      fuzz::CheckState<domain::PersonState>(bytes);
      break;
    case 2:
      fuzz::CheckState<domain::ShelterState>(bytes);
      break;
    case 3:
      fuzz::CheckState<domain::ContactState>(bytes);
      break;
    case 4:
      fuzz::CheckState<domain::AgencyState>(bytes);
      break;
    case 5:
      fuzz::CheckState<domain::ProgrammeState>(bytes);
      break;
    case 6:
      fuzz::CheckState<domain::DefinitionState>(bytes);
      break;
    default:
      fuzz::CheckState<domain::AdminUnitsState>(bytes);
  }
  return 0;
}
