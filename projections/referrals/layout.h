// The rows of the referrals' table; only the projection and its query know them.
//
//   'i' text(agency) sent_at descending, case id, text(referral)  -> ReferralRow, by receiver
//   'o' text(agency) sent_at descending, case id, text(referral)  -> ReferralRow, by sender
//   'k' case id             -> the keys of the case's rows
//   'f' ..., 'x' ...           the effective facts of each case (fact_groups.h)
#pragma once

namespace caseledger::projections::referrals {

inline constexpr char kInboxSpace = 'i';
inline constexpr char kOutboxSpace = 'o';
inline constexpr char kKeysSpace = 'k';
inline constexpr char kFactsSpace = 'f';
inline constexpr char kFactIndexSpace = 'x';

}  // namespace caseledger::projections::referrals
