// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/test_receiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "exporter/api/product_common.h"
#include "exporter/api/test_gate.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 1 << 20;
constexpr DurationMs kPatience = 20 * kSecond;  // of one attempt
constexpr size_t kMostAtOnce = 8;               // attempts of one test

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

TestedIntegration TestIntegration(const Integration& integration, Notification notification,
                                  const Clock& clock) {
  const Nanos started = clock.NowNanos();
  notification.deadline = started + kPatience * kNanosPerMilli;
  TestedIntegration tested;
  tested.integration = IntegrationName(integration);
  tested.result = integration.channel->Send(notification);
  tested.took = (clock.NowNanos() - started) / kNanosPerMilli;
  return tested;
}

HttpResponse TooManyTests() {
  std::string body;
  JsonWriter(&body)
      .StartObject()
      .Key("error")
      .String(fmt::format("{} tests of receivers are running: try again later", TestGate::kMost))
      .EndObject();
  HttpResponse response = HttpResponse::Json(429, std::move(body));
  response.headers.emplace_back("Retry-After", "5");
  return response;
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
  const Notification notification = MakeTest(receiver, alert, tools);
  const std::vector<Integration>& all = receiver.integrations;
  std::vector<TestedIntegration> results(all.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < all.size(); i = next++) {
      results[i] = TestIntegration(all[i], notification, tools.clock);
    }
  };
  std::vector<std::jthread> helpers;  // beside this thread
  const size_t threads = std::min(all.size(), kMostAtOnce);
  helpers.reserve(threads);
  for (size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
  helpers.clear();  // waits for them
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
  const auto gate = std::make_shared<TestGate>();
  router.Add("POST", "/outrider/v1/receivers/:name/test",
             ProductRoute([deps, gate](HttpRequest& request) -> StatusOr<HttpResponse> {
               const TestAlert alert = TRY(ReadTestAlert(TRY(request.ReadBody(kMaxBody))));
               const std::shared_ptr<const Receivers> receivers = deps.receivers();
               const std::string& name = request.path_params.at("name");
               const Receiver* receiver = receivers->Find(name);
               if (receiver == nullptr) {
                 return NotFound(fmt::format("no receiver {}", Quote(name)));
               }
               const TestGate::Pass pass = gate->Enter();
               if (pass == nullptr) return TooManyTests();
               return HttpResponse::Json(
                   200, TestResultJson(name, TestReceiver(*receiver, alert, deps.tools)));
             }));
}

}  // namespace outrider
