// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/pod_percentile.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace outrider {
namespace {

constexpr DurationMs kHalving = 5 * kDay;
constexpr double kPercentile = 0.95;
constexpr int kFractionBits = 4;  // 16 buckets an octave
constexpr int kShift = 23 - kFractionBits;

// Of a float: its exponent and the first bits of its fraction count up with the value.
int32_t BucketOf(double value) {
  const auto single = static_cast<float>(std::max(value, 1e-9));
  return static_cast<int32_t>(std::bit_cast<uint32_t>(single) >> kShift);
}

double EdgeOf(int32_t bucket) {
  return std::bit_cast<float>(static_cast<uint32_t>(bucket) << kShift);
}

}  // namespace

void PodPercentile::Halve(int64_t times) {
  if (times > 16) {
    counts_ = {};
  } else {
    for (uint16_t& count : counts_) count = static_cast<uint16_t>(count >> times);
  }
  samples_ = std::accumulate(counts_.begin(), counts_.end(), 0U);
}

void PodPercentile::Add(Timestamp time, double value) {
  const auto period = static_cast<int32_t>(time / kHalving);
  if (period > period_) {
    if (period_ != INT32_MIN) Halve(int64_t{period} - period_);
    period_ = period;
  }
  const int32_t bucket = BucketOf(value);
  if (top_ == INT32_MIN) top_ = bucket;
  if (bucket > top_) {
    // The others move down; what falls off the end gathers in the lowest.
    const int64_t shift = std::min<int64_t>(int64_t{bucket} - top_, kSlots - 1);
    uint32_t lowest = 0;
    for (int64_t i = kSlots - 1; i >= 0; --i) {
      uint16_t& from = counts_[static_cast<size_t>(i)];
      const int64_t to = i + shift;
      if (to >= kSlots - 1) {
        lowest += from;
      } else {
        counts_[static_cast<size_t>(to)] = from;
      }
      from = 0;
    }
    counts_[kSlots - 1] = static_cast<uint16_t>(std::min<uint32_t>(lowest, UINT16_MAX));
    top_ = bucket;
    samples_ = std::accumulate(counts_.begin(), counts_.end(), 0U);
  }
  const auto slot = static_cast<size_t>(std::min(top_ - bucket, kSlots - 1));
  if (counts_[slot] == UINT16_MAX) Halve(1);
  ++counts_[slot];
  ++samples_;
}

double PodPercentile::Value() const {
  if (samples_ == 0) return 0;
  // How many samples may lie above: nearest rank.
  const auto above = static_cast<uint32_t>((1 - kPercentile) * samples_ + 1e-9);
  uint32_t seen = 0;
  for (int i = 0; i < kSlots; ++i) {
    seen += counts_[static_cast<size_t>(i)];
    if (seen > above) return (EdgeOf(top_ - i) + EdgeOf(top_ - i + 1)) / 2;
  }
  return EdgeOf(top_ - kSlots + 1);
}

void PodPercentile::Save(RowWriter& out) const {
  out.I64(top_).I64(period_);
  for (uint16_t count : counts_) out.U64(count);
}

void PodPercentile::Load(RowReader& in) {
  const int64_t top = in.I64();
  const int64_t period = in.I64();
  bool good = (top == INT32_MIN || (top >= kSlots && top < (255 << kFractionBits))) &&
              period >= INT32_MIN && period <= INT32_MAX;
  for (uint16_t& count : counts_) {
    const uint64_t read = in.U64();
    good &= read <= UINT16_MAX && (read == 0 || top != INT32_MIN);
    count = static_cast<uint16_t>(read);
  }
  top_ = static_cast<int32_t>(top);
  period_ = static_cast<int32_t>(period);
  samples_ = std::accumulate(counts_.begin(), counts_.end(), 0U);
  if (good) return;
  *this = {};
  in.Fail();
}

}  // namespace outrider
