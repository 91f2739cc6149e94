// SPDX-License-Identifier: Apache-2.0
#include "tests/support/promql_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "rules/promql/parser.h"
#include "rules/promql/printer.h"

namespace outrider {
namespace {

using promql::Expr;
using promql::ExprPtr;

bool SameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool Same(const std::unique_ptr<promql::DurationExpr>& a,
          const std::unique_ptr<promql::DurationExpr>& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->op == b->op && SameNumber(a->value, b->value) && a->wrapped == b->wrapped &&
         Same(a->lhs, b->lhs) && Same(a->rhs, b->rhs);
}
bool Same(const promql::DurationSpec& a, const promql::DurationSpec& b) {
  return a.ms == b.ms && Same(a.expr, b.expr);
}
bool Same(const promql::TimeModifier& a, const promql::TimeModifier& b) {
  return Same(a.offset, b.offset) && a.at == b.at && a.timestamp == b.timestamp;
}

std::vector<std::string> Sorted(const std::vector<Matcher>& matchers) {
  std::vector<std::string> texts;
  for (const Matcher& m : matchers) texts.push_back(m.ToString());
  std::sort(texts.begin(), texts.end());
  return texts;
}

// Fields beside the children.
struct SameFields {
  const Expr& other;

  template <typename Node>
  bool operator()(const Node& a) const {
    return Fields(a, std::get<Node>(other.node));
  }

  static bool Fields(const promql::NumberLiteral& a, const promql::NumberLiteral& b) {
    return SameNumber(a.value, b.value);
  }
  static bool Fields(const promql::StringLiteral& a, const promql::StringLiteral& b) {
    return a.value == b.value;
  }
  static bool Fields(const promql::VectorSelector& a, const promql::VectorSelector& b) {
    return a.name == b.name && Sorted(a.matchers) == Sorted(b.matchers) && Same(a.time, b.time) &&
           a.extension == b.extension;
  }
  static bool Fields(const promql::MatrixSelector& a, const promql::MatrixSelector& b) {
    return Fields(a.selector, b.selector) && Same(a.range, b.range);
  }
  static bool Fields(const promql::Subquery& a, const promql::Subquery& b) {
    return Same(a.range, b.range) && Same(a.step, b.step) && Same(a.time, b.time);
  }
  static bool Fields(const promql::ParenExpr& /*a*/, const promql::ParenExpr& /*b*/) {
    return true;
  }
  static bool Fields(const promql::UnaryExpr& a, const promql::UnaryExpr& b) {
    return a.negate == b.negate;
  }
  static bool Fields(const promql::BinaryExpr& a, const promql::BinaryExpr& b) {
    const promql::VectorMatching& m = a.matching;
    const promql::VectorMatching& n = b.matching;
    return a.op == b.op && a.return_bool == b.return_bool && m.card == n.card && m.on == n.on &&
           m.labels == n.labels && m.include == n.include && m.fill_left == n.fill_left &&
           m.fill_right == n.fill_right;
  }
  static bool Fields(const promql::AggregateExpr& a, const promql::AggregateExpr& b) {
    return a.op == b.op && a.grouping == b.grouping && a.without == b.without;
  }
  static bool Fields(const promql::Call& a, const promql::Call& b) {
    return a.function == b.function;
  }
};

// Infinity prints with a plus, which reaches over ^ when it is read again.
const Expr& WithoutPlus(const Expr& expr) {
  const auto* unary = std::get_if<promql::UnaryExpr>(&expr.node);
  return unary != nullptr && !unary->negate ? *unary->expr : expr;
}

// Series come in another order in a range query, and sums with them.
bool CloseNumbers(double a, double b) {
  if (SameNumber(a, b)) return true;
  return std::fabs(a - b) <= 1e-6 * (1 + std::fabs(a) + std::fabs(b));
}

// Values by labels at one time.
using Point = std::map<Labels, double>;

Point PointOf(const promql::QueryResult& result) {
  Point point;
  if (const auto* scalar = std::get_if<promql::Scalar>(&result.value)) {
    point[Labels()] = scalar->value;
  } else {
    for (const promql::VectorSample& sample : std::get<promql::Vector>(result.value)) {
      point[sample.labels] = sample.value;
    }
  }
  return point;
}

Point PointOf(const promql::Matrix& matrix, Timestamp at) {
  Point point;
  for (const promql::Series& series : matrix) {
    for (const Sample& sample : series.samples) {
      if (sample.time == at) point[series.labels] = sample.value;
    }
  }
  return point;
}

std::string TextOf(const Point& point) {
  std::string out;
  for (const auto& [labels, value] : point) out += fmt::format("{} {} ", labels.ToString(), value);
  return out;
}

}  // namespace

bool SameTree(const Expr& first, const Expr& second) {
  const Expr& a = WithoutPlus(first);
  const Expr& b = WithoutPlus(second);
  if (a.node.index() != b.node.index() || !std::visit(SameFields{b}, a.node)) return false;
  const std::vector<const Expr*> left = promql::ChildrenOf(a);
  const std::vector<const Expr*> right = promql::ChildrenOf(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Expr* x, const Expr* y) { return SameTree(*x, *y); });
}

std::string CheckRoundTrip(std::string_view query) {
  const StatusOr<ExprPtr> tree = promql::ParseExpression(query, promql::kWholeLanguage);
  if (!tree.ok()) return "";
  const std::string printed = promql::Print(**tree);
  const StatusOr<ExprPtr> again = promql::ParseExpression(printed, promql::kWholeLanguage);
  if (!again.ok()) return fmt::format("{} → {}: {}", query, printed, Message(again.status()));
  if (SameTree(**tree, **again)) return "";
  return fmt::format("{} → {} → {}", query, printed, promql::Print(**again));
}

std::string CheckSteps(const promql::Engine& engine, const promql::Expression& expr,
                       const Querier& querier, Timestamp start, Timestamp end, DurationMs step) {
  const auto range = engine.Range(expr, querier, start, end, step);
  if (!range.ok()) return "";
  const auto& matrix = std::get<promql::Matrix>(range->value);
  for (Timestamp at = start; at <= end; at += step) {
    const auto instant = engine.Instant(expr, querier, at);
    if (!instant.ok()) {
      return fmt::format("{} at {}: {}", expr.text(), at, Message(instant.status()));
    }
    const Point wanted = PointOf(*instant);
    const Point got = PointOf(matrix, at);
    const bool same = std::equal(wanted.begin(), wanted.end(), got.begin(), got.end(),
                                 [](const auto& a, const auto& b) {
                                   return a.first == b.first && CloseNumbers(a.second, b.second);
                                 });
    if (!same) {
      return fmt::format("{} at {}: instant {} range {}", expr.text(), at, TextOf(wanted),
                         TextOf(got));
    }
  }
  return "";
}

}  // namespace outrider
