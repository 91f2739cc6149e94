// SPDX-License-Identifier: Apache-2.0
// What the files of INSA's API share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/api/prom_params.h"
#include "exporter/http/server.h"
#include "notifiers/incident/incident.h"
#include "storage/base/json.h"
#include "storage/base/status.h"

namespace outrider {

// {"error": message, key: [values]}; without a key the error alone.
HttpResponse InsaError(int status, std::string_view message, std::string_view key = "",
                       const std::vector<std::string>& values = {});
// Answers a failed handler: 404 for what is not there, 409 for what is there already, 400 for what
// the caller asked wrongly or too late, 503 for what may go well later, 500.
HttpHandler InsaRoute(std::function<StatusOr<HttpResponse>(HttpRequest&)> handler);

// The labels device_id and rule_id, else `instance` and the alert's name.
std::string DeviceOf(const Incident& incident);
std::string RuleOf(const Incident& incident);
// critical, high, medium, low, info.
const std::vector<std::string>& InsaSeverities();
// `enabled`: everything that is configured is enabled.
bool WantsEnabled(const ParamReader& params);
// nullopt: all of them.
StatusOr<std::optional<Severity>> ReadSeverity(const ParamReader& params);
// Whole minutes of a duration in nanoseconds, and beside them its seconds: `NAME_minutes`,
// `NAME_seconds`; null for a negative one.
void WriteMinutes(const std::string& name, int64_t nanos, JsonWriter* json);
void WriteTextOrNull(std::string_view key, std::string_view text, JsonWriter* json);

}  // namespace outrider
