// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/slack.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/http_settings.h"
#include "notifiers/channel/slack_message.h"
#include "notifiers/config/schema.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kPostMessage = "chat.postMessage";
constexpr std::string_view kUpdate = "chat.update";
constexpr const char* kApi = "https://slack.com/api/chat.postMessage";

struct SlackSettings {
  Secret api_url;  // an incoming webhook, or the API's method with a token in `http`
  bool update_message = false;
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

// An update that Slack refuses because its message cannot be changed (any more): told anew instead.
bool CannotUpdate(const std::string& reason) {
  for (const char* error :
       {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}) {
    if (Contains(reason, error)) return true;
  }
  return false;
}

// Where the group's message stands, as Alertmanager's log has it.
SlackPlace ReadPlace(const std::string& receiver_data) {
  const StatusOr<JsonValue> json = ParseJson(receiver_data);
  if (!json.ok()) return {};
  return {json->GetString("channelId"), json->GetString("threadTs")};
}
std::string PlaceText(const SlackPlace& place) {
  std::string out;
  JsonWriter(&out)
      .StartObject()
      .Key("channelId")
      .String(place.channel)
      .Key("threadTs")
      .String(place.ts)
      .EndObject();
  return out;
}

// The method beside the one that posts.
std::string UpdateUrl(std::string url) {
  if (!url.ends_with(kPostMessage)) return "https://slack.com/api/chat.update";
  return url.replace(url.size() - kPostMessage.size(), kPostMessage.size(), kUpdate);
}

class SlackChannel final : public Channel {
 public:
  SlackChannel(SlackSettings settings, const ChannelTools& tools)
      : settings_(std::move(settings)), tools_(tools) {}

  SendResult Send(const Notification& notification) override {
    const SlackPlace place =
        settings_.update_message ? ReadPlace(notification.receiver_data) : SlackPlace();
    if (!place.known()) return Try(notification, {});
    const SendResult updated = Try(notification, place);
    const bool anew =
        updated.outcome == SendResult::Outcome::kRejected && CannotUpdate(updated.reason);
    return anew ? Try(notification, {}) : updated;
  }
  bool Idempotent() const override { return false; }

 private:
  SendResult Try(const Notification& notification, const SlackPlace& place) const {
    const SlackBody body = SlackJson(settings_.message, notification, place, tools_.templates);
    const StatusOr<HttpClientRequest> request = Build(notification, place, body.json);
    if (!request.ok()) return NotSendable(request.status());
    const StatusOr<HttpClientResponse> response = tools_.http.Do(*request);
    const SendResult result = HttpOutcome(*request, response, tools_.clock.NowNanos());
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    SendResult read = ReadAnswer(*request, *response, place);
    read.status = result.status;
    read.answer = result.answer;
    if (!body.templates.ok() && read.outcome == SendResult::Outcome::kDelivered) {
      read.reason = "without a text whose template failed: " + Message(body.templates);
    }
    return read;
  }

  StatusOr<HttpClientRequest> Build(const Notification& notification, const SlackPlace& place,
                                    const std::string& body) const {
    std::string url = TRY(settings_.api_url.Read());
    if (url.empty()) return InvalidArgument("slack api_url is empty");
    if (place.known()) url = UpdateUrl(std::move(url));
    HttpClientRequest request = TRY(JsonRequest(settings_.http, std::move(url), body,
                                                settings_.timeout_nanos / kNanosPerMilli));
    if (place.known()) {  // another call of the same attempt may follow
      request.headers.emplace_back("Idempotency-Key", notification.idempotency_key + "-update");
    }
    TieToNotification(notification, tools_.clock, &request);
    request.fresh_connection = true;  // Slack does not know the key
    for (std::string& part : SecretPartsOf(request.url)) request.secrets.push_back(std::move(part));
    return request;
  }

  // A 2xx answer still says whether the message was taken: `ok`, or JSON with "ok".
  SendResult ReadAnswer(const HttpClientRequest& request, const HttpClientResponse& response,
                        const SlackPlace& place) const {
    const std::string_view body = Trim(response.body);
    const int64_t after = ParseRetryAfter(response.Header("retry-after"), tools_.clock.NowNanos());
    if (body == "ok" || response.body_cut) return SendResult::Delivered();
    if (!body.starts_with('{')) return ByError(Excerpt(request, body), after);
    const StatusOr<JsonValue> json = ParseJson(body);
    if (!json.ok()) return SendResult::Retry("Slack's answer is not JSON", "clientError", after);
    if (!json->GetBool("ok")) {
      return ByError(Excerpt(request, json->GetString("error", "unknown error")), after);
    }
    SendResult delivered = SendResult::Delivered();
    if (!settings_.update_message) return delivered;
    const SlackPlace told{json->GetString("channel"), json->GetString("ts")};
    if (told.known() || place.known()) {
      delivered.receiver_data = PlaceText(told.known() ? told : place);
    }
    return delivered;
  }

  const SlackSettings settings_;
  const ChannelTools tools_;
};

// The token of a Slack app: the section's, or the global one where the section has no other way.
Secret ReadToken(const YamlNode& section, const YamlNode& global, const std::string& file) {
  Secret token = ReadSecret(section, "app_token", file);
  const YamlNode* http = section.IsMap() ? section.Find("http_config") : nullptr;
  const bool own_way = !ReadSecret(section, "api_url", file).empty() ||
                       (http != nullptr && IsSet(*http, "authorization"));
  if (token.empty() && !own_way) token = ReadSecret(global, "slack_app_token", file);
  return token;
}

// An app's messages go to the API's method, with the token as authorization.
Status UseToken(const Secret& token, const YamlNode& section, const AlertmanagerConfig& config,
                SlackSettings* settings) {
  if (!settings->http.credentials.empty()) {
    return YamlError(config.file, section,
                     "http authorization can't be set when using Slack App tokens");
  }
  settings->http.authorization_type = "Bearer";
  settings->http.credentials = token;
  settings->api_url = ReadSecret(section, "app_url", config.global, "slack_app_url", config.file);
  if (settings->api_url.empty()) settings->api_url.value = kApi;
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
  reader.Bool("update_message", &settings.update_message);
  for (const char* elsewhere : {"api_url", "api_url_file", "app_token", "app_token_file", "app_url",
                                "send_resolved", "http_config"}) {
    reader.Child(elsewhere);
  }
  TRY(reader.Finish());
  settings.api_url = ReadSecret(section, "api_url", config.global, "slack_api_url", config.file);
  settings.http = TRY(ReadHttpSettings(section, config));
  const Secret token = ReadToken(section, config.global, config.file);
  if (!token.empty()) TRY(UseToken(token, section, config, &settings));
  std::unique_ptr<Channel> channel;
  if (tools == nullptr) return channel;
  return std::unique_ptr<Channel>(std::make_unique<SlackChannel>(std::move(settings), *tools));
}

}  // namespace outrider
