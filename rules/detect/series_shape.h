// SPDX-License-Identifier: Apache-2.0
// What a series looks like, from its samples one by one: the facts `auto` chooses a detector by.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "rules/detect/local_time.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

enum class Shape : uint8_t {
  kUnclear,
  kConstant,  // one value, almost always
  kCounter,   // only grows, save for resets
  kDiscrete,  // a few values
  kSpiky,     // mostly near one level, far off now and then
  kSeasonal,  // the hour of the day says much about the value
};

// Not thread-safe.
class SeriesShape {
 public:
  void Observe(Timestamp time, const LocalSlot& slot, double value);

  struct Finding {
    Shape shape = Shape::kUnclear;
    std::string because;  // a sentence with the figures
  };
  Finding Judge() const;

  uint64_t samples() const { return samples_; }
  DurationMs span() const { return samples_ == 0 ? 0 : newest_ - first_; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  static constexpr size_t kFew = 6;

  void CountValue(double value);
  double HourShare() const;  // of the variance that the means of the hours explain

  uint64_t samples_ = 0;
  uint64_t rises_ = 0;
  uint64_t falls_ = 0;
  Timestamp first_ = 0;
  Timestamp newest_ = 0;
  double previous_ = 0;
  double mean_ = 0;
  double squares_ = 0;   // mean square distance from the mean
  double fourths_ = 0;   // mean fourth power of distances, in standard deviations
  uint32_t values_ = 0;  // different ones, kFew + 1: more
  std::array<double, kFew> few_{};
  std::array<float, 24> hour_means_{};  // less the first value
  std::array<uint32_t, 24> hour_counts_{};
};

}  // namespace outrider
