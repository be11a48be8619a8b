#include "services/rpc/stream_gate.h"

#include <algorithm>
#include <vector>

#include "caseledger/v1/common.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/sealing/sealed_fact.h"
#include "services/access/redaction.h"
#include "services/commands/fact_schema.h"
#include "services/rpc/recorded_event.h"

namespace caseledger::rpc {
namespace {

using event::v1::Fact;
using eventstore::StreamId;

constexpr size_t kMostDisclosed = 10'000;

// The referral that a fact is about, or "".
std::string ReferralOf(const google::protobuf::Message& fact) {
  const auto* field = fact.GetDescriptor()->FindFieldByName("referral_id");
  return field == nullptr ? "" : fact.GetReflection()->GetString(fact, field);
}

// Whether the receiver of a referral is shown the fact at all: that of its referrals, how the
// record began, and what was shared by name.
bool IsShared(const Fact& fact, const Shown& shown) {
  if (fact.has_case_opened() || fact.has_person_registered() || fact.has_person_amended()) {
    return true;
  }
  const std::string referral = ReferralOf(commands::MessageOf(fact));
  if (!referral.empty()) {
    return std::any_of(shown.referrals.begin(), shown.referrals.end(),
                       [&](const auto& basis) { return basis.referral_id == referral; });
  }
  const std::string_view name = commands::FactName(static_cast<uint32_t>(fact.kind_case()));
  return std::any_of(
      shown.shared_fields.begin(), shown.shared_fields.end(), [name](const std::string& field) {
        return field == name ||
               (std::string_view(field).starts_with(name) && field[name.size()] == '.');
      });
}

bool MayHoldMore(const eventstore::RecordedEvent& event, access::Level level) {
  const commands::FactSchema* schema = commands::SchemaOfType(event.fact_type);
  return schema == nullptr || access::MayHoldMoreThan(*schema->field->message_type(), level);
}

}  // namespace

absl::Status StreamGate::BeginLedger(std::string_view ledger) {
  RETURN_IF_ERROR(reading_.Begin(ledger).status());
  return OpenTrail();
}

absl::StatusOr<StreamId> StreamGate::BeginRecord(std::string_view ledger,
                                                 options::v1::RecordKind kind,
                                                 std::string_view id) {
  RETURN_IF_ERROR(reading_.Begin(ledger, kind).status());
  ASSIGN_OR_RETURN(const StreamId stream, reading_.Open(kind, id, /*to_read=*/true));
  RETURN_IF_ERROR(OpenTrail());
  return stream;
}

absl::Status StreamGate::OpenTrail() {
  access::Trail* trail = reading_.trail();
  if (trail == nullptr) {
    return absl::UnavailableError("TRAIL_UNAVAILABLE: the ledger has no access trail");
  }
  ASSIGN_OR_RETURN(trail_, access::StreamTrail::Open(*trail, reading_.call(), reading_.About()));
  return absl::OkStatus();
}

absl::StatusOr<const Shown*> StreamGate::Look(const StreamId& record) {
  if (const auto known = asked_.find(record); known != asked_.end()) return &known->second;
  ASSIGN_OR_RETURN(const commands::Verdict verdict, reading_.AskToShow(record));
  Shown shown;
  if (verdict.allowed()) shown = ShownBy(verdict);
  return &(asked_[record] = std::move(shown));
}

// Nothing is opened for who may not see what is personal.
bool StreamGate::IsOpened(const eventstore::RecordedEvent& event, const Shown& shown) {
  return shown.level > access::Level::kInternal && MayHoldMore(event, access::Level::kInternal);
}

absl::Status StreamGate::Expect(std::span<const eventstore::RecordedEvent* const> events) {
  std::vector<Uuid> ids;
  for (const eventstore::RecordedEvent* event : events) {
    ASSIGN_OR_RETURN(const Shown* shown, Look(event->stream));
    if (IsOpened(*event, *shown)) eventstore::AddKeysOf(*event, ids);
  }
  const commands::LedgerParts& parts = reading_.ledger().parts;
  KeysOf(parts).ExpectToFind(parts.name, ids);
  return absl::OkStatus();
}

absl::StatusOr<bool> StreamGate::Add(const eventstore::RecordedEvent& event,
                                     std::string_view ledger, int field,
                                     google::protobuf::Message& response,
                                     const std::string& superseded_by) {
  ASSIGN_OR_RETURN(const Shown* shown, Look(event.stream));
  if (shown->level == access::Level::kNothing) return false;
  if (!IsOpened(event, *shown)) {
    return AddAsItIs(event, *shown, ledger, field, response, superseded_by);
  }
  eventstore::RecordedEvent opened = event;
  ASSIGN_OR_RETURN(opened.fact, OpenedFact(event, reading_.ledger().parts));
  return AddAsItIs(opened, *shown, ledger, field, response, superseded_by);
}

absl::StatusOr<bool> StreamGate::AddAsItIs(const eventstore::RecordedEvent& event,
                                           const Shown& shown, std::string_view ledger, int field,
                                           google::protobuf::Message& response,
                                           const std::string& superseded_by) {
  const bool whole =
      !shown.only_shared() && superseded_by.empty() && !MayHoldMore(event, shown.level);
  if (!whole) {
    ASSIGN_OR_RETURN(v1::RecordedEvent open, ToPublicEvent(event, ledger));
    if (shown.only_shared()) {
      if (!IsShared(open.fact(), shown)) return false;
      RETURN_IF_ERROR(Disclose(event.stream, shown));
    }
    if (access::Redact(*open.mutable_fact(), shown.level, shown.shared_fields)) {
      open.set_redacted(true);
    }
    open.set_superseded_by_event_id(superseded_by);
    RETURN_IF_ERROR(Note(event.stream));
    AddPublicEvent(open, field, response);
    return true;
  }
  RETURN_IF_ERROR(Note(event.stream));
  AddSentEvent(event, ledger, field, response);
  return true;
}

absl::Status StreamGate::Disclose(const StreamId& record, const Shown& shown) {
  if (trail_ == nullptr || shown.referrals.empty()) return absl::OkStatus();
  if (disclosed_.size() >= kMostDisclosed) disclosed_.clear();
  if (!disclosed_.insert(record).second) return absl::OkStatus();
  event::v1::RecordAccessed access = reading_.About();
  access.set_stage(event::v1::TRAIL_STAGE_CONTINUED);
  access.set_level(std::string(NameOf(shown.level)));
  access.clear_fields();
  for (const std::string& field : shown.shared_fields) access.add_fields(field);
  NameRecord(record, *access.add_records());
  return reading_.trail()
      ->AppendAndWait(reading_.call(), DisclosureOf(reading_.call(), shown, std::move(access)))
      .status();
}

absl::Status StreamGate::Note(const StreamId& record) {
  if (trail_ == nullptr) return absl::OkStatus();
  return trail_->Note(static_cast<options::v1::RecordKind>(record.kind), record.id);
}

absl::Status StreamGate::End() { return trail_ == nullptr ? absl::OkStatus() : trail_->Close(); }

}  // namespace caseledger::rpc
