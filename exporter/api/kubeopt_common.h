// SPDX-License-Identifier: Apache-2.0
// What the endpoints in KubeOpt's shapes (real-time, insights, optimisation) share: errors
// {code, message, details, trace_id} and alerts. Source: specs/source_systems.md §1.4.
#pragma once

#include <string_view>
#include <vector>

#include "exporter/api/realtime_body.h"
#include "exporter/http/server.h"
#include "rules/workloads/workload_finding.h"
#include "storage/base/json.h"

namespace outrider {

HttpResponse KubeOptError(int http, std::string_view code, std::string_view message,
                          const std::vector<FieldError>& details = {});
// 400 VALIDATION_ERROR.
HttpResponse KubeOptInvalid(std::string_view message, const std::vector<FieldError>& details);

// An alert's fields; the caller opens and closes the object.
void WriteKubeOptAlert(const WorkloadFinding& finding, JsonWriter* json);

}  // namespace outrider
