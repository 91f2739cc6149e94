// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/signed_webhook.h"

#include <fmt/format.h>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/payload_json.h"
#include "storage/base/crypto.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct SignedWebhookSettings {
  Secret url;
  Secret secret;
  size_t max_alerts = 0;  // 0: all
};

class SignedWebhookChannel final : public HttpChannel {
 public:
  SignedWebhookChannel(HttpChannelParts parts, SignedWebhookSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return true; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string url = TRY(attempt.Reveal(settings_.url));
    const std::string secret = TRY(attempt.Reveal(settings_.secret));
    if (url.empty() || secret.empty()) return InvalidArgument("the URL or the secret is empty");
    Notification shown = attempt.notification();
    const size_t count = shown.alerts.size();
    if (settings_.max_alerts > 0 && count > settings_.max_alerts) {
      shown.alerts.resize(settings_.max_alerts);
    }
    HttpClientRequest request =
        TRY(attempt.Request("POST", std::move(url), "application/json",
                            WebhookPayload(shown, count - shown.alerts.size())));
    // The time of the attempt, not of the decision: receivers refuse old ones.
    const std::string time = std::to_string(attempt.tools().clock.NowNanos() / kNanosPerSecond);
    request.headers.emplace_back("X-Outrider-Timestamp", time);
    request.headers.emplace_back(
        "X-Outrider-Signature",
        "v1=" + HexEncode(HmacSha256(secret, fmt::format("{}.{}", time, request.body))));
    return attempt.Call(std::move(request));
  }

  const SignedWebhookSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeSignedWebhookChannel(const YamlNode& section,
                                                            const AlertmanagerConfig& config,
                                                            const ChannelTools* tools) {
  SignedWebhookSettings settings{ReadSecret(section, "url", config.file),
                                 ReadSecret(section, "secret", config.file),
                                 CountOf(section, "max_alerts")};
  return MakeHttpChannel<SignedWebhookChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
