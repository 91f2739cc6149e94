// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/sns.h"

#include <fmt/format.h>

#include "notifiers/channel/aws_credentials.h"
#include "notifiers/channel/http_channel.h"
#include "storage/base/crypto.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kSnsTemplates = R"TEMPLATE(
{{- define "sns.default.subject" }}{{ template "__subject" . }}{{ end }}
{{- define "sns.default.message" -}}
  {{ template "__common_annotations" . }}{{ template "__alerts_spaced" . }}
{{- end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxMessage = 256 << 10;  // bytes, both
constexpr size_t kMaxSms = 1600;
constexpr size_t kMaxSubject = 99;
constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

constexpr TextDefault kTexts[] = {
    {"api_url", ""},
    {"topic_arn", ""},
    {"phone_number", ""},
    {"target_arn", ""},
    {"subject", R"({{ template "sns.default.subject" . }})"},
    {"message", R"({{ template "sns.default.message" . }})"},
};

struct SnsSettings {
  std::shared_ptr<AwsCredentialSource> credentials;
  SectionTexts texts;
  std::map<std::string, std::string> attributes;
};

bool IsAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

// SNS refuses a message whose subject is longer, has line breaks or is not ASCII.
std::string Subject(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (!IsAscii(text)) {
    std::string plain;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x80) plain += c;
      if (byte >= 0xC0) plain += '?';
    }
    text = plain;
  }
  return text.substr(0, kMaxSubject);
}

// Cut between code points, without a mark, as Alertmanager does (which may cut one in two).
std::string CutBytes(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

class SnsChannel final : public HttpChannel {
 public:
  SnsChannel(HttpChannelParts parts, SnsSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const std::string& region = settings_.credentials->settings().region;
    if (region.empty()) {
      return InvalidArgument("region not configured in sns.sigv4.region or the environment");
    }
    std::string url = attempt.Text(settings_.texts["api_url"]);
    if (url.empty()) url = AwsEndpoint("sns", region);
    if (!url.ends_with('/')) url += '/';
    const std::string body = Body(attempt);
    TRY(attempt.renderer().status());
    AwsCredentials credentials;
    SendResult result = TRY(settings_.credentials->Get(attempt, &credentials));
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    HttpClientRequest request = TRY(attempt.Request("POST", url, kFormType, body));
    const SigV4Request to_sign{
        "POST", url, {{"Content-Type", std::string(kFormType)}}, request.body};
    for (auto& header :
         SigV4Headers(to_sign, credentials, region, "sns", attempt.tools().clock.NowNanos())) {
      request.headers.push_back(std::move(header));
    }
    return ByErrorCode(attempt, TRY(attempt.Call(std::move(request))));
  }

  // Some of AWS' "later" come as 400.
  static SendResult ByErrorCode(const HttpAttempt& attempt, SendResult result) {
    if (result.outcome != SendResult::Outcome::kRejected) return result;
    const std::string code = XmlText(attempt.answer().body, "Code");
    if (code.starts_with("Throttl") || code == "RequestLimitExceeded" ||
        code == "TooManyRequestsException") {
      return attempt.Judged(SendResult::Retry(result.reason, "rateLimited", attempt.RetryAfter()));
    }
    if (code == "ExpiredToken" || code == "RequestExpired" || code == "RequestTimeout") {
      return attempt.Judged(SendResult::Retry(result.reason, "authError"));
    }
    return result;
  }

  // Sorted by key, as Alertmanager's client sends it.
  std::string Body(HttpAttempt& attempt) const {
    const SectionTexts& texts = settings_.texts;
    std::map<std::string, std::string> form = {{"Action", "Publish"}, {"Version", "2010-03-31"}};
    const std::string topic = attempt.Text(texts["topic_arn"]);
    const std::string phone = attempt.Text(texts["phone_number"]);
    const std::string target = attempt.Text(texts["target_arn"]);
    if (!topic.empty()) form["TopicArn"] = topic;
    if (!phone.empty()) form["PhoneNumber"] = phone;
    if (!target.empty()) form["TargetArn"] = target;
    if (topic.ends_with(".fifo")) {
      // Alertmanager's de-duplication id is the group's: SNS then drops a second message within
      // five minutes, e.g. the end. Ours is the message's.
      form["MessageGroupId"] = attempt.GroupHash();
      form["MessageDeduplicationId"] = Sha256Hex(attempt.notification().idempotency_key);
    }
    const std::string message =
        phone.empty() ? WithNoteAndLinks(attempt.notification(), LinkStyle::kPlain,
                                         attempt.Text(texts["message"]))
                      : WithNote(attempt.notification(), attempt.Text(texts["message"]));
    form["Message"] = CutBytes(message, phone.empty() ? kMaxMessage : kMaxSms);
    const std::string subject = Subject(attempt.Text(texts["subject"]));
    if (!subject.empty()) form["Subject"] = subject;
    AddAttributes(attempt, message.size() > form["Message"].size(), &form);
    return FormEncode({form.begin(), form.end()});
  }

  void AddAttributes(HttpAttempt& attempt, bool truncated,
                     std::map<std::string, std::string>* form) const {
    std::map<std::string, std::string> attributes;
    for (const auto& [name, value] : settings_.attributes) {
      attributes[attempt.Text(name)] = attempt.Text(value);
    }
    if (truncated) attributes["truncated"] = "true";
    int number = 0;
    for (const auto& [name, value] : attributes) {
      const std::string entry = fmt::format("MessageAttributes.entry.{}", ++number);
      (*form)[entry + ".Name"] = name;
      (*form)[entry + ".Value.DataType"] = "String";
      (*form)[entry + ".Value.StringValue"] = value;
    }
  }

  const SnsSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeSnsChannel(const YamlNode& section,
                                                  const AlertmanagerConfig& config,
                                                  const ChannelTools* tools) {
  const YamlNode* sigv4 = section.Find("sigv4");
  SnsSettings settings{std::make_shared<AwsCredentialSource>(ReadAwsSettings(
                           sigv4 == nullptr ? YamlNode() : *sigv4, ReadAwsEnvironment())),
                       SectionTexts(section, kTexts), TextMap(section, "attributes")};
  return MakeHttpChannel<SnsChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
