// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/test_receiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exporter/api/product_common.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 1 << 20;
constexpr DurationMs kPatience = 20 * kSecond;  // of one attempt

std::string_view OutcomeText(SendResult::Outcome outcome) {
  switch (outcome) {
    case SendResult::Outcome::kDelivered:
      return "delivered";
    case SendResult::Outcome::kRetry:
      return "retry";
    case SendResult::Outcome::kRejected:
      break;
  }
  return "rejected";
}

Status ReadTexts(const JsonValue& root, const char* key,
                 std::map<std::string, std::string>* texts) {
  const JsonValue* object = root.Find(key);
  if (object == nullptr || object->IsNull()) return absl::OkStatus();
  for (const auto& [name, value] : object->members) {
    if (value.kind != JsonValue::Kind::kString) {
      return InvalidArgument(fmt::format("{}.{} must be a text", key, name));
    }
    (*texts)[name] = value.string;
  }
  if (object->kind == JsonValue::Kind::kObject) return absl::OkStatus();
  return InvalidArgument(fmt::format("{} must be an object of texts", key));
}

Notification MakeTest(const Receiver& receiver, const TestAlert& wanted, const TestTools& tools) {
  const Nanos now = tools.clock.NowNanos();
  Notification notification;
  notification.idempotency_key = "test-" + tools.random.Uuid();
  notification.receiver = receiver.name;
  notification.group_key = "test:" + receiver.name;
  notification.reason = "test";
  notification.resolved = wanted.resolved;
  notification.route_labels = wanted.route_labels;
  notification.route_labels.emplace("name", receiver.name);
  notification.external_url = tools.external_url;
  notification.now = now;
  Alert alert;
  LabelsBuilder labels;
  labels.Set("alertname", "OutriderTest");
  labels.Set("severity", "info");
  for (const auto& [name, value] : wanted.labels) labels.Set(name, value);
  alert.labels = labels.Build();
  alert.annotations = {{"summary", "This is a test of receiver " + receiver.name},
                       {"description", "Somebody asked Outrider to send it; nothing is wrong."}};
  for (const auto& [name, value] : wanted.annotations) alert.annotations[name] = value;
  alert.starts_at = {now, 0};
  alert.updated_at = now;
  alert.source = AlertSource::kApi;
  if (wanted.resolved) alert.ends_at = {now, 0};
  notification.group_labels = Labels{{"alertname", std::string(alert.labels.Get("alertname"))}};
  notification.alerts.push_back(std::move(alert));
  return notification;
}

}  // namespace

StatusOr<TestAlert> ReadTestAlert(std::string_view json) {
  TestAlert alert;
  if (Trim(json).empty()) return alert;
  const JsonValue root = TRY(ParseJson(json));
  if (root.kind != JsonValue::Kind::kObject) {
    return InvalidArgument("the body must be a JSON object");
  }
  TRY(ReadTexts(root, "labels", &alert.labels));
  TRY(ReadTexts(root, "annotations", &alert.annotations));
  alert.resolved = root.GetBool("resolved");
  return alert;
}

std::vector<TestedIntegration> TestReceiver(const Receiver& receiver, const TestAlert& alert,
                                            const TestTools& tools) {
  std::vector<TestedIntegration> results;
  Notification notification = MakeTest(receiver, alert, tools);
  for (const Integration& integration : receiver.integrations) {
    const Nanos started = tools.clock.NowNanos();
    notification.deadline = started + kPatience * kNanosPerMilli;
    TestedIntegration tested;
    tested.integration = IntegrationName(integration);
    tested.result = integration.channel->Send(notification);
    tested.took = (tools.clock.NowNanos() - started) / kNanosPerMilli;
    results.push_back(std::move(tested));
  }
  return results;
}

bool AllDelivered(const std::vector<TestedIntegration>& results) {
  return std::ranges::all_of(results, [](const TestedIntegration& tested) {
    return tested.result.outcome == SendResult::Outcome::kDelivered;
  });
}

std::string TestResultJson(const std::string& receiver,
                           const std::vector<TestedIntegration>& results) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("receiver").String(receiver);
  json.Key("delivered").Bool(AllDelivered(results)).Key("results").StartArray();
  for (const TestedIntegration& tested : results) {
    const SendResult& result = tested.result;
    json.StartObject().Key("integration").String(tested.integration);
    json.Key("outcome").String(OutcomeText(result.outcome));
    json.Key("reason").String(result.reason).Key("reason_code").String(result.reason_code);
    json.Key("status").Int(result.status).Key("answer").String(result.answer);
    json.Key("retry_after_seconds").Double(static_cast<double>(result.retry_after_ms) / 1000.0);
    json.Key("took_seconds").Double(static_cast<double>(tested.took) / 1000.0);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return body;
}

void RegisterReceiverTestApi(Router& router, const ReceiverTestDeps& deps) {
  router.Add("POST", "/outrider/v1/receivers/:name/test",
             ProductRoute([deps](HttpRequest& request) -> StatusOr<HttpResponse> {
               TestAlert alert = TRY(ReadTestAlert(TRY(request.ReadBody(kMaxBody))));
               const std::shared_ptr<const Receivers> receivers = deps.receivers();
               const std::string& name = request.path_params.at("name");
               const Receiver* receiver = receivers->Find(name);
               if (receiver == nullptr) {
                 return NotFound(fmt::format("no receiver {}", Quote(name)));
               }
               alert.route_labels = deps.labels(name);
               return HttpResponse::Json(
                   200, TestResultJson(name, TestReceiver(*receiver, alert, deps.tools)));
             }));
}

}  // namespace outrider
