// SPDX-License-Identifier: Apache-2.0
// The sender's side of remote write 1.0: for the log records of our own rules, the demo's world and
// benchmarks.
#pragma once

#include <span>
#include <string>

#include "storage/window/appender.h"

namespace outrider {

// A prometheus.WriteRequest, one TimeSeries a sample, compressed with snappy's block format.
std::string EncodeWriteRequest(std::span<const LabeledSample> samples);

}  // namespace outrider
