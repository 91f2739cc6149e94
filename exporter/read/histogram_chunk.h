// SPDX-License-Identifier: Apache-2.0
// Prometheus' chunks of native histograms, integer and float. Source: Prometheus'
// tsdb/docs/format/chunks.md.
#pragma once

#include <span>
#include <string>

#include "storage/model/native_histogram.h"

namespace outrider {

// How many of the first histograms go into one chunk: those of one layout (schema, thresholds,
// spans) among which no counter was reset; at least one, at most `most`. A stale marker stands
// alone.
size_t HistogramRun(std::span<const HistogramSample> histograms, size_t most);

enum class CounterReset : uint8_t { kUnknown = 0x00, kNo = 0x40, kYes = 0x80, kGauge = 0xc0 };
// What is known of the first of a run, behind `before` (may be null).
CounterReset ResetOf(const NativeHistogram* before, const NativeHistogram& first);

// A run; `reset` tells of its first, of the others that there was none.
std::string EncodeHistogramChunk(std::span<const HistogramSample> run, CounterReset reset);

}  // namespace outrider
