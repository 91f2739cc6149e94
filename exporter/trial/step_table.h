// SPDX-License-Identifier: Apache-2.0
// A range query's answer, step by step: at each step the vector that an instant query would give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rules/promql/value.h"
#include "storage/base/clock.h"

namespace outrider {

class StepTable {
 public:
  // Steps at start, start + step, … `count` of them.
  StepTable(promql::Matrix matrix, Timestamp start, DurationMs step, size_t count);

  bool Holds(Timestamp time) const;
  promql::Vector At(Timestamp time) const;

 private:
  // Where a step's value stands: a series, and its sample or (`histogram`) its histogram.
  struct Place {
    uint32_t series = 0;
    uint32_t index = 0;
    bool histogram = false;
  };
  size_t StepOf(Timestamp time) const { return static_cast<size_t>((time - start_) / step_); }

  const promql::Matrix matrix_;
  const Timestamp start_;
  const DurationMs step_;
  const size_t count_;
  std::vector<size_t> begins_;  // of each step in places_, and the end
  std::vector<Place> places_;
};

}  // namespace outrider
