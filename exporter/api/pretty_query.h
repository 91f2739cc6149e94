// SPDX-License-Identifier: Apache-2.0
// An expression laid out over lines, as Prometheus formats queries: whatever does not fit in a
// hundred characters is split at its outermost node.
#pragma once

#include <string>

#include "rules/promql/ast.h"

namespace outrider {

std::string PrettyQuery(const promql::Expr& expr);

}  // namespace outrider
