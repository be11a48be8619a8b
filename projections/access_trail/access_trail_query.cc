#include <set>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "projections/access_trail/access_trail.h"
#include "projections/access_trail/layout.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/read_model/row_page.h"

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

// What leads to an entry, whatever kind of row it is.
struct Lead {
  uint64_t position = 0;
  std::string value;
};

// Rows under `prefix`, those with just the value `filter` unless it is "".
absl::StatusOr<RowPage<Lead>> ReadRows(const ReadSnapshot& snapshot, const std::string& prefix,
                                       std::string_view filter, const TrailPaging& paging) {
  const auto read = [&](std::string_view key,
                        std::string_view value) -> absl::StatusOr<std::optional<Lead>> {
    if (!filter.empty() && value != filter) return std::nullopt;
    ASSIGN_OR_RETURN(const uint64_t position, PositionOf(key));
    return Lead{position, std::string(value)};
  };
  SortKey<Lead> sort_by;
  if (paging.oldest_first) {
    sort_by = [](const Lead& lead) { return KeyBuilder().Number(lead.position).Take(); };
  }
  const std::string question = KeyBuilder()
                                   .Text("access-trail@1")
                                   .Text(prefix)
                                   .Text(filter)
                                   .Number(paging.oldest_first ? 1 : 0)
                                   .Take();
  return ReadRowPage<Lead>(snapshot,
                           {prefix, EndOfPrefix(prefix), question, paging.page_size,
                            paging.page_token, /*now=*/0, &paging.memo},
                           read, sort_by);
}

absl::StatusOr<TrailPage> ReadPositions(const ReadSnapshot& snapshot, const std::string& prefix,
                                        std::string_view filter, const TrailPaging& paging) {
  ASSIGN_OR_RETURN(RowPage<Lead> leads, ReadRows(snapshot, prefix, filter, paging));
  TrailPage page;
  page.reflected_events = snapshot.applied_events();
  page.next_page_token = std::move(leads.next_page_token);
  for (const Lead& lead : leads.rows) page.positions.push_back(lead.position);
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
  ASSIGN_OR_RETURN(RowPage<Lead> leads,
                   ReadRows(snapshot, UsesPrefix(owner, reviewed), "", paging));
  BreakGlassPage page;
  page.reflected_events = snapshot.applied_events();
  page.next_page_token = std::move(leads.next_page_token);
  for (const Lead& lead : leads.rows) {
    const std::optional<Uuid> event_id = Uuid::FromBytes(lead.value);
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
