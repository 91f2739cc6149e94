// SPDX-License-Identifier: Apache-2.0
// What a recording rule writes over many evaluations, from the answers to all of them at once:
// series by series, where the rule runner goes step by step and makes every label set anew.
#pragma once

#include <optional>
#include <vector>

#include "rules/alerting/rule_runner.h"
#include "rules/promql/value.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

struct RecordedSeries {
  Labels labels;
  std::vector<Sample> samples;  // by time; with stale markers where the series ends
};

struct RecordBlock {
  std::vector<RecordedSeries> series;
  SeriesList last;  // that the last step wrote, sorted
};

// `steps`: the evaluations' sample times are first, first + step, …; `before`: what was written
// just before them, sorted. nullopt where only going step by step tells what happens: native
// histograms, a limit, label sets that fall together.
struct BlockSteps {
  Timestamp first = 0;
  DurationMs step = 0;
  size_t count = 0;
  Timestamp Last() const { return first + static_cast<Timestamp>(count - 1) * step; }
};
std::optional<RecordBlock> RecordMatrix(const Rule& rule, int64_t limit,
                                        const promql::Matrix& matrix, const BlockSteps& steps,
                                        const SeriesList& before);

}  // namespace outrider
