// SPDX-License-Identifier: Apache-2.0
// sort, sort_desc, sort_by_label, sort_by_label_desc: of instant queries; range queries are ordered
// by labels anyway.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "rules/promql/functions/kernels.h"
#include "rules/promql/row_order.h"

namespace outrider::promql {
namespace {

Block Reordered(const Block& block, const std::vector<size_t>& order) {
  Block out;
  out.steps = block.steps;
  out.one_name = block.one_name;
  for (const size_t r : order) out.CopyRow(block, r);
  return out;
}

template <typename Less>
StatusOr<Block> Sort(Evaluator& evaluator, const Expr& expr, const Steps& steps, bool floats_only,
                     Less less) {
  Block block = TRY(evaluator.Eval(*std::get<Call>(expr.node).args[0], steps));
  if (floats_only && block.HasHistograms()) {
    block.histograms.clear();
    block.RemoveEmptyRows();
  }
  if (evaluator.query().is_range) {
    evaluator.annotations().SortInRangeQuery(expr.pos.start);
    return block;
  }
  if (block.steps != 1) return block;  // inside a subquery
  std::vector<size_t> order(block.rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  RowOrder by_labels(evaluator, block);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (less(block, a, b)) return true;
    return !less(block, b, a) && by_labels.Before(a, b);
  });
  return Reordered(block, order);
}

StatusOr<Block> SortByValue(Evaluator& evaluator, const Expr& expr, const Steps& steps,
                            bool descending) {
  return Sort(evaluator, expr, steps, /*floats_only=*/true,
              [descending](const Block& block, size_t a, size_t b) {
                const double x = block.values[a];
                const double y = block.values[b];
                if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
                return descending ? x > y : x < y;
              });
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at `*at`; leading zeros do not count.
std::string_view TakeNumber(std::string_view text, size_t* at) {
  while (*at < text.size() && text[*at] == '0') ++*at;
  const size_t begin = *at;
  while (*at < text.size() && IsDigit(text[*at])) ++*at;
  return text.substr(begin, *at - begin);
}

// Both without leading zeros.
int CompareNumbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

// Runs of digits compare as numbers: node-2 before node-10.
int NaturalCompare(std::string_view a, std::string_view b) {
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (!IsDigit(a[i]) || !IsDigit(b[j])) {
      if (a[i] != b[j])
        return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]) ? -1 : 1;
      ++i, ++j;
      continue;
    }
    const int order = CompareNumbers(TakeNumber(a, &i), TakeNumber(b, &j));
    if (order != 0) return order;
  }
  if (a.size() - i == b.size() - j) return 0;
  return a.size() - i < b.size() - j ? -1 : 1;
}

StatusOr<Block> SortByNames(Evaluator& evaluator, const Expr& expr, const Steps& steps,
                            bool descending) {
  const auto& args = std::get<Call>(expr.node).args;
  std::vector<std::string> names;
  for (size_t i = 1; i < args.size(); ++i) names.push_back(Evaluator::TextOf(*args[i]));
  return Sort(evaluator, expr, steps, /*floats_only=*/false,
              [&](const Block& block, size_t a, size_t b) {
                const Labels& x = block.rows[descending ? b : a].labels->All();
                const Labels& y = block.rows[descending ? a : b].labels->All();
                for (const std::string& name : names) {
                  const int order = NaturalCompare(x.Get(name), y.Get(name));
                  if (order != 0) return order < 0;
                }
                return x < y;
              });
}

}  // namespace

StatusOr<Block> SortAscending(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return SortByValue(evaluator, expr, steps, false);
}
StatusOr<Block> SortDescending(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return SortByValue(evaluator, expr, steps, true);
}
StatusOr<Block> SortByLabel(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return SortByNames(evaluator, expr, steps, false);
}
StatusOr<Block> SortByLabelDescending(Evaluator& evaluator, const Expr& expr, const Steps& steps) {
  return SortByNames(evaluator, expr, steps, true);
}

}  // namespace outrider::promql
