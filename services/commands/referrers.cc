#include "services/commands/referrers.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "eventstore/base/status_macros.h"
#include "services/commands/fact_schema.h"
#include "services/commands/references.h"
#include "services/domain/case_record/case_record.h"
#include "services/domain/contact/contact.h"
#include "services/domain/directory/agency.h"
#include "services/domain/directory/programme.h"
#include "services/domain/person/person.h"
#include "services/domain/rejection.h"
#include "services/domain/shelter/shelter.h"

namespace caseledger::commands {
namespace {

using eventstore::LedgerView;
using eventstore::StreamId;

constexpr size_t kMostRecordsRead = 1000;
// Errors travel in trailing metadata, of which gRPC lets 8 KiB through.
constexpr size_t kMostFactsNamed = 20;

template <typename State>
absl::StatusOr<bool> ExistsAs(LedgerView& view, Aggregates& aggregates, const StreamId& record) {
  ASSIGN_OR_RETURN(const auto aggregate, aggregates.Load<State>(view, record));
  return aggregate->state.Exists();
}

}  // namespace

absl::StatusOr<bool> Exists(LedgerView& view, Aggregates& aggregates, const StreamId& record) {
  switch (static_cast<int>(record.kind)) {
    case RecordKind::RECORD_KIND_CONTACT:
      return ExistsAs<domain::ContactState>(view, aggregates, record);
    case RecordKind::RECORD_KIND_PERSON:
      return ExistsAs<domain::PersonState>(view, aggregates, record);
    case RecordKind::RECORD_KIND_CASE_RECORD:
      return ExistsAs<domain::CaseState>(view, aggregates, record);
    case RecordKind::RECORD_KIND_SHELTER:
      return ExistsAs<domain::ShelterState>(view, aggregates, record);
    case RecordKind::RECORD_KIND_AGENCY:
      return ExistsAs<domain::AgencyState>(view, aggregates, record);
    case RecordKind::RECORD_KIND_PROGRAMME:
      return ExistsAs<domain::ProgrammeState>(view, aggregates, record);
    default:
      return absl::InternalError("records of this kind are not begun by a fact of theirs");
  }
}

std::vector<eventstore::NewReference> ReferencesOf(const StreamId& from, const domain::Fact& fact) {
  std::set<StreamId> named;
  VisitReferences(fact, [&](RecordKind kind, std::string_view id) {
    if (IsNamedKind(kind)) {
      named.insert(NamedStream(kind, id));
    } else if (const std::optional<Uuid> uuid = Uuid::Parse(id)) {
      named.insert({static_cast<uint32_t>(kind), *uuid});
    }
  });
  named.erase(from);
  std::vector<eventstore::NewReference> references;
  references.reserve(named.size());
  for (const StreamId& to : named) references.push_back({from, to});
  return references;
}

bool NamesRecord(const StreamId& from, const domain::Fact& fact, const StreamId& record) {
  const auto references = ReferencesOf(from, fact);
  return std::any_of(references.begin(), references.end(),
                     [&](const auto& reference) { return reference.to == record; });
}

absl::Status CheckNobodyNames(LedgerView& view, const StreamId& record) {
  std::vector<StreamId> referrers;
  RETURN_IF_ERROR(view.VisitReferrers(record, [&](const StreamId& from) {
    referrers.push_back(from);
    return referrers.size() <= kMostRecordsRead;
  }));
  const bool more = referrers.size() > kMostRecordsRead;
  std::vector<std::string> facts;
  for (const StreamId& from : referrers) {
    ASSIGN_OR_RETURN(const StreamHistory history, ReadHistory(view, from));
    for (const domain::DomainEvent& event : history.timeline.in_order()) {
      if (facts.size() < kMostFactsNamed && NamesRecord(from, *event.fact, record)) {
        facts.push_back(event.event_id);
      }
    }
    if (facts.size() == kMostFactsNamed) break;
  }
  if (facts.empty() && !more) return absl::OkStatus();
  return domain::Reject(domain::Reason::kRecordReferredTo, absl::StrJoin(facts, ","));
}

}  // namespace caseledger::commands
