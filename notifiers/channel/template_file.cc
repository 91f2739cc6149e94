// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/template_file.h"

#include <fmt/format.h>

#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Kind = JsonValue::Kind;

// Reads one object; the first error is kept.
class ObjectReader {
 public:
  ObjectReader(const JsonValue& object, std::string where)
      : object_(object), where_(std::move(where)) {
    if (object.kind != Kind::kObject) Fail("", "an object");
  }

  const JsonValue* Find(std::string_view key) const {
    const JsonValue* found = nullptr;
    for (const auto& [name, value] : object_.members) {
      if (ToLower(name) == ToLower(key)) found = &value;
    }
    return found == nullptr || found->IsNull() ? nullptr : found;
  }
  void Text(std::string_view key, std::string* out) {
    const JsonValue* value = Find(key);
    if (value == nullptr) return;
    if (value->kind != Kind::kString) return Fail(key, "a text");
    *out = value->string;
  }
  void Map(std::string_view key, std::map<std::string, std::string>* out) {
    const JsonValue* value = Find(key);
    if (value == nullptr) return;
    if (value->kind != Kind::kObject) return Fail(key, "an object of texts");
    for (const auto& [name, text] : value->members) {
      if (text.kind != Kind::kString) return Fail(key, "an object of texts");
      (*out)[name] = text.string;
    }
  }
  void Time(std::string_view key, AlertTime* out) {
    std::string text;
    Text(key, &text);
    if (text.empty()) return;
    const auto nanos = ParseRfc3339(text, &out->offset_seconds);
    if (!nanos.ok()) return Fail(key, "a time in RFC 3339");
    out->nanos = *nanos;
  }
  void Fail(std::string_view key, std::string_view wanted) {
    if (!status_.ok()) return;
    status_ = InvalidArgument(
        fmt::format("{}{}{} must be {}", where_, where_.empty() || key.empty() ? "" : ".",
                    where_.empty() && key.empty() ? "the file" : key, wanted));
  }
  const Status& status() const { return status_; }

 private:
  const JsonValue& object_;
  const std::string where_;
  Status status_;
};

StatusOr<TemplateAlert> ReadAlert(const JsonValue& json, size_t at) {
  TemplateAlert alert;
  ObjectReader reader(json, fmt::format("alerts[{}]", at));
  reader.Text("status", &alert.status);
  reader.Map("labels", &alert.labels);
  reader.Map("annotations", &alert.annotations);
  reader.Time("startsAt", &alert.starts_at);
  reader.Time("endsAt", &alert.ends_at);
  reader.Text("generatorURL", &alert.generator_url);
  reader.Text("fingerprint", &alert.fingerprint);
  TRY(reader.status());
  return alert;
}

}  // namespace

StatusOr<TemplateData> ParseTemplateData(std::string_view text) {
  const JsonValue json = TRY(ParseJson(text));
  TemplateData data;
  data.type = "template.Data";
  ObjectReader reader(json, "");
  reader.Text("receiver", &data.receiver);
  reader.Text("status", &data.status);
  reader.Text("notificationReason", &data.reason);
  reader.Text("notification_reason", &data.reason);
  reader.Map("groupLabels", &data.group_labels);
  reader.Map("commonLabels", &data.common_labels);
  reader.Map("commonAnnotations", &data.common_annotations);
  reader.Map("routeLabels", &data.route_labels);
  reader.Text("externalURL", &data.external_url);
  if (const JsonValue* alerts = reader.Find("alerts")) {
    if (alerts->kind != Kind::kArray) reader.Fail("alerts", "a list");
    for (const JsonValue& alert : alerts->items) {
      data.alerts.push_back(TRY(ReadAlert(alert, data.alerts.size())));
    }
  }
  TRY(reader.status());
  return data;
}

TemplateData SampleTemplateData(Nanos now) {
  TemplateData data;
  data.type = "template.Data";
  data.receiver = "receiver";
  data.status = "firing";
  data.reason = "first notification";
  data.group_labels = {{"alertname", "HighLatency"}};
  data.common_labels = {{"alertname", "HighLatency"}, {"job", "api"}, {"severity", "critical"}};
  data.common_annotations = {{"summary", "Requests are slow"}};
  data.external_url = "http://outrider.example:9909";
  for (const bool firing : {true, false}) {
    TemplateAlert alert;
    alert.status = firing ? "firing" : "resolved";
    alert.labels = data.common_labels;
    alert.labels["instance"] = firing ? "api-1:8080" : "api-2:8080";
    alert.annotations = data.common_annotations;
    alert.starts_at = {now - 5 * kMinute * kNanosPerMilli, 0};
    if (!firing) alert.ends_at = {now, 0};
    alert.generator_url = "http://outrider.example:9909/graph?g0.expr=latency";
    alert.fingerprint = firing ? "0000000000000001" : "0000000000000002";
    data.alerts.push_back(std::move(alert));
  }
  return data;
}

}  // namespace outrider
