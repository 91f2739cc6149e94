// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/webhooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "exporter/api/kubeopt_common.h"
#include "exporter/api/product_common.h"
#include "exporter/api/prom_params.h"
#include "exporter/api/test_gate.h"
#include "exporter/api/webhook_body.h"
#include "notifiers/hooks/hook_message.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 1 << 20;
constexpr int64_t kUsualLog = 50;
constexpr int64_t kMostLog = 1000;

HttpResponse Failed(const Status& status) {
  if (absl::IsNotFound(status)) return KubeOptError(404, "NOT_FOUND", Message(status));
  if (absl::IsResourceExhausted(status)) return KubeOptError(409, "LIMIT", Message(status));
  return KubeOptError(500, "WEBHOOK_ERROR", Message(status));
}

void WriteHook(const Hook& hook, JsonWriter* json) {
  json->StartObject().Key("id").String(hook.id).Key("name").String(hook.name);
  json->Key("webhook_type").String(HookTypeText(hook.type)).Key("url").String(hook.url);
  json->Key("has_secret").Bool(!hook.secret.empty()).Key("enabled").Bool(hook.enabled);
  json->Key("severity_filter");
  if (hook.minimum) {
    json->String(SeverityText(*hook.minimum));
  } else {
    json->Null();
  }
  json->Key("custom_headers").StartObject();
  for (const auto& [name, value] : hook.headers) json->Key(name).String(value);
  json->EndObject().Key("template");
  if (hook.body_template.empty()) {
    json->Null();
  } else {
    json->String(hook.body_template);
  }
  WriteTime("created_at", hook.created_at, json);
  WriteTime("updated_at", hook.updated_at, json);
  json->EndObject();
}

HttpResponse HookAnswer(int status, const Hook& hook) {
  std::string body;
  JsonWriter json(&body);
  WriteHook(hook, &json);
  return HttpResponse::Json(status, std::move(body));
}

void WriteOrNull(std::string_view key, const std::string& text, JsonWriter* json) {
  json->Key(key);
  if (text.empty()) {
    json->Null();
  } else {
    json->String(text);
  }
}

void WriteStatus(std::string_view key, int status, JsonWriter* json) {
  json->Key(key);
  if (status == 0) {
    json->Null();
  } else {
    json->Int(status);
  }
}

void WriteDelivery(const HookDelivery& delivery, JsonWriter* json) {
  json->StartObject().Key("id").String(delivery.id);
  json->Key("webhook_config_id").String(delivery.hook_id);
  json->Key("alert_id").String(delivery.alert_id);
  json->Key("status").String(HookDeliveryStateText(delivery.state));
  json->Key("attempt_count").Int(delivery.attempts).Key("max_attempts").Int(kHookRetries + 1);
  WriteTime("last_attempt_at", delivery.last_attempt_at, json);
  WriteTime("next_retry_at", delivery.next_retry_at, json);
  WriteStatus("response_status_code", delivery.status, json);
  WriteOrNull("error_message", delivery.error, json);
  WriteTime("created_at", delivery.created_at, json);
  json->EndObject();
}

// The endpoints, which share what they work on.
class Api {
 public:
  explicit Api(const WebhooksApiDeps& deps) : deps_(deps) {}

  HttpResponse Create(HttpRequest& request) const {
    const StatusOr<std::string> text = request.ReadBody(kMaxBody);
    if (!text.ok()) return KubeOptInvalid(Message(text.status()), {});
    Hook hook;
    const std::vector<FieldError> errors = ReadWebhook(*text, &hook);
    if (!errors.empty()) return KubeOptInvalid("invalid request body", errors);
    const StatusOr<Hook> made = deps_.tools().store.Create(std::move(hook), Now());
    if (!made.ok()) return Failed(made.status());
    return Apply(HookAnswer(201, *made));
  }

  HttpResponse List(HttpRequest& request) const {
    const auto params = ParamReader::Read(request);
    if (!params.ok()) return KubeOptInvalid(Message(params.status()), {});
    std::optional<bool> enabled;
    const std::string wanted = ToLower(params->Text("enabled"));
    if (wanted == "true" || wanted == "false") enabled = wanted == "true";
    if (!wanted.empty() && !enabled) {
      return KubeOptInvalid("invalid query", {{"bool_type", {"enabled"}, "true or false"}});
    }
    const std::string_view type = params->Text("type");
    if (!type.empty() && !ParseHookType(type)) {
      return KubeOptInvalid("invalid query", {{"enum", {"type"}, "no such type"}});
    }
    std::string body;
    JsonWriter json(&body);
    json.StartObject().Key("webhooks").StartArray();
    int64_t total = 0;
    for (const Hook& hook : deps_.tools().store.List()) {
      if (enabled && hook.enabled != *enabled) continue;
      if (!type.empty() && HookTypeText(hook.type) != type) continue;
      WriteHook(hook, &json);
      ++total;
    }
    json.EndArray().Key("total").Int(total).EndObject();
    return HttpResponse::Json(200, std::move(body));
  }

  HttpResponse Show(const HttpRequest& request) const {
    const StatusOr<Hook> hook = deps_.tools().store.Find(Id(request));
    return hook.ok() ? HookAnswer(200, *hook) : Failed(hook.status());
  }

  HttpResponse Change(HttpRequest& request) const {
    const StatusOr<std::string> text = request.ReadBody(kMaxBody);
    if (!text.ok()) return KubeOptInvalid(Message(text.status()), {});
    std::vector<FieldError> errors;
    bool rerouted = false;
    const StatusOr<Hook> hook = deps_.tools().store.Update(
        Id(request),
        [&](Hook* changed) -> Status {
          const Hook before = *changed;
          errors = ReadWebhook(*text, changed);
          rerouted = before.enabled != changed->enabled || before.minimum != changed->minimum;
          return errors.empty() ? absl::OkStatus() : InvalidArgument("invalid");
        },
        Now());
    if (!errors.empty()) return KubeOptInvalid("invalid request body", errors);
    if (!hook.ok()) return Failed(hook.status());
    return rerouted ? Apply(HookAnswer(200, *hook)) : HookAnswer(200, *hook);
  }

  HttpResponse Delete(const HttpRequest& request) const {
    const Status removed = deps_.tools().store.Remove(Id(request));
    if (!removed.ok()) return Failed(removed);
    std::string body;
    JsonWriter(&body)
        .StartObject()
        .Key("message")
        .String(fmt::format("webhook {} deleted", Id(request)))
        .EndObject();
    return Apply(HttpResponse::Json(200, std::move(body)));
  }

  HttpResponse Switch(const HttpRequest& request, bool enabled) const {
    const StatusOr<Hook> hook = deps_.tools().store.Update(
        Id(request),
        [&](Hook* changed) {
          changed->enabled = enabled;
          return absl::OkStatus();
        },
        Now());
    return hook.ok() ? Apply(HookAnswer(200, *hook)) : Failed(hook.status());
  }

  HttpResponse Test(HttpRequest& request) const;
  HttpResponse Log(HttpRequest& request) const;

 private:
  static std::string Id(const HttpRequest& request) { return request.path_params.at("id"); }
  Nanos Now() const { return deps_.tools().clock.NowNanos(); }
  HttpResponse Apply(HttpResponse answer) const {
    const Status applied = deps_.changed();
    return applied.ok() ? answer : Failed(applied);
  }

  const WebhooksApiDeps deps_;
  const std::unique_ptr<TestGate> gate_ = std::make_unique<TestGate>();
};

// {severity, message}, both optional.
std::vector<FieldError> ReadTest(std::string_view text, HookMessage* message) {
  if (Trim(text).empty()) return {};
  const StatusOr<JsonValue> root = ParseJson(text);
  if (!root.ok()) return {{"json_invalid", {}, Message(root.status())}};
  if (const JsonValue* severity = root->Find("severity")) {
    const auto parsed = ParseSeverity(severity->string);
    if (!parsed) return {{"enum", {"severity"}, "must be critical, high, medium, low or info"}};
    message->severity = *parsed;
  }
  message->description = root->GetString("message", message->description);
  return {};
}

HttpResponse Api::Test(HttpRequest& request) const {
  const StatusOr<std::string> text = request.ReadBody(kMaxBody);
  if (!text.ok()) return KubeOptInvalid(Message(text.status()), {});
  HookMessage message = SampleHookMessage();
  message.detected_at = Now();
  const std::vector<FieldError> errors = ReadTest(*text, &message);
  if (!errors.empty()) return KubeOptInvalid("invalid request body", errors);
  const StatusOr<Hook> hook = deps_.tools().store.Find(Id(request));
  if (!hook.ok()) return Failed(hook.status());
  const TestGate::Pass pass = gate_->Enter();
  if (pass == nullptr) {
    HttpResponse busy = KubeOptError(429, "BUSY", "too many tests are running: try again later");
    busy.headers.emplace_back("Retry-After", "5");
    return busy;
  }
  Notification notification;
  notification.idempotency_key = "test-" + deps_.random.Uuid();
  const SendResult result = AttemptHook(*hook, message, notification, deps_.tools(), 0);
  const bool good = result.outcome == SendResult::Outcome::kDelivered;
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("success").Bool(good);
  WriteStatus("status_code", result.status, &json);
  WriteOrNull("response_body", result.answer, &json);
  WriteOrNull("error_message", good ? "" : result.reason, &json);
  json.EndObject();
  return HttpResponse::Json(good ? 200 : 502, std::move(body));
}

HttpResponse Api::Log(HttpRequest& request) const {
  const auto params = ParamReader::Read(request);
  if (!params.ok()) return KubeOptInvalid(Message(params.status()), {});
  int64_t limit = kUsualLog;
  if (const std::string_view given = params->Text("limit"); !given.empty()) {
    const auto number = ParseInt(given);
    if (!number.ok() || *number < 1) {
      return KubeOptInvalid("invalid query", {{"int_type", {"limit"}, "a number above 0"}});
    }
    limit = std::min(*number, kMostLog);
  }
  std::optional<HookDeliveryState> state;
  if (const std::string_view given = params->Text("status"); !given.empty()) {
    state = ParseHookDeliveryState(given);
    if (!state) {
      return KubeOptInvalid(
          "invalid query",
          {{"enum", {"status"}, "must be pending, delivered, failed or retrying"}});
    }
  }
  const auto log = deps_.tools().store.Log(Id(request), static_cast<size_t>(limit), state);
  if (!log.ok()) return Failed(log.status());
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("webhook_id").String(Id(request)).Key("logs").StartArray();
  for (const HookDelivery& delivery : *log) WriteDelivery(delivery, &json);
  json.EndArray().Key("total").Int(static_cast<int64_t>(log->size())).EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterWebhooksApi(Router& router, const WebhooksApiDeps& deps) {
  const auto api = std::make_shared<const Api>(deps);
  const std::string all = "/api/v1/webhooks";
  const std::string one = all + "/:id";
  router.Add("POST", all, [api](HttpRequest& request) { return api->Create(request); });
  router.Add("GET", all, [api](HttpRequest& request) { return api->List(request); });
  router.Add("GET", one, [api](HttpRequest& request) { return api->Show(request); });
  router.Add("PUT", one, [api](HttpRequest& request) { return api->Change(request); });
  router.Add("DELETE", one, [api](HttpRequest& request) { return api->Delete(request); });
  router.Add("POST", one + "/test", [api](HttpRequest& request) { return api->Test(request); });
  router.Add("GET", one + "/logs", [api](HttpRequest& request) { return api->Log(request); });
  router.Add("POST", one + "/enable",
             [api](HttpRequest& request) { return api->Switch(request, true); });
  router.Add("POST", one + "/disable",
             [api](HttpRequest& request) { return api->Switch(request, false); });
}

}  // namespace outrider
