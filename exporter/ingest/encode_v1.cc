// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/encode_v1.h"

#include "exporter/ingest/encode_series.h"
#include "exporter/ingest/snappy_body.h"
#include "protozero/pbf_writer.hpp"

namespace outrider {

std::string EncodeWriteRequest(std::span<const LabeledSample> samples) {
  constexpr protozero::pbf_tag_type kTimeSeries = 1;
  std::string raw;
  protozero::pbf_writer request(raw);
  std::string series;
  for (const LabeledSample& sample : samples) {
    series.clear();
    AppendLabelFields(sample.labels, &series);
    if (sample.histogram != nullptr) {
      AppendHistogramField(*sample.histogram, sample.sample.time, HistogramCounts::kAsFloats,
                           &series);
    } else {
      AppendSampleField(sample.sample, &series);
    }
    request.add_message(kTimeSeries, series);
  }
  return SnappyCompress(raw);
}

}  // namespace outrider
