// SPDX-License-Identifier: Apache-2.0
// rate, increase, delta, irate, idelta, changes, resets. Source: specs/prometheus.md §2.3.
#include <cmath>
#include <optional>
#include <span>

#include "rules/promql/functions/extrapolate.h"
#include "rules/promql/functions/kernels.h"

namespace outrider::promql {
namespace {

constexpr double kMillis = 1000;

// Between the two ends of an extended window, nothing extrapolated.
double Extended(const RangeWindow& w, bool counter, bool per_second) {
  if (w.times.front() > w.end) return kAbsent;
  const std::optional<WindowEnds> ends = FindEnds(w, counter);
  if (!ends) return kAbsent;
  double change = ends->right - ends->left;
  if (counter) {
    double before = ends->left;
    for (const double v : ends->values) {
      if (v < before) change += before;
      before = v;
    }
    if (ends->right < before) change += before;
  }
  return per_second ? change / (static_cast<double>(w.end - w.start) / kMillis) : change;
}

// Of an anchored window: its samples from the last one at or before the start; none when nothing
// lies behind the start.
std::span<const double> Anchored(const RangeWindow& w) {
  if (w.extension != Extension::kAnchored) return w.values;
  const auto inside =
      static_cast<size_t>(std::ranges::upper_bound(w.times, w.start) - w.times.begin());
  if (inside == w.size()) return {};
  return w.values.subspan(inside > 0 ? inside - 1 : 0);
}

double Extrapolated(const RangeWindow& w, bool counter, bool per_second) {
  if (w.extension != Extension::kNone) return Extended(w, counter, per_second);
  const size_t n = w.size();
  if (n < 2) return kAbsent;
  double change = w.last() - w.first();
  if (counter) {
    for (size_t i = 1; i < n; ++i) {
      if (w.values[i] < w.values[i - 1]) change += w.values[i - 1];
    }
  }
  double factor = StretchFactor({.first_time = w.times.front(),
                                 .last_time = w.times.back(),
                                 .samples = n,
                                 .first = w.first(),
                                 .change = change},
                                w.start, w.end, counter);
  if (per_second) factor /= static_cast<double>(w.end - w.start) / kMillis;
  return change * factor;
}

// Between the last two samples.
double Instant(const RangeWindow& w, bool rate) {
  const size_t n = w.size();
  if (n < 2) return kAbsent;
  const double last = w.values[n - 1];
  const double before = w.values[n - 2];
  double result = last - before;
  if (!rate) return result;
  if (last < before) result = last;  // the counter was reset
  const Timestamp interval = w.times[n - 1] - w.times[n - 2];
  if (interval == 0) return kAbsent;
  return result / (static_cast<double>(interval) / kMillis);
}

}  // namespace

double RateKernel(const RangeWindow& w, const double* /*scalars*/) {
  return Extrapolated(w, true, true);
}
double IncreaseKernel(const RangeWindow& w, const double* /*scalars*/) {
  return Extrapolated(w, true, false);
}
double DeltaKernel(const RangeWindow& w, const double* /*scalars*/) {
  return Extrapolated(w, false, false);
}
double IrateKernel(const RangeWindow& w, const double* /*scalars*/) { return Instant(w, true); }
double IdeltaKernel(const RangeWindow& w, const double* /*scalars*/) { return Instant(w, false); }

double ChangesKernel(const RangeWindow& w, const double* /*scalars*/) {
  const std::span<const double> values = Anchored(w);
  if (values.empty()) return kAbsent;
  double changes = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    const double a = values[i - 1];
    const double b = values[i];
    if (a != b && !(std::isnan(a) && std::isnan(b))) ++changes;
  }
  return changes;
}

double ResetsKernel(const RangeWindow& w, const double* /*scalars*/) {
  const std::span<const double> values = Anchored(w);
  if (values.empty()) return kAbsent;
  double resets = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] < values[i - 1]) ++resets;
  }
  return resets;
}

}  // namespace outrider::promql
