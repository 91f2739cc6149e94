// SPDX-License-Identifier: Apache-2.0
#include "rules/rulefile/label_flow.h"

#include <algorithm>
#include <array>

#include "rules/promql/functions/table.h"

namespace outrider {
namespace {

using promql::Expr;
using promql::Token;
using promql::ValueType;

// Expressions nest at most as deep as the parser lets them (promql/limits.h), which bounds every
// recursion below.

bool IsSeries(const Expr& expr) {
  const ValueType type = promql::TypeOf(expr);
  return type == ValueType::kVector || type == ValueType::kMatrix;
}

const Expr* FirstSeries(const promql::Call& call) {
  for (const promql::ExprPtr& arg : call.args) {
    if (IsSeries(*arg)) return arg.get();
  }
  return nullptr;
}

const promql::VectorSelector* SelectorOf(const Expr& expr) {
  const Expr& inner = promql::Unwrapped(expr);
  if (const auto* matrix = std::get_if<promql::MatrixSelector>(&inner.node)) {
    return &matrix->selector;
  }
  return std::get_if<promql::VectorSelector>(&inner.node);
}

std::string TextOf(const Expr& expr) {
  const auto* text = std::get_if<promql::StringLiteral>(&promql::Unwrapped(expr).node);
  return text == nullptr ? "" : text->value;
}

// absent() has the labels of its selector's equality matchers, where a label has no other matcher.
LabelFlow LabelsOfAbsent(const Expr& arg) {
  std::set<std::string> names;
  std::set<std::string> twice;
  const promql::VectorSelector* selector = SelectorOf(arg);
  if (selector == nullptr) return LabelFlow::Only({});
  for (const Matcher& matcher : selector->matchers) {
    const bool equal = matcher.type() == MatchType::kEqual && names.insert(matcher.name()).second;
    if (!equal) twice.insert(matcher.name());
  }
  for (const std::string& name : twice) names.erase(name);
  names.erase(std::string(kMetricName));
  return LabelFlow::Only(std::move(names));
}

LabelFlow LabelsOfSelector(const promql::VectorSelector& selector, const RecordedLabels& recorded) {
  LabelFlow flow = LabelFlow::Any();
  std::vector<std::string> missing;
  for (const Matcher& matcher : selector.matchers) {
    if (matcher.type() != MatchType::kEqual) continue;
    if (matcher.value().empty()) missing.push_back(matcher.name());
    if (matcher.name() != kMetricName) continue;
    if (const auto at = recorded.find(matcher.value()); at != recorded.end()) flow = at->second;
  }
  return flow.Drop(missing);
}

LabelFlow LabelsOfCall(const promql::Call& call, const RecordedLabels& recorded) {
  const std::string_view name = call.function->name;
  if (name == "absent" || name == "absent_over_time") return LabelsOfAbsent(*call.args[0]);
  if (name == "info") return LabelFlow::Any();
  const Expr* series = FirstSeries(call);
  if (series == nullptr || name == "scalar") return LabelFlow::Only({});
  LabelFlow flow = LabelsOf(*series, recorded);
  const std::array<std::string, 1> le = {"le"};
  if (name == "histogram_quantile") return flow.Drop(le);
  if (name == "histogram_quantiles") return flow.Drop(le).With(TextOf(*call.args[1]));
  if (name == "label_replace" || name == "label_join") return flow.With(TextOf(*call.args[1]));
  return flow;
}

LabelFlow LabelsOfAggregate(const promql::AggregateExpr& agg, const RecordedLabels& recorded) {
  LabelFlow inner = LabelsOf(*agg.expr, recorded);
  const bool chooses = agg.op == Token::kTopk || agg.op == Token::kBottomk ||
                       agg.op == Token::kLimitk || agg.op == Token::kLimitRatio;
  if (chooses) return inner;
  const LabelFlow flow = agg.without ? inner.Drop(agg.grouping) : inner.Keep(agg.grouping);
  return agg.op == Token::kCountValues ? flow.With(TextOf(*agg.param)) : flow;
}

// The side whose series the result has, with what comes over from the other one.
LabelFlow LabelsOfMany(const LabelFlow& many, const LabelFlow& one,
                       const std::vector<std::string>& include) {
  LabelFlow flow = many;
  for (const std::string& name : include) {
    flow = one.MayHave(name) ? flow.With(name) : flow.Drop({&name, 1});
  }
  return flow;
}

LabelFlow LabelsOfBinary(const promql::BinaryExpr& binary, const RecordedLabels& recorded) {
  if (!IsSeries(*binary.lhs) && !IsSeries(*binary.rhs)) return LabelFlow::Only({});
  if (!IsSeries(*binary.rhs)) return LabelsOf(*binary.lhs, recorded);
  if (!IsSeries(*binary.lhs)) return LabelsOf(*binary.rhs, recorded);
  LabelFlow lhs = LabelsOf(*binary.lhs, recorded);
  const LabelFlow rhs = LabelsOf(*binary.rhs, recorded);
  if (binary.op == Token::kAnd || binary.op == Token::kUnless) return lhs;
  if (binary.op == Token::kOr) return lhs.Or(rhs);
  const promql::VectorMatching& matching = binary.matching;
  if (matching.card == promql::Cardinality::kManyToOne) {
    return LabelsOfMany(lhs, rhs, matching.include);
  }
  if (matching.card == promql::Cardinality::kOneToMany) {
    return LabelsOfMany(rhs, lhs, matching.include);
  }
  const LabelFlow either = matching.fills() ? lhs.Or(rhs) : lhs;
  return matching.on ? either.Keep(matching.labels) : either.Drop(matching.labels);
}

bool IsReduced(const Expr& expr, std::set<std::string>* from_values);

bool IsReducedBinary(const promql::BinaryExpr& binary, std::set<std::string>* from_values) {
  const bool lhs = IsReduced(*binary.lhs, from_values);
  const bool rhs = IsReduced(*binary.rhs, from_values);
  if (!IsSeries(*binary.lhs)) return rhs;
  if (!IsSeries(*binary.rhs)) return lhs;
  if (binary.op == Token::kAnd || binary.op == Token::kUnless) return lhs;
  if (binary.op == Token::kOr || binary.matching.fills()) return lhs && rhs;
  if (binary.matching.card == promql::Cardinality::kManyToOne) return lhs;
  if (binary.matching.card == promql::Cardinality::kOneToMany) return rhs;
  return lhs || rhs;  // one to one: as many as the smaller side
}

bool IsReduced(const Expr& expr, std::set<std::string>* from_values) {  // NOLINT(misc-no-recursion)
  if (const auto* binary = std::get_if<promql::BinaryExpr>(&expr.node)) {
    return IsReducedBinary(*binary, from_values);
  }
  if (const auto* agg = std::get_if<promql::AggregateExpr>(&expr.node)) {
    IsReduced(*agg->expr, from_values);
    if (agg->op == Token::kCountValues) from_values->insert(TextOf(*agg->param));
    // Aggregated away again.
    std::erase_if(*from_values, [&](const std::string& name) {
      const bool named = std::ranges::find(agg->grouping, name) != agg->grouping.end();
      const bool made = agg->op == Token::kCountValues && name == TextOf(*agg->param);
      return !made && named == agg->without;
    });
    return true;
  }
  if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
    if (call->function->name.starts_with("absent")) return true;
    const Expr* series = FirstSeries(*call);
    return series == nullptr || IsReduced(*series, from_values);
  }
  if (std::holds_alternative<promql::VectorSelector>(expr.node) ||
      std::holds_alternative<promql::MatrixSelector>(expr.node)) {
    return false;
  }
  const auto children = promql::ChildrenOf(expr);
  return children.empty() || IsReduced(*children[0], from_values);
}

}  // namespace

LabelFlow LabelFlow::Keep(std::span<const std::string> names) const {
  std::set<std::string> kept;
  for (const std::string& name : names) {
    if (MayHave(name)) kept.insert(name);
  }
  return Only(std::move(kept));
}

LabelFlow LabelFlow::Drop(std::span<const std::string> names) const {
  LabelFlow flow = *this;
  for (const std::string& name : names) {
    if (open_) {
      flow.names_.insert(name);
    } else {
      flow.names_.erase(name);
    }
  }
  return flow;
}

LabelFlow LabelFlow::With(const std::string& name) const {
  LabelFlow flow = *this;
  if (open_) {
    flow.names_.erase(name);
  } else {
    flow.names_.insert(name);
  }
  return flow;
}

LabelFlow LabelFlow::Or(const LabelFlow& other) const {
  LabelFlow flow{open_ || other.open_, {}};
  for (const auto* side : {this, &other}) {
    for (const std::string& name : side->names_) {
      if ((MayHave(name) || other.MayHave(name)) != flow.open_) flow.names_.insert(name);
    }
  }
  return flow;
}

LabelFlow LabelsOf(const Expr& expr, const RecordedLabels& recorded) {  // NOLINT(misc-no-recursion)
  if (const promql::VectorSelector* selector = SelectorOf(expr)) {
    return LabelsOfSelector(*selector, recorded);
  }
  if (const auto* call = std::get_if<promql::Call>(&expr.node)) {
    return LabelsOfCall(*call, recorded);
  }
  if (const auto* agg = std::get_if<promql::AggregateExpr>(&expr.node)) {
    return LabelsOfAggregate(*agg, recorded);
  }
  if (const auto* binary = std::get_if<promql::BinaryExpr>(&expr.node)) {
    return LabelsOfBinary(*binary, recorded);
  }
  const auto children = promql::ChildrenOf(expr);  // parentheses, signs, subqueries
  return children.empty() ? LabelFlow::Only({}) : LabelsOf(*children[0], recorded);
}

Reduction ReductionOf(const Expr& expr) {
  Reduction reduction;
  reduction.reduced = IsReduced(expr, &reduction.from_values) || !LabelsOf(expr, {}).open();
  return reduction;
}

}  // namespace outrider
