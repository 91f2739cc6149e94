// SPDX-License-Identifier: Apache-2.0
// Fields that detectors save: doubles exactly, floats packed. A value that cannot be (not finite)
// fails the reader, so that corrupt bytes are an error and never a number to compute with.
#pragma once

#include <cstdint>
#include <span>

#include "storage/state/row_codec.h"

namespace outrider {

void PutFloats(RowWriter& out, std::span<const float> values);
// Fails unless exactly values.size() finite floats follow; `values` are then zeros.
void TakeFloats(RowReader& in, std::span<float> values);

double TakeFinite(RowReader& in);
double TakeAtLeast(RowReader& in, double smallest);
uint64_t TakeAtMost(RowReader& in, uint64_t largest);

}  // namespace outrider
