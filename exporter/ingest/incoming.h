// SPDX-License-Identifier: Apache-2.0
// What a sender sent, whatever the wire format: remote write 1.0, 2.0 or OTLP. Decoders fill these
// values series by series and reuse them; views go into the decoded body (or the decoder) and hold
// until the decoder's next call.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"

namespace outrider {

inline constexpr size_t kMaxLabels =
    4096;  // of one series; the rest is not looked at, the series is refused

enum class MetricType : uint8_t {
  kUnknown,
  kCounter,
  kGauge,
  kHistogram,
  kGaugeHistogram,
  kSummary,
  kInfo,
  kStateset
};
inline constexpr size_t kMetricTypes = 8;

struct IncomingMetadata {
  MetricType type = MetricType::kUnknown;
  std::string_view help;
  std::string_view unit;
};

struct IncomingExemplar {
  std::vector<LabelView> labels;  // as sent
  double value = 0;
  Timestamp time = 0;
};

// A native histogram as it will be kept, or why it is not.
struct IncomingHistogram {
  HistogramSample sample;
  Timestamp start_time = 0;  // 0: unset
  Status refusal;            // OK: fine
};

// One series as sent: labels in the sender's order, unchecked.
struct IncomingSeries {
  std::vector<LabelView> labels;
  std::vector<Sample> samples;
  std::vector<Timestamp> start_times;  // of the samples, or empty when none was sent; 0: unset
  std::vector<std::string_view> histograms;  // the messages, still encoded: see decode_histogram.h
  std::vector<IncomingExemplar> exemplars;
  IncomingMetadata metadata;
  bool has_metadata = false;
  bool too_many_labels = false;
  bool bad_refs = false;  // 2.0: a symbol reference is out of range, or their number is odd

  void Clear() {
    labels.clear();
    samples.clear();
    start_times.clear();
    histograms.clear();
    exemplars.clear();
    metadata = {};
    has_metadata = too_many_labels = bad_refs = false;
  }
};

}  // namespace outrider
