// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/samples_response.h"

#include "exporter/ingest/encode_series.h"

namespace outrider {

void EncodeTimeSeries(const SeriesSet& set, const SeriesSet::Row& row, std::string* out) {
  AppendLabelFields(row.labels.All(), out);
  const std::span<const Timestamp> times = set.Times(row);
  const std::span<const double> values = set.Values(row);
  for (size_t i = 0; i < times.size(); ++i) AppendSampleField({times[i], values[i]}, out);
  for (const HistogramSample& sample : set.Histograms(row)) {
    AppendHistogramField(sample.histogram, sample.time, HistogramCounts::kAsTheyAre, out);
  }
}

}  // namespace outrider
