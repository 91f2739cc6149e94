// SPDX-License-Identifier: Apache-2.0
// Series as they really come (specs/cost_and_rightsizing.md §4): each case is a list of series of
// one cluster, scraped for five minutes, and what they must be taken for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fmt/format.h"
#include "tests/rules/capacity/stream_world.h"

namespace outrider {
namespace {

constexpr int kScrapes = 20;

// `cpu`: cores of each series; `from`, `to`: scrapes in which it has samples.
struct UseSeries {
  const char* labels;
  double cores;
  int from = 0;
  int to = kScrapes;
  DurationMs offset = 0;
  bool ends = false;  // by a staleness marker behind the last
};
struct UseCase {
  const char* what;
  std::vector<UseSeries> series;
  std::vector<const char*> others;  // "metric labels": constant 1
  // "kind/name container pods samples cores", in order
  std::vector<std::string> expected;
};

class UseOfContainers : public testing::TestWithParam<UseCase> {};

TEST_P(UseOfContainers, CountsOnce) {
  const UseCase& c = GetParam();
  StreamWorld world;
  auto engine = world.Make();
  for (int i = 0; i < kScrapes; ++i) {
    const Timestamp time = kWorldStart + i * kWorldScrape;
    for (const UseSeries& series : c.series) {
      if (i >= series.from && i < series.to) {
        world.Cpu(series.labels, time + series.offset, series.cores);
      } else if (i == series.to && series.ends) {
        world.Add("container_cpu_usage_seconds_total", series.labels, time, StaleNan());
      }
    }
    for (const std::string_view other : c.others) {
      const size_t space = other.find(' ');
      world.Add(other.substr(0, space), other.substr(space + 1), time, 1);
    }
    engine->Run(time + 5 * kSecond);
  }
  engine->Run(kWorldStart + kScrapes * kWorldScrape + CapacityEngine::kJudgeEvery);
  std::vector<std::string> seen;
  for (const Recommendation& one : engine->Recommendations()) {
    seen.push_back(fmt::format("{}{}/{} {} {} {} {:.2f}", one.key.cluster, one.key.workload_kind,
                               one.key.workload, one.container, one.pods, one.cpu.samples,
                               one.cpu.mean_use));
  }
  EXPECT_EQ(seen, c.expected) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Traps, UseOfContainers,
    testing::Values(
        UseCase{"the pod's cgroup and the pause container are no containers",
                {{"namespace=shop,pod=db-0,container=app,cpu=total", .5},
                 {"namespace=shop,pod=db-0,container=POD,cpu=total", .01},
                 {"namespace=shop,pod=db-0,cpu=total", .51},
                 {"id=/kubepods,cpu=total", 9}},
                {},
                {"StatefulSet/db app 1 19 0.50"}},
        UseCase{"the kubelet's two endpoints tell the same under one name",
                {{"namespace=shop,pod=db-0,container=app,cpu=total,image=x,id=/a", .5},
                 {"namespace=shop,pod=db-0,container=app,metrics_path=/metrics/resource", .5, 0,
                  kScrapes, 3 * kSecond}},
                {},
                {"StatefulSet/db app 1 19 0.50"}},
        UseCase{"two scrapers of a highly available pair",
                {{"namespace=shop,pod=db-0,container=app,prometheus_replica=a", .5},
                 {"namespace=shop,pod=db-0,container=app,prometheus_replica=b", .5, 0, kScrapes,
                  7 * kSecond}},
                {},
                {"StatefulSet/db app 1 19 0.50"}},
        UseCase{"one of the pair fails: the other is followed",
                {{"namespace=shop,pod=db-0,container=app,prometheus_replica=a", .5, 0, 8},
                 {"namespace=shop,pod=db-0,container=app,prometheus_replica=b", .5, 0, kScrapes,
                  7 * kSecond}},
                {},
                {"StatefulSet/db app 1 14 0.50"}},
        UseCase{"CPUs one by one beside their sum",
                {{"namespace=shop,pod=db-0,container=app,cpu=total", .5},
                 {"namespace=shop,pod=db-0,container=app,cpu=cpu00", .2},
                 {"namespace=shop,pod=db-0,container=app,cpu=cpu01", .3}},
                {},
                {"StatefulSet/db app 1 19 0.50"}},
        UseCase{"a restarted container comes with another id and goes on",
                {{"namespace=shop,pod=db-0,container=app,id=/a", .5, 0, 10, 0, true},
                 {"namespace=shop,pod=db-0,container=app,id=/b", .5, 10}},
                {},
                {"StatefulSet/db app 1 18 0.50"}},
        UseCase{"scraped without honor_labels",
                {{"namespace=monitoring,pod=cadvisor-x,container=cadvisor,exported_namespace=shop,"
                  "exported_pod=db-0,exported_container=app",
                  .5},
                 {"namespace=monitoring,pod=cadvisor-x,container=cadvisor,exported_namespace=shop,"
                  "exported_pod=db-0",
                  .6},
                 {"namespace=monitoring,pod=cadvisor-x,container=cadvisor,exported_namespace=shop,"
                  "exported_pod=db-0,exported_container=POD",
                  .1}},
                {},
                {"StatefulSet/db app 1 19 0.50"}},
        UseCase{"several containers of a pod",
                {{"namespace=shop,pod=db-0,container=app", .5},
                 {"namespace=shop,pod=db-0,container=proxy", .1}},
                {},
                {"StatefulSet/db app 1 19 0.50", "StatefulSet/db proxy 1 19 0.10"}},
        UseCase{"clusters are apart",
                {{"cluster=east,namespace=shop,pod=db-0,container=app", .5},
                 {"cluster=west,namespace=shop,pod=db-0,container=app", .7}},
                {"kube_pod_owner cluster=east,namespace=shop,pod=db-0,owner_kind=StatefulSet,"
                 "owner_name=db",
                 "kube_pod_owner cluster=west,namespace=shop,pod=db-0,owner_kind=StatefulSet,"
                 "owner_name=db"},
                {"eastStatefulSet/db app 1 19 0.50", "westStatefulSet/db app 1 19 0.70"}},
        UseCase{"dead pods still count: three of one deployment, two are gone",
                {{"namespace=shop,pod=web-7d4b9c6f5d-x2k9p,container=app", .4, 0, 8, 0, true},
                 {"namespace=shop,pod=web-7d4b9c6f5d-b4c5d,container=app", .4, 0, 8, 0, true},
                 {"namespace=shop,pod=web-65bc8d7f5f-c8x9z,container=app", .4, 8}},
                {},
                {"Deployment/web app 1 25 0.40"}},
        UseCase{"systemd units and containers without Kubernetes",
                {{"id=/system.slice/nginx.service,instance=a", .2},
                 {"id=/system.slice/nginx.service,instance=b", .4},
                 {"id=/docker/1234,name=redis,image=redis,instance=a", .1},
                 {"id=/system.slice,instance=a", 3}},
                {},
                {"SystemdUnit/nginx.service  2 38 0.30", "Container/redis  1 19 0.10"}}));

TEST(StreamTraps, ACounterThatFellBeganAtZeroAgain) {
  StreamWorld world;
  auto engine = world.Make();
  const char* labels = "namespace=shop,pod=db-0,container=app";
  for (int i = 0; i < kScrapes; ++i) {
    if (i == 10) world.ResetCpu(labels);
    world.Cpu(labels, kWorldStart + i * kWorldScrape, .5);
  }
  engine->Run(kWorldStart + kScrapes * kWorldScrape);
  ASSERT_EQ(engine->Recommendations().size(), 1U);
  EXPECT_EQ(engine->Recommendations()[0].cpu.samples, 19U);
  EXPECT_NEAR(engine->Recommendations()[0].cpu.max_use, .5, .01) << "no peak at the reset";
}

TEST(StreamTraps, ProcessGroupsAreSumsOfTheirModes) {
  StreamWorld world;
  auto engine = world.Make();
  double seconds = 0;
  for (int i = 0; i < kScrapes; ++i, seconds += 15) {
    const Timestamp time = kWorldStart + i * kWorldScrape;
    for (const char* host : {"a", "b"}) {
      for (const char* mode : {"user", "system"}) {
        world.Add("namedprocess_namegroup_cpu_seconds_total",
                  fmt::format("groupname=postgres,instance={},mode={}", host, mode), time,
                  seconds * .25);
      }
      for (const char* type : {"resident", "virtual"}) {
        world.Add("namedprocess_namegroup_memory_bytes",
                  fmt::format("groupname=postgres,instance={},memtype={}", host, type), time,
                  100 * kMebi);
      }
    }
    engine->Run(time);
  }
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].key, (WorkloadKey{"", "postgres", "Process"}));
  EXPECT_EQ(all[0].pods, 2U);
  const auto seen = Visit(*engine);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_NEAR(*seen[0].cpu, .5, 1e-9);
  EXPECT_NEAR(*seen[0].memory, 100 * kMebi, 1);
  EXPECT_EQ(seen[0].pod, "");
  EXPECT_EQ(seen[0].node, "a");
}

TEST(StreamTraps, OwnSourcesDisplaceTheBuiltinOfTheirKind) {
  std::vector<WorkloadSource> own(1);
  own[0].kind = "Process";
  own[0].name_label = "comm";
  const auto all = CombineSources(own);
  ASSERT_EQ(all.size(), BuiltinSources().size());
  EXPECT_EQ(all.back().kind, "Process");
  EXPECT_EQ(all.back().name_label, "comm");
}

}  // namespace
}  // namespace outrider
