// Who saw what, who was refused, what left the centre, which uses of break-glass await a review:
// positions in the access trail, newest first. What the entries say is read from the log. Answers
// for now only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/uuid.h"
#include "eventstore/event.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/sorted_rows.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kAccessTrailName = "access-trail";

// Of a ledger `LEDGER.access`.
std::unique_ptr<Projection> MakeAccessTrail();

// Which page of a list.
struct TrailPaging {
  int64_t page_size = 0;     // 0: 50; at most 1000
  std::string page_token{};  // of the answer before, to the same question
  bool oldest_first = false;
  SortMemo memo{};
};

struct TrailPage {
  std::vector<uint64_t> positions;  // newest first, unless asked for otherwise
  std::string next_page_token;      // "" at the end
  uint64_t reflected_events = 0;
};

// All: INVALID_ARGUMENT for the page size or a token of another question, FAILED_PRECONDITION
// (SORT_NEEDS_FILTER) for too many to be sorted, DATA_LOSS for damaged rows.

// Entries that name the record: shown, refused, disclosed, opened by break-glass and reviewed.
absl::StatusOr<TrailPage> EntriesOfRecord(const ReadSnapshot& snapshot,
                                          const eventstore::StreamId& record,
                                          const TrailPaging& paging);
// All entries that an actor of the agency caused.
absl::StatusOr<TrailPage> EntriesOfActor(const ReadSnapshot& snapshot, std::string_view agency,
                                         std::string_view actor, const TrailPaging& paging);
// Refusals to actors of the agency; "": to all.
absl::StatusOr<TrailPage> Denials(const ReadSnapshot& snapshot, std::string_view agency,
                                  const TrailPaging& paging);

struct DisclosurePage {
  TrailPage page;
  // Who received something, each once, sorted: of all pages; the first kMaxPageSize of them.
  std::vector<std::string> recipients;
};

// Disclosures about the person; only those that rest on that consent of theirs, unless it is "".
absl::StatusOr<DisclosurePage> Disclosures(const ReadSnapshot& snapshot, const Uuid& person,
                                           std::string_view consent, const TrailPaging& paging);

struct BreakGlassUse {
  uint64_t position = 0;
  std::optional<uint64_t> review_position;
  Uuid case_id;
  std::string owner_agency_id;  // of the case, when it was opened
};

struct BreakGlassPage {
  std::vector<BreakGlassUse> uses;  // newest first, unless asked for otherwise
  std::string next_page_token;
  uint64_t reflected_events = 0;
};

// Uses of break-glass that await a review, or all; in cases of that owner, or ("") of any.
absl::StatusOr<BreakGlassPage> BreakGlassUses(const ReadSnapshot& snapshot, std::string_view owner,
                                              bool reviewed, const TrailPaging& paging);

// The use with that event id; nullopt when there is none.
absl::StatusOr<std::optional<BreakGlassUse>> FindBreakGlassUse(const ReadSnapshot& snapshot,
                                                               const Uuid& event_id);

}  // namespace caseledger::projections
