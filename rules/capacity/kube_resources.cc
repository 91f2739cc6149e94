// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/kube_resources.h"

#include <algorithm>
#include <array>
#include <string>

#include "fmt/format.h"
#include "rules/capacity/workload_resolver.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr DurationMs kLookback = 5 * kMinute;
constexpr size_t kMaxSamples = 5'000'000;

struct Field {
  std::string_view metric;
  std::string_view resource;
  std::optional<double> ContainerSpec::* where;
};
constexpr std::array kFields = {
    Field{"kube_pod_container_resource_requests", "cpu", &ContainerSpec::cpu_request},
    Field{"kube_pod_container_resource_limits", "cpu", &ContainerSpec::cpu_limit},
    Field{"kube_pod_container_resource_requests", "memory", &ContainerSpec::memory_request},
    Field{"kube_pod_container_resource_limits", "memory", &ContainerSpec::memory_limit},
};

}  // namespace

StatusOr<KubeResources> KubeResources::Read(const Querier& querier, Timestamp now) {
  KubeResources result;
  SeriesSet set;
  for (const Field& field : kFields) {
    const std::array matchers = {
        Matcher::Equal(std::string(kMetricName), std::string(field.metric)),
        Matcher::Equal("resource", std::string(field.resource)),
    };
    set.Clear();
    TRY(querier.Select(matchers, now - kLookback, now, kMaxSamples, &set));
    for (const SeriesSet::Row& row : set.rows) {
      const double value = set.Values(row).back();
      if (IsStale(value) || !(value >= 0)) continue;
      auto& spec = result.specs_[fmt::format("{}/{}/{}", KubeLabel(row.labels, "namespace"),
                                             KubeLabel(row.labels, "pod"),
                                             KubeLabel(row.labels, "container"))];
      std::optional<double>& target = spec.*field.where;
      target = std::max(target.value_or(0), value);  // two kube-state-metrics tell the same
    }
  }
  return result;
}

ContainerSpec KubeResources::Find(std::string_view namespace_name, std::string_view pod,
                                  std::string_view container) const {
  const auto found = specs_.find(fmt::format("{}/{}/{}", namespace_name, pod, container));
  return found == specs_.end() ? ContainerSpec() : found->second;
}

}  // namespace outrider
