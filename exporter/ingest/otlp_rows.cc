// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/otlp_rows.h"

#include "exporter/ingest/decode_histogram.h"
#include "storage/window/series_identity.h"

namespace outrider {

Status OtlpRows::Parse(std::string_view body, const OtlpOptions& options, uint64_t seed) {
  Clear();
  batch_ = TRY(TranslateOtlp(body, options));
  std::vector<LabelView> labels;
  for (const OtlpSeries& series : batch_.series) {
    labels.assign(series.labels.begin(), series.labels.end());
    KeyedRow row{
        .key = IdentityOf(labels, seed), .begin = static_cast<uint32_t>(samples_.size()), .end = 0};
    AddStarts(series.start_times, series.samples.size());
    samples_.insert(samples_.end(), series.samples.begin(), series.samples.end());
    row.end = static_cast<uint32_t>(samples_.size());
    rows_.push_back(row);
    special_.push_back(series.exemplars.empty() && series.histograms.empty() ? 0 : 1);
  }
  return absl::OkStatus();
}

Status OtlpRows::Decode(uint32_t row, IncomingSeries* out) const {
  const OtlpSeries& series = batch_.series[row];
  out->Clear();
  out->labels.assign(series.labels.begin(), series.labels.end());
  out->samples = series.samples;
  out->start_times = series.start_times;
  out->histograms.resize(series.histograms.size());  // how many: DecodeHistograms has them
  for (const OtlpExemplar& exemplar : series.exemplars) {
    out->exemplars.push_back({.labels = {exemplar.labels.begin(), exemplar.labels.end()},
                              .value = exemplar.value,
                              .time = exemplar.time});
  }
  return absl::OkStatus();
}

Status OtlpRows::DecodeHistograms(uint32_t row, const IncomingSeries& /*series*/,
                                  std::vector<IncomingHistogram>* out) const {
  const OtlpSeries& series = batch_.series[row];
  out->resize(series.histograms.size());
  for (size_t i = 0; i < out->size(); ++i) {
    (*out)[i] = {.sample = series.histograms[i],
                 .start_time = series.histogram_start_times[i],
                 .refusal = absl::OkStatus()};
    AdmitHistogram(&(*out)[i]);
  }
  return absl::OkStatus();
}

}  // namespace outrider
