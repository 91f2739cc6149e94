// SPDX-License-Identifier: Apache-2.0
// What a PromQL expression evaluates to.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/labels.h"
#include "storage/model/sample.h"

namespace outrider {
struct NativeHistogram;  // storage/model/native_histogram.h
}

namespace outrider::promql {

enum class ValueType { kNone, kScalar, kVector, kMatrix, kString };
std::string_view ValueTypeText(
    ValueType type);  // "none" "scalar" "instant vector" "range vector" "string"

struct Scalar {
  Timestamp time = 0;
  double value = 0;
};
struct String {
  Timestamp time = 0;
  std::string value;
};
struct VectorSample {
  Labels labels;
  Timestamp time = 0;
  double value = 0;
  std::shared_ptr<const NativeHistogram> histogram{};  // nullptr: a float
};
using Vector = std::vector<VectorSample>;
struct HistogramPoint {
  Timestamp time = 0;
  std::shared_ptr<const NativeHistogram> histogram;
};
struct Series {
  Labels labels;
  std::vector<Sample> samples;
  std::vector<HistogramPoint> histograms{};  // at other times than the samples
};
using Matrix = std::vector<Series>;

using Value = std::variant<Scalar, Vector, Matrix, String>;

struct QueryResult {
  Value value;
  std::vector<std::string> warnings;  // annotation texts with positions, as Prometheus prints them
  std::vector<std::string> infos;
};

}  // namespace outrider::promql
