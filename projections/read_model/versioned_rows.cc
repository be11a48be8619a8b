#include "projections/read_model/versioned_rows.h"

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_cursor.h"

namespace caseledger::projections {
namespace {

constexpr char kCurrent = 'c';
constexpr char kEnded = 'p';
constexpr size_t kFromBytes = 8;
constexpr size_t kSpaceBytes = 2;  // space and kind

struct Version {
  uint64_t from = 0;
  std::string_view value;
};

absl::StatusOr<Version> ReadVersion(std::string_view stored) {
  if (stored.size() < kFromBytes) {
    return absl::DataLossError("a versioned row is damaged: rebuild the read model");
  }
  return Version{KeyReader(stored).Number(), stored.substr(kFromBytes)};
}

std::string WriteVersion(uint64_t from, std::string_view value) {
  return KeyBuilder().Number(from).Raw(value).Take();
}

absl::Status CheckAsOf(const ReadSnapshot& snapshot, uint64_t as_of_events) {
  if (as_of_events == kLatest || as_of_events <= snapshot.applied_events()) return absl::OkStatus();
  return absl::OutOfRangeError(StrCat("asked as of ", as_of_events, " events, but only ",
                                      snapshot.applied_events(), " are reflected"));
}

// Walks the ended versions of a range and stops at those that hold as of N.
class EndedCursor {
 public:
  EndedCursor(const ReadSnapshot& snapshot, std::string begin, std::string end, uint64_t as_of)
      : rows_(snapshot, std::move(begin), std::move(end)), as_of_(as_of) {}

  absl::Status Next() {
    valid_ = false;
    while (true) {
      RETURN_IF_ERROR(rows_.Next());
      if (!rows_.valid()) return absl::OkStatus();
      KeyReader reader(rows_.key());
      reader.Skip(kSpaceBytes);
      key_ = reader.Text();
      const uint64_t to = reader.Number();
      if (!reader.Finished()) {
        return absl::DataLossError("a versioned row's key is damaged: rebuild the read model");
      }
      ASSIGN_OR_RETURN(const Version version, ReadVersion(rows_.value()));
      if (version.from < as_of_ && as_of_ <= to) {
        value_ = version.value;
        valid_ = true;
        return absl::OkStatus();
      }
    }
  }
  bool valid() const { return valid_; }
  const std::string& key() const { return key_; }
  std::string_view value() const { return value_; }

 private:
  RowCursor rows_;
  const uint64_t as_of_;
  bool valid_ = false;
  std::string key_;
  std::string_view value_;
};

// Walks the current versions of a range that were there as of N.
class CurrentCursor {
 public:
  CurrentCursor(const ReadSnapshot& snapshot, std::string begin, std::string end, uint64_t as_of)
      : rows_(snapshot, std::move(begin), std::move(end)), as_of_(as_of) {}

  absl::Status Next() {
    while (true) {
      RETURN_IF_ERROR(rows_.Next());
      if (!rows_.valid()) return absl::OkStatus();
      ASSIGN_OR_RETURN(const Version version, ReadVersion(rows_.value()));
      value_ = version.value;
      if (version.from < as_of_) return absl::OkStatus();
    }
  }
  bool valid() const { return rows_.valid(); }
  std::string_view key() const { return rows_.key().substr(kSpaceBytes); }
  std::string_view value() const { return value_; }

 private:
  RowCursor rows_;
  const uint64_t as_of_;
  std::string_view value_;
};

}  // namespace

std::string VersionedRows::CurrentKey(std::string_view key) const {
  return KeyBuilder(space_).Raw({&kCurrent, 1}).Raw(key).Take();
}

std::string VersionedRows::EndedKey(std::string_view key, uint64_t to) const {
  return KeyBuilder(space_).Raw({&kEnded, 1}).Text(key).Number(to).Take();
}

absl::Status VersionedRows::EndCurrent(ReadModelBatch& batch, std::string_view key,
                                       const std::optional<std::string>& stored,
                                       uint64_t position) const {
  if (!stored.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Version version, ReadVersion(*stored));
  if (version.from > position) {
    return absl::InternalError(StrCat("a row changed at ", version.from,
                                      " cannot be changed at the earlier position ", position));
  }
  // Changed twice by one event: the first version held as of no N.
  if (version.from < position) batch.Put(EndedKey(key, position), *stored);
  return absl::OkStatus();
}

absl::Status VersionedRows::Put(ReadModelBatch& batch, std::string_view key, std::string_view value,
                                uint64_t position) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(CurrentKey(key)));
  if (stored.has_value()) {
    ASSIGN_OR_RETURN(const Version version, ReadVersion(*stored));
    if (version.value == value) return absl::OkStatus();
  }
  RETURN_IF_ERROR(EndCurrent(batch, key, stored, position));
  PutNew(batch, key, value, position);
  return absl::OkStatus();
}

void VersionedRows::PutNew(ReadModelBatch& batch, std::string_view key, std::string_view value,
                           uint64_t position) const {
  batch.Put(CurrentKey(key), WriteVersion(position, value));
}

absl::Status VersionedRows::Remove(ReadModelBatch& batch, std::string_view key,
                                   uint64_t position) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, batch.Get(CurrentKey(key)));
  RETURN_IF_ERROR(EndCurrent(batch, key, stored, position));
  batch.Delete(CurrentKey(key));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> VersionedRows::Get(const ReadSnapshot& snapshot,
                                                              std::string_view key,
                                                              uint64_t as_of_events) const {
  RETURN_IF_ERROR(CheckAsOf(snapshot, as_of_events));
  ASSIGN_OR_RETURN(const std::optional<std::string> stored, snapshot.Get(CurrentKey(key)));
  if (stored.has_value()) {
    ASSIGN_OR_RETURN(const Version version, ReadVersion(*stored));
    if (version.from < as_of_events) return std::optional<std::string>(version.value);
  }
  if (as_of_events == kLatest) return std::optional<std::string>();
  EndedCursor ended(snapshot, EndedKey(key, as_of_events),
                    EndOfPrefix(KeyBuilder(space_).Raw({&kEnded, 1}).Text(key).key()),
                    as_of_events);
  RETURN_IF_ERROR(ended.Next());
  if (!ended.valid()) return std::optional<std::string>();
  return std::optional<std::string>(ended.value());
}

absl::Status VersionedRows::Scan(
    const ReadSnapshot& snapshot, std::string_view begin, std::string_view end,
    uint64_t as_of_events,
    absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) const {
  RETURN_IF_ERROR(CheckAsOf(snapshot, as_of_events));
  const std::string current_space{space_, kCurrent};
  const std::string ended_space{space_, kEnded};
  CurrentCursor current(snapshot, CurrentKey(begin),
                        end.empty() ? EndOfPrefix(current_space) : CurrentKey(end), as_of_events);
  RETURN_IF_ERROR(current.Next());
  // Escaped keys sort as the keys do, so both cursors go through the rows in one order.
  EndedCursor ended(
      snapshot, KeyBuilder().Raw(ended_space).Text(begin).Take(),
      end.empty() ? EndOfPrefix(ended_space) : KeyBuilder().Raw(ended_space).Text(end).Take(),
      as_of_events);
  if (as_of_events != kLatest) RETURN_IF_ERROR(ended.Next());
  while (current.valid() || ended.valid()) {
    const bool take_ended = ended.valid() && (!current.valid() || ended.key() < current.key());
    const bool more =
        take_ended ? visit(ended.key(), ended.value()) : visit(current.key(), current.value());
    if (!more) return absl::OkStatus();
    RETURN_IF_ERROR(take_ended ? ended.Next() : current.Next());
  }
  return absl::OkStatus();
}

}  // namespace caseledger::projections
