// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/slack.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/channel/slack_message.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct SlackSettings {
  Secret api_url;
  SlackMessage message;
  int64_t timeout_nanos = 0;
  HttpSettings http;
};

// Errors that Slack reports with HTTP 200, and what they mean.
struct SlackError {
  std::string_view error;
  SendResult::Outcome outcome;
  const char* code;
};
constexpr SlackError kErrors[] = {
    {"ratelimited", SendResult::Outcome::kRetry, "rateLimited"},
    {"rate_limited", SendResult::Outcome::kRetry, "rateLimited"},
    {"message_limit_exceeded", SendResult::Outcome::kRetry, "rateLimited"},
    {"internal_error", SendResult::Outcome::kRetry, "serverError"},
    {"fatal_error", SendResult::Outcome::kRetry, "serverError"},
    {"invalid_auth", SendResult::Outcome::kRejected, "authError"},
    {"token_revoked", SendResult::Outcome::kRejected, "authError"},
    {"account_inactive", SendResult::Outcome::kRejected, "authError"},
};

SendResult ByError(const std::string& error, int64_t retry_after_ms) {
  const std::string reason = fmt::format("Slack answered: {}", error);
  for (const SlackError& row : kErrors) {
    if (row.error != error) continue;
    if (row.outcome == SendResult::Outcome::kRejected)
      return SendResult::Rejected(reason, row.code);
    return SendResult::Retry(reason, row.code, retry_after_ms);
  }
  return SendResult::Rejected(reason, "clientError");
}

class SlackChannel final : public Channel {
 public:
  SlackChannel(SlackSettings settings, const ChannelTools& tools)
      : settings_(std::move(settings)), tools_(tools) {}

  SendResult Send(const Notification& notification) override {
    const StatusOr<HttpClientRequest> request = Build(notification);
    if (!request.ok()) return NotSendable(request.status());
    const StatusOr<HttpClientResponse> response = tools_.http.Do(*request);
    SendResult result = HttpOutcome(*request, response, tools_.clock.NowNanos());
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    return ReadAnswer(*request, *response);
  }
  bool Idempotent() const override { return false; }

 private:
  StatusOr<HttpClientRequest> Build(const Notification& notification) const {
    const std::string url = TRY(settings_.api_url.Read());
    if (url.empty()) return InvalidArgument("slack api_url is empty");
    const std::string body = TRY(SlackJson(settings_.message, notification, tools_.templates));
    return JsonRequest(settings_.http, url, body, settings_.timeout_nanos / kNanosPerMilli);
  }

  // A 2xx answer still says whether the message was taken: `ok`, or JSON with "ok".
  SendResult ReadAnswer(const HttpClientRequest& request,
                        const HttpClientResponse& response) const {
    const std::string_view body = Trim(response.body);
    const int64_t after = ParseRetryAfter(response.Header("retry-after"), tools_.clock.NowNanos());
    if (body == "ok" || response.body_cut) return SendResult::Delivered();
    if (!body.starts_with('{')) return ByError(Excerpt(request, body), after);
    const StatusOr<JsonValue> json = ParseJson(body);
    if (!json.ok()) return SendResult::Rejected("Slack's answer is not JSON", "clientError");
    if (json->GetBool("ok")) return SendResult::Delivered();
    return ByError(Excerpt(request, json->GetString("error", "unknown error")), after);
  }

  const SlackSettings settings_;
  const ChannelTools tools_;
};

// Every template of the section parses.
Status CheckTemplates(const SlackMessage& message, const tmpl::TemplateSet& templates) {
  for (const auto& [key, text] : message.texts) {
    const Status valid = templates.Check(text);
    if (!valid.ok()) return Annotate(valid, key);
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeSlackChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools) {
  SlackSettings settings;
  YamlReader reader(section, config.file, "slack_configs");
  settings.message = ReadSlackMessage(&reader, config.file);
  reader.GoDuration("timeout", &settings.timeout_nanos);
  bool update_message = false;
  reader.Bool("update_message", &update_message);
  if (update_message)
    reader.Fail("update_message", "slack_configs: update_message is not supported yet");
  for (const char* elsewhere : {"api_url", "api_url_file", "app_token", "app_token_file", "app_url",
                                "send_resolved", "http_config"}) {
    reader.Child(elsewhere);
  }
  TRY(reader.Finish());
  settings.api_url = ReadSecret(section, "api_url", config.global, "slack_api_url", config.file);
  const bool own_token = !ReadSecret(section, "app_token", config.file).empty();
  if (own_token || settings.api_url.empty()) {
    return YamlError(config.file, section,
                     "slack_configs: app tokens are not supported yet; set api_url (an incoming "
                     "webhook) or global slack_api_url");
  }
  settings.http = TRY(ReadHttpSettings(section, config));
  std::unique_ptr<Channel> channel;
  if (tools == nullptr) return channel;
  const Status valid = CheckTemplates(settings.message, tools->templates);
  if (!valid.ok()) return YamlError(config.file, section, Message(valid));
  return std::unique_ptr<Channel>(std::make_unique<SlackChannel>(std::move(settings), *tools));
}

}  // namespace outrider
