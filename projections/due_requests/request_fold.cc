#include "projections/due_requests/request_fold.h"

#include <algorithm>
#include <tuple>

#include "eventstore/base/status_macros.h"
#include "projections/definition_texts/deadline_terms.h"

namespace caseledger::projections {
namespace {

using event::v1::DataRequestOutcome;
using event::v1::Fact;

constexpr char kErasure[] = "erasure";

class RequestFold {
 public:
  RequestFold(const Uuid& person_id, AgencyOf agency_of, DeadlinesOf deadlines_of)
      : person_id_(person_id), agency_of_(agency_of), deadlines_of_(deadlines_of) {}

  absl::Status Apply(const EffectiveFact& event) {
    const Fact& fact = event.fact;
    switch (KindOf(fact)) {
      case Fact::kDataRequestReceived:
        return Receive(event, fact.data_request_received());
      case Fact::kDataRequestAnswered:
        Answer(event, fact.data_request_answered());
        return absl::OkStatus();
      case Fact::kErasureDecided:
        return DecideErasure(event, fact.erasure_decided());
      case Fact::kErasureApproved:
        if (Request* request = Find(fact.erasure_approved().request_id());
            request != nullptr && request->row.state == kErasureDecided) {
          request->row.state = kErasureApproved;
          request->row.approved_at = event.occurred_at;
          EndDeadlines(event, *request);
        }
        return absl::OkStatus();
      case Fact::kPersonErased:
        Erase(event);
        return absl::OkStatus();
      default:
        return absl::OkStatus();
    }
  }

  std::map<std::string, DueRequest> Take() {
    std::map<std::string, DueRequest> rows;
    for (auto& [key, request] : requests_) {
      if (!request.ended) rows.emplace(key, std::move(request.row));
    }
    return rows;
  }

 private:
  struct Request {
    DueRequest row;
    std::vector<v1::Deadline> terms;  // of the row's deadlines, in their order
    bool ended = false;               // answered for good, or given up
  };

  // Null when there is none, and when it was executed: nothing comes after that.
  Request* Find(const std::string& key) {
    const auto it = requests_.find(key);
    if (it == requests_.end() || it->second.row.executed_at.has_value()) return nullptr;
    return &it->second;
  }

  absl::StatusOr<Request> Begin(const EffectiveFact& event, const std::string& key) {
    Request request;
    request.row.person_id = person_id_;
    request.row.request_id = key;
    ASSIGN_OR_RETURN(request.row.agency_id, agency_of_(event.event_id));
    return request;
  }

  absl::Status Receive(const EffectiveFact& event, const event::v1::DataRequestReceived& received) {
    ASSIGN_OR_RETURN(Request request, Begin(event, received.request_id()));
    DueRequest& row = request.row;
    row.request_kind = received.request_kind();
    row.state = kRequestReceived;
    row.asked_by = received.asked_by();
    row.received_at = event.occurred_at;
    ASSIGN_OR_RETURN(const v1::Deadlines deadlines,
                     deadlines_of_(row.agency_id, event.occurred_at));
    for (const v1::Deadline& deadline : deadlines.deadline()) {
      if (Starts(deadline, row.request_kind)) request.terms.push_back(deadline);
    }
    const auto place = [&](const v1::Deadline& deadline) {
      return std::make_tuple(DueAt(deadline, event.occurred_at), deadline.id());
    };
    std::sort(request.terms.begin(), request.terms.end(),
              [&](const v1::Deadline& a, const v1::Deadline& b) { return place(a) < place(b); });
    for (const v1::Deadline& deadline : request.terms) {
      row.deadlines.push_back(
          {deadline.id(), deadline.basis(), DueAt(deadline, event.occurred_at), std::nullopt});
    }
    requests_.insert_or_assign(received.request_id(), std::move(request));
    return absl::OkStatus();
  }

  void Answer(const EffectiveFact& event, const event::v1::DataRequestAnswered& answered) {
    Request* request = Find(answered.request_id());
    if (request == nullptr) return;
    EndDeadlines(event, *request);
    if (answered.outcome() != DataRequestOutcome::DATA_REQUEST_OUTCOME_ACCEPTED) {
      request->ended = true;
    } else if (request->row.state == kRequestReceived) {
      request->row.state = kRequestAccepted;
    }
  }

  absl::Status DecideErasure(const EffectiveFact& event, const event::v1::ErasureDecided& decided) {
    Request* request = Find(decided.request_id());
    if (request == nullptr) {
      // Without a rule a decision grants a request; one that is not there was voided.
      if (decided.retention_rule().empty() || requests_.contains(decided.request_id())) {
        return absl::OkStatus();
      }
      ASSIGN_OR_RETURN(Request unasked, Begin(event, decided.request_id()));
      unasked.row.request_kind = kErasure;
      unasked.row.retention_rule = decided.retention_rule();
      request = &requests_.emplace(decided.request_id(), std::move(unasked)).first->second;
    }
    request->row.state = kErasureDecided;
    request->row.decided_at = event.occurred_at;
    EndDeadlines(event, *request);
    return absl::OkStatus();
  }

  // Answers every open request for erasure, as services/domain/person says.
  void Erase(const EffectiveFact& event) {
    for (auto& [key, request] : requests_) {
      if (request.ended || request.row.request_kind != kErasure) continue;
      if (request.row.executed_at.has_value()) continue;
      EndDeadlines(event, request);
      request.row.state = kErasureExecuted;
      request.row.executed_at = event.occurred_at;
      for (RequestDeadline& deadline : request.row.deadlines) {
        if (!deadline.met_at.has_value()) deadline.met_at = event.occurred_at;
      }
    }
  }

  static void EndDeadlines(const EffectiveFact& event, Request& request) {
    for (size_t i = 0; i < request.terms.size(); ++i) {
      RequestDeadline& deadline = request.row.deadlines[i];
      if (!deadline.met_at.has_value() && Ends(request.terms[i], event.fact)) {
        deadline.met_at = event.occurred_at;
      }
    }
  }

  const Uuid person_id_;
  AgencyOf agency_of_;
  DeadlinesOf deadlines_of_;
  std::map<std::string, Request> requests_;
};

}  // namespace

bool MattersToDueRequests(const Fact& fact) {
  switch (KindOf(fact)) {
    case Fact::kDataRequestReceived:
    case Fact::kDataRequestAnswered:
    case Fact::kErasureDecided:
    case Fact::kErasureApproved:
    case Fact::kPersonErased:
      return true;
    default:
      return false;
  }
}

std::optional<Micros> DueRequest::DueAt() const {
  for (const RequestDeadline& deadline : deadlines) {
    if (!deadline.met_at.has_value()) return deadline.due_at;
  }
  return std::nullopt;
}

absl::StatusOr<std::map<std::string, DueRequest>> FoldRequests(
    const Uuid& person_id, const std::vector<EffectiveFact>& in_order, AgencyOf agency_of,
    DeadlinesOf deadlines_of) {
  RequestFold fold(person_id, agency_of, deadlines_of);
  for (const EffectiveFact& fact : in_order) RETURN_IF_ERROR(fold.Apply(fact));
  return fold.Take();
}

}  // namespace caseledger::projections
