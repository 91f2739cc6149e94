// SPDX-License-Identifier: Apache-2.0
// What holds for every PromQL expression, whatever it means.
#pragma once

#include <string>

#include "rules/promql/ast.h"
#include "rules/promql/engine.h"
#include "storage/window/querier.h"

namespace outrider {

// The same tree, positions and unary plus aside; matchers in any order.
bool SameTree(const promql::Expr& first, const promql::Expr& second);

// The canonical text parses to the same tree. "" or what is wrong.
std::string CheckRoundTrip(std::string_view query);

// Each step of a range query is what an instant query gives then. "" or where it is not. Not for
// queries that ask for their own start, end, step or range.
std::string CheckSteps(const promql::Engine& engine, const promql::Expression& expr,
                       const Querier& querier, Timestamp start, Timestamp end, DurationMs step);

}  // namespace outrider
