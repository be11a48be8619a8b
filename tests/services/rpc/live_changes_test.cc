// What is told of an answer, and whether who follows it knows the answer.
#include "services/rpc/live_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "services/app/cli/client/followed_panel.h"

namespace caseledger::testing {
namespace {

using rpc::LiveAnswer;
using rpc::LiveRow;
using rpc::ToldRows;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

eventstore::StreamId RecordOf(int id) {
  eventstore::StreamId record{3, {}};
  record.id.bytes[15] = static_cast<uint8_t>(id);
  return record;
}

// Rows by name and content.
LiveAnswer Answer(const std::vector<std::pair<int, int>>& rows, bool more = false) {
  LiveAnswer answer;
  for (const auto& [id, content] : rows) {
    LiveRow& row = answer.rows.emplace_back();
    row.shown.set_key(std::to_string(id));
    row.shown.mutable_case_row()->set_revision(static_cast<uint64_t>(content));
    row.record = RecordOf(id);
  }
  answer.more = more;
  return answer;
}

class Reader {
 public:
  // The change, told and applied.
  v1::PanelChange Tell(LiveAnswer answer) {
    v1::WatchDashboardResponse message;
    ToldRows::News news = told_.Compare(std::move(answer));
    told_ = std::move(news.told);
    records = news.records;
    anything = news.anything;
    const v1::PanelChange& change = news.change;
    if (anything) *message.add_changes() = change;
    message.add_reflected_events(0);
    const absl::Status applied = panel.Apply(message);
    EXPECT_TRUE(applied.ok()) << applied;
    return change;
  }
  std::vector<std::pair<int, int>> Rows() const {
    std::vector<std::pair<int, int>> rows;
    for (const v1::PanelRow& row : panel.rows()) {
      rows.emplace_back(std::stoi(row.key()), static_cast<int>(row.case_row().revision()));
    }
    return rows;
  }

  cli::FollowedPanel panel;
  bool anything = false;
  std::vector<eventstore::StreamId> records;

 private:
  ToldRows told_;
};

std::vector<std::string> KeysOf(const v1::PanelChange& change) {
  std::vector<std::string> keys;
  for (const v1::PanelRow& row : change.rows()) keys.push_back(row.key());
  return keys;
}

TEST(ToldRows, FirstAllAndThenOnlyWhatChanged) {
  Reader reader;
  v1::PanelChange change = reader.Tell(Answer({{1, 0}, {2, 0}, {3, 0}}));
  EXPECT_TRUE(change.whole());
  EXPECT_THAT(KeysOf(change), ElementsAre("1", "2", "3"));
  EXPECT_THAT(reader.records, ElementsAre(RecordOf(1), RecordOf(2), RecordOf(3)));
  reader.Tell(Answer({{1, 0}, {2, 0}, {3, 0}}));
  EXPECT_FALSE(reader.anything);
  change = reader.Tell(Answer({{1, 0}, {2, 7}, {3, 0}}));
  EXPECT_FALSE(change.whole());
  EXPECT_THAT(KeysOf(change), ElementsAre("2"));
  EXPECT_THAT(reader.records, ElementsAre(RecordOf(2)));
  // A new one before the others moves them, and says nothing of them.
  change = reader.Tell(Answer({{9, 0}, {1, 0}, {2, 7}, {3, 0}}));
  EXPECT_THAT(KeysOf(change), ElementsAre("9"));
  change = reader.Tell(Answer({{9, 0}, {2, 7}, {3, 0}}));
  EXPECT_THAT(KeysOf(change), IsEmpty());
  EXPECT_THAT(change.removed_keys(), ElementsAre("1"));
  EXPECT_THAT(reader.records, IsEmpty());
  // The same rows in another order are another answer.
  change = reader.Tell(Answer({{9, 0}, {3, 0}, {2, 7}}));
  EXPECT_TRUE(reader.anything);
  EXPECT_EQ(reader.Rows(), (std::vector<std::pair<int, int>>{{9, 0}, {3, 0}, {2, 7}}));
}

TEST(ToldRows, AnEmptyAnswerIsToldOnceAndWhatIsBehindTheRowsAsWell) {
  Reader reader;
  reader.Tell(Answer({}));
  EXPECT_TRUE(reader.anything) << "that there is nothing is an answer";
  reader.Tell(Answer({}));
  EXPECT_FALSE(reader.anything);
  reader.Tell(Answer({{1, 0}}, /*more=*/true));
  EXPECT_TRUE(reader.panel.more());
  const v1::PanelChange change = reader.Tell(Answer({{1, 0}}, /*more=*/false));
  EXPECT_TRUE(reader.anything);
  EXPECT_THAT(KeysOf(change), IsEmpty());
  EXPECT_FALSE(reader.panel.more());
}

TEST(ToldRows, AReportsHeadIsToldWhenItChanges) {
  Reader reader;
  LiveAnswer answer = Answer({{1, 0}});
  answer.report.emplace().set_version(1);
  EXPECT_TRUE(reader.Tell(answer).has_report());
  answer.rows[0].shown.mutable_case_row()->set_revision(5);
  EXPECT_FALSE(reader.Tell(answer).has_report());
  EXPECT_EQ(reader.panel.report().version(), 1U);
  answer.report->set_version(2);
  EXPECT_TRUE(reader.Tell(answer).has_report());
  EXPECT_EQ(reader.panel.report().version(), 2U);
}

TEST(ToldRows, RowsOfOneNameAreToldApart) {
  Reader reader;
  const auto contents = [&] {
    std::vector<uint64_t> all;
    for (const v1::PanelRow& row : reader.panel.rows()) all.push_back(row.case_row().revision());
    return all;
  };
  reader.Tell(Answer({{1, 10}, {1, 20}, {2, 0}}));
  EXPECT_THAT(contents(), ElementsAre(10, 20, 0));
  reader.Tell(Answer({{1, 10}, {1, 21}, {2, 0}}));
  EXPECT_THAT(contents(), ElementsAre(10, 21, 0));
  reader.Tell(Answer({{1, 21}, {2, 0}}));
  EXPECT_THAT(contents(), ElementsAre(21, 0));
}

// Whatever happens to an answer, who follows it knows it, and is told of no row that is as it was
// and where it was among those that stayed.
TEST(ToldRows, WhoFollowsKnowsTheAnswer) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int run = 0; run < 200; ++run) {
    Reader reader;
    std::vector<std::pair<int, int>> rows;
    int next = 0;
    for (int step = 0; step < 40; ++step) {
      const auto before = rows;
      const auto acts = random() % 4;
      for (uint64_t i = 0; i < acts; ++i) {
        const auto at = static_cast<std::ptrdiff_t>(rows.empty() ? 0 : random() % rows.size());
        switch (random() % 4) {
          case 0:
            rows.insert(rows.begin() + at, {next++, 0});
            break;
          case 1:
            if (!rows.empty()) rows.erase(rows.begin() + at);
            break;
          case 2:
            if (!rows.empty()) ++rows[static_cast<size_t>(at)].second;
            break;
          default:
            if (!rows.empty()) std::rotate(rows.begin(), rows.begin() + at, rows.end());
            break;
        }
      }
      const v1::PanelChange change = reader.Tell(Answer(rows));
      ASSERT_EQ(reader.Rows(), rows);
      ASSERT_EQ(reader.anything, step == 0 || rows != before);
      if (step > 0 && rows.size() == before.size() && acts == 1) {
        // One row changed at most, or all were turned around.
        const bool turned = std::is_permutation(rows.begin(), rows.end(), before.begin());
        ASSERT_TRUE(turned || change.rows_size() <= 1);
      }
    }
  }
}

TEST(FollowedPanel, WhatDoesNotFitIsAnError) {
  const auto message = [](const std::string& removed, int place) {
    v1::WatchDashboardResponse response;
    v1::PanelChange& change = *response.add_changes();
    if (!removed.empty()) change.add_removed_keys(removed);
    if (place >= 0) {
      change.add_rows()->set_key("new");
      change.mutable_rows(0)->set_place(static_cast<uint32_t>(place));
    }
    response.add_reflected_events(1);
    return response;
  };
  EXPECT_FALSE(cli::FollowedPanel().Apply(message("unknown", -1)).ok());
  EXPECT_FALSE(cli::FollowedPanel().Apply(message("", 1)).ok());
  EXPECT_TRUE(cli::FollowedPanel().Apply(message("", 0)).ok());
  EXPECT_FALSE(cli::FollowedPanel().Apply(message("", 0), /*index=*/1).ok());
}

}  // namespace
}  // namespace caseledger::testing
