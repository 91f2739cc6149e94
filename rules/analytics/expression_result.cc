// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/expression_result.h"

#include <map>
#include <optional>
#include <unordered_map>

namespace outrider {
namespace {

std::optional<Labels> WorkloadLabels(const Labels& pod, const WorkloadNames* names) {
  if (names == nullptr) return std::nullopt;
  const auto workload = names->Find(pod.Get("namespace"), pod.Get("pod"));
  if (!workload) return std::nullopt;
  return Labels({{"namespace", pod.Get("namespace")},
                 {"workload", workload->name},
                 {"workload_kind", workload->kind},
                 {"container", pod.Get("container")}});
}

}  // namespace

promql::Vector AsVector(promql::Value value) {
  if (auto* vector = std::get_if<promql::Vector>(&value)) {
    std::erase_if(*vector, [](const promql::VectorSample& s) { return s.histogram != nullptr; });
    return std::move(*vector);
  }
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    return {{Labels(), scalar->time, scalar->value}};
  }
  return {};
}

promql::Vector SumPerWorkload(const promql::Vector& pods, const WorkloadNames* names) {
  std::unordered_map<Labels, promql::VectorSample, LabelsHash> sums;
  for (const promql::VectorSample& sample : pods) {
    const auto labels = WorkloadLabels(sample.labels, names);
    if (!labels) continue;
    promql::VectorSample& sum = sums[*labels];
    sum.labels = *labels;
    sum.time = sample.time;
    sum.value += sample.value;
  }
  promql::Vector out;
  out.reserve(sums.size());
  for (auto& [labels, sample] : sums) out.push_back(std::move(sample));
  return out;
}

promql::Matrix SumPerWorkload(const promql::Matrix& pods, const WorkloadNames* names) {
  std::unordered_map<Labels, std::map<Timestamp, double>, LabelsHash> sums;
  for (const promql::Series& series : pods) {
    const auto labels = WorkloadLabels(series.labels, names);
    if (!labels) continue;
    auto& sum = sums[*labels];
    for (const Sample& sample : series.samples) sum[sample.time] += sample.value;
  }
  promql::Matrix out;
  for (const auto& [labels, points] : sums) {
    promql::Series& series = out.emplace_back();
    series.labels = labels;
    for (const auto& [time, value] : points) series.samples.push_back({time, value});
  }
  return out;
}

}  // namespace outrider
