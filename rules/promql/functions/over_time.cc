// SPDX-License-Identifier: Apache-2.0
// One number out of all samples of a window: the …_over_time family.
#include <algorithm>
#include <cmath>
#include <vector>

#include "rules/promql/aggregation.h"
#include "rules/promql/functions/kernels.h"
#include "rules/promql/kahan.h"

namespace outrider::promql {
namespace {

template <typename Accumulator>
double Over(const RangeWindow& w) {
  Accumulator all;
  for (const double v : w.values) all.Add(v);
  return all.Value();
}

double Seconds(Timestamp time) { return static_cast<double>(time) / 1000; }

// The latest sample that is extreme; NaN only when nothing else is there.
template <typename Beats>
size_t Extreme(const RangeWindow& w, Beats beats) {
  size_t best = 0;
  for (size_t i = 1; i < w.size(); ++i) {
    if (beats(w.values[i], w.values[best]) || std::isnan(w.values[best])) best = i;
  }
  return best;
}

}  // namespace

double AvgOverTime(const RangeWindow& w, const double* /*scalars*/) { return Over<KahanMean>(w); }
double SumOverTime(const RangeWindow& w, const double* /*scalars*/) { return Over<KahanSum>(w); }
double CountOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return static_cast<double>(w.size());
}
double MinOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return w.values[Extreme(w, std::less<>())];
}
double MaxOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return w.values[Extreme(w, std::greater<>())];
}
double LastOverTime(const RangeWindow& w, const double* /*scalars*/) { return w.last(); }
double FirstOverTime(const RangeWindow& w, const double* /*scalars*/) { return w.first(); }
double PresentOverTime(const RangeWindow& /*w*/, const double* /*scalars*/) { return 1; }
double StdvarOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return Over<KahanVariance>(w);
}
double StddevOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return std::sqrt(Over<KahanVariance>(w));
}

double MadOverTime(const RangeWindow& w, const double* /*scalars*/) {
  std::vector<double> values(w.values.begin(), w.values.end());
  for (const double v : values) {
    if (std::isnan(v)) return v;
  }
  const double median = Quantile(0.5, &values);
  for (double& v : values) v = std::fabs(v - median);
  return Quantile(0.5, &values);
}

double TsOfFirstOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return Seconds(w.times.front());
}
double TsOfLastOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return Seconds(w.times.back());
}
double TsOfMinOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return Seconds(w.times[Extreme(w, std::less_equal<>())]);
}
double TsOfMaxOverTime(const RangeWindow& w, const double* /*scalars*/) {
  return Seconds(w.times[Extreme(w, std::greater_equal<>())]);
}

namespace {

// Of the floats of some series, at quantiles that differ from step to step.
class QuantileWindows {
 public:
  QuantileWindows(Evaluator& evaluator, const Block& quantiles, uint32_t pos)
      : evaluator_(evaluator), quantiles_(quantiles), pos_(pos) {}

  void Add(const RangeData& data, const Steps& steps, Block* block) {
    block->one_name = block->one_name && data.one_name;
    for (const RangeSeries& series : data.series) {
      const std::span<double> row = block->AddRow(series.row);
      MixedCursor cursor(data, series);
      WindowNotes notes;
      for (size_t i = 0; i < steps.count; ++i) row[i] = At(cursor.At(steps.At(i)), i, &notes);
      evaluator_.Tell(notes, series.row, pos_);
    }
  }

 private:
  double At(const MixedWindow& window, size_t step, WindowNotes* notes) {
    if (window.floats.size() == 0) return kAbsent;
    if (!window.histograms.empty()) notes->bits |= WindowNotes::kIgnored;
    const double at = quantiles_.ScalarAt(step);
    if (std::isnan(at) || at < 0 || at > 1) evaluator_.annotations().InvalidQuantile(at, pos_);
    values_.assign(window.floats.values.begin(), window.floats.values.end());
    return Quantile(at, &values_);
  }

  Evaluator& evaluator_;
  const Block& quantiles_;
  const uint32_t pos_;
  std::vector<double> values_;  // one buffer for all windows
};

}  // namespace

StatusOr<Block> QuantileOverTime(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  const auto& args = std::get<Call>(expr.node).args;
  const Block q = TRY(evaluator.Eval(*args[0], steps));
  QuantileWindows windows(evaluator, q, args[0]->pos.start);
  Block block;
  block.steps = steps.count;
  block.one_name = true;
  TRY(evaluator.EachRange(*args[1], steps, /*want_starts=*/false, [&](const RangeData& data) {
    windows.Add(data, steps, &block);
    return evaluator.CheckSize(block);
  }));
  block.RemoveEmptyRows();
  TRY(evaluator.DropNames(&block, Evaluator::WhenEqual::kFail));
  return block;
}

}  // namespace outrider::promql
