// SPDX-License-Identifier: Apache-2.0
// Series of which the newest value mostly tells all: the others are read where it does not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "rules/capacity/series_stream.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

using testing::ElementsAre;

constexpr Timestamp kStart = 1'800'000'000'000;

struct Taken final : SeriesStream::Owner {
  Admission Admit(const Labels& /*labels*/) override { return {.slot = 0}; }
  void Take(uint32_t /*slot*/, double* memo, std::span<const Timestamp> /*times*/,
            std::span<const double> values) override {
    taken.emplace_back(values.begin(), values.end());
    *memo = values.back();
  }
  bool WillDo(double memo, double newest) const override { return newest == memo; }
  void Gone(uint32_t /*slot*/, double /*memo*/) override {}
  std::vector<std::vector<double>> taken;
};

TEST(AsNeeded, AllAreReadWhereTheNewestChanged) {
  Windows windows{WindowsOptions()};
  const Labels labels({{"__name__", "kills"}});
  SeriesStream stream({Matcher::Equal("__name__", "kills")}, windows, kMinute,
                      SeriesStream::Read::kAsNeeded);
  Taken owner;
  Timestamp now = kStart;
  const auto tell = [&](std::initializer_list<double> values) {
    for (const double value : values) {
      const std::vector<Sample> samples = {{now += kMinute, value}};
      windows.Append(std::vector<LabelView>(labels.begin(), labels.end()), samples, Origin::kRemote,
                     now);
    }
    owner.taken.clear();
    stream.Find(now, owner);
    stream.Follow(now, owner);
    return owner.taken;
  };
  // The first time nothing is known before it.
  EXPECT_THAT(tell({1, 1, 1}), ElementsAre(ElementsAre(1, 1, 1)));
  EXPECT_THAT(tell({1, 1, 1}), ElementsAre(ElementsAre(1)));
  EXPECT_THAT(tell({}), ElementsAre());
  EXPECT_THAT(tell({1, 2, 2}), ElementsAre(ElementsAre(1, 2, 2)));
  EXPECT_THAT(tell({2}), ElementsAre(ElementsAre(2)));
  EXPECT_THAT(tell({0, 1}), ElementsAre(ElementsAre(0, 1)));
  EXPECT_EQ(tell({1, StaleNan()}).front().size(), 2);
  EXPECT_THAT(tell({1}), ElementsAre(ElementsAre(1)));
}

}  // namespace
}  // namespace outrider
