#include "services/app/cli/import/planned_fact.h"

#include "services/app/cli/text/time_text.h"

namespace caseledger::cli {

std::string FactName(const event::v1::Fact& fact) {
  const auto* kind = event::v1::Fact::descriptor()->FindOneofByName("kind");
  const auto* field = fact.GetReflection()->GetOneofFieldDescriptor(fact, kind);
  return field == nullptr ? "" : field->name();
}

v1::CommandHeader ToHeader(const PlannedFact& planned, const ImportIds& ids) {
  v1::CommandHeader header;
  header.set_ledger(ids.ledger());
  header.set_request_id(planned.request_id);
  *header.mutable_occurred_time() = ToTimestamp(planned.occurred_at);
  header.set_occurred_precision(planned.precision);
  v1::ImportSource& import = *header.mutable_import();
  import.set_source(ids.source());
  import.set_file(planned.file);
  import.set_row(planned.row_key);
  import.set_on_behalf_of(planned.on_behalf_of);
  return header;
}

v1::Command ToCommand(const PlannedFact& planned, const ImportIds& ids) {
  v1::Command command;
  *command.mutable_header() = ToHeader(planned, ids);
  command.set_record_id(planned.record_id);
  *command.mutable_fact() = planned.fact;
  return command;
}

bool SaysTheSame(const PlannedFact& a, const PlannedFact& b) {
  return a.occurred_at == b.occurred_at && a.precision == b.precision &&
         a.record_id == b.record_id && a.fact.SerializeAsString() == b.fact.SerializeAsString();
}

}  // namespace caseledger::cli
