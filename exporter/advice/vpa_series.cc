// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/vpa_series.h"

#include <array>

#include "exporter/advice/workload_object.h"

namespace outrider {
namespace {

constexpr DerivedMetric kTarget = {
    "kube_customresource_verticalpodautoscaler_status_recommendation_containerrecommendations_"
    "target",
    "Recommended request of a container, under kube-state-metrics' name for the VPA."};
constexpr DerivedMetric kLower = {
    "kube_customresource_verticalpodautoscaler_status_recommendation_containerrecommendations_"
    "lowerbound",
    "Least request of a container that is enough, under kube-state-metrics' name for the VPA."};
constexpr DerivedMetric kUpper = {
    "kube_customresource_verticalpodautoscaler_status_recommendation_containerrecommendations_"
    "upperbound",
    "Request of a container beyond which it is wasted, under kube-state-metrics' name for the "
    "VPA."};
constexpr DerivedMetric kUncapped = {
    "kube_customresource_verticalpodautoscaler_status_recommendation_containerrecommendations_"
    "uncappedtarget",
    "Recommended request of a container, under kube-state-metrics' name for the VPA."};

struct Series {
  const DerivedMetric* metric;
  double Bounds::* value;
};
constexpr std::array<Series, 4> kSeries = {{{&kTarget, &Bounds::target},
                                            {&kLower, &Bounds::lower},
                                            {&kUpper, &Bounds::upper},
                                            {&kUncapped, &Bounds::target}}};

struct ResourceNames {
  std::string_view resource;
  std::string_view unit;
};

void PublishResource(const Recommendation& row, const WorkloadKindInfo& kind,
                     const ResourceAdvice& advice, const ResourceNames& names,
                     DerivedPublisher* publisher) {
  if (!advice.enough_data) return;
  LabelsBuilder labels;
  if (!row.key.cluster.empty()) labels.Set("cluster", row.key.cluster);
  labels.Set("namespace", row.key.namespace_name);
  labels.Set("verticalpodautoscaler", row.key.workload);
  labels.Set("target_kind", row.key.workload_kind);
  labels.Set("target_name", row.key.workload);
  labels.Set("target_api_version", kind.api_version);
  labels.Set("container", row.container);
  labels.Set("resource", names.resource);
  labels.Set("unit", names.unit);
  const Labels built = labels.Build();
  for (const Series& series : kSeries) {
    publisher->Set(*series.metric, built, advice.recommended.*series.value);
  }
}

}  // namespace

void VpaSeries::Publish(std::span<const Recommendation> rows) {
  for (const Recommendation& row : rows) {
    const WorkloadKindInfo* kind = FindWorkloadKind(row.key.workload_kind);
    if (kind == nullptr) continue;
    if (row.pods == 0 && row.key.workload_kind != kCronJobKind) continue;  // it tells nothing now
    PublishResource(row, *kind, row.cpu, {"cpu", "core"}, &publisher_);
    PublishResource(row, *kind, row.memory, {"memory", "byte"}, &publisher_);
  }
  publisher_.Finish();
}

}  // namespace outrider
