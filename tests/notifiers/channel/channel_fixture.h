// SPDX-License-Identifier: Apache-2.0
// Channels on fake clients: what they would send is kept, what comes back is scripted.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/channel/templates.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "tests/support/fake_clock.h"

namespace outrider {

class FakeHttpClient final : public HttpClient {
 public:
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    requests.push_back(request);
    return answer;
  }
  std::vector<HttpClientRequest> requests;
  StatusOr<HttpClientResponse> answer = HttpClientResponse{200, "ok", false, {}};
};

class FakeSmtpClient final : public SmtpClient {
 public:
  MailResult Send(const MailRequest& request) override {
    requests.push_back(request);
    return answer;
  }
  std::vector<MailRequest> requests;
  MailResult answer{250, true, false, ""};
};

class ChannelFixture : public ::testing::Test {
 protected:
  // One integration of `kind` from YAML text; `global` is the global section.
  StatusOr<Integration> Make(const std::string& kind, const std::string& yaml,
                             const std::string& global = "") {
    AlertmanagerConfig config;
    config.file = "am.yml";
    config.global = ParseYaml(global, "am.yml").value();
    const ChannelTools tools{http_, smtp_, templates_, clock_};
    return MakeIntegration({kind, 0, ParseYaml(yaml, "am.yml").value()}, config, &tools);
  }
  std::string ErrorOf(const std::string& kind, const std::string& yaml,
                      const std::string& global = "") {
    const auto made = Make(kind, yaml, global);
    return made.ok() ? "no error" : Message(made.status());
  }

  static Alert MakeAlert(const char* instance, const char* summary, const char* starts_at) {
    Alert alert;
    alert.labels =
        Labels{{"alertname", "X"}, {"instance", instance}, {"job", "j"}, {"severity", "critical"}};
    alert.annotations["summary"] = summary;
    alert.starts_at.nanos = *ParseRfc3339(starts_at, &alert.starts_at.offset_seconds);
    return alert;
  }
  // The notification whose payloads were recorded from Alertmanager 0.25.
  static Notification Sample() {
    Notification notification;
    notification.idempotency_key = "row-1";
    notification.receiver = "team.a";
    notification.group_key = "{}:{alertname=\"X\"}";
    notification.reason = "first notification";
    notification.alerts = {MakeAlert("a", "s2", "2026-11-21T08:00:00Z"),
                           MakeAlert("b", "s <1> & é", "2026-11-21T08:00:00.123456789+01:00")};
    notification.alerts[1].generator_url = "http://p/g?a=1&b=2";
    notification.group_labels = Labels{{"alertname", "X"}};
    notification.external_url = "http://am.example:9093/x";
    notification.now = *ParseRfc3339("2026-11-21T09:50:16Z");
    return notification;
  }
  // What a page may be answered with: `links`, or with `tokens`, `codes` or a token for `digits`.
  static std::vector<NotificationAction> Actions(const std::string& kind) {
    std::vector<NotificationAction> actions = {
        {"acknowledge", "Acknowledge", "https://o/a/1?x&y", ""},
        {"resolve", "Resolve", "https://o/a/2", ""},
        {"view", "Open", "https://o/a/3", ""}};
    if (kind == "tokens" || kind == "codes") {
      actions[0].token = kind == "codes" ? "1a" : "tok-a";
      actions[1].token = kind == "codes" ? "1r" : "tok-r";
    }
    if (kind == "digits") actions[2].token = "tok-v";
    return actions;
  }
  static std::string Golden(const std::string& name) {
    return ReadFile(OUTRIDER_SOURCE_DIR "/tests/data/payloads/" + name).value();
  }

  FakeClock clock_{*ParseRfc3339("2026-11-21T09:50:16Z")};
  FakeHttpClient http_;
  FakeSmtpClient smtp_;
  tmpl::TemplateSet templates_ = LoadNotificationTemplates({}, ".", &clock_).value();
};

}  // namespace outrider
