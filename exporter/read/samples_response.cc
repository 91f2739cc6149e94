// SPDX-License-Identifier: Apache-2.0
#include "exporter/read/samples_response.h"

#include "exporter/read/wire_writer.h"

namespace outrider {
namespace {

void EncodeSpans(uint32_t field, const std::vector<BucketSpan>& spans, WireWriter* out) {
  std::string message;
  for (const BucketSpan& span : spans) {
    message.clear();
    WireWriter writer(&message);
    writer.Sint(1, span.offset);
    writer.Int(2, span.length);
    out->Bytes(field, message);
  }
}

// Integer histograms say how each bucket differs from the one below, float ones what it holds.
void EncodeBuckets(uint32_t deltas, uint32_t counts, bool is_float,
                   const std::vector<double>& buckets, WireWriter* out) {
  if (buckets.empty()) return;
  std::string packed;
  WireWriter writer(&packed);
  int64_t below = 0;
  for (const double bucket : buckets) {
    if (is_float) {
      writer.RawDouble(bucket);
      continue;
    }
    const auto count = static_cast<int64_t>(bucket);
    writer.Varint(WireWriter::ZigZag(count - below));
    below = count;
  }
  out->Bytes(is_float ? counts : deltas, packed);
}

void EncodeHistogram(const HistogramSample& sample, WireWriter* out) {
  const NativeHistogram& h = sample.histogram;
  if (h.is_float) {
    out->Double(2, h.count);
  } else {
    out->Int(1, static_cast<int64_t>(h.count));
  }
  out->Double(3, h.sum);
  out->Sint(4, h.schema);
  out->Double(5, h.zero_threshold);
  if (h.is_float) {
    out->Double(7, h.zero_count);
  } else {
    out->Int(6, static_cast<int64_t>(h.zero_count));
  }
  EncodeSpans(8, h.negative_spans, out);
  EncodeBuckets(9, 10, h.is_float, h.negative_buckets, out);
  EncodeSpans(11, h.positive_spans, out);
  EncodeBuckets(12, 13, h.is_float, h.positive_buckets, out);
  out->Int(14, static_cast<int64_t>(h.reset_hint));
  out->Int(15, sample.time);
  if (h.custom_values.empty()) return;
  std::string packed;
  for (const double bound : h.custom_values) WireWriter(&packed).RawDouble(bound);
  out->Bytes(16, packed);
}

}  // namespace

void EncodeLabels(const Labels& labels, std::string* out) {
  WireWriter series(out);
  std::string pair;
  for (const LabelView label : labels) {
    pair.clear();
    WireWriter writer(&pair);
    writer.Bytes(1, label.name);
    writer.Bytes(2, label.value);
    series.Bytes(1, pair);
  }
}

void EncodeTimeSeries(const SeriesSet& set, const SeriesSet::Row& row, std::string* out) {
  EncodeLabels(row.labels.All(), out);
  WireWriter series(out);
  std::string message;
  const std::span<const Timestamp> times = set.Times(row);
  const std::span<const double> values = set.Values(row);
  for (size_t i = 0; i < times.size(); ++i) {
    message.clear();
    WireWriter writer(&message);
    writer.Double(1, values[i]);
    writer.Int(2, times[i]);
    series.Bytes(2, message);
  }
  for (const HistogramSample& sample : set.Histograms(row)) {
    message.clear();
    WireWriter writer(&message);
    EncodeHistogram(sample, &writer);
    series.Bytes(4, message);
  }
}

}  // namespace outrider
