#include "projections/work_items/fact_times.h"

#include <algorithm>
#include <utility>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "projections/effective/fact_groups.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/work_items/layout.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::RecordedEvent;
using eventstore::StreamId;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Times of one record that are read at once, in one look.
constexpr size_t kMostAtOnce = 256;

constexpr auto kContact = static_cast<uint32_t>(options::v1::RECORD_KIND_CONTACT);

// What is kept of a fact beside its type and place.
struct KeptFact {
  Uuid event_id;
  std::string subject;
  std::string agency_id;
  std::string worker_id;
  std::string case_type;

  template <typename Archive>
  void Fields(Archive& archive) {
    archive(event_id, subject, agency_id, worker_id, case_type);
  }
};

bool IsKey(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::rule).key() && !field.is_repeated();
}

// Null when facts of this type are about the whole record.
const FieldDescriptor* SubjectField(const Descriptor& fact) {
  const FieldDescriptor* first = fact.FindFieldByNumber(1);
  return first != nullptr && IsKey(*first) ? first : nullptr;
}

// Null for what is no type of a fact.
const FieldDescriptor* SubjectFieldOf(int fact_type) {
  const FieldDescriptor* of_type = Fact::descriptor()->FindFieldByNumber(fact_type);
  return of_type == nullptr ? nullptr : SubjectField(*of_type->message_type());
}

const google::protobuf::Message* MessageIn(const Fact& fact) {
  const auto* of_type = Fact::descriptor()->FindFieldByNumber(KindOf(fact));
  return of_type == nullptr ? nullptr : &fact.GetReflection()->GetMessage(fact, of_type);
}

KeyBuilder RecordKey(const StreamId& stream) {
  KeyBuilder key(work_items::kTimesSpace);
  key.Number(stream.kind).Id(stream.id);
  return key;
}

std::string TypePrefix(const StreamId& stream, int fact_type) {
  return RecordKey(stream).Number(static_cast<uint64_t>(fact_type)).Take();
}

std::string TimeKey(const StreamId& stream, int fact_type, const FactPlace& place) {
  return KeyBuilder()
      .Raw(TypePrefix(stream, fact_type))
      .Time(place.occurred_at)
      .Number(place.revision)
      .Take();
}

absl::Status Damaged() { return absl::DataLossError("a row of work items is damaged"); }

// What follows the type in a key, and its value.
absl::Status ReadTime(int fact_type, KeyReader& key, std::string_view value, FactTime& time) {
  time.place.occurred_at = key.Time();
  time.place.revision = key.Number();
  if (!key.Finished()) return Damaged();
  ASSIGN_OR_RETURN(KeptFact kept, DecodeRow<KeptFact>(value));
  time.event_id = kept.event_id;
  if (const FieldDescriptor* field = SubjectFieldOf(fact_type); field != nullptr) {
    time.subject = {field->name(), std::move(kept.subject)};
  }
  time.agency_id = std::move(kept.agency_id);
  time.worker_id = std::move(kept.worker_id);
  time.case_type = std::move(kept.case_type);
  return absl::OkStatus();
}

// A fact with its type.
struct TypedTime {
  int type = 0;
  FactTime time;
};

// The record's facts in [begin, end), by type and in order, until `visit` returns false.
absl::Status VisitRows(const ReadSnapshot& snapshot, const StreamId& record, std::string_view begin,
                       std::string_view end, absl::FunctionRef<bool(TypedTime)> visit) {
  const size_t prefix = RecordKey(record).Take().size();
  absl::Status damage;
  RETURN_IF_ERROR(snapshot.Scan(begin, end, [&](std::string_view key, std::string_view value) {
    KeyReader reader(key);
    reader.Skip(prefix);
    TypedTime fact;
    fact.type = static_cast<int>(reader.Number());
    damage = ReadTime(fact.type, reader, value, fact.time);
    return damage.ok() && visit(std::move(fact));
  }));
  return damage;
}

absl::Status VisitAll(const ReadSnapshot& snapshot, const StreamId& record,
                      absl::FunctionRef<bool(TypedTime)> visit) {
  const std::string prefix = RecordKey(record).Take();
  return VisitRows(snapshot, record, prefix, EndOfPrefix(prefix), visit);
}

// FactTimes::Visit over the rows themselves.
absl::Status Seek(const ReadSnapshot& snapshot, const StreamId& record, int fact_type,
                  const std::optional<FactPlace>& after,
                  absl::FunctionRef<bool(const FactTime&)> visit) {
  const std::string prefix = TypePrefix(record, fact_type);
  const std::string begin =
      after.has_value() ? EndOfPrefix(TimeKey(record, fact_type, *after)) : prefix;
  return VisitRows(snapshot, record, begin, EndOfPrefix(prefix),
                   [&](const TypedTime& fact) { return visit(fact.time); });
}

// Keeps the fact at that place. Returns its type.
std::vector<int> Insert(const StreamId& record, const FactPlace& place, KeptFact kept,
                        const Fact& fact, ReadModelBatch& batch) {
  const auto* message = MessageIn(fact);
  if (message == nullptr) return {};
  const int type = KindOf(fact);
  kept.subject = SubjectOf(fact).value;
  if (fact.has_case_opened()) {
    kept.agency_id = fact.case_opened().owner_agency_id();
    kept.worker_id = fact.case_opened().owner_worker_id();
    kept.case_type = fact.case_opened().case_type();
  } else if (fact.has_owner_assigned()) {
    kept.agency_id = fact.owner_assigned().owner_agency_id();
    kept.worker_id = fact.owner_assigned().owner_worker_id();
  }
  batch.Put(TimeKey(record, type, place), EncodeRow(kept));
  return {type};
}

// Takes the fact of that event out of the record; nullopt: it is not there.
absl::StatusOr<std::optional<TypedTime>> Remove(const StreamId& record,
                                                const std::string& target_event_id,
                                                ReadModelBatch& batch) {
  const std::optional<Uuid> target = Uuid::Parse(target_event_id);
  std::optional<TypedTime> found;
  if (!target.has_value()) return found;
  RETURN_IF_ERROR(VisitAll(batch, record, [&](TypedTime fact) {
    if (fact.time.event_id == *target) found = std::move(fact);
    return !found.has_value();
  }));
  if (found.has_value()) batch.Delete(TimeKey(record, found->type, found->time.place));
  return found;
}

absl::StatusOr<std::vector<int>> Correct(const RecordedEvent& event,
                                         const event::v1::FactCorrected& correction,
                                         ReadModelBatch& batch) {
  ASSIGN_OR_RETURN(const std::optional<TypedTime> target,
                   Remove(event.stream, correction.target_event_id(), batch));
  if (!target.has_value()) return std::vector<int>();
  FactPlace place = target->time.place;
  if (correction.has_replacement_occurred_time()) {
    place.occurred_at = ToMicros(correction.replacement_occurred_time());
  }
  KeptFact kept;
  kept.event_id = target->time.event_id;
  // A correction does not make it somebody else's.
  if (event.stream.kind == kContact) kept.agency_id = target->time.agency_id;
  std::vector<int> types =
      Insert(event.stream, place, std::move(kept), correction.replacement(), batch);
  types.push_back(target->type);
  return types;
}

}  // namespace

FactSubject SubjectOf(const Fact& fact) {
  const auto* message = MessageIn(fact);
  if (message == nullptr) return {};
  const FieldDescriptor* field = SubjectField(*message->GetDescriptor());
  if (field == nullptr) return {};
  return {field->name(), message->GetReflection()->GetString(*message, field)};
}

absl::StatusOr<std::vector<int>> TakeInFact(const RecordedEvent& event, const Fact& fact,
                                            ReadModelBatch& batch) {
  if (fact.has_fact_corrected()) return Correct(event, fact.fact_corrected(), batch);
  if (fact.has_event_voided()) {
    ASSIGN_OR_RETURN(const std::optional<TypedTime> removed,
                     Remove(event.stream, fact.event_voided().target_event_id(), batch));
    return removed.has_value() ? std::vector<int>{removed->type} : std::vector<int>();
  }
  KeptFact kept;
  kept.event_id = event.event_id;
  if (event.stream.kind == kContact) {
    const std::string& for_agency = event.origin.on_behalf_of;
    kept.agency_id = for_agency.empty() ? event.origin.agency : for_agency;
  }
  return Insert(event.stream, {event.occurred_at, event.revision}, std::move(kept), fact, batch);
}

absl::Status FactTimes::Load() {
  is_loaded_ = true;
  size_t count = 0;
  RETURN_IF_ERROR(VisitAll(snapshot_, record_, [&](TypedTime fact) {
    by_type_[fact.type].push_back(std::move(fact.time));
    return ++count <= kMostAtOnce;
  }));
  is_whole_ = count <= kMostAtOnce;
  if (!is_whole_) by_type_.clear();
  return absl::OkStatus();
}

absl::Status FactTimes::Visit(int fact_type, const std::optional<FactPlace>& after,
                              absl::FunctionRef<bool(const FactTime&)> visit) {
  if (!is_loaded_) RETURN_IF_ERROR(Load());
  if (!is_whole_) return Seek(snapshot_, record_, fact_type, after, visit);
  const auto of_type = by_type_.find(fact_type);
  if (of_type == by_type_.end()) return absl::OkStatus();
  for (const FactTime& time : of_type->second) {
    if (after.has_value() && time.place <= *after) continue;
    if (!visit(time)) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StreamId>> RecordsWithFacts(const ReadSnapshot& snapshot) {
  std::vector<StreamId> records;
  const std::string space(1, work_items::kTimesSpace);
  const std::string end = EndOfPrefix(space);
  absl::Status damage;
  for (std::string begin = space; !begin.empty();) {
    std::optional<StreamId> next;
    RETURN_IF_ERROR(snapshot.Scan(begin, end, [&](std::string_view key, std::string_view) {
      KeyReader reader(key);
      reader.Skip(1);
      StreamId record;
      record.kind = static_cast<uint32_t>(reader.Number());
      record.id = reader.Id();
      if (!reader.ok()) damage = Damaged();
      next = record;
      return false;
    }));
    RETURN_IF_ERROR(damage);
    if (!next.has_value()) break;
    begin = EndOfPrefix(RecordKey(*next).key());
    records.push_back(*next);
  }
  return records;
}

}  // namespace caseledger::projections
