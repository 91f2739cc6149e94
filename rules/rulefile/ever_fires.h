// SPDX-License-Identifier: Apache-2.0
// Whether an expression can give anything, when it is known which selectors match nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rules/promql/ast.h"
#include "storage/base/status.h"

namespace outrider {

// Whether a selector matches something.
using Matches = std::function<StatusOr<bool>(const promql::VectorSelector&)>;

// False: never, because of the selectors in `empty`, in the order of the text. absent() of nothing
// gives something, `a or b` needs only one of them, `a unless b` only a.
StatusOr<bool> CanGive(const promql::Expr& expr, const Matches& matches,
                       std::vector<std::string>* empty);

}  // namespace outrider
