// SPDX-License-Identifier: Apache-2.0
// Rows by their labels: the order in which a selector gives them is another one after a restart, so
// where values are equal, labels decide. They are made for rows only that are compared.
#pragma once

#include <optional>
#include <vector>

#include "rules/promql/evaluator.h"

namespace outrider::promql {

// One thread's; the block's rows stay as they are meanwhile.
class RowOrder {
 public:
  RowOrder(const Evaluator& evaluator, const Block& block)
      : evaluator_(evaluator), block_(block), labels_(block.rows.size()) {}
  bool Before(size_t a, size_t b) { return LabelsOf(a) < LabelsOf(b); }

 private:
  const Labels& LabelsOf(size_t r) {
    std::optional<Labels>& labels = labels_[r];
    const Row& row = block_.rows[r];
    if (!labels) labels = EffectiveLabels(row, evaluator_.NameGone(row));
    return *labels;
  }

  const Evaluator& evaluator_;
  const Block& block_;
  std::vector<std::optional<Labels>> labels_;
};

}  // namespace outrider::promql
