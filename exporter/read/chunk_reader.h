// SPDX-License-Identifier: Apache-2.0
// Prometheus' XOR chunk read back: what xor_chunk.h writes. Source: Prometheus'
// tsdb/docs/format/chunks.md.
#pragma once

#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/sample.h"

namespace outrider {

// Appends the samples in [from, to] to `*out`. InvalidArgument: the chunk is cut off or impossible;
// what came before that stays in `*out`.
Status DecodeXorChunk(std::string_view bytes, Timestamp from, Timestamp to,
                      std::vector<Sample>* out);

}  // namespace outrider
