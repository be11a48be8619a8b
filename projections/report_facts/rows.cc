#include "projections/report_facts/rows.h"

#include <array>

namespace caseledger::projections::report_rows {
namespace {

using eventstore::StreamId;

constexpr char kStreamTable = 's';
constexpr char kTimeIndex = 't';
constexpr uint64_t kSignBit = uint64_t{1} << 63;  // flipped, so that times before 1970 sort first

void PutBigEndian(uint64_t value, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  uint64_t Number(size_t bytes) {
    uint64_t value = 0;
    for (const char c : Take(bytes)) value = (value << 8) | static_cast<unsigned char>(c);
    return value;
  }
  std::string_view Take(size_t bytes) {
    if (left_.size() < bytes) {
      ok_ = false;
      left_ = {};
      return {};
    }
    const std::string_view taken = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return taken;
  }
  Uuid Id() { return Uuid::FromBytes(Take(16)).value_or(Uuid{}); }
  Micros Time() { return static_cast<Micros>(Number(8) ^ kSignBit); }
  std::string_view Rest() { return Take(left_.size()); }
  bool Finished() const { return ok_ && left_.empty(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

void PutStream(const StreamId& stream, std::string& out) {
  PutBigEndian(stream.kind, 4, out);
  out.append(stream.id.raw());
}

void PutTime(Micros time, std::string& out) {
  PutBigEndian(static_cast<uint64_t>(time) ^ kSignBit, 8, out);
}

StreamId ReadStream(Reader& reader) {
  StreamId stream;
  stream.kind = static_cast<uint32_t>(reader.Number(4));
  stream.id = reader.Id();
  return stream;
}

}  // namespace

std::string StreamBegin(const StreamId& stream) {
  std::string key(1, kStreamTable);
  PutStream(stream, key);
  return key;
}

// Times of occurrence never reach the largest number, so 0xff sorts behind every fact.
std::string StreamEnd(const StreamId& stream) {
  return StreamBegin(stream) + std::string(9, '\xff');
}

std::string FactRowKey(const FactKey& key) {
  std::string out = StreamBegin(key.stream);
  PutTime(key.occurred_at, out);
  PutBigEndian(key.revision, 8, out);
  PutBigEndian(key.from, 8, out);
  return out;
}

std::string FactRowValue(const FactRow& row) {
  std::string out;
  out.reserve(8 + 2 + 8 + 16 + 2 + row.agency.size() + row.fact.size());
  PutBigEndian(row.to, 8, out);
  PutBigEndian(row.kind, 2, out);
  PutTime(row.recorded_at, out);
  out.append(row.event_id.raw());
  PutBigEndian(row.agency.size(), 2, out);
  out.append(row.agency);
  out.append(row.fact);
  return out;
}

std::optional<FactRow> ReadFactRow(std::string_view key, std::string_view value) {
  FactRow row;
  Reader keys(key);
  if (keys.Take(1) != std::string_view(&kStreamTable, 1)) return std::nullopt;
  row.key.stream = ReadStream(keys);
  row.key.occurred_at = keys.Time();
  row.key.revision = keys.Number(8);
  row.key.from = keys.Number(8);
  Reader values(value);
  row.to = values.Number(8);
  row.kind = static_cast<uint32_t>(values.Number(2));
  row.recorded_at = values.Time();
  row.event_id = values.Id();
  row.agency = values.Take(values.Number(2));
  row.fact = values.Rest();
  if (!keys.Finished() || !values.Finished()) return std::nullopt;
  return row;
}

std::string TimeIndexBegin(uint32_t kind, Micros occurred_at) {
  std::string key(1, kTimeIndex);
  PutBigEndian(kind, 2, key);
  PutTime(occurred_at, key);
  return key;
}

std::string TimeIndexEnd(uint32_t kind) {
  std::string key(1, kTimeIndex);
  PutBigEndian(kind, 2, key);
  return key + std::string(9, '\xff');
}

std::string TimeIndexKey(uint32_t kind, const FactKey& key) {
  std::string out = TimeIndexBegin(kind, key.occurred_at);
  PutStream(key.stream, out);
  PutBigEndian(key.revision, 8, out);
  PutBigEndian(key.from, 8, out);
  return out;
}

std::string TimeIndexValue(uint64_t to) {
  std::string out;
  PutBigEndian(to, 8, out);
  return out;
}

std::optional<TimeIndexRow> ReadTimeIndexRow(std::string_view key, std::string_view value) {
  TimeIndexRow row;
  Reader keys(key);
  if (keys.Take(1) != std::string_view(&kTimeIndex, 1)) return std::nullopt;
  keys.Take(2);  // the kind, which the reader asked for
  row.key.occurred_at = keys.Time();
  row.key.stream = ReadStream(keys);
  row.key.revision = keys.Number(8);
  row.key.from = keys.Number(8);
  Reader values(value);
  row.to = values.Number(8);
  if (!keys.Finished() || !values.Finished()) return std::nullopt;
  return row;
}

}  // namespace caseledger::projections::report_rows
