#include "tests/simulation/prober.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "eventstore/base/strings.h"
#include "tests/simulation/names.h"

namespace caseledger::simulation {
namespace {

using eventstore::RecordedEvent;
using eventstore::StreamId;

constexpr Micros kLongestPause = 5000;

}  // namespace

Prober::Prober(World& world, eventstore::EventLog& log, uint64_t seed)
    : world_(world), log_(log), random_(seed) {}

void Prober::Run() {
  while (!world_.is_over() && world_.writers > 0) {
    const Model& model = world_.model;
    switch (random_.Below(4)) {
      case 0:
        AskStream(random_.Pick(world_.streams), random_.Below(20), random_.Below(10));
        break;
      case 1:
        if (!world_.sent.empty()) AskRequest(random_.Pick(world_.sent)->request_id);
        break;
      case 2:
        AskName(random_.Pick(world_.streams).kind, random_.Pick(NameSources()),
                NameValue(random_.Below(kNameValues)));
        break;
      default:
        if (model.size() > 0) AskCount(model.event(random_.Below(model.size())).recorded_at);
    }
    world_.scheduler.Sleep(random_.Between(1, kLongestPause));
  }
}

void Prober::AskEverything() {
  for (const StreamId& stream : world_.streams) AskStream(stream, 1, 0);
  std::set<Uuid> requests;
  for (const SharedSent& sent : world_.sent) requests.insert(sent->request_id);
  for (const Uuid& request : requests) AskRequest(request);
  for (const uint32_t kind : {1u, 2u}) {
    for (uint64_t value = 0; value < kNameValues; ++value) {
      for (const std::string& source : NameSources()) AskName(kind, source, NameValue(value));
      AskName(kind, "", NameValue(value));
    }
  }
  for (uint64_t i = 0; i < world_.model.size(); i += 7) {
    AskCount(world_.model.event(i).recorded_at);
    AskCount(world_.model.event(i).recorded_at - 1);
  }
}

void Prober::Judge(const absl::Status& status) {
  if (!status.ok() && !world_.may_fail) world_.Breach(StrCat("a question: ", status.ToString()));
}

void Prober::AskStream(const StreamId& stream, uint64_t from_revision, size_t max_events) {
  const uint64_t known = world_.model.RevisionAt(stream, world_.model.size());
  const auto page = log_.ReadStream(stream, from_revision, max_events);
  if (!page.ok()) return Judge(page.status());
  uint64_t revision = std::max<uint64_t>(from_revision, 1);
  for (const RecordedEvent& event : *page) {
    if (event.stream != stream || event.revision != revision++) {
      return world_.Breach("a stream's page has a hole");
    }
    world_.Check(world_.model.Observe(event));
  }
  if (page->empty() && known >= revision) world_.Breach("a stream's events are not found");
}

void Prober::AskRequest(const Uuid& request_id) {
  const auto known = world_.model.FindRequest(request_id);
  const auto found = log_.FindRequest({"agency", request_id});
  if (!found.ok()) return Judge(found.status());
  if (!found->has_value()) {
    if (known.has_value()) world_.Breach("a request that was carried out is not found");
    return;
  }
  for (const RecordedEvent& event : (*found)->events) {
    if (event.origin.request_id != request_id) world_.Breach("a request's events are others");
    world_.Check(world_.model.Observe(event));
  }
}

void Prober::AskName(uint32_t kind, const std::string& source, const std::string& value) {
  const auto known = world_.model.BearersAt(kind, value, world_.model.size());
  const auto found = log_.FindName(kind, source, value);
  if (source.empty()) {
    std::set<StreamId> bearers;
    for (const auto& [its_source, stream] : known) bearers.insert(stream);
    if (bearers.size() > 1) {
      if (!absl::IsInvalidArgument(found.status())) world_.Breach("an ambiguous name is found");
      return;
    }
    if (!found.ok()) return Judge(found.status());
    if (found->has_value() != !bearers.empty()) world_.Breach("a name of any source is wrong");
    if (!bearers.empty() && **found != *bearers.begin()) world_.Breach("a name is another's");
    return;
  }
  if (!found.ok()) return Judge(found.status());
  const auto bearer = known.find(source);
  if (bearer != known.end() && (!found->has_value() || **found != bearer->second)) {
    world_.Breach("a name is not found, or is another's");
  }
}

void Prober::AskCount(Micros time) {
  const uint64_t known = world_.model.size();
  const auto count = log_.CountRecordedUntil(time);
  if (!count.ok()) return Judge(count.status());
  world_.LearnAll(log_);
  const uint64_t right = world_.model.CountRecordedUntil(time);
  if (*count > right || (right <= known && *count < right)) {
    world_.Breach(StrCat("recorded until ", time, ": ", *count, ", not ", right));
  }
}

}  // namespace caseledger::simulation
