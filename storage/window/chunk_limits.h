// SPDX-License-Identifier: Apache-2.0
// When a chunk is full, whatever it holds.
#pragma once

#include <cstdint>

#include "storage/base/clock.h"

namespace outrider {

inline constexpr uint32_t kMaxChunkSamples = 120;
inline constexpr DurationMs kMaxChunkSpan = 2 * kHour;

// Whether a sample of this time opens a new chunk behind one that has `count` samples.
inline bool IsChunkFull(uint32_t count, Timestamp first, Timestamp time) {
  return count >= kMaxChunkSamples || time - first >= kMaxChunkSpan;
}

}  // namespace outrider
