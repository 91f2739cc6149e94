// SPDX-License-Identifier: Apache-2.0
// Which info series an info() call asks for, for the evaluation and for the plan.
#pragma once

#include <vector>

#include "rules/promql/ast.h"

namespace outrider::promql {

// The matchers of the metric name: those written, `.+_info` beside them when all are negative,
// target_info when there are none.
std::vector<Matcher> InfoNameMatchers(const Call& info);
// All matchers of the second argument but those of the name.
std::vector<Matcher> InfoDataMatchers(const Call& info);

}  // namespace outrider::promql
