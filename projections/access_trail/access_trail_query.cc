#include <set>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/access_trail/access_trail.h"
#include "projections/access_trail/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/read_model/row_codec.h"

namespace caseledger::projections {
namespace {

using access_trail::UseRow;

constexpr size_t kPositionBytes = 8;

absl::Status Damaged() {
  return absl::DataLossError("a row of the access trail is damaged: rebuild it");
}

absl::StatusOr<uint64_t> PositionOf(std::string_view key) {
  if (key.size() < kPositionBytes) return Damaged();
  return ~KeyReader(key.substr(key.size() - kPositionBytes)).Number();
}

std::string QuestionOf(std::string_view prefix, std::string_view filter) {
  return KeyBuilder().Text("access-trail@1").Text(prefix).Text(filter).Take();
}

absl::StatusOr<std::string> BeginOf(std::string_view prefix, std::string_view question,
                                    const std::string& page_token) {
  if (page_token.empty()) return std::string(prefix);
  ASSIGN_OR_RETURN(const PagePoint point, ReadPageToken(question, page_token));
  if (!point.after_key.starts_with(prefix)) {
    return absl::InvalidArgumentError("the page token belongs to another question");
  }
  return point.after_key + '\0';
}

// What a page of rows has in common, whatever they lead to.
struct RowsPage {
  std::vector<std::pair<uint64_t, std::string>> rows;  // position and value
  std::string next_page_token;
};

// Rows under `prefix`, those with just the value `filter` unless it is "".
absl::StatusOr<RowsPage> ReadRows(const ReadSnapshot& snapshot, const std::string& prefix,
                                  std::string_view filter, const TrailPaging& paging) {
  ASSIGN_OR_RETURN(const size_t page_size, PageSize(paging.page_size));
  const std::string question = QuestionOf(prefix, filter);
  ASSIGN_OR_RETURN(const std::string begin, BeginOf(prefix, question, paging.page_token));
  RowsPage page;
  std::string last_key;
  absl::Status damage;
  const auto visit = [&](std::string_view key, std::string_view value) {
    if (!filter.empty() && value != filter) return true;
    if (page.rows.size() == page_size) {
      page.next_page_token = MakePageToken(question, {snapshot.applied_events(), last_key});
      return false;
    }
    const absl::StatusOr<uint64_t> position = PositionOf(key);
    damage = position.status();
    if (!damage.ok()) return false;
    last_key = key;
    page.rows.emplace_back(*position, value);
    return true;
  };
  RETURN_IF_ERROR(snapshot.Scan(begin, EndOfPrefix(prefix), visit));
  RETURN_IF_ERROR(damage);
  return page;
}

absl::StatusOr<TrailPage> ReadPositions(const ReadSnapshot& snapshot, const std::string& prefix,
                                        std::string_view filter, const TrailPaging& paging) {
  ASSIGN_OR_RETURN(RowsPage rows, ReadRows(snapshot, prefix, filter, paging));
  TrailPage page;
  page.reflected_events = snapshot.applied_events();
  page.next_page_token = std::move(rows.next_page_token);
  for (const auto& [position, value] : rows.rows) page.positions.push_back(position);
  return page;
}

absl::StatusOr<std::vector<std::string>> Recipients(const ReadSnapshot& snapshot,
                                                    const Uuid& person, std::string_view consent) {
  KeyBuilder prefix = KeyBuilder(access_trail::kRecipientSpace).Id(person);
  if (!consent.empty()) prefix.Text(consent);
  std::set<std::string> recipients;
  bool damaged = false;
  RETURN_IF_ERROR(snapshot.Scan(prefix.key(), EndOfPrefix(prefix.key()),
                                [&](std::string_view key, std::string_view) {
                                  KeyReader reader(key);
                                  reader.Skip(1);
                                  reader.Id();
                                  reader.Text();
                                  recipients.insert(reader.Text());
                                  damaged = !reader.Finished();
                                  return !damaged;
                                }));
  if (damaged) return Damaged();
  std::vector<std::string> sorted(recipients.begin(), recipients.end());
  if (sorted.size() > kMaxPageSize) sorted.resize(kMaxPageSize);
  return sorted;
}

std::string UsesPrefix(std::string_view owner, bool reviewed) {
  if (owner.empty()) {
    return KeyBuilder(reviewed ? access_trail::kAnyUseSpace : access_trail::kAnyAwaitingSpace)
        .Take();
  }
  return KeyBuilder(reviewed ? access_trail::kOwnerUseSpace : access_trail::kOwnerAwaitingSpace)
      .Text(owner)
      .Take();
}

}  // namespace

absl::StatusOr<TrailPage> EntriesOfRecord(const ReadSnapshot& snapshot,
                                          const eventstore::StreamId& record,
                                          const TrailPaging& paging) {
  return ReadPositions(snapshot, access_trail::RecordKey(record).key(), "", paging);
}

absl::StatusOr<TrailPage> EntriesOfActor(const ReadSnapshot& snapshot, std::string_view agency,
                                         std::string_view actor, const TrailPaging& paging) {
  return ReadPositions(
      snapshot, KeyBuilder(access_trail::kActorSpace).Text(agency).Text(actor).key(), "", paging);
}

absl::StatusOr<TrailPage> Denials(const ReadSnapshot& snapshot, std::string_view agency,
                                  const TrailPaging& paging) {
  const std::string prefix = agency.empty()
                                 ? KeyBuilder(access_trail::kDenialSpace).Take()
                                 : KeyBuilder(access_trail::kAgencyDenialSpace).Text(agency).Take();
  return ReadPositions(snapshot, prefix, "", paging);
}

absl::StatusOr<DisclosurePage> Disclosures(const ReadSnapshot& snapshot, const Uuid& person,
                                           std::string_view consent, const TrailPaging& paging) {
  DisclosurePage disclosures;
  ASSIGN_OR_RETURN(
      disclosures.page,
      ReadPositions(snapshot, KeyBuilder(access_trail::kDisclosureSpace).Id(person).key(), consent,
                    paging));
  ASSIGN_OR_RETURN(disclosures.recipients, Recipients(snapshot, person, consent));
  return disclosures;
}

absl::StatusOr<BreakGlassPage> BreakGlassUses(const ReadSnapshot& snapshot, std::string_view owner,
                                              bool reviewed, const TrailPaging& paging) {
  ASSIGN_OR_RETURN(RowsPage rows, ReadRows(snapshot, UsesPrefix(owner, reviewed), "", paging));
  BreakGlassPage page;
  page.reflected_events = snapshot.applied_events();
  page.next_page_token = std::move(rows.next_page_token);
  for (const auto& [position, value] : rows.rows) {
    const std::optional<Uuid> event_id = Uuid::FromBytes(value);
    if (!event_id.has_value()) return Damaged();
    ASSIGN_OR_RETURN(std::optional<BreakGlassUse> use, FindBreakGlassUse(snapshot, *event_id));
    if (!use.has_value()) return Damaged();
    page.uses.push_back(*std::move(use));
  }
  return page;
}

absl::StatusOr<std::optional<BreakGlassUse>> FindBreakGlassUse(const ReadSnapshot& snapshot,
                                                               const Uuid& event_id) {
  ASSIGN_OR_RETURN(const std::optional<std::string> stored,
                   snapshot.Get(access_trail::UseKey(event_id)));
  if (!stored.has_value()) return std::nullopt;
  ASSIGN_OR_RETURN(UseRow row, DecodeRow<UseRow>(*stored));
  return BreakGlassUse{row.position, row.review_position, row.case_id,
                       std::move(row.owner_agency_id)};
}

}  // namespace caseledger::projections
