// SPDX-License-Identifier: Apache-2.0
// One native histogram of remote write, from the wire. Source: specs/prometheus.md §1.1.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "exporter/ingest/incoming.h"
#include "storage/base/status.h"
#include "storage/model/native_histogram.h"

namespace outrider {

// Per sign, and of custom bounds. Schema 8 at its finest covers 256 powers of two with them.
inline constexpr size_t kMaxHistogramBuckets = 1U << 16;

// Reads a Histogram of 1.0 or (`v2`) 2.0, which alone has start times; without one `start_time` is
// 0. Counts come out absolute; of a float histogram (count_float is set) the float counts are
// taken, else the integer ones. `out` is overwritten and its memory used again.
//
// InvalidArgument ("protobuf: …"): the message is broken, and with it the request. OutOfRange: this
// histogram is to be refused, for spans that ask for more buckets than there are, or for more of
// something than kMaxHistogramBuckets. Nothing else is judged: see ValidateHistogram.
Status DecodeHistogram(std::string_view message, bool v2, HistogramSample* out,
                       Timestamp* start_time);

// The Histogram messages of one series, as they will be kept (AdmitHistogram), each with its
// refusal. InvalidArgument: one of the messages is broken.
Status DecodeHistograms(std::span<const std::string_view> messages, bool v2,
                        std::vector<IncomingHistogram>* out);

// What every histogram goes through at the door, whatever it came in: judged as Prometheus does
// (ValidateHistogram), buckets merged down to the finest schema that is kept, stale markers
// emptied.
void AdmitHistogram(IncomingHistogram* histogram);

}  // namespace outrider
