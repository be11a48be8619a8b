#include "projections/read_model/overlay.h"

#include "eventstore/base/status_macros.h"

namespace caseledger::projections {

absl::Status Overlay::Scan(std::string_view begin, std::string_view end,
                           absl::FunctionRef<absl::Status(Visit)> base, Visit visit) const {
  if (!end.empty() && end <= begin) return absl::OkStatus();
  auto next = changes_.lower_bound(begin);
  const auto last = end.empty() ? changes_.end() : changes_.lower_bound(end);
  bool more = true;
  const auto visit_next = [&] {
    more = !next->second.has_value() || visit(next->first, *next->second);
    ++next;
  };
  RETURN_IF_ERROR(base([&](std::string_view key, std::string_view value) {
    while (more && next != last && next->first < key) visit_next();
    if (!more) return false;
    if (next != last && next->first == key) {
      visit_next();
    } else {
      more = visit(key, value);
    }
    return more;
  }));
  while (more && next != last) visit_next();
  return absl::OkStatus();
}

}  // namespace caseledger::projections
