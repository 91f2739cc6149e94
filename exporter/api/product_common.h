// SPDX-License-Identifier: Apache-2.0
// What the endpoints of the product's own API share: errors are `{"error":"…"}` with the code that
// fits.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/status.h"

namespace outrider {

// 400 InvalidArgument, 404 NotFound, 409 FailedPrecondition and Aborted, 413 and 507 when something
// is full, 503 Unavailable, else 500.
HttpResponse ProductError(const Status& status);

using ProductHandler = std::function<StatusOr<HttpResponse>(HttpRequest&)>;
HttpHandler ProductRoute(ProductHandler handler);

// Who calls and through which door, for the audit trail; of no incident.
HumanAction CallerOf(const HttpRequest& request);

// RFC 3339 with milliseconds, or null for 0.
void WriteTime(std::string_view key, Nanos time, JsonWriter* json);
// As clocks of the zone show it: with offset and abbreviation.
std::string LocalText(Nanos time, absl::TimeZone zone);
void WriteSeconds(std::string_view key, int64_t nanos, JsonWriter* json);

// Makes 404 and 405 below /outrider/ JSON too.
void RegisterProductErrors(Router& router);

}  // namespace outrider
