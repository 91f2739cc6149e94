// SPDX-License-Identifier: Apache-2.0
// Prometheus' XOR chunk: floats, at most 65535 of them. Source: Prometheus'
// tsdb/docs/format/chunks.md.
#pragma once

#include <span>
#include <string>

#include "storage/base/clock.h"

namespace outrider {

// Times ascend; at least one sample, as many values as times.
std::string EncodeXorChunk(std::span<const Timestamp> times, std::span<const double> values);

}  // namespace outrider
