// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/insa_common.h"

#include <fmt/format.h>

#include "storage/base/text.h"

namespace outrider {

HttpResponse InsaError(int status, std::string_view message, std::string_view key,
                       const std::vector<std::string>& values) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("error").String(message);
  if (!key.empty()) {
    json.Key(key).StartArray();
    for (const std::string& value : values) json.String(value);
    json.EndArray();
  }
  json.EndObject();
  return HttpResponse::Json(status, std::move(body));
}

HttpHandler InsaRoute(std::function<StatusOr<HttpResponse>(HttpRequest&)> handler) {
  return [handler = std::move(handler)](HttpRequest& request) {
    StatusOr<HttpResponse> response = handler(request);
    if (response.ok()) return *std::move(response);
    const Status& status = response.status();
    if (absl::IsNotFound(status)) return InsaError(404, Message(status));
    if (absl::IsAlreadyExists(status)) return InsaError(409, Message(status));
    if (absl::IsPermissionDenied(status)) return InsaError(403, Message(status));
    if (absl::IsUnavailable(status)) return InsaError(503, Message(status));
    const bool asked_wrongly = absl::IsInvalidArgument(status) ||
                               absl::IsFailedPrecondition(status) ||
                               absl::IsResourceExhausted(status);
    return InsaError(asked_wrongly ? 400 : 500, Message(status));
  };
}

std::string DeviceOf(const Incident& incident) {
  const std::string_view device = incident.labels.Get("device_id");
  return std::string(device.empty() ? incident.labels.Get("instance") : device);
}

std::string RuleOf(const Incident& incident) {
  const std::string_view rule = incident.labels.Get("rule_id");
  return rule.empty() ? incident.title : std::string(rule);
}

const std::vector<std::string>& InsaSeverities() {
  static const std::vector<std::string> kAll = {"critical", "high", "medium", "low", "info"};
  return kAll;
}

bool WantsEnabled(const ParamReader& params) { return ToLower(params.Text("enabled")) != "false"; }

StatusOr<std::optional<Severity>> ReadSeverity(const ParamReader& params) {
  const std::string_view text = params.Text("severity");
  if (text.empty()) return std::nullopt;
  const std::optional<Severity> severity = ParseSeverity(text);
  if (!severity) return InvalidArgument("Invalid severity");
  return severity;
}

void WriteMinutes(const std::string& name, int64_t nanos, JsonWriter* json) {
  if (nanos < 0) {
    json->Key(name + "_minutes").Null().Key(name + "_seconds").Null();
    return;
  }
  json->Key(name + "_minutes").Int(nanos / (60 * kNanosPerSecond));
  json->Key(name + "_seconds")
      .Double(static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond));
}

void WriteTextOrNull(std::string_view key, std::string_view text, JsonWriter* json) {
  json->Key(key);
  if (text.empty()) {
    json->Null();
  } else {
    json->String(text);
  }
}

}  // namespace outrider
