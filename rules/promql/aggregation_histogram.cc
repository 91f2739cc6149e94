// SPDX-License-Identifier: Apache-2.0
// What aggregators do with native histograms: sum and avg add them up, count and group count them,
// the others leave them out and say so.
#include <optional>
#include <vector>

#include "rules/promql/aggregation.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/histogram/histogram_sum.h"

namespace outrider::promql {
namespace {

// Sum or mean of one group at one step.
template <typename Accumulator>
struct GroupState {
  std::optional<Accumulator> all;
  bool incompatible = false;
  bool reset = false;     // some hint says so
  bool no_reset = false;  // some hint says not
};

template <typename Accumulator>
class Adder {
 public:
  Adder(Evaluator& evaluator, const AggregateExpr& node, const Grouping& grouping,
        const Block& block)
      : evaluator_(evaluator),
        pos_(node.expr->pos.start),
        grouping_(grouping),
        block_(block),
        states_(grouping.groups.size() * block.steps) {}

  // `out` holds what the floats gave.
  void Run(Block* out) {
    for (size_t r = 0; r < block_.histograms.size(); ++r) {
      if (!block_.HasHistograms(r)) continue;
      for (size_t i = 0; i < block_.steps; ++i) {
        const NativeHistogram* histogram = block_.HistogramAt(r, i);
        if (histogram == nullptr) continue;
        Add(*histogram, r, &states_[grouping_.group_of[r] * block_.steps + i]);
      }
    }
    for (size_t g = 0; g < grouping_.groups.size(); ++g) {
      for (size_t i = 0; i < block_.steps; ++i) Finish(states_[g * block_.steps + i], g, i, out);
    }
  }

 private:
  void Add(const NativeHistogram& histogram, size_t row, GroupState<Accumulator>* state) {
    if (state->incompatible) return;
    state->reset = state->reset || histogram.reset_hint == ResetHint::kYes;
    state->no_reset = state->no_reset || histogram.reset_hint == ResetHint::kNo;
    if (!state->all) {
      state->all.emplace(histogram);
      return;
    }
    const AddOutcome outcome = state->all->Add(histogram);
    if (outcome.reconciled) evaluator_.annotations().BoundsReconciled("aggregation", pos_);
    if (!outcome.incompatible) return;
    state->incompatible = true;
    const Row& culprit = block_.rows[row];
    evaluator_.annotations().MixedExponentialCustom(
        evaluator_.NameGone(culprit) ? std::string_view() : culprit.labels->MetricName(), pos_);
  }

  void Finish(const GroupState<Accumulator>& state, size_t group, size_t step, Block* out) {
    if (!state.all) return;
    double& of_floats = out->values[group * out->steps + step];
    const bool mixed = !IsAbsent(of_floats);
    of_floats = kAbsent;
    if (state.incompatible) return;
    if (mixed) {
      evaluator_.annotations().MixedFloatsHistogramsInAggregation(pos_);
      return;
    }
    if (state.reset && state.no_reset) evaluator_.annotations().ResetCollision("aggregation", pos_);
    out->SetHistogram(group, step, evaluator_.arena().Own(state.all->Value()));
  }

  Evaluator& evaluator_;
  const uint32_t pos_;
  const Grouping& grouping_;
  const Block& block_;
  std::vector<GroupState<Accumulator>> states_;
};

void CountAll(const Grouping& grouping, const Block& block, bool only_presence, Block* out) {
  for (size_t r = 0; r < block.histograms.size(); ++r) {
    if (!block.HasHistograms(r)) continue;
    const std::span<double> counts = out->Of(grouping.group_of[r]);
    for (size_t i = 0; i < block.steps; ++i) {
      if (block.HistogramAt(r, i) == nullptr) continue;
      counts[i] = only_presence || IsAbsent(counts[i]) ? 1 : counts[i] + 1;
    }
  }
}

}  // namespace

void AggregateHistograms(Evaluator& evaluator, const AggregateExpr& node, const Grouping& grouping,
                         const Block& block, Block* out) {
  switch (node.op) {
    case Token::kSum:
      Adder<HistogramSum>(evaluator, node, grouping, block).Run(out);
      return;
    case Token::kAvg:
      Adder<HistogramMean>(evaluator, node, grouping, block).Run(out);
      return;
    case Token::kCount:
    case Token::kGroup:
      CountAll(grouping, block, node.op == Token::kGroup, out);
      return;
    default:
      if (AnyHistogram(block)) {
        evaluator.annotations().HistogramIgnored(TokenText(node.op), node.expr->pos.start);
      }
  }
}

}  // namespace outrider::promql
