// SPDX-License-Identifier: Apache-2.0
// Events against counters whose true counts are known: resets, gaps, late starts, late delivery.
#include "rules/slo/event_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>

#include "storage/model/sample.h"
#include "tests/rules/analytics/fake_windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'767'225'600'000;

class EventFeedTest : public testing::Test {
 protected:
  static SloQuery Query(const std::string& text, bool raw_counters = false) {
    auto query = CompileSloQuery(text, raw_counters, {});
    EXPECT_TRUE(query.ok()) << query.status();
    return *query;
  }
  static SloPart Part(const std::string& bad, const std::string& total, bool raw_counters = false) {
    SloPart part;
    part.query = Query(bad, raw_counters);
    part.total = Query(total, raw_counters);
    return part;
  }
  Status Advance(EventFeed& feed, Timestamp now) {
    return feed.Advance({options_, promql_, windows_}, now,
                        [&](const Labels& labels, Timestamp time, const EventCounts& counts) {
                          EventCounts& sum = sums_[labels.ToString()];
                          sum.bad += counts.bad;
                          sum.total += counts.total;
                          last_time_ = time;
                        });
  }
  void Add(const std::string& name, const std::string& pod, Timestamp time, double value) {
    windows_.Add(Labels({{"__name__", name}, {"pod", pod}, {"job", "web"}}), time, value);
  }

  FakeClock clock_;
  SloOptions options_;
  promql::Engine promql_{promql::EngineOptions(), clock_};
  FakeWindows windows_;
  std::map<std::string, EventCounts> sums_;
  Timestamp last_time_ = 0;
};

// A pod that serves for some time at a time and is scraped every 15 s; a restart loses the counter.
struct Pod {
  std::string name;
  DurationMs phase = 0;
  double counter = 0;
  double truth = 0;       // events that happened since the first sample
  double by_samples = 0;  // what the samples say
  double last = 0;
  bool seen = false;
  Timestamp arrived = 0;
};

struct Form {
  const char* bad;
  const char* total;
  bool raw_counters;
};

class EventFeedForms : public EventFeedTest, public testing::WithParamInterface<Form> {};

TEST_P(EventFeedForms, CountsWhatHappened) {
  EventFeed feed(Part(GetParam().bad, GetParam().total, GetParam().raw_counters));
  ASSERT_TRUE(feed.counted());
  std::mt19937_64 random(11);
  std::vector<Pod> pods;
  for (int i = 0; i < 5; ++i) {
    pods.push_back(
        {.name = "p" + std::to_string(i), .phase = static_cast<DurationMs>(random() % 15'000)});
  }
  uint64_t lost_bound = 0;
  std::multimap<Timestamp, std::function<void()>> deliveries;
  for (Timestamp now = kStart; now < kStart + 3 * kHour; now += kSecond) {
    for (size_t i = 0; i < pods.size(); ++i) {
      Pod& pod = pods[i];
      if (i == 4 && now < kStart + kHour) continue;  // a late start
      const bool away = i == 3 && now > kStart + kHour && now < kStart + kHour + 20 * kMinute;
      const auto events = static_cast<double>(random() % 20);
      pod.counter += events;
      if (pod.seen) pod.truth += events;
      if (random() % 3000 == 0 && !away) {
        pod.counter = 0;
        lost_bound += 16 * 20;
      }
      if ((now + pod.phase) % 15'000 >= kSecond || away) continue;
      const double value = pod.counter;
      if (pod.seen) pod.by_samples += value < pod.last ? value : value - pod.last;
      pod.seen = true;
      pod.last = value;
      // Samples travel up to 20 s, in order.
      const Timestamp travelled = now + static_cast<DurationMs>(random() % 20'000);
      pod.arrived = std::max(pod.arrived + 1, travelled);
      deliveries.emplace(pod.arrived, [this, name = pod.name, now, value] {
        Add("requests_total", name, now, value);
        Add("errors_total", name, now, value / 4);
      });
    }
    while (!deliveries.empty() && deliveries.begin()->first <= now) {
      deliveries.begin()->second();
      deliveries.erase(deliveries.begin());
    }
    if (now % 15'000 == 7000) {
      ASSERT_TRUE(Advance(feed, now).ok());
    }
  }
  for (auto& [time, deliver] : deliveries) deliver();
  ASSERT_TRUE(Advance(feed, kStart + 3 * kHour + kMinute).ok());
  double truth = 0;
  double by_samples = 0;
  for (const Pod& pod : pods) {
    truth += pod.truth;
    by_samples += pod.by_samples;
  }
  EventCounts all;
  for (const auto& [labels, counts] : sums_) {
    all.bad += counts.bad;
    all.total += counts.total;
  }
  EXPECT_NEAR(all.total, by_samples, 1e-6) << "every sample once";
  EXPECT_NEAR(all.bad, by_samples / 4, 1e-6);
  EXPECT_LE(std::abs(all.total - truth), static_cast<double>(lost_bound) + 5 * 16 * 20)
      << "a scrape interval for each restart and for the end";
  EXPECT_GT(all.total, 0.98 * truth);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, EventFeedForms,
    testing::Values(Form{"sum(rate(errors_total[{{.window}}]))",
                         "sum(rate(requests_total[{{.window}}]))", false},
                    Form{"sum by (job) (increase(errors_total{job=\"web\"}[5m]))",
                         "sum by (job) (increase(requests_total{job=\"web\"}[5m]))", false},
                    Form{"sum by (pod) (errors_total)", "sum by (pod) (requests_total)", true},
                    Form{"errors_total", "requests_total", true}));

TEST_F(EventFeedTest, AFreshFeedReadsWhatTheWindowsHold) {
  for (int i = 0; i <= 600; ++i) {
    Add("requests_total", "a", kStart + i * 30 * kSecond, i * 10);
    Add("errors_total", "a", kStart + i * 30 * kSecond, i);
  }
  EventFeed feed(
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))"));
  ASSERT_TRUE(Advance(feed, kStart + 5 * kHour + kSecond).ok());
  EXPECT_NEAR(sums_["{}"].total, 6000, 1e-6);
  EXPECT_NEAR(sums_["{}"].bad, 600, 1e-6);
}

TEST_F(EventFeedTest, BadEventsWithoutASeriesAreNone) {
  EventFeed feed(
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))"));
  for (int i = 0; i < 10; ++i) Add("requests_total", "a", kStart + i * 15 * kSecond, i);
  ASSERT_TRUE(Advance(feed, kStart + 10 * kMinute).ok());
  EXPECT_EQ(sums_["{}"], (EventCounts{0, 9}));
}

TEST_F(EventFeedTest, NoDataIsNoEvents) {
  EventFeed feed(
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))"));
  ASSERT_TRUE(Advance(feed, kStart).ok());
  ASSERT_TRUE(Advance(feed, kStart + kMinute).ok());
  EXPECT_TRUE(sums_.empty());
}

TEST_F(EventFeedTest, GoodEventsAreSubtracted) {
  SloPart part = Part("rate(good_total[{{.window}}])", "rate(requests_total[{{.window}}])");
  part.kind = SloPart::Kind::kGood;
  part.weight = 2;
  EventFeed feed(part);
  for (int i = 0; i < 10; ++i) {
    Add("requests_total", "a", kStart + i * 15 * kSecond, 4 * i);
    Add("good_total", "a", kStart + i * 15 * kSecond, 3 * i);
  }
  ASSERT_TRUE(Advance(feed, kStart + 10 * kMinute).ok());
  EXPECT_NEAR((sums_["{job=\"web\", pod=\"a\"}"].bad), 18, 1e-9);
  EXPECT_NEAR((sums_["{job=\"web\", pod=\"a\"}"].total), 72, 1e-9);
}

TEST_F(EventFeedTest, LabelSetsWithoutATotalAreTold) {
  EventFeed feed(Part("sum by (pod) (rate(errors_total[{{.window}}]))",
                      "sum(rate(requests_total[{{.window}}]))"));
  for (int i = 0; i < 10; ++i) {
    Add("requests_total", "a", kStart + i * 15 * kSecond, 4 * i);
    Add("errors_total", "a", kStart + i * 15 * kSecond, i);
  }
  ASSERT_TRUE(Advance(feed, kStart + 3 * kMinute).ok());
  EXPECT_GT(feed.unmatched(), 0U);
}

TEST_F(EventFeedTest, LabelSetsWithoutATotalCountOnceHoweverManySlots) {
  EventFeed feed(Part("sum by (pod) (rate(errors_total[{{.window}}]))",
                      "sum(rate(requests_total[{{.window}}]))"));
  for (int i = 0; i < 20; ++i) {
    for (const char* pod : {"a", "b"}) {
      Add("requests_total", pod, kStart + i * 15 * kSecond, 4 * i);
      Add("errors_total", pod, kStart + i * 15 * kSecond, i);
    }
  }
  ASSERT_TRUE(Advance(feed, kStart + 6 * kMinute).ok());
  EXPECT_EQ(feed.unmatched(), 2U);
  ASSERT_TRUE(Advance(feed, kStart + 7 * kMinute).ok());
  EXPECT_EQ(feed.unmatched(), 0U) << "in the last run";
}

// A counter that begins while it is watched counts from 0; its start is before its first sample,
// and so before the newest look.
TEST_F(EventFeedTest, StartTimestampsTellOfWholeCounters) {
  EventFeed feed(
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))"));
  const auto labels = [](const std::string& pod) {
    return Labels({{"__name__", "requests_total"}, {"pod", pod}, {"job", "web"}});
  };
  const auto at = [&](const std::string& pod, DurationMs after, double value, DurationMs start) {
    windows_.Add(labels(pod), kStart + after, value);
    windows_.Start(labels(pod), kStart + after, kStart + start);
  };
  const auto total_after = [&](DurationMs after) {
    EXPECT_TRUE(Advance(feed, kStart + after).ok());
    return sums_["{}"].total;
  };
  at("old", -kSecond, 100, -10 * kHour);
  EXPECT_EQ(total_after(0), 0) << "began before anybody looked";
  at("new", 2 * kMinute + 10 * kSecond, 40, 2 * kMinute + 5 * kSecond);
  EXPECT_EQ(total_after(2 * kMinute + 8 * kSecond), 0);
  EXPECT_EQ(total_after(2 * kMinute + 15 * kSecond), 40);
  at("slow", 30 * kMinute, 7, 5 * kMinute);
  EXPECT_EQ(total_after(30 * kMinute + kSecond), 47) << "its first samples were lost";
  at("late", 2 * kHour, 9, 30 * kMinute);
  EXPECT_EQ(total_after(2 * kHour + kSecond), 47) << "nobody knows when in an hour and a half";
  at("new", 2 * kHour + kMinute, 90, 2 * kMinute + 5 * kSecond);
  EXPECT_EQ(total_after(2 * kHour + 2 * kMinute), 47) << "the same counter after a long gap";
}

// rate() on one side, the bare counter on the other.
TEST_F(EventFeedTest, OneSelectorMayBeBareAndRanged) {
  SloPart part = Part("sum(rate(requests_total[{{.window}}])) * 0.25", "sum(requests_total)", true);
  for (int i = 0; i < 10; ++i) Add("requests_total", "a", kStart + i * 15 * kSecond, 4 * i);
  for (const bool swapped : {false, true}) {
    if (swapped) std::swap(part.query, part.total);
    EventFeed feed(part);
    ASSERT_TRUE(feed.counted());
    sums_.clear();
    ASSERT_TRUE(Advance(feed, kStart + 10 * kMinute).ok());
    EXPECT_NEAR(sums_["{}"].bad, swapped ? 36 : 9, 1e-9);
    EXPECT_NEAR(sums_["{}"].total, swapped ? 9 : 36, 1e-9);
  }
}

TEST_F(EventFeedTest, WhatCannotBeEvaluatedIsPassedOver) {
  SloPart part;
  part.kind = SloPart::Kind::kBadRatio;
  part.query = Query("bad_share * on(job) weight");
  EventFeed feed(part);
  ASSERT_FALSE(feed.counted());
  for (int i = 0; i <= 30; ++i) {
    const Timestamp now = kStart + i * kMinute;
    Add("bad_share", "a", now, 0.5);
    Add("weight", "a", now, 1);
    // Five minutes with two partners: many-to-many.
    if (i >= 10 && i < 15) Add("weight", "b", now, 1);
    if (i == 16) Add("weight", "b", now, StaleNan());
    const Status fed = Advance(feed, now + 40 * kSecond);
    if (i < 10 || i > 16) {
      EXPECT_TRUE(fed.ok()) << i << fed;
    }
    if (i == 12) {
      EXPECT_THAT(Message(fed), testing::HasSubstr("matching"));
    }
  }
  EXPECT_NEAR(sums_["{job=\"web\"}"].total, (30 - 6) * 60, 61) << "the other minutes count";
  const double before = sums_["{job=\"web\"}"].total;
  windows_.FailWith("disk on fire");
  EXPECT_FALSE(Advance(feed, kStart + 32 * kMinute).ok());
  windows_.FailWith("");
  for (int i = 31; i <= 33; ++i) {
    Add("bad_share", "a", kStart + i * kMinute, 0.5);
    Add("weight", "a", kStart + i * kMinute, 1);
  }
  EXPECT_TRUE(Advance(feed, kStart + 33 * kMinute + 40 * kSecond).ok());
  EXPECT_EQ(sums_["{job=\"web\"}"].total, before + 3 * 60)
      << "what could not be read is made up for";
}

TEST_F(EventFeedTest, ALastingErrorDoesNotReadThePastAgain) {
  EventFeed feed(Part("sum(rate(errors_total[{{.window}}]))",
                      "sum(rate(requests_total[{{.window}}]) * on(job) group_left() weight)"));
  ASSERT_TRUE(feed.counted());
  for (int i = 0; i <= 5 * 60; ++i) {
    Add("requests_total", "a", kStart + i * kMinute, i);
    Add("weight", "a", kStart + i * kMinute, 1);
    Add("weight", "b", kStart + i * kMinute, 1);
  }
  EXPECT_FALSE(Advance(feed, kStart + 5 * kHour).ok());
  const size_t read = windows_.samples_read();
  EXPECT_TRUE(Advance(feed, kStart + 5 * kHour + kMinute).ok()) << "nothing new";
  EXPECT_LT(windows_.samples_read() - read, 20U);
}

TEST_F(EventFeedTest, GapsAndStaleMarkers) {
  EventFeed feed(
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))"));
  const auto at = [&](DurationMs after, double value) {
    Add("requests_total", "a", kStart + after, value);
    ASSERT_TRUE(Advance(feed, kStart + after + kSecond).ok());
  };
  at(0, 100);
  at(15 * kSecond, 110);
  EXPECT_EQ(sums_["{}"].total, 10);
  at(30 * kSecond, StaleNan());
  at(20 * kMinute, 150);  // away and back: it went on meanwhile
  EXPECT_EQ(sums_["{}"].total, 50);
  at(20 * kMinute + 15 * kSecond, 5);  // a restart
  EXPECT_EQ(sums_["{}"].total, 55);
  at(3 * kHour, 905);  // nobody knows when that was
  EXPECT_EQ(sums_["{}"].total, 55);
  at(3 * kHour + kMinute, 907);
  EXPECT_EQ(sums_["{}"].total, 57);
}

TEST_F(EventFeedTest, ABacklogIsBookedWhenItHappened) {
  EventFeed feed(
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))"));
  Add("requests_total", "a", kStart, 0);
  ASSERT_TRUE(Advance(feed, kStart + kSecond).ok());
  // The sender was away for half an hour and then delivers half of it.
  for (int i = 1; i <= 60; ++i) Add("requests_total", "a", kStart + i * 15 * kSecond, i);
  ASSERT_TRUE(Advance(feed, kStart + 30 * kMinute).ok());
  EXPECT_EQ(sums_["{}"].total, 60);
  EXPECT_EQ(last_time_, kStart + 15 * kMinute);
}

TEST_F(EventFeedTest, SampledExpressionsIntegrate) {
  SloPart part = Part("sum(count_over_time((down > 0)[{{.window}}:1m]))",
                      "sum(count_over_time(down[{{.window}}:1m]))");
  EventFeed feed(part);
  ASSERT_FALSE(feed.counted());
  for (int i = 0; i <= 240; ++i) {
    Add("down", "a", kStart + i * 15 * kSecond, i >= 80 && i < 120 ? 1 : 0);
    if (i % 4 == 0) {
      ASSERT_TRUE(Advance(feed, kStart + i * 15 * kSecond).ok());
    }
  }
  // 10 of 60 minutes were down; the first and last five are not whole.
  EXPECT_NEAR(sums_["{}"].bad, 10, 1.01);
  EXPECT_NEAR(sums_["{}"].total, 58, 4);
}

TEST_F(EventFeedTest, RatiosAndThresholdsWeighTimeEvenly) {
  SloPart ratio;
  ratio.kind = SloPart::Kind::kGoodRatio;
  ratio.query = Query("avg(satisfaction)");
  EventFeed by_ratio(ratio);
  SloPart limit;
  limit.kind = SloPart::Kind::kThreshold;
  limit.op = SloOp::kLess;
  limit.threshold = 0.5;
  limit.query = Query("sum(satisfaction)");
  EventFeed by_limit(limit);
  for (int i = 0; i <= 60; ++i) {
    Add("satisfaction", "a", kStart + i * kMinute, i % 2 == 0 ? 0.25 : 0.75);
    ASSERT_TRUE(Advance(by_ratio, kStart + i * kMinute).ok());
  }
  EXPECT_NEAR(sums_["{}"].bad / sums_["{}"].total, 0.5, 0.02);
  sums_.clear();
  ASSERT_TRUE(Advance(by_limit, kStart + kHour).ok());
  EXPECT_NEAR(sums_["{}"].total, 59, 1.1);
  EXPECT_NEAR(sums_["{}"].bad, 29.5, 1.1);
}

TEST_F(EventFeedTest, SavedAndLoadedCountsOn) {
  const SloPart part =
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))");
  EventFeed first(part);
  for (int i = 0; i <= 10; ++i) Add("requests_total", "a", kStart + i * 15 * kSecond, i * i);
  ASSERT_TRUE(Advance(first, kStart + 140 * kSecond).ok());
  RowWriter out(1);
  first.Save(out);
  const std::string bytes = out.Take();
  EventFeed second(part);
  RowReader in(bytes, 1, "feed");
  second.Load(in);
  ASSERT_TRUE(in.Finish().ok());
  for (int i = 11; i <= 40; ++i) Add("requests_total", "a", kStart + i * 15 * kSecond, i * i);
  ASSERT_TRUE(Advance(second, kStart + 20 * kMinute).ok());
  EXPECT_EQ(sums_["{}"].total, 1600);
}

TEST_F(EventFeedTest, FailuresAreToldAndMadeUpFor) {
  EventFeed feed(
      Part("sum(rate(errors_total[{{.window}}]))", "sum(rate(requests_total[{{.window}}]))"));
  Add("requests_total", "a", kStart, 5);
  windows_.FailWith("disk on fire");
  EXPECT_FALSE(Advance(feed, kStart + kSecond).ok());
  windows_.FailWith("");
  Add("requests_total", "a", kStart + 15 * kSecond, 9);
  EXPECT_TRUE(Advance(feed, kStart + 16 * kSecond).ok());
  EXPECT_EQ(sums_["{}"].total, 4);
}

}  // namespace
}  // namespace outrider
