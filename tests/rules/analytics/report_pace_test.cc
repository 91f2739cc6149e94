// SPDX-License-Identifier: Apache-2.0
// How often derived series are told: at the pace of their windows, at once when they begin, and
// never more seldom than queries look back.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "storage/model/sample.h"
#include "tests/rules/analytics/engine_world.h"

namespace outrider {
namespace {

constexpr DurationMs kRunEvery = 15 * kSecond;

class ReportPace : public EngineWorld {
 protected:
  void RunFor(AnalyticsEngine& engine, Timestamp from, Timestamp to,
              const std::vector<std::string>& instances) {
    for (Timestamp now = from; now < to; now += kRunEvery) {
      for (const std::string& instance : instances) {
        windows_.Add(Load(instance), now, std::sin(static_cast<double>(now)));
      }
      engine.Run(now);
      table_.Flush(windows_, now);
    }
  }
  // What the windows have of a derived series in [from, to).
  struct Told {
    size_t values = 0;
    size_t ends = 0;
    DurationMs longest = 0;  // between two of them
    Timestamp first = 0;
  };
  Told CountOf(const char* name, const std::string& instance, const char* window, Timestamp from,
               Timestamp to) const {
    const Labels labels({{"__name__", name},
                         {"entry", "load"},
                         {"instance", instance},
                         {"metric", "node_load1"},
                         {"window", window}});
    Told told;
    Timestamp before = 0;
    for (const Sample& sample : windows_.Samples(labels)) {
      if (sample.time < from || sample.time >= to) continue;
      if (IsStale(sample.value)) {
        ++told.ends;
        continue;
      }
      ++told.values;
      if (before == 0) told.first = sample.time;
      if (before != 0) told.longest = std::max(told.longest, sample.time - before);
      before = sample.time;
    }
    return told;
  }
};

const char* const kOutputs[] = {
    "outrider_trend_slope",           "outrider_trend_direction",
    "outrider_trend_change_ratio",    "outrider_trend_slope_error",
    "outrider_trend_r_squared_ratio", "outrider_trend_start_timestamp_seconds"};

TEST_F(ReportPace, EachWindowAtItsOwnAlsoWhenASeriesEndsAndReturns) {
  auto engine =
      Make("- {name: load, kind: trend, expr: node_load1, windows: [5m, 24h], errors: true}\n");
  const Timestamp end_of_a = kStart + 20 * kMinute;
  const Timestamp return_of_a = kStart + 30 * kMinute + 3 * kRunEvery;  // between two tellings
  const Timestamp end = kStart + 50 * kMinute;
  RunFor(*engine, kStart, end_of_a, {"a", "b"});
  windows_.Add(Load("a"), end_of_a, StaleNan());
  RunFor(*engine, end_of_a, return_of_a, {"b"});
  RunFor(*engine, return_of_a, end, {"a", "b"});
  for (const char* name : kOutputs) {
    SCOPED_TRACE(name);
    // From the third sample on: before there is no line.
    const Timestamp begin = kStart + 2 * kRunEvery;
    const auto runs = [](Timestamp from, Timestamp to) {
      return static_cast<size_t>((to - from) / kRunEvery);
    };
    const Told fast = CountOf(name, "b", "5m", kStart, end);
    EXPECT_EQ(fast.first, begin);
    EXPECT_EQ(fast.values, runs(begin, end));
    EXPECT_EQ(fast.ends, 0U);
    const Told slow = CountOf(name, "b", "24h", kStart, end);
    EXPECT_EQ(slow.first, begin) << "at once";
    EXPECT_EQ(slow.values, 1 + 24U) << "then every two minutes";
    EXPECT_LE(slow.longest, 2 * kMinute);
    EXPECT_EQ(slow.ends, 0U);

    for (const char* window : {"5m", "24h"}) {
      SCOPED_TRACE(window);
      EXPECT_EQ(CountOf(name, "a", window, end_of_a, return_of_a).values, 0U);
      EXPECT_EQ(CountOf(name, "a", window, kStart, end).ends, 1U);
    }
    const Told back = CountOf(name, "a", "24h", return_of_a, end);
    EXPECT_EQ(back.first, return_of_a) << "its window still holds what was before";
    EXPECT_LE(back.longest, 2 * kMinute);
    EXPECT_EQ(CountOf(name, "a", "5m", return_of_a, end).first, return_of_a + 2 * kRunEvery)
        << "nothing is left in it";
  }
}

TEST_F(ReportPace, OftenEnoughForAShortLookback) {
  query_.lookback = kMinute;
  auto engine = Make("- {name: load, kind: trend, expr: node_load1, windows: [24h]}\n");
  RunFor(*engine, kStart, kStart + 10 * kMinute, {"a"});
  const Told told = CountOf(kOutputs[0], "a", "24h", kStart, kStart + 10 * kMinute);
  EXPECT_GE(told.values, 18U);
  EXPECT_LE(told.longest, 30 * kSecond) << "twice within what queries look back";
}

}  // namespace
}  // namespace outrider
