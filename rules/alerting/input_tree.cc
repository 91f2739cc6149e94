// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/input_tree.h"

#include <utility>

#include "rules/promql/plan.h"

namespace outrider {
namespace {

using promql::Expr;

size_t SelectorsIn(const Expr& expr) { return promql::SelectorReach(expr, 0).size(); }

// Selectors are numbered in the order in which SelectorReach walks: `next` is the first of `expr`.
// The depth of a parsed expression is limited.
InputTree TreeOf(const Expr& expr, size_t* next) {
  InputTree tree;
  const auto* binary = std::get_if<promql::BinaryExpr>(&expr.node);
  if (binary != nullptr && binary->op == promql::Token::kUnless) {
    tree = TreeOf(*binary->lhs, next);
    *next += SelectorsIn(*binary->rhs);
    return tree;
  }
  if (binary != nullptr && binary->op == promql::Token::kOr) tree.kind = InputTree::Kind::kAny;
  const size_t end = *next + SelectorsIn(expr);
  for (const Expr* child : promql::ChildrenOf(expr)) {
    const bool needs_any = SelectorsIn(*child) > 0;
    if (!needs_any && tree.kind == InputTree::Kind::kAll) continue;
    tree.children.push_back(TreeOf(*child, next));
  }
  // Its own: it is a selector, or a function that looks up series of its own.
  for (; *next < end; ++*next) tree.children.push_back({InputTree::Kind::kSelector, *next, {}});
  if (tree.children.size() != 1) return tree;
  InputTree only = std::move(tree.children.front());
  return only;
}

}  // namespace

InputTree InputsOf(const Expr& root) {
  size_t next = 0;
  return TreeOf(root, &next);
}

}  // namespace outrider
