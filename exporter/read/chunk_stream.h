// SPDX-License-Identifier: Apache-2.0
// A series as frames of prometheus.ChunkedReadResponse: length, CRC-32 (Castagnoli), message.
// Source: Prometheus' prompb/remote.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/window/querier.h"

namespace outrider {

// Appends the frames of one series: chunks of at most 120 samples in the order of their first, in
// frames of about 1 MiB.
void AppendSeriesFrames(const SeriesSet& set, const SeriesSet::Row& row, int64_t query_index,
                        std::string* out);

// A frame that no reader takes: how a stream that has begun tells of an error.
void AppendBrokenFrame(std::string* out);

uint32_t Crc32Castagnoli(std::string_view bytes);

}  // namespace outrider
