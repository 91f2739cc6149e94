// SPDX-License-Identifier: Apache-2.0
#include "rules/trial/promql_variants.h"

#include <algorithm>

#include "rules/promql/functions/table.h"
#include "rules/promql/parser.h"
#include "rules/promql/printer.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using promql::Expr;
using promql::TimeModifier;

// Not what is inside a subquery: that will be pinned.
bool ReadsClock(const Expr& expr) {
  if (std::holds_alternative<promql::Subquery>(expr.node)) return false;
  const auto* call = std::get_if<promql::Call>(&expr.node);
  if (call != nullptr && (call->function->flags & promql::FunctionEntry::kReadsClock)) return true;
  const auto children = promql::ChildrenOf(expr);
  return std::any_of(children.begin(), children.end(),
                     [](const Expr* child) { return ReadsClock(*child); });
}

// Inside a subquery nothing is pinned: its selectors follow the subquery's own times.
void PinAll(Expr* expr, Timestamp time) {
  TimeModifier* modifier = nullptr;
  if (auto* vector = std::get_if<promql::VectorSelector>(&expr->node)) modifier = &vector->time;
  if (auto* matrix = std::get_if<promql::MatrixSelector>(&expr->node)) {
    modifier = &matrix->selector.time;
  }
  if (auto* subquery = std::get_if<promql::Subquery>(&expr->node)) modifier = &subquery->time;
  if (modifier != nullptr) {
    if (modifier->at == TimeModifier::At::kTimestamp) return;
    modifier->at = TimeModifier::At::kTimestamp;
    modifier->timestamp = time;
    return;
  }
  for (Expr* child : promql::MutableChildrenOf(*expr)) PinAll(child, time);
}

}  // namespace

std::vector<QueryVariant> VariantsOf(const std::string& expr, Timestamp time) {
  std::vector<QueryVariant> variants{{expr, time}};
  StatusOr<promql::ExprPtr> tree = promql::ParseExpression(expr, promql::kWholeLanguage);
  if (!tree.ok() || ReadsClock(**tree)) return variants;
  PinAll(tree->get(), time);
  const std::string pinned = promql::Print(**tree);
  std::vector<Timestamp> times{-10 * time, 0, time / 5, time, 10 * time};
  if (time == 0) times = {-kSecond, 0, kSecond};
  for (const Timestamp at : times) variants.push_back({pinned, at});
  return variants;
}

bool SameInRange(std::string_view expr) {
  const std::string lower = ToLower(expr);
  for (const std::string_view call : {"start()", "end()", "range()", "step()"}) {
    if (Contains(lower, call)) return false;
  }
  return true;
}

}  // namespace outrider
