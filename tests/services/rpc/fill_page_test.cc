// Pages and totals of lists of which a caller may see some rows.
#include "services/rpc/fill_page.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "caseledger/v1/dashboard.pb.h"

namespace caseledger::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Paging {
  int64_t page_size = 0;
  std::string page_token = {};
};
struct Rows {
  std::vector<int> rows = {};
  std::string next_page_token = {};
  uint64_t reflected_events = 0;
};

// The numbers from 0, of which the caller may see every `each`-th.
class Numbers {
 public:
  Numbers(int count, int each) : count_(count), each_(each) {}

  absl::StatusOr<Rows> Read(const Paging& paging) {
    Rows page{.reflected_events = 7};
    const int from = paging.page_token.empty() ? 0 : std::stoi(paging.page_token);
    const auto most = static_cast<int>(paging.page_size == 0 ? kStandardRows : paging.page_size);
    page.rows.resize(static_cast<size_t>(std::clamp(count_ - from, 0, most)));
    std::iota(page.rows.begin(), page.rows.end(), from);
    const int end = from + static_cast<int>(page.rows.size());
    if (end < count_) page.next_page_token = std::to_string(end);
    return page;
  }
  absl::StatusOr<bool> Visible(int row) const { return row % each_ == 0; }
  absl::StatusOr<size_t> Show(const Rows& page) {
    const size_t before = shown_.size();
    std::copy_if(page.rows.begin(), page.rows.end(), std::back_inserter(shown_),
                 [&](int row) { return *Visible(row); });
    return shown_.size() - before;
  }

  v1::ListCasesResponse Total() {
    v1::ListCasesRequest request;
    request.set_count_total(true);
    v1::ListCasesResponse response;
    EXPECT_TRUE(CountTotal<Rows>(
                    request, Paging{.page_token = "3"},
                    [this](const Paging& paging) { return Read(paging); }, &Rows::rows,
                    [this](int row) { return Visible(row); }, response)
                    .ok());
    return response;
  }
  v1::ListCasesResponse Page(const Paging& paging) {
    shown_.clear();
    v1::ListCasesResponse response;
    EXPECT_TRUE(FillPage<Rows>(
                    paging, [this](const Paging& asked) { return Read(asked); },
                    [this](const Rows& page) { return Show(page); }, response)
                    .ok());
    return response;
  }
  const std::vector<int>& shown() const { return shown_; }

 private:
  const int count_;
  const int each_;
  std::vector<int> shown_;
};

TEST(CountTotal, CountsWhatMayBeSeenOfAllPages) {
  const v1::ListCasesResponse total = Numbers(100, 10).Total();
  EXPECT_EQ(total.total_size(), 10U);
  EXPECT_FALSE(total.total_is_partial());
  EXPECT_EQ(Numbers(0, 1).Total().total_size(), 0U);
}

TEST(CountTotal, SaysWhenNotAllRowsWereLookedAt) {
  const v1::ListCasesResponse all = Numbers(kMostRowsCounted, 1).Total();
  EXPECT_EQ(all.total_size(), static_cast<uint64_t>(kMostRowsCounted));
  EXPECT_FALSE(all.total_is_partial());
  const v1::ListCasesResponse more = Numbers(kMostRowsCounted + 1, 2).Total();
  EXPECT_EQ(more.total_size(), static_cast<uint64_t>(kMostRowsCounted / 2));
  EXPECT_TRUE(more.total_is_partial());
}

TEST(FillPage, LeavesNoGapForRowsThatMayNotBeSeen) {
  Numbers numbers(100, 10);
  const v1::ListCasesResponse first = numbers.Page({.page_size = 3});
  EXPECT_THAT(numbers.shown(), ElementsAre(0, 10, 20));
  EXPECT_EQ(first.reflected_events(), 7U);
  numbers.Page({.page_size = 8, .page_token = first.next_page_token()});
  EXPECT_THAT(numbers.shown(), ElementsAre(30, 40, 50, 60, 70, 80, 90));
}

TEST(FillPage, EndsWhenFewRowsMayBeSeenAndGoesOn) {
  Numbers numbers(20'000, 30'000);
  const v1::ListCasesResponse first = numbers.Page({.page_size = 100});
  EXPECT_THAT(numbers.shown(), ElementsAre(0));
  EXPECT_FALSE(first.next_page_token().empty());
  numbers.Page({.page_size = 100, .page_token = first.next_page_token()});
  EXPECT_THAT(numbers.shown(), IsEmpty());
}

}  // namespace
}  // namespace caseledger::rpc
