// SPDX-License-Identifier: Apache-2.0
// Several windows beside each other give what the kernel gives for each, bit by bit.
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "rules/promql/functions/kernels.h"
#include "storage/base/random.h"

namespace outrider::promql {
namespace {

struct Function {
  const char* name;
  RangeKernel kernel;
  LaneKernel lanes;
};
constexpr Function kFunctions[] = {{"sum_over_time", SumOverTime, SumOverTimeLanes},
                                   {"avg_over_time", AvgOverTime, AvgOverTimeLanes},
                                   {"stddev_over_time", StddevOverTime, StddevOverTimeLanes},
                                   {"stdvar_over_time", StdvarOverTime, StdvarOverTimeLanes},
                                   {"deriv", DerivKernel, DerivLanes},
                                   {"predict_linear", PredictLinearKernel, PredictLinearLanes}};

// One of some kinds of series, some of which overflow, are constant, or not numbers.
std::vector<double> RandomValues(size_t n, SeededRandom* random) {
  const uint64_t kind = random->Next() % 8;
  std::vector<double> values;
  double value = kind == 0 ? 1e308 : static_cast<double>(random->Next() % 1000) / 3;
  for (size_t i = 0; i < n; ++i) {
    if (kind != 1) value += (random->Unit() - 0.3) * (kind == 2 ? 1e12 : kind == 0 ? 1e307 : 3);
    const uint64_t odd = kind == 3 ? random->Next() % 30 : 99;
    values.push_back(odd == 0   ? std::numeric_limits<double>::quiet_NaN()
                     : odd == 1 ? std::numeric_limits<double>::infinity()
                     : odd == 2 ? -std::numeric_limits<double>::infinity()
                                : value);
  }
  return values;
}

TEST(Lanes, EqualTheKernels) {
  SeededRandom random(11);
  size_t numbers = 0;
  for (int round = 0; round < 4000; ++round) {
    const size_t n = 1 + random.Next() % (round % 10 == 0 ? 200 : 12);
    const bool same_times = random.Next() % 2 == 0;
    std::array<std::vector<Timestamp>, kLanes> times;
    std::array<std::vector<double>, kLanes> values;
    WindowLanes windows;
    for (size_t k = 0; k < kLanes; ++k) {
      Timestamp time = same_times
                           ? 1'700'000'000'000
                           : 1'700'000'000'000 + static_cast<Timestamp>(random.Next() % 15'000);
      for (size_t i = 0; i < n; ++i) {
        times[k].push_back(time);
        time += same_times ? 15'000 : 14'900 + static_cast<Timestamp>(random.Next() % 200);
      }
      values[k] = RandomValues(n, &random);
      windows[k].times = times[k];
      windows[k].values = values[k];
      windows[k].eval_time = 1'700'000'000'000 + static_cast<Timestamp>(n) * 15'000 + 777;
    }
    const double scalars[] = {3600};
    for (const Function& function : kFunctions) {
      double got[kLanes];
      function.lanes(windows, scalars, got);
      for (size_t k = 0; k < kLanes; ++k) {
        const double want = function.kernel(windows[k], scalars);
        ASSERT_TRUE(SameBits(got[k], want) ||
                    (std::isnan(got[k]) && std::isnan(want) && IsAbsent(got[k]) == IsAbsent(want)))
            << function.name << " round " << round << " lane " << k << ": " << got[k] << " for "
            << want;
        numbers += std::isfinite(want) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(numbers, 60'000U);
}

}  // namespace
}  // namespace outrider::promql
