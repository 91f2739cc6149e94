// SPDX-License-Identifier: Apache-2.0
// rate, increase and delta over all steps of a series of floats: the same numbers as their kernels
// give, bit by bit, without looking at every sample of every window.
#include <algorithm>
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

// Of times that are all equally far apart: how far. 0: they are not.
DurationMs SpacingOf(std::span<const Timestamp> times) {
  if (times.size() < 2) return 0;
  const DurationMs spacing = times[1] - times[0];
  DurationMs differ = 0;
  for (size_t i = 1; i < times.size(); ++i) differ |= (times[i] - times[i - 1]) ^ spacing;
  return differ == 0 ? spacing : 0;
}

bool HasReset(std::span<const double> values) {
  int64_t resets = 0;
  for (size_t i = 1; i < values.size(); ++i) resets += values[i] < values[i - 1] ? 1 : 0;
  return resets > 0;
}

// How many samples each step moves the window on, where that is the same for all and nothing but
// the values differs between them. 0: it is not.
template <bool kIsCounter>
size_t EvenStride(const RangeData& data, const RangeSeries& series, const Steps& steps) {
  constexpr size_t kWorthLooking = 8;  // steps
  if (steps.count < kWorthLooking || steps.step <= 0 || data.pinned) return 0;
  const size_t count = series.end - series.begin;
  const DurationMs spacing = SpacingOf(std::span(data.times).subspan(series.begin, count));
  if (spacing <= 0 || steps.step % spacing != 0) return 0;
  if (kIsCounter && HasReset(std::span(data.values).subspan(series.begin, count))) return 0;
  return static_cast<size_t>(steps.step / spacing);
}

// The first and last values of a window at the first of some steps; each step moves them on.
struct EvenWindows {
  const double* first;
  const double* last;
  size_t stride;
};

// False, and nothing done, when some counter may fall below zero.
template <bool kIsCounter>
bool FillEvenly(const EvenWindows& windows, double factor, std::span<double> out) {
  const double* const first = windows.first;
  const double* const last = windows.last;
  const auto change_at = [&](size_t i) { return last[i] - first[i]; };
  if (windows.stride == 1) {  // said apart: such loops go over several steps at once
    int64_t may_fall = 0;
    for (size_t i = 0; kIsCounter && i < out.size(); ++i) {
      may_fall += (first[i] >= 0 ? 1 : 0) & (first[i] < change_at(i) ? 1 : 0);
    }
    if (may_fall > 0) return false;
    for (size_t i = 0; i < out.size(); ++i) out[i] = change_at(i) * factor;
    return true;
  }
  const size_t end = out.size() * windows.stride;
  for (size_t i = 0; kIsCounter && i < end; i += windows.stride) {
    if (first[i] >= 0 && first[i] < change_at(i)) return false;
  }
  for (size_t i = 0; i < end; i += windows.stride) out[i / windows.stride] = change_at(i) * factor;
  return true;
}

template <bool kIsCounter, bool kPerSecond>
bool Slide(const RangeData& data, const RangeSeries& series, const Steps& steps,
           std::span<double> out) {
  Stretch stretch(data.range, kIsCounter, kPerSecond);
  size_t stride = EvenStride<kIsCounter>(data, series, steps);
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
    if (stride > 0 && n > 2 && low > series.begin) {
      // From here on all windows lie alike, as long as there are samples.
      const size_t alike = std::min(steps.count - i, (series.end - high) / stride + 1);
      const double factor = stretch.FactorOf(
          {.first_time = times[low], .last_time = times[high - 1], .samples = n}, start, end);
      if (FillEvenly<kIsCounter>({values + low, values + high - 1, stride}, factor,
                                 out.subspan(i, alike))) {
        any = true;
        i += alike - 1;
        low += (alike - 1) * stride;
        high += (alike - 1) * stride;
        continue;
      }
      stride = 0;
    }
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
