// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outrider {
namespace {

using testing::HasSubstr;

// Reads and combines, as a daemon does.
StatusOr<std::vector<SloSpec>> Load(const std::string& text) {
  const auto file = ParseSloFile(text, "s.yml");
  if (!file.ok()) return file.status();
  return CombineSlos({&*file, 1});
}

constexpr const char* kOwn = R"(entries:
- name: checkout
  kind: slo
  service: shop
  objective: 99.9
  bad: sum by (region) (http_requests_total{code=~"5.."})
  total: sum by (region) (http_requests_total)
  labels: {team: shop}
  min_events: 100
  alerting:
    name: CheckoutErrors
    page: {labels: {severity: pager}, annotations: {runbook: "https://x/{{ $labels.region }}"}}
    ticket: {disabled: true}
- {name: ignored, kind: trend, expr: up}
)";

TEST(SloFileTest, OwnEntries) {
  const auto file = ParseSloFile(kOwn, "s.yml");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->own_schema);
  const auto slos = CombineSlos({&*file, 1});
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 1U);
  const SloSpec& slo = slos->front();
  EXPECT_EQ(slo.error, "");
  EXPECT_EQ(slo.name, "checkout");
  EXPECT_EQ(slo.service, "shop");
  EXPECT_DOUBLE_EQ(slo.objective, 0.999);
  EXPECT_EQ(slo.period.length, 30 * kDay);
  EXPECT_EQ(slo.min_events, 100);
  ASSERT_EQ(slo.parts.size(), 1U);
  EXPECT_EQ(slo.parts[0].query->counting, SloCounting::kCounted);
  ASSERT_EQ(slo.alerts.size(), 1U);
  const SloAlert& page = slo.alerts[0];
  EXPECT_EQ(page.name, "CheckoutErrors");
  EXPECT_EQ(page.severity, "page");
  EXPECT_EQ(page.labels, (SloLabels{{"severity", "pager"}}));
  ASSERT_EQ(page.any_of.size(), 2U);
  EXPECT_NEAR(page.any_of[0].factor, 14.4, 1e-12);
  EXPECT_EQ(slo.windows.size(), 7U);
  EXPECT_EQ(slo.line, 2);
}

TEST(SloFileTest, PyrraStyleIsAnAlertPerPair) {
  const auto slos = Load(
      "entries:\n- {name: a, kind: slo, objective: 99, period: 28d, bad: b, total: t, "
      "alerting: {style: pyrra}}\n");
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->front().alerts.size(), 4U);
  EXPECT_EQ(slos->front().alerts[3].hold, 3 * kHour);
  EXPECT_EQ(slos->front().alerts[3].any_of[0].long_window, 4 * kDay);
  EXPECT_THAT(slos->front().windows, testing::Contains(4 * kDay));
  // As Pyrra labels them: whoever is told can tell them apart.
  EXPECT_THAT(
      slos->front().alerts[0].labels,
      testing::UnorderedElementsAre(testing::Pair("severity", "critical"),
                                    testing::Pair("short", "5m"), testing::Pair("long", "1h")));
  EXPECT_THAT(
      slos->front().alerts[3].labels,
      testing::UnorderedElementsAre(testing::Pair("severity", "warning"),
                                    testing::Pair("short", "6h"), testing::Pair("long", "4d")));
}

TEST(SloFileTest, CalendarPeriodsAndSlices) {
  const auto slos = Load(
      "entries:\n- {name: a, kind: slo, objective: 99, period: month, time_zone: Europe/Berlin, "
      "error_ratio: 'sum(rate(e[5m])) / sum(rate(t[5m]))', method: timeslices, slice: 10m, "
      "slice_target: 0.9}\n");
  ASSERT_TRUE(slos.ok()) << slos.status();
  const SloSpec& slo = slos->front();
  ASSERT_TRUE(slo.period.calendar);
  EXPECT_EQ(slo.period.calendar->time_zone, "Europe/Berlin");
  EXPECT_EQ(slo.method, SloMethod::kTimeslices);
  EXPECT_EQ(slo.slice, 10 * kMinute);
  EXPECT_EQ(slo.parts[0].kind, SloPart::Kind::kBad) << "the division was taken apart";
}

constexpr const char* kSloth = R"(version: prometheus/v1
service: shop
labels: {owner: payments, tier: 2}
slos:
- name: requests
  objective: 99.9
  description: Requests are answered.
  labels: {tier: "1"}
  sli:
    events:
      error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
      total_query: sum(rate(http_requests_total[{{.window}}]))
  alerting:
    name: ShopErrors
    labels: {category: availability}
    annotations: {runbook: "https://runbooks/shop"}
    page_alert: {labels: {severity: page}}
    ticket_alert: {labels: {severity: slack}, annotations: {summary: "{{ $labels.sloth_slo }}"}}
)";

TEST(SloFileTest, Sloth) {
  const auto slos = Load(kSloth);
  ASSERT_TRUE(slos.ok()) << slos.status();
  const SloSpec& slo = slos->front();
  EXPECT_EQ(slo.error, "");
  EXPECT_EQ(slo.origin, SloOrigin::kSloth);
  EXPECT_EQ(slo.name, "shop-requests");
  EXPECT_EQ(slo.slo, "requests");
  EXPECT_THAT(slo.labels, testing::UnorderedElementsAre(testing::Pair("owner", "payments"),
                                                        testing::Pair("tier", "1")));
  ASSERT_EQ(slo.alerts.size(), 2U);
  EXPECT_THAT(slo.alerts[0].labels,
              testing::UnorderedElementsAre(testing::Pair("category", "availability"),
                                            testing::Pair("severity", "page"),
                                            testing::Pair("sloth_severity", "page")));
  EXPECT_THAT(slo.alerts[1].annotations,
              testing::IsSupersetOf({testing::Pair("runbook", "https://runbooks/shop"),
                                     testing::Pair("summary", "{{ $labels.sloth_slo }}")}));
  EXPECT_THAT(
      slo.alerts[0].annotations,
      testing::IsSupersetOf(
          {testing::Pair("title",
                         "(page) {{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget "
                         "burn rate is too fast."),
           testing::Pair("summary",
                         "{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn "
                         "rate is over expected.")}));
  EXPECT_EQ(slo.parts[0].query->counting, SloCounting::kCounted);
}

TEST(SloFileTest, SlothResourcesAndSeveralDocuments) {
  const std::string resource = R"(apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop, namespace: monitoring}
spec:
  service: shop
  slos:
  - name: latency
    objective: 99
    sli:
      raw:
        errorRatioQuery: avg(1 - fast_ratio)
    alerting:
      pageAlert: {disable: true}
      ticketAlert: {disable: true}
)";
  const auto slos = Load(std::string("---\n") + kSloth + "---\n" + resource);
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 2U);
  EXPECT_TRUE((*slos)[1].alerts.empty());
  EXPECT_EQ((*slos)[1].parts[0].kind, SloPart::Kind::kBadRatio);
}

constexpr const char* kCatalogue = R"(apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 30d
  page:
    quick: {errorBudgetPercent: 1, shortWindow: 2m, longWindow: 30m}
    slow: {errorBudgetPercent: 2, shortWindow: 15m, longWindow: 3h}
  ticket:
    quick: {errorBudgetPercent: 5, shortWindow: 1h, longWindow: 12h}
    slow: {errorBudgetPercent: 5, shortWindow: 3h, longWindow: 36h}
)";

TEST(SloFileTest, ACatalogueOfWindowsTakesThePlaceOfTheBuiltIn) {
  const auto sloth = ParseSloFile(kSloth, "s.yml");
  const auto windows = ParseSloFile(kCatalogue, "w.yml");
  ASSERT_TRUE(sloth.ok() && windows.ok()) << windows.status();
  const SloFile files[] = {*sloth, *windows};
  const auto slos = CombineSlos(files);
  ASSERT_TRUE(slos.ok()) << slos.status();
  const auto& page = slos->front().alerts[0].any_of;
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].long_window, 30 * kMinute);
  EXPECT_NEAR(page[0].factor, 0.01 * 30 * 48, 1e-12);
  EXPECT_THAT(slos->front().windows, testing::IsSupersetOf({2 * kMinute, 36 * kHour}));
  const SloFile twice[] = {*windows, *windows};
  EXPECT_THAT(Message(CombineSlos(twice).status()), HasSubstr("w.yml:1:1: a second catalogue"));
}

struct ErrorCase {
  std::string text;
  const char* place;
  const char* message;
};

std::string Entry(const std::string& keys) { return "entries:\n- name: a\n  kind: slo\n" + keys; }
std::string SlothWith(const std::string& from, const std::string& to) {
  std::string text = kSloth;
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(SloFileTest, MistakesNameTheirPlace) {
  const std::string counts = "  bad: b\n  total: t\n";
  const ErrorCase kCases[] = {
      {Entry("  objective: 100\n" + counts), "s.yml:4:14:", "has no error budget"},
      {Entry("  objective: 0\n" + counts), "s.yml:4:14:", "above 0 and below 100"},
      {Entry("  objective: most\n" + counts), "s.yml:4:14:", "objective:"},
      {Entry(counts), "s.yml:2:3:", "an objective needs one"},
      {Entry("  objective: 99\n  bad: b\n"), "s.yml:2:3:", "needs total with either bad or good"},
      {Entry("  objective: 99\n  error_ratio: r\n" + counts), "s.yml:2:3:", "needs total"},
      {Entry("  objective: 99\n  perriod: 7d\n" + counts), "s.yml:5:3:", "field perriod not found"},
      {Entry("  objective: 99\n  period: fortnight\n" + counts),
       "s.yml:5:11:", "neither a duration"},
      {Entry("  objective: 99\n  time_zone: UTC\n" + counts),
       "s.yml:5:14:", "only calendar periods"},
      {Entry("  objective: 99\n  period: month\n  time_zone: Nowhere\n" + counts),
       "s.yml:6:14:", "unknown time zone"},
      {Entry("  objective: 99\n  slice: 5m\n" + counts), "s.yml:5:10:", "only the methods"},
      {Entry("  objective: 99\n  method: hours\n" + counts), "s.yml:5:11:", "is not one of events"},
      {Entry("  objective: 99\n  labels: {entry: x}\n" + counts), "s.yml:5:11:", "set by Outrider"},
      {Entry("  objective: 99\n  alerting: {style: odd}\n" + counts), "s.yml:5:21:", "style"},
      {Entry("  objective: 99\n  alerting: {page: {labels: {\"a-b\": x}}}\n" + counts),
       "s.yml:5:13:", "invalid label name"},
      {Entry("  objective: 99\n  alerting: {labels: {severity: x}}\n" + counts),
       "s.yml:2:3:", "two alerts named \"SLOBurnRate\" have the same labels"},
      {Entry("  objective: 93\n" + counts),
       "s.yml:2:3:", "the page alert over 5m and 1h can never"},
      {Entry("  objective: 99\n  period: 2d\n" + counts), "s.yml:2:3:", "looks back 3d, longer"},
      {Entry("  objective: 99\n" + counts) +
           "- name: a\n  kind: slo\n  objective: 9\n  alerting: "
           "{page: {disabled: true}, ticket: {disabled: true}}\n" +
           counts,
       "s.yml:7:3:", "a second objective named \"a\"; the first is at s.yml:2:3"},
      {SlothWith("prometheus/v1", "prometheus/v2"), "s.yml:1:10:", "is not prometheus/v1"},
      {SlothWith("    events:", "    plugin: {id: x}\n    events:"),
       "s.yml:10:13:", "plugins are Go"},
      {SlothWith("slos:", "slo_plugins: {chain: [{id: sloth.dev/contrib/info_labels/v1}]}\nslos:"),
       "s.yml:4:28:", "cannot run here"},
      {SlothWith("      total_query", "      totalQuery"), "s.yml:11:7:", "total_query is needed"},
      {SlothWith("    name: ShopErrors\n", ""), "s.yml:5:3:", "alerting needs a name"},
      {SlothWith("owner", "sloth_id"), "s.yml:5:3:", "set by Outrider itself"},
      {"apiVersion: v1\nkind: Pod\n", "s.yml:1:1:", "is not known"},
      {std::string(kCatalogue) + "---\n" + kOwn, "s.yml:12:1:", "is not known"},
      {std::string(kOwn) + "---\nentries: []\n", "s.yml:16:1:", "one document"},
      {"entries: [", "s.yml:", "yaml"},
  };
  for (const ErrorCase& one : kCases) {
    const auto slos = Load(one.text);
    ASSERT_FALSE(slos.ok()) << one.text;
    EXPECT_THAT(Message(slos.status()), HasSubstr(one.message)) << one.text;
    EXPECT_THAT(Message(slos.status()), testing::StartsWith(one.place)) << one.text;
  }
}

TEST(SloFileTest, AWrongExpressionOrTemplateDisablesItsObjectiveOnly) {
  const ErrorCase kCases[] = {
      {SlothWith("sum(rate(http_requests_total[{{.window}}]))", "sum(rate(x[{{.window}}])"),
       "s.yml:12:20:", "parse error"},
      {SlothWith("{{ $labels.sloth_slo }}", "{{ $labels.sloth_slo"), "s.yml:18:19:", "summary"},
      {SlothWith("[{{.window}}]", "[{{.service}}]"), "s.yml:11:20:", "only {{.window}}"},
      {SlothWith("sum(rate(http_requests_total[{{.window}}]))", "changes(x[5m]) + changes(y[1h])"),
       "s.yml:12:20:", "sums over different or computed ranges"},
  };
  for (const ErrorCase& one : kCases) {
    const auto slos = Load(one.text);
    ASSERT_TRUE(slos.ok()) << slos.status();
    EXPECT_THAT(slos->front().error, HasSubstr(one.message)) << one.text;
    EXPECT_THAT(slos->front().error, testing::StartsWith(one.place)) << one.text;
  }
}

}  // namespace
}  // namespace outrider
