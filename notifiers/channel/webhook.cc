// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/webhook.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/channel/message_renderer.h"
#include "notifiers/channel/payload_json.h"
#include "notifiers/channel/template_tree.h"
#include "notifiers/config/schema.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct WebhookSettings {
  Secret url;
  int64_t max_alerts = 0;  // 0: all
  int64_t timeout_nanos = 0;
  YamlNode payload;  // null: Alertmanager's own
  HttpSettings http;
};

// What stands in a URL behind its server and may not be sent as it is: blanks, quotes, letters
// beyond ASCII. Labels bring them in; Alertmanager encodes them, too.
std::string EncodedUrl(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t server_end =
      url.find_first_of("/?", scheme == std::string_view::npos ? 0 : scheme + 3);
  std::string out(url.substr(0, server_end));
  if (server_end == std::string_view::npos) return out;
  for (const char c : url.substr(server_end)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool as_it_is = byte > 0x20 && byte < 0x7f &&
                          std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
    if (as_it_is) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

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
  // Alertmanager's own body of all alerts is made of them as they are; what a file says of the URL
  // is seen too late.
  bool ReadsPacked() const override {
    return settings_.max_alerts == 0 && settings_.payload.IsNull() && settings_.url.file.empty() &&
           !Contains(settings_.url.value, "{{");
  }

 private:
  StatusOr<HttpClientRequest> Build(const Notification& notification) const {
    const auto limit = static_cast<size_t>(settings_.max_alerts);
    const size_t count = notification.alerts.size();
    const size_t truncated = limit > 0 && count > limit ? count - limit : 0;
    Notification cut;
    if (truncated > 0) {
      cut = notification;
      cut.alerts.resize(count - truncated);
    }
    const Notification& shown = truncated > 0 ? cut : notification;
    std::string text = TRY(settings_.url.Read());
    const bool url_is_template = Contains(text, "{{");
    // Most webhooks have no template: what one would see is not made for them.
    std::optional<MessageRenderer> renderer;
    if (url_is_template || !settings_.payload.IsNull()) renderer.emplace(tools_.templates, shown);
    if (url_is_template) text = renderer->Text(text);
    if (url_is_template) TRY(renderer->status());
    std::string url = EncodedUrl(Trim(text));
    if (url.empty()) return InvalidArgument("webhook url is empty after templating");
    std::string body = settings_.payload.IsNull() ? WebhookPayload(shown, truncated)
                                                  : TreeJson(settings_.payload, *renderer) + "\n";
    if (renderer) TRY(renderer->status());
    HttpClientRequest request = TRY(JsonRequest(settings_.http, std::move(url), std::move(body),
                                                settings_.timeout_nanos / kNanosPerMilli));
    for (std::string& part : SecretPartsOf(request.url)) request.secrets.push_back(std::move(part));
    TieToNotification(notification, tools_.clock, &request);
    return request;
  }

  const WebhookSettings settings_;
  const ChannelTools tools_;
};

// A URL that is no template names its scheme already.
Status CheckUrl(const std::string& url, const YamlNode& section, const std::string& file) {
  if (url.empty() || url == kSecretText || Contains(url, "{{")) return absl::OkStatus();
  const Status valid = CheckHttpUrl(url);
  return valid.ok() ? valid : YamlError(file, *section.Find("url"), Message(valid));
}

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
  if (const YamlNode* payload = reader.Child("payload")) settings.payload = *payload;
  for (const char* elsewhere : {"url", "url_file", "send_resolved", "http_config"}) {
    reader.Child(elsewhere);
  }
  TRY(reader.Finish());
  settings.url = ReadSecret(section, "url", config.file);
  TRY(CheckUrl(settings.url.value, section, config.file));
  settings.http = TRY(ReadHttpSettings(section, config));
  std::unique_ptr<Channel> channel;
  if (tools == nullptr) return channel;
  return std::unique_ptr<Channel>(std::make_unique<WebhookChannel>(std::move(settings), *tools));
}

}  // namespace outrider
