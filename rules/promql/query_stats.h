// SPDX-License-Identifier: Apache-2.0
// How many samples a query looked at, for the API's `stats`. Counted only when somebody asks.
// Source: specs/prometheus.md §5.
#pragma once

#include <cstdint>
#include <vector>

#include "rules/promql/block.h"
#include "rules/promql/range_window.h"

namespace outrider::promql {

// Not thread-safe: one per query.
struct QueryStats {
  // What each step of the query looks at, as if it were a query of its own: windows that overlap
  // count their samples again. `read` counts a window's samples at the first step that sees them.
  std::vector<uint64_t> total_per_step;
  std::vector<uint64_t> read_per_step;
  // The most samples that were in memory at one time.
  uint64_t peak = 0;

  uint64_t Total() const;
  uint64_t Read() const;

  // Makes room for the steps of a query.
  void Begin(size_t steps);
  // An instant selector: its samples by step.
  void AddSelected(const Block& block);
  // The windows of a range selector over the steps.
  void AddWindows(const RangeData& data, const Steps& steps);
  // The windows over what a subquery gave at its own steps, for which it read what `inner` says.
  void AddSubquery(const RangeData& data, const Steps& steps, const QueryStats& inner,
                   const Steps& inner_steps);
  // What is evaluated once, at one step, for all steps.
  void AddOnce(const QueryStats& once);

 private:
  void AddTotals(const RangeData& data, const Steps& steps, bool count_read);
};

// While it stands, what is evaluated at other steps than the query's is counted apart; End… adds it
// to the query's figures. Does nothing when `*current` is null.
class StatsScope {
 public:
  StatsScope(QueryStats** current, size_t steps) : current_(current), outer_(*current) {
    if (outer_ == nullptr) return;
    own_.Begin(steps);
    *current = &own_;
  }
  ~StatsScope() { *current_ = outer_; }
  StatsScope(const StatsScope&) = delete;
  StatsScope& operator=(const StatsScope&) = delete;

  void EndOnce() {
    if (outer_ != nullptr) outer_->AddOnce(own_);
  }
  void EndSubquery(const RangeData& data, const Steps& steps, const Steps& inner_steps) {
    if (outer_ != nullptr) outer_->AddSubquery(data, steps, own_, inner_steps);
  }

 private:
  QueryStats** current_;
  QueryStats* outer_;
  QueryStats own_;
};

}  // namespace outrider::promql
