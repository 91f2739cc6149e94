// SPDX-License-Identifier: Apache-2.0
// The derived series of recommendations: names, labels, when they begin and end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "rules/capacity/judgement.h"

namespace outrider {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;

std::map<std::string, double> Shown(const DerivedTable& table) {
  std::map<std::string, double> shown;
  for (const DerivedFamily& family : table.Snapshot()) {
    for (const DerivedSeries& series : family.series) {
      std::string key(family.metric->name);
      for (const char* label : {"container", "resource", "bound"}) {
        if (const auto value = series.labels->Get(label); !value.empty()) {
          key += " " + std::string(value);
        }
      }
      shown[key] = series.value;
    }
  }
  return shown;
}

TEST(Publish, JudgementAndReplicasBeginAndEnd) {
  DerivedTable table;
  SeriesSink sink{table};
  RecommendationSeries row;
  Recommendation one;
  one.key.namespace_name = "shop";
  one.key.workload = "web";
  one.key.workload_kind = "Deployment";
  one.container = "app";
  one.first_of_workload = true;
  one.cpu.enough_data = true;
  one.cpu.recommended = {0.5, 0.4, 0.6, 0.7};
  Publish(one, &row, sink);
  sink.Flush();
  EXPECT_THAT(Shown(table), Contains(Pair("outrider_recommendation_cpu_cores app target", 0.5)));
  EXPECT_THAT(Shown(table), Not(Contains(Key("outrider_recommendation_slack_ratio app cpu"))));

  one.cpu.judged = ResourceAdvice::Judged{0.01, 0.4, 0.005, 1440};
  one.replicas = ReplicaAdvice{.replicas = 3, .hpa = ReplicaAdvice::Hpa{0.6, 2, 9}, .reason = ""};
  Publish(one, &row, sink);
  sink.Flush();
  const auto shown = Shown(table);
  EXPECT_THAT(shown, Contains(Pair("outrider_recommendation_violation_ratio app cpu", 0.01)));
  EXPECT_THAT(shown, Contains(Pair("outrider_recommendation_slack_ratio app cpu", 0.4)));
  EXPECT_THAT(shown, Contains(Pair("outrider_recommendation_shortfall_ratio app cpu", 0.005)));
  EXPECT_THAT(shown, Contains(Pair("outrider_recommendation_replicas target", 3)));
  EXPECT_THAT(shown, Contains(Pair("outrider_recommendation_replicas lower", 2)));
  EXPECT_THAT(shown, Contains(Pair("outrider_recommendation_replicas upper", 9)));

  one.first_of_workload = false;  // another container now tells of the workload
  Publish(one, &row, sink);
  sink.Flush();
  EXPECT_THAT(Shown(table), Not(Contains(Key("outrider_recommendation_replicas target"))));
  row.Clear(table);
  EXPECT_THAT(Shown(table), testing::IsEmpty());
}

}  // namespace
}  // namespace outrider
