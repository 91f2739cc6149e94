// SPDX-License-Identifier: Apache-2.0
// Random PromQL that is well typed, and random series for it. All choices come from the Random that
// is handed in, so that a seed or a fuzzer's bytes decide; zeros lead to the shortest expression.
#pragma once

#include <string>

#include "rules/trial/memory_querier.h"
#include "storage/base/random.h"

namespace outrider {

// An instant vector or a scalar over the series of FillRandomly; every switch of the language on.
std::string RandomExpression(Random& random);

// Counters with resets, gauges, buckets and info series, with gaps, stale markers, NaN and
// infinities, from 0 to 20 minutes.
void FillRandomly(Random& random, MemoryQuerier* out);

}  // namespace outrider
