// SPDX-License-Identifier: Apache-2.0
// rate, increase and delta over all steps of a series of floats: the same numbers as their kernels
// give, bit by bit, without looking at every sample of every window.
#include <optional>

#include "rules/promql/functions/extrapolate.h"
#include "rules/promql/functions/kernels.h"

namespace outrider::promql {
namespace {

constexpr double kMillis = 1000;

// How far a change is stretched depends on where the samples lie in the window, unless a counter
// would fall below zero at its start. On a grid of scrapes and steps they lie in the same places at
// every step.
class Stretch {
 public:
  Stretch(DurationMs range, bool is_counter, bool per_second)
      : seconds_(per_second ? static_cast<double>(range) / kMillis : 1),
        is_counter_(is_counter),
        per_second_(per_second) {}

  double FactorOf(const ObservedChange& o, Timestamp start, Timestamp end) {
    // With three samples nothing is stretched by more than lies between the first and the last, so
    // that a counter whose first value exceeds its change stays above zero.
    const bool may_fall =
        is_counter_ && o.change > 0 && o.first >= 0 && (o.samples < 3 || o.first < o.change);
    if (may_fall) return PerSecond(StretchFactor(o, start, end, /*counter=*/true));
    const Places places{o.first_time - start, end - o.last_time, o.samples};
    if (places != places_) {
      places_ = places;
      factor_ = PerSecond(StretchFactor(o, start, end, /*counter=*/false));
    }
    return factor_;
  }

 private:
  struct Places {
    DurationMs before = -1;
    DurationMs behind = -1;
    size_t samples = 0;
    friend bool operator==(const Places&, const Places&) = default;
  };
  double PerSecond(double factor) const { return per_second_ ? factor / seconds_ : factor; }

  const double seconds_;
  const bool is_counter_;
  const bool per_second_;
  Places places_;
  double factor_ = 0;
};

// A counter's change over samples of which some are lower than the one before.
double ChangeOverResets(std::span<const double> values) {
  double change = values.back() - values.front();
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) change += values[i - 1];
  }
  return change;
}

template <bool kIsCounter, bool kPerSecond>
bool Slide(const RangeData& data, const RangeSeries& series, const Steps& steps,
           std::span<double> out) {
  Stretch stretch(data.range, kIsCounter, kPerSecond);
  const Timestamp* times = data.times.data();
  const double* values = data.values.data();
  size_t low = series.begin;
  size_t high = series.begin;
  size_t reset = series.begin;  // the latest sample lower than the one before it
  bool any = false;
  for (size_t i = 0; i < steps.count; ++i) {
    const Timestamp end = data.EndAt(steps.At(i));
    const Timestamp start = end - data.range;
    for (; high < series.end && times[high] <= end; ++high) {
      if (kIsCounter && high > series.begin && values[high] < values[high - 1]) reset = high;
    }
    while (low < high && times[low] <= start) ++low;
    const size_t n = high - low;
    if (n < 2) continue;
    const double change = kIsCounter && reset > low ? ChangeOverResets({values + low, n})
                                                    : values[high - 1] - values[low];
    out[i] = change * stretch.FactorOf({.first_time = times[low],
                                        .last_time = times[high - 1],
                                        .samples = n,
                                        .first = values[low],
                                        .change = change},
                                       start, end);
    any = true;
  }
  return any;
}

}  // namespace

bool RateSlide(const RangeData& data, const RangeSeries& series, const Steps& steps,
               std::span<double> out) {
  return Slide<true, true>(data, series, steps, out);
}
bool IncreaseSlide(const RangeData& data, const RangeSeries& series, const Steps& steps,
                   std::span<double> out) {
  return Slide<true, false>(data, series, steps, out);
}
bool DeltaSlide(const RangeData& data, const RangeSeries& series, const Steps& steps,
                std::span<double> out) {
  return Slide<false, false>(data, series, steps, out);
}

}  // namespace outrider::promql
