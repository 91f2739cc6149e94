// SPDX-License-Identifier: Apache-2.0
// Windows with the cache of decoded samples answer as those without, whatever happens between two
// questions.
#include "storage/window/decoded_tails.h"

#include <gtest/gtest.h>

#include <limits>

#include "storage/base/random.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'800'000'000'000;
constexpr DurationMs kSpacing = 15 * kSecond;

std::vector<Matcher> Named(int i) {
  return {Matcher::Equal(std::string(kMetricName), "m" + std::to_string(i))};
}

class Pair {
 public:
  explicit Pair(uint64_t cache)
      : plain_({.retention = 6 * kHour, .late_window = kHour, .seed = 1}),
        cached_({.retention = 6 * kHour, .late_window = kHour, .seed = 1, .decoded_cache = cache}) {
  }

  void Append(int series, const Sample& sample, Origin origin) {
    const std::string name = "m" + std::to_string(series);
    const LabelView label{kMetricName, name};
    for (Windows* windows : {&plain_, &cached_}) {
      windows->Append({&label, 1}, {&sample, 1}, origin, sample.time);
    }
  }
  void ExpectSame(std::span<const Matcher> matchers, Timestamp from, Timestamp to) const {
    SeriesSet want;
    SeriesSet got;
    ASSERT_TRUE(plain_.Select(matchers, from, to, SIZE_MAX, &want).ok());
    ASSERT_TRUE(cached_.Select(matchers, from, to, SIZE_MAX, &got).ok());
    ASSERT_EQ(got.times, want.times) << from << " to " << to;
    ASSERT_EQ(got.rows.size(), want.rows.size());
    for (size_t i = 0; i < want.values.size(); ++i) {
      ASSERT_TRUE(SameBits(got.values[i], want.values[i]));
    }
  }
  void Both(void (Windows::*call)()) {
    (plain_.*call)();
    (cached_.*call)();
  }
  void Seal() {
    for (Windows* windows : {&plain_, &cached_}) {
      windows->BeginEpoch(++epoch_);
      windows->SealOpenedBefore(epoch_);
    }
  }
  const Windows& cached() const { return cached_; }

 private:
  Windows plain_;
  Windows cached_;
  uint32_t epoch_ = 0;
};

// Samples on a grid and beside it, gaps, late ones, stale markers, a rule that takes a series over,
// chunks sealed early, what is old dropped.
TEST(DecodedTails, AnswerAsChunksDo) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    Pair windows(1 << 20);
    Timestamp now = kStart;
    std::vector<double> values(8, 100);
    const uint64_t pause_after = seed % 2 == 0 ? 50 : 1000;
    for (int step = 0; step < 1500; ++step) {
      now += kSpacing + (random.Next() % pause_after == 0 ? kHour / 2 : 0);
      for (int i = 0; i < 8; ++i) {
        const uint64_t chance = random.Next() % 100;
        if (chance < 3 && (i > 3 || step % 100 == 1)) continue;
        values[i] = i % 2 == 0 ? values[i] + static_cast<double>(random.Next() % 100) / 10
                               : static_cast<double>(random.Next()) / 3;
        const double value = chance == 4 ? StaleNan() : values[i];
        const Timestamp time = chance == 5 ? now - 3 * kSpacing - 1 : now;
        const bool by_rule = i == 7 && step > 700;
        windows.Append(i, {time, value}, by_rule ? Origin::kLocal : Origin::kRemote);
      }
      if (random.Next() % 200 == 0) windows.Seal();
      if (random.Next() % 20 == 0) windows.Both(&Windows::Expire);
      const auto back =
          static_cast<DurationMs>(random.Next() % (random.Next() % 4 == 0 ? 800 : 30));
      const auto ahead = static_cast<DurationMs>(random.Next() % 8) - 2;
      const Timestamp from = now - back * kSpacing + static_cast<DurationMs>(random.Next() % 3) - 1;
      const int series = static_cast<int>(random.Next() % 8);
      windows.ExpectSame(Named(series), from, now + ahead * kSpacing);
      if (HasFatalFailure()) FAIL() << "seed " << seed << " step " << step;
    }
    EXPECT_GT(windows.cached().Stats().decoded_bytes, 0U);
  }
}

TEST(DecodedTails, AnyTimes) {
  Pair windows(1 << 20);
  constexpr Timestamp kMin = std::numeric_limits<Timestamp>::min();
  constexpr Timestamp kMax = std::numeric_limits<Timestamp>::max();
  for (int i = 0; i < 300; ++i) {
    windows.Append(0, {kStart + i * kSpacing, static_cast<double>(i)}, Origin::kRemote);
    windows.ExpectSame({}, kMin, kMax);
    windows.ExpectSame({}, kMax, kMin);
    windows.ExpectSame({}, kMin, kMin);
    windows.ExpectSame({}, kStart, kStart);
  }
}

TEST(DecodedTails, AreMadeAtTheSecondReadAndGoUnread) {
  Pair windows(1 << 20);
  for (int i = 0; i < 40; ++i) {
    windows.Append(0, {kStart + i * kSpacing, static_cast<double>(i)}, Origin::kRemote);
  }
  const Timestamp end = kStart + kHour;
  windows.ExpectSame({}, kStart, end);
  EXPECT_EQ(windows.cached().Stats().decoded_bytes, 0U);
  windows.ExpectSame({}, kStart, end);
  EXPECT_GT(windows.cached().Stats().decoded_bytes, 40 * sizeof(double));
  for (int i = 0; i < 60; ++i) windows.Both(&Windows::Expire);
  EXPECT_EQ(windows.cached().Stats().decoded_bytes, 0U);
}

TEST(DecodedTails, KeepWithinTheBudget) {
  Pair windows(20'000);
  for (int series = 0; series < 200; ++series) {
    for (int i = 0; i < 40; ++i) {
      windows.Append(series, {kStart + i * kSpacing, static_cast<double>(i)}, Origin::kRemote);
    }
  }
  for (int i = 0; i < 3; ++i) windows.ExpectSame({}, kStart, kStart + kHour);
  EXPECT_GT(windows.cached().Stats().decoded_bytes, 15'000U);
  EXPECT_LT(windows.cached().Stats().decoded_bytes, 25'000U);
}

// Once the room is used up, nobody's tail grows backwards for a look further back.
TEST(DecodedTails, DoNotGrowBackwardsWithoutRoom) {
  Pair windows(15'000);
  for (int series = 0; series < 50; ++series) {
    for (int i = 0; i < 400; ++i) {
      windows.Append(series, {kStart + i * kSpacing, static_cast<double>(i)}, Origin::kRemote);
    }
  }
  const Timestamp end = kStart + 399 * kSpacing;
  for (int i = 0; i < 3; ++i) windows.ExpectSame({}, end - 10 * kSpacing, end);
  const uint64_t before = windows.cached().Stats().decoded_bytes;
  EXPECT_GT(before, 10'000U);
  for (int i = 0; i < 3; ++i) windows.ExpectSame({}, kStart, end);
  EXPECT_EQ(windows.cached().Stats().decoded_bytes, before);
}

}  // namespace
}  // namespace outrider
