#include "services/commands/foresight.h"

#include <optional>
#include <string>

#include "services/commands/references.h"

namespace caseledger::commands {
namespace {

eventstore::Foresight::Name NameOf(RecordKind kind, const CalledBy& called) {
  return {static_cast<uint32_t>(kind), std::string(called.source), std::string(called.value)};
}

}  // namespace

eventstore::Foresight ForesightOf(const PreparedCommand& prepared) {
  eventstore::Foresight foresight;
  const v1::Command& command = prepared.command;
  const Fact& fact = command.fact().has_fact_corrected()
                         ? command.fact().fact_corrected().replacement()
                         : command.fact();
  const FactSchema* schema = SchemaOf(command.fact());
  const CalledBy called = ReadId(prepared.kind, command.record_id());
  foresight.record = called.stream;
  if (!called.stream && schema != nullptr && schema->creates) {
    foresight.record = {static_cast<uint32_t>(prepared.kind), prepared.new_record_id};
  } else if (!called.stream) {
    foresight.names.push_back(NameOf(prepared.kind, called));
  }
  VisitReferences(MessageOf(fact), [&](RecordKind kind, std::string_view id) {
    const CalledBy named = ReadId(kind, id);
    if (named.stream) {
      foresight.named.push_back(*named.stream);
    } else {
      foresight.names.push_back(NameOf(kind, named));
    }
  });
  if (const event::v1::ExternalRef* name = NameGivenBy(fact); name != nullptr) {
    foresight.names.push_back(
        {static_cast<uint32_t>(prepared.kind), name->source(), name->value()});
  }
  return foresight;
}

}  // namespace caseledger::commands
