// SPDX-License-Identifier: Apache-2.0
// What all OTLP data points share: flags and times.
#pragma once

#include <cstdint>

#include "storage/base/clock.h"

namespace outrider {

// The series ended: the point stands for the staleness marker.
inline bool NoRecordedValue(uint32_t flags) { return (flags & 1U) != 0; }

inline Timestamp FromUnixNano(uint64_t nanoseconds) {
  return static_cast<Timestamp>(nanoseconds / 1'000'000);
}

}  // namespace outrider
