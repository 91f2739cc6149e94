// SPDX-License-Identifier: Apache-2.0
// An OTLP metrics request as series, translated as Prometheus' OTLP receiver does it with its
// defaults. Pure: body and options in, values out. What cannot be translated is counted with a
// reason and costs nothing else.
//
// Differences from Prometheus, on purpose: one bad point or attribute does not cost its metric or
// resource; a point without a time or a value is refused (there: stored as 0); an exponential
// histogram's zero_threshold is kept (there: always 1e-128); target_info has at most 1,000 samples.
//
// Not checked here, because it is checked for every sender at the door: UTF-8, histogram
// consistency (ValidateHistogram), times in the future, names of our own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/ingest/incoming.h"
#include "exporter/ingest/otlp_names.h"
#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"

namespace outrider {

// The settings of prometheus.yml's `otlp:` by their names there, then ours.
struct OtlpOptions {
  OtlpStrategy translation_strategy = OtlpStrategy::kUnderscoreEscapingWithSuffixes;
  std::vector<std::string> promote_resource_attributes;
  bool promote_all_resource_attributes = false;
  std::vector<std::string> ignore_resource_attributes;  // only with promote_all
  bool keep_identifying_resource_attributes = false;    // in target_info
  bool promote_scope_metadata = false;
  bool convert_histograms_to_nhcb = false;
  bool label_name_underscore_sanitization = true;
  bool label_name_preserve_multiple_underscores = true;

  bool allow_delta = false;  // deltas are taken as they are, type unknown; else refused
  Timestamp target_info_interval = 150'000;  // ms between its samples: half of the lookback
  // What the labels of all points (and target_info's samples) of one request may add up to; what
  // is beyond is refused as too_large. Each point repeats its resource's labels and each bucket its
  // point's, so a small body can ask for very much.
  uint64_t max_label_bytes = 256U << 20;
};

struct OtlpExemplar {
  Labels labels;
  double value = 0;
  Timestamp time = 0;
};

struct OtlpFamily {
  std::string name;  // translated
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::string unit;  // in words
};

// One label set of the request, with samples or histograms (with both only if two metrics got the
// same name) in the sender's order; start times run along with them, 0 where unset.
struct OtlpSeries {
  Labels labels;
  uint32_t family = 0;  // index into OtlpBatch::families
  std::vector<Sample> samples;
  std::vector<Timestamp> start_times;
  std::vector<HistogramSample> histograms;
  std::vector<Timestamp> histogram_start_times;
  std::vector<OtlpExemplar> exemplars;
};

struct OtlpBatch {
  std::vector<OtlpSeries> series;    // no label set twice
  std::vector<OtlpFamily> families;  // no name twice
  uint64_t points = 0;               // data points that were translated
  // Data points not translated, by reason: delta, no_temporality, bad_metric_name, bad_label_name,
  // too_many_labels, no_time, no_value, bad_scale, bad_buckets, no_data, too_large.
  std::map<std::string, uint64_t> refused;
  std::string first_refusal;  // for people; empty: none
  // What was left out without costing a data point: empty_metric, exemplar_without_value,
  // resource_attribute, scope_attribute, target_info.
  std::map<std::string, uint64_t> left_out;

  uint64_t RefusedPoints() const;
};

// InvalidArgument when the body is no ExportMetricsServiceRequest in protobuf.
StatusOr<OtlpBatch> TranslateOtlp(std::string_view body, const OtlpOptions& options);

}  // namespace outrider
