// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/recording_rule.h"

#include <fmt/format.h>

#include <memory>
#include <unordered_set>
#include <utility>

#include "storage/model/native_histogram.h"

namespace outrider {

StatusOr<promql::Vector> ToVector(promql::Value value) {
  if (auto* vector = std::get_if<promql::Vector>(&value)) return std::move(*vector);
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    return promql::Vector{{Labels(), scalar->time, scalar->value}};
  }
  return InvalidArgument("rule result is not a vector or scalar");
}

namespace {

// What an expression gave is recorded with float counts, even where integers went in.
std::shared_ptr<const NativeHistogram> AsFloat(std::shared_ptr<const NativeHistogram> histogram) {
  if (histogram == nullptr || histogram->is_float) return histogram;
  auto copy = std::make_shared<NativeHistogram>(*histogram);
  copy->is_float = true;
  return copy;
}

}  // namespace

Status TakeInvalid(std::vector<LabeledSample>* samples) {
  Status first;
  std::erase_if(*samples, [&](const LabeledSample& sample) {
    if (sample.histogram == nullptr) return false;
    Status status = ValidateHistogram(*sample.histogram);
    if (status.ok()) return false;
    if (first.ok()) first = std::move(status);
    return true;
  });
  return first;
}

StatusOr<std::vector<LabeledSample>> RecordSamples(const Rule& rule, int64_t limit,
                                                   const promql::Vector& vector,
                                                   Timestamp sample_time) {
  std::vector<LabeledSample> samples;
  samples.reserve(vector.size());
  std::unordered_set<std::string_view> seen;
  for (const promql::VectorSample& from : vector) {
    LabelsBuilder builder(from.labels);
    builder.Set(kMetricName, rule.name);
    for (const auto& [name, value] : rule.labels) builder.Set(name, value);
    // Never reallocates.
    samples.push_back({builder.Build(), {sample_time, from.value}, AsFloat(from.histogram)});
    if (!seen.insert(samples.back().labels.packed()).second) {
      return InvalidArgument(
          "vector contains metrics with the same labelset after applying rule labels");
    }
  }
  if (limit > 0 && static_cast<int64_t>(samples.size()) > limit) {
    return absl::ResourceExhaustedError(
        fmt::format("exceeded limit of {} with {} series", limit, samples.size()));
  }
  return samples;
}

}  // namespace outrider
