// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/vpa_series.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/exporter/advice/sample_report.h"

namespace outrider {
namespace {

std::map<std::string, double> Published(const DerivedTable& table) {
  std::map<std::string, double> all;
  for (const DerivedFamily& family : table.Snapshot()) {
    for (const DerivedSeries& series : family.series) {
      all[series.labels->ToString()] = series.value;
    }
  }
  return all;
}

TEST(VpaSeries, NamesAndLabelsOfKubeStateMetrics) {
  DerivedTable table;
  VpaSeries vpa(table);
  const AdviceReport report = SampleReport();
  vpa.Publish(std::span(report.rows).first(1));
  const auto all = Published(table);
  ASSERT_EQ(all.size(), 8U);
  const std::string prefix =
      "kube_customresource_verticalpodautoscaler_status_recommendation_containerrecommendations_";
  const std::string cpu =
      "{container=\"app\", namespace=\"shop\", resource=\"cpu\", target_api_version=\"apps/v1\", "
      "target_kind=\"Deployment\", target_name=\"checkout\", unit=\"core\", "
      "verticalpodautoscaler=\"checkout\"}";
  for (const auto& [bound, value] : std::map<std::string, double>{{"target", 0.25},
                                                                  {"lowerbound", 0.125},
                                                                  {"upperbound", 0.5},
                                                                  {"uncappedtarget", 0.25}}) {
    const auto found = all.find(prefix + bound + cpu);
    ASSERT_NE(found, all.end()) << prefix + bound + cpu << all.begin()->first;
    EXPECT_EQ(found->second, value);
  }
}

TEST(VpaSeries, OnlyWhatIsKnownAndStillThere) {
  DerivedTable table;
  VpaSeries vpa(table);
  const AdviceReport report = SampleReport();
  vpa.Publish(report.rows);
  // checkout/app, db, report and the odd one have both resources, canary has memory; the proxy has
  // no data and a machine is no target.
  EXPECT_EQ(table.size(), 4U * 9);
  vpa.Publish({});
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace outrider
