// SPDX-License-Identifier: Apache-2.0
// A native histogram as the Prometheus API writes it. Source: specs/prometheus.md §5 "Numbers".
#pragma once

#include <string>

#include "storage/model/native_histogram.h"

namespace outrider {

// `{"count":"4","sum":"3","buckets":[[0,"1","2","4"]]}`: of each bucket that is not empty which
// bounds are part of it (0: the upper one, 1: the lower one, 2: none, 3: both), bounds, count.
void AppendHistogram(const NativeHistogram& histogram, std::string* out);

}  // namespace outrider
