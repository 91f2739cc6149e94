// SPDX-License-Identifier: Apache-2.0
// The other side of remote read: what one asks another server, and its answer as series. Source:
// Prometheus' prompb/remote.proto.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/read/read_request.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"

namespace outrider {

// A part of a series, or all of it; parts of one series come in the order of their times.
struct ReadRow {
  std::vector<LabelView> labels;  // sorted, unique, none empty
  std::vector<Sample> samples;
  std::vector<HistogramSample> histograms;
};
using ReadRowSink = std::function<void(const ReadRow&)>;

// The protobuf, not compressed; the server takes the first of `accepted` that it knows.
std::string EncodeReadRequest(std::span<const ReadQuery> queries,
                              std::span<const ReadResponseType> accepted);

// A stream of chunks. Samples outside of their query's range, which chunks bring along, are left
// out. InvalidArgument says what is wrong. Unimplemented: there is a chunk of native histograms,
// which only an answer of samples gives.
Status ReadChunkStream(std::string_view body, std::span<const ReadQuery> queries,
                       const ReadRowSink& sink);
// Whether the stream holds chunks of other things than floats.
StatusOr<bool> HoldsHistogramChunks(std::string_view body);

// An answer of samples, snappy and all; `limit` bounds what it may unpack to.
Status ReadSamplesAnswer(std::string_view body, size_t limit, const ReadRowSink& sink);

}  // namespace outrider
