// SPDX-License-Identifier: Apache-2.0
// The protobuf messages of a remote read's answers. Source: Prometheus' prompb/remote.proto.
#pragma once

#include <string>

#include "storage/window/querier.h"

namespace outrider {

// Appends one prometheus.TimeSeries, without its tag and length.
void EncodeTimeSeries(const SeriesSet& set, const SeriesSet::Row& row, std::string* out);

}  // namespace outrider
