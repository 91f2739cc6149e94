// SPDX-License-Identifier: Apache-2.0
// The derived series of capacity: names and labels of design/contract.md "Metrics".
#include <array>

#include "rules/capacity/judgement.h"

namespace outrider {
namespace {

constexpr DerivedMetric kCpuCores = {
    "outrider_recommendation_cpu_cores",
    "Recommended CPU of a container: target (request), lower, upper, limit."};
constexpr DerivedMetric kMemoryBytes = {
    "outrider_recommendation_memory_bytes",
    "Recommended memory of a container: target (request), lower, upper, limit."};
constexpr DerivedMetric kSavings = {
    "outrider_recommendation_savings_dollars_per_month",
    "What the recommended requests save over all pods; negative where more is needed."};
constexpr DerivedMetric kCost = {
    "outrider_cost_dollars_per_hour",
    "Cost of a workload by resource: allocated (larger of request and use), used, idle."};
constexpr DerivedMetric kProjected = {
    "outrider_cost_projected_dollars_per_month",
    "Monthly cost of a workload once the recommended requests are set."};
constexpr DerivedMetric kHealth = {
    "outrider_workload_health_score",
    "100 without findings about a workload (outrider_workload_finding_score), less with each, never "
    "below 0."};

Labels WorkloadLabels(const WorkloadKey& key) {
  return Labels({{"namespace", key.namespace_name},
                 {"workload", key.workload},
                 {"workload_kind", key.workload_kind}});
}

void PublishBounds(const DerivedMetric& metric, const Labels& labels, const ResourceAdvice& advice,
                   DerivedPublisher& publisher) {
  if (!advice.enough_data) return;
  struct Row {
    std::string_view bound;
    double Bounds::* value;
  };
  static constexpr std::array kRows = {Row{"target", &Bounds::target}, Row{"lower", &Bounds::lower},
                                       Row{"upper", &Bounds::upper}, Row{"limit", &Bounds::limit}};
  for (const Row& row : kRows) {
    publisher.Set(metric, labels.With("bound", row.bound), advice.recommended.*row.value);
  }
}

}  // namespace

void Publish(const Recommendation& recommendation, DerivedPublisher& publisher) {
  const Labels labels =
      WorkloadLabels(recommendation.key).With("container", recommendation.container);
  const ResourceAdvice& cpu = recommendation.cpu;
  const ResourceAdvice& memory = recommendation.memory;
  PublishBounds(kCpuCores, labels, cpu, publisher);
  PublishBounds(kMemoryBytes, labels, memory, publisher);
  if (!cpu.savings_dollars_per_month && !memory.savings_dollars_per_month) return;
  publisher.Set(
      kSavings, labels,
      cpu.savings_dollars_per_month.value_or(0) + memory.savings_dollars_per_month.value_or(0));
}

void Publish(const WorkloadCost& cost, DerivedPublisher& publisher) {
  const Labels labels = WorkloadLabels(cost.key);
  struct Row {
    std::string_view resource;
    const HourlyCost& hourly;
  };
  for (const Row& row : {Row{"cpu", cost.cpu}, Row{"memory", cost.memory}}) {
    const Labels of_resource = labels.With("resource", row.resource);
    publisher.Set(kCost, of_resource.With("basis", "allocated"), row.hourly.allocated);
    publisher.Set(kCost, of_resource.With("basis", "used"), row.hourly.used);
    publisher.Set(kCost, of_resource.With("basis", "idle"), row.hourly.Idle());
  }
  publisher.Set(kProjected, labels, cost.projected_monthly);
  if (cost.health_score) publisher.Set(kHealth, labels, *cost.health_score);
}

}  // namespace outrider
