// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/query_stats.h"

#include <algorithm>
#include <numeric>

namespace outrider::promql {
namespace {

uint64_t Sum(const std::vector<uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

}  // namespace

uint64_t QueryStats::Total() const { return Sum(total_per_step); }
uint64_t QueryStats::Read() const { return Sum(read_per_step); }

void QueryStats::Begin(size_t steps) {
  total_per_step.assign(steps, 0);
  read_per_step.assign(steps, 0);
}

void QueryStats::AddSelected(const Block& block) {
  for (size_t r = 0; r < block.rows.size(); ++r) {
    for (size_t i = 0; i < block.steps; ++i) {
      if (!block.HasSample(r, i)) continue;
      ++total_per_step[i];
      ++read_per_step[i];
    }
  }
}

void QueryStats::AddTotals(const RangeData& data, const Steps& steps, bool count_read) {
  for (const RangeSeries& series : data.series) {
    WindowCursor cursor(data, series);
    const Timestamp* seen = nullptr;  // behind the last sample of the windows before
    for (size_t i = 0; i < steps.count; ++i) {
      const std::span<const Timestamp> times = cursor.At(steps.At(i)).times;
      total_per_step[i] += times.size();
      if (!count_read || times.empty()) continue;
      const Timestamp* end = times.data() + times.size();
      if (seen == nullptr || seen < end) {
        read_per_step[i] += static_cast<uint64_t>(end - std::max(times.data(), seen));
      }
      seen = end;
    }
  }
}

void QueryStats::AddWindows(const RangeData& data, const Steps& steps) {
  AddTotals(data, steps, /*count_read=*/true);
}

void QueryStats::AddSubquery(const RangeData& data, const Steps& steps, const QueryStats& inner,
                             const Steps& inner_steps) {
  AddTotals(data, steps, /*count_read=*/false);
  if (steps.count <= 1) {
    read_per_step[0] += inner.Read();
    return;
  }
  // A step of the subquery belongs to the first step of the query whose window may hold it; those
  // that fall between windows belong to none.
  for (size_t k = 0; k < inner.read_per_step.size(); ++k) {
    const Timestamp at = inner_steps.At(k) + data.offset;
    const DurationMs after = std::max<DurationMs>(0, at - steps.start);
    const auto step = static_cast<size_t>((after + steps.step - 1) / steps.step);
    const size_t i = std::min(step, steps.count - 1);
    if (at > steps.At(i) - data.range) read_per_step[i] += inner.read_per_step[k];
  }
}

void QueryStats::AddOnce(const QueryStats& once) {
  for (uint64_t& total : total_per_step) total += once.Total();
  read_per_step[0] += once.Read();
}

}  // namespace outrider::promql
