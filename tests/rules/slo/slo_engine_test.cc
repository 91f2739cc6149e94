// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/slo/slo_file.h"
#include "rules/slo/slo_rules.h"
#include "storage/base/duration.h"
#include "storage/state/faulty_store.h"
#include "storage/state/memory_store.h"
#include "tests/rules/analytics/fake_windows.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Timestamp kStart = 1'767'225'600'000;

class SloEngineTest : public testing::Test {
 protected:
  static std::vector<SloSpec> Parse(const std::string& text) {
    const auto file = ParseSloFile(text, "s.yml");
    EXPECT_TRUE(file.ok()) << file.status();
    auto slos = CombineSlos({&*file, 1});
    EXPECT_TRUE(slos.ok()) << slos.status();
    return *slos;
  }
  std::unique_ptr<SloEngine> Make(const std::string& text) {
    return std::make_unique<SloEngine>(Parse(text), options_, promql_, windows_, table_, store_);
  }
  // Requests of both regions, `errors` of 100 of eu's bad, for `minutes` with a run each.
  void Serve(SloEngine* engine, int minutes, double errors) {
    for (int i = 0; i < minutes; ++i) {
      now_ += kMinute;
      for (const char* region : {"eu", "us"}) {
        requests_[region] += 100;
        if (std::string_view(region) == "eu") errors_[region] += errors;
        windows_.Add(Labels({{"__name__", "t_total"}, {"region", region}}), now_,
                     requests_[region]);
        windows_.Add(Labels({{"__name__", "e_total"}, {"region", region}}), now_, errors_[region]);
      }
      if (engine != nullptr) engine->Run(now_ + kSecond);
    }
  }
  std::map<std::string, double> Derived() const { return DerivedText(table_); }
  // Versions of the rows of objectives, by key.
  std::map<std::string, uint64_t> Rows() const {
    std::map<std::string, uint64_t> rows;
    EXPECT_TRUE(store_
                    .Scan(Family::kSlo, "", "",
                          [&](const Row& row) {
                            rows[row.key] = row.version;
                            return true;
                          })
                    .ok());
    return rows;
  }
  EventCounts Period(const SloEngine& engine, size_t series = 0) const {
    const auto view = engine.Show("api");
    EXPECT_TRUE(view.ok() && view->series.size() > series) << view.status();
    return view.ok() && view->series.size() > series ? view->series[series].period.counts
                                                     : EventCounts();
  }

  FakeClock clock_;
  SloOptions options_;
  promql::Engine promql_{promql::EngineOptions(), clock_};
  FakeWindows windows_;
  DerivedTable table_;
  MemoryStore store_;
  Timestamp now_ = kStart;
  std::map<std::string, double> requests_;
  std::map<std::string, double> errors_;
};

constexpr const char* kOwn =
    "entries:\n- {name: api, kind: slo, service: shop, objective: 99, bad: sum by (region) "
    "(e_total), total: sum by (region) (t_total), labels: {team: x}}\n";
constexpr const char* kSloth =
    "version: prometheus/v1\nservice: shop\nlabels: {team: x}\nslos:\n- name: api\n  objective: "
    "99\n"
    "  sli: {events: {error_query: 'sum(rate(e_total[{{.window}}]))', total_query: "
    "'sum(rate(t_total[{{.window}}]))'}}\n  alerting: {name: Errors}\n";

TEST_F(SloEngineTest, OwnSeries) {
  auto engine = Make(kOwn);
  engine->Rebuild(now_);
  Serve(engine.get(), 31, 5);
  const auto derived = Derived();
  const std::string eu = "entry=\"api\", region=\"eu\", service=\"shop\", team=\"x\"";
  const auto value = [&](const std::string& name) {
    const auto found = derived.find(name);
    return found == derived.end() ? -1 : found->second;
  };
  EXPECT_EQ(value("outrider_slo_objective_ratio{" + eu + "}"), 0.99);
  EXPECT_NEAR(value("outrider_slo_error_ratio{" + eu + ", window=\"5m\"}"), 0.05, 1e-12);
  EXPECT_NEAR(value("outrider_slo_burn_rate{" + eu + ", window=\"1h\"}"), 5, 1e-9);
  EXPECT_NEAR(value("outrider_slo_error_budget_remaining_ratio{" + eu + "}"), -4, 1e-9);
  EXPECT_EQ(value("outrider_slo_events{" + eu + ", window=\"30d\"}"), 3000);
  EXPECT_EQ(value("outrider_slo_bad_events{" + eu + ", window=\"30d\"}"), 150);
  const std::string us = "entry=\"api\", region=\"us\", service=\"shop\", team=\"x\"";
  EXPECT_EQ(value("outrider_slo_burn_rate{" + us + ", window=\"1h\"}"), 0);
  EXPECT_EQ(value("outrider_slo_error_budget_remaining_ratio{" + us + "}"), 1);
  EXPECT_EQ(derived.size(), 2U * (2 + 8 * 4));
}

TEST_F(SloEngineTest, SlothsSeriesUnderItsNames) {
  auto engine = Make(kSloth);
  engine->Rebuild(now_);
  Serve(engine.get(), 31, 4);
  const auto derived = Derived();
  const std::string id = "sloth_id=\"shop-api\", sloth_service=\"shop\", sloth_slo=\"api\"";
  const std::map<std::string, double> want = {
      {"slo:sli_error:ratio_rate5m{" + id + ", sloth_window=\"5m\", team=\"x\"}", 0.02},
      {"slo:sli_error:ratio_rate3d{" + id + ", sloth_window=\"3d\", team=\"x\"}", 0.02},
      {"slo:sli_error:ratio_rate30d{" + id + ", sloth_window=\"30d\", team=\"x\"}", 0.02},
      {"slo:objective:ratio{" + id + ", team=\"x\"}", 0.99},
      {"slo:error_budget:ratio{" + id + ", team=\"x\"}", 0.01},
      {"slo:time_period:days{" + id + ", team=\"x\"}", 30},
      {"slo:current_burn_rate:ratio{" + id + ", team=\"x\"}", 2},
      {"slo:period_burn_rate:ratio{" + id + ", team=\"x\"}", 2},
      {"slo:period_error_budget_remaining:ratio{" + id + ", team=\"x\"}", -1},
      {"sloth_slo_info{sloth_id=\"shop-api\", sloth_mode=\"outrider\", sloth_objective=\"99\", "
       "sloth_service=\"shop\", sloth_slo=\"api\", sloth_spec=\"prometheus/v1\", team=\"x\"}",
       1},
  };
  for (const auto& [name, value] : want) {
    ASSERT_TRUE(derived.contains(name)) << name << "\n" << testing::PrintToString(derived);
    EXPECT_NEAR(derived.at(name), value, 1e-9) << name;
  }
}

class SloClock : public SloEngineTest,
                 public testing::WithParamInterface<std::tuple<bool, bool>> {};

// Two hours ahead for a few minutes, and back: windows end at the clock again, and hold what they
// say. Of counters and of sampled expressions; also after a start.
TEST_P(SloClock, ThatWasAheadHoldsNoWindowOpen) {
  const auto [sampled, restart] = GetParam();
  const std::string text =
      sampled ? "entries:\n- {name: api, kind: slo, objective: 99, error_ratio: 0 * max(t_total)}\n"
              : std::string(kOwn);
  auto engine = Make(text);
  engine->Rebuild(now_);
  Serve(engine.get(), 120, 0);
  const Timestamp jump = now_;
  now_ += 2 * kHour;
  Serve(engine.get(), 3, 50);
  ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
  now_ = jump + 3 * kMinute;
  windows_ = FakeWindows();  // what is behind the future is refused there; other series come
  if (restart) {
    engine = Make(text);
    engine->Rebuild(now_ + kSecond);
  }
  for (int i = 0; i < 15; ++i) {
    now_ += kMinute;
    for (const char* name : {"t_total", "e_total"}) {
      const double value = name[0] == 't' ? 100.0 * i : 0.0;
      windows_.Add(Labels({{"__name__", name}, {"region", "eu"}, {"i", "2"}}), now_, value);
    }
    engine->Run(now_ + kSecond);
  }
  const auto view = engine->Show("api");
  ASSERT_TRUE(view.ok() && !view->series.empty());
  const double rate = sampled ? 60 : 100;
  for (const SloWindowView& window : view->series[0].windows) {
    if (window.window > kHour) continue;
    const double minutes = static_cast<double>(window.window) / kMinute;
    // Without a sample for some minutes, they have no events.
    EXPECT_NEAR(window.counts.total, rate * minutes, 6 * rate) << FormatDuration(window.window);
    if (window.window == 5 * kMinute) {
      EXPECT_EQ(window.counts.bad, 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, SloClock, testing::Combine(testing::Bool(), testing::Bool()));

// The alert's own expression over the derived series, as the rules will evaluate it.
TEST_F(SloEngineTest, ThePageAlertFiresAndStops) {
  for (const char* text : {kOwn, kSloth}) {
    SCOPED_TRACE(text);
    windows_ = FakeWindows();
    requests_.clear();
    errors_.clear();
    auto engine = Make(text);
    engine->Rebuild(now_);
    const auto files = SloRuleFiles(Parse(text));
    const Rule& page = files[0].groups[0].rules[0];
    const auto firing = [&]() -> size_t {
      table_.Flush(windows_, now_ + 2 * kSecond);
      auto result = promql_.Instant(*page.expression, windows_, now_ + 3 * kSecond);
      EXPECT_TRUE(result.ok()) << result.status();
      return std::get<promql::Vector>(result->value).size();
    };
    Serve(engine.get(), 400, 0);
    EXPECT_EQ(firing(), 0U);
    Serve(engine.get(), 10, 80);
    EXPECT_EQ(firing(), 0U) << "the hour is not bad enough";
    Serve(engine.get(), 15, 80);
    EXPECT_EQ(firing(), 1U) << "25 of 60 minutes at 80 % (40 % of both regions): above 14.4 %";
    Serve(engine.get(), 6, 0);
    EXPECT_EQ(firing(), 0U) << "the short window is clean";
  }
}

TEST_F(SloEngineTest, ARestartGoesOnAsIfThereWereNone) {
  auto whole = Make(kOwn);
  whole->Rebuild(now_);
  Serve(whole.get(), 90, 3);
  ASSERT_TRUE(whole->Save(Durability::kSynced).ok());
  // Down for half an hour; the windows went on.
  Serve(nullptr, 30, 10);
  const auto before = std::move(whole);
  before->Run(now_ + kSecond);
  const auto want = before->Show("api");
  DerivedTable other;
  SloEngine again(Parse(kOwn), options_, promql_, windows_, other, store_);
  again.Rebuild(now_ + kSecond);
  const auto got = again.Show("api");
  ASSERT_TRUE(want.ok() && got.ok());
  ASSERT_EQ(got->series.size(), want->series.size());
  for (size_t i = 0; i < want->series.size(); ++i) {
    EXPECT_EQ(got->series[i].labels, want->series[i].labels);
    EXPECT_EQ(got->series[i].period.counts, want->series[i].period.counts);
    for (size_t w = 0; w < want->series[i].windows.size(); ++w) {
      EXPECT_EQ(got->series[i].windows[w].counts, want->series[i].windows[w].counts) << w;
    }
  }
  EXPECT_EQ(got->series[0].period.counts, (EventCounts{89 * 3 + 30 * 10, 119 * 100}));
}

TEST_F(SloEngineTest, RowsOfWhatIsGoneAreDeletedAndOthersBeginAnew) {
  auto engine = Make(kOwn);
  engine->Rebuild(now_);
  Serve(engine.get(), 10, 3);
  ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
  EXPECT_EQ(Rows().size(), 3U) << "feeds and two regions";
  // Another way of counting: the saved events do not fit.
  std::string other = kOwn;
  other.replace(other.find("sum by (region) (t_total)"), 25, "sum by (region) (t_total * 1)");
  auto changed = Make(other);
  changed->Rebuild(now_ + 13 * kHour);
  EXPECT_TRUE(changed->Show("api")->series.empty());
  changed->Replace({});
  changed->Run(now_ + 13 * kHour);
  ASSERT_TRUE(changed->Save(Durability::kBuffered).ok());
  EXPECT_TRUE(Rows().empty());
}

std::string Broken(const std::string& from, const std::string& to) {
  std::string text = kOwn;
  text.replace(text.find(from), from.size(), to);
  return text;
}

// An expression or a template that does not parse, until the next reload.
TEST_F(SloEngineTest, AnErrorDoesNotLoseTheHistory) {
  const std::string broken[] = {
      Broken("sum by (region) (t_total)", "'sum by (region) (t_total'"),
      Broken("labels: {team: x}",
             "labels: {team: x}, alerting: {annotations: {summary: '{{ $labels.region'}}"),
  };
  for (const std::string& text : broken) {
    SCOPED_TRACE(text);
    windows_ = FakeWindows();
    store_.DropUnsynced();
    requests_.clear();
    errors_.clear();
    const Timestamp begin = now_;
    auto engine = Make(kOwn);
    engine->Rebuild(now_);
    Serve(engine.get(), 10, 3);
    ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
    engine->Replace(Parse(text));
    Serve(engine.get(), 5, 3);
    ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
    EXPECT_EQ(Rows().size(), 3U);
    EXPECT_FALSE(engine->Show("api")->error.empty());
    EXPECT_TRUE(Derived().empty()) << "it is not shown";
    // A restart while it is broken.
    engine = Make(text);
    engine->Rebuild(now_);
    Serve(engine.get(), 5, 3);
    ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
    EXPECT_EQ(Rows().size(), 3U);
    engine->Replace(Parse(kOwn));
    engine->Run(now_ + kSecond);
    EXPECT_EQ(Period(*engine), (EventCounts{19 * 3, 19 * 100})) << now_ - begin;
    Serve(engine.get(), 5, 3);
    ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
    engine = Make(kOwn);
    engine->Rebuild(now_ + kSecond);
    EXPECT_EQ(Period(*engine), (EventCounts{24 * 3, 24 * 100}));
    engine.reset();
    now_ += 20 * kHour;
  }
}

TEST_F(SloEngineTest, OnlyWhatChangedIsWritten) {
  auto engine = Make(kOwn);
  engine->Rebuild(now_);
  Serve(engine.get(), 10, 3);
  ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
  const auto before = Rows();
  now_ += kMinute;
  windows_.Add(Labels({{"__name__", "t_total"}, {"region", "eu"}}), now_, requests_["eu"] + 7);
  engine->Run(now_ + kSecond);
  ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
  const auto after = Rows();
  ASSERT_EQ(after.size(), before.size());
  size_t written = 0;
  for (const auto& [key, version] : after) written += version != before.at(key) ? 1 : 0;
  EXPECT_EQ(written, 2U) << "the feeds, and the region where something happened";
  auto again = Make(kOwn);
  again->Rebuild(now_ + kSecond);
  EXPECT_EQ(Period(*again, 0).total, 907);
  EXPECT_EQ(Period(*again, 1).total, 900);
}

TEST_F(SloEngineTest, WhatCouldNotBeWrittenIsWrittenLater) {
  FaultyStore faulty(store_, {.fault = StoreFault::kFailOnce, .at = 2});
  SloEngine engine(Parse(kOwn), options_, promql_, windows_, table_, faulty);
  engine.Rebuild(now_);
  Serve(&engine, 10, 3);
  ASSERT_TRUE(engine.Save(Durability::kBuffered).ok());
  const auto before = Rows();
  Serve(&engine, 1, 3);
  EXPECT_FALSE(engine.Save(Durability::kBuffered).ok());
  EXPECT_EQ(Rows(), before);
  EXPECT_TRUE(engine.Save(Durability::kBuffered).ok());
  for (const auto& [key, version] : Rows()) EXPECT_NE(version, before.at(key)) << key;
}

// A reload that says of the same text that it is no counter.
TEST_F(SloEngineTest, AnotherWayOfCountingTheSameTextBeginsAnew) {
  const auto text = [](const std::string& counter) {
    return "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: api}\nspec:\n  indicator:\n    "
           "metadata: {name: i}\n    spec: {ratioMetric: {counter: " +
           counter +
           ", bad: {metricSource: {spec: {query: sum(e_total)}}}, total: {metricSource: {spec: "
           "{query: sum(t_total)}}}}}\n  timeWindow: [{duration: 30d, isRolling: true}]\n  "
           "budgetingMethod: Occurrences\n  objectives: [{target: 0.99}]\n";
  };
  auto engine = Make(text("true"));
  engine->Rebuild(now_);
  Serve(engine.get(), 10, 3);
  EXPECT_EQ(Period(*engine), (EventCounts{27, 1800}));
  ASSERT_TRUE(engine->Save(Durability::kBuffered).ok());
  engine->Replace(Parse(text("false")));
  EXPECT_FALSE(engine->Show("api")->counted);
  EXPECT_TRUE(engine->Show("api")->series.empty());
  auto again = Make(text("false"));
  again->Rebuild(now_ + kSecond);
  EXPECT_FALSE(again->Show("api")->counted);
  EXPECT_GT(Period(*again).total, 10'000) << "gauges, integrated; not what was counted before";
}

// Both parts tell of six hours in one go, one after the other.
TEST_F(SloEngineTest, ACompositeBooksThePastOfEachPartWhenItHappened) {
  const auto part = [](const std::string& bad, const std::string& weight) {
    return "{target: 0.99, compositeWeight: " + weight +
           ", indicator: {metadata: {name: i}, spec: {ratioMetric: {counter: true, bad: "
           "{metricSource: {spec: {query: " +
           bad + "}}}, total: {metricSource: {spec: {query: sum(t_total)}}}}}}}";
  };
  const std::string text =
      "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: api}\nspec:\n  timeWindow: [{duration: "
      "30d, isRolling: true}]\n  budgetingMethod: Occurrences\n  objectives: [" +
      part("sum(e_total)", "1") + ", " + part("sum(e_total) * 2", "3") + "]\n";
  Serve(nullptr, 60, 10);
  Serve(nullptr, 240, 0);
  auto engine = Make(text);
  engine->Rebuild(now_ + kSecond);
  const auto view = engine->Show("api");
  ASSERT_TRUE(view.ok());
  ASSERT_EQ(view->series.size(), 1U);
  for (const SloWindowView& window : view->series[0].windows) {
    const double minutes = std::min(299.0, static_cast<double>(window.window) / kMinute);
    EXPECT_NEAR(window.counts.total, minutes * 200 * 4, 3 * 800) << window.window;
    EXPECT_NEAR(window.counts.bad, std::max(0.0, minutes - 240) * 10 * 7, 3 * 70) << window.window;
  }
  EXPECT_EQ(view->series[0].period.counts, (EventCounts{59 * 70, 299 * 800}));
}

// Slices longer than the short window, and longer than the table's.
TEST_F(SloEngineTest, AlertsOnSlicesDoNotFlap) {
  for (const char* slice : {"5m", "10m"}) {
    SCOPED_TRACE(slice);
    windows_ = FakeWindows();
    requests_.clear();
    errors_.clear();
    const std::string text =
        Broken("labels:", std::string("method: timeslices, slice: ") + slice + ", labels:");
    auto engine = Make(text);
    engine->Rebuild(now_);
    const auto files = SloRuleFiles(Parse(text));
    const Rule& page = files[0].groups[0].rules[0];
    Serve(engine.get(), 90, 80);
    for (int i = 0; i < 40; ++i) {
      Serve(engine.get(), 1, 80);
      for (const DurationMs later : {2 * kSecond, 17 * kSecond, 32 * kSecond, 47 * kSecond}) {
        engine->Run(now_ + later);
        table_.Flush(windows_, now_ + later);
        auto result = promql_.Instant(*page.expression, windows_, now_ + later + kSecond);
        ASSERT_TRUE(result.ok()) << result.status();
        ASSERT_EQ(std::get<promql::Vector>(result->value).size(), 1U) << i << " " << later;
      }
    }
  }
}

// Samples that come three minutes late: a slice is one all the same.
TEST_F(SloEngineTest, SlicesOfALateSenderCountOnce) {
  auto engine = Make(Broken("labels:", "method: timeslices, labels:"));
  engine->Rebuild(now_);
  for (int i = 1; i <= 61; ++i) {
    windows_.Add(Labels({{"__name__", "t_total"}, {"region", "eu"}}), kStart + i * kMinute,
                 i * 100);
    windows_.Add(Labels({{"__name__", "e_total"}, {"region", "eu"}}), kStart + i * kMinute, i);
    for (int part = 0; part < 4; ++part) {
      engine->Run(kStart + (i + 3) * kMinute + part * 15 * kSecond);
    }
  }
  EXPECT_EQ(Period(*engine), (EventCounts{0, 12}));
  engine->Run(kStart + 75 * kMinute);
  EXPECT_EQ(Period(*engine), (EventCounts{0, 13})) << "the sender is gone";
}

TEST_F(SloEngineTest, AReloadKeepsEventsUnderANewObjective) {
  auto engine = Make(kOwn);
  engine->Rebuild(now_);
  Serve(engine.get(), 10, 2);
  std::string other = kOwn;
  other.replace(other.find("objective: 99,"), 14, "objective: 98,");
  engine->Replace(Parse(other));
  const auto view = engine->Show("api");
  ASSERT_EQ(view->series.size(), 2U);
  EXPECT_EQ(view->series[0].period.counts.total, 900);
  EXPECT_NEAR(*view->series[0].BudgetRemaining(view->spec.Budget()), 0, 1e-9);
  engine->Replace(Parse("entries: []"));
  EXPECT_TRUE(Derived().empty());
  EXPECT_FALSE(engine->Show("api").ok());
}

TEST_F(SloEngineTest, MoreLabelSetsThanAllowedAreRefusedAndErrorsShown) {
  std::string one = kOwn;
  one.replace(one.find("labels:"), 7, "max_series: 1, labels:");
  auto engine = Make(one);
  engine->Rebuild(now_);
  Serve(engine.get(), 3, 2);
  EXPECT_EQ(engine->Views()->front().series.size(), 1U);
  EXPECT_EQ(engine->Views()->front().refused, 1U);
  now_ += kHour;
  Serve(nullptr, 20, 2);
  engine->Run(now_ + kSecond);
  EXPECT_EQ(engine->Views()->front().refused, 1U) << "however many slots it was in";
  windows_.FailWith("disk on fire");
  engine->Run(now_ + kMinute);
  EXPECT_THAT(engine->Views()->front().error, testing::HasSubstr("disk on fire"));
  auto wrong = Make("entries:\n- {name: a, kind: slo, objective: 99, bad: b), total: t}\n");
  wrong->Rebuild(now_);
  EXPECT_THAT(wrong->Views()->front().error, testing::HasSubstr("s.yml:2:"));
  EXPECT_TRUE(wrong->Show("a").ok());
}

TEST_F(SloEngineTest, TheWindowsKeepWhatIsRead) {
  auto engine = Make(kOwn);
  const auto reach = engine->Reach();
  ASSERT_EQ(reach.size(), 2U);
  EXPECT_GE(reach[0].horizon, options_.warm_up);
  EXPECT_EQ(reach[0].owner.name, "slo \"api\"");
}

}  // namespace
}  // namespace outrider
