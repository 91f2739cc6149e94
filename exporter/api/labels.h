// SPDX-License-Identifier: Apache-2.0
// /api/v1/series, labels, label/<name>/values. Source: specs/prometheus.md §5.
#pragma once

#include <string>
#include <string_view>

#include "exporter/http/server.h"
#include "storage/window/querier.h"

namespace outrider {

// `querier` outlives the router.
void RegisterLabelsApi(Router& router, const Querier& querier);

// Prometheus' escaping of UTF-8 names in paths: `U__foo_2e_bar` is foo.bar; other texts stay as
// they are.
std::string UnescapeLabelName(std::string_view text);

}  // namespace outrider
