#include <algorithm>
#include <array>
#include <limits>

#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/row_codec.h"
#include "projections/read_model/row_page.h"
#include "projections/referrals/layout.h"
#include "projections/referrals/referrals.h"

namespace caseledger::projections {
namespace {

bool IsInbox(const ReferralQuery& query) {
  return query.direction == ReferralQuery::Direction::kInbox;
}

std::string PrefixOf(const ReferralQuery& query) {
  return KeyBuilder(IsInbox(query) ? referrals::kInboxSpace : referrals::kOutboxSpace)
      .Text(query.agency_id)
      .Take();
}

std::string QuestionOf(const ReferralQuery& query) {
  return KeyBuilder()
      .Text("referrals@1")
      .Text(PrefixOf(query))
      .Text(query.state)
      .Number(static_cast<uint64_t>(query.order))
      .Take();
}

uint64_t UrgencyRank(const std::string& urgency) {
  constexpr std::array kMostUrgentFirst{"emergency", "urgent", "routine"};
  const auto* found = std::find(kMostUrgentFirst.begin(), kMostUrgentFirst.end(), urgency);
  return static_cast<uint64_t>(found - kMostUrgentFirst.begin());
}

// Null when the referrals lie in the order that is asked for.
SortKey<ReferralRow> SortKeyOf(ReferralOrder order) {
  switch (order) {
    case ReferralOrder::kLastSent:
      return nullptr;
    case ReferralOrder::kFirstSent:
      return [](const ReferralRow& row) { return KeyBuilder().Time(row.sent_at).Take(); };
    case ReferralOrder::kFirstToExpire:
      return [](const ReferralRow& row) {
        return KeyBuilder().Time(row.expire_at.value_or(std::numeric_limits<Micros>::max())).Take();
      };
    case ReferralOrder::kMostUrgent:
      return [](const ReferralRow& row) {
        return KeyBuilder().Number(UrgencyRank(row.urgency)).Take();
      };
  }
  return nullptr;
}

bool ReceiverMayKnowWho(const std::string& state) {
  return state == "accepted" || state == "completed";
}

}  // namespace

absl::StatusOr<ReferralPage> ListReferrals(const ReadSnapshot& snapshot,
                                           const ReferralQuery& query) {
  if (query.agency_id.empty()) return absl::InvalidArgumentError("no agency is named");
  const std::string space = PrefixOf(query);
  const auto read = [&](std::string_view,
                        std::string_view value) -> absl::StatusOr<std::optional<ReferralRow>> {
    ASSIGN_OR_RETURN(ReferralRow row, DecodeRow<ReferralRow>(value));
    row.state = StateAt(row, query.now);
    if (!query.state.empty() && row.state != query.state) return std::nullopt;
    if (IsInbox(query) && !ReceiverMayKnowWho(row.state)) row.person_id.clear();
    return row;
  };
  ASSIGN_OR_RETURN(
      RowPage<ReferralRow> page,
      ReadRowPage<ReferralRow>(snapshot,
                               {space, EndOfPrefix(space), QuestionOf(query), query.page_size,
                                query.page_token, query.now, &query.memo},
                               read, SortKeyOf(query.order)));
  return ReferralPage{std::move(page.rows), std::move(page.next_page_token),
                      snapshot.applied_events()};
}

}  // namespace caseledger::projections
