// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/webhook.h"

#include <utility>

#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/channel/notification_data.h"
#include "notifiers/channel/payload_json.h"
#include "notifiers/config/schema.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct WebhookSettings {
  Secret url;
  int64_t max_alerts = 0;  // 0: all
  int64_t timeout_nanos = 0;
  HttpSettings http;
};

class WebhookChannel final : public Channel {
 public:
  WebhookChannel(WebhookSettings settings, const ChannelTools& tools)
      : settings_(std::move(settings)), tools_(tools) {}

  SendResult Send(const Notification& notification) override {
    const StatusOr<HttpClientRequest> request = Build(notification);
    if (!request.ok()) return NotSendable(request.status());
    return HttpOutcome(*request, tools_.http.Do(*request), tools_.clock.NowNanos());
  }
  bool Idempotent() const override { return true; }

 private:
  StatusOr<HttpClientRequest> Build(const Notification& notification) const {
    const std::string text = TRY(settings_.url.Read());
    std::string url =
        std::string(Trim(TRY(tools_.templates.ExecuteText(text, NotificationData(notification)))));
    if (url.empty()) return InvalidArgument("webhook url is empty after templating");
    const auto limit = static_cast<size_t>(settings_.max_alerts);
    const size_t count = notification.alerts.size();
    const size_t truncated = limit > 0 && count > limit ? count - limit : 0;
    Notification shown = notification;
    shown.alerts.resize(count - truncated);
    HttpClientRequest request =
        TRY(JsonRequest(settings_.http, std::move(url), WebhookPayload(shown, truncated),
                        settings_.timeout_nanos / kNanosPerMilli));
    request.headers.emplace_back("Idempotency-Key", notification.idempotency_key);
    return request;
  }

  const WebhookSettings settings_;
  const ChannelTools tools_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeWebhookChannel(const YamlNode& section,
                                                      const AlertmanagerConfig& config,
                                                      const ChannelTools* tools) {
  WebhookSettings settings;
  YamlReader reader(section, config.file, "webhook_configs");
  if (reader.Int("max_alerts", &settings.max_alerts) && settings.max_alerts < 0) {
    reader.Fail("max_alerts", "max_alerts must not be negative");
  }
  reader.GoDuration("timeout", &settings.timeout_nanos);
  if (IsSet(section, "payload")) {
    reader.Fail("payload", "webhook_configs: payload is not supported yet");
  }
  for (const char* elsewhere : {"url", "url_file", "send_resolved", "http_config", "payload"}) {
    reader.Child(elsewhere);
  }
  TRY(reader.Finish());
  settings.url = ReadSecret(section, "url", config.file);
  settings.http = TRY(ReadHttpSettings(section, config));
  std::unique_ptr<Channel> channel;
  if (tools == nullptr) return channel;
  const Status valid = tools->templates.Check(settings.url.value);
  if (!valid.ok()) return YamlError(config.file, *section.Find("url"), Message(valid));
  return std::unique_ptr<Channel>(std::make_unique<WebhookChannel>(std::move(settings), *tools));
}

}  // namespace outrider
