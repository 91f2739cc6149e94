// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/newest_values.h"

#include <array>
#include <string>

#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr DurationMs kLookback = 5 * kMinute;
constexpr size_t kMaxSamples = 1'000'000;

}  // namespace

Status ForNewest(const Querier& querier, std::string_view metric, Timestamp now,
                 const std::function<void(const SeriesLabels&, double)>& take) {
  const std::array matchers = {Matcher::Equal(std::string(kMetricName), std::string(metric))};
  SeriesSet set;
  set.newest_will_do = true;
  TRY(querier.Select(matchers, now - kLookback, now, kMaxSamples, &set));
  for (const SeriesSet::Row& row : set.rows) {
    const std::span<const double> values = set.Values(row);
    if (values.empty() || IsStale(values.back())) continue;
    take(row.labels, values.back());
  }
  return absl::OkStatus();
}

std::vector<SeriesReference> ReachOf(std::span<const std::string_view> metrics) {
  std::vector<SeriesReference> all;
  all.reserve(metrics.size());
  for (const std::string_view name : metrics) {
    all.push_back({.matchers = {Matcher::Equal(std::string(kMetricName), std::string(name))},
                   .horizon = kLookback,
                   .owner = {.kind = "capacity", .name = "prices"}});
  }
  return all;
}

}  // namespace outrider
