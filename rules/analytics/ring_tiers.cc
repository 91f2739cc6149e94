// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/ring_tiers.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"

namespace outrider {
namespace {

// Bucket widths, finest first. A tier serves windows of up to 60 buckets; the other four of the 64
// keep the cut edge inside the ring.
constexpr std::array<DurationMs, 4> kWidths = {15 * kSecond, kMinute, 12 * kMinute, 24 * kMinute};
constexpr int64_t kBucketsPerWindow = 60;

DurationMs WidthFor(DurationMs window) {
  for (DurationMs width : kWidths) {
    if (width * kBucketsPerWindow >= window) return width;
  }
  return kWidths.back();
}

Timestamp FloorTo(Timestamp time, DurationMs width) {
  const Timestamp rest = time % width;
  return time - (rest < 0 ? rest + width : rest);
}

}  // namespace

std::string WindowText(DurationMs window) {
  return window % kHour == 0 ? fmt::format("{}h", window / kHour)
                             : fmt::format("{}m", window / kMinute);
}

Moments RingTiers::Bucket::Line() const {
  return {.n = static_cast<double>(n),
          .mean_t = mean_t,
          .mean_v = mean_v,
          .m_tt = m_tt,
          .m_tv = m_tv,
          .m_vv = m_vv};
}

void RingTiers::Bucket::Add(double t, double v) {
  if (n == 0) {
    first = static_cast<float>(t);
    min = max = v;
  }
  Moments line = Line();
  line.Add(t, v);
  ++n;
  mean_t = line.mean_t;
  mean_v = line.mean_v;
  m_tt = line.m_tt;
  m_tv = line.m_tv;
  m_vv = line.m_vv;
  min = std::min(min, v);
  max = std::max(max, v);
}

void RingTiers::Tier::Add(Timestamp time, double value) {
  const Timestamp start = FloorTo(time, width);
  if (buckets.empty() || buckets[newest].start != start) {
    if (buckets.size() < kBuckets) {
      newest = buckets.size();
      buckets.emplace_back();
    } else {
      newest = (newest + 1) % kBuckets;
      buckets[newest] = Bucket();
    }
    buckets[newest].start = start;
  }
  buckets[newest].Add(static_cast<double>(time - start) / kSecond, value);
}

RingTiers::RingTiers(std::span<const DurationMs> windows) {
  for (DurationMs width : kWidths) {
    if (std::ranges::any_of(windows, [&](DurationMs w) { return WidthFor(w) == width; })) {
      tiers_.push_back({.width = width, .newest = 0, .buckets = {}});
    }
  }
}

void RingTiers::Add(Timestamp time, double value) {
  if (time <= last_time_) return;
  for (Tier& tier : tiers_) tier.Add(time, value);
  last_time_ = time;
  last_value_ = value;
}

Moments RingTiers::CutBefore(const Bucket& bucket, double cutoff, double* first) {
  const double n = bucket.n;
  // m_tt of n evenly spaced times is step^2 * n (n^2 - 1) / 12.
  const double step = n > 1 ? std::sqrt(12 * bucket.m_tt / (n * (n * n - 1))) : 0;
  const double oldest = bucket.mean_t - step * (n - 1) / 2;
  constexpr double kTiny = 1e-6;  // a sample exactly on the edge is outside
  double gone = 0;
  if (cutoff + kTiny >= oldest) {
    gone = step > 0 ? std::floor((cutoff - oldest) / step + kTiny) + 1 : n;
  }
  gone = std::clamp(gone, 0.0, n);
  const double kept = n - gone;
  if (kept == 0) return {};
  if (gone == 0) {
    *first = bucket.first;
    return bucket.Line();
  }
  const double slope = bucket.m_tt > 0 ? bucket.m_tv / bucket.m_tt : 0;
  const double scatter = std::max(0.0, bucket.m_vv - slope * bucket.m_tv);
  const double shift = step * gone / 2;
  *first = oldest + step * gone;
  Moments part;
  part.n = kept;
  part.mean_t = bucket.mean_t + shift;
  part.mean_v = bucket.mean_v + slope * shift;
  part.m_tt = step * step * kept * (kept * kept - 1) / 12;
  part.m_tv = slope * part.m_tt;
  part.m_vv = slope * part.m_tv + scatter * kept / n;
  return part;
}

WindowFit RingTiers::Fit(DurationMs window, Timestamp now) const {
  const DurationMs width = WidthFor(window);
  const auto tier = std::ranges::find(tiers_, width, &Tier::width);
  WindowFit fit;
  if (tier == tiers_.end() || tier->buckets.empty()) return fit;
  const Timestamp cutoff = now - window;
  const size_t count = tier->buckets.size();
  for (size_t i = 1; i <= count; ++i) {  // oldest first
    const Bucket& bucket = tier->buckets[(tier->newest + i) % count];
    if (bucket.start + width <= cutoff || bucket.start > now) continue;
    double first = bucket.first;
    Moments part = bucket.Line();
    if (bucket.start <= cutoff) {
      part = CutBefore(bucket, static_cast<double>(cutoff - bucket.start) / kSecond, &first);
      if (part.n == 0) continue;
    }
    if (fit.Empty()) {
      fit.origin = bucket.start;
      fit.first = first;
      fit.min = bucket.min;
      fit.max = bucket.max;
    }
    part.mean_t += static_cast<double>(bucket.start - fit.origin) / kSecond;
    fit.line.Merge(part);
    fit.min = std::min(fit.min, bucket.min);
    fit.max = std::max(fit.max, bucket.max);
  }
  if (!fit.Empty()) fit.last = static_cast<double>(last_time_ - fit.origin) / kSecond;
  return fit;
}

}  // namespace outrider
