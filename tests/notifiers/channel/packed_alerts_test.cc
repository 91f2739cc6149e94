// SPDX-License-Identifier: Apache-2.0
// Alerts told packed and unpacked must read alike: random ones, with what JSON and Go escape.
#include <algorithm>
#include <array>
#include <map>

#include "notifiers/channel/notification_data.h"
#include "notifiers/channel/payload_json.h"
#include "storage/base/random.h"
#include "tests/notifiers/channel/channel_fixture.h"

namespace outrider {
namespace {

constexpr std::array<const char*, 7> kValues = {"",
                                                "a",
                                                "b",
                                                "p99 < 5 & \"high\"",
                                                "l\xc3\xb6sen\n\t\\",
                                                "line \xe2\x80\xa8 page \xe2\x82\xac",
                                                "\x01 end"};

class RandomAlerts {
 public:
  explicit RandomAlerts(uint64_t seed) : random_(seed) {}

  size_t Below(size_t end) { return random_.Next() % end; }

  PackedAlert Next() {
    std::map<std::string, std::string> labels{{"alertname", "X"}};
    for (const char* name : {"cluster", "instance", "job", "pod", "zone"}) {
      labels[name] = kValues[Below(kValues.size())];
    }
    Annotations annotations;
    for (const char* name : {"a", "description", "summary"}) {
      if (Below(3) > 0) annotations[name] = kValues[Below(4)];
    }
    auto identity = std::make_shared<AlertIdentity>();
    identity->labels = Labels::FromMap(labels);
    identity->fingerprint = identity->labels.Fingerprint();
    identity->details = PackDetails(annotations, kValues[Below(kValues.size())]);
    PackedAlert alert;
    alert.identity = std::move(identity);
    alert.starts_at = {static_cast<Nanos>(Below(3)) * kNanosPerSecond + 7,
                       Below(2) == 0 ? 0 : 3600};
    if (Below(2) == 0) alert.ends_at = {static_cast<Nanos>(Below(20)) * kNanosPerSecond, 0};
    return alert;
  }

 private:
  SeededRandom random_;
};

Notification Told(uint64_t seed) {
  RandomAlerts random(seed);
  Notification notification;
  notification.receiver = "team";
  notification.now = 10 * kNanosPerSecond;
  for (size_t i = 0; i < 1 + seed % 9; ++i) notification.packed.push_back(random.Next());
  return notification;
}

TEST(PackedAlerts, TheBodyOfAWebhookIsTheSame) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Notification packed = Told(seed);
    Notification unpacked = packed;
    ArrangeAlerts(true, &packed);
    ArrangeAlerts(false, &unpacked);
    ASSERT_TRUE(packed.alerts.empty());
    ASSERT_TRUE(unpacked.packed.empty());
    EXPECT_EQ(WebhookPayload(packed, 2), WebhookPayload(unpacked, 2)) << "seed " << seed;
  }
}

// What is common, asked of each pair by itself.
std::map<std::string, std::string> CommonOneByOne(const std::vector<Alert>& alerts) {
  std::map<std::string, std::string> common = alerts.front().annotations;
  std::erase_if(common, [&](const auto& pair) {
    return std::any_of(alerts.begin(), alerts.end(), [&](const Alert& alert) {
      const auto found = alert.annotations.find(pair.first);
      return (found == alert.annotations.end() ? "" : found->second) != pair.second;
    });
  });
  return common;
}

TEST(PackedAlerts, WhatIsCommonIsFoundInOneWalk) {
  size_t found = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Notification notification = Told(seed);
    ArrangeAlerts(false, &notification);
    const auto common = CommonAnnotations(notification.alerts);
    EXPECT_EQ(common, CommonOneByOne(notification.alerts)) << "seed " << seed;
    if (notification.alerts.size() > 1) found += common.size();
  }
  EXPECT_GT(found, 100U);
}

TEST(PackedAlerts, OnlyAlertmanagersOwnBodyOfAllAlertsIsMadeOfThem) {
  struct Case {
    const char* section;
    bool packed;
  };
  class Made : public ChannelFixture {
   public:
    void TestBody() override {}
    bool Reads(const char* section) { return Make("webhook", section)->channel->ReadsPacked(); }
  } made;
  for (const auto& [section, packed] : {
           Case{"{url: 'http://h/hook'}", true},
           Case{"{url: 'http://h/hook', max_alerts: 3}", false},
           Case{"{url: 'http://h/{{ .Status }}'}", false},
           Case{"{url_file: /tmp/url}", false},
           Case{"{url: 'http://h/hook', payload: {a: b}}", false},
       }) {
    EXPECT_EQ(made.Reads(section), packed) << section;
  }
}

}  // namespace
}  // namespace outrider
