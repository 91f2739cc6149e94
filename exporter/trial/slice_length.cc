// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/slice_length.h"

#include <algorithm>
#include <utility>

namespace outrider {
namespace {

constexpr DurationMs kShortest = kMinute;
constexpr int kMostLate = 2;  // a server that hangs costs a whole timeout each time
constexpr int kMostGood = 64;

}  // namespace

bool SliceLength::Refused(DurationMs asked, SliceRefusal why) {
  if (asked <= 2 * kShortest) return false;
  if (why == SliceRefusal::kTooLate && ++late_ > kMostLate) return false;
  length_ = asked / 2;
  good_ = 0;
  if (std::exchange(grown_, false)) grow_after_ = std::min(2 * grow_after_, kMostGood);
  return true;
}

void SliceLength::Answered(DurationMs asked) {
  late_ = 0;
  if (asked < length_ || length_ == longest_ || ++good_ < grow_after_) return;
  length_ = std::min(2 * length_, longest_);
  good_ = 0;
  grown_ = true;
}

}  // namespace outrider
