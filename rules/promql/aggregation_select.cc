// SPDX-License-Identifier: Apache-2.0
// Aggregators that choose or rank single samples.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "rules/promql/aggregation.h"
#include "rules/promql/evaluator.h"
#include "rules/promql/histogram/histogram_math.h"
#include "rules/promql/label_key.h"
#include "rules/promql/row_order.h"
#include "storage/base/text.h"
#include "storage/base/xxh64.h"

namespace outrider::promql {
namespace {

struct Candidate {
  double value;
  uint32_t row;
  const NativeHistogram* histogram = nullptr;  // limitk alone takes histograms
};

// NaN comes last, whichever end is wanted.
bool Better(bool greatest, const Candidate& a, const Candidate& b) {
  if (std::isnan(a.value) || std::isnan(b.value))
    return !std::isnan(a.value) && std::isnan(b.value);
  return greatest ? a.value > b.value : a.value < b.value;
}

// k at each step, as a count; NaN and what does not fit are Prometheus' errors.
StatusOr<std::vector<int64_t>> CountsOf(const Block& param) {
  std::vector<int64_t> counts;
  for (size_t i = 0; i < param.steps; ++i) {
    const double k = param.ScalarAt(i);
    if (std::isnan(k)) return ExecutionError("Parameter value is NaN");
    if (k >= 9223372036854775807.0) {
      return ExecutionError(fmt::format("Scalar value {} overflows int64", FormatFloatG(k)));
    }
    if (k <= -9223372036854775808.0) {
      return ExecutionError(fmt::format("Scalar value {} underflows int64", FormatFloatG(k)));
    }
    counts.push_back(static_cast<int64_t>(k));
  }
  return counts;
}

// Moves the samples of a step from `block` into their groups.
void TakeCandidates(const Grouping& grouping, size_t step, Block* block,
                    std::vector<std::vector<Candidate>>* candidates) {
  for (auto& group : *candidates) group.clear();
  for (uint32_t r = 0; r < block->rows.size(); ++r) {
    double& value = block->values[r * block->steps + step];
    const NativeHistogram* histogram = block->HistogramAt(r, step);
    if (IsAbsent(value) && histogram == nullptr) continue;
    (*candidates)[grouping.group_of[r]].push_back({value, r, histogram});
    value = kAbsent;
    block->SetHistogram(r, step, nullptr);
  }
}

// topk and bottomk are of floats; true if there was anything else.
bool DropHistograms(std::vector<std::vector<Candidate>>* candidates) {
  size_t dropped = 0;
  for (auto& group : *candidates) {
    dropped += std::erase_if(group, [](const Candidate& c) { return c.histogram != nullptr; });
  }
  return dropped > 0;
}

// Of equal values the first by labels are chosen: a rule must not fire for other series after a
// restart.
class Chooser {
 public:
  Chooser(Token op, const Evaluator& evaluator, const Block& block)
      : op_(op), order_(evaluator, block) {}

  // Leaves `count` of a group: the best, best first; with limitk, to which all are equal, the
  // first.
  void KeepBest(uint64_t count, std::vector<Candidate>* group) {
    const auto better = [this](const Candidate& a, const Candidate& b) { return IsBetter(a, b); };
    if (group->size() > count) {
      const auto end = group->begin() + static_cast<std::ptrdiff_t>(count);
      std::nth_element(group->begin(), end - 1, group->end(), better);
      const Candidate last = *(end - 1);
      const auto equal = std::partition(group->begin(), group->end(),
                                        [&](const Candidate& c) { return IsBetter(c, last); });
      const auto worse = std::partition(equal, group->end(),
                                        [&](const Candidate& c) { return !IsBetter(last, c); });
      OrderByLabels(equal, end, worse);
      group->resize(count);
    }
    std::sort(group->begin(), group->end(), better);
    for (auto run = group->begin(); run != group->end();) {
      const auto next =
          std::find_if(run, group->end(), [&](const Candidate& c) { return IsBetter(*run, c); });
      OrderByLabels(run, next, next);
      run = next;
    }
  }

 private:
  using Place = std::vector<Candidate>::iterator;

  bool IsBetter(const Candidate& a, const Candidate& b) const {
    return op_ != Token::kLimitk && Better(op_ == Token::kTopk, a, b);
  }
  // The first of [begin, end) come to stand before `middle`, in order.
  void OrderByLabels(Place begin, Place middle, Place end) {
    if (end - begin < 2) return;
    std::partial_sort(begin, middle, end, [this](const Candidate& a, const Candidate& b) {
      return order_.Before(a.row, b.row);
    });
  }

  const Token op_;
  RowOrder order_;
};

// An instant query shows the chosen in order: per group, best first.
Block InOrder(const Block& block, const std::vector<std::vector<uint32_t>>& chosen) {
  Block out;
  out.one_name = block.one_name;
  for (const std::vector<uint32_t>& rows : chosen) {
    for (const uint32_t r : rows) out.CopyRow(block, r);
  }
  return out;
}

}  // namespace

StatusOr<Block> SelectTop(Evaluator& evaluator, const AggregateExpr& node, uint32_t pos,
                          const Block& param, const Grouping& grouping, Block block) {
  const std::vector<int64_t> counts = TRY(CountsOf(param));
  std::vector<std::vector<Candidate>> candidates(grouping.groups.size());
  std::vector<std::vector<uint32_t>> chosen(grouping.groups.size());
  Chooser chooser(node.op, evaluator, block);
  for (size_t step = 0; step < block.steps; ++step) {
    TRY(evaluator.CheckTimeout());
    TakeCandidates(grouping, step, &block, &candidates);
    if (counts[step] < 1) continue;
    if (node.op != Token::kLimitk && block.HasHistograms() && DropHistograms(&candidates)) {
      evaluator.annotations().HistogramIgnored(TokenText(node.op), pos);
    }
    for (size_t g = 0; g < candidates.size(); ++g) {
      chooser.KeepBest(static_cast<uint64_t>(counts[step]), &candidates[g]);
      for (const Candidate& c : candidates[g]) {
        block.values[c.row * block.steps + step] = c.value;
        block.SetHistogram(c.row, step, c.histogram);
        if (step == 0) chosen[g].push_back(c.row);
      }
    }
  }
  if (block.steps == 1) return InOrder(block, chosen);
  block.RemoveEmptyRows();
  return block;
}

namespace {

void AppendSized(std::string_view text, std::string* out) {
  const size_t size = text.size();
  if (size < 0xff) {
    *out += static_cast<char>(size);
  } else {
    *out += '\xff';
    for (const int shift : {0, 8, 16}) *out += static_cast<char>(size >> shift);
  }
  *out += text;
}

// Where limit_ratio puts a series in [0, 1]: by its labels alone, so that the choice is stable, and
// by the hash that Prometheus takes, so that it is the same there.
double PlaceOf(const Labels& labels) {
  std::string text;
  for (const LabelView label : labels) {
    AppendSized(label.name, &text);
    AppendSized(label.value, &text);
  }
  return static_cast<double>(Xxh64(text)) * 0x1.0p-64;
}

}  // namespace

StatusOr<Block> SelectRatio(Evaluator& evaluator, const AggregateExpr& node, const Block& param,
                            Block block) {
  std::vector<double> place;
  place.reserve(block.rows.size());
  for (const Row& row : block.rows) {
    place.push_back(PlaceOf(EffectiveLabels(row, evaluator.NameGone(row))));
  }
  for (size_t step = 0; step < block.steps; ++step) {
    double ratio = param.ScalarAt(step);
    if (std::isnan(ratio)) return ExecutionError("Ratio value is NaN");
    const double used = std::clamp(ratio, -1.0, 1.0);
    if (used != ratio) evaluator.annotations().InvalidRatio(ratio, used, node.param->pos.start);
    for (size_t r = 0; r < block.rows.size(); ++r) {
      const bool in = used >= 0 ? place[r] < used : place[r] >= 1 + used;
      if (in) continue;
      block.values[r * block.steps + step] = kAbsent;
      block.SetHistogram(r, step, nullptr);
    }
  }
  block.RemoveEmptyRows();
  return block;
}

namespace {

constexpr size_t kFewLargest = 8;

// The smallest of the `count` largest numbers and the one above it (itself where there is none):
// one pass, in which few numbers move. At most kFewLargest and not more than there are.
std::pair<double, double> SmallestOfLargest(std::span<const double> numbers, size_t count) {
  std::array<double, kFewLargest> largest;  // ascending
  std::copy_n(numbers.begin(), count, largest.begin());
  std::sort(largest.begin(), largest.begin() + static_cast<std::ptrdiff_t>(count));
  for (const double v : numbers.subspan(count)) {
    if (!(v > largest[0])) continue;
    size_t at = 0;
    for (; at + 1 < count && largest[at + 1] < v; ++at) largest[at] = largest[at + 1];
    largest[at] = v;
  }
  return {largest[0], largest[std::min<size_t>(1, count - 1)]};
}

}  // namespace

double Quantile(double q, std::vector<double>* values) {
  if (values->empty() || std::isnan(q)) return std::nan("");
  if (q < 0) return -std::numeric_limits<double>::infinity();
  if (q > 1) return std::numeric_limits<double>::infinity();
  const auto n = static_cast<double>(values->size());
  const double rank = q * (n - 1);
  const double weight = rank - std::floor(rank);
  // NaN counts as the smallest value.
  const auto numbers =
      std::partition(values->begin(), values->end(), [](double v) { return std::isnan(v); });
  const auto lower = values->begin() + static_cast<std::ptrdiff_t>(std::floor(rank));
  const auto largest = static_cast<size_t>(values->end() - lower);  // the lower one among them
  if (lower >= numbers && largest <= kFewLargest) {
    const auto [low, high] = SmallestOfLargest({numbers, values->end()}, largest);
    return low * (1 - weight) + high * weight;
  }
  if (lower >= numbers) std::nth_element(numbers, lower, values->end());
  const auto next = lower + 1;
  double upper = *lower;
  if (next != values->end())
    upper = next < numbers ? *next : *std::min_element(next, values->end());
  return *lower * (1 - weight) + upper * weight;
}

Block GroupQuantile(Evaluator& evaluator, const AggregateExpr& node, const Block& param,
                    const Grouping& grouping, const Block& block) {
  Block out;
  out.steps = block.steps;
  for (const Row& group : grouping.groups) out.AddRow(group);
  std::vector<std::vector<double>> values(grouping.groups.size());
  for (size_t step = 0; step < block.steps; ++step) {
    const double q = param.ScalarAt(step);
    if (std::isnan(q) || q < 0 || q > 1) {
      evaluator.annotations().InvalidQuantile(q, node.param->pos.start);
    }
    for (auto& group : values) group.clear();
    for (size_t r = 0; r < block.rows.size(); ++r) {
      const double v = block.values[r * block.steps + step];
      if (!IsAbsent(v)) values[grouping.group_of[r]].push_back(v);
    }
    for (size_t g = 0; g < values.size(); ++g) {
      if (!values[g].empty()) out.values[g * out.steps + step] = Quantile(q, &values[g]);
    }
  }
  return out;
}

namespace {

std::string ValueText(const Block& block, size_t row, size_t step) {
  const NativeHistogram* histogram = block.HistogramAt(row, step);
  return histogram != nullptr ? HistogramText(*histogram)
                              : FormatFloatF(block.values[row * block.steps + step]);
}

}  // namespace

StatusOr<Block> CountValues(Evaluator& evaluator, const AggregateExpr& node, const Block& block) {
  const std::string& label = Evaluator::TextOf(*node.param);
  if (label.empty() || !IsValidUtf8(label)) {
    return ExecutionError(fmt::format("invalid label name {}", Quote(label)));
  }
  std::vector<std::string> names = node.grouping;
  if (!node.without) names.push_back(label);
  LabelKey key(node.without ? LabelKey::Mode::kAllBut : LabelKey::Mode::kOnly, std::move(names));
  Block out;
  out.steps = block.steps;
  absl::flat_hash_map<Labels, size_t> ids;
  for (size_t r = 0; r < block.rows.size(); ++r) {
    const Row& row = block.rows[r];
    const bool gone = evaluator.NameGone(row);
    const Labels base = EffectiveLabels(row, gone);
    for (size_t i = 0; i < block.steps; ++i) {
      if (!block.HasSample(r, i)) continue;
      const SeriesLabels with_value(base.With(label, ValueText(block, r, i)));
      Labels group = key.LabelsOf({.labels = &with_value}, false);
      const auto [it, inserted] = ids.try_emplace(group, out.rows.size());
      if (inserted) {
        TRY(evaluator.CheckSize(out));
        out.AddRow({.labels = evaluator.Own(std::move(group))});
      }
      double& count = out.values[it->second * out.steps + i];
      count = IsAbsent(count) ? 1 : count + 1;
    }
  }
  return out;
}

}  // namespace outrider::promql
