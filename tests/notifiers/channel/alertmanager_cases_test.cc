// SPDX-License-Identifier: Apache-2.0
// Templates of notifications render as Alertmanager renders them: its functions, its data, the
// methods of both. Where the expected texts come from: tests/data/templates/README.md.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "notifiers/channel/notification_data.h"
#include "notifiers/channel/templates.h"
#include "storage/base/duration.h"
#include "tests/support/fake_clock.h"
#include "tests/support/template_cases.h"

namespace outrider {
namespace {

constexpr const char* kNow = "2026-11-21T09:00:00Z";

AlertTime At(const char* text) {
  AlertTime time;
  time.nanos = *ParseRfc3339(text, &time.offset_seconds);
  return time;
}

Labels DiskLabels(const char* instance) {
  return Labels::FromMap(
      {{"alertname", "Disk<Full>"}, {"job", "node"}, {"severity", "page"}, {"instance", instance}});
}

// A firing alert and a resolved one.
Notification DiskNotification() {
  Notification notification;
  notification.receiver = "team-x";
  notification.external_url = "http://am:9093";
  notification.now = *ParseRfc3339(kNow);
  notification.group_labels = Labels::FromMap({{"alertname", "Disk<Full>"}, {"job", "node"}});
  Alert firing;
  firing.labels = DiskLabels("a:1");
  firing.annotations = {{"summary", "Disk & \"co\""}, {"runbook", "http://r/x?a=b c"}};
  firing.generator_url = "http://prom/graph?g0.expr=up+%3D%3D+0&g0.tab=1";
  firing.starts_at = At("2026-11-21T09:05:07.5+01:00");
  Alert resolved;
  resolved.labels = DiskLabels("b:1");
  resolved.annotations = {{"summary", "Disk & \"co\""}};
  resolved.generator_url = "javascript:alert(1)";
  resolved.starts_at = At("2026-11-21T08:00:00Z");
  resolved.ends_at = At("2026-11-21T08:30:00Z");
  notification.alerts = {firing, resolved};
  return notification;
}

TEST(AlertmanagerCases, AgreeAsText) {
  const FakeClock clock(*ParseRfc3339(kNow));
  const auto set = LoadNotificationTemplates({}, "", &clock);
  ASSERT_TRUE(set.ok());
  const tmpl::Value data = NotificationData(DiskNotification());
  const auto cases =
      ReadTemplateCases(OUTRIDER_SOURCE_DIR "/tests/data/templates/alertmanager.cases");
  ASSERT_TRUE(cases.ok()) << Message(cases.status());
  EXPECT_GE(cases->size(), 850U);
  for (const TemplateCase& one : *cases) {
    EXPECT_EQ(CaseResult(set->ExecuteText(one.text, data)), one.want)
        << one.where << ": " << one.text;
  }
}

}  // namespace
}  // namespace outrider
