// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/notification_replay.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "exporter/trial/silence_file.h"
#include "storage/base/duration.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'700'000'000'000;

constexpr const char* kConfig = R"(
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
  - {receiver: pager, matchers: ['severity="page"'], continue: true}
  - {receiver: quiet, matchers: ['severity="page"']}
receivers:
- {name: team, webhook_configs: [{url: "http://team.example/"}]}
- {name: pager, webhook_configs: [{url: "http://pager.example/", send_resolved: false}]}
- {name: quiet}
inhibit_rules:
- {source_matchers: ['alertname="Down"'], target_matchers: ['alertname="Slow"'], equal: [instance]}
)";

Alert Make(const char* name, const char* severity, Timestamp from, Timestamp to = 0) {
  Alert alert;
  alert.labels = Labels({{"alertname", name}, {"severity", severity}, {"instance", "a"}});
  alert.starts_at.nanos = (kStart + from) * kNanosPerMilli;
  if (to != 0) alert.ends_at.nanos = (kStart + to) * kNanosPerMilli;
  return alert;
}

// `minutes:seconds receiver +firing -resolved alerts` by line.
std::string Messages(const std::vector<std::pair<Timestamp, Alert>>& told, Timestamp end,
                     std::vector<Silence> silences = {}) {
  SeededRandom random(1);
  auto replay = NotificationReplay::Create(*ParseAlertmanagerConfig(kConfig, "am.yml"),
                                           std::move(silences), "", kStart, random);
  if (!replay.ok()) return Message(replay.status());
  for (const auto& [at, alert] : told) {
    const Status status = (*replay)->OnTold({(kStart + at) * kNanosPerMilli, {alert}});
    if (!status.ok()) return Message(status);
  }
  const auto messages = (*replay)->Finish(kStart + end);
  if (!messages.ok()) return Message(messages.status());
  std::string text;
  for (const TrialMessage& message : *messages) {
    const int64_t seconds = (message.time / kNanosPerMilli - kStart) / kSecond;
    text += fmt::format("{}:{:02} {} +{} -{}", seconds / 60, seconds % 60, message.receiver,
                        message.firing, message.resolved);
    for (const std::string& alert : message.alerts) text += " " + alert;
    text += "\n";
  }
  return text;
}

TEST(NotificationReplay, GroupsRepeatsAndResolves) {
  // Told again every minute, as an annotation with a changing value is.
  std::vector<std::pair<Timestamp, Alert>> told;
  for (Timestamp at = 0; at < 70 * kMinute; at += kMinute) told.emplace_back(at, Make("A", "x", 0));
  told.emplace_back(70 * kMinute, Make("A", "x", 0, 70 * kMinute));
  EXPECT_EQ(Messages(told, 2 * kHour),
            "0:30 team +1 -0 A\n"
            "65:30 team +1 -0 A\n"  // at 60:30 it is not yet longer than repeat_interval
            "70:30 team +0 -1 A\n");
}

TEST(NotificationReplay, FollowsRoutesAndReceivers) {
  EXPECT_EQ(
      Messages({{0, Make("P", "page", 0)}, {kMinute, Make("P", "page", 0, kMinute)}}, kHour),
      "0:30 pager +1 -0 P\n");  // the pager wants no resolved ones; `quiet` has no integration
  EXPECT_EQ(
      Messages({{0, Make("A", "x", 0)}, {10 * kSecond, Make("A", "x", 0, 10 * kSecond)}}, kHour),
      "");  // over before the group's wait was
}

// Of the file's silences one is over, one holds at the start, one begins later.
TEST(NotificationReplay, Silences) {
  const char* kOne =
      R"({{"id":"x","matchers":[{{"name":"alertname","value":"{}","isRegex":true}}],)"
      R"("startsAt":"{}","endsAt":"{}","createdBy":"me","comment":"c","status":{{"state":"expired"}}}})";
  const auto time = [](DurationMs at) { return FormatRfc3339((kStart + at) * kNanosPerMilli); };
  const std::string text =
      fmt::format("[{},{},{}]", fmt::format(fmt::runtime(kOne), "C", time(-kHour), time(-1000)),
                  fmt::format(fmt::runtime(kOne), "A|Z", time(-kHour), time(10 * kMinute)),
                  fmt::format(fmt::runtime(kOne), "B", time(kMinute), time(kHour)));
  auto silences = ParseSilences(text, "s.json");
  ASSERT_TRUE(silences.ok()) << Message(silences.status());
  EXPECT_EQ(Messages({{0, Make("A", "x", 0)},
                      {0, Make("B", "x", 0)},
                      {0, Make("C", "x", 0)},
                      {2 * kMinute, Make("B", "page", 2 * kMinute)}},
                     20 * kMinute, *std::move(silences)),
            "0:30 team +1 -0 B\n"
            "0:30 team +1 -0 C\n"
            "10:30 team +1 -0 A\n");
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"{}", "s.json: expected the array"},
      {"[", "s.json: "},
      {"[{}]", "s.json: silence 1: expected an object with matchers"},
      {R"([{"matchers":[{"name":"a","value":"(","isRegex":true}]}])", "s.json: silence 1"}};
  for (const auto& c : kCases) {
    const auto bad = ParseSilences(c.text, "s.json");
    ASSERT_FALSE(bad.ok()) << c.text;
    EXPECT_TRUE(Message(bad.status()).starts_with(c.error)) << Message(bad.status());
  }
}

TEST(NotificationReplay, Inhibits) {
  EXPECT_EQ(Messages({{0, Make("Down", "x", 0)}, {kSecond, Make("Slow", "x", kSecond)}}, kMinute),
            "0:30 team +1 -0 Down\n");
}

}  // namespace
}  // namespace outrider
