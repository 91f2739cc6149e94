// SPDX-License-Identifier: Apache-2.0
// What an expression needs to have something to look at: its selectors, all of them, but of the
// sides of an `or` one is enough. What stands on the right of `unless` takes alerts away and is no
// input. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "rules/promql/ast.h"

namespace outrider {

struct InputTree {
  enum class Kind { kSelector, kAll, kAny };
  Kind kind = Kind::kAll;
  size_t selector = 0;  // its number in promql::SelectorReach of the whole expression
  std::vector<InputTree> children;
};

// kAll without children needs nothing, like `vector(0)`.
InputTree InputsOf(const promql::Expr& root);

}  // namespace outrider
