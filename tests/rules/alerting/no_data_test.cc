// SPDX-License-Identifier: Apache-2.0
// No data is not all clear: whole rule sets on virtual time.
#include "rules/alerting/no_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/alerting/process.h"

namespace outrider {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(NoDataPolicyTest, Texts) {
  EXPECT_EQ(ParseNoDataPolicy("resolve").value(), NoDataPolicy{});
  EXPECT_EQ(ParseNoDataPolicy("keep").value(), (NoDataPolicy{true, 0}));
  EXPECT_EQ(ParseNoDataPolicy("1h").value(), (NoDataPolicy{true, kHour}));
  for (const char* wrong : {"", "0", "kept", "-1h", "1x"}) {
    EXPECT_THAT(Message(ParseNoDataPolicy(wrong).status()), HasSubstr("neither resolve")) << wrong;
  }
}

std::string Rule(const std::string& expr, const std::string& rest, const char* policy = "keep") {
  return "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: " + expr + "\n" + rest +
         "    annotations: {outrider_no_data: " + policy + ", outrider_receiver: ops}\n";
}

class NoDataTest : public RuleManagerTest {
 protected:
  const RuleView& View() {
    view_ = process->manager.Snapshot()[0];
    return view_->rules[0];
  }
  void Silence(DurationMs duration) {
    process->Run(duration, [](Timestamp) {});
  }
  std::shared_ptr<const RuleGroupView> view_;
};

TEST_F(NoDataTest, TheSenderGoesSilent) {
  ASSERT_TRUE(process->Load(Rule("up == 0", "    labels: {severity: page}\n")).ok());
  process->Run(2 * kMinute, Feed(0));
  ASSERT_THAT(process->sink.lines, SizeIs(1));
  Silence(20 * kMinute);
  EXPECT_EQ(View().StateText(), "firing");
  ASSERT_THAT(process->sink.told, SizeIs(2));
  const Alert own = process->sink.told[1];
  EXPECT_EQ(own.labels, (Labels{{"alertname", "OutriderNoData"},
                                {"rule", "A"},
                                {"rule_group", "g"},
                                {"severity", "page"}}));
  EXPECT_EQ(own.annotations.at("summary"), "no data from up{instance=\"a\"}");
  EXPECT_EQ(own.annotations.at("outrider_receiver"), "ops");
  EXPECT_EQ(own.ends_at.nanos, 0);
  EXPECT_THAT(View().no_data, SizeIs(1));
  EXPECT_EQ(process->manager.OwnedAlerts().size(), 2U);
  EXPECT_EQ(process->manager.Stats().no_data_alerts, 1U);
  const Labels series = Labels{{"__name__", "ALERTS"},   {"alertname", "OutriderNoData"},
                               {"alertstate", "firing"}, {"rule", "A"},
                               {"rule_group", "g"},      {"severity", "page"}};
  ASSERT_NE(windows.Last(series), nullptr);
  EXPECT_EQ(windows.Last(series)->value, 1);
  // Data is back and all is well.
  process->Run(2 * kMinute, Feed(1));
  ASSERT_THAT(process->sink.told, SizeIs(4));
  EXPECT_NE(process->sink.told[2].ends_at.nanos, 0);
  EXPECT_NE(process->sink.told[3].ends_at.nanos, 0);
  EXPECT_EQ(Rows(), 0U);
  EXPECT_TRUE(IsStale(windows.Last(series)->value));
}

TEST_F(NoDataTest, OfOneSeriesTheMarkerIsEnough) {
  ASSERT_TRUE(process->Load(Rule("up == 0", "")).ok());
  const Labels other = kUp.With("instance", "b");
  const auto feed = [&](double a) {
    return [&, a](Timestamp now) {
      windows.Put(kUp, now, a);
      windows.Put(other, now, 0);
    };
  };
  process->Run(2 * kMinute, feed(0));
  ASSERT_THAT(process->sink.lines, SizeIs(2));
  process->Run(2 * kMinute, [&](Timestamp now) {  // a is gone, b is well again
    windows.Put(kUp, now, StaleNan());
    windows.Put(other, now, 1);
  });
  EXPECT_THAT(process->sink.lines, SizeIs(4));  // b resolved, no data from a
  const AlertSet alerts = View().alerts;
  for (const AlertPtr& alert : alerts) {
    EXPECT_EQ(alert->state == AlertState::kFiring, alert->labels.Get("instance") == "a");
  }
}

// What ends on the right of `unless` takes no alert away.
TEST_F(NoDataTest, WhatExcludesIsNoInput) {
  ASSERT_TRUE(process->Load(Rule("up == 0 unless on (instance) maintenance", "")).ok());
  const Labels maintenance = kUp.With(kMetricName, "maintenance");
  const auto feed = [&](double up, bool maintained) {
    return [&, up, maintained](Timestamp now) {
      windows.Put(kUp, now, up);
      if (maintained) windows.Put(maintenance, now, 1);
    };
  };
  process->Run(2 * kMinute, feed(0, true));
  process->Run(20 * kMinute, feed(0, false));
  ASSERT_THAT(process->sink.lines, SizeIs(1));
  EXPECT_EQ(View().StateText(), "firing");
  process->Run(2 * kMinute, feed(1, false));
  EXPECT_THAT(process->sink.lines, SizeIs(2));  // resolved, and nothing is said to be missing
  EXPECT_EQ(process->manager.Stats().no_data_alerts, 0U);
}

// Of two inputs one comes back first.
TEST_F(NoDataTest, AllInputsMustBeBack) {
  ASSERT_TRUE(process->Load(Rule("up + on (instance) other == 0", "")).ok());
  const Labels other = kUp.With(kMetricName, "other");
  process->Run(2 * kMinute, [&](Timestamp now) {
    windows.Put(kUp, now, 0);
    windows.Put(other, now, 0);
  });
  Silence(20 * kMinute);
  process->Run(2 * kMinute, [&](Timestamp now) { windows.Put(kUp, now, 0); });
  EXPECT_EQ(View().StateText(), "firing");
  process->Run(2 * kMinute, [&](Timestamp now) { windows.Put(other, now, 0); });
  EXPECT_EQ(View().StateText(), "firing");
}

TEST_F(NoDataTest, PendingStaysPending) {
  ASSERT_TRUE(process->Load(Rule("up == 0", "    for: 8m\n")).ok());
  process->Run(kMinute, Feed(0));
  Silence(30 * kMinute);
  EXPECT_EQ(View().StateText(), "pending");
  EXPECT_THAT(process->sink.lines, SizeIs(1));  // the own alert only
  process->Run(kMinute, Feed(0));               // the clock has gone on
  EXPECT_EQ(View().StateText(), "firing");
}

TEST_F(NoDataTest, SilenceWithoutAnyAlertIsToldToo) {
  ASSERT_TRUE(process->Load(Rule("up == 0", "")).ok());
  process->Run(2 * kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, IsEmpty());
  Silence(10 * kMinute);
  ASSERT_THAT(process->sink.told, SizeIs(1));
  EXPECT_EQ(process->sink.told[0].annotations.at("summary"), "no data from up");
  process->Run(kMinute, Feed(1));
  EXPECT_THAT(process->sink.told, SizeIs(2));
}

TEST_F(NoDataTest, WhatNeverWasIsNotMissed) {
  ASSERT_TRUE(process->Load(Rule("nothing == 0", "")).ok());
  process->Run(20 * kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, IsEmpty());
}

TEST_F(NoDataTest, TheLimit) {
  ASSERT_TRUE(process->Load(Rule("up == 0", "", "10m")).ok());
  process->Run(2 * kMinute, Feed(0));
  Silence(8 * kMinute);
  EXPECT_EQ(View().StateText(), "firing");
  Silence(10 * kMinute);
  EXPECT_EQ(View().StateText(), "inactive");
}

TEST_F(NoDataTest, WithoutItSilenceResolves) {
  ASSERT_TRUE(process->Load(Rule("up == 0", "", "resolve")).ok());
  process->Run(2 * kMinute, Feed(0));
  Silence(10 * kMinute);
  EXPECT_THAT(process->sink.lines, SizeIs(2));
  EXPECT_EQ(View().StateText(), "inactive");
}

TEST_F(NoDataTest, AGroupSettingAndARuleOfItsOwnMind) {
  RuleContext context;
  context.policies.overrides.push_back({"g", "f.yml", {}, {}, NoDataPolicy{true, 0}});
  ASSERT_TRUE(
      process
          ->Load("groups: [{name: g, rules: [{alert: A, expr: up == 0}, {alert: B, expr: up "
                 "== 0, annotations: {outrider_no_data: resolve}}]}]",
                 context)
          .ok());
  process->Run(2 * kMinute, Feed(0));
  Silence(10 * kMinute);
  EXPECT_EQ(View().StateText(), "firing");
  EXPECT_EQ(view_->rules[1].StateText(), "inactive");
}

struct KeepCase {
  const char* expr;
  bool kept;  // when `up` falls silent while `other` goes on
};

TEST_F(NoDataTest, Expressions) {
  for (const KeepCase& c :
       {KeepCase{"sum by (instance) (up) == 0", true}, KeepCase{"rate(up[2m]) == 0", true},
        KeepCase{"up == 0 and on () other == 1", true},
        KeepCase{"up * on () group_left (n) other == 0", true},
        KeepCase{"max_over_time(up[3m]) == 0 or other == 5", true},
        KeepCase{"other == 5 or sum by (instance) (up) == 0", true},
        KeepCase{"up == 0 or vector(1) == 2", true},
        KeepCase{"(other == 1) * (1 - absent(up))", false}}) {
    SCOPED_TRACE(c.expr);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load("groups: []").ok());
    ASSERT_TRUE(process->Load(Rule("'" + std::string(c.expr) + "'", "")).ok());
    const Labels other = {{"__name__", "other"}, {"n", "1"}};
    process->Run(4 * kMinute, [&](Timestamp now) {
      windows.Put(kUp, now, 0);
      windows.Put(other, now, 1);
    });
    const bool fired = View().StateText() == "firing";
    EXPECT_EQ(fired, c.kept);
    process->Run(20 * kMinute, [&](Timestamp now) { windows.Put(other, now, 1); });
    EXPECT_EQ(View().StateText(), c.kept ? "firing" : "inactive");
    EXPECT_EQ(View().no_data.empty(), !c.kept);
    ASSERT_TRUE(process->Load("groups: []").ok());
    EXPECT_EQ(Rows(), 0U);
  }
}

struct OrCase {
  const char* expr;
  const char* missing;  // what is said to be missing when `up` falls silent, nothing firing; or ""
};

// One side of an `or` is enough; `other` goes on, `never` never was.
TEST_F(NoDataTest, SidesOfAnOrAreAlternatives) {
  for (const OrCase& c :
       {OrCase{"up == 9 or other == 9", ""}, OrCase{"other == 9 or up == 9", ""},
        OrCase{"up == 9 or never == 9", "no data from up"},
        OrCase{"never == 9 or up == 9", "no data from up"},
        OrCase{"up == 9 or (other * never) == 9", "no data from up"},
        OrCase{"(up or other) + never == 9", ""},
        OrCase{"(up or other) * up == 9", "no data from up"},
        OrCase{"max_over_time((up or other)[2m:30s]) == 9", ""},
        OrCase{"up == 9 or vector(0) == 9", ""}, OrCase{"up == 9 or never or other == 9", ""},
        OrCase{"rate(up[3m]) > 9 or up == 9", "no data from up"},
        OrCase{"up == 9 or ALERTS{alertname=\"B\"}", "no data from up"},
        OrCase{"(up == 9 unless other) or other == 9", ""}}) {
    SCOPED_TRACE(c.expr);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load("groups: []").ok());
    ASSERT_TRUE(process->Load(Rule("'" + std::string(c.expr) + "'", "")).ok());
    const Labels other = {{"__name__", "other"}, {"n", "1"}};
    process->Run(4 * kMinute, [&](Timestamp now) {
      windows.Put(kUp, now, 1);
      windows.Put(other, now, 1);
    });
    EXPECT_THAT(process->sink.lines, IsEmpty());
    process->Run(20 * kMinute, [&](Timestamp now) { windows.Put(other, now, 1); });
    const AlertSet own = View().no_data;
    const std::string said = own.empty() ? "" : own[0]->annotations.at("summary");
    EXPECT_EQ(said, c.missing);
    ASSERT_TRUE(process->Load("groups: []").ok());
  }
}

// A reload does not grant the limit anew, whatever of the rule it changes.
TEST_F(NoDataTest, TheLimitGoesOnOverReloads) {
  for (const char* expr : {"up == 0", "up < 1"}) {
    SCOPED_TRACE(expr);
    windows.series.clear();
    Restart();
    ASSERT_TRUE(process->Load("groups: []").ok());
    ASSERT_TRUE(process->Load(Rule("up == 0", "", "10m")).ok());
    process->Run(2 * kMinute, Feed(0));
    Silence(12 * kMinute);  // 5 of them are the lookback
    EXPECT_EQ(View().StateText(), "firing");
    ASSERT_TRUE(process->Load(Rule(expr, "    keep_firing_for: 1s\n", "10m")).ok());
    EXPECT_EQ(View().StateText(), "firing");
    Silence(2 * kMinute);
    EXPECT_EQ(View().StateText(), "firing");
    Silence(2 * kMinute);
    EXPECT_EQ(View().StateText(), "inactive");
    ASSERT_TRUE(process->Load("groups: []").ok());
  }
}

// Nor does a restart, which remembers by the samples that there are.
TEST_F(NoDataTest, TheLimitGoesOnOverARestart) {
  const std::string rules = Rule("up == 0", "", "10m");
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(2 * kMinute, Feed(0));
  Silence(12 * kMinute);  // 5 of them are the lookback
  Restart();
  ASSERT_TRUE(process->Load(rules).ok());
  Silence(4 * kMinute);  // held
  EXPECT_EQ(View().StateText(), "firing");
  Silence(2 * kMinute);
  EXPECT_EQ(View().StateText(), "inactive");
}

// A range gives nothing until it has two samples; that is no silence before there was a first.
TEST_F(NoDataTest, ARangeThatBeginsIsNotSilent) {
  ASSERT_TRUE(process->Load(Rule("rate(up[1m]) < 0", "")).ok());
  process->Run(15 * kSecond, Feed(1));
  EXPECT_THAT(process->sink.lines, IsEmpty());
  process->Run(2 * kMinute, Feed(1));
  EXPECT_THAT(process->sink.lines, IsEmpty());
  Silence(2 * kMinute);
  EXPECT_THAT(process->sink.lines, SizeIs(1));
  StartAfresh();
  ASSERT_TRUE(process->Load(Rule("rate(up[1m]) < 0", "")).ok());
  process->Run(15 * kSecond, Feed(1));  // one sample, and no more
  Silence(30 * kSecond);
  EXPECT_THAT(process->sink.lines, IsEmpty());
  Silence(2 * kMinute);
  EXPECT_THAT(process->sink.lines, SizeIs(1));
}

// What the rule reads no longer is no reason to keep its alert.
TEST_F(NoDataTest, AReloadMayReadSomethingElse) {
  ASSERT_TRUE(process->Load(Rule("up == 0", "")).ok());
  const Labels other = kUp.With(kMetricName, "other");
  process->Run(2 * kMinute, [&](Timestamp now) {
    windows.Put(kUp, now, 0);
    windows.Put(other, now, 0);
  });
  const auto other_only = [&](Timestamp now) { windows.Put(other, now, 0); };
  process->Run(10 * kMinute, other_only);
  EXPECT_EQ(View().StateText(), "firing");
  ASSERT_TRUE(process->Load(Rule("other == 1", "")).ok());
  process->Run(kMinute, other_only);
  EXPECT_EQ(View().StateText(), "inactive");
  EXPECT_EQ(process->manager.Stats().no_data_alerts, 0U);
}

TEST_F(NoDataTest, ARestartContinues) {
  const std::string rules = Rule("up == 0", "");
  ASSERT_TRUE(process->Load(rules).ok());
  process->Run(2 * kMinute, Feed(0));
  Silence(10 * kMinute);
  EXPECT_EQ(Rows(), 2U);
  Restart();
  ASSERT_TRUE(process->Load(rules).ok());
  Silence(20 * kMinute);
  EXPECT_THAT(process->sink.lines, Not(Contains(HasSubstr("resolved"))));
  EXPECT_EQ(View().StateText(), "firing");
  EXPECT_THAT(View().no_data, SizeIs(1));
  process->Run(2 * kMinute, Feed(0));
  EXPECT_EQ(View().StateText(), "firing");
  ASSERT_THAT(process->sink.lines, SizeIs(1));
  EXPECT_THAT(process->sink.lines[0], HasSubstr("OutriderNoData resolved"));
}

}  // namespace
}  // namespace outrider
