// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/http_channel.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/channel/http_outcome.h"
#include "notifiers/channel/notification_data.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/crypto.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxAnswer = 256;  // bytes of SendResult::answer

}  // namespace

HttpAttempt::HttpAttempt(const HttpChannelParts& parts, const Notification& notification,
                         bool idempotent)
    : parts_(parts),
      notification_(notification),
      idempotent_(idempotent),
      renderer_(parts.tools.templates, notification),
      firing_(NotificationStatus(notification, notification.alerts) == "firing") {}

std::string HttpAttempt::GroupHash() const { return Sha256Hex(notification_.group_key); }

StatusOr<std::string> HttpAttempt::Reveal(const Secret& secret) {
  std::string value = TRY(secret.Read());
  Hide(value);
  for (std::string& part : SecretPartsOf(value)) Hide(std::move(part));
  return value;
}
StatusOr<HttpClientRequest> HttpAttempt::Request(std::string method, std::string url,
                                                 std::string_view content_type,
                                                 std::string body) const {
  HttpClientRequest request =
      TRY(JsonRequest(parts_.http, std::move(url), std::move(body), parts_.timeout));
  request.method = std::move(method);
  std::erase_if(request.headers,
                [](const auto& header) { return ToLower(header.first) == "content-type"; });
  if (!content_type.empty()) request.headers.emplace_back("Content-Type", content_type);
  return request;
}

StatusOr<SendResult> HttpAttempt::Call(HttpClientRequest request, std::string_view suffix) {
  TRY(renderer_.status());
  request.headers.emplace_back("Idempotency-Key",
                               fmt::format("{}{}", notification_.idempotency_key, suffix));
  request.fresh_connection = !idempotent_;
  TieToNotification(notification_, parts_.tools.clock, &request);
  for (const auto& [name, value] : request.headers) {
    if (ToLower(name) == "authorization") Hide(value.substr(value.find(' ') + 1));
  }
  for (const std::string& secret : request.secrets) Hide(secret);
  answer_ = {};
  answer_text_.clear();
  StatusOr<HttpClientResponse> response = parts_.tools.http.Do(request);
  if (response.ok()) {
    answer_ = *response;
    // Before anything is cut: half a secret would not be found any more.
    for (const std::string& secret : hidden_) {
      response->body = Redacted(std::move(response->body), secret);
    }
    answer_text_ = Excerpt(request, response->body);
  }
  return Judged(HttpOutcome(request, response, parts_.tools.clock.NowNanos()));
}

StatusOr<SendResult> HttpAttempt::PostJson(std::string url, std::string body) {
  if (url.empty()) return InvalidArgument("the URL is empty");
  return Call(TRY(Request("POST", std::move(url), "application/json", std::move(body))));
}

JsonValue HttpAttempt::AnswerJson() const {
  StatusOr<JsonValue> json = ParseJson(answer_.body);
  return json.ok() ? *std::move(json) : JsonValue();
}

int64_t HttpAttempt::RetryAfter() const {
  return ParseRetryAfter(answer_.Header("retry-after"), parts_.tools.clock.NowNanos());
}

SendResult HttpAttempt::Judged(SendResult result) const {
  result.status = answer_.status;
  result.answer = answer_text_;
  return result;
}

SendResult HttpAttempt::Scrubbed(SendResult result) const {
  for (const std::string& secret : hidden_) {
    result.reason = Redacted(std::move(result.reason), secret);
    result.answer = Redacted(std::move(result.answer), secret);
  }
  result.answer = TruncateBytes(std::move(result.answer), kMaxAnswer);
  return result;
}

SendResult HttpChannel::Send(const Notification& notification) {
  HttpAttempt attempt(parts_, notification, Idempotent());
  StatusOr<SendResult> result = Try(attempt);
  return attempt.Scrubbed(result.ok() ? *std::move(result) : NotSendable(result.status()));
}

StatusOr<HttpChannelParts> ReadHttpParts(const YamlNode& section, const AlertmanagerConfig& config,
                                         const ChannelTools& tools) {
  return HttpChannelParts{tools, TRY(ReadHttpSettings(section, config)),
                          GoDurationOf(section, "timeout") / kNanosPerMilli};
}

int64_t CappedWait(double milliseconds) {
  if (!(milliseconds > 0)) return 0;  // NaN too
  return static_cast<int64_t>(std::min(milliseconds, static_cast<double>(kHour)));
}

void AddText(JsonWriter* json, std::string_view key, std::string_view text) {
  if (!text.empty()) json->Key(key).String(text);
}

std::string JoinUrl(const std::string& base, std::string_view path) {
  const size_t query = std::min(base.find_first_of("?#"), base.size());
  std::string url = base.substr(0, query);
  if (!url.ends_with('/')) url += '/';
  while (path.starts_with('/')) path.remove_prefix(1);
  url += path;
  return url + base.substr(query);
}

std::string EscapedPath(std::string_view text) {
  std::string out;
  for (const std::string_view part : Split(text, '/')) out += "/" + UrlEncodePath(part);
  return out.substr(1);
}

std::string WithQuery(std::string url, std::string_view name, std::string_view value) {
  const size_t fragment = url.find('#');
  if (fragment != std::string::npos) url.resize(fragment);
  url += url.find('?') == std::string::npos ? '?' : '&';
  return url + UrlEncodeQuery(name) + "=" + UrlEncodeQuery(value);
}

std::string FormEncode(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += UrlEncodeQuery(name) + "=" + UrlEncodeQuery(value);
  }
  return out;
}

}  // namespace outrider
