// SPDX-License-Identifier: Apache-2.0
#include "rules/detect/explain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "storage/base/duration.h"

namespace outrider {
namespace {

// 20000 as 20,000.
std::string WithCommas(double count) {
  std::string digits = fmt::format("{:.0f}", count);
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

// One significant digit: what a tail says is no more exact.
double OneDigit(double value) {
  const double unit = std::pow(10.0, std::floor(std::log10(value)));
  return std::max(1.0, std::floor(value / unit * (1 + 1e-9))) * unit;
}

std::string Rarity(double probability) {
  constexpr double kRarest = 1e-9;
  const double one_in = 1 / std::max(probability, kRarest);
  return fmt::format("rarer than 1 in {} samples", WithCommas(OneDigit(one_in)));
}

}  // namespace

std::string ShortNumber(double value) { return fmt::format("{:.4g}", value); }

std::string DescribeFinding(NoveltyTable::Kind finding) {
  switch (finding) {
    case NoveltyTable::Kind::kNothing:
      return {};
    case NoveltyTable::Kind::kTransition:
      return "it has not gone before from where it was to where it is";
    case NoveltyTable::Kind::kLongStay:
      return "it has not stayed so long on one level before";
    case NoveltyTable::Kind::kOutside:
      return "it lies outside everything seen before";
  }
  return {};
}

std::string DescribeImpossible(double value, double lowest, double highest) {
  if (value > highest)
    return fmt::format("it lies above {}, the highest value that can be", ShortNumber(highest));
  if (value < lowest)
    return fmt::format("it lies below {}, the lowest value that can be", ShortNumber(lowest));
  return {};
}

void DescribeVerdict(double z, NoveltyTable::Kind finding, Explanation* explanation) {
  constexpr double kWorthSaying = 0.01;
  const Verdict& verdict = explanation->verdict;
  std::string seen = fmt::format("{} where {} was expected", ShortNumber(explanation->value),
                                 ShortNumber(verdict.expected));
  if (z != 0) {
    seen += fmt::format(", {:.1f} times the usual deviation {}", std::fabs(z),
                        z > 0 ? "above" : "below");
  }
  if (explanation->tail_probability < kWorthSaying) {
    seen += ", " + Rarity(explanation->tail_probability);
  }
  if (explanation->since != 0) {
    seen += ", since " + FormatRfc3339(explanation->since * kNanosPerMilli);
  }
  std::vector<std::string> reasons = {std::move(seen)};
  if (std::string news = DescribeFinding(finding); !news.empty()) {
    reasons.push_back(std::move(news));
  }
  explanation->reasons.insert(explanation->reasons.begin(), reasons.begin(), reasons.end());
}

void SaveVerdict(const Verdict& verdict, RowWriter& out) {
  out.Double(verdict.onset).Double(verdict.state).Double(verdict.expected);
  out.Double(verdict.lower).Double(verdict.upper);
}

Verdict LoadVerdict(RowReader& in) {
  // NaN is what "unknown" is saved as.
  Verdict verdict;
  verdict.onset = in.Double();
  verdict.state = in.Double();
  verdict.expected = in.Double();
  verdict.lower = in.Double();
  verdict.upper = in.Double();
  return verdict;
}

}  // namespace outrider
