// SPDX-License-Identifier: Apache-2.0
// Fields that detectors save: doubles exactly, floats packed. A value that cannot be (not finite)
// fails the reader, so that corrupt bytes are an error and never a number to compute with.
#pragma once

#include <cstdint>
#include <span>

#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// The newest format of rows with a detector's state; 1 to 3 can be read.
//   2: since when a band detector's series is off on either side; hours of which no deviation is
//      known are told from those without any; times of peers (rules/analytics)
//   3: the largest distances of late; how far tails are stretched; the side a series has not been
//      back from; what each hour was like when it was last
//   4: tails of peers and robust_z; how far intervals of forecasts are stretched;
//      what a few hours of the week were like
inline constexpr uint8_t kDetectorFormat = 4;

void PutFloats(RowWriter& out, std::span<const float> values);
// Fails unless exactly values.size() finite floats follow; `values` are then zeros.
void TakeFloats(RowReader& in, std::span<float> values);

double TakeFinite(RowReader& in);
double TakeAtLeast(RowReader& in, double smallest);
uint64_t TakeAtMost(RowReader& in, uint64_t largest);
// Within some 36 million years of the epoch, so that differences cannot overflow.
Timestamp TakeTime(RowReader& in);
// The same, and not negative.
DurationMs TakeDuration(RowReader& in);

}  // namespace outrider
