// SPDX-License-Identifier: Apache-2.0
// The derived series of one thing (a container, a workload). Their labels are made once; from then
// on a run costs a number each.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "rules/analytics/derived_table.h"

namespace outrider {

// Where rows are written: the table, and the values that go there together at the end of a run.
struct SeriesSink {
  DerivedTable& table;
  std::vector<DerivedTable::Update> updates = {};
  void Flush() {
    table.Set(updates);
    updates.clear();
  }
};

// The owner calls Clear() before it forgets the row. Not thread-safe.
template <size_t kSeries>
class SeriesRow {
 public:
  SeriesRow() { handles_.fill(DerivedTable::kNone); }

  // Series number `at` of the row; without a value it ends. `labels()` is called when it begins.
  template <typename MakeLabels>
  void Set(size_t at, const DerivedMetric& metric, const std::optional<double>& value,
           MakeLabels labels, SeriesSink& sink) {
    DerivedTable::Handle& handle = handles_[at];
    if (!value) {
      if (handle != DerivedTable::kNone) sink.table.Remove({&handle, 1});
      handle = DerivedTable::kNone;
    } else if (handle == DerivedTable::kNone) {
      handle = sink.table.Add(metric, labels(), *value);
    } else {
      sink.updates.push_back({handle, *value});
    }
  }
  void Clear(DerivedTable& table) {
    table.Remove(handles_);
    handles_.fill(DerivedTable::kNone);
  }
  bool empty() const {
    return std::ranges::all_of(
        handles_, [](DerivedTable::Handle handle) { return handle == DerivedTable::kNone; });
  }

 private:
  std::array<DerivedTable::Handle, kSeries> handles_;
};

// Four bounds of two resources, savings, three of yesterday's judgement of each, replicas.
using RecommendationSeries = SeriesRow<18>;
using CostSeries = SeriesRow<8>;  // three of two resources, projected cost, health

}  // namespace outrider
