// SPDX-License-Identifier: Apache-2.0
// One pass over the rows, adding each into the accumulators of its group, one per step. What comes
// straight from a selector is added some series at a time, so that their values need not be held.
#include "rules/promql/aggregation.h"

#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "rules/promql/evaluator.h"
#include "rules/promql/kahan.h"
#include "rules/promql/label_key.h"
#include "rules/promql/row_groups.h"
#include "rules/promql/sum_rows.h"

namespace outrider::promql {
namespace {

// Finds the groups of rows, also of blocks that come one after the other.
class Grouper {
 public:
  Grouper(Evaluator& evaluator, const AggregateExpr& node)
      : evaluator_(evaluator),
        key_(node.without ? LabelKey::Mode::kAllBut : LabelKey::Mode::kOnly, node.grouping) {}

  // The groups of this block's rows and, so far, of all. Further blocks are of the same selector:
  // their rows have label numbers if those of the first that has rows have.
  const Grouping& Add(const Block& block) {
    constexpr size_t kAhead = 8;
    grouping_.group_of.clear();
    if (block.rows.empty()) return grouping_;
    if (!numbers_) numbers_.emplace(key_, block);
    grouping_.group_of.reserve(block.rows.size());
    for (size_t r = 0; r < block.rows.size(); ++r) {
      if (r + kAhead < block.rows.size()) block.rows[r + kAhead].labels->Prefetch();
      const Row& row = block.rows[r];
      const bool gone = evaluator_.NameGone(row);
      const uint32_t group = numbers_->Of(row, gone);
      if (group == grouping_.groups.size()) {
        grouping_.groups.push_back({.labels = key_.Own(evaluator_, row, gone)});
      }
      // If any series gives up its name, so does the group.
      if (!gone) grouping_.groups[group].drop_name |= row.drop_name;
      grouping_.group_of.push_back(group);
    }
    return grouping_;
  }
  const Grouping& grouping() const { return grouping_; }

 private:
  Evaluator& evaluator_;
  LabelKey key_;
  std::optional<RowGroups> numbers_;
  Grouping grouping_;
};

struct CountOf {
  double n = 0;
  void Add(double /*v*/) { ++n; }
  double Value() const { return n; }
};
struct One {
  void Add(double /*v*/) {}
  static double Value() { return 1; }
};
struct MinOf {
  double v = std::nan("");
  void Add(double x) {
    if (std::isnan(v) || x < v) v = x;
  }
  double Value() const { return v; }
};
struct MaxOf {
  double v = std::nan("");
  void Add(double x) {
    if (std::isnan(v) || x > v) v = x;
  }
  double Value() const { return v; }
};
struct StddevOf {
  KahanVariance variance;
  void Add(double v) { variance.Add(v); }
  double Value() const { return std::sqrt(variance.Value()); }
};

// The floats of all groups, each at every step.
class Accumulators {
 public:
  virtual ~Accumulators() = default;
  virtual void Add(const Grouping& grouping, const Block& block) = 0;
  virtual Block Finish(const Grouping& grouping, size_t steps) const = 0;
};

template <typename Accumulator>
class AccumulatorsOf final : public Accumulators {
 public:
  void Add(const Grouping& grouping, const Block& block) override {
    const size_t steps = block.steps;
    accumulators_.resize(grouping.groups.size() * steps);
    present_.resize(accumulators_.size());
    for (size_t r = 0; r < block.rows.size(); ++r) {
      const size_t base = grouping.group_of[r] * steps;
      const std::span<const double> row = block.Of(r);
      for (size_t i = 0; i < steps; ++i) {
        if (IsAbsent(row[i])) continue;
        accumulators_[base + i].Add(row[i]);
        present_[base + i] = 1;
      }
    }
  }
  Block Finish(const Grouping& grouping, size_t steps) const override {
    Block out;
    out.steps = steps;
    out.rows = grouping.groups;
    out.values.resize(accumulators_.size(), kAbsent);
    for (size_t i = 0; i < accumulators_.size(); ++i) {
      if (present_[i]) out.values[i] = accumulators_[i].Value();
    }
    return out;
  }

 private:
  std::vector<Accumulator> accumulators_;  // groups × steps
  std::vector<uint8_t> present_;           // whether there was a sample
};

class Sums final : public Accumulators {
 public:
  void Add(const Grouping& grouping, const Block& block) override {
    sums_.Resize(grouping.groups.size() * block.steps);
    for (size_t r = 0; r < block.rows.size(); ++r) {
      sums_.Add(block.Of(r), grouping.group_of[r] * block.steps);
    }
  }
  Block Finish(const Grouping& grouping, size_t steps) const override {
    Block out;
    out.steps = steps;
    out.rows = grouping.groups;
    out.values.resize(sums_.size());
    for (size_t i = 0; i < sums_.size(); ++i) out.values[i] = sums_.ValueAt(i);
    return out;
  }

 private:
  SumRow sums_;  // groups × steps
};

std::unique_ptr<Accumulators> MakeAccumulators(Token op) {
  switch (op) {
    case Token::kSum:
      return std::make_unique<Sums>();
    case Token::kAvg:
      return std::make_unique<AccumulatorsOf<KahanMean>>();
    case Token::kCount:
      return std::make_unique<AccumulatorsOf<CountOf>>();
    case Token::kMin:
      return std::make_unique<AccumulatorsOf<MinOf>>();
    case Token::kMax:
      return std::make_unique<AccumulatorsOf<MaxOf>>();
    case Token::kStdvar:
      return std::make_unique<AccumulatorsOf<KahanVariance>>();
    case Token::kStddev:
      return std::make_unique<AccumulatorsOf<StddevOf>>();
    default:  // the parser knows no other without a parameter
      return std::make_unique<AccumulatorsOf<One>>();
  }
}

StatusOr<Block> WithParameter(Evaluator& evaluator, const Expr& expr, const AggregateExpr& node,
                              const Steps& steps, Block block) {
  if (node.op == Token::kCountValues) return CountValues(evaluator, node, block);
  const Block param = TRY(evaluator.Eval(*node.param, steps));
  if (node.op == Token::kLimitRatio) {
    return SelectRatio(evaluator, node, param, std::move(block));
  }
  Grouper grouper(evaluator, node);
  const Grouping& grouping = grouper.Add(block);
  if (node.op == Token::kQuantile) {
    Block out = GroupQuantile(evaluator, node, param, grouping, block);
    AggregateHistograms(evaluator, node, grouping, block, &out);
    return out;
  }
  return SelectTop(evaluator, node, expr.pos.start, param, grouping, std::move(block));
}

// Of floats only, some series at a time; nothing when there are histograms.
StatusOr<std::optional<Block>> InPieces(Evaluator& evaluator, const AggregateExpr& node,
                                        const Steps& steps) {
  Grouper grouper(evaluator, node);
  const std::unique_ptr<Accumulators> accumulators = MakeAccumulators(node.op);
  bool any_histogram = false;
  const Status status = evaluator.EachBlock(*node.expr, steps, [&](const Block& block) -> Status {
    any_histogram = block.HasHistograms();
    if (any_histogram) return absl::CancelledError();
    const Grouping& grouping = grouper.Add(block);
    TRY(evaluator.CheckCells(grouping.groups.size(), steps));
    accumulators->Add(grouping, block);
    return {};
  });
  if (any_histogram) return std::optional<Block>();
  TRY(status);
  return std::optional<Block>(accumulators->Finish(grouper.grouping(), steps.count));
}

}  // namespace

StatusOr<Block> EvalAggregate(Evaluator& evaluator, const Expr& expr, const AggregateExpr& node,
                              const Steps& steps) {
  if (!HasParameter(node.op) && evaluator.ComesInPieces(*node.expr, steps)) {
    std::optional<Block> out = TRY(InPieces(evaluator, node, steps));
    if (out) return *std::move(out);
  }
  Block block = TRY(evaluator.Eval(*node.expr, steps));
  if (HasParameter(node.op)) return WithParameter(evaluator, expr, node, steps, std::move(block));
  Grouper grouper(evaluator, node);
  const Grouping& grouping = grouper.Add(block);
  const std::unique_ptr<Accumulators> accumulators = MakeAccumulators(node.op);
  accumulators->Add(grouping, block);
  Block out = accumulators->Finish(grouping, steps.count);
  if (block.HasHistograms()) AggregateHistograms(evaluator, node, grouping, block, &out);
  return out;
}

}  // namespace outrider::promql
