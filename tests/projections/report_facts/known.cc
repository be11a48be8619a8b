#include "tests/projections/report_facts/known.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/projections/report_facts/ledger.h"

namespace caseledger::projections {

std::map<std::string, std::vector<Counted>> KnownAfter(const std::vector<Written>& events,
                                                       size_t n) {
  std::map<std::string, std::vector<Counted>> records;
  for (size_t i = 0; i < n; ++i) {
    const Written& event = events[i];
    std::vector<Counted>& record = records[absl::StrCat(event.kind, "/", event.record)];
    const bool corrects = event.fact.has_fact_corrected();
    if (!corrects && !event.fact.has_event_voided()) {
      record.push_back({event.event, event.occurred_at, i, event.recorded_at, event.fact});
      continue;
    }
    const std::string& target = corrects ? event.fact.fact_corrected().target_event_id()
                                         : event.fact.event_voided().target_event_id();
    const auto found = std::find_if(record.begin(), record.end(),
                                    [&](const Counted& each) { return Id(each.event) == target; });
    if (found == record.end()) continue;
    if (!corrects) {
      record.erase(found);
      continue;
    }
    found->fact = event.fact.fact_corrected().replacement();
    if (event.fact.fact_corrected().has_replacement_occurred_time()) {
      found->occurred_at =
          event.fact.fact_corrected().replacement_occurred_time().seconds() * kMicrosPerSecond;
    }
  }
  for (auto& [name, record] : records) {
    std::sort(record.begin(), record.end(), [](const Counted& a, const Counted& b) {
      return std::pair(a.occurred_at, a.order) < std::pair(b.occurred_at, b.order);
    });
  }
  return records;
}

}  // namespace caseledger::projections
