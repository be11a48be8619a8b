#include "projections/work_items/start_types.h"

#include <string>

#include "caseledger/event/v1/fact.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"
#include "projections/work_items/layout.h"

namespace caseledger::projections {
namespace {

constexpr char kStarts[] = "1";
constexpr char kEnds[] = "0";

std::string KeyOf(int fact_type) {
  return KeyBuilder(work_items::kTypesSpace).Number(static_cast<uint64_t>(fact_type)).Take();
}

}  // namespace

absl::Status NoteTypes(const v1::Deadlines& deadlines, ReadModelBatch& batch) {
  const auto note = [&](const std::string& name, bool starts) -> absl::Status {
    const auto* field = event::v1::Fact::descriptor()->FindFieldByName(name);
    if (field == nullptr) return absl::OkStatus();  // of a newer program
    const std::string key = KeyOf(field->number());
    ASSIGN_OR_RETURN(const auto known, batch.Get(key));
    if (!known.has_value() || (starts && *known == kEnds)) {
      batch.Put(key, starts ? kStarts : kEnds);
    }
    return absl::OkStatus();
  };
  for (const v1::Deadline& deadline : deadlines.deadline()) {
    RETURN_IF_ERROR(note(deadline.starts_with(), true));
    for (const std::string& name : deadline.met_by()) RETURN_IF_ERROR(note(name, false));
    for (const std::string& name : deadline.cancelled_by()) RETURN_IF_ERROR(note(name, false));
  }
  return absl::OkStatus();
}

absl::StatusOr<NotedTypes> ReadTypes(const ReadSnapshot& snapshot) {
  NotedTypes types;
  absl::Status damage;
  const std::string space(1, work_items::kTypesSpace);
  RETURN_IF_ERROR(
      snapshot.Scan(space, EndOfPrefix(space), [&](std::string_view key, std::string_view value) {
        KeyReader reader(key);
        reader.Skip(1);
        const auto type = static_cast<int>(reader.Number());
        if (!reader.Finished()) damage = absl::DataLossError("a row of work items is damaged");
        types.all.insert(type);
        if (value == kStarts) types.starts.push_back(type);
        return damage.ok();
      }));
  RETURN_IF_ERROR(damage);
  return types;
}

}  // namespace caseledger::projections
