// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/payload_json.h"

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include "notifiers/channel/common_pairs.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/regex.h"

namespace outrider {
namespace {

struct WebhookForm {
  size_t truncated = 0;
  std::string_view version;
  size_t most = 0;
};

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

// An alert and a packed one, read alike.
const Labels& LabelsOf(const Alert& alert) { return alert.labels; }
const Labels& LabelsOf(const PackedAlert& alert) { return alert.identity->labels; }
uint64_t FingerprintOf(const Alert& alert) { return alert.Fingerprint(); }
uint64_t FingerprintOf(const PackedAlert& alert) { return alert.identity->fingerprint; }
std::string_view GeneratorOf(const Alert& alert) { return alert.generator_url; }
std::string_view GeneratorOf(const PackedAlert& alert) {
  std::string_view details = alert.identity->details;
  return TakeDetail(&details);
}
template <typename Visit>
void EachAnnotation(const Alert& alert, Visit&& visit) {
  for (const auto& [name, value] : alert.annotations) visit(name, value);
}
template <typename Visit>
void EachAnnotation(const PackedAlert& alert, Visit&& visit) {
  ForEachAnnotation(*alert.identity, visit);
}
size_t SizeOf(const PackedAlert& alert) {
  return alert.identity->labels.packed().size() + alert.identity->details.size();
}

// Most alerts of a message began at the same time, and end at none.
class TimeText {
 public:
  std::string_view Of(const AlertTime& time) {
    if (text_.empty() || time != time_) {
      text_ = FormatRfc3339(time.nanos, time.offset_seconds);
      time_ = time;
    }
    return text_;
  }

 private:
  AlertTime time_;
  std::string text_;
};

std::string_view HexText(uint64_t number, std::array<char, 16>* buffer) {
  for (size_t i = buffer->size(); i-- > 0; number >>= 4) {
    (*buffer)[i] = "0123456789abcdef"[number & 0xf];
  }
  return {buffer->data(), buffer->size()};
}

template <typename A>
void WriteAlerts(Nanos now, std::span<const A> alerts, JsonWriter* json) {
  TimeText starts;
  TimeText ends;
  std::array<char, 16> hex{};
  json->Key("alerts").StartArray();
  for (const A& alert : alerts) {
    const bool resolved = alert.ResolvedAt(now);
    json->StartObject();
    json->Key("status").String(resolved ? "resolved" : "firing");
    WriteLabels("labels", LabelsOf(alert), json);
    json->Key("annotations").StartObject();
    EachAnnotation(alert, [&](std::string_view name, std::string_view value) {
      json->Key(name).String(value);
    });
    json->EndObject();
    json->Key("startsAt").String(starts.Of(alert.starts_at));
    json->Key("endsAt").String(ends.Of(resolved ? alert.ends_at : AlertTime()));
    json->Key("generatorURL").String(GeneratorOf(alert));
    json->Key("fingerprint").String(HexText(FingerprintOf(alert), &hex));
    json->EndObject();
  }
  json->EndArray();
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

template <typename A>
void WritePayload(const Notification& notification, std::span<const A> alerts,
                  const WebhookForm& form, JsonWriter* json) {
  const bool firing = std::any_of(alerts.begin(), alerts.end(), [&](const A& alert) {
    return !alert.ResolvedAt(notification.now);
  });
  json->StartObject();
  json->Key("receiver").String(QuoteRegexMeta(notification.receiver));
  json->Key("status").String(firing ? "firing" : "resolved");
  WriteAlerts(notification.now, alerts.first(std::min(form.most, alerts.size())), json);
  json->Key("notification_reason").String(notification.reason);
  WriteLabels("groupLabels", notification.group_labels, json);
  const auto each_label = [](const A& alert, auto&& visit) {
    for (const LabelView label : LabelsOf(alert)) visit(label.name, label.value);
  };
  WriteMap("commonLabels", CommonPairs(alerts, each_label), json);
  const auto each_annotation = [](const A& alert, auto&& visit) { EachAnnotation(alert, visit); };
  WriteMap("commonAnnotations", CommonPairs(alerts, each_annotation), json);
  WriteMap("routeLabels", notification.route_labels, json);
  json->Key("externalURL").String(notification.external_url);
  json->Key("version").String(form.version);
  json->Key("groupKey").String(notification.group_key);
  json->Key("truncatedAlerts").Int(static_cast<int64_t>(form.truncated));
  WriteOwn(notification, json);
  WriteActions(notification, json);
  json->EndObject();
}

}  // namespace

std::string WebhookPayload(const Notification& notification, size_t truncated,
                           std::string_view version, size_t most) {
  constexpr size_t kFrame = 220;  // of an alert: the names, times and quotes, and some escapes
  size_t size = 1024;
  for (const PackedAlert& alert : notification.packed) size += kFrame + SizeOf(alert);
  std::string out;
  out.reserve(size);
  JsonWriter json(&out, JsonWriter::Escape::kGoHtml);
  const WebhookForm form{.truncated = truncated, .version = version, .most = most};
  if (notification.packed.empty()) {
    WritePayload(notification, std::span<const Alert>(notification.alerts), form, &json);
  } else {
    WritePayload(notification, std::span<const PackedAlert>(notification.packed), form, &json);
  }
  out += '\n';
  return out;
}

}  // namespace outrider
