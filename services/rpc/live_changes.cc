#include "services/rpc/live_changes.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
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

std::vector<eventstore::StreamId> ToldRows::Tell(LiveAnswer answer, v1::PanelChange& change,
                                                 bool& anything) {
  TellApart(answer.rows);
  std::vector<eventstore::StreamId> told;
  absl::flat_hash_map<std::string, Told> rows;
  // A row stays where it is only behind those that stay before it: else it is told anew, at its
  // place.
  size_t first_free = 0;
  for (size_t place = 0; place < answer.rows.size(); ++place) {
    LiveRow& row = answer.rows[place];
    const Hash256 content = HashOf(row.shown);
    const auto before = rows_.find(row.shown.key());
    rows[row.shown.key()] = Told{content, place};
    if (before != rows_.end()) {
      const bool stays = before->second.content == content && before->second.place >= first_free;
      if (stays) first_free = before->second.place + 1;
      rows_.erase(before);  // what is left in the end is gone
      if (stays) continue;
    }
    row.shown.set_place(static_cast<uint32_t>(place));
    if (row.record.has_value()) told.push_back(*row.record);
    *change.add_rows() = std::move(row.shown);
  }
  for (const auto& [key, gone] : rows_) change.add_removed_keys(key);
  std::sort(change.mutable_removed_keys()->begin(), change.mutable_removed_keys()->end());
  rows_ = std::move(rows);

  v1::PanelChange rest;
  rest.set_more(answer.more);
  if (answer.report.has_value()) *rest.mutable_report() = *std::move(answer.report);
  const Hash256 rest_now = HashOf(rest);
  anything =
      !begun_ || rest_now != rest_ || change.rows_size() > 0 || change.removed_keys_size() > 0;
  change.set_more(answer.more);
  if (rest.has_report() && (!begun_ || rest_now != rest_))
    change.mutable_report()->Swap(rest.mutable_report());
  change.set_whole(!begun_);
  rest_ = rest_now;
  begun_ = true;
  return told;
}

}  // namespace caseledger::rpc
