#include "eventstore/engine/postgres/ledger_reader.h"

#include <algorithm>

#include "eventstore/base/status_macros.h"
#include "eventstore/base/strings.h"

namespace caseledger::eventstore::postgres {
namespace {

// Rows without records or with hashes of one size, so that their number bounds their bytes.
constexpr uint64_t kSmallRows = 1024;
// Marks that were copied before any event stand at -1.
constexpr int64_t kBeforeAll = INT64_MIN;
constexpr uint64_t kTileRows = 128;

constexpr Statement kLoadHead = {"load_head",
                                 "select h.next_position, h.last_recorded_at, h.last_leaf_hash, "
                                 "(select e.leaf_hash from caseledger.event e "
                                 "where e.ledger = $1 and e.position = h.next_position - 1), "
                                 "exists (select 1 from caseledger.event e "
                                 "where e.ledger = $1 and e.position >= h.next_position) "
                                 "from caseledger.log_head h where h.ledger = $1"};

// The sizes are summed up in the order of reading: the page ends with the record that makes it
// full, and has one at least. Sizes of large records are known without reading them.
constexpr Statement kReadPage = {
    "read_page",
    "select stream_kind, stream_id, revision, position, leaf_hash, record from ("
    "select e.*, sum(octet_length(record)) over (order by position) - octet_length(record) as "
    "before "
    "from caseledger.event e where ledger = $1 and position >= $2 and position < $3 "
    "order by position limit $4) page where before < $5 order by position"};
constexpr Statement kReadStreamPage = {
    "read_stream_page",
    "select stream_kind, stream_id, revision, position, leaf_hash, record from ("
    "select e.*, sum(octet_length(record)) over (order by revision) - octet_length(record) as "
    "before "
    "from caseledger.event e where ledger = $1 and stream_kind = $2 and stream_id = $3 "
    "and revision >= $4 and revision < $5 "
    "order by revision limit $6) page where before < $7 order by revision"};

constexpr Statement kFindStream = {
    "find_stream",
    "select stream_kind, stream_id, revision, position, leaf_hash from caseledger.stream_head "
    "where ledger = $1 and stream_kind = $2 and stream_id = $3"};
// The limit keeps the planner from joining with all heads of the ledger at once.
constexpr Statement kFindStreams = {
    "find_streams",
    "select h.stream_kind, h.stream_id, h.revision, h.position, h.leaf_hash "
    "from unnest($2::int8[], $3::uuid[]) as wanted (kind, id) cross join lateral ("
    "select s.* from caseledger.stream_head s where s.ledger = $1 "
    "and s.stream_kind = wanted.kind and s.stream_id = wanted.id limit 1) h"};
// The newest of a key counts.
constexpr Statement kFindMark = {"find_mark",
                                 "select value from caseledger.mark where ledger = $1 and key = $2 "
                                 "order by position desc limit 1"};
constexpr Statement kFindMarks = {
    "find_marks",
    "select m.key, m.value from unnest($2::bytea[]) as wanted (key) cross join lateral ("
    "select s.key, s.value from caseledger.mark s where s.ledger = $1 and s.key = wanted.key "
    "order by s.position desc limit 1) m"};
constexpr Statement kFindTile = {
    "find_tile",
    "select hashes from caseledger.tile where ledger = $1 and level = $2 and index = $3"};
constexpr Statement kFindSigningState = {
    "find_signing_state", "select state from caseledger.signing_state where ledger = $1"};

constexpr Statement kIndexPage = {
    "index_page",
    "select stream_kind, stream_id, revision, position from caseledger.event "
    "where ledger = $1 and (stream_kind, stream_id, revision) > ($2, $3, $4) "
    "order by stream_kind, stream_id, revision limit $5"};
constexpr Statement kStreamHeadsPage = {
    "stream_heads_page",
    "select stream_kind, stream_id, revision, position, leaf_hash from caseledger.stream_head "
    "where ledger = $1 and (stream_kind, stream_id) > ($2, $3) "
    "order by stream_kind, stream_id limit $4"};
constexpr Statement kMarksPage = {
    "marks_page",
    "select key, position, value from caseledger.mark "
    "where ledger = $1 and (key, position) > ($2, $3) order by key, position limit $4"};
constexpr Statement kTilesPage = {
    "tiles_page",
    "select level, index, hashes from caseledger.tile "
    "where ledger = $1 and (level, index) > ($2, $3) order by level, index limit $4"};

std::optional<Hash256> HashIn(const Rows& rows, int row, int column) {
  const std::string_view bytes = rows.Bytes(row, column);
  Hash256 hash;
  if (bytes.size() != hash.bytes.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), hash.bytes.begin());
  return hash;
}

// Kind and id stand first in every row of a stream.
StreamId StreamIn(const Rows& rows, int row) {
  return {static_cast<uint32_t>(rows.Number(row, 0)),
          Uuid::FromBytes(rows.Bytes(row, 1)).value_or(Uuid{})};
}

// nullopt when the hash is not one.
std::optional<StreamHead> StreamHeadIn(const Rows& rows, int row) {
  const std::optional<Hash256> hash = HashIn(rows, row, 4);
  if (!hash) return std::nullopt;
  return StreamHead{rows.Number(row, 2), rows.Number(row, 3), *hash};
}

bool EventIn(const Rows& rows, int row, StoredEvent& event) {
  const std::optional<Hash256> hash = HashIn(rows, row, 4);
  if (!hash) return false;
  event.stream = StreamIn(rows, row);
  event.revision = rows.Number(row, 2);
  event.position = rows.Number(row, 3);
  event.leaf_hash = *hash;
  event.record = rows.Bytes(row, 5);
  return true;
}

// Whether there are rows, readable, with numbers from `first` on in that column.
bool AreWhole(const Rows& rows, int column, uint64_t first) {
  for (int row = 0; row < rows.count(); ++row) {
    if (rows.Number(row, column) != first + static_cast<uint64_t>(row)) return false;
    if (!HashIn(rows, row, 4)) return false;
  }
  return rows.count() > 0;
}
constexpr int kRevisionColumn = 2;
constexpr int kPositionColumn = 3;

// Before the first stream of a ledger: kinds are not negative.
constexpr int64_t kBeforeAllKinds = -1;

}  // namespace

std::optional<LedgerHead> HeadIn(const Rows& rows, int row, int column) {
  const std::optional<Hash256> hash = HashIn(rows, row, column + 2);
  if (!hash) return std::nullopt;
  return LedgerHead{rows.Number(row, column), rows.Int8(row, column + 1), *hash};
}

absl::Status LedgerReader::Damaged(std::string_view what) const {
  return absl::DataLossError(StrCat("ledger ", ledger_, " is damaged: ", what));
}

absl::StatusOr<LedgerHead> LedgerReader::LoadHead() const {
  ASSIGN_OR_RETURN(const Rows rows, runner_.Run(kLoadHead, Parameters().Text(ledger_)));
  if (rows.count() == 0) return Damaged("it has no head");
  const std::optional<LedgerHead> head = HeadIn(rows, 0, 0);
  if (!head) return Damaged("its head is not readable");
  if (head->next_position > 0 && rows.Bytes(0, 3) != head->last_leaf_hash.raw()) {
    return Damaged("the last event's leaf hash differs from the head's");
  }
  if (rows.Bool(0, 4)) return Damaged("an event lies beyond the head");
  return *head;
}

absl::StatusOr<Rows> LedgerReader::ReadPage(const Statement& statement,
                                            const Parameters& parameters, int column,
                                            uint64_t first) const {
  absl::StatusOr<Rows> rows = pages_.Run(statement, parameters);
  if (&pages_ == &runner_ || !rows.ok() || AreWhole(*rows, column, first)) return rows;
  return runner_.Run(statement, parameters);
}

absl::Status LedgerReader::Read(uint64_t from, uint64_t end, VisitEvent visit) const {
  StoredEvent event;
  for (uint64_t position = from; position < end;) {
    const Parameters page = Parameters()
                                .Text(ledger_)
                                .Int8(position)
                                .Int8(end)
                                .Int8(limits_.events)
                                .Int8(limits_.bytes);
    ASSIGN_OR_RETURN(const Rows rows, ReadPage(kReadPage, page, kPositionColumn, position));
    for (int row = 0; row < rows.count(); ++row, ++position) {
      if (!EventIn(rows, row, event)) return Damaged(StrCat("position ", position, " is cut"));
      if (event.position != position) break;
      if (!visit(event)) return absl::OkStatus();
    }
    if (rows.count() == 0 || event.position + 1 != position) {
      return Damaged(StrCat("there is no record at position ", position));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<StreamHead> LedgerReader::FindStream(const StreamId& stream) const {
  ASSIGN_OR_RETURN(
      const Rows rows,
      runner_.Run(kFindStream,
                  Parameters().Text(ledger_).Int8(uint64_t{stream.kind}).Id(stream.id)));
  if (rows.count() == 0) return StreamHead{};
  const std::optional<StreamHead> head = StreamHeadIn(rows, 0);
  if (!head) return Damaged("a stream head is not readable");
  return *head;
}

absl::StatusOr<std::vector<std::pair<StreamId, StreamHead>>> LedgerReader::FindStreams(
    std::span<const StreamId> streams) const {
  std::vector<uint64_t> kinds;
  std::vector<Uuid> ids;
  for (const StreamId& stream : streams) {
    kinds.push_back(stream.kind);
    ids.push_back(stream.id);
  }
  ASSIGN_OR_RETURN(const Rows rows,
                   runner_.Run(kFindStreams, Parameters().Text(ledger_).Int8s(kinds).Ids(ids)));
  std::vector<std::pair<StreamId, StreamHead>> found;
  for (int row = 0; row < rows.count(); ++row) {
    const std::optional<StreamHead> head = StreamHeadIn(rows, row);
    if (!head) return Damaged("a stream head is not readable");
    found.emplace_back(StreamIn(rows, row), *head);
  }
  return found;
}

absl::Status LedgerReader::ReadStream(const StreamId& stream, uint64_t from_revision,
                                      VisitEvent visit) const {
  ASSIGN_OR_RETURN(const StreamHead head, FindStream(stream));
  return ReadStream(stream, from_revision, head.revision + 1, visit);
}

absl::Status LedgerReader::ReadStream(const StreamId& stream, uint64_t from_revision,
                                      uint64_t end_revision, VisitEvent visit) const {
  StoredEvent event;
  for (uint64_t revision = std::max<uint64_t>(from_revision, 1); revision < end_revision;) {
    const Parameters page = Parameters()
                                .Text(ledger_)
                                .Int8(uint64_t{stream.kind})
                                .Id(stream.id)
                                .Int8(revision)
                                .Int8(end_revision)
                                .Int8(limits_.events)
                                .Int8(limits_.bytes);
    ASSIGN_OR_RETURN(const Rows rows, ReadPage(kReadStreamPage, page, kRevisionColumn, revision));
    for (int row = 0; row < rows.count(); ++row, ++revision) {
      if (!EventIn(rows, row, event)) return Damaged(StrCat("revision ", revision, " is cut"));
      if (event.revision != revision) break;
      if (!visit(event)) return absl::OkStatus();
    }
    if (rows.count() == 0 || event.revision + 1 != revision) {
      return Damaged(StrCat("a stream lacks its revision ", revision));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> LedgerReader::FindOne(
    const Statement& statement, const Parameters& parameters) const {
  ASSIGN_OR_RETURN(const Rows rows, runner_.Run(statement, parameters));
  if (rows.count() == 0) return std::optional<std::string>();
  return std::optional<std::string>(rows.Bytes(0, 0));
}

absl::StatusOr<std::optional<std::string>> LedgerReader::FindMark(std::string_view mark) const {
  return FindOne(kFindMark, Parameters().Text(ledger_).Bytes(mark));
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> LedgerReader::FindMarks(
    std::span<const std::string> marks) const {
  const std::vector<std::string_view> wanted(marks.begin(), marks.end());
  ASSIGN_OR_RETURN(const Rows rows,
                   runner_.Run(kFindMarks, Parameters().Text(ledger_).ByteStrings(wanted)));
  std::vector<std::pair<std::string, std::string>> found;
  found.reserve(static_cast<size_t>(rows.count()));
  for (int row = 0; row < rows.count(); ++row) {
    found.emplace_back(rows.Bytes(row, 0), rows.Bytes(row, 1));
  }
  return found;
}

absl::StatusOr<std::optional<std::string>> LedgerReader::FindTile(unsigned level,
                                                                  uint64_t index) const {
  return FindOne(kFindTile, Parameters().Text(ledger_).Int8(uint64_t{level}).Int8(index));
}

absl::StatusOr<std::optional<std::string>> LedgerReader::FindSigningState() const {
  return FindOne(kFindSigningState, Parameters().Text(ledger_));
}

absl::Status LedgerReader::VisitIndex(
    absl::FunctionRef<bool(const StreamId&, uint64_t, uint64_t)> visit) const {
  int64_t kind = kBeforeAllKinds;
  Uuid id;
  uint64_t revision = 0;
  while (true) {
    const Parameters after =
        Parameters().Text(ledger_).Int8(kind).Id(id).Int8(revision).Int8(kSmallRows);
    ASSIGN_OR_RETURN(const Rows rows, runner_.Run(kIndexPage, after));
    for (int row = 0; row < rows.count(); ++row) {
      const StreamId stream = StreamIn(rows, row);
      kind = stream.kind;
      id = stream.id;
      revision = rows.Number(row, 2);
      if (!visit(stream, revision, rows.Number(row, 3))) return absl::OkStatus();
    }
    if (rows.count() == 0) return absl::OkStatus();
  }
}

absl::Status LedgerReader::VisitStreamHeads(
    absl::FunctionRef<bool(const StreamId&, const StreamHead&)> visit) const {
  int64_t kind = kBeforeAllKinds;
  Uuid id;
  while (true) {
    const Parameters after = Parameters().Text(ledger_).Int8(kind).Id(id).Int8(kSmallRows);
    ASSIGN_OR_RETURN(const Rows rows, runner_.Run(kStreamHeadsPage, after));
    for (int row = 0; row < rows.count(); ++row) {
      const StreamId stream = StreamIn(rows, row);
      kind = stream.kind;
      id = stream.id;
      const std::optional<StreamHead> head = StreamHeadIn(rows, row);
      if (!head) return Damaged("a stream head is not readable");
      if (!visit(stream, *head)) return absl::OkStatus();
    }
    if (rows.count() == 0) return absl::OkStatus();
  }
}

absl::Status LedgerReader::VisitMarks(
    std::string_view prefix,
    absl::FunctionRef<bool(std::string_view, std::string_view)> visit) const {
  // In the order of the index, which no page has to sort: of a key's rows the last counts, so one
  // is shown when the next key begins.
  std::string key(prefix);
  int64_t position = kBeforeAll;
  std::string value;
  const auto shown = [&] { return position == kBeforeAll || visit(key, value); };
  while (true) {
    const Parameters page = Parameters().Text(ledger_).Bytes(key).Int8(position).Int8(kSmallRows);
    ASSIGN_OR_RETURN(const Rows rows, runner_.Run(kMarksPage, page));
    for (int row = 0; row < rows.count(); ++row) {
      const std::string_view next = rows.Bytes(row, 0);
      if (next != key && !shown()) return absl::OkStatus();
      if (!next.starts_with(prefix)) return absl::OkStatus();
      key.assign(next);
      position = rows.Int8(row, 1);
      value.assign(rows.Bytes(row, 2));
    }
    if (rows.count() > 0) continue;
    shown();
    return absl::OkStatus();
  }
}

absl::Status LedgerReader::VisitTiles(
    absl::FunctionRef<bool(unsigned, uint64_t, std::string_view)> visit) const {
  int64_t level = -1;
  uint64_t index = 0;
  while (true) {
    const Parameters after = Parameters().Text(ledger_).Int8(level).Int8(index).Int8(kTileRows);
    ASSIGN_OR_RETURN(const Rows rows, runner_.Run(kTilesPage, after));
    for (int row = 0; row < rows.count(); ++row) {
      level = rows.Int8(row, 0);
      index = rows.Number(row, 1);
      if (!visit(static_cast<unsigned>(level), index, rows.Bytes(row, 2))) return absl::OkStatus();
    }
    if (rows.count() == 0) return absl::OkStatus();
  }
}

}  // namespace caseledger::eventstore::postgres
