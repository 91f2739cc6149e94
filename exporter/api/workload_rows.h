// SPDX-License-Identifier: Apache-2.0
// What the resources about workloads (recommendations.cc, costs.cc) share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exporter/api/json_rows.h"
#include "exporter/api/prom_params.h"
#include "exporter/http/server.h"
#include "rules/capacity/recommendation.h"
#include "storage/base/json.h"

namespace outrider {

// `namespace`, `workload`, `workload_kind` and `container` parameters; absent ones let everything
// pass.
struct WorkloadFilter {
  ParamReader params;

  bool Passes(std::string_view name, std::string_view value) const {
    return !params.Has(name) || params.Text(name) == value;
  }
  bool Passes(const WorkloadKey& key) const {
    return Passes("namespace", key.namespace_name) && Passes("workload", key.workload) &&
           Passes("workload_kind", key.workload_kind);
  }
};

// A number or null.
void WriteNumber(std::string_view key, const std::optional<double>& value, JsonWriter* json);
// namespace, workload, workload_kind.
void WriteKey(const WorkloadKey& key, JsonWriter* json);
// `head` + rows + `}`.
HttpResponse RowsResponse(std::string head, JsonPieces rows);

}  // namespace outrider
