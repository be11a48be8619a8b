#include "tests/simulation/digest.h"

#include <memory>
#include <optional>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::simulation {
namespace {

using eventstore::RecordedEvent;

constexpr std::string_view kCountKey = "count";

std::string KeyOf(const RecordedEvent& event) {
  return StrCat("stream ", event.stream.kind, " ", event.stream.id.ToString());
}

std::string ValueOf(const RecordedEvent& event) {
  return StrCat(event.revision, " ", event.event_id.ToString());
}

class Digest final : public projections::Projection {
 public:
  explicit Digest(std::string name) : name_(std::move(name)) {}

  std::string_view name() const override { return name_; }
  uint32_t version() const override { return 1; }
  absl::Status Apply(const RecordedEvent& event, const event::v1::Fact& fact,
                     projections::ReadModelBatch& batch) override {
    ASSIGN_OR_RETURN(const std::optional<std::string> count, batch.Get(kCountKey));
    if (count.value_or("0") != StrCat(event.position)) {
      return absl::InternalError("an event twice or left out");
    }
    if (fact.contact_received().channel().empty()) return absl::InternalError("another fact");
    batch.Put(kCountKey, StrCat(event.position + 1));
    batch.Put(KeyOf(event), ValueOf(event));
    return absl::OkStatus();
  }

 private:
  const std::string name_;
};

}  // namespace

projections::Runtime::Factory DigestFactory(const std::string& name) {
  return [name] { return std::make_unique<Digest>(name); };
}

std::map<std::string, std::string> DigestOf(const Model& model, uint64_t events) {
  std::map<std::string, std::string> rows;
  for (uint64_t position = 0; position < events; ++position) {
    const RecordedEvent& event = model.event(position);
    rows[KeyOf(event)] = ValueOf(event);
  }
  if (events > 0) rows[std::string(kCountKey)] = StrCat(events);
  return rows;
}

}  // namespace caseledger::simulation
