// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/notification_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "notifiers/channel/common_pairs.h"
#include "storage/base/regex.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using tmpl::List;
using tmpl::MethodList;
using tmpl::Object;
using tmpl::Time;
using tmpl::Value;
using Args = std::span<const Value>;
using Pair = std::pair<std::string, std::string>;

// What Alertmanager calls the fields of its data in JSON; what only this program has is not there.
constexpr std::string_view kAlertJson[] = {"status", "labels",       "annotations", "startsAt",
                                           "endsAt", "generatorURL", "fingerprint"};
constexpr std::string_view kDataJson[] = {"receiver",
                                          "status",
                                          "alerts",
                                          "notification_reason",
                                          "groupLabels",
                                          "commonLabels",
                                          "commonAnnotations",
                                          "routeLabels",
                                          "externalURL",
                                          "",
                                          "",
                                          ""};

Value Strings(std::vector<std::string> texts) {
  MethodList list;
  list.type = "template.Strings";
  for (const std::string& text : texts) list.items.emplace_back(text);
  const auto join = [texts = std::move(texts)](Args args) -> StatusOr<Value> {
    return Value(Join(texts, std::get<std::string>(args[0].data())));
  };
  list.methods.emplace_back("Join", tmpl::Method(join, "s"));
  return Value(std::move(list));
}

std::vector<std::string> Names(const std::vector<Pair>& pairs) {
  std::vector<std::string> names;
  names.reserve(pairs.size());
  for (const Pair& pair : pairs) names.push_back(pair.first);
  return names;
}
std::vector<std::string> Values(const std::vector<Pair>& pairs) {
  std::vector<std::string> values;
  values.reserve(pairs.size());
  for (const Pair& pair : pairs) values.push_back(pair.second);
  return values;
}
// a=b, c=d
std::string PairsText(const std::vector<Pair>& pairs) {
  std::vector<std::string> parts;
  parts.reserve(pairs.size());
  for (const Pair& pair : pairs) parts.push_back(pair.first + "=" + pair.second);
  return Join(parts, ", ");
}

Value PairsValue(const std::vector<Pair>& pairs) {
  MethodList list;
  list.type = "template.Pairs";
  for (const auto& [name, value] : pairs) {
    Object pair;
    pair.type = "template.Pair";
    pair.fields = {{"Name", name}, {"Value", value}};
    list.items.emplace_back(std::move(pair));
  }
  list.methods = {
      {"Names", {[pairs](Args) -> StatusOr<Value> { return Strings(Names(pairs)); }, ""}},
      {"Values", {[pairs](Args) -> StatusOr<Value> { return Strings(Values(pairs)); }, ""}},
      {"String", {[pairs](Args) -> StatusOr<Value> { return Value(PairsText(pairs)); }, ""}},
  };
  return Value(std::move(list));
}

// alertname first, the others by name.
std::vector<Pair> SortedPairs(const std::map<std::string, std::string>& map) {
  std::vector<Pair> pairs(map.begin(), map.end());
  std::stable_partition(pairs.begin(), pairs.end(),
                        [](const Pair& pair) { return pair.first == kAlertName; });
  return pairs;
}

Value MapValue(const std::map<std::string, std::string>& map);

StatusOr<Value> Without(const std::map<std::string, std::string>& map, Args args) {
  const List* names = args[0].AsList();  // null for nil
  auto rest = map;
  for (size_t i = 0; names != nullptr && i < names->size(); ++i) {
    rest.erase(std::get<std::string>((*names)[i].data()));
  }
  return MapValue(rest);
}

// template.KV.
Value MapValue(const std::map<std::string, std::string>& map) {
  Object object;
  object.kind = Object::Kind::kMap;
  object.type = "template.KV";
  for (const auto& [name, value] : map) object.fields.emplace_back(name, value);
  const std::vector<Pair> pairs = SortedPairs(map);
  object.methods = {
      {"SortedPairs", {[pairs](Args) -> StatusOr<Value> { return PairsValue(pairs); }, ""}},
      {"Names", {[pairs](Args) -> StatusOr<Value> { return Strings(Names(pairs)); }, ""}},
      {"Values", {[pairs](Args) -> StatusOr<Value> { return Strings(Values(pairs)); }, ""}},
      {"String", {[pairs](Args) -> StatusOr<Value> { return Value(PairsText(pairs)); }, ""}},
      {"Remove", {[map](Args args) -> StatusOr<Value> { return Without(map, args); }, "S"}},
  };
  return Value(std::move(object));
}

Value AlertValue(const TemplateAlert& alert) {
  Object object;
  object.type = "template.Alert";
  object.fields = {
      {"Status", alert.status},
      {"Labels", MapValue(alert.labels)},
      {"Annotations", MapValue(alert.annotations)},
      {"StartsAt", Time{alert.starts_at.nanos, alert.starts_at.offset_seconds, ""}},
      {"EndsAt", Time{alert.ends_at.nanos, alert.ends_at.offset_seconds, ""}},
      {"GeneratorURL", alert.generator_url},
      {"Fingerprint", alert.fingerprint},
  };
  object.json_names = kAlertJson;
  return Value(std::move(object));
}

TemplateAlert TemplateAlertOf(const Notification& notification, const Alert& alert) {
  const std::string status = AlertStatus(notification, alert);
  return {.status = status,
          .labels = alert.labels.ToMap(),
          .annotations = alert.annotations,
          .starts_at = alert.starts_at,
          .ends_at = status == "firing" ? AlertTime() : alert.ends_at,
          .generator_url = alert.generator_url,
          .fingerprint = alert.labels.FingerprintHex()};
}

Value AlertsValue(const List& alerts) {
  const auto with_status = [&alerts](std::string_view status) {
    List chosen;
    for (const Value& alert : alerts) {
      if (*alert.AsObject()->Find("Status")->AsString() == status) chosen.push_back(alert);
    }
    return Value(std::move(chosen));
  };
  MethodList list;
  list.type = "template.Alerts";
  list.items = alerts;
  list.methods = {
      {"Firing", {[v = with_status("firing")](Args) -> StatusOr<Value> { return v; }, ""}},
      {"Resolved", {[v = with_status("resolved")](Args) -> StatusOr<Value> { return v; }, ""}},
  };
  return Value(std::move(list));
}

}  // namespace

std::map<std::string, std::string> CommonLabels(std::span<const Alert> alerts) {
  return CommonPairs(alerts, [](const Alert& alert, auto&& visit) {
    for (const LabelView label : alert.labels) visit(label.name, label.value);
  });
}

std::map<std::string, std::string> CommonAnnotations(std::span<const Alert> alerts) {
  return CommonPairs(alerts, [](const Alert& alert, auto&& visit) {
    for (const auto& [name, value] : alert.annotations) visit(name, value);
  });
}

std::string AlertStatus(const Notification& notification, const Alert& alert) {
  return alert.ResolvedAt(notification.now) ? "resolved" : "firing";
}

std::string NotificationStatus(const Notification& notification, std::span<const Alert> alerts) {
  const bool firing = std::any_of(alerts.begin(), alerts.end(), [&](const Alert& alert) {
    return !alert.ResolvedAt(notification.now);
  });
  return firing ? "firing" : "resolved";
}

tmpl::Value TemplateValue(const TemplateData& given) {
  List alerts;
  for (const TemplateAlert& alert : given.alerts) alerts.push_back(AlertValue(alert));
  Object data;
  data.type = given.type;
  data.fields = {
      {"Receiver", given.receiver},
      {"Status", given.status},
      {"Alerts", AlertsValue(alerts)},
      {"NotificationReason", given.reason},
      {"GroupLabels", MapValue(given.group_labels)},
      {"CommonLabels", MapValue(given.common_labels)},
      {"CommonAnnotations", MapValue(given.common_annotations)},
      {"RouteLabels", MapValue(given.route_labels)},
      {"ExternalURL", given.external_url},
      {"Title", given.title},
      {"Note", given.note},
      {"IncidentID", given.incident_id},
  };
  data.json_names = kDataJson;
  return Value(std::move(data));
}

tmpl::Value NotificationData(const Notification& notification) {
  TemplateData data;
  data.receiver = QuoteRegexMeta(notification.receiver);
  data.status = NotificationStatus(notification, notification.alerts);
  for (const Alert& alert : notification.alerts) {
    data.alerts.push_back(TemplateAlertOf(notification, alert));
  }
  data.reason = notification.reason;
  data.group_labels = notification.group_labels.ToMap();
  data.common_labels = CommonLabels(notification.alerts);
  data.common_annotations = CommonAnnotations(notification.alerts);
  data.route_labels = notification.route_labels;
  data.external_url = notification.external_url;
  data.title = notification.title;
  data.note = notification.note;
  data.incident_id = notification.incident_id;
  return TemplateValue(data);
}

}  // namespace outrider
