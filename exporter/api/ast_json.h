// SPDX-License-Identifier: Apache-2.0
// The tree of an expression as JSON, as Prometheus' /api/v1/parse_query gives it to its tree view.
#pragma once

#include "rules/promql/ast.h"
#include "storage/base/json.h"

namespace outrider {

void WriteAst(const promql::Expr& expr, JsonWriter* json);

}  // namespace outrider
