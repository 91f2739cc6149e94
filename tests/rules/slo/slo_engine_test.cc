// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/slo/slo_file.h"
#include "rules/slo/slo_rules.h"
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
  const auto rows = [&] {
    int count = 0;
    EXPECT_TRUE(store_
                    .Scan(Family::kSlo, "", "",
                          [&](const Row&) {
                            ++count;
                            return true;
                          })
                    .ok());
    return count;
  };
  EXPECT_EQ(rows(), 3) << "feeds and two regions";
  // Another way of counting: the saved events do not fit.
  std::string other = kOwn;
  other.replace(other.find("sum by (region) (t_total)"), 25, "sum by (region) (t_total * 1)");
  auto changed = Make(other);
  changed->Rebuild(now_ + 13 * kHour);
  EXPECT_TRUE(changed->Show("api")->series.empty());
  changed->Replace({});
  changed->Run(now_ + 13 * kHour);
  ASSERT_TRUE(changed->Save(Durability::kBuffered).ok());
  EXPECT_EQ(rows(), 0);
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
  EXPECT_GT(engine->Views()->front().refused, 0U);
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
