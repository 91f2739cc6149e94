// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

class LoaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // Tests run at the same time: each has a directory of its own.
    directory_ = ::testing::TempDir() + "loader_" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  std::string Write(const std::string& name, std::string_view text) {
    const std::string path = directory_ + "/" + name;
    EXPECT_TRUE(WriteFileAtomically(path, text).ok());
    return path;
  }
  std::string directory_;
};

TEST_F(LoaderTest, NoFileMeansDefaults) {
  const auto files = LoadFiles("");
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_TRUE(files->default_receiver);
  EXPECT_TRUE(files->rules.empty());
  EXPECT_FALSE(files->entries.empty()) << "the built-in entries";
}

TEST_F(LoaderTest, TheExamplesLoad) {
  const auto files = LoadFiles(std::string(OUTRIDER_SOURCE_DIR) + "/examples/outrider.yml");
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->rules.size(), 12u) << "six rule files, a bundle, three with objectives, the "
                                         "alerts of workloads and of budgets";
  for (const RuleFile& file : files->rules) EXPECT_EQ(file.ProblemText(), "");
  for (const Entry& entry : files->entries) EXPECT_EQ(entry.error, "") << entry.name;
  EXPECT_EQ(files->slos.size(), 4u);
  for (const SloSpec& slo : files->slos) EXPECT_EQ(slo.error, "") << slo.name;
}

TEST_F(LoaderTest, PriceFilesInTheOrderInWhichTheyCount) {
  Write("p.yml", "nodes: [{match: {name: n1}, node_hour: 1}]\n");
  Write("d.json", R"({"CPU": "23", "RAM": "0.004"})");
  Write("p.csv",
        "InstanceID,AssetClass,InstanceIDField,MarketPriceHourly\nn2,node,metadata.name,2\n");
  const std::string config =
      Write("outrider.yml",
            "cost: {opencost_prices_file: d.json, opencost_csv_file: p.csv, prices_file: p.yml}\n");
  const auto files = LoadFiles(config);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->prices.size(), 3U);
  EXPECT_EQ(files->prices[0].nodes.at(0).node_hour, 1_usd);
  EXPECT_EQ(files->prices[1].nodes.at(0).node_hour, 2_usd);
  EXPECT_EQ(files->prices[2].rates.core_hour, 23_usd);
  EXPECT_THAT(LoadWarnings(*files), testing::Contains(testing::HasSubstr("looks monthly")));
  Write("p.yml", "nodes: 5\n");
  EXPECT_THAT(Message(LoadFiles(config).status()),
              testing::HasSubstr("p.yml:1:8: nodes must be a list"));
  EXPECT_FALSE(LoadFiles(Write("outrider.yml", "cost: {prices_file: gone.yml}\n")).ok());
}

TEST_F(LoaderTest, ABundlesRouteSeesItsOwnAlerts) {
  Write("team.yml", R"(
groups: [{name: g, rules: [{alert: A, expr: vector(1)}, {record: r, expr: vector(1)}]}]
route: {receiver: team}
receivers: [{name: team}]
)");
  const auto files = LoadFiles(Write("outrider.yml", "bundle_files: [team.yml]\n"));
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->rules.size(), 1u);
  const RuleGroup& group = files->rules[0].groups.at(0);
  EXPECT_EQ(group.rules[0].labels.at("outrider_bundle"), "team");
  EXPECT_TRUE(group.rules[1].labels.empty()) << "recorded series stay as they are";
  EXPECT_EQ(files->alertmanager.route.routes.size(), 1u);
}

// Files whose text is known are taken as they run, others are parsed.
TEST_F(LoaderTest, KnownFilesAreNotParsedAgain) {
  const std::string rules = "groups: [{name: g, rules: [{record: r, expr: vector(1)}]}]";
  for (const char* name : {"same.yml", "other.yml"}) Write(name, rules);
  Write("bad.yml", "groups: [{name: g, rules: [{record: r, expr: 'vector('}]}]");
  const std::string config = Write("outrider.yml", "rule_files: [same.yml, other.yml, bad.yml]\n");
  auto first = LoadFiles(config);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->known.texts.size(), 2U) << "not the one with a problem";
  KnownRules known = first->known;
  for (const RuleFile& file : first->rules) {
    auto marked = std::make_shared<RuleGroup>(file.groups.at(0));
    marked->limit = 77;  // what no text says
    known.groups[file.path].push_back(marked);
  }
  Write("other.yml", rules + " ");
  const auto second = LoadFiles(config, {}, known);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->rules.size(), 3U);
  EXPECT_EQ(second->rules[0].path, first->rules[0].path);
  EXPECT_EQ(second->rules[0].groups.at(0).limit, 77);
  EXPECT_EQ(second->rules[1].groups.at(0).limit, 0);
  EXPECT_EQ(second->rules[2].groups.at(0).limit, 0);
  EXPECT_EQ(second->rules[2].problems.size(), 1U);
  Write("outrider.yml",
        "rule_files: [same.yml]\nquery: {features: [promql-experimental-functions]}\n");
  EXPECT_EQ(LoadFiles(config, {}, known)->rules[0].groups.at(0).limit, 0) << "another language";
}

TEST_F(LoaderTest, TheFeatureOfPrometheusThatReloads) {
  const std::string config = Write("outrider.yml", "");
  EXPECT_FALSE(LoadFiles(config)->config.global.reload_on_change);
  EXPECT_TRUE(LoadFiles(config, std::vector<std::string>{"auto-reload-config"})
                  ->config.global.reload_on_change);
  Write("outrider.yml", "global: {reload_on_change: true}\n");
  EXPECT_TRUE(LoadFiles(config)->config.global.reload_on_change);
}

TEST_F(LoaderTest, AllOrNothing) {
  const struct {
    const char* name;
    const char* config;
    const char* other;
    const char* error;
  } kCases[] = {
      {"missing", "bundle_files: [nowhere.yml]\n", "", "nowhere.yml, which does not exist"},
      {"schema", "rule_files: [o.yml]\n", "groups: [{name: x, rulez: []}]\n", "o.yml:1:20"},
      {"strict", "rule_files: [o.yml]\nrules: {strict: true}\n",
       "groups: [{name: g, rules: [{record: r, expr: 'sum('}]}]\n", "o.yml:1:"},
      {"receiver", "incidents: {config_file: o.yml}\n",
       "escalation_policies: [{name: p, tiers: [{delay: 0s, receivers: [nobody]}]}]\n",
       "names the receiver \"nobody\""},
      {"team", "incidents: {config_file: o.yml}\n",
       "escalation_policies: [{name: p, tiers: [{delay: 0s, teams: [nobody]}]}]\n",
       "o.yml:1:61: escalation policy \"p\" names team:nobody, which the file does not have"},
      {"lead", "incidents: {config_file: o.yml}\n",
       "teams: [{name: t}]\nescalation_policies: [{name: p, tiers: [{targets: ['lead:t']}]}]\n",
       "names lead:t, which the file does not have"},
      {"fallback", "incidents: {config_file: o.yml}\n",
       "escalation_policies: [{name: p, tiers: [{receivers: [log]}], fallback: ['user:x']}]\n",
       "names user:x, which the file does not have"},
      {"all of them", "incidents: {config_file: o.yml}\n",
       "escalation_policies: [{name: p, tiers: [{users: [a, b]}]}]\n",
       "o.yml:1:53: escalation policy \"p\" names user:b, which the file does not have"},
      {"notify", "incidents: {config_file: o.yml}\n", "sla: {notify: [log, nobody]}\n",
       "o.yml:1:21: sla.notify names the receiver \"nobody\""},
      {"alertmanager", "alerting: {config_file: o.yml}\n", "route: {}\n",
       "root route must specify a default receiver"},
  };
  for (const auto& c : kCases) {
    Write("o.yml", c.other);
    const auto files = LoadFiles(Write("outrider.yml", c.config));
    ASSERT_FALSE(files.ok()) << c.name;
    EXPECT_TRUE(Contains(Message(files.status()), c.error)) << c.name << ": " << files.status();
  }
}

TEST_F(LoaderTest, NamesNobodyHasAreWarnings) {
  Write("o.yml", R"(
groups:
- name: g
  rules:
  - {alert: A, expr: vector(1), annotations: {outrider_receiver: nobody, outrider_escalation: nothing}}
  - {alert: B, expr: vector(1), annotations: {outrider_receiver: log}}
  - {alert: C, expr: vector(1), annotations: {outrider_receiver: '{{ $labels.team }}'}}
  - {alert: D, expr: vector(1), annotations: {outrider_no_data: banana}}
)");
  Write("a.yml", "entries: [{name: e, kind: trend, expr: 'sum('}]\n");
  const auto files =
      LoadFiles(Write("outrider.yml", "rule_files: [o.yml]\nanalytics_files: [a.yml]\n"));
  ASSERT_TRUE(files.ok()) << files.status();
  const std::vector<std::string> warnings = LoadWarnings(*files);
  ASSERT_EQ(warnings.size(), 4u);
  EXPECT_TRUE(Contains(warnings[0], "o.yml:5:5: alert A: outrider_receiver names \"nobody\""));
  EXPECT_TRUE(Contains(warnings[1], "outrider_escalation names \"nothing\""));
  EXPECT_TRUE(Contains(warnings[2], "o.yml:8:5: alert D: outrider_no_data: "));
  EXPECT_TRUE(Contains(warnings[3], "a.yml:1:"));
}

// As Prometheus starts. One that was there at the last load may be in the middle of a change.
TEST_F(LoaderTest, AMissingRuleFileIsLeftOut) {
  const std::string config = Write("outrider.yml", "rule_files: [o.yml, nowhere.yml]\n");
  const std::string rules = Write("o.yml", "groups: [{name: g, rules: [{record: r, expr: up}]}]\n");
  const auto files = LoadFiles(config);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_EQ(files->rules.size(), 1u);
  const std::vector<std::string> warnings = LoadWarnings(*files);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_TRUE(Contains(warnings[0], "nowhere.yml, which does not exist"));
  std::remove(rules.c_str());
  const auto again = LoadFiles(config, {}, files->known);
  EXPECT_TRUE(Contains(Message(again.status()), "o.yml, which does not exist")) << again.status();
  EXPECT_TRUE(LoadFiles(config).ok());
}

// Nobody is told of what they did not ask for.
TEST_F(LoaderTest, AlertsOfWorkloadsAreOneGroupAmongTheOthers) {
  const auto off = LoadFiles(Write("outrider.yml", "analytics: {interval: 15s}\n"));
  ASSERT_TRUE(off.ok()) << off.status();
  EXPECT_TRUE(off->rules.empty());
  const auto on =
      LoadFiles(Write("outrider.yml", "analytics: {workload_alerts: {enabled: true}}\n"));
  ASSERT_TRUE(on.ok()) << on.status();
  ASSERT_EQ(on->rules.size(), 1u);
  EXPECT_EQ(on->rules[0].groups.at(0).name, "outrider_workloads");
  EXPECT_TRUE(LoadWarnings(*on).empty());
}

TEST_F(LoaderTest, AlertsOfBudgetsAreOneGroupAmongTheOthers) {
  const auto off = LoadFiles(
      Write("outrider.yml", "cost: {budgets: [{name: a, amount: 5}], alerts: {budgets: false}}\n"));
  ASSERT_TRUE(off.ok()) << off.status();
  EXPECT_TRUE(off->rules.empty());
  const auto on = LoadFiles(Write("outrider.yml", "cost: {budgets: [{name: a, amount: 5}]}\n"));
  ASSERT_TRUE(on.ok()) << on.status();
  ASSERT_EQ(on->rules.size(), 1u);
  EXPECT_EQ(on->rules[0].groups.at(0).name, "outrider_cost");
  EXPECT_EQ(on->rules[0].groups.at(0).rules.size(), 4u) << "three thresholds and the forecast";
  EXPECT_EQ(on->rules[0].ProblemText(), "");
}

TEST_F(LoaderTest, AGlobMayBeEmptyAndABadExpressionDisablesOnlyItsRule) {
  Write("o.yml",
        "groups: [{name: g, rules: [{record: r, expr: 'sum('}, {record: s, expr: '1'}]}]\n");
  const auto files = LoadFiles(Write("outrider.yml", "rule_files: ['none/*.yml', 'o*.yml']\n"));
  // `o*.yml` matches outrider.yml as well, which is no rule file.
  EXPECT_FALSE(files.ok());
  const auto good = LoadFiles(Write("outrider.yml", "rule_files: ['none/*.yml', o.yml]\n"));
  ASSERT_TRUE(good.ok()) << good.status();
  ASSERT_EQ(good->rules.size(), 1u);
  EXPECT_EQ(good->rules[0].problems.size(), 1u);
  const RuleGroup& group = good->rules[0].groups.at(0);
  EXPECT_FALSE(group.rules[0].error.ok());
  EXPECT_TRUE(group.rules[1].error.ok());
}

}  // namespace
}  // namespace outrider
