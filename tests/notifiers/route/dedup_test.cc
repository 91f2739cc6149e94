// SPDX-License-Identifier: Apache-2.0
// The five rules (specs/alertmanager.md §2 "Dedup (exact)") and their consequences.
#include "notifiers/route/dedup.h"

#include <gtest/gtest.h>

#include <optional>

namespace outrider {
namespace {

using Set = NumberSet;
using enum NotifyReason;

struct Case {
  const char* name;
  std::optional<NotificationLogEntry> entry;
  Set firing;
  Set resolved;
  bool send_resolved;
  int64_t age_ms;  // of the entry
  NotifyReason wanted;
};

NotificationLogEntry Told(Set firing, Set resolved = {}) {
  return {true, 0, std::move(firing), std::move(resolved)};
}

constexpr DurationMs kRepeat = kHour;

class Dedup : public ::testing::TestWithParam<Case> {};

TEST_P(Dedup, Decides) {
  const Case& c = GetParam();
  const Nanos now = 1'700'000'000 * kNanosPerSecond;
  NotificationLogEntry entry = c.entry.value_or(NotificationLogEntry{});
  entry.time = now - c.age_ms * kNanosPerMilli;
  const NotifyReason reason =
      DecideNotify(entry, c.firing, c.resolved, c.send_resolved, kRepeat, now);
  EXPECT_EQ(NotifyReasonText(reason), NotifyReasonText(c.wanted));
  EXPECT_EQ(ShouldNotify(reason), c.wanted > kNothingFiring);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Dedup,
    ::testing::Values(
        // 1. no entry
        Case{"First", {}, {1}, {}, true, 0, kFirstNotification},
        Case{"OnlyResolvedNeverTold", {}, {}, {1}, true, 0, kNothingFiring},
        Case{"FirstWithResolved", {}, {1}, {2}, false, 0, kFirstNotification},
        // 2. something fires that was not told
        Case{"NewAlert", Told({1}), {1, 2}, {}, true, 0, kNewAlerts},
        Case{"OtherAlert", Told({1}), {2}, {}, true, 0, kNewAlerts},
        Case{"FirstAfterAllResolved", Told({}, {1}), {1}, {}, true, 0, kFirstNotification},
        // 3. nothing fires any more
        Case{"AllResolved", Told({1}), {}, {1}, true, 0, kAllResolved},
        Case{"AllResolvedThoughNotSent", Told({1}), {}, {1}, false, 0, kAllResolved},
        Case{"AllResolvedOnce", Told({}, {1}), {}, {1}, true, 2 * kRepeat, kNothingFiring},
        // 4. some are resolved
        Case{"SomeResolved", Told({1, 2}), {1}, {2}, true, 0, kSomeResolved},
        Case{"SomeResolvedNotSent", Told({1, 2}), {1}, {2}, false, 0, kNothingNew},
        Case{"SomeResolvedTold", Told({1}, {2}), {1}, {2}, true, 0, kNothingNew},
        // 5. repeat: strictly older, so k times the group interval repeats a round later
        Case{"TooYoung", Told({1}), {1}, {}, true, kRepeat - 1, kNothingNew},
        Case{"ExactlyAsOld", Told({1}), {1}, {}, true, kRepeat, kNothingNew},
        Case{"Older", Told({1}), {1}, {}, true, kRepeat + 1, kRepeatInterval},
        // Consequences: what disappears (silenced, inhibited) tells nobody; back again neither.
        Case{"OneSilenced", Told({1, 2}), {1}, {}, true, 0, kNothingNew},
        Case{"BackFromSilence", Told({1, 2}), {1, 2}, {}, true, 0, kNothingNew},
        Case{"FirstSeenAfterSilence", Told({1}), {1, 3}, {}, true, 0, kNewAlerts}),
    [](const auto& param) { return param.param.name; });

// gi = 2 s, ri = 4 s: told every 6 s, because the entry is written after the tick (issue #676).
TEST(DedupOverTime, RepeatIntervalOfWholeGroupIntervalsDriftsByOne) {
  NotificationLogEntry entry = Told({1});
  const Nanos start = 100 * kNanosPerSecond;
  entry.time = start + 5 * kNanosPerMilli;  // delivered 5 ms after its tick
  std::vector<int> told;
  for (int second = 2; second <= 18; second += 2) {
    const Nanos tick = start + second * kNanosPerSecond;
    if (ShouldNotify(DecideNotify(entry, {1}, {}, true, 4 * kSecond, tick))) {
      told.push_back(second);
      entry.time = tick + 5 * kNanosPerMilli;
    }
  }
  EXPECT_EQ(told, (std::vector<int>{6, 12, 18}));
}

TEST(DedupOverTime, ReasonTexts) {
  EXPECT_EQ(NotifyReasonText(kFirstNotification), "first notification");
  EXPECT_EQ(NotifyReasonText(kNewAlerts), "new alerts added");
  EXPECT_EQ(NotifyReasonText(kAllResolved), "all alerts resolved");
  EXPECT_EQ(NotifyReasonText(kSomeResolved), "some alerts resolved");
  EXPECT_EQ(NotifyReasonText(kRepeatInterval), "repeat interval elapsed");
}

}  // namespace
}  // namespace outrider
