// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_footprint.h"

#include <algorithm>
#include <array>

#include "rules/promql/ast.h"
#include "rules/promql/functions/table.h"
#include "rules/rulefile/template_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using promql::Expr;
using LabelNames = std::optional<std::set<std::string>>;

// Functions that give each sample of their vector argument at most the labels it had.
constexpr std::array<std::string_view, 15> kKeepLabels = {
    "abs", "ceil",  "clamp", "clamp_max", "clamp_min", "exp",  "floor",    "histogram_quantile",
    "ln",  "log10", "log2",  "round",     "sgn",       "sqrt", "timestamp"};

LabelNames Union(LabelNames a, const LabelNames& b) {
  if (!a || !b) return std::nullopt;
  a->insert(b->begin(), b->end());
  return a;
}

LabelNames NamesOf(const Expr& outer);

LabelNames NamesOfAggregate(const promql::AggregateExpr& aggregate) {
  using promql::Token;
  if (aggregate.op == Token::kCountValues) return std::nullopt;  // adds a label of its own
  const bool selects = aggregate.op == Token::kTopk || aggregate.op == Token::kBottomk ||
                       aggregate.op == Token::kLimitk || aggregate.op == Token::kLimitRatio;
  if (selects || aggregate.without) return NamesOf(*aggregate.expr);
  return std::set<std::string>(aggregate.grouping.begin(), aggregate.grouping.end());
}

LabelNames NamesOfCall(const promql::Call& call) {
  if (call.function->result != promql::ValueType::kVector || call.function->name == "vector") {
    return std::set<std::string>();
  }
  if (std::ranges::find(kKeepLabels, call.function->name) == kKeepLabels.end()) return std::nullopt;
  for (const auto& argument : call.args) {
    if (promql::TypeOf(*argument) == promql::ValueType::kVector) return NamesOf(*argument);
  }
  return std::nullopt;
}

// The depth of a parsed expression is limited.
LabelNames NamesOf(const Expr& outer) {
  const Expr& expr = promql::Unwrapped(outer);
  if (std::holds_alternative<promql::NumberLiteral>(expr.node)) return std::set<std::string>();
  if (const auto* unary = std::get_if<promql::UnaryExpr>(&expr.node)) return NamesOf(*unary->expr);
  if (const auto* aggregate = std::get_if<promql::AggregateExpr>(&expr.node)) {
    return NamesOfAggregate(*aggregate);
  }
  if (const auto* call = std::get_if<promql::Call>(&expr.node)) return NamesOfCall(*call);
  if (const auto* binary = std::get_if<promql::BinaryExpr>(&expr.node)) {
    if (binary->op == promql::Token::kAnd || binary->op == promql::Token::kUnless) {
      return NamesOf(*binary->lhs);
    }
    return Union(NamesOf(*binary->lhs), NamesOf(*binary->rhs));
  }
  return std::nullopt;
}

bool IsDynamic(const Rule& rule, const std::string& text) {
  return rule.kind == RuleKind::kAlerting && HasActions(text);
}

bool Queries(const std::map<std::string, std::string>& texts) {
  return std::ranges::any_of(texts, [](const auto& entry) {
    return HasActions(entry.second) && Contains(entry.second, "query");
  });
}

SeriesShape ShapeOf(const Rule& rule) {
  SeriesShape shape;
  if (rule.expression) shape.others = OutputLabels(*rule.expression);
  for (const auto& [name, value] : rule.labels) {
    if (!IsDynamic(rule, value)) {
      shape.fixed[name] = value;
    } else if (shape.others) {
      shape.others->insert(name);
    }
  }
  return shape;
}

void AddAlertShapes(SeriesShape shape, const std::string& alert, RuleFootprint* footprint) {
  shape.fixed[std::string(kAlertName)] = alert;
  shape.fixed[std::string(kMetricName)] = "ALERTS_FOR_STATE";
  footprint->writes.push_back(shape);
  shape.fixed[std::string(kMetricName)] = "ALERTS";
  for (const char* state : {"pending", "firing"}) {
    shape.fixed["alertstate"] = state;
    footprint->writes.push_back(shape);
  }
}

}  // namespace

std::optional<std::set<std::string>> OutputLabels(const promql::Expression& expression) {
  return NamesOf(expression.root());
}

bool MayMatch(std::span<const Matcher> matchers, const SeriesShape& shape) {
  return std::ranges::all_of(matchers, [&](const Matcher& matcher) {
    const auto fixed = shape.fixed.find(matcher.name());
    if (fixed != shape.fixed.end()) return matcher.Matches(fixed->second);
    if (shape.others && !shape.others->contains(matcher.name())) return matcher.MatchesEmpty();
    return true;
  });
}

bool MayOverlap(const SeriesShape& a, const SeriesShape& b) {
  const auto fits = [](const SeriesShape& x, const SeriesShape& y) {
    return std::ranges::all_of(x.fixed, [&](const auto& label) {
      const auto other = y.fixed.find(label.first);
      if (other != y.fixed.end()) return other->second == label.second;
      return label.second.empty() || !y.others || y.others->contains(label.first);
    });
  };
  return fits(a, b) && fits(b, a);
}

RuleFootprint FootprintOf(const Rule& rule) {
  RuleFootprint footprint;
  if (!rule.error.ok() || !rule.expression) return footprint;  // disabled: does nothing
  for (auto& reach : rule.expression->Selectors(0)) {
    footprint.reads.push_back(std::move(reach.matchers));
  }
  SeriesShape shape = ShapeOf(rule);
  if (rule.kind == RuleKind::kRecording) {
    shape.fixed[std::string(kMetricName)] = rule.name;
    footprint.writes.push_back(std::move(shape));
    return footprint;
  }
  footprint.reads_anything = Queries(rule.labels) || Queries(rule.annotations);
  AddAlertShapes(std::move(shape), rule.name, &footprint);
  AddAlertShapes({{{"rule", rule.name}}, std::nullopt}, kNoDataAlert, &footprint);
  return footprint;
}

}  // namespace outrider
