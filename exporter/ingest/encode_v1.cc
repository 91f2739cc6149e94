// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/encode_v1.h"

#include "exporter/ingest/snappy_body.h"
#include "protozero/pbf_writer.hpp"

namespace outrider {
namespace {

// Field numbers: specs/prometheus.md §1.1.
constexpr protozero::pbf_tag_type kTimeSeries = 1;
constexpr protozero::pbf_tag_type kLabels = 1;
constexpr protozero::pbf_tag_type kSamples = 2;
constexpr protozero::pbf_tag_type kLabelName = 1;
constexpr protozero::pbf_tag_type kLabelValue = 2;
constexpr protozero::pbf_tag_type kSampleValue = 1;
constexpr protozero::pbf_tag_type kSampleTime = 2;

void EncodeSeries(const LabeledSample& sample, protozero::pbf_writer& request) {
  protozero::pbf_writer series(request, kTimeSeries);
  for (const LabelView label : sample.labels) {
    protozero::pbf_writer pair(series, kLabels);
    pair.add_string(kLabelName, label.name.data(), label.name.size());
    pair.add_string(kLabelValue, label.value.data(), label.value.size());
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
