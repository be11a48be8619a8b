#include "services/rpc/live_changes.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/strings.h"

namespace caseledger::rpc {
namespace {

Hash256 HashOf(const google::protobuf::Message& message) {
  return Sha256({message.SerializeAsString()});
}

// Rows that bear one name get names of their own, the same each time as long as their order stays.
void TellApart(std::vector<LiveRow>& rows) {
  absl::flat_hash_map<std::string, int> seen;
  for (LiveRow& row : rows) {
    const int count = ++seen[row.shown.key()];
    if (count > 1) row.shown.set_key(StrCat(row.shown.key(), "#", count));
  }
}

}  // namespace

ToldRows::News ToldRows::Compare(LiveAnswer answer) const {
  TellApart(answer.rows);
  News news;
  absl::flat_hash_map<std::string, Told>& rows = news.told.rows_;
  // A row stays where it is only behind those that stay before it: else it is told anew, at its
  // place.
  size_t first_free = 0;
  for (size_t place = 0; place < answer.rows.size(); ++place) {
    LiveRow& row = answer.rows[place];
    const Hash256 content = HashOf(row.shown);
    rows[row.shown.key()] = Told{content, place};
    const auto before = rows_.find(row.shown.key());
    if (before != rows_.end() && before->second.content == content &&
        before->second.place >= first_free) {
      first_free = before->second.place + 1;
      continue;
    }
    row.shown.set_place(static_cast<uint32_t>(place));
    if (row.record.has_value()) news.records.push_back(*row.record);
    *news.change.add_rows() = std::move(row.shown);
  }
  for (const auto& [key, gone] : rows_) {
    if (!rows.contains(key)) news.change.add_removed_keys(key);
  }
  std::sort(news.change.mutable_removed_keys()->begin(), news.change.mutable_removed_keys()->end());

  v1::PanelChange rest;
  rest.set_more(answer.more);
  if (answer.report.has_value()) *rest.mutable_report() = *std::move(answer.report);
  news.told.rest_ = HashOf(rest);
  news.told.begun_ = true;
  const bool rest_changed = !begun_ || news.told.rest_ != rest_;
  news.anything =
      rest_changed || news.change.rows_size() > 0 || news.change.removed_keys_size() > 0;
  news.change.set_whole(!begun_);
  news.change.set_more(answer.more);
  if (rest.has_report() && rest_changed) news.change.mutable_report()->Swap(rest.mutable_report());
  return news;
}

}  // namespace caseledger::rpc
