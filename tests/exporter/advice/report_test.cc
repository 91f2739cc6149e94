// SPDX-License-Identifier: Apache-2.0
// Severities, scores, sums and texts; and that a report survives its way through JSON.
#include "exporter/advice/report.h"

#include <gtest/gtest.h>

#include <cmath>

#include "exporter/advice/cells.h"
#include "exporter/advice/opportunities.h"
#include "exporter/advice/recommendation_json.h"
#include "exporter/advice/resource_change.h"
#include "tests/exporter/advice/sample_report.h"

namespace outrider {
namespace {

using enum ChangeSeverity;

// KRR's table: specs/cost_and_rightsizing.md §1.2.
TEST(Severity, AsKrr) {
  struct Case {
    std::optional<double> request;
    double target;
    ChangeSeverity severity;
  };
  for (const Case& c :
       {Case{1.0, 0.5, kCritical}, Case{0.5, 1.0, kCritical}, Case{1.0, 0.501, kWarning},
        Case{1.0, 0.75, kWarning}, Case{1.0, 0.9, kOk}, Case{1.0, 0.95, kGood},
        Case{std::nullopt, 0.5, kWarning}, Case{1.0, 0, kUnknown}}) {
    const ResourceAdvice advice = MakeAdvice({c.request, {}, c.target});
    EXPECT_EQ(SeverityOf(ChangeOf(Resource::kCpu, advice)), c.severity) << c.target;
  }
  for (const Case& c :
       {Case{1000.0, 500, kCritical}, Case{1000.0, 501, kWarning}, Case{1000.0, 750, kWarning},
        Case{1000.0, 900, kOk}, Case{1000.0, 901, kGood}, Case{std::nullopt, 64, kWarning}}) {
    const auto request = c.request ? std::optional<double>(*c.request * kTestMib) : std::nullopt;
    const ResourceAdvice advice = MakeAdvice({request, {}, c.target * kTestMib});
    EXPECT_EQ(SeverityOf(ChangeOf(Resource::kMemory, advice)), c.severity) << c.target;
  }
}

TEST(Severity, Texts) {
  EXPECT_EQ(ParseChangeSeverity("warning"), kWarning);
  EXPECT_EQ(ParseChangeSeverity("CRITICAL"), kCritical);
  EXPECT_FALSE(ParseChangeSeverity("high"));
}

TEST(Score, AsKrr) {
  const Recommendation good = MakeRow({}, "a", 1, {1.0, {}, 1.0}, {100.0, {}, 100.0});
  const Recommendation warning = MakeRow({}, "a", 1, {1.0, {}, 0.7}, {100.0, {}, 100.0});
  const Recommendation critical = MakeRow({}, "a", 1, {2.0, {}, 1.0}, {100.0, {}, 100.0});
  EXPECT_FALSE(ScoreOf({}));
  EXPECT_EQ(*ScoreOf(std::vector{good}), 100);
  EXPECT_EQ(*ScoreOf(std::vector{warning}), 30);
  EXPECT_EQ(*ScoreOf(std::vector{critical}), 0);
  EXPECT_EQ(*ScoreOf(std::vector{good, good, good, critical}), 75);
  EXPECT_EQ(*ScoreOf(std::vector{good, warning, critical, good}), 57);
  const std::pair<int, const char*> kGrades[] = {{100, "A"}, {90, "A"}, {89, "B"}, {70, "B"},
                                                 {69, "C"},  {55, "C"}, {54, "D"}, {30, "D"},
                                                 {29, "F"},  {0, "F"}};
  for (const auto& [score, grade] : kGrades) EXPECT_EQ(GradeOf(score), grade) << score;
}

// A limit below the request is refused by Kubernetes.
TEST(Change, LimitsNeverBelowRequests) {
  struct Case {
    AdviceSpec spec;
    std::optional<double> limit;
    bool unwanted;
  };
  for (const Case& c : {Case{{1.0, 2.0, 0.25, 0.5, false, {}}, 2.0, true},
                        Case{{0.5, 0.5, 1.5, 3.0, false, {}}, 1.5, true},
                        Case{{0.5, {}, 1.5, 3.0, false, {}}, std::nullopt, false},
                        Case{{0.5, 0.5, 1.5, 1.0, true, {}}, 1.5, false},
                        Case{{0.5, {}, 1.0, 2.0, true, {}}, 2.0, false}}) {
    const ResourceChange change = ChangeOf(Resource::kCpu, MakeAdvice(c.spec));
    EXPECT_EQ(change.proposed.limit, c.limit);
    EXPECT_EQ(change.limit_unwanted, c.unwanted);
  }
  const ResourceChange unknown = ChangeOf(Resource::kCpu, MakeAdvice({1.0, 2.0, 0}));
  EXPECT_FALSE(unknown.known);
  EXPECT_FALSE(unknown.proposed.request || unknown.proposed.limit);
}

TEST(Cells, AsKrr) {
  const auto cpu = [](const AdviceSpec& spec) {
    return ChangeOf(Resource::kCpu, MakeAdvice(spec));
  };
  EXPECT_EQ(RequestCell(cpu({0.5, {}, 0.3})), "(-200m) 500m -> 300m");
  EXPECT_EQ(RequestCell(cpu({{}, {}, 0.3})), "(+300m) unset -> 300m");
  EXPECT_EQ(RequestCell(cpu({0.5, {}, 0})), "500m -> ?");
  EXPECT_EQ(RequestCell(cpu({{}, {}, 0})), "unset -> ?");
  EXPECT_EQ(LimitCell(cpu({0.5, {}, 0.3})), "unset");
  EXPECT_EQ(LimitCell(cpu({0.5, 1.0, 0.3, 0.6, true, {}})), "1 -> 600m");
  EXPECT_EQ(DifferenceCell(cpu({0.5, {}, 0.3}), 4), "-800m");
  EXPECT_EQ(DifferenceCell(cpu({0.5, {}, 0.5}), 4), "+0");
  EXPECT_EQ(DifferenceCell(cpu({0.5, {}, 0}), 4), "");
}

TEST(Report, Totals) {
  const AdviceReport report = SampleReport();
  const AdviceTotals totals = TotalsOf(report.rows);
  EXPECT_EQ(totals.containers, 7U);
  EXPECT_EQ(totals.without_data, 1U);
  EXPECT_DOUBLE_EQ(*totals.savings_per_month, 68.4 + 9.375 - 30.5 + 0 + 1.25 + 206 + 5);
  EXPECT_NEAR(totals.cpu_change, 3 * -0.75 + 1 - 6 - 0.25, 1e-9);
  const auto namespaces = TotalsByNamespace(report.rows);
  ASSERT_EQ(namespaces.size(), 4U);
  EXPECT_EQ(namespaces[0].namespace_name, "");
  EXPECT_EQ(namespaces[3].namespace_name, "shop");
  EXPECT_EQ(namespaces[3].totals.containers, 4U);
  double sum = 0;
  for (const NamespaceTotals& one : namespaces) sum += one.totals.savings_per_month.value_or(0);
  EXPECT_DOUBLE_EQ(sum, *totals.savings_per_month);
  EXPECT_EQ(RowsByWorkload(report.rows)[0], (std::vector<size_t>{0, 1}));
}

// A node and the pods on it are the same money; a machine of its own is not.
TEST(Report, NodesCountAsTheirPods) {
  AdviceReport report = SampleReport();
  const AdviceTotals before = TotalsOf(report.rows);
  const size_t groups = TotalsByNamespace(report.rows).size();
  Recommendation node =
      MakeRow({"", "10.0.0.1:9100", "Host"}, "", 1, {8.0, 8.0, 2.0, 8.0, false, 500},
              {1e10, 1e10, 1e9, 1e10, false, 500});
  node.is_node = true;
  report.rows.push_back(node);
  const AdviceTotals after = TotalsOf(report.rows);
  EXPECT_EQ(after.containers, before.containers);
  EXPECT_EQ(after.savings_per_month, before.savings_per_month);
  EXPECT_EQ(after.cpu_change, before.cpu_change);
  EXPECT_EQ(after.score, before.score);
  EXPECT_EQ(TotalsByNamespace(report.rows).size(), groups);
  for (const Recommendation* row : TopSavings(report.rows, 100)) EXPECT_FALSE(row->is_node);
  std::vector<WorkloadCost> costs(1);
  costs[0].key = node.key;
  costs[0].monthly = 100;
  EXPECT_FALSE(SpendOf(report.rows, costs));
  EXPECT_FALSE(ScoreOf(std::vector{node}));
  EXPECT_TRUE(TotalsByNamespace(std::vector{node}).empty());
}

TEST(Report, SpendIsOfItsWorkloads) {
  const AdviceReport report = SampleReport();
  std::vector<WorkloadCost> costs(3);
  costs[0].key = {"shop", "checkout", "Deployment"};
  costs[0].monthly = 100;
  costs[1].key = {"shop", "db", "StatefulSet"};
  costs[1].monthly = 20;
  costs[2].key = {"elsewhere", "db", "StatefulSet"};
  costs[2].monthly = 7;
  EXPECT_EQ(SpendOf(report.rows, costs), 120);
  EXPECT_FALSE(SpendOf({}, costs));
}

TEST(Report, Money) {
  EXPECT_EQ(MoneyText(0), "0.00");
  EXPECT_EQ(MoneyText(-0.001), "0.00");
  EXPECT_EQ(MoneyText(1234567.891), "1,234,567.89");
  EXPECT_EQ(MoneyText(-1000), "-1,000.00");
  EXPECT_EQ(MoneyText(-12.5, "USD"), "-$12.50");
  EXPECT_EQ(MoneyText(12.5, "EUR"), "12.50 EUR");
  EXPECT_EQ(SignedMoneyText(12.5, "USD"), "+$12.50");
  EXPECT_EQ(SignedMoneyText(0.001, "USD"), "$0.00");
  EXPECT_EQ(MoneyText(std::nan("")), "0.00");
}

TEST(Report, Opportunities) {
  const AdviceReport report = SampleReport();
  const auto top = TopSavings(report.rows, 2);
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(top[0]->key.workload, "db-1:9100");
  EXPECT_EQ(top[1]->key.workload, "checkout");
  const auto needs = TopNeeds(report.rows, 10);
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_EQ(needs[0]->key.workload, "db");
}

std::string Written(const Recommendation& row) {
  std::string out;
  JsonWriter json(&out);
  WriteRecommendation(row, &json);
  return out;
}

TEST(RecommendationJson, ReadsWhatItWrites) {
  AdviceReport report = SampleReport();
  Recommendation& row = report.rows[0];
  row.key.cluster = "eu-1";
  row.cpu.judged = {0.0125, 0.5, 0.25, 5760};
  row.cpu.hourly_target.emplace();
  row.cpu.hourly_target->fill(0.125);
  row.cpu.schedule.assign(96, 0.125F);
  row.cpu.schedule[95] = 2;
  row.cpu.held = row.memory.guarded = true;
  report.rows[5].is_node = true;
  row.hpa = HpaState{"checkout", 2, 10, 3, 0.7, std::nullopt, true};
  row.replicas = ReplicaAdvice{4, ReplicaAdvice::Hpa{0.6, 2, 12}, "follows the day"};
  row.outliers = {{"checkout-1", "node-7", true, 5e8, 1e8}};
  for (const Recommendation& one : report.rows) {
    const std::string text = Written(one);
    const auto json = ParseJson(text);
    ASSERT_TRUE(json.ok()) << text;
    const auto read = ReadRecommendation(*json);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(Written(*read), text);
    EXPECT_EQ(read->cpu.schedule, one.cpu.schedule);
    EXPECT_EQ(read->is_node, one.is_node);
  }
}

TEST(RecommendationJson, TakesWhatAnotherVersionSays) {
  for (const char* text :
       {R"({})", R"({"workload":7,"pods":-1,"cpu_cores":[],"memory_bytes":null})",
        R"({"cpu_cores":{"enough_data":true,"recommended":null,"hourly_target":[1,2]}})",
        R"({"findings":[{}],"outliers":{},"hpa":"x","replicas":{"hpa":3}})"}) {
    const auto read = ReadRecommendation(ParseJson(text).value());
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_FALSE(read->cpu.enough_data) << text;
    EXPECT_EQ(read->pods, 0U);
  }
  EXPECT_FALSE(ReadRecommendation(ParseJson("[]").value()).ok());
}

}  // namespace
}  // namespace outrider
