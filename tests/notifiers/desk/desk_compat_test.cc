// SPDX-License-Identifier: Apache-2.0
// What alerting.fixes changes and what it leaves alone, limits, silences that recur or end by
// themselves, and what is imported from an Alertmanager.
#include "notifiers/mute/recurrence.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/xxh64.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

Silence SilenceOf(std::string_view matchers, Nanos from, Nanos to) {
  Silence silence;
  silence.matchers = *ParseMatchers(matchers);
  silence.starts_at = from;
  silence.ends_at = to;
  silence.created_by = "anna";
  silence.comment = "quiet";
  return silence;
}

constexpr int64_t kGroupInterval = 300;
constexpr int64_t kRepeat = 4 * 3600;

// ---- fixes

class Refire : public DeskTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Fix, Refire, testing::Bool());

// specs/alertmanager.md §2: an alert that resolves while it is silenced leaves the log saying that
// it fires, so that when it fires again nobody hears of it before the repeat.
TEST_P(Refire, AfterAResolveUnderASilence) {
  const bool fixed = GetParam();
  Adjust([&](DeskConfig& config) { config.fixes.refire_after_silence = fixed; });
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 1U);
  const Nanos now = clock_.NowNanos();
  ASSERT_TRUE(
      desk_->SetSilence(SilenceOf("alertname=Down", now, now + Sec(1800)), "api", now).ok());
  Run(60);
  ASSERT_TRUE(End(alert).ok());
  Run(2400);
  EXPECT_EQ(Got("team"), 1U) << "neither the end nor anything else was told";
  EXPECT_TRUE(desk_->Groups(clock_.NowNanos()).empty());
  Start(*disk_);  // the log outlives a restart as well
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(1200);
  EXPECT_EQ(Got("team"), fixed ? 2U : 1U);
  Run(kRepeat);
  EXPECT_EQ(Got("team"), fixed ? 3U : 2U) << "at its repeat it is told in any case";
}

TEST_F(DeskTest, TheLogOfAGroupThatIsGoneEndsWithItsRetention) {
  Adjust([](DeskConfig& config) { config.limits.retention = kHour; });
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  Run(60);
  const Nanos now = clock_.NowNanos();
  ASSERT_TRUE(desk_->SetSilence(SilenceOf("alertname=Down", now, now + Sec(600)), "api", now).ok());
  ASSERT_TRUE(End(alert).ok());
  Run(1200);
  ASSERT_EQ(Got("team"), 1U);
  Run(3600);
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(60);
  EXPECT_EQ(Got("team"), 2U) << "the log of an hour ago is forgotten";
}

// A route that goes in one reload and comes back in the next tells nothing again.
TEST_F(DeskTest, ARouteThatComesBackRemembers) {
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 1U);
  for (const char* receiver : {"other", "team"}) {
    ASSERT_TRUE(desk_->Reload(Config(receiver), clock_.NowNanos()).ok());
    Run(60);
  }
  EXPECT_EQ(Got("other"), 1U);
  EXPECT_EQ(Got("team"), 1U);
}

class Repeat : public DeskTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Fix, Repeat, testing::Bool());

TEST_P(Repeat, OfAMultipleOfTheGroupInterval) {
  const bool fixed = GetParam();
  Adjust([&](DeskConfig& config) {
    config.fixes.repeat_on_time = fixed;
    config.alertmanager.route.repeat_interval = 4 * kGroupInterval * kSecond;
  });
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(30);
  ASSERT_EQ(Got("team"), 1U);
  Run(4 * kGroupInterval + 10);
  EXPECT_EQ(Got("team"), fixed ? 2U : 1U);
  Run(kGroupInterval);
  EXPECT_EQ(Got("team"), 2U);
  Run(3 * kGroupInterval);
  EXPECT_EQ(Got("team"), fixed ? 3U : 2U);
  Run(2 * kGroupInterval);
  EXPECT_EQ(Got("team"), 3U);
}

class ToldOnce : public DeskTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Fix, ToldOnce, testing::Bool());

TEST_P(ToldOnce, ResolvedWhileAnotherIntegrationFails) {
  const bool fixed = GetParam();
  Adjust([&](DeskConfig& config) {
    config.fixes.resolved_told_once = fixed;
    config.alertmanager.route.group_by = {};
    std::vector<Receiver> receivers(1);
    receivers[0].name = "team";
    for (const char* inbox : {"team", "other"}) {
      Integration integration;
      integration.kind = "webhook";
      integration.index = static_cast<int>(receivers[0].integrations.size());
      integration.channel = std::make_unique<FakeChannel>(inbox_[inbox], true);
      receivers[0].integrations.push_back(std::move(integration));
    }
    config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  });
  const Alert first = MakeAlert("First");
  ASSERT_TRUE(Fire(first).ok());
  ASSERT_TRUE(Fire(MakeAlert("Second")).ok());
  Run(60);
  ASSERT_EQ(Got("team"), 1U);
  inbox_["other"].answers.assign(100, SendResult::Rejected("no", "clientError"));
  ASSERT_TRUE(End(first).ok());
  Run(kGroupInterval);
  ASSERT_EQ(Got("team"), 2U);
  EXPECT_EQ(inbox_["team"].got[1].alerts.size(), 2U) << "the end of the first, the second";
  ASSERT_TRUE(Fire(MakeAlert("Third")).ok());
  Run(kGroupInterval);
  ASSERT_EQ(Got("team"), 3U);
  EXPECT_EQ(inbox_["team"].got[2].alerts.size(), fixed ? 2U : 3U);
  ASSERT_TRUE(Fire(MakeAlert("Fourth")).ok());
  Run(kGroupInterval);
  ASSERT_EQ(Got("team"), 4U);
  EXPECT_EQ(inbox_["team"].got[3].alerts.size(), fixed ? 3U : 4U);
}

// ---- silences

TEST_F(DeskTest, ExpiringASilenceTwiceIsDone) {
  const Nanos now = clock_.NowNanos();
  const auto id = desk_->SetSilence(SilenceOf("a=b", now, now + Sec(60)), "api", now);
  ASSERT_TRUE(id.ok());
  EXPECT_TRUE(desk_->ExpireSilence(*id, "api", now).ok());
  EXPECT_TRUE(desk_->ExpireSilence(*id, "api", now).ok());
  EXPECT_TRUE(absl::IsNotFound(desk_->ExpireSilence("x", "api", now)));
}

// kT0 is 14:13:20 UTC.
TEST_F(DeskTest, ARecurringSilenceHoldsInItsOccurrencesOnly) {
  Silence silence = SilenceOf("alertname=Down", kT0, kT0 + Sec(10 * 86400));
  silence.recurrence =
      *ReadRecurrence(*ParseJson(R"([{"times":[{"start_time":"14:00","end_time":"15:00"}]}])"));
  const auto id = desk_->SetSilence(silence, "api", kT0);
  ASSERT_TRUE(id.ok()) << id.status();
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(40 * 60);
  EXPECT_EQ(Got("team"), 0U);
  EXPECT_EQ(Newest(), nullptr);
  EXPECT_EQ(desk_->Alerts(clock_.NowNanos())[0].silenced_by, std::vector<std::string>{*id});
  Start(*disk_);  // the timer of the edge is a row
  Run(20 * 60);
  EXPECT_EQ(Got("team"), 1U) << "its hour is over";
  EXPECT_NE(Newest(), nullptr) << "and so it opens its incident";
  const auto stored = desk_->GetSilence(*id);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(stored->StateAt(clock_.NowNanos()), SilenceState::kPending);
  EXPECT_EQ(desk_->CountSilences(clock_.NowNanos()), (std::array<uint64_t, 3>{1, 0, 0}));
  Run(24 * 3600 - 50 * 60);
  EXPECT_EQ(desk_->CountSilences(clock_.NowNanos()), (std::array<uint64_t, 3>{0, 1, 0}));
  EXPECT_EQ(desk_->Silences().size(), 1U) << "one row for all occurrences";
}

TEST_F(DeskTest, ASilenceEndsWhenNothingMatchesItForAWhile) {
  Silence silence = SilenceOf("alertname=Down", kT0, kT0 + Sec(86400));
  silence.idle_end = 10 * kMinute;
  const auto id = desk_->SetSilence(silence, "api", kT0);
  ASSERT_TRUE(id.ok()) << id.status();
  const auto active = [&] {
    return desk_->GetSilence(*id)->StateAt(clock_.NowNanos()) == SilenceState::kActive;
  };
  Run(300);
  const Alert alert = MakeAlert("Down");
  ASSERT_TRUE(Fire(alert).ok());
  Run(3600);
  EXPECT_TRUE(active());
  ASSERT_TRUE(End(alert).ok());
  Run(480);
  EXPECT_TRUE(active());
  Start(*disk_);
  EXPECT_TRUE(active());
  Run(180);
  EXPECT_FALSE(active());
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  Run(60);
  EXPECT_EQ(Got("team"), 1U) << "it mutes no more";
}

TEST_F(DeskTest, GuardRails) {
  Adjust([](DeskConfig& config) {
    config.limits.silences.matching = 2;
    config.limits.silences.duration = kDay;
  });
  for (const char* name : {"A", "B", "C"}) ASSERT_TRUE(Fire(MakeAlert(name)).ok());
  const Nanos now = clock_.NowNanos();
  const Nanos end = now + Sec(3600);
  const auto broad = desk_->SetSilence(SilenceOf("severity=warning", now, end), "api", now);
  EXPECT_EQ(Message(broad.status()),
            "silence too broad: it would mute 3 of 3 firing alerts now (limit: 2)");
  EXPECT_TRUE(desk_->Silences().empty());
  const auto narrow = desk_->SetSilence(SilenceOf("alertname=~A|B", now, end), "api", now);
  ASSERT_TRUE(narrow.ok()) << narrow.status();
  EXPECT_TRUE(desk_->SetSilence(SilenceOf("severity=warning", now, end), "api", now, true).ok());
  const auto longer =
      desk_->SetSilence(SilenceOf("alertname=A", now, now + Sec(2 * 86400)), "api", now);
  EXPECT_NE(Message(longer.status()).find("silence too long: 2d (limit: 1d)"), std::string::npos);
}

TEST_F(DeskTest, CountAndSizeOfSilences) {
  Adjust([](DeskConfig& config) {
    config.limits.silences.count = 1;
    config.limits.silences.bytes = 500;
  });
  const Nanos now = clock_.NowNanos();
  Silence big = SilenceOf("a=b", now, now + Sec(60));
  big.comment = std::string(500, 'x');
  EXPECT_NE(
      Message(desk_->SetSilence(big, "api", now).status()).find("silence exceeded maximum size: "),
      std::string::npos);
  const auto first = desk_->SetSilence(SilenceOf("a=b", now, now + Sec(60)), "api", now);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Message(desk_->SetSilence(SilenceOf("a=c", now, now + Sec(60)), "api", now).status()),
            "exceeded maximum number of silences: 1 (limit: 1)");
  Silence longer = SilenceOf("a=b", now, now + Sec(120));
  longer.id = *first;
  EXPECT_EQ(desk_->SetSilence(longer, "api", now).value_or("none"), *first);
}

TEST_F(DeskTest, ClassicModeKnowsClassicNamesOnly) {
  Adjust([](DeskConfig& config) { config.alertmanager.matcher_mode = MatcherMode::kClassic; });
  const Nanos now = clock_.NowNanos();
  EXPECT_EQ(Message(desk_->SetSilence(SilenceOf("Σ=b", now, now + Sec(60)), "api", now).status()),
            "invalid silence: invalid label matcher 0 in set 0: invalid label name \"Σ\"");
}

TEST_F(DeskTest, Preview) {
  const Alert ended = MakeAlert("Ended");
  ASSERT_TRUE(Fire(ended).ok());
  for (const char* name : {"A", "B", "C"}) ASSERT_TRUE(Fire(MakeAlert(name)).ok());
  const Nanos now = clock_.NowNanos();
  ASSERT_TRUE(desk_->SetSilence(SilenceOf("alertname=A", now, now + Sec(60)), "api", now).ok());
  ASSERT_TRUE(End(ended).ok());
  const auto matchers = *ParseMatchers("alertname=~\"A|B|Ended\"");
  const SilencePreview preview = desk_->PreviewSilence(matchers, 1, now).value();
  EXPECT_EQ(preview.matching, 2U);
  EXPECT_EQ(preview.firing, 3U);
  EXPECT_EQ(preview.muted_before, 1U);
  EXPECT_EQ(preview.last_day, 3U);
  EXPECT_EQ(preview.alerts.size(), 1U);
  // It stays one of the last day when it is told and forgotten, also over a start; not for longer.
  Run(3600);
  Start(*disk_);
  EXPECT_EQ(desk_->PreviewSilence(matchers, 1, clock_.NowNanos()).value().last_day, 3U);
  clock_.Advance(24 * kHour);
  EXPECT_EQ(desk_->PreviewSilence(matchers, 1, clock_.NowNanos()).value().last_day, 2U);
}

// ---- flap damping

TEST_F(DeskTest, AnAlertThatFlapsPutsItsGroupOnHold) {
  for (const bool damped : {false, true}) {
    clock_.Set(kT0);
    disk_ = std::make_unique<MemoryStore>();
    inbox_.clear();
    Start(*disk_);
    Adjust([&](DeskConfig& config) {
      config.alertmanager.route.group_interval = 10 * kSecond;
      config.alertmanager.route.group_wait = kSecond;
      config.limits.damping = {damped ? size_t{2} : 0, 10 * kMinute, 5 * kMinute};
    });
    Alert alert = MakeAlert("Flaps");
    for (int i = 0; i < 6; ++i) {
      alert.starts_at = {clock_.NowNanos(), 0};
      ASSERT_TRUE(Fire(alert).ok());
      Run(30);
      ASSERT_TRUE(End(alert).ok());
      Run(30);
    }
    EXPECT_EQ(Got("team"), damped ? 4U : 12U);
    if (!damped) continue;
    ASSERT_TRUE(Fire(alert).ok());
    Start(*disk_);  // the hold is a row
    Run(290);
    EXPECT_EQ(Got("team"), 4U);
    EXPECT_EQ(desk_->Groups(clock_.NowNanos())[0].last_reason,
              "on hold: an alert of the group flaps; ");
    Run(20);
    ASSERT_EQ(Got("team"), 5U) << "how things stand";
    EXPECT_FALSE(inbox_["team"].got[4].resolved);
    ASSERT_TRUE(End(alert).ok());
    Run(30);
    EXPECT_EQ(Got("team"), 6U) << "it is calm again";
  }
}

TEST_F(DeskTest, AnAlertThatFlapsForEverHidesNothing) {
  Adjust([&](DeskConfig& config) {
    config.alertmanager.route.group_by = {"severity"};
    config.alertmanager.route.group_interval = 10 * kSecond;
    config.alertmanager.route.group_wait = kSecond;
    config.limits.damping = {2, 10 * kMinute, 5 * kMinute};
  });
  const auto flap = [&](int seconds) {
    for (int i = 0; i < seconds / 60; ++i) {
      Alert alert = MakeAlert("Flaps");
      ASSERT_TRUE(Fire(alert).ok());
      Run(30);
      ASSERT_TRUE(End(alert).ok());
      Run(30);
    }
  };
  flap(240);
  const size_t before = Got("team");
  flap(600);
  EXPECT_EQ(Got("team"), before) << "on hold";
  ASSERT_TRUE(Fire(MakeAlert("New")).ok());
  ASSERT_TRUE(Fire(MakeAlert("Flaps")).ok());  // on hold again before the group speaks
  Run(11);
  ASSERT_EQ(Got("team"), before + 1) << "an alert that does not flap is told with the next beat";
  flap(60);  // on hold again
  ASSERT_TRUE(End(MakeAlert("New")).ok());
  const size_t held = Got("team");
  flap(12 * 60);
  EXPECT_EQ(Got("team"), held);
  flap(3 * 60);
  EXPECT_GT(Got("team"), held) << "at the latest after three times the hold";
}

// ---- limits and start

TEST_F(DeskTest, AlertsOfOneNameAreLimited) {
  Adjust([](DeskConfig& config) { config.limits.alerts_per_name = 2; });
  const auto post = [&](std::vector<Alert> alerts) {
    return *desk_->PostAlerts(alerts, clock_.NowNanos());
  };
  const auto numbered = [&](const char* name, const char* number) {
    Alert alert = MakeAlert(name);
    alert.labels = alert.labels.With("n", number);
    return alert;
  };
  const PostAlertsResult first =
      post({numbered("A", "1"), numbered("A", "2"), numbered("A", "3"), numbered("B", "1")});
  EXPECT_EQ(first.stored, 3U);
  EXPECT_EQ(first.limited, 1U);
  EXPECT_TRUE(first.errors.empty()) << "as in Alertmanager the sender does not hear of it";
  EXPECT_EQ(post({numbered("A", "2")}).limited, 0U) << "what is known may be said again";
  Alert end = numbered("A", "1");
  clock_.Set(clock_.NowNanos() + Sec(1));
  end.ends_at = {clock_.NowNanos(), 0};
  EXPECT_EQ(post({end}).limited, 0U);
  EXPECT_EQ(post({numbered("A", "3")}).limited, 0U) << "there is room again";
  Start(*disk_);
  EXPECT_EQ(post({numbered("A", "1")}).limited, 1U) << "a restart counts what is there";
  Run(600);  // both time out
  EXPECT_EQ(post({numbered("A", "4"), numbered("A", "5"), numbered("A", "6")}).limited, 1U);
}

TEST_F(DeskTest, NoGroupIsFlushedBeforeTheStartDelay) {
  ASSERT_TRUE(Fire(MakeAlert("Down")).ok());
  adjust_ = [](DeskConfig& config) { config.limits.start_delay = 10 * kMinute; };
  Start(*disk_);
  Run(590);
  EXPECT_EQ(Got("team"), 0U);
  Run(20);
  EXPECT_EQ(Got("team"), 1U);
}

// ---- import

uint64_t ForeignHash(const Labels& labels) {
  std::string bytes;
  for (const LabelView label : labels) {
    bytes += std::string(label.name) + '\xff' + std::string(label.value) + '\xff';
  }
  return Xxh64(bytes);
}

ImportedLogEntry EntryOf(std::vector<uint64_t> firing, Nanos told_at) {
  ImportedLogEntry entry;
  entry.group_key = R"({}:{alertname="Down"})";
  entry.receiver = "team";
  entry.integration = "webhook";
  entry.told_at = told_at;
  entry.expires_at = told_at + Sec(86400);
  entry.firing = std::move(firing);
  return entry;
}

TEST_F(DeskTest, WhatAnAlertmanagerToldIsNotToldAgain) {
  const Alert told = MakeAlert("Down");
  Alert later = MakeAlert("Down");
  later.labels = later.labels.With("instance", "later");
  Alert fresh = MakeAlert("Down");
  fresh.labels = fresh.labels.With("instance", "new");
  ImportedState state;
  state.log = {EntryOf({ForeignHash(told.labels), ForeignHash(later.labels)}, kT0 - Sec(600))};
  state.silences = {SilenceOf("alertname=Quiet", kT0 - Sec(60), kT0 + Sec(3600))};
  state.silences[0].id = "00000000-0000-4000-8000-000000000001";
  state.silences[0].updated_at = kT0 - Sec(60);
  const auto result = desk_->Import(state, kT0);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->entries, 1U);
  EXPECT_EQ(result->silences, 1U);
  EXPECT_TRUE(result->skipped.empty());
  Start(*disk_);
  EXPECT_TRUE(desk_->Groups(kT0).empty());
  ASSERT_TRUE(Fire(told).ok());
  Run(120);
  EXPECT_EQ(Got("team"), 0U);
  ASSERT_TRUE(Fire(later).ok());  // comes after the group has been flushed
  Run(600);
  EXPECT_EQ(Got("team"), 0U);
  ASSERT_TRUE(Fire(fresh).ok());
  Run(600);
  ASSERT_EQ(Got("team"), 1U) << "one that was never told is";
  EXPECT_EQ(inbox_["team"].got[0].reason, "new alerts added");
  ASSERT_TRUE(End(told).ok());
  Run(600);
  EXPECT_EQ(Got("team"), 2U);
  ASSERT_TRUE(Fire(MakeAlert("Quiet")).ok());
  Run(600);
  EXPECT_EQ(Got("team"), 2U);
}

TEST_F(DeskTest, AnImportedRepeatComesWhenItWouldHave) {
  const Alert told = MakeAlert("Down");
  ImportedState state;
  state.log = {EntryOf({ForeignHash(told.labels)}, kT0 - Sec(kRepeat - 900))};
  ASSERT_TRUE(desk_->Import(state, kT0).ok());
  ASSERT_TRUE(Fire(told).ok());
  Run(800);
  EXPECT_EQ(Got("team"), 0U);
  Run(900);
  ASSERT_EQ(Got("team"), 1U);
  EXPECT_EQ(inbox_["team"].got[0].reason, "repeat interval elapsed");
}

TEST_F(DeskTest, WhatIsNotImported) {
  ImportedState state;
  state.skipped = {"silence x: …"};
  state.log = {EntryOf({1}, kT0), EntryOf({}, kT0), EntryOf({1}, kT0 - Sec(2 * 86400))};
  state.log[0].receiver = "nobody";
  state.silences = {SilenceOf("a=b", kT0 - Sec(20 * 86400), kT0 - Sec(10 * 86400))};
  state.silences[0].id = "old";
  const auto result = desk_->Import(state, kT0);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->entries, 0U);
  EXPECT_EQ(result->silences, 0U);
  EXPECT_EQ(result->outdated, 3U);
  ASSERT_EQ(result->skipped.size(), 2U);
  EXPECT_NE(result->skipped[1].find("the configuration has no such route"), std::string::npos);
}

}  // namespace
}  // namespace outrider
