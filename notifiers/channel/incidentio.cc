// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/incidentio.h"

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/payload_json.h"

namespace outrider {

namespace {

constexpr size_t kMaxPayload = 512 << 10;  // bytes

struct IncidentIoSettings {
  Secret url;
  Secret token;  // in place of http_config.authorization
  size_t max_alerts = 0;
};

// What is too large goes with its first alert alone: the status is still that of all.
std::string Payload(Notification shown, size_t limit) {
  const size_t count = shown.alerts.size();
  if (count > limit) shown.alerts.resize(limit);
  const size_t truncated = count - shown.alerts.size();
  std::string body = WebhookPayload(shown, truncated, "1");
  return body.size() > kMaxPayload ? WebhookPayload(shown, truncated, "1", 1) : body;
}

class IncidentIoChannel final : public HttpChannel {
 public:
  IncidentIoChannel(HttpChannelParts parts, IncidentIoSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  // An alert source de-duplicates by group key.
  bool Idempotent() const override { return true; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string url = TRY(attempt.Reveal(settings_.url));
    if (url.empty()) return InvalidArgument("the URL is empty");
    const Notification& notification = attempt.notification();
    const size_t limit = settings_.max_alerts == 0 ? SIZE_MAX : settings_.max_alerts;
    std::string body = Payload(notification, limit);
    HttpClientRequest request =
        TRY(attempt.Request("POST", std::move(url), "application/json", std::move(body)));
    const std::string token = TRY(attempt.Reveal(settings_.token));
    if (!token.empty()) request.bearer_token = token;
    return attempt.Call(std::move(request));
  }

  const IncidentIoSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeIncidentIoChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools) {
  IncidentIoSettings settings{ReadSecret(section, "url", config.file),
                              ReadSecret(section, "alert_source_token", config.file),
                              CountOf(section, "max_alerts")};
  return MakeHttpChannel<IncidentIoChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
