// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/payload_json.h"

#include <algorithm>
#include <map>

#include "notifiers/channel/notification_data.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/regex.h"

namespace outrider {
namespace {

void WriteMap(std::string_view key, const std::map<std::string, std::string>& map,
              JsonWriter* json) {
  json->Key(key).StartObject();
  for (const auto& [name, value] : map) json->Key(name).String(value);
  json->EndObject();
}

void WriteLabels(std::string_view key, const Labels& labels, JsonWriter* json) {
  json->Key(key).StartObject();
  for (const LabelView label : labels) json->Key(label.name).String(label.value);
  json->EndObject();
}

void WriteAlert(const Notification& notification, const Alert& alert, JsonWriter* json) {
  const std::string status = AlertStatus(notification, alert);
  const AlertTime ends_at = status == "firing" ? AlertTime() : alert.ends_at;
  json->StartObject();
  json->Key("status").String(status);
  WriteLabels("labels", alert.labels, json);
  WriteMap("annotations", alert.annotations, json);
  json->Key("startsAt")
      .String(FormatRfc3339(alert.starts_at.nanos, alert.starts_at.offset_seconds));
  json->Key("endsAt").String(FormatRfc3339(ends_at.nanos, ends_at.offset_seconds));
  json->Key("generatorURL").String(alert.generator_url);
  json->Key("fingerprint").String(alert.labels.FingerprintHex());
  json->EndObject();
}

void WriteOwn(const Notification& notification, JsonWriter* json) {
  if (notification.note.empty() && notification.incident_id.empty()) return;
  json->Key("outrider").StartObject();
  json->Key("incident").String(notification.incident_id);
  json->Key("note").String(notification.note);
  json->Key("repeat").Bool(notification.repeat);
  json->EndObject();
}

// Of pages only: a route's body is Alertmanager's.
void WriteActions(const Notification& notification, JsonWriter* json) {
  if (notification.actions.empty()) return;
  json->Key("outrider_actions").StartArray();
  for (const NotificationAction& action : notification.actions) {
    json->StartObject();
    json->Key("name").String(action.name);
    json->Key("label").String(action.label);
    json->Key("url").String(action.url);
    json->EndObject();
  }
  json->EndArray();
}

}  // namespace

std::string WebhookPayload(const Notification& notification, size_t truncated,
                           std::string_view version, size_t most) {
  std::string out;
  JsonWriter json(&out, JsonWriter::Escape::kGoHtml);
  json.StartObject();
  json.Key("receiver").String(QuoteRegexMeta(notification.receiver));
  json.Key("status").String(NotificationStatus(notification, notification.alerts));
  json.Key("alerts").StartArray();
  const size_t count = std::min(most, notification.alerts.size());
  for (size_t i = 0; i < count; ++i) WriteAlert(notification, notification.alerts[i], &json);
  json.EndArray();
  json.Key("notification_reason").String(notification.reason);
  WriteLabels("groupLabels", notification.group_labels, &json);
  WriteMap("commonLabels", CommonLabels(notification.alerts), &json);
  WriteMap("commonAnnotations", CommonAnnotations(notification.alerts), &json);
  WriteMap("routeLabels", notification.route_labels, &json);
  json.Key("externalURL").String(notification.external_url);
  json.Key("version").String(version);
  json.Key("groupKey").String(notification.group_key);
  json.Key("truncatedAlerts").Int(static_cast<int64_t>(truncated));
  WriteOwn(notification, &json);
  WriteActions(notification, &json);
  json.EndObject();
  out += '\n';
  return out;
}

}  // namespace outrider
