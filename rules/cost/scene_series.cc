// SPDX-License-Identifier: Apache-2.0
#include "rules/cost/scene_series.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr size_t kMaxSamples = 5'000'000;

}  // namespace

std::string ScenePod(std::string_view cluster, std::string_view namespace_name,
                     std::string_view pod) {
  return fmt::format("{}/{}/{}", cluster, namespace_name, pod);
}

Matcher SceneMetric(std::string_view name) {
  return Matcher::Equal(std::string(kMetricName), std::string(name));
}

std::string_view SceneCluster(const SeriesLabels& labels, const CostSettings& options) {
  const std::string_view cluster = labels.Get("cluster");
  return cluster.empty() ? std::string_view(options.cluster) : cluster;
}

Status ForEachNewest(const Querier& querier, const std::vector<Matcher>& matchers, Timestamp now,
                     const UseSeries& use) {
  SeriesSet set;
  set.newest_will_do = true;
  TRY(querier.Select(matchers, now - kSceneLookback, now, kMaxSamples, &set));
  for (const SeriesSet::Row& row : set.rows) {
    if (row.begin == row.end) continue;
    const double value = set.Values(row).back();
    if (!IsStale(value) && value >= 0 && value <= kMostOfAnything) use(row.labels, value);
  }
  return absl::OkStatus();
}

void DescribeOwner(const CostSettings& options, const std::vector<std::string>* pod,
                   const std::vector<std::string>* namespace_labels, CostKey* key) {
  const size_t count = options.labels.size();
  const auto value = [&](size_t at) -> std::string {
    for (const auto* source : {pod, namespace_labels}) {
      if (source != nullptr && at < source->size() && !(*source)[at].empty()) return (*source)[at];
    }
    return "";
  };
  key->labels.clear();
  for (size_t i = 0; i < count; ++i) key->labels.push_back(value(i));
  key->team = value(count);
  if (!key->team.empty()) return;
  for (const CostTeam& team : options.teams) {
    if (std::ranges::find(team.namespaces, key->namespace_name) != team.namespaces.end()) {
      key->team = team.name;
      return;
    }
  }
}

}  // namespace outrider
