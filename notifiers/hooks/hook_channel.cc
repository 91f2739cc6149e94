// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/channel/secret.h"
#include "notifiers/hooks/hook_formats.h"
#include "storage/base/crypto.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kTimeout = 10 * kSecond;
constexpr DurationMs kFirstBackoff = kSecond;
constexpr DurationMs kLongestBackoff = 60 * kSecond;

std::string Signature(const std::string& secret, const std::string& text) {
  return "sha256=" + HexEncode(HmacSha256(secret, text));
}

// Whole code points of at most `limit` bytes.
std::string Kept(const std::string& text, size_t limit) {
  size_t end = std::min(text.size(), limit);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

HookDelivery FreshDelivery(const Hook& hook, const HookMessage& message, const std::string& key,
                           const std::string& body, Nanos now) {
  HookDelivery delivery;
  delivery.hook_id = hook.id;
  delivery.message_key = key;
  delivery.alert_id = message.alert_id;
  delivery.created_at = now;
  delivery.payload = Kept(body, kMaxKeptPayload);
  return delivery;
}

// Slack, Discord and Teams do not know the Idempotency-Key.
bool KnowsKeys(const Hook& hook) { return hook.type == HookType::kGeneric; }

// What an outcome means for a webhook, which has its own number of attempts and delays.
SendResult Limited(SendResult result, int attempts, int retries) {
  if (result.outcome != SendResult::Outcome::kRetry) return result;
  if (attempts > retries) {
    result.outcome = SendResult::Outcome::kRejected;
    result.given_up = true;
    if (retries > 0) {
      result.reason = fmt::format("{} (given up after {} attempts)", result.reason, attempts);
    }
    result.retry_after_ms = 0;
    return result;
  }
  result.retry_after_ms = std::max(result.retry_after_ms, HookBackoff(attempts));
  return result;
}

void Apply(const SendResult& result, const StatusOr<HttpClientResponse>& response,
           const HttpClientRequest& request, Nanos now, HookDelivery* delivery) {
  delivery->status = response.ok() ? response->status : 0;
  // Before it is cut: half a secret would not be found any more.
  const std::string answer = response.ok() ? WithoutSecrets(request, response->body) : "";
  delivery->answer = std::string(RunePrefix(answer, kMaxKeptAnswer));
  delivery->last_attempt_at = now;
  delivery->next_retry_at = 0;
  delivery->error = result.reason;
  switch (result.outcome) {
    case SendResult::Outcome::kDelivered:
      delivery->state = HookDeliveryState::kDelivered;
      break;
    case SendResult::Outcome::kRejected:
      delivery->state = HookDeliveryState::kFailed;
      break;
    case SendResult::Outcome::kRetry:
      delivery->state = HookDeliveryState::kRetrying;
      delivery->next_retry_at = now + result.retry_after_ms * kNanosPerMilli;
      break;
  }
}

class HookChannel final : public Channel {
 public:
  HookChannel(std::string hook_id, IncidentsConfig severities, HookTools tools)
      : hook_id_(std::move(hook_id)),
        severities_(std::move(severities)),
        tools_(std::move(tools)) {}

  SendResult Send(const Notification& notification) override {
    const StatusOr<Hook> hook = tools_.store.Find(hook_id_);
    if (!hook.ok() || !hook->enabled) {
      constexpr const char* kGone = "the webhook was deleted or disabled";
      const Status ended = tools_.store.Abandon(hook_id_, notification.idempotency_key, kGone);
      if (!ended.ok()) LogWarn("a webhook's log", {{"err", Message(ended)}});
      return SendResult::Rejected(kGone, "other");
    }
    if (notification.alerts.empty()) return SendResult::Rejected("there is no alert", "other");
    const Alert& alert = notification.alerts.front();
    HookMessage message =
        MakeHookMessage(alert, SeverityOf(severities_, alert.labels.Get("severity")));
    // Its route groups by all labels; others that name it as a receiver may not.
    if (notification.alerts.size() > 1) {
      message.description += fmt::format(" (and {} more alerts)", notification.alerts.size() - 1);
    }
    if (!notification.note.empty()) message.description += " (" + notification.note + ")";
    return AttemptHook(*hook, message, notification, tools_, kHookRetries);
  }
  bool Idempotent() const override {
    const StatusOr<Hook> hook = tools_.store.Find(hook_id_);
    return hook.ok() && KnowsKeys(*hook);
  }

 private:
  const std::string hook_id_;
  const IncidentsConfig severities_;
  const HookTools tools_;
};

}  // namespace

HttpClientRequest HookRequest(const Hook& hook, const std::string& body,
                              const std::string& message_key, const HookTools& tools) {
  HttpClientRequest request;
  request.url = hook.url;
  request.secrets = SecretPartsOf(hook.url);
  request.secrets.push_back(hook.secret);
  request.body = body;
  request.timeout = kTimeout;
  request.guard_address = true;
  request.allowed_networks = tools.allowed_networks;
  request.headers = {{"Content-Type", "application/json"}};
  for (const auto& [name, value] : hook.headers) request.headers.emplace_back(name, value);
  request.headers.emplace_back("Idempotency-Key", message_key);
  if (hook.secret.empty()) return request;
  const std::string now = std::to_string(tools.clock.NowNanos() / kNanosPerSecond);
  request.headers.emplace_back("X-KubeOpt-Signature", Signature(hook.secret, body));
  request.headers.emplace_back("X-Outrider-Timestamp", now);
  request.headers.emplace_back("X-Outrider-Signature",
                               Signature(hook.secret, fmt::format("{}.{}", now, body)));
  return request;
}

DurationMs HookBackoff(int attempts) {
  const int doublings = std::clamp(attempts - 1, 0, 6);
  return std::min(kFirstBackoff << doublings, kLongestBackoff);
}

SendResult AttemptHook(const Hook& hook, const HookMessage& message,
                       const Notification& notification, const HookTools& tools, int retries) {
  const std::string body = HookBody(hook, message);
  const std::string& key = notification.idempotency_key;
  // Without its log a message is sent nevertheless: somebody waits for it.
  StatusOr<HookDelivery> begun =
      tools.store.Begin(FreshDelivery(hook, message, key, body, tools.clock.NowNanos()));
  HookDelivery delivery = begun.ok() ? *begun : HookDelivery();
  if (!begun.ok()) LogWarn("a webhook's log", {{"err", Message(begun.status())}});
  HttpClientRequest request = HookRequest(hook, body, key, tools);
  request.fresh_connection = !KnowsKeys(hook);
  TieToNotification(notification, tools.clock, &request);
  const StatusOr<HttpClientResponse> response = tools.http.Do(request);
  const Nanos now = tools.clock.NowNanos();
  ++delivery.attempts;
  const SendResult result =
      Limited(HttpOutcome(request, response, now), delivery.attempts, retries);
  Apply(result, response, request, now, &delivery);
  const Status recorded = begun.ok() ? tools.store.Record(delivery) : absl::OkStatus();
  if (!recorded.ok()) LogWarn("a webhook's log", {{"err", Message(recorded)}});
  return result;
}

std::unique_ptr<Channel> MakeHookChannel(std::string hook_id, IncidentsConfig severities,
                                         HookTools tools) {
  return std::make_unique<HookChannel>(std::move(hook_id), std::move(severities), std::move(tools));
}

}  // namespace outrider
