// SPDX-License-Identifier: Apache-2.0
// The four cases of the compliance suite of alert generators (specs/prometheus.md §3.5), with its
// names and times: a sample every 15 s, groups every 30 s, here on virtual time, through the real
// windows, rule manager and relay. What it asks of the API, of ALERTS and of the sent alerts is
// checked after every evaluation.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "notifiers/relay/relay.h"
#include "rules/alerting/rule_manager.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/log.h"
#include "storage/state/memory_store.h"
#include "storage/window/windows.h"
#include "tests/rules/alerting/fakes.h"
#include "tests/support/fake_clock.h"

namespace outrider::sim {
namespace {

using ::testing::ElementsAreArray;

constexpr Timestamp kZero = 1'700'000'000'000;
constexpr DurationMs kStep = 15 * kSecond;
constexpr DurationMs kGroup = 30 * kSecond;
constexpr const char* kMetric = "alert_generator_test_suite";

// `count` samples of `value`.
struct Samples {
  double value = 0;
  int count = 0;
};
struct Input {
  std::map<std::string, std::string> labels;
  std::vector<Samples> samples;
};

// Between two steps (the second excluded) there is an alert like this.
struct Span {
  int from = 0;
  int to = 0;
  std::string alert;  // name, and what tells it from its siblings
  std::string state;
  std::string value;
  std::string annotation;  // the one named `t`
};

struct Case {
  const char* name;
  std::string rules;
  std::vector<Input> inputs;
  std::vector<Span> spans;
  int steps = 0;
};

std::string Selector(const std::string& group, const std::string& alert) {
  return fmt::format("{}{{alertname=\"{}\", rulegroup=\"{}\"}}", kMetric, alert, group);
}

Input InputOf(const std::string& group, const std::string& alert, std::vector<Samples> samples,
              std::map<std::string, std::string> more = {}) {
  more.insert({{"__name__", kMetric}, {"rulegroup", group}});
  if (!alert.empty()) more.insert({"alertname", alert});
  return {std::move(more), std::move(samples)};
}

Case PendingAndFiringAndResolved() {
  const std::string group = "PendingAndFiringAndResolved";
  const std::string alert = group + "_SimpleAlert";
  return {
      "pending, firing, resolved, and again while the resolved one is still sent",
      fmt::format(R"(groups:
- name: {0}
  interval: 30s
  rules:
  - alert: {1}
    expr: '{2} > 10'
    for: 6m
    labels: {{foo: bar, rulegroup: {0}}}
    annotations: {{t: 'now {{{{$value}}}} and {{{{.Value}}}}'}}
)",
                  group, alert, Selector(group, alert)),
      {InputOf(group, alert,
               {{3, 1}, {5, 3}, {9, 4}, {11, 13}, {15, 32}, {19, 16}, {9, 20}, {15, 45}, {8, 80}})},
      {{8, 21, alert, "pending", "11", "now 11 and 11"},
       {21, 32, alert, "pending", "15", "now 15 and 15"},
       {32, 53, alert, "firing", "15", "now 15 and 15"},
       {53, 69, alert, "firing", "19", "now 19 and 19"},
       {89, 113, alert, "pending", "15", "now 15 and 15"},
       {113, 134, alert, "firing", "15", "now 15 and 15"}},
      210};
}

Case PendingAndResolvedAlwaysInactive() {
  const std::string group = "PendingAndResolved_AlwaysInactive";
  const std::string pending = group + "_PendingAlert";
  const std::string inactive = group + "_InactiveAlert";
  const std::vector<Samples> samples = {{3, 1}, {5, 3}, {9, 4}, {11, 11}, {9, 1}};
  return {
      "pending only, and a rule that is never active",
      fmt::format(R"(groups:
- name: {0}
  interval: 30s
  rules:
  - {{alert: {1}, expr: '{2} > 10', for: 3m, labels: {{foo: bar, rulegroup: {0}}}, annotations: {{t: soon}}}}
  - {{alert: {3}, expr: '{4} > 99', for: 3m, labels: {{ba_dum: tss, rulegroup: {0}}}, annotations: {{t: never}}}}
)",
                  group, pending, Selector(group, pending), inactive, Selector(group, inactive)),
      {InputOf(group, pending, samples), InputOf(group, inactive, samples)},
      {{8, 19, pending, "pending", "11", "soon"}},
      60};
}

// Every kind of template function the suite uses.
constexpr const char* kZeroForTexts =
    R"({{humanize 1048576}} {{humanize1024 1048576}} {{humanizeDuration 135.3563}} )"
    R"({{humanizePercentage 0.959}} {{humanizeTimestamp 1643114203}} )"
    R"({{define "list"}}{{.arg0}}-{{.arg1}}: {{with query "alert_generator_test_suite{for=''template''}"}})"
    R"({{. | sortByLabel "id" | first | label "id"}}{{range $v := sortByLabel "id" .}} )"
    R"({{. | label "id"}}={{. | value}}{{end}}{{end}}{{end}}{{template "list" (args "a" 99)}})";
constexpr const char* kSmallForTexts =
    R"({{title "two words"}} {{toUpper "up"}} {{toLower "DOWN"}} {{stripPort "[::1]:6006"}} )"
    R"({{stripPort "127.0.0.1:4004"}} {{parseDuration "2h10m15s"}} )"
    R"({{if match "[0-9]+" "1234"}}{{reReplaceAll "r.*d" "new" "rpld text"}}{{end}})"
    R"({{if match "[0-9]+$" "1234a"}}WRONG{{end}})";
constexpr const char* kZeroForText =
    "1.049M 1Mi 2m 15s 95.9% 2022-01-25 12:36:43 +0000 UTC a-99: 101 101={} 102={} 103={}";
constexpr const char* kSmallForText = "Two Words UP down ::1 127.0.0.1 7815 new text";

Case ZeroForSmallFor() {
  const std::string group = "ZeroFor_SmallFor";
  const std::string zero = group + "_ZeroFor";
  const std::string small = group + "_SmallFor";
  const std::vector<Samples> samples = {{3, 1},  {5, 3},   {9, 4}, {15, 13},
                                        {9, 72}, {11, 13}, {9, 1}};
  std::vector<Input> inputs = {InputOf(group, zero, samples), InputOf(group, small, samples)};
  for (int i = 1; i <= 3; ++i) {
    inputs.push_back(InputOf(group, "", {{1.0 * i, 28}, {2.0 * i, 201}},
                             {{"for", "template"}, {"id", fmt::to_string(100 + i)}}));
  }
  const std::string before = fmt::format(fmt::runtime(kZeroForText), 1, 2, 3);
  const std::string after = fmt::format(fmt::runtime(kZeroForText), 2, 4, 6);
  return {"no `for`, and one shorter than the interval",
          fmt::format(R"(groups:
- name: {0}
  interval: 30s
  rules:
  - {{alert: {1}, expr: '{2} > 10', labels: {{foo: bar, rulegroup: {0}}}, annotations: {{t: '{3}'}}}}
  - {{alert: {4}, expr: '{5} > 13', for: 15s, labels: {{ba_dum: tss, rulegroup: {0}}}, annotations: {{t: '{6}'}}}}
)",
                      group, zero, Selector(group, zero), kZeroForTexts, small,
                      Selector(group, small), kSmallForTexts),
          std::move(inputs),
          {{8, 21, zero, "firing", "15", before},
           {8, 10, small, "pending", "15", kSmallForText},
           {10, 21, small, "firing", "15", kSmallForText},
           {93, 106, zero, "firing", "11", after}},
          190};
}

Case NewAlertsOrderCheck() {
  const std::string group = "NewAlerts_OrderCheck";
  const std::string first = group + "_Rule1";
  const std::string second = group + "_Rule2";
  const std::string fires = fmt::format(
      "ALERTS{{alertstate=\"firing\", alertname=\"{}\", foo=\"bar\", rulegroup=\"{}\", variant=",
      first, group);
  return {"new alerts beside old ones, and a rule that reads what the one before it wrote",
          fmt::format(R"(groups:
- name: {0}
  interval: 30s
  rules:
  - {{alert: {1}, expr: '{2} > 10', for: 3m, labels: {{foo: bar, rulegroup: {0}}}, annotations: {{t: more}}}}
  - alert: {3}
    expr: '({4}"one"}} + ignoring(variant) {4}"two"}}) == 2'
    labels: {{foo: baz, ba_dum: tss, rulegroup: {0}}}
    annotations: {{t: 'was {{{{$labels.alertname}}}}, {{{{.Labels.foo}}}}'}}
)",
                      group, first, Selector(group, first), second, fires),
          {InputOf(group, first, {{1, 8}, {11, 65}, {9, 21}}, {{"variant", "one"}}),
           InputOf(group, first, {{1, 32}, {11, 33}, {9, 21}}, {{"variant", "two"}})},
          {{8, 20, first + " one", "pending", "11", "more"},
           {20, 73, first + " one", "firing", "11", "more"},
           {32, 44, first + " two", "pending", "11", "more"},
           {44, 65, first + " two", "firing", "11", "more"},
           {44, 65, second, "firing", "2", "was " + first + ", bar"}},
          94};
}

struct Sent {
  Timestamp ts = 0;
  std::string starts_at, ends_at, annotation;
};

class RecordingHttp final : public HttpClient {
 public:
  explicit RecordingHttp(const Clock& clock) : clock_(clock) {}
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    const JsonValue body = ParseJson(request.body).value();
    for (const JsonValue& alert : body.items) {
      const JsonValue* labels = alert.Find("labels");
      std::string name(labels->GetString("alertname"));
      const std::string variant(labels->GetString("variant"));
      if (!variant.empty()) name += " " + variant;
      sent[name].push_back({clock_.Now(), std::string(alert.GetString("startsAt")),
                            std::string(alert.GetString("endsAt")),
                            std::string(alert.Find("annotations")->GetString("t"))});
    }
    return HttpClientResponse{200, "", false, {}};
  }
  std::map<std::string, std::vector<Sent>> sent;

 private:
  const Clock& clock_;
};

class Suite {
 public:
  explicit Suite(const Case& c) : case_(c) {
    config_.targets.push_back({.url = "http://a/api/v2/alerts", .http = {}, .alert_relabel = {}});
    relay_ = std::make_unique<Relay>(config_, http_, store_, clock_);
    manager_ = std::make_unique<RuleManager>(
        RuleManager::Seams{engine_, windows_, windows_, sink_, store_, clock_, relay_.get()},
        RuleManagerOptions());
  }

  void Run() {
    std::vector<RuleFile> files;
    auto file = ParseRuleFile(case_.rules, "f.yml");
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->problems.empty()) << file->problems[0].text;
    files.push_back(*std::move(file));
    RuleContext context;
    context.policies.usual.wait_for_data = false;  // every slot on time, as the suite counts
    ASSERT_TRUE(manager_->Apply(std::move(files), context).ok());
    for (int step = 0; step < case_.steps; ++step) {
      const Timestamp now = kZero + step * kStep;
      clock_.Set(now * kNanosPerMilli);
      Feed(step);
      while (manager_->NextDue() < now + kStep) {
        const Timestamp due = manager_->NextDue();
        clock_.Set(due * kNanosPerMilli);
        manager_->RunDue(due);
        relay_->SendAll();
        ASSERT_NO_FATAL_FAILURE(CheckEvaluation(due, step));
      }
    }
    CheckSent();
  }

 private:
  void Feed(int step) {
    for (const Input& input : case_.inputs) {
      int left = step;
      for (const Samples& samples : input.samples) {
        if (left < samples.count) {
          const LabeledSample sample{Labels::FromMap(input.labels),
                                     {kZero + step * kStep, samples.value}};
          windows_.AppendBatch({&sample, 1}, Origin::kRemote, clock_.Now());
          break;
        }
        left -= samples.count;
      }
    }
  }

  static std::string NameOf(const Labels& labels) {
    const std::string variant(labels.Get("variant"));
    return std::string(labels.Get(kAlertName)) + (variant.empty() ? "" : " " + variant);
  }

  void CheckEvaluation(Timestamp ts, int step) {
    SCOPED_TRACE(fmt::format("step {}", step));
    std::vector<std::string> wanted;
    std::vector<std::string> wanted_series;
    for (const Span& span : case_.spans) {
      if (step < span.from || step >= span.to) continue;
      wanted.push_back(
          fmt::format("{} {} {} {}", span.alert, span.state, span.value, span.annotation));
      wanted_series.push_back(fmt::format("{} {}", span.alert, span.state));
    }
    std::vector<std::string> shown;
    for (const RuleView& rule : manager_->Snapshot()[0]->rules) {
      EXPECT_EQ(rule.health, RuleHealth::kOk) << rule.last_error;
      for (const AlertPtr& alert : rule.alerts) {
        if (alert->state == AlertState::kInactive) continue;
        shown.push_back(fmt::format("{} {} {} {}", NameOf(alert->labels),
                                    AlertStateText(alert->state), alert->value,
                                    alert->annotations.at("t")));
        CheckClocks(*alert, ts);
      }
    }
    std::ranges::sort(wanted);
    std::ranges::sort(shown);
    ASSERT_THAT(shown, ElementsAreArray(wanted));
    CheckSeries(ts, std::move(wanted_series));
  }

  // Pending since the first evaluation that saw it, at most a group interval after its sample.
  void CheckClocks(const ActiveAlert& alert, Timestamp ts) {
    int first = 0;
    int joined_to = 0;
    for (const Span& span : case_.spans) {
      const bool joined = first != 0 && span.from <= joined_to;
      if (span.alert != NameOf(alert.labels) || kZero + span.from * kStep > ts) continue;
      if (!joined) first = span.from;
      joined_to = span.to;
    }
    EXPECT_GE(alert.active_at, kZero + first * kStep);
    EXPECT_LT(alert.active_at, kZero + first * kStep + kGroup);
  }

  void CheckSeries(Timestamp ts, std::vector<std::string> wanted) {
    const auto expression = promql::Expression::Parse("ALERTS == 1");
    ASSERT_TRUE(expression.ok());
    const auto result = engine_.Instant(*expression, windows_, ts);
    ASSERT_TRUE(result.ok()) << result.status();
    std::vector<std::string> found;
    for (const promql::VectorSample& sample : std::get<promql::Vector>(result->value)) {
      found.push_back(fmt::format("{} {}", NameOf(sample.labels), sample.labels.Get("alertstate")));
    }
    std::ranges::sort(wanted);
    std::ranges::sort(found);
    EXPECT_THAT(found, ElementsAreArray(wanted));
  }

  // The first in time, repeats more than a minute and at most a minute and a group interval apart,
  // what is resolved for 15 minutes unless it is pending or firing again, and nothing else.
  void CheckSent() {
    std::set<std::string> fire;
    for (const Span& span : case_.spans) {
      if (span.state == "firing") fire.insert(span.alert);
    }
    for (const auto& [name, sent] : http_.sent) EXPECT_TRUE(fire.contains(name)) << name;
    for (const std::string& name : fire) {
      SCOPED_TRACE(name);
      CheckSentOf(name, http_.sent[name]);
    }
  }

  void CheckSentOf(const std::string& name, const std::vector<Sent>& sent) {
    size_t at = 0;
    for (const auto& [from, to] : Firings(name)) {
      const Timestamp begin = kZero + from * kStep;
      const Timestamp end = kZero + to * kStep;
      Timestamp last = 0;
      for (; at < sent.size() && sent[at].ts < end; ++at) {
        CheckGap(sent[at].ts, last, begin);
        EXPECT_EQ(sent[at].ends_at, FormatRfc3339((sent[at].ts + 4 * kMinute) * kNanosPerMilli));
        EXPECT_EQ(sent[at].annotation, AnnotationAt(name, sent[at].ts));
        last = sent[at].ts;
      }
      ASSERT_NE(last, 0) << "never sent as firing";
      const Timestamp until = std::min(end + 15 * kMinute + kGroup, ActiveAgain(name, to));
      Timestamp resolved = 0;
      std::string first_end;
      for (; at < sent.size() && sent[at].ts < until; ++at) {
        CheckGap(sent[at].ts, resolved, end);
        if (resolved == 0) first_end = sent[at].ends_at;
        EXPECT_EQ(sent[at].ends_at, first_end);
        resolved = sent[at].ts;
      }
      ASSERT_NE(resolved, 0) << "never sent as resolved";
      EXPECT_GE(resolved, std::min(until, kZero + case_.steps * kStep) - kMinute - 2 * kGroup);
    }
    EXPECT_EQ(at, sent.size()) << "sent without need";
  }

  static void CheckGap(Timestamp ts, Timestamp last, Timestamp begin) {
    if (last == 0) {
      EXPECT_GE(ts, begin);
      EXPECT_LT(ts, begin + kGroup);
    } else {
      EXPECT_GT(ts - last, kMinute);
      EXPECT_LE(ts - last, kMinute + kGroup);
    }
  }

  std::vector<std::pair<int, int>> Firings(const std::string& name) const {
    std::vector<std::pair<int, int>> firings;
    for (const Span& span : case_.spans) {
      if (span.alert != name || span.state != "firing") continue;
      if (!firings.empty() && firings.back().second == span.from) {
        firings.back().second = span.to;
      } else {
        firings.emplace_back(span.from, span.to);
      }
    }
    return firings;
  }

  Timestamp ActiveAgain(const std::string& name, int after) const {
    Timestamp again = std::numeric_limits<Timestamp>::max();
    for (const Span& span : case_.spans) {
      if (span.alert == name && span.from >= after)
        again = std::min(again, kZero + span.from * kStep);
    }
    return again;
  }

  std::string AnnotationAt(const std::string& name, Timestamp ts) const {
    for (const Span& span : case_.spans) {
      if (span.alert != name) continue;
      if (ts >= kZero + span.from * kStep && ts < kZero + span.to * kStep) return span.annotation;
    }
    return "";
  }

  const Case& case_;
  RelayConfig config_;
  FakeClock clock_{kZero * kNanosPerMilli};
  RecordingHttp http_{clock_};
  MemoryStore store_;
  FakeSink sink_{&store_};
  Windows windows_{{.seed = 1}};
  promql::Engine engine_{promql::EngineOptions(), clock_};
  std::unique_ptr<Relay> relay_;
  std::unique_ptr<RuleManager> manager_;
};

TEST(AlertGenerator, ComplianceCases) {
  SetUpLog(LogLevel::kError, LogFormat::kLogfmt);
  for (const Case& c : {PendingAndFiringAndResolved(), PendingAndResolvedAlwaysInactive(),
                        ZeroForSmallFor(), NewAlertsOrderCheck()}) {
    SCOPED_TRACE(c.name);
    Suite(c).Run();
  }
}

}  // namespace
}  // namespace outrider::sim
