// SPDX-License-Identifier: Apache-2.0
// All or nothing: what a refused reload leaves alone, what an edit by API reads, and what a good
// reload leaves in the audit trail.
#include <gmock/gmock.h>

#include "exporter/daemon/reload_event.h"
#include "rules/template/template.h"
#include "storage/base/duration.h"
#include "tests/exporter/daemon/daemon_fixture.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReloadTest : public DaemonAccessTest {
 protected:
  ReloadTest() {
    Write("outrider.yml",
          "alerting: {config_file: am.yml, webhooks: {allowed_networks: [10.0.0.0/8]}}\n"
          "incidents: {config_file: incidents.yml}\n");
    Write("am.yml", "route: {receiver: a}\nreceivers: [{name: a}]\ntemplates: [x.tmpl]\n");
    Template("old");
    Calendar("anna");
    Write("incidents.yml", R"(
users: [{name: anna}, {name: ben}]
schedules: [{name: primary, layers: [{ical_file: duty.ics}]}]
)");
  }
  void Template(const std::string& text) {
    Write("x.tmpl", "{{ define \"x\" }}" + text + "{{ end }}");
  }
  void Calendar(const std::string& user) {
    Write("duty.ics", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:" + user +
                          "\r\nDTSTART:20260101T000000Z\r\nDTEND:20270101T000000Z\r\nEND:VEVENT\r\n"
                          "END:VCALENDAR\r\n");
  }
  std::string OnCallNow() const {
    return Join(OnCallAt(services_->desk->config()->schedules.at(0), kT0).users, ",");
  }
  std::string Rendered() const {
    const auto text = services_->desk->config()->templates->Execute("x", tmpl::Value());
    return text.ok() ? *text : Message(text.status());
  }
  std::vector<AuditEvent> Reloads() const {
    std::vector<AuditEvent> found;
    for (int bucket = 0; bucket < 256; ++bucket) {
      const auto events = services_->desk->AuditEvents(static_cast<uint8_t>(bucket));
      for (const AuditEvent& event : *events) {
        if (event.subject == "configuration") found.push_back(event);
      }
    }
    return found;
  }
};

TEST_F(ReloadTest, AnEditByApiReadsNoFile) {
  Start(false);
  ASSERT_EQ(OnCallNow(), "anna");
  ASSERT_EQ(Rendered(), "old");
  // Half of a change that nobody has reloaded yet, then one that is wrong.
  for (const char* broken : {"", "{{ define"}) {
    SCOPED_TRACE(broken);
    Template("new");
    Calendar("ben");
    if (*broken != 0) {
      Write("x.tmpl", broken);
      Write("duty.ics", broken);
    }
    const std::string name = *broken == 0 ? "cleo" : "dora";
    const HttpResponse made =
        Send("POST", "/outrider/v1/users", "", R"({"name":")" + name + R"("})");
    EXPECT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(OnCallNow(), "anna");
    EXPECT_EQ(Rendered(), "old");
  }
  EXPECT_EQ(Send("POST", "/-/reload").status, 500);
  EXPECT_EQ(Rendered(), "old");
  Template("new");
  Calendar("ben");
  EXPECT_EQ(Send("POST", "/-/reload").status, 200);
  EXPECT_EQ(OnCallNow(), "ben");
  EXPECT_EQ(Rendered(), "new");
  std::filesystem::remove(top_ / "x.tmpl");
  std::filesystem::remove(top_ / "duty.ics");
  EXPECT_EQ(Send("DELETE", "/outrider/v1/users/cleo").status, 204);
  EXPECT_EQ(OnCallNow(), "ben");
  EXPECT_EQ(Rendered(), "new");
}

// Whatever refuses, late or early, nothing of the new files counts.
TEST_F(ReloadTest, ARefusedReloadLeavesEverything) {
  Write("web.yml", "");
  Start(true);
  WriteUsers();
  Write("outrider.yml",
        "alerting: {config_file: am.yml, webhooks: {allowed_networks: [192.168.0.0/16]}}\n"
        "incidents: {config_file: incidents.yml}\n");
  broken_ = true;
  EXPECT_EQ(Send("POST", "/-/reload").status, 500);
  EXPECT_THAT(services_->ToolsOfHooks().allowed_networks, ElementsAre("10.0.0.0/8"));
  EXPECT_FALSE(services_->access->HasUsers());
  broken_ = false;
  // Of the files themselves: the last one read is wrong.
  Write("incidents.yml", "users: [{name: anna}, {name: anna}]\n");
  EXPECT_EQ(Send("POST", "/-/reload").status, 500);
  EXPECT_THAT(services_->ToolsOfHooks().allowed_networks, ElementsAre("10.0.0.0/8"));
  EXPECT_FALSE(services_->access->HasUsers());
  // The store could not write of the first one.
  const std::vector<AuditEvent> refused = Reloads();
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].data.at("refused"), "true");
  EXPECT_EQ(refused[0].channel, "api");
  EXPECT_THAT(refused[0].text, HasSubstr("reload refused, the old configuration stays: "));
  EXPECT_THAT(refused[0].text, HasSubstr("user \"anna\" is not unique"));
  Write("incidents.yml", "users: [{name: anna}]\n");
  EXPECT_EQ(Send("POST", "/-/reload").status, 200);
  EXPECT_THAT(services_->ToolsOfHooks().allowed_networks, ElementsAre("192.168.0.0/16"));
  EXPECT_TRUE(services_->access->HasUsers());
}

TEST_F(ReloadTest, TheAuditSaysWhoReloadedWhat) {
  WriteUsers();
  Start(true);
  Write("am.yml", "route: {receiver: a}\nreceivers: [{name: a}, {name: b}]\ntemplates: [x.tmpl]\n");
  EXPECT_EQ(Send("POST", "/-/reload", "admin").status, 200);
  const std::string config = (top_ / "outrider.yml").string();
  EXPECT_TRUE(services_->Reload(config, {}).ok());
  EXPECT_TRUE(services_->Reload(config, {.asked = false, .who = "", .channel = "files"}).ok());
  const std::vector<AuditEvent> events = Reloads();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].kind, AuditKind::kConfigured);
  EXPECT_EQ(events[0].who, "admin");
  EXPECT_EQ(events[0].channel, "api:basic");
  EXPECT_EQ(events[0].data.at("file"), config);
  EXPECT_EQ(events[0].data.at("receivers"), "1>2");
  EXPECT_THAT(events[0].text, HasSubstr("receivers 1 to 2"));
  EXPECT_THAT(events[0].data.at("changed_files"), HasSubstr("am.yml"));
  EXPECT_EQ(events[1].who, "");
  EXPECT_EQ(events[1].channel, "signal");
  EXPECT_EQ(events[1].text, "configuration reloaded");
  EXPECT_EQ(events[2].channel, "files");
}

TEST_F(ReloadTest, TheAuditKnowsOfStarts) {
  Start(false);
  EXPECT_EQ(AuditOf("daemon", ""), 1U);
  Start(false);
  EXPECT_EQ(AuditOf("daemon", ""), 2U);
}

// A file that is mended in steps may say the same several times.
TEST_F(ReloadTest, WhatIsRefusedAgainForTheSameReasonIsSaidOnce) {
  Start(false);
  Write("incidents.yml", "users: [{name: anna}, {name: anna}]\n");
  const std::string config = (top_ / "outrider.yml").string();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(services_->Reload(config, {.asked = false, .who = "", .channel = "files"}).ok());
  }
  ASSERT_EQ(Reloads().size(), 1U);
  EXPECT_EQ(Reloads()[0].channel, "files");
}

TEST(ReloadEvent, ALongReasonIsCut) {
  const AuditEvent event = RefusedEvent("o.yml", {}, std::string(1999, 'x') + "äöü");
  EXPECT_THAT(event.text, ::testing::EndsWith("xxx…"));
}

TEST(ReloadEvent, NamesFilesAndCounts) {
  const SourceFiles before{{}, {{"a", "1"}, {"b", "1"}, {"c", "1"}}};
  const SourceFiles after{{}, {{"a", "1"}, {"b", "2"}, {"d", "1"}}};
  EXPECT_THAT(ChangedFiles(before, after), ElementsAre("b", "c", "d"));
  const AuditEvent event = ReloadEvent("o.yml", {}, std::vector<std::string>(23, "f"),
                                       {{"rules", 3}, {"users", 1}}, {{"rules", 5}, {"users", 1}});
  EXPECT_THAT(event.text, HasSubstr("configuration reloaded: rules 3 to 5; changed: f, f, "));
  EXPECT_THAT(event.text, HasSubstr(" and 3 more"));
  EXPECT_EQ(event.data.count("users"), 0U);
}

}  // namespace
}  // namespace outrider
