// SPDX-License-Identifier: Apache-2.0
// What the grammar lets through but the language does not allow: argument types, matching on
// scalars, selectors that would match everything. Texts and positions are Prometheus'.
#pragma once

#include <string_view>

#include "rules/promql/ast.h"
#include "storage/base/status.h"

namespace outrider::promql {

Status CheckTypes(const Expr& expr, std::string_view query);

}  // namespace outrider::promql
