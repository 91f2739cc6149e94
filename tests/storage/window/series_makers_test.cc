// SPDX-License-Identifier: Apache-2.0
// Who made which series: the counter's books agree with the windows whatever comes and goes.
#include "storage/window/series_makers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "storage/window/series_identity.h"
#include "storage/window/windows.h"
#include "tests/support/append_row.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr Timestamp kNow = 1'800'000'000'000;

class Book final : public SeriesCounter {
 public:
  void Added(SenderId sender) override { ++counts[sender]; }
  void Removed(SenderId sender) override {
    if (--counts[sender] == 0) counts.erase(sender);
  }
  std::map<SenderId, int> counts;
};

class SeriesMakersTest : public testing::Test {
 protected:
  AppendCounts Append(std::string_view name, Timestamp time, const SeriesMaker& maker,
                      Origin origin = Origin::kRemote) {
    const std::vector<LabelView> labels = {{"__name__", name}};
    const Sample sample{time, 1};
    if (origin == Origin::kLocal) return windows_.Append(labels, {&sample, 1}, origin, kNow);
    return AppendRow(&windows_, {.labels = labels, .samples = {&sample, 1}, .maker = maker}, kNow);
  }
  Book book_;
  Windows windows_{{.seed = 1, .counter = &book_}};
};

TEST_F(SeriesMakersTest, WhoComesFirstMadeIt) {
  Append("a", kNow, {.sender = 3});
  Append("a", kNow + 1, {.sender = 4});
  Append("b", kNow, {.sender = 4});
  Append("rule", kNow, {}, Origin::kLocal);
  Append("rule", kNow + 1, {.sender = 4});  // the rule's it stays
  EXPECT_THAT(book_.counts, ElementsAre(Pair(3, 1), Pair(4, 1), Pair(kNoSender, 1)));
  EXPECT_TRUE(windows_.Has(IdentityOf(std::vector<LabelView>{{"__name__", "a"}}, 1)));
  EXPECT_FALSE(windows_.Has(IdentityOf(std::vector<LabelView>{{"__name__", "c"}}, 1)));
}

TEST_F(SeriesMakersTest, NobodysSeriesBelongToWhoFeedsThem) {
  Append("a", kNow, {});
  Append("b", kNow, {});
  EXPECT_THAT(book_.counts, ElementsAre(Pair(kNoSender, 2)));
  Append("a", kNow - kHour, {.sender = 3});  // refused, but it is whose it is
  EXPECT_THAT(book_.counts, ElementsAre(Pair(3, 1), Pair(kNoSender, 1)));
  const std::vector<KeyedRow> rows = {
      {.key = IdentityOf(std::vector<LabelView>{{"__name__", "b"}}, 1), .begin = 0, .end = 1}};
  const std::vector<Sample> samples = {{kNow + 1, 1}};
  KeyedOutcome outcome;
  windows_.FindKeyed(KeyKind::kIdentity, rows, &outcome);
  windows_.AppendKeyed(KeyKind::kIdentity, rows, {samples, {}}, {.now = kNow, .sender = 5},
                       &outcome);
  EXPECT_THAT(book_.counts, ElementsAre(Pair(3, 1), Pair(5, 1)));
}

TEST_F(SeriesMakersTest, APlaceThatWasKeptIsUsedOrGivenBack) {
  const auto place = [&] {
    book_.Added(3);
    return SeriesMaker{.sender = 3, .counted = true};
  };
  Append("a", kNow, place());
  EXPECT_THAT(book_.counts, ElementsAre(Pair(3, 1)));
  Append("a", kNow + 1, place());  // was there already
  EXPECT_THAT(book_.counts, ElementsAre(Pair(3, 1)));
  EXPECT_EQ(Append("b", kNow + kHour, place()).new_series, 0U);  // too far ahead: nothing is made
  EXPECT_THAT(book_.counts, ElementsAre(Pair(3, 1)));
  const std::vector<LabelView> labels = {{"__name__", "c"}};
  AppendRow(&windows_, {.labels = labels, .maker = place()}, kNow);
  EXPECT_THAT(book_.counts, ElementsAre(Pair(3, 1)));
}

TEST_F(SeriesMakersTest, ExpiryTakesFromWhoMadeThem) {
  Append("a", kNow - kDay, {.sender = 3});
  Append("b", kNow - kDay, {.sender = 4});
  Append("c", kNow, {.sender = 4});
  windows_.Expire();
  EXPECT_THAT(book_.counts, ElementsAre(Pair(4, 1)));
  EXPECT_EQ(windows_.Stats().series, 1U);
}

}  // namespace
}  // namespace outrider
