// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/ast.h"

#include <fmt/format.h>

#include "rules/promql/functions/table.h"

namespace outrider::promql {
namespace {

struct TypeVisitor {
  ValueType operator()(const NumberLiteral& /*n*/) const { return ValueType::kScalar; }
  ValueType operator()(const StringLiteral& /*n*/) const { return ValueType::kString; }
  ValueType operator()(const VectorSelector& /*n*/) const { return ValueType::kVector; }
  ValueType operator()(const MatrixSelector& /*n*/) const { return ValueType::kMatrix; }
  ValueType operator()(const Subquery& /*n*/) const { return ValueType::kMatrix; }
  ValueType operator()(const ParenExpr& n) const { return TypeOf(*n.expr); }
  ValueType operator()(const UnaryExpr& n) const { return TypeOf(*n.expr); }
  ValueType operator()(const BinaryExpr& n) const {
    const bool scalars =
        TypeOf(*n.lhs) == ValueType::kScalar && TypeOf(*n.rhs) == ValueType::kScalar;
    return scalars ? ValueType::kScalar : ValueType::kVector;
  }
  ValueType operator()(const AggregateExpr& /*n*/) const { return ValueType::kVector; }
  ValueType operator()(const Call& n) const { return n.function->result; }
};

struct ChildVisitor {
  std::vector<Expr*>* out;
  void operator()(const NumberLiteral& /*n*/) const {}
  void operator()(const StringLiteral& /*n*/) const {}
  void operator()(const VectorSelector& /*n*/) const {}
  void operator()(const MatrixSelector& /*n*/) const {}
  void operator()(const Subquery& n) const { out->push_back(n.expr.get()); }
  void operator()(const ParenExpr& n) const { out->push_back(n.expr.get()); }
  void operator()(const UnaryExpr& n) const { out->push_back(n.expr.get()); }
  void operator()(const BinaryExpr& n) const {
    out->push_back(n.lhs.get());
    out->push_back(n.rhs.get());
  }
  void operator()(const AggregateExpr& n) const {
    if (n.param) out->push_back(n.param.get());
    out->push_back(n.expr.get());
  }
  void operator()(const Call& n) const {
    for (const ExprPtr& arg : n.args) out->push_back(arg.get());
  }
};

}  // namespace

ValueType TypeOf(const Expr& expr) { return std::visit(TypeVisitor{}, expr.node); }

const Expr& Unwrapped(const Expr& expr) {
  const Expr* at = &expr;
  while (const auto* paren = std::get_if<ParenExpr>(&at->node)) at = paren->expr.get();
  return *at;
}

std::vector<Expr*> MutableChildrenOf(Expr& expr) {
  std::vector<Expr*> children;
  std::visit(ChildVisitor{&children}, expr.node);
  return children;
}

std::vector<const Expr*> ChildrenOf(const Expr& expr) {
  std::vector<Expr*> children;
  std::visit(ChildVisitor{&children}, expr.node);
  return {children.begin(), children.end()};
}

std::string PositionText(std::string_view query, uint32_t pos) {
  if (query.empty()) return "unknown position";
  if (pos > query.size()) return "invalid position";
  int line = 1;
  size_t line_start = 0;
  for (size_t i = 0; i < pos; ++i) {
    if (query[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
  }
  return fmt::format("{}:{}", line, pos - line_start + 1);
}

}  // namespace outrider::promql
