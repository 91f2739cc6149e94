// SPDX-License-Identifier: Apache-2.0
// The endpoints about things Outrider does not have (scrape targets, blocks, an admin API), whose
// empty answers keep Grafana and other clients content. Source: specs/prometheus.md §5.
#pragma once

#include "exporter/http/server.h"

namespace outrider {

void RegisterAbsentApi(Router& router);

}  // namespace outrider
