// What every question has in common.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/event.h"
#include "services/access/call.h"
#include "services/commands/validation.h"

namespace caseledger::rpc {

// INVALID_ARGUMENT with all violations of the rules of its fields.
template <typename Request>
absl::Status CheckRequest(Clock& clock, const Request& request) {
  const std::vector<commands::Violation> violations = commands::Validate(request, clock.Now());
  return violations.empty() ? absl::OkStatus() : commands::InvalidRequest(violations);
}

// The record of that kind.
inline eventstore::StreamId StreamOf(options::v1::RecordKind kind, const Uuid& id) {
  return {static_cast<uint32_t>(kind), id};
}
inline eventstore::StreamId PersonStream(const Uuid& id) {
  return StreamOf(options::v1::RECORD_KIND_PERSON, id);
}

// `mine` stands for the caller's agency and their name there, and for no other.
inline absl::Status NameCaller(bool mine, const access::Call& call, std::string& agency,
                               std::string& worker) {
  if (!mine) return absl::OkStatus();
  if (!agency.empty() || !worker.empty()) {
    return commands::InvalidRequest({{"mine", "names agency and worker already"}});
  }
  agency = call.agency;
  worker = call.actor;
  return absl::OkStatus();
}

// Values of a request's `order_by`, the one that "" stands for first.
template <typename Order, size_t kCount>
using Orders = std::array<std::pair<std::string_view, Order>, kCount>;

// INVALID_ARGUMENT with what may be asked for.
template <typename Order, size_t kCount>
absl::StatusOr<Order> OrderOf(const std::string& order_by, const Orders<Order, kCount>& orders) {
  if (order_by.empty()) return orders.front().second;
  std::string known;
  for (const auto& [name, order] : orders) {
    if (name == order_by) return order;
    if (name.empty()) continue;
    known += known.empty() ? "must be " : name == orders.back().first ? " or " : ", ";
    known += name;
  }
  return commands::InvalidRequest({commands::Violation{"order_by", std::move(known)}});
}

// What a filter says goes on the trail only when it is a key: anything else may name somebody.
inline std::string KeyOnly(const std::string& text) { return commands::IsKey(text) ? text : ""; }

}  // namespace caseledger::rpc
