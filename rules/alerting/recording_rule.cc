// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/recording_rule.h"

#include <fmt/format.h>

#include <unordered_set>

namespace outrider {

StatusOr<promql::Vector> ToVector(promql::Value value) {
  if (auto* vector = std::get_if<promql::Vector>(&value)) return std::move(*vector);
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    return promql::Vector{{Labels(), scalar->time, scalar->value}};
  }
  return InvalidArgument("rule result is not a vector or scalar");
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
    samples.push_back({builder.Build(), {sample_time, from.value}});  // never reallocates
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
