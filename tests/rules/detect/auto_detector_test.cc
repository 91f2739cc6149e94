// SPDX-License-Identifier: Apache-2.0
// What `auto` takes for which series, and that it says why.
#include <gtest/gtest.h>

#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

struct Case {
  std::string name;
  std::function<double(size_t, Noise&)> value;
  std::string detector;  // that decides in the end
  std::string because;   // part of the reason
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"constant", [](size_t, Noise&) { return 4.0; }, "mad", "constant"},
      {"counter", [](size_t i, Noise& n) { return 3.0 * static_cast<double>(i) + n.Unit(); },
       "seasonal", "a counter"},
      {"discrete", [](size_t i, Noise&) { return static_cast<double>(i / 7 % 3); }, "novelty",
       "discrete: 3 different values"},
      {"spiky",
       [](size_t, Noise& n) { return 10 + n.Normal() + (n.Unit() < 0.02 ? 100 * n.Unit() : 0); },
       "seasonal", "spiky"},
      {"seasonal",
       [](size_t i, Noise& n) {
         return 50 + 20 * std::sin(static_cast<double>(i) / 288 * 2 * std::numbers::pi) +
                n.Normal();
       },
       "seasonal", "seasonal: the hour of the day explains"},
      {"noise", [](size_t, Noise& n) { return 5 + n.Normal(); }, "seasonal", "neither"},
  };
  return cases;
}

TEST(Auto, TakesWhatFitsAndSaysWhy) {
  for (const Case& c : Cases()) {
    const auto detector = Make("auto");
    Noise noise(1);
    FeedIn(*detector, {5 * kMinute, kMonday}, 288 * 6, [&](size_t i) { return c.value(i, noise); });
    const Explanation explanation = detector->Explain();
    EXPECT_EQ(explanation.detector, c.detector) << c.name << ": " << explanation.chosen_because;
    EXPECT_NE(explanation.chosen_because.find(c.because), std::string::npos)
        << c.name << ": " << explanation.chosen_because;
  }
}

TEST(Auto, ThereIsAVerdictWhileTheNextDetectorWarmsUp) {
  for (const Case& c : Cases()) {
    const auto detector = Make("auto");
    Noise noise(2);
    const Trace trace = FeedIn(*detector, {5 * kMinute, kMonday}, 288 * 6,
                               [&](size_t i) { return c.value(i, noise); });
    for (size_t i = 20; i < trace.verdicts.size(); ++i) {
      ASSERT_FALSE(std::isnan(trace.verdicts[i].state)) << c.name << " " << i;
    }
  }
}

TEST(Auto, ACounterIsJudgedByItsIncreaseAndAResetIsNoAlarm) {
  const auto detector = Make("auto");
  Noise noise(3);
  double counter = 0;
  const Trace trace = FeedIn(*detector, {kMinute, kMonday}, 6000, [&](size_t i) {
    counter += 60 * (5 + 0.5 * noise.Unit()) * (i >= 5900 ? 4 : 1);
    if (i == 4000) counter = 0;
    return counter;
  });
  EXPECT_LT(trace.HighestState(3900, 4100), 1);
  EXPECT_GE(trace.HighestState(5900, 5905), 1);
  EXPECT_GT(trace.verdicts[5899].expected, trace.verdicts[5898].expected);
}

TEST(Auto, LooksAgain) {
  // A constant that comes alive: a week later it is seasonal.
  const auto detector = Make("auto");
  Noise noise(4);
  const Feed feed{5 * kMinute, kMonday};
  const auto value = [&](size_t i) {
    const double wave = std::sin(static_cast<double>(i) / 288 * 2 * std::numbers::pi);
    return i < 288 * 2 ? 50 : 50 + 20 * wave + noise.Normal();
  };
  FeedIn(*detector, feed, 288 * 2, value);
  EXPECT_EQ(detector->Explain().detector, "mad");
  for (size_t i = 288 * 2; i < 288 * 25; ++i) {
    detector->Observe(kMonday + static_cast<DurationMs>(i) * feed.step, value(i));
  }
  EXPECT_EQ(detector->Explain().detector, "seasonal") << detector->Explain().chosen_because;
}

TEST(Auto, AShapeThatAsksForTheSameDetectorLosesNothing) {
  // Seasonal and noise: what is seen at the looks changes nothing of what the default has learnt.
  for (const size_t which : {4U, 5U}) {
    const Case& c = Cases()[which];
    const auto detector = Make("auto");
    const auto alone = Make("seasonal");
    Noise noise(5);
    Noise same(5);
    constexpr size_t kSamples = 288 * 11;  // beyond the third look
    const Feed feed{5 * kMinute, kMonday};
    const Trace a = FeedIn(*detector, feed, kSamples, [&](size_t i) { return c.value(i, noise); });
    const Trace b = FeedIn(*alone, feed, kSamples, [&](size_t i) { return c.value(i, same); });
    for (size_t i = 20; i < kSamples; ++i) {
      ASSERT_EQ(a.verdicts[i].expected, b.verdicts[i].expected) << c.name << " " << i;
      ASSERT_EQ(a.verdicts[i].state, b.verdicts[i].state) << c.name << " " << i;
    }
    EXPECT_EQ(detector->Explain().samples, kSamples) << c.name;
    EXPECT_NE(detector->Explain().chosen_because.find(c.because), std::string::npos) << c.name;
  }
}

}  // namespace
}  // namespace outrider
