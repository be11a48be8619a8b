#include "projections/access_trail/access_trail.h"

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/access_trail/layout.h"
#include "projections/effective/fact_groups.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

using access_trail::UseRow;
using event::v1::Fact;
using event::v1::TrailRecord;
using eventstore::RecordedEvent;
using eventstore::StreamId;

absl::Status Unreadable(const RecordedEvent& event, std::string_view what) {
  return absl::DataLossError(StrCat("the entry at position ", event.position, " names no ", what));
}

class AccessTrail final : public Projection {
 public:
  std::string_view name() const override { return kAccessTrailName; }
  uint32_t version() const override { return 2; }

  bool Wants(uint32_t record_kind) const override {
    return record_kind == options::v1::RECORD_KIND_ACCESS_TRAIL;
  }

  absl::Status Apply(const RecordedEvent& event, const Fact& fact, ReadModelBatch& batch) override {
    RETURN_IF_ERROR(CheckKnown(event, fact));
    Entry entry{event, batch};
    entry.Add(
        KeyBuilder(access_trail::kActorSpace).Text(event.origin.agency).Text(event.origin.actor));
    switch (static_cast<int>(fact.kind_case())) {
      case Fact::kRecordAccessed:
        return entry.AddRecords(fact.record_accessed());
      case Fact::kAccessDenied:
        return entry.AddDenial(fact.access_denied());
      case Fact::kDisclosureMade:
        return entry.AddDisclosure(fact.disclosure_made());
      case Fact::kBreakGlassUsed:
        return entry.AddUse(fact.break_glass_used());
      case Fact::kBreakGlassReviewed:
        return entry.AddReview(fact.break_glass_reviewed());
      default:
        return Unreadable(event, "fact of a trail");
    }
  }

 private:
  // The rows of one entry.
  struct Entry {
    const RecordedEvent& event;
    ReadModelBatch& batch;

    // A row under `key` and the entry's position.
    void Add(KeyBuilder key, std::string_view value = "") {
      batch.Put(key.Number(~event.position).key(), value);
    }

    absl::Status AddRecord(const TrailRecord& record) {
      const std::optional<Uuid> id = Uuid::Parse(record.record_id());
      if (!id.has_value()) return Unreadable(event, "record");
      AddRecord({static_cast<uint32_t>(record.kind()), *id});
      return absl::OkStatus();
    }
    void AddRecord(const StreamId& record) { Add(access_trail::RecordKey(record)); }

    absl::Status AddRecords(const event::v1::RecordAccessed& accessed) {
      for (const TrailRecord& record : accessed.records()) RETURN_IF_ERROR(AddRecord(record));
      return absl::OkStatus();
    }

    absl::Status AddDenial(const event::v1::AccessDenied& denied) {
      Add(KeyBuilder(access_trail::kAgencyDenialSpace).Text(event.origin.agency));
      Add(KeyBuilder(access_trail::kDenialSpace));
      // There may be no record of what was asked for.
      if (denied.record().record_id().empty()) return absl::OkStatus();
      return AddRecord(denied.record());
    }

    absl::Status AddDisclosure(const event::v1::DisclosureMade& made) {
      RETURN_IF_ERROR(AddRecords(made.access()));
      if (!made.person_id().empty()) return AddDisclosureOf(made.person_id(), made);
      // A file with many: it is about each person whom it names.
      for (const TrailRecord& record : made.access().records()) {
        if (record.kind() != options::v1::RECORD_KIND_PERSON) continue;
        RETURN_IF_ERROR(AddDisclosureOf(record.record_id(), made));
      }
      return absl::OkStatus();
    }

    absl::Status AddDisclosureOf(const std::string& person_id,
                                 const event::v1::DisclosureMade& made) {
      const std::optional<Uuid> person = Uuid::Parse(person_id);
      if (!person.has_value()) return Unreadable(event, "person");
      Add(KeyBuilder(access_trail::kDisclosureSpace).Id(*person), made.consent_id());
      const std::string received = KeyBuilder(access_trail::kRecipientSpace)
                                       .Id(*person)
                                       .Text(made.consent_id())
                                       .Text(made.recipient_agency_id())
                                       .Take();
      // Most go to whom something went before.
      ASSIGN_OR_RETURN(const std::optional<std::string> known, batch.Get(received));
      if (!known.has_value()) batch.Put(received, "");
      return absl::OkStatus();
    }

    absl::Status AddUse(const event::v1::BreakGlassUsed& used) {
      const std::optional<Uuid> case_id = Uuid::Parse(used.record().record_id());
      if (!case_id.has_value()) return Unreadable(event, "case");
      AddRecord({static_cast<uint32_t>(used.record().kind()), *case_id});
      const std::string& owner = used.owner_agency_id();
      const std::string_view id = event.event_id.raw();
      Add(KeyBuilder(access_trail::kOwnerUseSpace).Text(owner), id);
      Add(KeyBuilder(access_trail::kAnyUseSpace), id);
      Add(KeyBuilder(access_trail::kOwnerAwaitingSpace).Text(owner), id);
      Add(KeyBuilder(access_trail::kAnyAwaitingSpace), id);
      batch.Put(access_trail::UseKey(event.event_id),
                EncodeRow(UseRow{event.position, std::nullopt, *case_id, owner}));
      return absl::OkStatus();
    }

    absl::Status AddReview(const event::v1::BreakGlassReviewed& reviewed) {
      const std::optional<Uuid> use_id = Uuid::Parse(reviewed.break_glass_event_id());
      if (!use_id.has_value()) return Unreadable(event, "use of break-glass");
      const std::string key = access_trail::UseKey(*use_id);
      ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(key));
      if (!stored.has_value()) return Unreadable(event, "use of break-glass");
      ASSIGN_OR_RETURN(UseRow use, DecodeRow<UseRow>(*stored));
      AddRecord({options::v1::RECORD_KIND_CASE_RECORD, use.case_id});
      batch.Delete(KeyBuilder(access_trail::kOwnerAwaitingSpace)
                       .Text(use.owner_agency_id)
                       .Number(~use.position)
                       .key());
      batch.Delete(KeyBuilder(access_trail::kAnyAwaitingSpace).Number(~use.position).key());
      use.review_position = event.position;
      batch.Put(key, EncodeRow(use));
      return absl::OkStatus();
    }
  };
};

}  // namespace

std::unique_ptr<Projection> MakeAccessTrail() { return std::make_unique<AccessTrail>(); }

}  // namespace caseledger::projections
