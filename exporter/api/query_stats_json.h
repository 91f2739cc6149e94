// SPDX-License-Identifier: Apache-2.0
// The `stats` of a query's answer. Source: specs/prometheus.md §5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rules/promql/query_stats.h"
#include "storage/base/clock.h"

namespace outrider {

struct QueryTimes {
  int64_t queued_nanos = 0;
  int64_t eval_nanos = 0;
};

// One JSON object. `all` adds the figures of every step.
std::string QueryStatsJson(const promql::QueryStats& stats, const QueryTimes& times,
                           const promql::Steps& steps, bool all);

// What there is to say about a value of `stats` other than "", "true" and "all".
std::optional<std::string> StatsParamWarning(std::string_view value);

}  // namespace outrider
