// SPDX-License-Identifier: Apache-2.0
// Range functions of several series at once: the same numbers as their kernels give, bit by bit.
// A compensated sum waits for its last addition, four beside each other wait together.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "rules/promql/functions/kernels.h"
#include "rules/promql/functions/line.h"
#include "rules/promql/kahan.h"

namespace outrider::promql {
namespace {

// Two numbers in one register of any processor we run on: compilers keep compensated sums to
// branches when left alone.
using Pair = double __attribute__((vector_size(16)));
using PairBits = int64_t __attribute__((vector_size(16)));
constexpr size_t kPairs = kLanes / 2;
using Numbers = std::array<Pair, kPairs>;
using LaneTimes = std::array<Timestamp, kLanes>;

Pair Fabs(Pair v) {
  constexpr PairBits kAllButSign = {INT64_MAX, INT64_MAX};
  return std::bit_cast<Pair>(std::bit_cast<PairBits>(v) & kAllButSign);
}
double Lane(const Numbers& numbers, size_t k) { return numbers[k / 2][k % 2]; }

// KahanSum without a branch.
struct SumLanes {
  Numbers sum{};
  Numbers lost{};

  void Add(const Numbers& values) {
    constexpr double kLargest = std::numeric_limits<double>::max();
    constexpr Pair kLargests = {kLargest, kLargest};
    for (size_t p = 0; p < kPairs; ++p) {
      const Pair v = values[p];
      const Pair next = sum[p] + v;
      const Pair of_value = (sum[p] - next) + v;
      const Pair of_sum = (v - next) + sum[p];
      const Pair more = lost[p] + (Fabs(sum[p]) >= Fabs(v) ? of_value : of_sum);
      lost[p] = Fabs(next) > kLargests ? Pair{} : more;
      sum[p] = next;
    }
  }
  KahanSum Of(size_t k) const { return {Lane(sum, k), Lane(lost, k)}; }
};

Numbers ValuesAt(const WindowLanes& windows, size_t i) {
  Numbers out;
  for (size_t p = 0; p < kPairs; ++p) {
    out[p] = Pair{windows[2 * p].values[i], windows[2 * p + 1].values[i]};
  }
  return out;
}

SumLanes SumOf(const WindowLanes& windows, size_t from, SumLanes sums) {
  for (size_t i = from; i < windows[0].size(); ++i) sums.Add(ValuesAt(windows, i));
  return sums;
}

// KahanVariance.
Numbers VarianceOf(const WindowLanes& windows) {
  SumLanes mean;
  SumLanes squares;
  double count = 0;
  for (size_t i = 0; i < windows[0].size(); ++i) {
    ++count;
    const Numbers values = ValuesAt(windows, i);
    Numbers delta;
    Numbers step;
    for (size_t p = 0; p < kPairs; ++p) {
      delta[p] = values[p] - (mean.sum[p] + mean.lost[p]);
      step[p] = delta[p] / count;
    }
    mean.Add(step);
    Numbers square;
    for (size_t p = 0; p < kPairs; ++p) {
      square[p] = delta[p] * (values[p] - (mean.sum[p] + mean.lost[p]));
    }
    squares.Add(square);
  }
  Numbers out;
  for (size_t p = 0; p < kPairs; ++p) out[p] = (squares.sum[p] + squares.lost[p]) / count;
  return out;
}

// What a least-squares line needs of some samples.
struct LineLanes {
  SumLanes x, y, xy, xx;
  std::array<bool, kLanes> constant{};
};

// Whether the samples of all lie at the same times behind their origins.
bool SameTimes(const WindowLanes& windows, const LaneTimes& origins) {
  const size_t n = windows[0].size();
  int64_t differ = 0;
  for (size_t k = 1; k < kLanes; ++k) {
    const int64_t apart = origins[k] - origins[0];
    const Timestamp* const times = windows[k].times.data();
    const Timestamp* const wanted = windows[0].times.data();
    for (size_t i = 0; i < n; ++i) differ |= times[i] - apart - wanted[i];
  }
  return differ == 0;
}

double SecondsAt(const WindowLanes& windows, const LaneTimes& origins, size_t k, size_t i) {
  return static_cast<double>(windows[k].times[i] - origins[k]) / 1000;
}

template <bool kSameTimes>
LineLanes SumsOf(const WindowLanes& windows, const LaneTimes& origins) {
  LineLanes sums;
  // Of times that all share, x is both numbers of the first pair, and its square those of the
  // second.
  SumLanes shared;
  const Numbers first = ValuesAt(windows, 0);
  std::array<PairBits, kPairs> changes{};
  for (size_t i = 0; i < windows[0].size(); ++i) {
    const Numbers y = ValuesAt(windows, i);
    Numbers x;
    Numbers xy;
    for (size_t p = 0; p < kPairs; ++p) {
      const double left = SecondsAt(windows, origins, kSameTimes ? 0 : 2 * p, i);
      const double right = kSameTimes ? left : SecondsAt(windows, origins, 2 * p + 1, i);
      x[p] = Pair{left, right};
      xy[p] = x[p] * y[p];
      changes[p] |= y[p] != first[p];
    }
    sums.y.Add(y);
    sums.xy.Add(xy);
    if constexpr (kSameTimes) {
      static_assert(kPairs == 2);
      shared.Add({x[0], x[0] * x[0]});
    } else {
      Numbers xx;
      for (size_t p = 0; p < kPairs; ++p) xx[p] = x[p] * x[p];
      sums.x.Add(x);
      sums.xx.Add(xx);
    }
  }
  for (size_t p = 0; p < kPairs; ++p) {
    sums.constant[2 * p] = changes[p][0] == 0;
    sums.constant[2 * p + 1] = changes[p][1] == 0;
    if (!kSameTimes) continue;
    sums.x.sum[p] = shared.sum[0];
    sums.x.lost[p] = shared.lost[0];
    sums.xx.sum[p] = shared.sum[1];
    sums.xx.lost[p] = shared.lost[1];
  }
  return sums;
}

std::array<Line, kLanes> LinesOf(const WindowLanes& windows, const LaneTimes& origins) {
  const LineLanes sums = SameTimes(windows, origins) ? SumsOf<true>(windows, origins)
                                                     : SumsOf<false>(windows, origins);
  std::array<Line, kLanes> lines;
  for (size_t k = 0; k < kLanes; ++k) {
    lines[k] = LineOf({.n = static_cast<double>(windows[0].size()),
                       .x = sums.x.Of(k),
                       .y = sums.y.Of(k),
                       .xy = sums.xy.Of(k),
                       .xx = sums.xx.Of(k),
                       .first = windows[k].first(),
                       .constant = sums.constant[k]});
  }
  return lines;
}

}  // namespace

void SumOverTimeLanes(const WindowLanes& windows, const double* /*scalars*/, double* out) {
  const SumLanes sums = SumOf(windows, 0, {});
  for (size_t k = 0; k < kLanes; ++k) out[k] = sums.Of(k).Value();
}

void AvgOverTimeLanes(const WindowLanes& windows, const double* scalars, double* out) {
  const SumLanes sums = SumOf(windows, 1, {.sum = ValuesAt(windows, 0), .lost = {}});
  const auto count = static_cast<double>(windows[0].size());
  for (size_t k = 0; k < kLanes; ++k) {
    // A sum that overflows is a mean of another kind.
    const KahanSum sum = sums.Of(k);
    out[k] = std::isfinite(sum.sum) ? sum.sum / count + sum.lost / count
                                    : AvgOverTime(windows[k], scalars);
  }
}

void StdvarOverTimeLanes(const WindowLanes& windows, const double* /*scalars*/, double* out) {
  const Numbers variance = VarianceOf(windows);
  for (size_t k = 0; k < kLanes; ++k) out[k] = Lane(variance, k);
}

void StddevOverTimeLanes(const WindowLanes& windows, const double* /*scalars*/, double* out) {
  const Numbers variance = VarianceOf(windows);
  for (size_t k = 0; k < kLanes; ++k) out[k] = std::sqrt(Lane(variance, k));
}

void DerivLanes(const WindowLanes& windows, const double* /*scalars*/, double* out) {
  if (windows[0].size() < 2) {
    std::fill_n(out, kLanes, kAbsent);
    return;
  }
  LaneTimes origins;
  for (size_t k = 0; k < kLanes; ++k) origins[k] = windows[k].times.front();
  const std::array<Line, kLanes> lines = LinesOf(windows, origins);
  for (size_t k = 0; k < kLanes; ++k) out[k] = lines[k].slope;
}

void PredictLinearLanes(const WindowLanes& windows, const double* scalars, double* out) {
  if (windows[0].size() < 2) {
    std::fill_n(out, kLanes, kAbsent);
    return;
  }
  LaneTimes origins;
  for (size_t k = 0; k < kLanes; ++k) origins[k] = windows[k].eval_time;
  const std::array<Line, kLanes> lines = LinesOf(windows, origins);
  for (size_t k = 0; k < kLanes; ++k) out[k] = lines[k].slope * scalars[0] + lines[k].intercept;
}

}  // namespace outrider::promql
