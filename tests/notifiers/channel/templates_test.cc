// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/templates.h"

#include <gmock/gmock.h>

#include "notifiers/channel/notification_data.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "tests/notifiers/channel/channel_fixture.h"

namespace outrider {
namespace {

class TemplatesTest : public ChannelFixture {
 protected:
  std::string Render(const std::string& text, const Notification& notification) {
    const auto out = templates_.ExecuteText(text, NotificationData(notification));
    return out.ok() ? *out : "!! " + Message(out.status());
  }
};

// Agrees with amtool template render 0.25 on the same data, but for String and Join, which came
// later. the function.
TEST_F(TemplatesTest, DataAndMethods) {
  const std::pair<const char*, const char*> cases[] = {
      {"{{ template \"__subject\" . }}", "[FIRING:2] X (j critical)"},
      {"{{ .Receiver }} {{ .Status }} {{ .NotificationReason }}",
       "team\\.a firing first notification"},
      {"{{ len .Alerts }} {{ len .Alerts.Firing }} {{ len .Alerts.Resolved }}", "2 2 0"},
      {"{{ range .Alerts }}{{ .Labels.instance }}:{{ .Status }}:{{ .Fingerprint }} {{ end }}",
       "a:firing:0c291214f4724287 b:firing:adb797e3c2436e34 "},
      {"{{ (index .Alerts 1).StartsAt }} {{ (index .Alerts 1).EndsAt.IsZero }}",
       "2026-11-21 08:00:00.123456789 +0100 +0100 true"},
      {"{{ .CommonLabels }} {{ .CommonLabels.missing }}", "alertname=X, job=j, severity=critical "},
      {"{{ .CommonLabels.Names }} {{ .CommonLabels.Values }}",
       "[alertname job severity] [X j critical]"},
      {"{{ (.CommonLabels.Remove (stringSlice \"job\")).SortedPairs }}",
       "alertname=X, severity=critical"},
      {"{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}",
       "alertname=X;job=j;severity=critical;"},
      {"{{ .CommonLabels.SortedPairs.Values | join \",\" }} {{ .CommonLabels.Names.Join \"-\" }}",
       "X,j,critical alertname-job-severity"},
      {"{{ template \"__text_alert_list\" .Alerts }}",
       "Labels:\n - alertname = X\n - instance = a\n - job = j\n - severity = "
       "critical\nAnnotations:\n - "
       "summary = s2\nSource: \nLabels:\n - alertname = X\n - instance = b\n - job = j\n - "
       "severity = "
       "critical\nAnnotations:\n - summary = s <1> & é\nSource: http://p/g?a=1&b=2\n"},
      {"{{ (index .Alerts 0).StartsAt | since | humanizeDuration }} {{ now.Unix }}",
       "1h 50m 16s 1795254616"},
      {"{{ .CommonLabels.SortedPairs | toJson }}",
       R"([{"Name":"alertname","Value":"X"},{"Name":"job","Value":"j"},)"
       R"({"Name":"severity","Value":"critical"}])"},
      {"{{ .ExternalURL }} {{ .GroupLabels.alertname }} {{ .RouteLabels }}",
       "http://am.example:9093/x X "},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(Render(text, Sample()), want) << text;
}

// The keys of Alertmanager's template.Data, and no others.
TEST_F(TemplatesTest, DotAsJson) {
  Notification one = Sample();
  one.alerts.resize(1);
  one.note = "late";
  EXPECT_EQ(Render("{{ . | toJson }}", one),
            R"({"receiver":"team\\.a","status":"firing","alerts":[{"status":"firing","labels":)"
            R"({"alertname":"X","instance":"a","job":"j","severity":"critical"},"annotations":)"
            R"({"summary":"s2"},"startsAt":"2026-11-21T08:00:00Z","endsAt":"0001-01-01T00:00:00Z",)"
            R"("generatorURL":"","fingerprint":"0c291214f4724287"}],"notification_reason":)"
            R"("first notification","groupLabels":{"alertname":"X"},"commonLabels":)"
            R"({"alertname":"X","instance":"a","job":"j","severity":"critical"},)"
            R"("commonAnnotations":{"summary":"s2"},"routeLabels":{},)"
            R"("externalURL":"http://am.example:9093/x"})");
}

// As in Go, where one that is not there is empty.
TEST_F(TemplatesTest, EmptyAnnotationsAreCommonToThoseWithout) {
  Notification notification = Sample();
  for (Alert& alert : notification.alerts) alert.annotations.clear();
  notification.alerts[0].annotations = {{"empty", ""}, {"full", "x"}};
  EXPECT_EQ(Render("{{ .CommonAnnotations | toJson }}", notification), R"({"empty":""})");
  std::swap(notification.alerts[0], notification.alerts[1]);
  EXPECT_EQ(Render("{{ .CommonAnnotations | toJson }}", notification), "{}");
}

// A storm is told, too: every default text, and the alerts as JSON.
TEST_F(TemplatesTest, ManyAlerts) {
  Notification storm = Sample();
  for (int i = 0; i < 5000; ++i) {
    const std::string instance = "host-" + std::to_string(i);
    storm.alerts.push_back(MakeAlert(instance.c_str(), "disk full", "2026-11-21T08:00:00Z"));
  }
  const tmpl::Value data = NotificationData(storm);
  size_t texts = 0;
  const std::string_view defaults = kDefaultTemplates;
  constexpr std::string_view kDefine = "define \"";
  for (size_t at = defaults.find(kDefine); at != std::string_view::npos;
       at = defaults.find(kDefine, at + 1)) {
    const size_t start = at + kDefine.size();
    const std::string name(defaults.substr(start, defaults.find('"', start) - start));
    if (!Contains(name, ".default.")) continue;  // what the others are made of
    const std::string text = "{{ template \"" + name + "\" . }}";
    const auto out = name.ends_with(".html") ? templates_.ExecuteHtml(text, data)
                                             : templates_.ExecuteText(text, data);
    EXPECT_TRUE(out.ok()) << name << Message(out.status());
    ++texts;
  }
  EXPECT_GT(texts, 10U);
  const auto mail = templates_.ExecuteHtml("{{ template \"email.default.html\" . }}", data);
  ASSERT_TRUE(mail.ok());
  EXPECT_GT(mail->size(), 3U << 20);
  EXPECT_THAT(*mail, testing::HasSubstr("host-4999"));
  const std::string json = Render("{{ .Alerts | toJson }}", storm);
  EXPECT_THAT(json, testing::HasSubstr("host-4999"));
  EXPECT_TRUE(ParseJson(json).ok());
}

TEST_F(TemplatesTest, SubjectsOfOtherGroups) {
  Notification notification = Sample();
  notification.group_labels = Labels{};
  EXPECT_EQ(Render("{{ template \"__subject\" . }}", notification), "[FIRING:2]  (X j critical)");
  notification.alerts[1].labels = Labels{{"alertname", "Y"}};
  notification.alerts[1].ends_at.nanos = notification.now;
  EXPECT_EQ(Render("{{ template \"__subject\" . }}", notification), "[FIRING:1]  ");
  notification.alerts[0].ends_at.nanos = notification.now;
  EXPECT_EQ(Render("{{ template \"__subject\" . }}", notification), "[RESOLVED]  ");
}

TEST_F(TemplatesTest, FilesJoinAndReplace) {
  const std::string directory = testing::TempDir() + "/outrider_templates";
  ASSERT_TRUE(MakeDirectories(directory).ok());
  ASSERT_TRUE(WriteFileAtomically(directory + "/a.tmpl",
                                  "{{ define \"slack.default.title\" }}T {{ .Status }}{{ end }}"
                                  "{{ define \"mine\" }}M{{ end }}")
                  .ok());
  const std::vector<std::string> globs = {"*.tmpl", "none-*.tmpl"};
  templates_ = LoadNotificationTemplates(globs, directory, &clock_).value();
  EXPECT_EQ(Render("{{ template \"slack.default.title\" . }} {{ template \"mine\" }}", Sample()),
            "T firing M");
  ASSERT_TRUE(WriteFileAtomically(directory + "/b.tmpl", "x\n{{ if }}").ok());
  const auto broken = LoadNotificationTemplates(globs, directory, &clock_);
  ASSERT_FALSE(broken.ok());
  EXPECT_THAT(Message(broken.status()),
              testing::HasSubstr("/b.tmpl: template: b.tmpl:2: missing value for if"));
  std::remove((directory + "/a.tmpl").c_str());
  std::remove((directory + "/b.tmpl").c_str());
}

TEST_F(TemplatesTest, TextsThatDoNotParseAreWarnedOf) {
  AlertmanagerConfig config;
  config.file = "am.yml";
  ReceiverConfig receiver;
  receiver.name = "r";
  receiver.integrations.push_back({"slack", 0,
                                   ParseYaml("title: '{{ .x'\n"
                                             "text: '{{ template \"slack.default.text\" . }}'\n"
                                             "fields:\n"
                                             "- {title: '{{ nope }}', value: 'no {braces}'}\n",
                                             "am.yml")
                                       .value()});
  config.receivers.push_back(std::move(receiver));
  const std::vector<std::string> warnings = TemplateWarnings(config, templates_);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_THAT(warnings[0], testing::StartsWith("am.yml:1:8: template: "));
  EXPECT_THAT(warnings[0], testing::HasSubstr("notifications that need this text will fail"));
  EXPECT_THAT(warnings[1], testing::StartsWith("am.yml:4:"));
  EXPECT_THAT(warnings[1], testing::HasSubstr("function \"nope\" not defined"));
}

TEST_F(TemplatesTest, RouteLabels) {
  Notification notification = Sample();
  notification.route_labels = {{"team", "a <b>"}};
  EXPECT_EQ(
      Render("{{ .RouteLabels }} {{ routeLabels \"team\" }}{{ routeLabels \"x\" }}", notification),
      "team=a <b> a <b>");
  // Whatever dot is, and in a defined template too.
  EXPECT_EQ(Render("{{ define \"d\" }}{{ routeLabels \"team\" }}{{ end }}"
                   "{{ range .Alerts }}{{ template \"d\" .Labels }};{{ end }}",
                   notification),
            "a <b>;a <b>;");
  EXPECT_EQ(
      templates_.ExecuteHtml("{{ routeLabels \"team\" }}", NotificationData(notification)).value(),
      "a &lt;b&gt;");
  EXPECT_EQ(templates_.ExecuteText("{{ routeLabels \"team\" }}", tmpl::Value("x")).value(), "");
}

}  // namespace
}  // namespace outrider
