// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/ever_fires.h"

#include "rules/promql/functions/table.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using promql::Expr;
using promql::Token;
using promql::ValueType;

std::string SelectorText(const promql::VectorSelector& selector) {
  std::vector<std::string> matchers;
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.name() == kMetricName && matcher.value() == selector.name) continue;
    matchers.push_back(matcher.ToString());
  }
  if (matchers.empty()) return selector.name;
  return selector.name + "{" + Join(matchers, ",") + "}";
}

// The depth is bounded by the parser (promql/limits.h).
class Walk {
 public:
  Walk(const Matches& matches, std::vector<std::string>* empty)
      : matches_(matches), empty_(empty) {}

  StatusOr<bool> Gives(const Expr& expr) {  // NOLINT(misc-no-recursion)
    if (const auto* selector = std::get_if<promql::VectorSelector>(&expr.node)) {
      return Selector(*selector);
    }
    if (const auto* matrix = std::get_if<promql::MatrixSelector>(&expr.node)) {
      return Selector(matrix->selector);
    }
    if (const auto* binary = std::get_if<promql::BinaryExpr>(&expr.node)) return Binary(*binary);
    if (const auto* agg = std::get_if<promql::AggregateExpr>(&expr.node)) return Gives(*agg->expr);
    if (const auto* call = std::get_if<promql::Call>(&expr.node)) return Function(*call);
    const auto children = promql::ChildrenOf(expr);  // parentheses, signs, subqueries
    if (children.empty()) return true;
    return Gives(*children[0]);
  }

 private:
  StatusOr<bool> Selector(const promql::VectorSelector& selector) {
    const bool seen = TRY(matches_(selector));
    if (!seen) empty_->push_back(SelectorText(selector));
    return seen;
  }

  StatusOr<bool> Binary(const promql::BinaryExpr& binary) {  // NOLINT(misc-no-recursion)
    const size_t before = empty_->size();
    const bool lhs = TRY(Gives(*binary.lhs));
    if (binary.op == Token::kUnless) return lhs;
    const bool rhs = TRY(Gives(*binary.rhs));
    if (binary.op != Token::kOr && !binary.matching.fills()) return lhs && rhs;
    if (lhs || rhs) empty_->resize(before);  // one of them is enough: nothing is wrong here
    return lhs || rhs;
  }

  StatusOr<bool> Function(const promql::Call& call) {  // NOLINT(misc-no-recursion)
    const std::string_view name = call.function->name;
    if (name.starts_with("absent") || call.function->result == ValueType::kScalar) return true;
    for (const promql::ExprPtr& arg : call.args) {
      const ValueType type = promql::TypeOf(*arg);
      if (type == ValueType::kVector || type == ValueType::kMatrix) return Gives(*arg);
    }
    return true;
  }

  const Matches& matches_;
  std::vector<std::string>* const empty_;
};

}  // namespace

StatusOr<bool> CanGive(const Expr& expr, const Matches& matches, std::vector<std::string>* empty) {
  return Walk(matches, empty).Gives(expr);
}

}  // namespace outrider
