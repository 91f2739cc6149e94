// SPDX-License-Identifier: Apache-2.0
#include "notifiers/route/fixes.h"

#include <gtest/gtest.h>

#include "notifiers/route/dedup.h"

namespace outrider {
namespace {

constexpr Nanos kS = kNanosPerSecond;

TEST(Fixes, Names) {
  EXPECT_EQ(*ParseFixes({}), AlertingFixes());
  const std::vector<std::string> one = {"repeat_on_time"};
  EXPECT_EQ(*ParseFixes(one), AlertingFixes{.repeat_on_time = true});
  const std::vector<std::string> all = {"all"};
  EXPECT_EQ(*ParseFixes(all), (AlertingFixes{true, true, true}));
  const std::vector<std::string> bad = {"repeat_on_tim"};
  EXPECT_NE(Message(ParseFixes(bad).status()).find("there are refire_after_silence"),
            std::string::npos);
}

struct Case {
  Nanos delivered;
  Nanos beat;
  DurationMs interval;
  Nanos told;  // with the fix
};

TEST(Fixes, ToldAt) {
  const Case table[] = {
      {0, 100 * kS, 10 * kSecond, 0},                           // never told
      {60 * kS + 5, 100 * kS, 10 * kSecond, 60 * kS - 1},       // a little behind its flush
      {69 * kS, 100 * kS, 10 * kSecond, 60 * kS - 1},           // long behind it
      {60 * kS, 100 * kS, 10 * kSecond, 60 * kS - 1},           // at once
      {100 * kS, 100 * kS, 10 * kSecond, 100 * kS - 1},         // by this very flush
      {101 * kS, 100 * kS, 10 * kSecond, 101 * kS},             // the clock was set back
      {60 * kS + 5, 65 * kS, 10 * kSecond, 55 * kS - 1},        // beats at 5
  };
  for (const Case& c : table) {
    EXPECT_EQ(ToldAt({.repeat_on_time = true}, c.delivered, c.beat, c.interval), c.told)
        << c.delivered;
    EXPECT_EQ(ToldAt({}, c.delivered, c.beat, c.interval), c.delivered);
  }
}

// specs/alertmanager.md §2: group_interval 2s, repeat_interval 4s repeats every 6s; with the fix
// every 4s, and never before the interval has passed.
TEST(Fixes, RepeatOfAMultipleOfTheInterval) {
  for (const bool fixed : {false, true}) {
    for (const DurationMs repeat : {4 * kSecond, 5 * kSecond}) {
      NotificationLogEntry entry{
          .exists = true, .time = 100 * kS + 7, .firing = {1}, .resolved = {}};
      Nanos repeated = 0;
      for (Nanos beat = 102 * kS; repeated == 0; beat += 2 * kS) {
        const Nanos told = ToldAt({.repeat_on_time = fixed}, entry.time, beat, 2 * kSecond);
        if (DecideNotify(entry, {1}, {}, true, repeat, beat + (entry.time - told)) ==
            NotifyReason::kRepeatInterval) {
          repeated = beat;
        }
      }
      EXPECT_EQ((repeated - 100 * kS) / kS, fixed && repeat == 4 * kSecond ? 4 : 6)
          << fixed << repeat;
    }
  }
}

}  // namespace
}  // namespace outrider
