// SPDX-License-Identifier: Apache-2.0
// sum avg count min max group stddev stdvar topk bottomk quantile count_values limitk limit_ratio.
#pragma once

#include <vector>

#include "rules/promql/ast.h"
#include "rules/promql/block.h"
#include "storage/base/status.h"

namespace outrider::promql {

class Evaluator;

// The group of each row, found once for all steps.
struct Grouping {
  std::vector<uint32_t> group_of;  // row → group
  std::vector<Row> groups;         // labels of each group, in order of first appearance
};

StatusOr<Block> EvalAggregate(Evaluator& evaluator, const Expr& expr, const AggregateExpr& node,
                              const Steps& steps);

// Completes `out`, what the floats of a block with native histograms gave; in
// aggregation_histogram.cc.
void AggregateHistograms(Evaluator& evaluator, const AggregateExpr& node, const Grouping& grouping,
                         const Block& block, Block* out);

// Aggregators that look at single samples of a group; in aggregation_select.cc.
// `pos`: of the whole aggregation.
StatusOr<Block> SelectTop(Evaluator& evaluator, const AggregateExpr& node, uint32_t pos,
                          const Block& param, const Grouping& grouping, Block block);
StatusOr<Block> SelectRatio(Evaluator& evaluator, const AggregateExpr& node, const Block& param,
                            Block block);
Block GroupQuantile(Evaluator& evaluator, const AggregateExpr& node, const Block& param,
                    const Grouping& grouping, const Block& block);
StatusOr<Block> CountValues(Evaluator& evaluator, const AggregateExpr& node, const Block& block);

// q-th quantile with linear interpolation; reorders `values`. Also of quantile_over_time.
double Quantile(double q, std::vector<double>* values);

}  // namespace outrider::promql
