// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/encode_v1.h"

#include <vector>

#include "exporter/ingest/snappy_body.h"
#include "protozero/pbf_writer.hpp"

namespace outrider {
namespace {

// Field numbers: specs/prometheus.md §1.1.
constexpr protozero::pbf_tag_type kTimeSeries = 1;
constexpr protozero::pbf_tag_type kLabels = 1;
constexpr protozero::pbf_tag_type kSamples = 2;
constexpr protozero::pbf_tag_type kHistograms = 4;
constexpr protozero::pbf_tag_type kLabelName = 1;
constexpr protozero::pbf_tag_type kLabelValue = 2;
constexpr protozero::pbf_tag_type kSampleValue = 1;
constexpr protozero::pbf_tag_type kSampleTime = 2;

enum HistogramField : protozero::pbf_tag_type {
  kCountFloat = 2,
  kSum = 3,
  kSchema = 4,
  kZeroThreshold = 5,
  kZeroCountFloat = 7,
  kNegativeSpans = 8,
  kNegativeCounts = 10,
  kPositiveSpans = 11,
  kPositiveCounts = 13,
  kResetHint = 14,
  kHistogramTime = 15,
  kCustomValues = 16,
};
constexpr protozero::pbf_tag_type kSpanOffset = 1;
constexpr protozero::pbf_tag_type kSpanLength = 2;

void EncodeSpans(const std::vector<BucketSpan>& spans, HistogramField field,
                 protozero::pbf_writer& histogram) {
  for (const BucketSpan& span : spans) {
    protozero::pbf_writer message(histogram, field);
    message.add_sint32(kSpanOffset, span.offset);
    message.add_uint32(kSpanLength, span.length);
  }
}

void EncodeHistogram(const NativeHistogram& h, Timestamp time, protozero::pbf_writer& series) {
  protozero::pbf_writer message(series, kHistograms);
  message.add_double(kCountFloat, h.count);
  message.add_double(kSum, h.sum);
  message.add_sint32(kSchema, h.schema);
  message.add_double(kZeroThreshold, h.zero_threshold);
  message.add_double(kZeroCountFloat, h.zero_count);
  EncodeSpans(h.negative_spans, kNegativeSpans, message);
  message.add_packed_double(kNegativeCounts, h.negative_buckets.begin(), h.negative_buckets.end());
  EncodeSpans(h.positive_spans, kPositiveSpans, message);
  message.add_packed_double(kPositiveCounts, h.positive_buckets.begin(), h.positive_buckets.end());
  message.add_enum(kResetHint, static_cast<int32_t>(h.reset_hint));
  message.add_int64(kHistogramTime, time);
  message.add_packed_double(kCustomValues, h.custom_values.begin(), h.custom_values.end());
}

void EncodeSeries(const LabeledSample& sample, protozero::pbf_writer& request) {
  protozero::pbf_writer series(request, kTimeSeries);
  for (const LabelView label : sample.labels) {
    protozero::pbf_writer pair(series, kLabels);
    pair.add_string(kLabelName, label.name.data(), label.name.size());
    pair.add_string(kLabelValue, label.value.data(), label.value.size());
  }
  if (sample.histogram != nullptr) {
    EncodeHistogram(*sample.histogram, sample.sample.time, series);
    return;
  }
  protozero::pbf_writer point(series, kSamples);
  point.add_double(kSampleValue, sample.sample.value);
  point.add_int64(kSampleTime, sample.sample.time);
}

}  // namespace

std::string EncodeWriteRequest(std::span<const LabeledSample> samples) {
  std::string raw;
  protozero::pbf_writer request(raw);
  for (const LabeledSample& sample : samples) EncodeSeries(sample, request);
  return SnappyCompress(raw);
}

}  // namespace outrider
