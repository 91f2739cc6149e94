// SPDX-License-Identifier: Apache-2.0
// What senders say beside samples: /api/v1/metadata and /api/v1/query_exemplars. Source:
// specs/prometheus.md §5.
#pragma once

#include "exporter/http/server.h"
#include "exporter/ingest/metadata_store.h"
#include "storage/window/exemplars.h"

namespace outrider {

// Both outlive the router.
void RegisterDescribedApi(Router& router, const MetadataStore& metadata,
                          const ExemplarStore& exemplars);

}  // namespace outrider
