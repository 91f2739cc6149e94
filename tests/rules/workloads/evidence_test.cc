// SPDX-License-Identifier: Apache-2.0
// One line a case: a shape of use, and what is said about its newest point.
#include "rules/workloads/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace outrider {
namespace {

using enum FindingSeverity;

constexpr Timestamp kStart = 1'763'700'000'000 / kDay * kDay;
constexpr double kMib = 1024.0 * 1024.0;

// A point every `step` from kStart on: `value(minutes since the start)`.
ResourceUsage Fill(DurationMs length, const std::function<double(double)>& value,
                   DurationMs step = 15 * kSecond) {
  ResourceUsage usage;
  for (DurationMs at = 0; at < length; at += step) {
    const Sample point = {kStart + at, value(static_cast<double>(at) / kMinute)};
    usage.Add({&point, 1});
    usage.CloseUntil(kStart + at);
  }
  usage.CloseUntil(kStart + length);
  return usage;
}

std::optional<Evidence> Spike(double minutes, const std::function<double(double)>& value,
                              FindingResource resource = FindingResource::kCpu,
                              std::optional<double> limit = {}) {
  const ResourceUsage usage = Fill(static_cast<DurationMs>(minutes * kMinute), value);
  return JudgeSpike(resource, {usage, {}, limit});
}

TEST(Spike, Shapes) {
  struct Case {
    const char* what;
    double minutes;
    std::function<double(double)> value;
    bool found;
    FindingSeverity severity = kLow;
  };
  std::mt19937 random(7);  // NOLINT: the same noise each time
  std::normal_distribution<double> noise(0, .05);
  const auto at = [](double t, double begin, double before, double after) {
    return t < begin ? before : after;
  };
  const Case cases[] = {
      // §1.5 defect (d).
      {"flat, then five times as much", 62, [&](double t) { return at(t, 59, .2, 1); }, true,
       kCritical},
      {"half as much again", 62, [&](double t) { return at(t, 59, 1, 1.5); }, true, kMedium},
      {"twice as much", 62, [&](double t) { return at(t, 59, 1, 2.5); }, true, kHigh},
      // §1.3 defect (c): low can be reached.
      {"a fifth more", 62, [&](double t) { return at(t, 59, 1, 1.22); }, true, kLow},
      {"a tenth more of a flat line is within the floor", 62,
       [&](double t) { return at(t, 59, 1, 1.1); }, false},
      // §1.5 defect (c).
      {"a drop", 62, [&](double t) { return at(t, 59, 1, .1); }, false},
      {"noise", 62, [&](double) { return 1 + noise(random); }, false},
      {"a jump within the noise", 62, [&](double t) { return at(t, 59, 1, 1.1) + noise(random); },
       false},
      {"idle, then a flicker", 62, [&](double t) { return at(t, 59, .001, .01); }, false},
      {"one minute alone", 62, [&](double t) { return t >= 60 && t < 61 ? 5 : .2; }, false},
      {"over since a minute", 62, [&](double t) { return t >= 55 && t < 61 ? 5 : .2; }, false},
      {"a slow climb", 62, [](double t) { return 1 + t / 120; }, false},
      {"zeros", 62, [](double) { return 0; }, false},
  };
  for (const Case& c : cases) {
    const auto evidence = Spike(c.minutes, c.value);
    ASSERT_TRUE(evidence) << c.what;
    EXPECT_EQ(evidence->score >= 1, c.found) << c.what << " " << evidence->score;
    if (c.found) {
      EXPECT_EQ(evidence->severity, c.severity) << c.what;
    }
    EXPECT_GE(evidence->confidence, 0);
    EXPECT_LE(evidence->confidence, 1);
  }
}

TEST(Spike, NeedsAPast) {
  EXPECT_FALSE(Spike(12, [](double t) { return t < 9 ? 1 : 9; }));
  EXPECT_TRUE(Spike(13, [](double t) { return t < 10 ? 1 : 9; }));
}

TEST(Spike, NearTheLimitIsWorse) {
  const auto jump = [](double t) { return t < 59 ? 700 * kMib : 950 * kMib; };
  EXPECT_EQ(Spike(62, jump, FindingResource::kMemory, 4096 * kMib)->severity, kMedium);
  EXPECT_EQ(Spike(62, jump, FindingResource::kMemory, 1024 * kMib)->severity, kCritical);
}

// A spike does not become usual while it is young, and is after half an hour.
TEST(Spike, IsNotPartOfWhatIsUsual) {
  for (const auto& [minutes, usual] : {std::pair(20, .5), std::pair(28, .5), std::pair(62, 3.0)}) {
    const ResourceUsage usage =
        Fill((60 + minutes) * kMinute, [](double t) { return t < 60 ? .5 : 3; });
    const auto evidence =
        JudgeSpike(FindingResource::kCpu, {usage, {}, {}}, kStart + 61 * kMinute + 30 * kSecond);
    ASSERT_TRUE(evidence) << minutes;
    EXPECT_NEAR(evidence->usual, usual, .01) << minutes;
    EXPECT_EQ(evidence->score >= 1, usual < 3) << minutes;
  }
}

// Minutes without a sample are left out, not taken for zero.
TEST(Spike, NoDataIsNotZero) {
  const ResourceUsage usage = Fill(3 * kHour, [](double) { return 2; }, 4 * kMinute);
  const auto evidence = JudgeSpike(FindingResource::kCpu, {usage, {}, {}});
  ASSERT_TRUE(evidence);
  EXPECT_EQ(evidence->score, 0);
  EXPECT_EQ(JudgeDrop({usage, {}, {}})->score, 0);
}

TEST(Drop, IsAnUnusualPattern) {
  const ResourceUsage usage = Fill(62 * kMinute, [](double t) { return t < 58 ? 1 : .05; });
  const auto evidence = JudgeDrop({usage, {}, {}});
  ASSERT_TRUE(evidence);
  EXPECT_GE(evidence->score, 1);
  EXPECT_EQ(evidence->type, FindingType::kUnusualPattern);
  EXPECT_EQ(evidence->severity, kMedium);
  const ResourceUsage milder = Fill(62 * kMinute, [](double t) { return t < 58 ? 1 : .6; });
  EXPECT_LT(JudgeDrop({milder, {}, {}})->score, 1);
}

struct LeakCase {
  const char* what;
  DurationMs length;
  std::function<double(double)> mib;  // by minutes
  double limit_mib;                   // 0: none
  bool found;
  FindingSeverity severity = kLow;
  double per_hour = 0;
  double hours_to_limit = 0;
};

TEST(Leak, Shapes) {
  std::mt19937 random(11);  // NOLINT: the same noise each time
  std::normal_distribution<double> noise(0, 10);
  const LeakCase cases[] = {
      // §1.5 defect (a): the original finds none of the next three on its default window.
      {"doubles in a day", kDay, [](double t) { return 200 + 200 * t / 1440; }, 0, true, kLow,
       .0278},
      {"ten times in a day", kDay, [](double t) { return 100 + 900 * t / 1440; }, 0, true, kMedium,
       .068},
      {"half as much again in a day, limit near", kDay,
       [](double t) { return 400 + 200 * t / 1440; }, 645, true, kHigh, 0, 5.4},
      {"fast, limit in less than an hour", 3 * kHour, [](double t) { return 200 + t * 4; }, 1024,
       true, kCritical, 0, .43},
      {"with noise", kDay, [&](double t) { return 200 + 200 * t / 1440 + noise(random); }, 0, true,
       kLow},
      {"a tenth in a week", kDay, [](double t) { return 500 + 50 * t / 10080; }, 0, false},
      {"flat", kDay, [](double) { return 300; }, 400, false},
      {"noise", kDay, [&](double) { return 300 + noise(random); }, 400, false},
      {"falls", kDay, [](double t) { return 800 - t / 4; }, 1000, false},
      {"a garbage collector's saw-tooth", kDay, [](double t) { return 300 + std::fmod(t, 90) * 3; },
       1000, false},
      {"a saw-tooth in its last hour", kDay + 80 * kMinute,
       [](double t) { return 300 + std::fmod(t, 90) * 3; }, 700, false},
      {"a saw-tooth that ends at the limit, again", kDay + 80 * kMinute,
       [](double t) { return 300 + std::fmod(t, 90) * 3; }, 570, true, kCritical},
      {"a start that levels off", 6 * kHour,
       [](double t) { return 200 + 300 * (1 - std::exp(-t / 40)); }, 1000, false},
      {"a start, still growing", kHour, [](double t) { return 100 + t * 3; }, 4096, false},
      {"a rolling update half an hour ago", kDay, [](double t) { return t < 1410 ? 300 : 180; }, 0,
       false},
      {"one step up", kDay, [](double t) { return t < 900 ? 300 : 600; }, 0, false},
  };
  for (const LeakCase& c : cases) {
    const ResourceUsage usage = Fill(c.length, [&](double t) { return c.mib(t) * kMib; }, kMinute);
    const auto limit = c.limit_mib > 0 ? std::optional(c.limit_mib * kMib) : std::nullopt;
    const auto evidence = JudgeLeak({usage, {}, limit});
    ASSERT_TRUE(evidence) << c.what;
    EXPECT_EQ(evidence->score >= 1, c.found) << c.what << " " << evidence->score;
    if (!c.found) continue;
    EXPECT_EQ(evidence->severity, c.severity) << c.what;
    EXPECT_GE(evidence->confidence, .7) << c.what;
    if (c.per_hour > 0) {
      EXPECT_NEAR(evidence->per_hour, c.per_hour, .25 * c.per_hour) << c.what;
    }
    if (c.hours_to_limit > 0) {
      EXPECT_NEAR(evidence->seconds_to_limit / 3600, c.hours_to_limit, .1 * c.hours_to_limit)
          << c.what;
    }
  }
}

TEST(Leak, NeedsAnHour) {
  const ResourceUsage usage =
      Fill(45 * kMinute, [](double t) { return (100 + 5 * t) * kMib; }, kMinute);
  EXPECT_FALSE(JudgeLeak({usage, {}, 400 * kMib}));
}

// §1.5 defect (e).
TEST(Leak, AFirstSampleOfZero) {
  const ResourceUsage usage = Fill(4 * kHour, [](double t) { return t * kMib; }, kMinute);
  EXPECT_GE(JudgeLeak({usage, {}, {}})->score, 1);
}

// §1.5 defect (f): drift, by day.
TEST(Drift, ComparesDays) {
  struct Case {
    const char* what;
    double days;
    std::function<double(double)> value;  // by day
    bool said;
    bool found = false;
    FindingSeverity severity = kLow;
  };
  const Case cases[] = {
      {"two days are too few", 2.5, [](double) { return 1; }, false},
      {"steady", 6, [](double) { return 1; }, true, false},
      {"ten percent more each day", 6, [](double d) { return 1 + .1 * d; }, true, true, kLow},
      {"half as much again since yesterday", 6, [](double d) { return d < 4.9 ? 1 : 1.6; }, true,
       true, kMedium},
      {"less and less", 6, [](double d) { return 1 - .12 * d; }, true, true, kLow},
      {"a season within the day", 6, [](double d) { return 1 + .5 * std::sin(d * 6.2831853); },
       true, false},
  };
  for (const Case& c : cases) {
    const ResourceUsage usage = Fill(
        static_cast<DurationMs>(c.days * kDay) + 2 * kMinute,
        [&](double t) { return c.value(t / 1440); }, kMinute);
    const auto evidence = JudgeDrift(FindingResource::kCpu, {usage, {}, {}});
    ASSERT_EQ(evidence.has_value(), c.said) << c.what;
    if (!c.said) continue;
    EXPECT_EQ(evidence->score >= 1, c.found) << c.what << " " << evidence->score;
    if (c.found) {
      EXPECT_EQ(evidence->severity, c.severity) << c.what;
    }
  }
}

ResourceAdvice Advice(double mean, double p95) {
  ResourceAdvice advice;
  advice.enough_data = true;
  advice.mean_use = mean;
  advice.p95_use = p95;
  advice.request = 1;
  advice.limit = 1;
  advice.coverage = kDay;
  return advice;
}

TEST(Fit, GoldenEdges) {
  struct Case {
    double use;
    bool found;
    FindingSeverity severity;
  };
  for (const Case& c : {Case{.04, true, kHigh}, Case{.05, true, kMedium}, Case{.10, true, kLow},
                        Case{.20, false, kLow}}) {
    const auto evidence = JudgeRequest(FindingResource::kCpu, Advice(c.use, 0));
    ASSERT_TRUE(evidence);
    EXPECT_EQ(evidence->score >= 1, c.found) << c.use;
    if (c.found) {
      EXPECT_EQ(evidence->severity, c.severity) << c.use;
    }
  }
  for (const Case& c : {Case{.90, true, kMedium}, Case{.95, true, kHigh},
                        Case{.99, true, kCritical}, Case{.89, false, kLow}}) {
    const auto evidence = JudgeLimit(FindingResource::kCpu, Advice(0, c.use));
    ASSERT_TRUE(evidence);
    EXPECT_EQ(evidence->score >= 1, c.found) << c.use;
    if (c.found) {
      EXPECT_EQ(evidence->severity, c.severity) << c.use;
    }
  }
  ResourceAdvice unknown = Advice(.01, 1);
  unknown.request.reset();
  unknown.limit = 0;
  EXPECT_FALSE(JudgeRequest(FindingResource::kCpu, unknown));
  EXPECT_FALSE(JudgeLimit(FindingResource::kCpu, unknown));
}

TEST(Counters, Edges) {
  EXPECT_FALSE(JudgeThrottling({.9, 4}));
  EXPECT_LT(JudgeThrottling({.24, 15})->score, 1);
  const std::pair<double, FindingSeverity> throttled[] = {
      {.25, kLow}, {.4, kMedium}, {.6, kHigh}, {.85, kCritical}};
  for (const auto& [share, severity] : throttled) {
    EXPECT_GE(JudgeThrottling({share, 15})->score, 1);
    EXPECT_EQ(JudgeThrottling({share, 15})->severity, severity);
  }
  EXPECT_LT(JudgeRestarts(2).score, 1);
  const std::pair<double, FindingSeverity> restarts[] = {{3, kMedium}, {5, kHigh}, {10, kCritical}};
  for (const auto& [count, severity] : restarts) {
    EXPECT_GE(JudgeRestarts(count).score, 1);
    EXPECT_EQ(JudgeRestarts(count).severity, severity);
  }
}

TEST(Describe, SaysTheFigures) {
  const ResourceUsage leak =
      Fill(kDay, [](double t) { return (400 + 200 * t / 1440) * kMib; }, kMinute);
  EXPECT_THAT(Describe(*JudgeLeak({leak, {}, 650 * kMib})),
              testing::MatchesRegex(
                  "memory grows by [0-9.]+ % an hour, now 600 MiB; the limit of 650 MiB is "
                  "reached in [56]h[0-9]*m?"));
  EXPECT_EQ(Describe(*JudgeRequest(FindingResource::kCpu, Advice(.04, 0))),
            "cpu: mean use is 4 % of the request");
  EXPECT_EQ(Describe(*JudgeLimit(FindingResource::kMemory, Advice(0, .95))),
            "memory: 95th percentile of use is 95 % of the limit");
  EXPECT_THAT(Describe(*Spike(62, [](double t) { return t < 59 ? .2 : 1; })),
              "cpu use jumped to 1.000 cores, usual are 0.200 cores");
}

}  // namespace
}  // namespace outrider
