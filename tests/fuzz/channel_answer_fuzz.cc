// SPDX-License-Identifier: Apache-2.0
// Answers of services: whatever they say, no channel may crash, forget what a status means to it,
// or show a secret. The first byte chooses the channel, the second the status, the rest is the
// body. Credentials files and rendered texts are read from the same bytes.
#include <cstdlib>

#include "notifiers/channel/aws_credentials.h"
#include "notifiers/channel/gsm7.h"
#include "notifiers/channel/template_tree.h"
#include "notifiers/channel/templates.h"
#include "storage/base/text.h"
#include "tests/support/fake_clock.h"

namespace {

using outrider::AlertmanagerConfig;
using outrider::HttpClientRequest;
using outrider::HttpClientResponse;
using outrider::SendResult;

constexpr std::string_view kSecret = "S3CRET-5";
constexpr std::pair<const char*, const char*> kSections[] = {
    {"discord", "{webhook_url: 'http://h/S3CRET-5'}"},
    {"jira",
     "{api_url: 'http://h', project: p, issue_type: b, reopen_transition: r, resolve_transition: "
     "d}"},
    {"matrix", "{homeserver_url: 'http://h', access_token: S3CRET-5, room_id: '!r:h'}"},
    {"pagerduty", "{routing_key: S3CRET-5}"},
    {"rocketchat", "{token: S3CRET-5, token_id: i}"},
    {"sns", "{topic_arn: a, sigv4: {region: r, access_key: a, secret_key: S3CRET-5, role_arn: r}}"},
    {"telegram", "{bot_token: S3CRET-5, chat_id: 1}"},
    {"twilio_sms", "{account_sid: A, auth_token: S3CRET-5, from: '+1', to: '+2'}"},
    {"wechat", "{api_secret: S3CRET-5, corp_id: c}"},
};
constexpr int kStatuses[] = {200, 201, 302, 400, 401, 403, 404, 408, 429, 500, 503};

class OneAnswer final : public outrider::HttpClient {
 public:
  explicit OneAnswer(HttpClientResponse answer) : answer_(std::move(answer)) {}
  outrider::StatusOr<HttpClientResponse> Do(const HttpClientRequest& /*request*/) override {
    return answer_;
  }

 private:
  const HttpClientResponse answer_;
};

class NoMail final : public outrider::SmtpClient {
 public:
  outrider::MailResult Send(const outrider::MailRequest& /*request*/) override { std::abort(); }
};

outrider::Notification OneAlert() {
  outrider::Notification notification;
  notification.idempotency_key = "k";
  notification.group_key = "{}:{}";
  notification.alerts.emplace_back();
  notification.alerts[0].labels = outrider::Labels{{"alertname", "X"}};
  return notification;
}

void SendOnce(const uint8_t* data, size_t size) {
  const auto& [kind, yaml] = kSections[data[0] % std::size(kSections)];
  HttpClientResponse answer;
  answer.status = kStatuses[data[1] % std::size(kStatuses)];
  answer.body.assign(reinterpret_cast<const char*>(data) + 2, size - 2);
  answer.headers.emplace_back("retry-after", answer.body.substr(0, 40));
  const outrider::FakeClock clock(1'000'000'000'000'000'000);
  OneAnswer http(answer);
  NoMail smtp;
  const auto templates = outrider::LoadNotificationTemplates({}, "", &clock);
  if (!templates.ok()) std::abort();
  const outrider::ChannelTools tools{http, smtp, *templates, clock};
  const auto made = outrider::MakeIntegration({kind, 0, *outrider::ParseYaml(yaml, "f.yml")},
                                              AlertmanagerConfig(), &tools);
  if (!made.ok()) std::abort();
  for (int i = 0; i < 2; ++i) {  // the second finds what the first has kept
    const SendResult result = made->channel->Send(OneAlert());
    const bool taken = result.outcome == SendResult::Outcome::kDelivered;
    if (taken && answer.status >= 300) std::abort();
    if (result.retry_after_ms < 0 || result.retry_after_ms > outrider::kHour) std::abort();
    if (outrider::Contains(result.reason, kSecret) || outrider::Contains(result.answer, kSecret)) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const bool config_file : {false, true}) {
    outrider::AwsProfile profile;
    (void)outrider::ReadAwsProfile(text, "default", config_file, &profile);
  }
  (void)outrider::XmlText(text, "Code");
  if (!outrider::ParseJson(outrider::InlineJson(text)).ok() && outrider::IsValidUtf8(text)) {
    std::abort();
  }
  const std::string cut = outrider::CutSms(outrider::SpellInGsm7(text), 2);
  if (outrider::SmsSegments(cut) > 2) std::abort();
  if (size >= 2) SendOnce(data, size);
  return 0;
}
