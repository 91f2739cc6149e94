// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/counted_form.h"

#include <algorithm>
#include <variant>

#include "rules/promql/functions/table.h"

namespace outrider {
namespace {

using promql::Expr;
using promql::Token;

enum class Form {
  kSteady,    // nothing in it grows: numbers, gauges
  kZero,      // vector(0)
  kGrowth,    // adds up over slots
  kFiltered,  // the same, but absent in slots without growth
  kBent,      // does not add up
};

bool Grows(Form form) {
  return form == Form::kGrowth || form == Form::kFiltered || form == Form::kZero;
}

bool IsNumber(const Expr& expr, double value) {
  const auto* number = std::get_if<promql::NumberLiteral>(&promql::Unwrapped(expr).node);
  return number != nullptr && number->value == value;
}

class Forms {
 public:
  explicit Forms(bool bare_counters) : bare_counters_(bare_counters) {}

  Form Of(const Expr& expr) const {
    return std::visit([&](const auto& node) { return OfNode(node); }, expr.node);
  }

 private:
  static Form OfNode(const promql::NumberLiteral& /*node*/) { return Form::kSteady; }
  static Form OfNode(const promql::StringLiteral& /*node*/) { return Form::kSteady; }
  Form OfNode(const promql::VectorSelector& /*node*/) const {
    return bare_counters_ ? Form::kGrowth : Form::kSteady;
  }
  static Form OfNode(const promql::MatrixSelector& /*node*/) { return Form::kBent; }
  static Form OfNode(const promql::Subquery& /*node*/) { return Form::kBent; }
  Form OfNode(const promql::ParenExpr& node) const { return Of(*node.expr); }
  Form OfNode(const promql::UnaryExpr& node) const { return Of(*node.expr); }
  Form OfNode(const promql::AggregateExpr& node) const {
    const Form inner = Of(*node.expr);
    return node.op == Token::kSum || inner == Form::kSteady ? inner : Form::kBent;
  }
  Form OfNode(const promql::Call& call) const;
  Form OfNode(const promql::BinaryExpr& node) const;

  static Form OfSum(Form lhs, Form rhs);
  static Form OfOr(Form lhs, Form rhs);
  static Form OfAnd(Form lhs, Form rhs);
  static Form OfComparison(const promql::BinaryExpr& node, Form lhs, Form rhs);

  const bool bare_counters_;
};

Form Forms::OfNode(const promql::Call& call) const {
  const std::string_view name = call.function->name;
  if (name == "rate" || name == "increase") {
    const Expr& range = promql::Unwrapped(*call.args.front());
    return std::holds_alternative<promql::MatrixSelector>(range.node) ? Form::kGrowth : Form::kBent;
  }
  if (name == "vector" && IsNumber(*call.args.front(), 0)) return Form::kZero;
  if (name == "label_replace" || name == "label_join") return Of(*call.args.front());
  const bool steady =
      std::ranges::all_of(call.args, [&](const auto& arg) { return Of(*arg) == Form::kSteady; });
  return steady ? Form::kSteady : Form::kBent;
}

// Where one side is absent the other one is lost, so neither may be filtered.
Form Forms::OfSum(Form lhs, Form rhs) {
  if (lhs == Form::kZero && rhs == Form::kZero) return Form::kZero;
  const auto whole = [](Form form) { return form == Form::kGrowth || form == Form::kZero; };
  return whole(lhs) && whole(rhs) ? Form::kGrowth : Form::kBent;
}

Form Forms::OfOr(Form lhs, Form rhs) {
  if (!Grows(lhs) || !Grows(rhs)) return Form::kBent;
  if (rhs == Form::kZero) return lhs == Form::kZero ? Form::kZero : Form::kGrowth;
  return lhs == Form::kFiltered ? Form::kBent : rhs;
}

// `and`, `unless`: what is on the right decides by being there.
Form Forms::OfAnd(Form lhs, Form rhs) {
  return Grows(lhs) && rhs != Form::kFiltered ? lhs : Form::kBent;
}

Form Forms::OfComparison(const promql::BinaryExpr& node, Form lhs, Form rhs) {
  const bool with_zero =
      (Grows(lhs) && IsNumber(*node.rhs, 0)) || (IsNumber(*node.lhs, 0) && Grows(rhs));
  return with_zero && !node.return_bool ? Form::kFiltered : Form::kBent;
}

Form Forms::OfNode(const promql::BinaryExpr& node) const {
  const Form lhs = Of(*node.lhs);
  const Form rhs = Of(*node.rhs);
  if (lhs == Form::kBent || rhs == Form::kBent) return Form::kBent;
  if (lhs == Form::kSteady && rhs == Form::kSteady) return Form::kSteady;
  const auto& matching = node.matching;
  if (matching.fill_left.value_or(0) != 0 || matching.fill_right.value_or(0) != 0) {
    return Form::kBent;
  }
  if (promql::IsComparison(node.op)) return OfComparison(node, lhs, rhs);
  switch (node.op) {
    case Token::kAdd:
    case Token::kSub:
      return OfSum(lhs, rhs);
    case Token::kMul:
      if (lhs != Form::kSteady && rhs != Form::kSteady) return Form::kBent;
      return lhs == Form::kSteady ? rhs : lhs;
    case Token::kDiv:
      return rhs == Form::kSteady ? lhs : Form::kBent;
    case Token::kOr:
      return OfOr(lhs, rhs);
    case Token::kAnd:
    case Token::kUnless:
      return OfAnd(lhs, rhs);
    default:
      return Form::kBent;
  }
}

}  // namespace

bool AddsUpOverSlots(const Expr& expr, bool bare_counters) {
  const Form form = Forms(bare_counters).Of(expr);
  return form == Form::kGrowth || form == Form::kFiltered;
}

}  // namespace outrider
