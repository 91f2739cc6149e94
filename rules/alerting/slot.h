// SPDX-License-Identifier: Apache-2.0
// The grid of a group's evaluation times. Source: specs/prometheus.md §3.2.
#pragma once

#include <string_view>

#include "storage/base/clock.h"

namespace outrider {

// How far a group's slots are shifted from the multiples of its interval, in [0, interval). The
// same in every process, and the same as in Prometheus: XXH64 of `file 0xFF FILE 0xFF name 0xFF
// NAME 0xFF`, modulo the interval in nanoseconds, cut to milliseconds. (Prometheus 3 hashes another
// form of the same labels where it is built with its default label representation.)
DurationMs SlotOffset(std::string_view file, std::string_view name, DurationMs interval);
// The newest slot at or before `now`.
Timestamp SlotAt(Timestamp now, DurationMs interval, DurationMs offset);

}  // namespace outrider
