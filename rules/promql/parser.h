// SPDX-License-Identifier: Apache-2.0
// Text to tree. Errors are InvalidArgument with Prometheus' texts: `1:5: parse error: unexpected
// …`.
#pragma once

#include <string_view>

#include "rules/promql/ast.h"
#include "rules/promql/engine.h"
#include "storage/base/status.h"

namespace outrider::promql {

// A type-checked tree with `step_invariant` filled.
StatusOr<ExprPtr> ParseExpression(std::string_view query, const ParseOptions& options);
// A series selector `name{…}` alone, as `match[]` parameters and the test languages have it.
StatusOr<std::vector<Matcher>> ParseSelector(std::string_view text);
// One label set `name{a="b"}`, as series are written in test files; `{}` is the empty set.
StatusOr<Labels> ParseLabels(std::string_view text);

}  // namespace outrider::promql
