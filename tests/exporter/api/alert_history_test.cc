// SPDX-License-Identifier: Apache-2.0
// Why an alert was or was not notified, by HTTP.
#include <gtest/gtest.h>

#include "notifiers/outbox/dispatcher.h"
#include "tests/exporter/api/desk_world.h"

namespace outrider {
namespace {

class DelayedChannel final : public Channel {
 public:
  SendResult Send(const Notification&) override {
    if (sent++ > 0) return SendResult::Delivered();
    SendResult result = SendResult::Retry("HTTP 503: \"busy\"", "serverError");
    result.status = 503;
    result.answer = "busy";
    return result;
  }
  bool Idempotent() const override { return true; }
  int sent = 0;
};

struct World : DeskWorld {
  World() {
    DeskConfig config;
    config.alertmanager = DefaultAlertmanagerConfig();
    config.alertmanager.route.group_wait = 0;
    config.incidents = DefaultIncidentsConfig();
    std::vector<Receiver> receivers(1);
    receivers[0].name = config.alertmanager.route.receiver;
    receivers[0].integrations.emplace_back();
    receivers[0].integrations[0].kind = "webhook";
    receivers[0].integrations[0].channel = std::make_unique<DelayedChannel>();
    config.receivers = std::make_shared<const Receivers>(std::move(receivers));
    EXPECT_TRUE(desk->Reload(std::move(config), clock.NowNanos()).ok());
  }
  // What is due until `seconds` from now.
  void Run(int seconds) {
    Dispatcher dispatcher(*desk, clock);
    for (int i = 0; i <= seconds; ++i) {
      EXPECT_TRUE(desk->Tick(clock.NowNanos()).ok());
      dispatcher.RunOnce(clock.NowNanos());
      clock.Advance(kSecond);
    }
  }
  std::string Fingerprint() const {
    return GetJson("/api/v2/alerts").items.at(0).GetString("fingerprint");
  }
};

TEST(AlertHistoryApi, TellsTheWholeStory) {
  World world;
  ASSERT_EQ(world.Fire("Down").status, 200);
  world.Run(5);
  const std::string path = "/outrider/v1/alerts/" + world.Fingerprint() + "/history";
  const JsonValue history = world.GetJson(path);
  EXPECT_EQ(history.GetString("fingerprint"), world.Fingerprint());
  EXPECT_TRUE(history.GetBool("known"));
  EXPECT_EQ(history.GetString("state"), "firing");
  EXPECT_EQ(history.Find("labels")->GetString("alertname"), "Down");
  EXPECT_FALSE(history.GetString("incident").empty());
  ASSERT_EQ(history.Find("groups")->items.size(), 1U);
  EXPECT_EQ(history.Find("groups")->items[0].GetString("key"), "{}:{alertname=\"Down\"}");
  EXPECT_FALSE(history.Find("groups")->items[0].GetBool("waiting"));
  ASSERT_EQ(history.Find("flushes")->items.size(), 1U);
  const JsonValue& flush = history.Find("flushes")->items[0];
  EXPECT_EQ(flush.GetString("time"), "2026-11-21T09:24:07.000Z");
  EXPECT_EQ(flush.GetString("result"), "notified");
  EXPECT_EQ(flush.Find("decisions")->items.at(0).GetString("decision"), "first notification");
  ASSERT_EQ(history.Find("attempts")->items.size(), 2U);
  const JsonValue& first = history.Find("attempts")->items[0];
  EXPECT_EQ(first.GetString("outcome"), "retry");
  EXPECT_EQ(first.GetString("detail"), "HTTP 503: \"busy\"");
  EXPECT_EQ(first.GetInt("status"), 503);
  EXPECT_EQ(first.GetString("answer"), "busy");
  EXPECT_FALSE(first.GetString("next_try_at").empty());
  const JsonValue& second = history.Find("attempts")->items[1];
  EXPECT_EQ(second.GetString("outcome"), "delivered");
  EXPECT_TRUE(second.Find("status")->IsNull());
  EXPECT_FALSE(history.GetBool("cut"));
  EXPECT_TRUE(world.GetJson(path + "?limit=1").GetBool("cut"));
  EXPECT_EQ(world.GetJson(path + "?since=2030-01-01T00:00:00Z").Find("attempts")->items.size(), 0U);
}

TEST(AlertHistoryApi, ListsAttempts) {
  World world;
  ASSERT_EQ(world.Fire("Down").status, 200);
  world.Run(5);
  const std::string path = "/outrider/v1/notifications";
  EXPECT_EQ(world.GetJson(path).Find("notifications")->items.size(), 2U);
  const JsonValue delivered = world.GetJson(path + "?outcome=delivered");
  ASSERT_EQ(delivered.Find("notifications")->items.size(), 1U);
  EXPECT_EQ(delivered.Find("notifications")->items[0].GetString("group"),
            "{}:{alertname=\"Down\"}");
  EXPECT_EQ(world.GetJson(path + "?outcome=shadow").Find("notifications")->items.size(), 0U);
}

TEST(AlertHistoryApi, FindsWhatIsOver) {
  World world;
  ASSERT_EQ(world.Fire("Down").status, 200);
  world.Run(5);
  const std::string fingerprint = world.Fingerprint();
  const std::string ended = "/outrider/v1/alerts/ended?filter=alertname%3DDown";
  EXPECT_TRUE(world.GetJson(ended).Find("alerts")->items.empty());
  const std::string end =
      R"([{"labels":{"alertname":"Down","severity":"critical"},"endsAt":"2026-11-21T09:24:12Z"}])";
  ASSERT_EQ(world.Post("/api/v2/alerts", end).status, 200);
  world.Run(310);
  const JsonValue alerts = *world.GetJson(ended).Find("alerts");
  ASSERT_EQ(alerts.items.size(), 1U);
  EXPECT_EQ(alerts.items[0].GetString("fingerprint"), fingerprint);
  EXPECT_EQ(alerts.items[0].Find("labels")->GetString("severity"), "critical");
  EXPECT_EQ(alerts.items[0].GetString("starts_at"), "2026-11-21T09:24:07.000Z");
  EXPECT_FALSE(alerts.items[0].GetString("ended_at").empty());
  EXPECT_TRUE(world.GetJson(ended + "&since=2030-01-01T00:00:00Z").Find("alerts")->items.empty());
  const JsonValue history =
      world.GetJson("/outrider/v1/alerts/" + fingerprint + "/history?since=2030-01-01T00:00:00Z");
  EXPECT_FALSE(history.GetBool("known", true));
  EXPECT_EQ(history.Find("labels")->GetString("alertname"), "Down");
  EXPECT_FALSE(history.GetString("ended_at").empty());
}

TEST(AlertHistoryApi, Errors) {
  const World world;
  const std::pair<const char*, int> cases[] = {
      {"/outrider/v1/alerts/0000000000000000/history", 404},
      {"/outrider/v1/alerts/xyz/history", 400},
      {"/outrider/v1/alerts/00000000000000zz/history", 400},
      {"/outrider/v1/alerts/-000000000000001/history", 400},
      {"/outrider/v1/alerts/0000000000000000/history?since=never", 400},
      {"/outrider/v1/alerts/0000000000000000/history?limit=x", 400},
      {"/outrider/v1/notifications?limit=-1", 400},
      {"/outrider/v1/notifications?outcome=nonsense", 400},
      {"/outrider/v1/notifications?outcome=superseded", 200},
      {"/outrider/v1/alerts/ended?filter=bad", 400},
      {"/outrider/v1/alerts/ended?filter=alertname=x&since=0", 200},
  };
  for (const auto& [target, status] : cases) {
    EXPECT_EQ(world.Get(target).status, status) << target;
  }
}

}  // namespace
}  // namespace outrider
