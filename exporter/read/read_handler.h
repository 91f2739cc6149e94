// SPDX-License-Identifier: Apache-2.0
// POST /api/v1/read: remote read 1, as samples and as a stream of chunks. Source: Prometheus'
// prompb/remote.proto and storage/remote/read_handler.go (behaviour and error texts).
#pragma once

#include "exporter/api/query_gate.h"
#include "exporter/http/server.h"
#include "storage/window/querier.h"

namespace outrider {

// All outlive the router.
struct ReadApiDeps {
  const Querier& querier;
  const Clock& clock;
  QueryGate& gate;         // a request counts as one query while it is answered
  size_t max_samples = 0;  // of one answer of samples, and of one series of a stream
  DurationMs timeout = 0;  // of a request, the wait for room included
};

void RegisterReadApi(Router& router, const ReadApiDeps& deps);

}  // namespace outrider
