// SPDX-License-Identifier: Apache-2.0
// A body of remote write 2.0 after the snappy, and the parts of 1.0 that are decoded on their own:
// each input is tried as each of them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exporter/ingest/decode_histogram.h"
#include "exporter/ingest/decode_v1_extra.h"
#include "exporter/ingest/decode_v2.h"
#include "tests/exporter/ingest/v2_rows_oracle.h"

namespace outrider {
namespace {

volatile char sink = 0;

// Reading a view's ends is what the sanitizer needs to see.
void Touch(std::string_view text) {
  if (!text.empty()) sink = static_cast<char>(sink ^ text.front() ^ text.back());
}

void TouchLabels(const std::vector<LabelView>& labels) {
  for (const LabelView& label : labels) {
    Touch(label.name);
    Touch(label.value);
  }
}

void CheckSpans(const std::vector<BucketSpan>& spans, size_t buckets) {
  uint64_t length = 0;
  for (const BucketSpan& span : spans) length += span.length;
  if (length > buckets) __builtin_trap();
}

void Histogram(std::string_view message) {
  HistogramSample sample;
  Timestamp start_time = 0;
  for (const bool v2 : {false, true}) {
    if (!DecodeHistogram(message, v2, &sample, &start_time).ok()) continue;
    CheckSpans(sample.histogram.positive_spans, sample.histogram.positive_buckets.size());
    CheckSpans(sample.histogram.negative_spans, sample.histogram.negative_buckets.size());
  }
}

void CheckOne(const V2Decoder& decoder, const IncomingSeries& series) {
  TouchLabels(series.labels);
  Touch(series.metadata.help);
  Touch(series.metadata.unit);
  for (const IncomingExemplar& exemplar : series.exemplars) TouchLabels(exemplar.labels);
  for (const std::string_view message : series.histograms) Histogram(message);
  if (!series.start_times.empty() && series.start_times.size() != series.samples.size()) {
    __builtin_trap();
  }
  if (series.bad_refs) return;
  if (decoder.refs().size() != 2 * series.labels.size()) __builtin_trap();
  for (const uint32_t ref : decoder.refs()) {
    if (ref >= decoder.symbols().size()) __builtin_trap();
  }
}

void Body(std::string_view body) {
  V2Rows rows;
  if (!WrongWithRows(body, &rows).empty()) __builtin_trap();
  const StatusOr<V2Totals> totals = CheckV2(body);
  V2Decoder decoder;
  if (!decoder.Open(body).ok()) {
    if (totals.ok()) __builtin_trap();
    return;
  }
  IncomingSeries series;
  uint64_t seen = 0;
  StatusOr<bool> more = decoder.Next(&series);
  for (; more.ok() && *more; more = decoder.Next(&series)) {
    ++seen;
    CheckOne(decoder, series);
  }
  // What was checked must read the same.
  if (totals.ok() && (!more.ok() || seen != totals->series)) __builtin_trap();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Body(bytes);
  Histogram(bytes);
  IncomingExemplar exemplar;
  if (DecodeExemplarV1(bytes, &exemplar).ok()) TouchLabels(exemplar.labels);
  std::string_view family;
  IncomingMetadata metadata;
  if (DecodeMetadataV1(bytes, &family, &metadata).ok()) {
    Touch(family);
    Touch(metadata.help);
    Touch(metadata.unit);
  }
  return 0;
}
