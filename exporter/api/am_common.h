// SPDX-License-Identifier: Apache-2.0
// What the endpoints of the Alertmanager API share. Source: specs/alertmanager.md §3.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/api/am_meter.h"
#include "exporter/api/prom_envelope.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/status.h"
#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/model/matcher.h"

namespace outrider {

// All outlive the router; the functions are called from several threads at once.
struct AlertmanagerApiDeps {
  Desk& desk;
  const Clock& clock;
  BuildInfo build;
  Nanos started_at = 0;
  std::function<std::string()> config_yaml;  // alertmanager.yml with defaults, secrets as <secret>
  AmMeter* meter = nullptr;                  // counts and limits what goes through; may be absent
};

// /api/v2/status and receivers; silences; alerts and groups. RegisterAlertmanagerApi is all three.
void RegisterAlertmanagerApi(Router& router, const AlertmanagerApiDeps& deps);
void RegisterAmStatus(Router& router, const AlertmanagerApiDeps& deps);
void RegisterAmSilences(Router& router, const AlertmanagerApiDeps& deps);
void RegisterAmAlerts(Router& router, const AlertmanagerApiDeps& deps);
void RegisterSilencePreview(Router& router, const AlertmanagerApiDeps& deps);

// Errors: a JSON string from handlers, `{"code":N,"message":"…"}` from checks of the request's
// shape.
HttpResponse AmError(int status, std::string_view message);
HttpResponse AmShapeError(int status, int code, std::string_view message);
HttpResponse AmJson(std::string body);  // 200, not to be cached

// UTC with milliseconds, always three digits; 0 is year 1.
std::string AmTime(Nanos time);
// The same with the offset its sender gave it.
std::string AmTime(const AlertTime& time);

// The body's text, or the answer that refuses it: 415 for another media type, 413, 400.
StatusOr<std::string> ReadJsonText(HttpRequest& request, size_t limit, HttpResponse* refusal);
// The body as JSON, or the answer that refuses it: also 422 for none, 400 for broken JSON. `name`
// is what Alertmanager calls the body: alerts, silence.
StatusOr<JsonValue> ReadJsonBody(HttpRequest& request, size_t limit, HttpResponse* refusal,
                                 std::string_view name = "alerts");
// The 400 of a body that is not of its shape.
HttpResponse AmBodyError(std::string_view name, std::string_view problem);
// A time as clients of Alertmanager write it: RFC 3339, also without a zone (UTC), with the colon
// of the offset, the seconds or the time of day left out, or with a blank in place of the T. Year 1
// is 0, "not set"; 1970-01-01T00:00:00Z and "" are the first instant behind it; what 64 bits of
// nanoseconds cannot hold ("9999-12-31") is cut to what they can.
StatusOr<AlertTime> ParseAmTime(std::string_view text);
// A time member; absent is 0. The error is Alertmanager's 400.
StatusOr<AlertTime> ReadTime(const JsonValue& object, std::string_view key);

// `filter` and the like: one matcher each, all of which must hold.
StatusOr<std::vector<Matcher>> ReadFilters(const ParamReader& params, std::string_view name,
                                           MatcherMode mode = MatcherMode::kFallback);
// Which receivers `receiver_matchers` let pass: all of them match the receiver's labels.
struct ReceiverFilter {
  std::vector<Matcher> matchers;
  bool Passes(const AlertmanagerConfig& config, std::string_view receiver) const;
};
StatusOr<ReceiverFilter> ReadReceiverFilter(const ParamReader& params, MatcherMode mode);
// `{"name":"x","labels":{…}}`, as 0.33 and later have it.
void WriteReceiver(const AlertmanagerConfig& config, std::string_view name, JsonWriter* json);
// A flag of a GET: `true`, `1`, `t` …; what cannot be read is false; absent is `fallback`.
bool ReadFlag(const ParamReader& params, std::string_view name, bool fallback);

void WriteStringMap(const std::map<std::string, std::string>& map, JsonWriter* json);

}  // namespace outrider
