#include "eventstore/base/status_macros.h"
#include "projections/read_model/keys.h"
#include "projections/read_model/page.h"
#include "projections/read_model/row_codec.h"
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
  return KeyBuilder().Text("referrals@1").Text(PrefixOf(query)).Text(query.state).Take();
}

bool ReceiverMayKnowWho(const std::string& state) {
  return state == "accepted" || state == "completed";
}

absl::StatusOr<std::string> BeginOf(const ReferralQuery& query) {
  const std::string prefix = PrefixOf(query);
  if (query.page_token.empty()) return prefix;
  ASSIGN_OR_RETURN(const PagePoint point, ReadPageToken(QuestionOf(query), query.page_token));
  if (!point.after_key.starts_with(prefix)) {
    return absl::InvalidArgumentError("the page token belongs to another question");
  }
  return point.after_key + '\0';
}

}  // namespace

absl::StatusOr<ReferralPage> ListReferrals(const ReadSnapshot& snapshot,
                                           const ReferralQuery& query) {
  if (query.agency_id.empty()) return absl::InvalidArgumentError("no agency is named");
  ASSIGN_OR_RETURN(const size_t page_size, PageSize(query.page_size));
  ASSIGN_OR_RETURN(const std::string begin, BeginOf(query));
  ReferralPage page;
  page.reflected_events = snapshot.applied_events();
  std::string last_key;
  absl::Status damage;
  RETURN_IF_ERROR(snapshot.Scan(
      begin, EndOfPrefix(PrefixOf(query)), [&](std::string_view key, std::string_view value) {
        absl::StatusOr<ReferralRow> row = DecodeRow<ReferralRow>(value);
        if (!row.ok()) {
          damage = row.status();
          return false;
        }
        row->state = StateAt(*row, query.now);
        if (!query.state.empty() && row->state != query.state) return true;
        if (page.referrals.size() == page_size) {
          page.next_page_token =
              MakePageToken(QuestionOf(query), {page.reflected_events, last_key});
          return false;
        }
        if (IsInbox(query) && !ReceiverMayKnowWho(row->state)) row->person_id.clear();
        last_key = key;
        page.referrals.push_back(*std::move(row));
        return true;
      }));
  RETURN_IF_ERROR(damage);
  return page;
}

}  // namespace caseledger::projections
