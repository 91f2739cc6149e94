// SPDX-License-Identifier: Apache-2.0
// Which series an entry has: those that are there, up to max_series of them, whatever was there
// before, and whatever a clock that was wrong has left behind.
#include <gmock/gmock.h>

#include <cmath>

#include "rules/analytics/source.h"
#include "storage/model/sample.h"
#include "tests/rules/analytics/engine_world.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr const char* kSlope = "outrider_trend_slope";
constexpr const char* kDoubled =
    "- {name: load, kind: trend, expr: 2 * node_load1, windows: [1h], max_series: 2}\n";
constexpr const char* kPlain =
    "- {name: load, kind: trend, expr: node_load1, windows: [1h], max_series: 1}\n";

class SeriesLife : public EngineWorld {
 protected:
  // A sample every 15 seconds in [from, to).
  void Fill(const std::string& instance, Timestamp from, Timestamp to) {
    for (Timestamp t = from; t < to; t += 15 * kSecond) {
      windows_.Add(Load(instance), t, 1 + std::sin(static_cast<double>(t)));
    }
  }
  void Mark(const std::string& instance, Timestamp time) {
    windows_.Add(Load(instance), time, StaleNan());
  }
};

TEST_F(SeriesLife, WhatIsGoneTakesNoPlaceAfterAStart) {
  const Timestamp now = kStart + 40 * kMinute;
  for (const char* gone : {"a", "b"}) {
    Fill(gone, kStart, kStart + 20 * kMinute);
    Mark(gone, kStart + 20 * kMinute);
  }
  for (const char* there : {"c", "d"}) Fill(there, kStart + 25 * kMinute, now + 1);
  auto engine = Make(kDoubled);
  engine->Rebuild(now);
  engine->Run(now);
  EXPECT_THAT(InstancesOf(kSlope), UnorderedElementsAre("c", "d"));
  EXPECT_EQ(engine->Entries()[0].series, 2U);
  EXPECT_EQ(engine->Entries()[0].refused, 0U);
}

TEST_F(SeriesLife, WhatHasEndedDoesNotComeBackWithAStart) {
  const Timestamp now = kStart + 40 * kMinute;
  Fill("a", kStart, kStart + 30 * kMinute);
  Mark("a", kStart + 30 * kMinute);
  Fill("b", kStart, now + 1);
  auto engine = Make(kDoubled);
  engine->Rebuild(now);
  engine->Run(now + 100);  // before the next evaluation
  EXPECT_THAT(InstancesOf(kSlope), ElementsAre("b"));
  EXPECT_EQ(engine->Entries()[0].series, 1U);
  // It is known all the same, and goes on with what it was.
  Fill("a", now + kMinute, now + kMinute + 1);
  Fill("b", now + kMinute, now + kMinute + 1);
  engine->Run(now + kMinute);
  EXPECT_THAT(InstancesOf(kSlope), UnorderedElementsAre("a", "b"));
}

TEST_F(SeriesLife, OthersTakeThePlacesOfThoseThatGo) {
  // Names that change at once, as those of pods do.
  auto engine = Make(kDoubled);
  for (const char* before : {"x", "y"}) Fill(before, kStart, kStart + 2 * kMinute);
  for (Timestamp now = kStart; now < kStart + 2 * kMinute; now += 15 * kSecond) engine->Run(now);
  const Timestamp change = kStart + 2 * kMinute;
  for (const char* before : {"x", "y"}) Mark(before, change);
  for (const char* after : {"a", "b"}) Fill(after, change, change + 1);
  engine->Run(change);
  EXPECT_EQ(engine->Entries()[0].series, 2U);
  EXPECT_EQ(engine->Entries()[0].refused, 0U);
  for (const char* after : {"a", "b"}) Fill(after, change + 15'000, change + kMinute);
  for (Timestamp now = change; now < change + kMinute; now += 15 * kSecond) engine->Run(now);
  EXPECT_THAT(InstancesOf(kSlope), UnorderedElementsAre("a", "b"));
}

TEST_F(SeriesLife, AnIntervalBelowThatOfRunsIsThatOfRuns) {
  auto engine =
      Make("- {name: load, kind: trend, expr: 2 * node_load1, windows: [1h], interval: 1s}\n");
  const Timestamp now = kStart + 10 * kMinute;
  Fill("a", kStart, now + 1);
  engine->Rebuild(now);
  EXPECT_EQ(engine->Entries()[0].samples, 41U) << "one each 15 s, as when it runs";
  engine->Run(now + 15'000);
  EXPECT_EQ(engine->Entries()[0].samples, 42U);
}

TEST_F(SeriesLife, RefusedAreSeriesThatAreThere) {
  auto engine = Make(kPlain);
  Fill("a", kStart, kStart + kMinute);
  engine->Run(kStart + kMinute);
  Mark("a", kStart + kMinute + 1000);
  Timestamp now = kStart + 2 * kMinute;
  Fill("b", now, now + kMinute);
  engine->Run(now + kMinute);  // takes the place
  // The one that was there comes back, with several samples at once; and one that never was.
  now += 2 * kMinute;
  Fill("b", now, now + kMinute);
  Fill("a", now, now + kMinute);
  Fill("c", now, now + kMinute);
  engine->Run(now + kMinute);
  EXPECT_EQ(engine->Entries()[0].series, 1U);
  EXPECT_EQ(engine->Entries()[0].refused, 2U) << "not each of their samples";
  engine->Run(now + 2 * kMinute);
  EXPECT_EQ(engine->Entries()[0].refused, 2U) << "also while there are no new samples";
  now += 8 * kMinute;
  Fill("b", now - kMinute, now);
  engine->Run(now);
  EXPECT_EQ(engine->Entries()[0].refused, 0U) << "they are gone";
}

TEST_F(SeriesLife, StatesAreKeptForAStoreOnly) {
  const std::vector<Entry> entries =
      ParseEntries("- {name: load, kind: anomaly, expr: node_load1, detector: robust_z}\n");
  for (const bool with_store : {false, true}) {
    if (with_store) store_ = std::make_unique<MemoryStore>();
    const AnalyticsSeams seams = Seams();
    Source source(*entries[0].compiled, entries, seams);
    const SourceContext context{options_, seams};
    const std::string instance = with_store ? "b" : "a";
    const Timestamp start = kStart + (with_store ? kDay : 0);
    Fill(instance, start, start + kMinute);
    source.Run(context, start + kMinute);
    source.Run(context, start + 3 * kHour);  // long gone
    std::vector<CheckpointRow> rows;
    source.Save(0, 0, &rows);
    EXPECT_EQ(rows.size(), with_store ? 1U : 0U);
    source.Retire(table_);
  }
}

class ClockAhead : public SeriesLife, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Entries, ClockAhead, testing::Values("node_load1", "2 * node_load1"));

TEST_P(ClockAhead, FreezesNothing) {
  const std::string entry =
      std::string("- {name: load, kind: anomaly, detector: robust_z, expr: ") + GetParam() + "}\n";
  store_ = std::make_unique<MemoryStore>();
  auto engine = Make(entry);
  const auto run = [&](Timestamp from, Timestamp to) {
    for (Timestamp now = from; now < to; now += 15 * kSecond) {
      Fill("a", now, now + 1);
      engine->Run(now);
      ASSERT_TRUE(engine->Checkpoint(now, AnalyticsEngine::Part::kAll).ok());
    }
  };
  run(kStart, kStart + 5 * kMinute);
  run(kStart + 2 * kHour, kStart + 2 * kHour + 5 * kMinute);
  // The clock is set right.
  const uint64_t before = engine->Entries()[0].samples;
  run(kStart + 6 * kMinute, kStart + 16 * kMinute);
  EXPECT_GT(engine->Entries()[0].samples, before + 30);
  EXPECT_EQ(engine->Entries()[0].series, 1U);
  EXPECT_THAT(InstancesOf("outrider_anomaly_score"), ElementsAre("a"));
}

TEST_P(ClockAhead, WhatItSavedIsBegunAnew) {
  const std::string entry =
      std::string("- {name: load, kind: anomaly, detector: robust_z, expr: ") + GetParam() + "}\n";
  store_ = std::make_unique<MemoryStore>();
  auto engine = Make(entry);
  const Timestamp ahead = kStart + 2 * kHour;
  for (Timestamp now = ahead; now < ahead + 5 * kMinute; now += 15 * kSecond) {
    Fill("a", now, now + 1);
    engine->Run(now);
  }
  ASSERT_TRUE(engine->Checkpoint(ahead + 5 * kMinute, AnalyticsEngine::Part::kAll).ok());
  engine = Make(entry);
  engine->Rebuild(kStart);
  for (Timestamp now = kStart; now < kStart + 5 * kMinute; now += 15 * kSecond) {
    Fill("a", now, now + 1);
    engine->Run(now);
  }
  EXPECT_EQ(engine->Checkpoints().lost, 1U);
  EXPECT_THAT(InstancesOf("outrider_anomaly_score"), ElementsAre("a"));
}

// A back-test has no store; the daemon would take the state back from its own.
TEST_F(SeriesLife, WithoutAStoreAGapOfHoursForgetsNothing) {
  auto engine =
      Make("- {name: load, kind: trend, expr: node_load1, windows: [24h], errors: true}\n");
  Fill("a", kStart, kStart + kHour);
  const Timestamp back = kStart + 5 * kHour;
  Fill("a", back, back + kHour);
  for (Timestamp now = kStart; now < back + kHour; now += kMinute) engine->Run(now);
  const auto derived = DerivedText(table_);
  const std::string start =
      "outrider_trend_start_timestamp_seconds{entry=\"load\", instance=\"a\", "
      "metric=\"node_load1\", window=\"24h\"}";
  ASSERT_TRUE(derived.contains(start)) << testing::PrintToString(derived);
  EXPECT_NEAR(derived.at(start), static_cast<double>(kStart) / 1000, 1);
}

TEST_F(SeriesLife, AllIsSavedInTheTimePromised) {
  store_ = std::make_unique<MemoryStore>();
  auto engine = Make("- {name: load, kind: anomaly, expr: node_load1, detector: robust_z}\n");
  constexpr int kSeries = 4500;
  for (int i = 0; i < kSeries; ++i) windows_.Add(Load(std::to_string(i)), kStart, i);
  engine->Run(kStart);
  ASSERT_TRUE(engine->Checkpoint(kStart).ok());
  EXPECT_LT(engine->Checkpoints().rows, 10U);
  // In one step, as where the analytics run seldom.
  const Timestamp later = kStart + options_.checkpoint_every;
  ASSERT_TRUE(engine->Checkpoint(later).ok());
  EXPECT_EQ(engine->Checkpoints().rows, static_cast<uint64_t>(kSeries));
  EXPECT_EQ(engine->Checkpoints().complete, later);
}

}  // namespace
}  // namespace outrider
