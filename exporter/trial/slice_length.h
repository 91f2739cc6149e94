// SPDX-License-Identifier: Apache-2.0
// How long a range of time is asked for at once, from what the server says to it. Pure.
#pragma once

#include "storage/base/clock.h"

namespace outrider {

enum class SliceRefusal {
  kTooMuch,  // the server says so
  kTooLate,  // no answer in time, which may have other reasons than the slice
};

class SliceLength {
 public:
  explicit SliceLength(DurationMs longest) : longest_(longest), length_(longest) {}

  DurationMs length() const { return length_; }
  // Halves it, down to a minute; false: a shorter one is not worth another question.
  bool Refused(DurationMs asked, SliceRefusal why);
  // What was short grows again after some good answers; after twice as many each time that the
  // longer one is refused.
  void Answered(DurationMs asked);

 private:
  const DurationMs longest_;
  DurationMs length_;
  int late_ = 0;  // refusals in a row
  int good_ = 0;  // answers in a row to questions of the whole length
  int grow_after_ = 4;
  bool grown_ = false;  // since the last refusal
};

}  // namespace outrider
