// What agencies were asked for and asked others for: inbox and outbox, newest first. Answers for
// now only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/read_model/read_model.h"
#include "projections/read_model/sorted_rows.h"
#include "projections/referrals/referral_fold.h"
#include "projections/runtime/projection.h"

namespace caseledger::projections {

inline constexpr std::string_view kReferralsName = "referrals";

std::unique_ptr<Projection> MakeReferrals();

// Which referral comes first; of equal ones the newest.
enum class ReferralOrder {
  kLastSent,
  kFirstSent,
  kFirstToExpire,  // those that never do last
  kMostUrgent,
};

struct ReferralQuery {
  enum class Direction { kInbox, kOutbox };
  ReferralOrder order = ReferralOrder::kLastSent;
  std::string agency_id{};  // required
  Direction direction = Direction::kInbox;
  std::string state{};       // as of `now`; "": any
  int64_t page_size = 0;     // 0: 50; at most 1000
  std::string page_token{};  // of the answer before, to the same agency, direction and state
  Micros now = 0;            // decides which offers have run out
  SortMemo memo{};
};

struct ReferralPage {
  // `state` as of `now`. In the inbox `person_id` is empty unless the referral is accepted or
  // completed: the receiver learns who it is on acceptance and loses access on giving it back.
  std::vector<ReferralRow> referrals;
  std::string next_page_token;  // "" at the end
  uint64_t reflected_events = 0;
};

// INVALID_ARGUMENT     no agency, page size or token
// FAILED_PRECONDITION  SORT_NEEDS_FILTER
// DATA_LOSS         damaged rows
absl::StatusOr<ReferralPage> ListReferrals(const ReadSnapshot& snapshot,
                                           const ReferralQuery& query);

}  // namespace caseledger::projections
