// SPDX-License-Identifier: Apache-2.0
// Sliding over all steps gives what the kernel gives for each window, bit by bit.
#include <gtest/gtest.h>

#include <limits>

#include "rules/promql/functions/kernels.h"
#include "storage/base/random.h"

namespace outrider::promql {
namespace {

double NextValue(SeededRandom* random, double before) {
  switch (random->Next() % 40) {
    case 0:
      return static_cast<double>(random->Next() % 5);  // a reset
    case 1:
      return std::numeric_limits<double>::quiet_NaN();
    case 2:
      return std::numeric_limits<double>::infinity();
    case 3:
      return -before;
    default:
      return before + static_cast<double>(random->Next() % 1000) / 7;
  }
}

RangeData RandomData(SeededRandom* random) {
  RangeData data;
  data.range = static_cast<DurationMs>(1 + random->Next() % 400) * 1000;
  data.offset = random->Next() % 3 == 0 ? 45'000 : 0;
  data.pinned = random->Next() % 8 == 0;
  data.pinned_at = 900'000;
  const bool on_grid = random->Next() % 2 == 0;
  Timestamp time = 0;
  double value = random->Next() % 2 == 0 ? 0 : 1e6;
  for (size_t n = random->Next() % 120; n > 0; --n) {
    time += on_grid ? 15'000 : 1 + static_cast<Timestamp>(random->Next() % 30'000);
    if (random->Next() % 20 == 0) time += 120'000;
    value = NextValue(random, value);
    data.times.push_back(time);
    data.values.push_back(value);
  }
  data.series.push_back({.row = {}, .begin = 0, .end = data.times.size()});
  return data;
}

struct Function {
  const char* name;
  RangeKernel kernel;
  SlideKernel slide;
};
constexpr Function kFunctions[] = {{"rate", RateKernel, RateSlide},
                                   {"increase", IncreaseKernel, IncreaseSlide},
                                   {"delta", DeltaKernel, DeltaSlide}};

TEST(RateSlide, EqualsTheKernel) {
  SeededRandom random(7);
  size_t compared = 0;
  for (int round = 0; round < 3000; ++round) {
    const RangeData data = RandomData(&random);
    const Steps steps{.start = static_cast<Timestamp>(random.Next() % 300'000),
                      .step = random.Next() % 2 == 0 ? 15'000 : 7'001,
                      .count = 1 + random.Next() % 150};
    for (const Function& function : kFunctions) {
      std::vector<double> got(steps.count, kAbsent);
      const bool any = function.slide(data, data.series[0], steps, got);
      WindowCursor cursor(data, data.series[0]);
      bool any_wanted = false;
      for (size_t i = 0; i < steps.count; ++i) {
        const RangeWindow window = cursor.At(steps.At(i));
        const double want = window.size() == 0 ? kAbsent : function.kernel(window, nullptr);
        any_wanted = any_wanted || !IsAbsent(want);
        ASSERT_TRUE(SameBits(got[i], want) ||
                    (std::isnan(got[i]) && std::isnan(want) && IsAbsent(got[i]) == IsAbsent(want)))
            << function.name << " round " << round << " step " << i << ": " << got[i] << " for "
            << want;
        compared += IsAbsent(want) ? 0 : 1;
      }
      ASSERT_EQ(any, any_wanted);
    }
  }
  EXPECT_GT(compared, 100'000U);
}

}  // namespace
}  // namespace outrider::promql
