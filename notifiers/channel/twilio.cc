// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/twilio.h"

#include <fmt/format.h>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kTooMany = 20429;
constexpr int64_t kQueueFull = 21611;

SendResult ByErrorCode(const HttpAttempt& attempt, SendResult result) {
  if (result.outcome == SendResult::Outcome::kDelivered || attempt.answer().status == 0) {
    return result;
  }
  const JsonValue answer = attempt.AnswerJson();
  const int64_t code = answer.GetInt("code");
  if (code == 0) return result;
  // The text of the answer may quote numbers, but no secret.
  result.reason = fmt::format("Twilio answered {}: {} ({})", attempt.answer().status,
                              answer.GetString("message", "no reason"), code);
  if (code == kTooMany || code == kQueueFull) {
    return attempt.Judged(SendResult::Retry(result.reason, "rateLimited", attempt.RetryAfter()));
  }
  return result;
}

}  // namespace

TwilioSettings ReadTwilioSettings(const YamlNode& section, const AlertmanagerConfig& config) {
  TwilioSettings settings;
  settings.api_url = ScalarText(section, "api_url", "https://api.twilio.com");
  settings.account_sid = ScalarText(section, "account_sid");
  settings.api_key = ScalarText(section, "api_key");
  settings.password =
      ReadSecret(section, settings.api_key.empty() ? "auth_token" : "api_key_secret", config.file);
  settings.from = ScalarText(section, "from");
  settings.to = ScalarText(section, "to");
  settings.status_callback = ScalarText(section, "status_callback");
  return settings;
}

StatusOr<SendResult> AskTwilio(const TwilioSettings& settings, std::string_view resource,
                               TwilioForm form, HttpAttempt& attempt) {
  const std::string to(Trim(attempt.Text(settings.to)));
  const std::string from(Trim(attempt.Text(settings.from)));
  const std::string callback = attempt.Text(settings.status_callback);
  TRY(attempt.renderer().status());
  if (to.empty()) return InvalidArgument("`to` is empty after templating");
  form.emplace(form.begin(), "To", to);
  if (!from.empty()) form.emplace(form.begin() + 1, "From", from);
  if (!callback.empty()) form.emplace_back("StatusCallback", callback);
  const std::string url = JoinUrl(
      settings.api_url,
      fmt::format("2010-04-01/Accounts/{}/{}.json", UrlEncodePath(settings.account_sid), resource));
  HttpClientRequest request =
      TRY(attempt.Request("POST", url, "application/x-www-form-urlencoded", FormEncode(form)));
  request.basic_user = settings.api_key.empty() ? settings.account_sid : settings.api_key;
  request.basic_password = TRY(attempt.Reveal(settings.password));
  attempt.Hide(settings.account_sid);
  return ByErrorCode(attempt, TRY(attempt.Call(std::move(request))));
}

}  // namespace outrider
