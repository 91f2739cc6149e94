// SPDX-License-Identifier: Apache-2.0
// Many sums at once: one for each step of a group. Written so that the compiler handles several
// numbers at a time.
#pragma once

#include <span>
#include <vector>

#include "rules/promql/kahan.h"

namespace outrider::promql {

// Sums of rows, each step for itself, as KahanSum gives them.
class SumRow {
 public:
  // Of this many steps.
  void Resize(size_t steps) {
    sums_.resize(steps);
    lost_.resize(steps);
    present_.resize(steps);
  }
  size_t size() const { return sums_.size(); }
  // Adds to the steps from `at` on; absent values are passed over.
  void Add(std::span<const double> row, size_t at);
  // kAbsent where nothing was added.
  double ValueAt(size_t i) const;

 private:
  std::vector<double> sums_;
  std::vector<double> lost_;
  std::vector<unsigned char> present_;
};

}  // namespace outrider::promql
