// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/encode_series.h"

#include <vector>

#include "protozero/pbf_writer.hpp"

namespace outrider {
namespace {

constexpr protozero::pbf_tag_type kLabels = 1;
constexpr protozero::pbf_tag_type kSamples = 2;
constexpr protozero::pbf_tag_type kHistograms = 4;
constexpr protozero::pbf_tag_type kLabelName = 1;
constexpr protozero::pbf_tag_type kLabelValue = 2;
constexpr protozero::pbf_tag_type kSampleValue = 1;
constexpr protozero::pbf_tag_type kSampleTime = 2;

enum HistogramField : protozero::pbf_tag_type {
  kCountInt = 1,
  kCountFloat = 2,
  kSum = 3,
  kSchema = 4,
  kZeroThreshold = 5,
  kZeroCountInt = 6,
  kZeroCountFloat = 7,
  kNegativeSpans = 8,
  kNegativeDeltas = 9,
  kNegativeCounts = 10,
  kPositiveSpans = 11,
  kPositiveDeltas = 12,
  kPositiveCounts = 13,
  kResetHint = 14,
  kHistogramTime = 15,
  kCustomValues = 16,
};
constexpr protozero::pbf_tag_type kSpanOffset = 1;
constexpr protozero::pbf_tag_type kSpanLength = 2;

void AddSpans(const std::vector<BucketSpan>& spans, HistogramField field,
              protozero::pbf_writer& histogram) {
  for (const BucketSpan& span : spans) {
    protozero::pbf_writer message(histogram, field);
    message.add_sint32(kSpanOffset, span.offset);
    message.add_uint32(kSpanLength, span.length);
  }
}

// How each bucket differs from the one before.
void AddDeltas(const std::vector<double>& buckets, HistogramField field,
               protozero::pbf_writer& histogram) {
  std::vector<int64_t> deltas;
  deltas.reserve(buckets.size());
  int64_t before = 0;
  for (const double bucket : buckets) {
    const auto count = static_cast<int64_t>(bucket);
    deltas.push_back(count - before);
    before = count;
  }
  histogram.add_packed_sint64(field, deltas.begin(), deltas.end());
}

}  // namespace

void AppendLabelFields(const Labels& labels, std::string* series) {
  protozero::pbf_writer out(*series);
  for (const LabelView label : labels) {
    protozero::pbf_writer pair(out, kLabels);
    pair.add_string(kLabelName, label.name.data(), label.name.size());
    pair.add_string(kLabelValue, label.value.data(), label.value.size());
  }
}

void AppendSampleField(const Sample& sample, std::string* series) {
  protozero::pbf_writer out(*series);
  protozero::pbf_writer point(out, kSamples);
  point.add_double(kSampleValue, sample.value);
  point.add_int64(kSampleTime, sample.time);
}

void AppendHistogramField(const NativeHistogram& h, Timestamp time, HistogramCounts counts,
                          std::string* series) {
  const bool as_floats = h.is_float || counts == HistogramCounts::kAsFloats;
  protozero::pbf_writer out(*series);
  protozero::pbf_writer message(out, kHistograms);
  if (as_floats) {
    message.add_double(kCountFloat, h.count);
  } else {
    message.add_uint64(kCountInt, static_cast<uint64_t>(h.count));
  }
  message.add_double(kSum, h.sum);
  message.add_sint32(kSchema, h.schema);
  message.add_double(kZeroThreshold, h.zero_threshold);
  if (as_floats) {
    message.add_double(kZeroCountFloat, h.zero_count);
  } else {
    message.add_uint64(kZeroCountInt, static_cast<uint64_t>(h.zero_count));
  }
  AddSpans(h.negative_spans, kNegativeSpans, message);
  if (as_floats) {
    message.add_packed_double(kNegativeCounts, h.negative_buckets.begin(),
                              h.negative_buckets.end());
  } else {
    AddDeltas(h.negative_buckets, kNegativeDeltas, message);
  }
  AddSpans(h.positive_spans, kPositiveSpans, message);
  if (as_floats) {
    message.add_packed_double(kPositiveCounts, h.positive_buckets.begin(),
                              h.positive_buckets.end());
  } else {
    AddDeltas(h.positive_buckets, kPositiveDeltas, message);
  }
  message.add_enum(kResetHint, static_cast<int32_t>(h.reset_hint));
  message.add_int64(kHistogramTime, time);
  message.add_packed_double(kCustomValues, h.custom_values.begin(), h.custom_values.end());
}

}  // namespace outrider
