#include "projections/work_items/fact_times.h"

#include <charconv>

#include "caseledger/options/v1/options.pb.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/kept_rows.h"
#include "projections/read_model/keys.h"
#include "projections/work_items/layout.h"

namespace caseledger::projections {
namespace {

using event::v1::Fact;
using eventstore::StreamId;
using google::protobuf::FieldDescriptor;

// Times of one record that are read at once, in one look.
constexpr size_t kMostAtOnce = 256;

bool IsKey(const FieldDescriptor& field) {
  return field.options().GetExtension(options::v1::rule).key() && !field.is_repeated();
}

// Null when facts of this type are about the whole record.
const FieldDescriptor* SubjectField(const google::protobuf::Descriptor& fact) {
  const FieldDescriptor* first = fact.FindFieldByNumber(1);
  return first != nullptr && IsKey(*first) ? first : nullptr;
}

const google::protobuf::Message* MessageIn(const Fact& fact) {
  const auto* of_type = Fact::descriptor()->FindFieldByNumber(KindOf(fact));
  return of_type == nullptr ? nullptr : &fact.GetReflection()->GetMessage(fact, of_type);
}

KeyBuilder RecordKey(char space, const StreamId& stream) {
  KeyBuilder key(space);
  key.Number(stream.kind).Id(stream.id);
  return key;
}

std::string TypePrefix(const StreamId& stream, int fact_type) {
  return RecordKey(work_items::kTimesSpace, stream).Number(static_cast<uint64_t>(fact_type)).Take();
}

absl::Status Damaged() { return absl::DataLossError("a row of work items is damaged"); }

// What follows the type in a key, and its value.
absl::Status ReadTime(KeyReader& key, std::string_view value, FactTime& time) {
  time.place.occurred_at = key.Time();
  time.place.revision = key.Number();
  time.group = key.Text();
  const std::optional<Uuid> event_id = Uuid::FromBytes(value);
  if (!event_id.has_value() || !key.Finished()) return Damaged();
  time.event_id = *event_id;
  return absl::OkStatus();
}

// FactTimes::Visit over the rows themselves.
absl::Status Seek(const ReadSnapshot& snapshot, const StreamId& record, int fact_type,
                  const std::optional<FactPlace>& after,
                  absl::FunctionRef<bool(const FactTime&)> visit) {
  const std::string prefix = TypePrefix(record, fact_type);
  std::string begin = prefix;
  if (after.has_value()) {
    begin = EndOfPrefix(
        KeyBuilder().Raw(prefix).Time(after->occurred_at).Number(after->revision).Take());
  }
  absl::Status damage;
  RETURN_IF_ERROR(
      snapshot.Scan(begin, EndOfPrefix(prefix), [&](std::string_view key, std::string_view value) {
        KeyReader reader(key);
        reader.Skip(prefix.size());
        FactTime time;
        damage = ReadTime(reader, value, time);
        return damage.ok() && visit(time);
      }));
  return damage;
}

}  // namespace

FactSubject SubjectOf(const Fact& fact) {
  const auto* message = MessageIn(fact);
  if (message == nullptr) return {};
  const FieldDescriptor* field = SubjectField(*message->GetDescriptor());
  if (field == nullptr) return {};
  return {field->name(), message->GetReflection()->GetString(*message, field)};
}

std::string GroupOfWhole(int fact_type) { return StrCat(fact_type, "/"); }

std::vector<std::string> FactTimeGroupsOf(const Fact& fact) {
  const auto* message = MessageIn(fact);
  if (message == nullptr) return {};
  std::string group = GroupOfWhole(KindOf(fact));
  const auto& type = *message->GetDescriptor();
  for (int i = 0; SubjectField(type) != nullptr && i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsKey(field)) group += StrCat(message->GetReflection()->GetString(*message, &field), "|");
  }
  return {group};
}

absl::StatusOr<int> TypeOfGroup(const std::string& group) {
  int type = 0;
  const char* end = group.data() + group.size();
  const auto read = std::from_chars(group.data(), end, type);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '/') return Damaged();
  return type;
}

absl::Status ReplaceFactTimes(const StreamId& stream, const std::string& group,
                              const std::vector<EffectiveFact>& facts, ReadModelBatch& batch) {
  ASSIGN_OR_RETURN(const int type, TypeOfGroup(group));
  std::vector<std::pair<std::string, std::string>> rows;
  rows.reserve(facts.size());
  for (const EffectiveFact& fact : facts) {
    rows.emplace_back(KeyBuilder()
                          .Raw(TypePrefix(stream, type))
                          .Time(fact.occurred_at)
                          .Number(fact.revision)
                          .Text(group)
                          .Take(),
                      std::string(fact.event_id.raw()));
  }
  return ReplaceRows(RecordKey(work_items::kTimeKeysSpace, stream).Raw(group).Take(), rows, batch);
}

absl::Status FactTimes::Load() {
  is_loaded_ = true;
  const std::string prefix = RecordKey(work_items::kTimesSpace, record_).Take();
  size_t count = 0;
  absl::Status damage;
  const auto keep = [&](std::string_view key, std::string_view value) {
    if (++count > kMostAtOnce) return false;
    KeyReader reader(key);
    reader.Skip(prefix.size());
    const auto type = static_cast<int>(reader.Number());
    damage = ReadTime(reader, value, by_type_[type].emplace_back());
    return damage.ok();
  };
  RETURN_IF_ERROR(snapshot_.Scan(prefix, EndOfPrefix(prefix), keep));
  is_whole_ = count <= kMostAtOnce;
  if (!is_whole_) by_type_.clear();
  return damage;
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
    begin = EndOfPrefix(RecordKey(work_items::kTimesSpace, *next).key());
    records.push_back(*next);
  }
  return records;
}

}  // namespace caseledger::projections
