// SPDX-License-Identifier: Apache-2.0
// What the files of SceneReader share: the newest value of every series of a name, keys of pods.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/cost/cost_amounts.h"
#include "rules/cost/cost_settings.h"
#include "storage/base/status.h"
#include "storage/window/querier.h"

namespace outrider {

// Values beyond (and infinite ones) are nobody's bytes, cores or counts: they are left out, so that
// they cannot spoil sums that are kept for years.
inline constexpr double kMostOfAnything = 1e18;
inline constexpr double kMostCores = 1e6;  // of a container; GPUs too
inline constexpr double kMostBytes = 1e15;

// What counts as current.
inline constexpr DurationMs kSceneLookback = 5 * kMinute;

// "cluster/namespace/pod".
std::string ScenePod(std::string_view cluster, std::string_view namespace_name,
                     std::string_view pod);
Matcher SceneMetric(std::string_view name);
// The label `cluster`, else the configured one.
std::string_view SceneCluster(const SeriesLabels& labels, const CostSettings& options);

// The newest value of every series that matches and has not ended; from 0 to kMostOfAnything.
using UseSeries = std::function<void(const SeriesLabels& labels, double value)>;
Status ForEachNewest(const Querier& querier, const std::vector<Matcher>& matchers, Timestamp now,
                     const UseSeries& use);

// Label values and team of a pod: its own, else those of its namespace, else by configuration.
// Either may be null.
void DescribeOwner(const CostSettings& options, const std::vector<std::string>* pod,
                   const std::vector<std::string>* namespace_labels, CostKey* key);

template <typename Map>
const auto* Lookup(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace outrider
