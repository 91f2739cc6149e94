// SPDX-License-Identifier: Apache-2.0
// The page behind the generatorURL of alerts, `/graph?g0.expr=…`: the expression and its result
// now, as a table. Rendered here, no script.
#pragma once

#include <functional>
#include <string>

#include "exporter/http/server.h"
#include "rules/promql/value.h"
#include "storage/base/status.h"

namespace outrider {

struct GraphPageDeps {
  // The instant value of an expression now; called from several threads at once.
  std::function<StatusOr<promql::QueryResult>(const std::string& expr)> query;
};

// GET /graph. A bad expression is 400, a timeout 503, another failure 422; the page says why.
void RegisterGraphPage(Router& router, GraphPageDeps deps);

}  // namespace outrider
