// SPDX-License-Identifier: Apache-2.0
// OpenSLO documents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/slo/slo_file.h"

namespace outrider {
namespace {

using testing::HasSubstr;

constexpr const char* kDocuments = R"(apiVersion: openslo/v1
kind: DataSource
metadata: {name: prom}
spec: {type: Prometheus, connectionDetails: {url: "http://prometheus:9090"}}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: requests, displayName: Requests}
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {metricSourceRef: prom, type: Prometheus, spec: {query: 'sum(good_total)'}}}
    total: {metricSource: {metricSourceRef: prom, spec: {query: 'sum(all_total)'}}}
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec:
  description: Budget is going fast
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 14, lookbackWindow: 1h, alertAfter: 5m}
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: pager}
spec: {target: pagerduty}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: FastBurn}
spec:
  alertWhenBreaching: true
  alertWhenResolved: false
  conditions: [{conditionRef: fast}]
  notificationTargets: [{targetRef: pager}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: availability}
spec:
  service: shop
  indicatorRef: requests
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.995}]
  alertPolicies: [{alertPolicyRef: FastBurn}]
---
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {description: The shop}
)";

StatusOr<std::vector<SloSpec>> Load(const std::string& text) {
  const auto file = ParseSloFile(text, "o.yml");
  if (!file.ok()) return file.status();
  return CombineSlos({&*file, 1});
}

TEST(OpenSloFileTest, ReferencesBetweenDocuments) {
  const auto file = ParseSloFile(kDocuments, "o.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->own_schema);
  EXPECT_THAT(file->warnings, testing::ElementsAre(HasSubstr("alertWhenResolved: false")));
  const auto slos = CombineSlos({&*file, 1});
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 1U);
  const SloSpec& slo = slos->front();
  EXPECT_EQ(slo.error, "");
  EXPECT_EQ(slo.name, "availability");
  EXPECT_EQ(slo.service, "shop");
  EXPECT_DOUBLE_EQ(slo.objective, 0.995);
  EXPECT_EQ(slo.period.length, 28 * kDay);
  EXPECT_EQ(slo.parts[0].kind, SloPart::Kind::kGood);
  EXPECT_EQ(slo.parts[0].query->counting, SloCounting::kCounted) << "counter: true";
  ASSERT_EQ(slo.alerts.size(), 1U);
  const SloAlert& alert = slo.alerts[0];
  EXPECT_EQ(alert.name, "FastBurn");
  EXPECT_EQ(alert.op, ">=");
  EXPECT_EQ(alert.hold, 5 * kMinute);
  EXPECT_EQ(alert.any_of[0].long_window, kHour);
  EXPECT_EQ(alert.any_of[0].short_window, kHour);
  EXPECT_THAT(alert.annotations, testing::Contains(testing::Pair("outrider_receiver", "pager")));
}

std::string Slo(const std::string& indicator, const std::string& window, const std::string& method,
                const std::string& objectives) {
  return "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n" + indicator +
         "  timeWindow: [" + window + "]\n  budgetingMethod: " + method + "\n  objectives: [" +
         objectives + "]\n";
}
constexpr const char* kRatio =
    "  indicator:\n    metadata: {name: i}\n    spec: {ratioMetric: {bad: {metricSource: {spec: "
    "{query: 'rate(b[5m])'}}}, total: {metricSource: {spec: {query: 'rate(t[5m])'}}}}}\n";
constexpr const char* kThreshold =
    "  indicator:\n    metadata: {name: i}\n    spec: {thresholdMetric: {metricSource: {type: Any, "
    "spec: {query: latency}}}}\n";
constexpr const char* kRolling = "{duration: 30d, isRolling: true}";

TEST(OpenSloFileTest, CalendarsSlicesAndThresholds) {
  auto slos =
      Load(Slo(kRatio,
               "{duration: 1M, isRolling: false, calendar: {startTime: 2022-01-01 12:00:00, "
               "timeZone: America/New_York}}",
               "Timeslices",
               "{targetPercent: 99.5, timeSliceTarget: 0.9, timeSliceWindow: 5m}, "
               "{target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 10}"));
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 2U) << "an objective each";
  EXPECT_EQ((*slos)[0].name, "a-1");
  EXPECT_EQ((*slos)[1].name, "a-2");
  EXPECT_EQ((*slos)[0].method, SloMethod::kTimeslices);
  EXPECT_DOUBLE_EQ((*slos)[0].objective, 0.995);
  EXPECT_EQ((*slos)[1].slice, 10 * kMinute);
  ASSERT_TRUE((*slos)[0].period.calendar);
  EXPECT_EQ((*slos)[0].period.calendar->time_zone, "America/New_York");
  EXPECT_EQ((*slos)[0].period.calendar->anchor.hour, 12);

  slos = Load(Slo(kThreshold, kRolling, "RatioTimeslices",
                  "{op: lt, value: 500, target: 0.99, timeSliceWindow: 1m}"));
  ASSERT_TRUE(slos.ok()) << slos.status();
  EXPECT_EQ(slos->front().method, SloMethod::kRatioTimeslices);
  EXPECT_EQ(slos->front().parts[0].kind, SloPart::Kind::kThreshold);
  EXPECT_EQ(slos->front().parts[0].threshold, 500);
}

TEST(OpenSloFileTest, CompositesAreWeightedSums) {
  const std::string own =
      "{target: 0.99, compositeWeight: 3, indicatorRef: x}, "
      "{target: 0.9, compositeWeight: 1, indicatorRef: x}";
  const std::string sli =
      "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: x}\nspec: {ratioMetric: {raw: "
      "{metricSource: {spec: {query: 'avg(ok)'}}}, rawType: success}}\n";
  const auto slos = Load(Slo("", kRolling, "Occurrences", own) + sli);
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 1U);
  EXPECT_NEAR(slos->front().objective, 0.9675, 1e-12);
  ASSERT_EQ(slos->front().parts.size(), 2U);
  EXPECT_EQ(slos->front().parts[0].weight, 3);
  EXPECT_EQ(slos->front().parts[0].kind, SloPart::Kind::kGoodRatio);
}

// The slices are those of all parts together; they had those of the last one.
TEST(OpenSloFileTest, ACompositeHasSlicesOfOneLengthAndTarget) {
  const std::string sli =
      "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: x}\nspec: {ratioMetric: {raw: "
      "{metricSource: {spec: {query: 'avg(ok)'}}}, rawType: success}}\n";
  const std::string first =
      "{target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 5m, indicatorRef: x}, ";
  const auto load = [&](const std::string& method, const std::string& second) {
    return Load(Slo("", kRolling, method, first + second) + sli).status();
  };
  const std::string same =
      "{target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 5m, indicatorRef: x}";
  const std::string other_target =
      "{target: 0.9, timeSliceTarget: 0.8, timeSliceWindow: 5m, indicatorRef: x}";
  const std::string other_window =
      "{target: 0.9, timeSliceTarget: 0.9, timeSliceWindow: 1m, indicatorRef: x}";
  EXPECT_TRUE(load("Timeslices", same).ok()) << load("Timeslices", same);
  EXPECT_THAT(Message(load("Timeslices", other_target)), HasSubstr("must be the same in all"));
  EXPECT_THAT(Message(load("Timeslices", other_window)), HasSubstr("must be the same in all"));
  EXPECT_THAT(Message(load("RatioTimeslices", other_window)), HasSubstr("must be the same in all"));
  EXPECT_TRUE(load("RatioTimeslices", other_target).ok()) << "it has no effect there";
  EXPECT_TRUE(load("Occurrences", other_window).ok());
}

TEST(OpenSloFileTest, V1Alpha) {
  const std::string text = R"(apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: api, displayName: Requests}
spec:
  service: shop
  budgetingMethod: Occurrences
  objectives:
  - ratioMetrics:
      good: {source: prometheus, queryType: promql, query: 'sum(rate(g[{{.window}}]))'}
      total: {source: prometheus, queryType: promql, query: 'sum(rate(t[{{.window}}]))'}
    target: 0.999
  timeWindows: [{count: 7, unit: Day}]
)";
  const auto slos = Load(text);
  ASSERT_TRUE(slos.ok()) << slos.status();
  EXPECT_EQ(slos->front().name, "api");
  EXPECT_EQ(slos->front().period.length, 7 * kDay);
  EXPECT_EQ(slos->front().parts[0].query->counting, SloCounting::kCounted);
  std::string calendar = text;
  calendar.replace(calendar.find("unit: Day"), 9, "unit: Month");
  EXPECT_THAT(Message(Load(calendar).status()), HasSubstr("o.yml:12:34: only rolling windows"));
}

struct ErrorCase {
  std::string text;
  const char* message;
};
std::string With(std::string from, const std::string& to) {
  std::string text = kDocuments;
  text.replace(text.find(from), from.size(), to);
  return text;
}

// `gte` fires at the factor: with errors only that is at 100 %.
TEST(OpenSloFileTest, AnAlertAtErrorsOnlyCanFire) {
  EXPECT_TRUE(Load(With("threshold: 14", "threshold: 200")).ok());
  std::string above = With("threshold: 14", "threshold: 200");
  above.replace(above.find("op: gte"), 7, "op: gt");
  EXPECT_THAT(Message(Load(above).status()), HasSubstr("can never fire"));
}

TEST(OpenSloFileTest, Mistakes) {
  const ErrorCase kCases[] = {
      {With("indicatorRef: requests", "indicatorRef: nothing"),
       "o.yml:42:17: there is no SLI named"},
      {With("conditionRef: fast", "conditionRef: slow"),
       "there is no AlertCondition named \"slow\""},
      {With("alertPolicyRef: FastBurn", "alertPolicyRef: x"), "there is no AlertPolicy"},
      {With("targetRef: pager", "targetRef: x"), "there is no AlertNotificationTarget"},
      {With("kind: burnrate", "kind: latency"), "kind \"latency\" is not burnrate"},
      {With("lookbackWindow: 1h", "lookbackWindow: 1M"), "a lookbackWindow such as 1h is needed"},
      {With("threshold: 14", "threshold: 300"), "can never fire"},
      {With("type: Prometheus, conn", "type: Datadog, conn"), "type \"Datadog\" cannot be asked"},
      {With("openslo/v1\nkind: SLI", "openslo/v2\nkind: SLI"), "is not openslo/v1"},
      {With("kind: Service", "kind: Team"), "o.yml:49:7: kind is not one of"},
      {With("duration: 4w", "duration: 1M"), "a rolling window has one length"},
      {With("duration: 4w", "duration: 1m"), "a month is 1M"},
      {With("target: 0.995", "target: 1"), "has no error budget"},
      {With("target: 0.995", "target: 0.9, targetPercent: 90"), "either target or targetPercent"},
      {With("Occurrences", "Guesses"), "budgetingMethod \"Guesses\""},
      {With("service: shop\n", "service: shop\n  team: x\n"), "field team not found in SLO"},
      {Slo(kRatio, kRolling, "Timeslices", "{target: 0.9, timeSliceTarget: 0.9}"),
       "needs a timeSliceWindow"},
      {Slo(kRatio, kRolling, "Timeslices", "{target: 0.9, timeSliceWindow: 1m}"),
       "need a timeSliceTarget"},
      {Slo(kThreshold, kRolling, "Occurrences", "{target: 0.9}"), "needs op and value"},
      {Slo("", kRolling, "Occurrences", "{target: 0.9}"), "either an indicator or an indicatorRef"},
      {Slo(kRatio, "{duration: 1w}", "Occurrences", "{target: 0.9}"), "has a calendar"},
  };
  for (const ErrorCase& one : kCases) {
    const auto slos = Load(one.text);
    ASSERT_FALSE(slos.ok()) << one.message;
    EXPECT_THAT(Message(slos.status()), HasSubstr(one.message));
    EXPECT_THAT(Message(slos.status()), testing::StartsWith("o.yml:"));
  }
}

}  // namespace
}  // namespace outrider
