// SPDX-License-Identifier: Apache-2.0
// What is told of containers beside their use: the inventory others build on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fmt/format.h"
#include "tests/rules/capacity/stream_world.h"

namespace outrider {
namespace {

constexpr const char* kApp = "namespace=shop,pod=db-0,container=app";

class KubeFactsTest : public testing::Test {
 protected:
  void Scrape(Timestamp time) {
    world_.Cpu(kApp, time, .5);
    world_.Add("container_memory_working_set_bytes", kApp, time, 300 * kMebi);
    world_.Add("kube_pod_info", "namespace=shop,pod=db-0,node=n1,uid=u1", time, 1);
    world_.Add("kube_pod_owner",
               "namespace=shop,pod=db-0,owner_kind=StatefulSet,owner_name=db,uid=u1", time, 1);
    Resource("requests", "cpu", time, 1);
    Resource("requests", "memory", time, 512 * kMebi);
    Resource("limits", "memory", time, limit_mib_ * kMebi);
    Resource("requests", "nvidia_com_gpu", time, 2);
    Resource("requests", "ephemeral_storage", time, 1e9);
    Resource("requests", "hugepages_2Mi", time, 7);
  }
  void Resource(const char* which, const char* resource, Timestamp time, double value) {
    world_.Add(fmt::format("kube_pod_container_resource_{}", which),
               fmt::format("{},resource={}", kApp, resource), time, value);
  }
  void RunTo(int scrapes, CapacityEngine& engine) {
    for (; done_ < scrapes; ++done_) {
      const Timestamp time = kWorldStart + done_ * kWorldScrape;
      Scrape(time);
      engine.Run(time + kSecond);
    }
  }
  Timestamp At(int scrape) const { return kWorldStart + scrape * kWorldScrape; }

  StreamWorld world_;
  double limit_mib_ = 1024;
  int done_ = 0;
};

TEST_F(KubeFactsTest, TellsWhatAContainerHolds) {
  auto engine = world_.Make();
  world_.Add("kube_pod_status_phase", "namespace=shop,pod=db-0,phase=Running", At(0), 1);
  world_.Add("kube_pod_status_phase", "namespace=shop,pod=db-0,phase=Pending", At(0), 0);
  RunTo(8, *engine);
  const auto all = Visit(*engine);
  ASSERT_EQ(all.size(), 1U);
  const SeenContainer& app = all[0];
  EXPECT_EQ(app.workload, "StatefulSet/db");
  EXPECT_EQ(app.node, "n1");
  EXPECT_EQ(app.phase, PodPhase::kRunning);
  EXPECT_EQ(app.requests.cpu, 1);
  EXPECT_EQ(app.requests.memory, 512 * kMebi);
  EXPECT_EQ(app.requests.gpu, 2);
  EXPECT_EQ(app.requests.ephemeral_storage, 1e9);
  EXPECT_FALSE(app.limits.cpu.has_value());
  EXPECT_EQ(app.limits.memory, 1024 * kMebi);
  EXPECT_NEAR(*app.cpu, .5, 1e-9);
  EXPECT_NEAR(*app.memory, 300 * kMebi, 1);
}

TEST_F(KubeFactsTest, AResizeInPlaceIsSeen) {
  auto engine = world_.Make();
  RunTo(4, *engine);
  limit_mib_ = 2048;
  RunTo(6, *engine);
  EXPECT_EQ(Visit(*engine)[0].limits.memory, 2048 * kMebi);
  EXPECT_EQ(engine->Recommendations()[0].memory.limit, 2048 * kMebi) << "judged at once";
}

TEST_F(KubeFactsTest, APodThatDoesNothingYetIsThereWhileItIsTold) {
  auto engine = world_.Make();
  const char* init = "namespace=shop,pod=new-0,container=setup,resource=cpu,node=n2";
  world_.Add("kube_pod_init_container_resource_requests", init, At(0), .2);
  engine->Run(At(0));
  auto all = Visit(*engine);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(all[0].init);
  EXPECT_EQ(all[0].node, "n2");
  EXPECT_FALSE(all[0].cpu.has_value());
  world_.Add("kube_pod_status_phase", "namespace=shop,pod=new-0,phase=Running", At(1), 0);
  engine->Run(At(1));
  EXPECT_TRUE(Visit(*engine).empty()) << "it has ended";
}

// It holds its request as long as its pod lives; one that runs before the others does not add to
// theirs.
TEST(InitContainers, ThatRunOnAreSidecars) {
  for (const bool running : {true, false}) {
    StreamWorld world;
    CapacityOptions options;
    options.core_hour_dollars = 1;
    const auto engine = *CapacityEngine::Create(options, world.windows, world.table);
    const std::string labels = "namespace=shop,pod=web-0,container=proxy";
    for (int i = 0; i < 12; ++i) {
      const Timestamp time = kWorldStart + i * kWorldScrape;
      world.Cpu(labels, time, .25);
      world.Add("kube_pod_init_container_info", labels, time, 1);
      world.Add("kube_pod_init_container_resource_requests", labels + ",resource=cpu", time, 2);
      for (const char* phase : {"Running", "Pending"}) {
        world.Add("kube_pod_status_phase", fmt::format("namespace=shop,pod=web-0,phase={}", phase),
                  time, running == (std::string_view(phase) == "Running"));
      }
      engine->Run(time + kSecond);
    }
    const auto all = Visit(*engine);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].init, !running);
    ASSERT_EQ(engine->Costs().size(), 1U);
    EXPECT_NEAR(engine->Costs()[0].cpu.allocated, running ? 2 : .25, 1e-6);
    EXPECT_TRUE(engine->Recommendations().at(0).init) << "it stands in that list of the pod";
  }
}

TEST_F(KubeFactsTest, KillsForMemoryCountOnceEach) {
  MemoryStore store;
  auto engine = world_.Make(&store);
  RunTo(4, *engine);
  const auto ooms = [&] {
    for (int i = 0; i < 5; ++i) RunTo(done_ + 1, *engine);  // past the next judgement
    return engine->Recommendations()[0].memory.ooms;
  };
  world_.Add("container_oom_events_total", kApp, At(done_), 0);
  EXPECT_EQ(ooms(), 0U);
  const auto killed = [&](double second) {
    world_.Add("kube_pod_container_status_last_terminated_reason",
               fmt::format("{},reason=OOMKilled", kApp), At(done_), 1);
    world_.Add("kube_pod_container_status_last_terminated_timestamp", kApp, At(done_), second);
  };
  const double first = static_cast<double>(At(done_)) / kSecond;
  killed(first);
  world_.Add("container_oom_events_total", kApp, At(done_), 1);
  EXPECT_EQ(ooms(), 1U) << "three series tell of it";
  killed(first);
  EXPECT_EQ(ooms(), 1U) << "the reason stays";
  killed(first + 600);
  EXPECT_EQ(ooms(), 2U);
  // After a restart the same reason is there again.
  ASSERT_TRUE(engine->Save(At(done_), CapacityEngine::Part::kAll).ok());
  engine = world_.Make(&store);
  engine->Rebuild(At(done_));
  EXPECT_EQ(ooms(), 2U);
}

// A heap is several pools, of which some have no maximum.
TEST_F(KubeFactsTest, AJavaHeapIsTheSumOfItsPools) {
  MemoryStore store;
  auto engine = world_.Make(&store);
  for (const auto& [pool, most] : {std::pair("eden", -1.0), std::pair("old", 400 * kMebi)}) {
    const auto labels = fmt::format("{},area=heap,id={}", kApp, pool);
    world_.Add("jvm_memory_max_bytes", labels, At(0), most);
    world_.Add("jvm_memory_committed_bytes", labels, At(0), 100 * kMebi);
  }
  world_.Add("jvm_memory_max_bytes", fmt::format("{},area=nonheap,id=code", kApp), At(0), 9e9);
  RunTo(4, *engine);
  ASSERT_TRUE(engine->Save(At(4), CapacityEngine::Part::kAll).ok());
  ContainerDemand demand;
  ASSERT_TRUE(store
                  .Scan(Family::kCapacity, "", "",
                        [&](const Row& row) {
                          RowReader in(row.value, 2, "a row");
                          in.I64();
                          demand.Load(in);
                          return true;
                        })
                  .ok());
  EXPECT_NEAR(demand.heap_max(), 400 * kMebi, 1);
  EXPECT_NEAR(demand.heap_committed(), 200 * kMebi, 1);
}

TEST_F(KubeFactsTest, TheAutoscalerOfAWorkload) {
  auto engine = world_.Make();
  const char* hpa = "namespace=shop,horizontalpodautoscaler=db-hpa";
  world_.Add("kube_horizontalpodautoscaler_info",
             fmt::format("{},scaletargetref_kind=StatefulSet,scaletargetref_name=db", hpa), At(0),
             1);
  world_.Add("kube_horizontalpodautoscaler_spec_min_replicas", hpa, At(0), 2);
  world_.Add("kube_horizontalpodautoscaler_spec_max_replicas", hpa, At(0), 9);
  world_.Add("kube_horizontalpodautoscaler_status_current_replicas", hpa, At(0), 3);
  world_.Add("kube_horizontalpodautoscaler_spec_target_metric",
             fmt::format("{},metric_name=cpu,metric_target_type=utilization", hpa), At(0), 70);
  RunTo(4, *engine);
  ASSERT_TRUE(engine->Recommendations()[0].hpa.has_value());
  const HpaState state = *engine->Recommendations()[0].hpa;
  EXPECT_EQ(state.name, "db-hpa");
  EXPECT_EQ(state.min_replicas, 2U);
  EXPECT_EQ(state.max_replicas, 9U);
  EXPECT_EQ(state.current_replicas, 3U);
  EXPECT_EQ(state.cpu_target, .7);
  EXPECT_FALSE(state.memory_target.has_value());
}

}  // namespace
}  // namespace outrider
