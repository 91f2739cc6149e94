// SPDX-License-Identifier: Apache-2.0
// /api/v1/query, query_range, format_query, parse_query. Source: specs/prometheus.md §5.
#pragma once

#include "exporter/api/query_gate.h"
#include "exporter/http/server.h"
#include "rules/promql/engine.h"
#include "storage/base/clock.h"
#include "storage/window/querier.h"

namespace outrider {

// All outlive the router.
struct QueryApiDeps {
  const Querier& querier;
  const Clock& clock;
  QueryGate& gate;
  promql::EngineOptions engine;  // a request may shorten the timeout and choose its own lookback
  promql::ParseOptions parser;
};

void RegisterQueryApi(Router& router, const QueryApiDeps& deps);

}  // namespace outrider
