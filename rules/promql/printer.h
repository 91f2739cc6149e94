// SPDX-License-Identifier: Apache-2.0
// A tree as canonical text that parses back to the same tree.
#pragma once

#include <string>

#include "rules/promql/ast.h"

namespace outrider::promql {

std::string Print(const Expr& expr);

}  // namespace outrider::promql
