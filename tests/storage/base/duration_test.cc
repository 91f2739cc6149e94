// SPDX-License-Identifier: Apache-2.0
#include "storage/base/duration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "storage/base/random.h"

namespace outrider {
namespace {

TEST(Duration, PrometheusGrammar) {
  const struct {
    const char* text;
    DurationMs ms;
    const char* printed;
  } kCases[] = {
      {"0", 0, "0s"},
      {"0s", 0, "0s"},
      {"324ms", 324, "324ms"},
      {"3s", 3000, "3s"},
      {"5m", 5 * kMinute, "5m"},
      {"1h", kHour, "1h"},
      {"4d", 4 * kDay, "4d"},
      {"4d1h", 4 * kDay + kHour, "4d1h"},
      {"14d", 14 * kDay, "2w"},
      {"90d", 90 * kDay, "90d"},
      {"3w2d1h", 23 * kDay + kHour, "23d1h"},
      {"365d", 365 * kDay, "1y"},
      {"1y2w3d4h5m6s7ms", 382 * kDay + 4 * kHour + 5 * kMinute + 6 * kSecond + 7, "382d4h5m6s7ms"},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseDuration(c.text);
    ASSERT_TRUE(parsed.ok()) << c.text << ": " << parsed.status();
    EXPECT_EQ(*parsed, c.ms) << c.text;
    EXPECT_EQ(FormatDuration(*parsed), c.printed);
  }
  for (const char* bad :
       {"", "1", "1y1m1d", "-1w", "1.5d", "d", "5", "1h1h", "1m1h", "9999999999999y"}) {
    EXPECT_FALSE(ParseDuration(bad).ok()) << bad;
  }
}

TEST(Duration, GoGrammar) {
  EXPECT_EQ(*ParseGoDuration("1.5s"), 1'500'000'000);
  EXPECT_EQ(*ParseGoDuration("1h2m"), 3720LL * 1'000'000'000);
  EXPECT_EQ(*ParseGoDuration("-3ms"), -3'000'000);
  EXPECT_EQ(*ParseGoDuration("0"), 0);
  for (const char* bad : {"", "1", "1d", "s", ".", "1x"}) {
    EXPECT_FALSE(ParseGoDuration(bad).ok()) << bad;
  }
}

TEST(Rfc3339, RoundTrips) {
  const struct {
    const char* text;
    Nanos nanos;
  } kCases[] = {
      {"0001-01-01T00:00:00Z", 0},
      {"2022-01-25T12:36:43Z", 1643114203LL * kNanosPerSecond},
      {"2026-11-21T06:57:26.276Z", 1795244246LL * kNanosPerSecond + 276'000'000},
      {"1969-12-31T23:59:59.5Z", -500'000'000},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseRfc3339(c.text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, c.nanos) << c.text;
    EXPECT_EQ(FormatRfc3339(*parsed), c.text);
  }
  int offset = 0;
  const auto local = ParseRfc3339("2022-01-25T14:36:43+02:00", &offset);
  ASSERT_TRUE(local.ok());
  EXPECT_EQ(*local, 1643114203LL * kNanosPerSecond);
  EXPECT_EQ(offset, 7200);
  EXPECT_EQ(FormatRfc3339(*local, offset), "2022-01-25T14:36:43+02:00");
  for (const char* bad : {"", "2022-13-01T00:00:00Z", "2022-02-30T00:00:00Z", "2022-01-01T00:00:00",
                          "2022-01-01", "2022-01-01T00:00:00.Z", "x"}) {
    EXPECT_FALSE(ParseRfc3339(bad).ok()) << bad;
  }
}

TEST(Rfc3339, WritesWhatTheLibraryWrites) {
  SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    // The least time of all has no place in the library's years.
    Nanos time = static_cast<Nanos>(random.Next() >> (i % 40)) * (i % 3 == 0 ? -1 : 1);
    if (i % 2 == 0) time -= time % (i % 4 == 0 ? kNanosPerSecond : 1000);
    if (time == 0 || time < INT64_MIN + 86400 * kNanosPerSecond) continue;
    const int offset = i % 5 == 0 ? static_cast<int>(random.Next() % 1700 - 850) * 60 : 0;
    const Nanos fraction = (time % kNanosPerSecond + kNanosPerSecond) % kNanosPerSecond;
    const time_t seconds = (time - fraction) / kNanosPerSecond + offset;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[40];
    std::string expected(text, strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts));
    if (fraction != 0) {
      expected += fmt::format(".{:09}", fraction);
      expected.resize(expected.find_last_not_of('0') + 1);
    }
    const int magnitude = std::abs(offset) / 60;
    expected += offset == 0 ? "Z"
                            : fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+', magnitude / 60,
                                          magnitude % 60);
    ASSERT_EQ(FormatRfc3339(time, offset), expected) << time << " " << offset;
  }
}

TEST(ApiTime, SecondsOrRfc3339) {
  EXPECT_EQ(*ParseApiTime("1435781451.781"), 1435781451781);
  EXPECT_EQ(*ParseApiTime("-1.5"), -1500);
  EXPECT_EQ(*ParseApiTime("2015-07-01T20:10:51.781Z"), 1435781451781);
  EXPECT_FALSE(ParseApiTime("NaN").ok());
  EXPECT_FALSE(ParseApiTime("yesterday").ok());
  EXPECT_EQ(*ParseApiDuration("15"), 15000);
  EXPECT_EQ(*ParseApiDuration("0.5"), 500);
  EXPECT_EQ(*ParseApiDuration("1h30m"), 90 * kMinute);
  EXPECT_FALSE(ParseApiDuration("soon").ok());
}

}  // namespace
}  // namespace outrider
