// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/alert_advice.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rules/alerting/alert_rule.h"
#include "storage/base/random.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kStep = 10;

// `xx..x` : holds or not at times 0, 10, 20 …
std::vector<ActiveRun> Runs(std::string_view text) {
  std::vector<ActiveRun> runs;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto time = static_cast<Timestamp>(i) * kStep;
    if (text[i] != 'x') continue;
    if (i == 0 || text[i - 1] != 'x') runs.push_back({time, time, false});
    runs.back().last = time;
    runs.back().open = i + 1 == text.size();
  }
  return runs;
}
Timestamp EndOf(std::string_view text) { return static_cast<Timestamp>(text.size() - 1) * kStep; }

std::string Text(const std::vector<FiringSpan>& spans) {
  std::vector<std::string> parts;
  for (const FiringSpan& span : spans) {
    parts.push_back(fmt::format("{}-{}{}", span.from, span.to, span.open ? "+" : ""));
  }
  return Join(parts, " ");
}

TEST(AlertAdvice, FiringsOf) {
  const struct {
    const char* holds;
    DurationMs hold;
    DurationMs keep;
    const char* firings;
  } kCases[] = {
      {".....", 0, 0, ""},
      {"..x..", 0, 0, "20-30"},
      {"..xxx..", 0, 0, "20-50"},
      {"..xxx..", 10, 0, "30-50"},
      {"..xxx..", 20, 0, "40-50"},
      {"..xxx..", 21, 0, ""},
      {"..xxx..", 11, 0, "40-50"},  // evaluations come every 10
      {"..xxx", 0, 0, "20-40+"},
      {"..x.x.", 0, 0, "20-30 40-50"},
      {"..x.x.", 0, 10, "20-50+"},  // missing at 30 and 50, resolved at 60 at the earliest
      {"..x.x...", 0, 10, "20-60"},
      {"..x..x....", 0, 10, "20-40 50-70"},
      {"..xx.x....", 10, 20, "30-80"},  // kept firing, a new run need not wait again
      {"..xx....x.xx.", 10, 10, "30-50 110-120+"},
  };
  for (const auto& c : kCases) {
    const TrialTiming timing = {c.hold, c.keep, kStep};
    std::string text = Text(FiringsOf(Runs(c.holds), timing, EndOf(c.holds)));
    EXPECT_EQ(text, c.firings) << c.holds << ' ' << c.hold << ' ' << c.keep;
  }
}

// The recorder and the state machine of the rules against the arithmetic, on random histories.
TEST(AlertAdvice, AgreesWithTheStateMachine) {
  SeededRandom random(1129);
  for (int round = 0; round < 3000; ++round) {
    const TrialTiming timing = {static_cast<DurationMs>(random.Next() % 50),
                                static_cast<DurationMs>(random.Next() % 40), kStep};
    std::string holds;
    const double flip = 0.1 + 0.5 * random.Unit();
    bool holding = false;
    for (size_t i = 0; i < 60; ++i) {
      if (random.Unit() < flip) holding = !holding;
      holds += holding ? 'x' : '.';
    }
    AlertRecorder recorder;
    AlertSet set;
    for (size_t i = 0; i < holds.size(); ++i) {
      std::vector<AlertInstance> instances;
      if (holds[i] == 'x') {
        instances.push_back({.labels = Labels({{"alertname", "A"}}),
                             .annotations = {},
                             .value = static_cast<double>(random.Next() % 3),
                             .source_hash = 1});
      }
      const auto ts = static_cast<Timestamp>(i) * kStep;
      set =
          StepAlerts({timing.hold, timing.keep_firing_for, 0}, set, std::move(instances), ts).next;
      recorder.Observe(set, ts);
    }
    const std::vector<AlertTrack> tracks = recorder.Finish();
    const std::vector<ActiveRun> runs = Runs(holds);
    if (runs.empty()) {
      EXPECT_TRUE(tracks.empty());
      continue;
    }
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_EQ(tracks[0].runs, runs) << holds;
    EXPECT_EQ(Text(SpansOf(tracks[0].firings, EndOf(holds))),
              Text(FiringsOf(runs, timing, EndOf(holds))))
        << holds << " for " << timing.hold << " keep " << timing.keep_firing_for;
  }
}

TEST(AlertAdvice, CountsFlaps) {
  const std::vector<FiringSpan> spans = {{0, 10, false}, {20, 30, false}, {60, 70, false}};
  EXPECT_EQ(CountFlaps(spans, 9), 0);
  EXPECT_EQ(CountFlaps(spans, 10), 1);
  EXPECT_EQ(CountFlaps(spans, 30), 2);
  EXPECT_EQ(CountFlaps({}, 30), 0);
}

AlertTrack Track(const char* holds) { return {.labels = {}, .runs = Runs(holds), .firings = {}}; }

TEST(AlertAdvice, AdvisesFor) {
  const TrialLimits limits = {.flap_window = 20, .short_firing = 40};
  const TrialTiming timing = {10, 0, kStep};
  const char* text = "xxx..xxxx...xxxxxxxxxx..x.xx..";
  const std::vector<AlertTrack> tracks = {Track(text)};
  // Fires 10-30, 60-90, 130-220 and 270-280: three are short, the longest of them held for 30.
  const auto advice = AdviseFor(tracks, timing, limits, EndOf(text));
  ASSERT_TRUE(advice.has_value());
  EXPECT_EQ(advice->hold, 40);
  EXPECT_EQ(advice->avoided, 3);
  EXPECT_EQ(advice->totals.firings, 1);
  EXPECT_EQ(advice->later, 30);
  EXPECT_EQ(
      TotalsWith(tracks, timing, limits, EndOf(text)),
      (TrialTotals{.firings = 4, .flaps = 0, .short_firings = 3, .firing = 150, .longest = 90}));
  // One less would not do: this is the smallest.
  EXPECT_EQ(TotalsWith(tracks, {30, 0, kStep}, limits, EndOf(text)).firings, 2);

  const std::vector<AlertTrack> still = {Track("..xx")};  // short so far, but not ended
  EXPECT_FALSE(AdviseFor(still, timing, limits, 30).has_value());
}

TEST(AlertAdvice, AdvisesKeepFiring) {
  const TrialLimits limits = {.flap_window = 50, .short_firing = 0};
  const struct {
    const char* holds;
    DurationMs hold;
    std::optional<DurationMs> keep;
  } kCases[] = {
      {"xx..xx..", 0, 20},
      {"xx.xx..", 0, 10},
      {"xx......xx..", 0, std::nullopt},
      {"xxx.x.xxx.", 20, 10},  // the run between does not fire, but ends the waiting
      // 20 would join the first two, and bring the third within the window of their end.
      {"xx..xx......xx.", 0, 60},
  };
  for (const auto& c : kCases) {
    const TrialTiming timing = {c.hold, 0, kStep};
    const std::vector<AlertTrack> tracks = {Track(c.holds)};
    const auto keep = AdviseKeepFiring(tracks, timing, limits, EndOf(c.holds));
    EXPECT_EQ(keep, c.keep) << c.holds;
    if (!keep) continue;
    EXPECT_EQ(TotalsWith(tracks, {c.hold, *keep, kStep}, limits, EndOf(c.holds)).flaps, 0)
        << c.holds;
  }
}

TEST(AlertAdvice, Ladder) {
  const std::vector<AlertTrack> tracks = {
      {.labels = {}, .runs = {{0, 3 * kMinute, false}}, .firings = {}}};
  const TrialTiming timing = {90 * kSecond, 0, kMinute};
  std::string text;
  for (const ForStep& step : ForLadder(tracks, timing, {}, kHour)) {
    text += fmt::format("{}:{} ", step.hold / kSecond, step.totals.firings);
  }
  EXPECT_EQ(text, "0:1 60:1 90:1 120:1 300:0 ");
}

TEST(AlertAdvice, Chart) {
  const std::vector<FiringSpan> spans = {
      {0, 10, false}, {5, 20, false}, {45, 50, false}, {70, 71, false}, {99, 100, true}};
  EXPECT_EQ(FiringChart(spans, 0, 100, 10), "██  ▅  ▁ ▁");
  EXPECT_EQ(FiringChart(spans, 0, 100, 0), "");
  EXPECT_EQ(FiringChart({}, 0, 100, 3), "   ");
}

}  // namespace
}  // namespace outrider
