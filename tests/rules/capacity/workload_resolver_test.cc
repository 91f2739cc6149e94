// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/workload_resolver.h"

#include <gtest/gtest.h>

#include <vector>

#include "storage/model/sample.h"
#include "tests/rules/analytics/fake_windows.h"

namespace outrider {
namespace {

constexpr Timestamp kNow = 1'763'700'000'000;

struct ChainCase {
  const char* what;
  std::vector<Labels> series;
  const char* pod;
  const char* workload;
  const char* kind;
};

Labels PodOwner(const char* pod, const char* kind, const char* name, const char* controller = "") {
  return Labels({{"__name__", "kube_pod_owner"},
                 {"namespace", "shop"},
                 {"pod", pod},
                 {"owner_kind", kind},
                 {"owner_name", name},
                 {"owner_is_controller", controller}});
}
Labels Owner(const char* metric, const char* label, const char* object, const char* kind,
             const char* name) {
  return Labels({{"__name__", metric},
                 {"namespace", "shop"},
                 {label, object},
                 {"owner_kind", kind},
                 {"owner_name", name}});
}
Labels ReplicaSetOwner(const char* set, const char* kind, const char* name) {
  return Owner("kube_replicaset_owner", "replicaset", set, kind, name);
}
Labels JobOwner(const char* job, const char* kind, const char* name) {
  return Owner("kube_job_owner", "job_name", job, kind, name);
}

class OwnerChain : public testing::TestWithParam<ChainCase> {};

TEST_P(OwnerChain, IsClimbed) {
  const ChainCase& c = GetParam();
  FakeWindows windows;
  for (const Labels& labels : c.series) windows.Add(labels, kNow - 1000, 1);
  WorkloadResolver resolver(windows);
  resolver.Update(kNow);
  const auto found = resolver.Find("shop", c.pod);
  ASSERT_TRUE(found.has_value()) << c.what;
  EXPECT_EQ(found->name, c.workload) << c.what;
  EXPECT_EQ(found->kind, c.kind) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Chains, OwnerChain,
    testing::Values(
        ChainCase{"deployment",
                  {PodOwner("p", "ReplicaSet", "web-7d4b9c6f5d", "true"),
                   ReplicaSetOwner("web-7d4b9c6f5d", "Deployment", "web")},
                  "p",
                  "web",
                  "Deployment"},
        ChainCase{"argo rollout",
                  {PodOwner("p", "ReplicaSet", "web-7d4b9c6f5d"),
                   ReplicaSetOwner("web-7d4b9c6f5d", "Rollout", "web")},
                  "p",
                  "web",
                  "Rollout"},
        ChainCase{"replica set of nobody",
                  {PodOwner("p", "ReplicaSet", "web-7d4b9c6f5d"),
                   ReplicaSetOwner("web-7d4b9c6f5d", "<none>", "<none>")},
                  "p",
                  "web-7d4b9c6f5d",
                  "ReplicaSet"},
        ChainCase{"replica set of nobody, today's spelling",
                  {PodOwner("p", "ReplicaSet", "rs"), ReplicaSetOwner("rs", "", "")},
                  "p",
                  "rs",
                  "ReplicaSet"},
        ChainCase{"replica set without its own series",
                  {PodOwner("p", "ReplicaSet", "web-7d4b9c6f5d")},
                  "p",
                  "web",
                  "Deployment"},
        ChainCase{"replica set without hash",
                  {PodOwner("p", "ReplicaSet", "frontend")},
                  "p",
                  "frontend",
                  "ReplicaSet"},
        ChainCase{"cron job",
                  {PodOwner("p", "Job", "backup-28371245"),
                   JobOwner("backup-28371245", "CronJob", "backup")},
                  "p",
                  "backup",
                  "CronJob"},
        ChainCase{"cron job by name",
                  {PodOwner("p", "Job", "backup-28371245")},
                  "p",
                  "backup",
                  "CronJob"},
        ChainCase{"job of a workflow",
                  {PodOwner("p", "Job", "step"), JobOwner("step", "Workflow", "flow")},
                  "p",
                  "flow",
                  "Workflow"},
        ChainCase{"plain job",
                  {PodOwner("p", "Job", "migrate"), JobOwner("migrate", "", "")},
                  "p",
                  "migrate",
                  "Job"},
        ChainCase{"deployment config",
                  {PodOwner("p", "ReplicationController", "app-3")},
                  "p",
                  "app",
                  "DeploymentConfig"},
        ChainCase{
            "stateful set", {PodOwner("db-0", "StatefulSet", "db")}, "db-0", "db", "StatefulSet"},
        ChainCase{"daemon set", {PodOwner("p", "DaemonSet", "agent")}, "p", "agent", "DaemonSet"},
        ChainCase{"any other kind",
                  {PodOwner("p", "StrimziPodSet", "kafka")},
                  "p",
                  "kafka",
                  "StrimziPodSet"},
        ChainCase{"static pod", {PodOwner("etcd-n1", "Node", "n1")}, "etcd-n1", "etcd-n1", "Pod"},
        ChainCase{"bare pod, old spelling",
                  {PodOwner("solo", "<none>", "<none>")},
                  "solo",
                  "solo",
                  "Pod"},
        ChainCase{"bare pod, today's spelling", {PodOwner("solo", "", "")}, "solo", "solo", "Pod"},
        ChainCase{"the controller of several owners",
                  {PodOwner("p", "Backup", "b", "false"),
                   PodOwner("p", "StatefulSet", "db", "true"), PodOwner("p", "Zed", "z", "false")},
                  "p",
                  "db",
                  "StatefulSet"},
        ChainCase{"scraped without honor_labels",
                  {Labels({{"__name__", "kube_pod_owner"},
                           {"namespace", "monitoring"},
                           {"pod", "kube-state-metrics-0"},
                           {"exported_namespace", "shop"},
                           {"exported_pod", "p"},
                           {"owner_kind", "DaemonSet"},
                           {"owner_name", "agent"}})},
                  "p",
                  "agent",
                  "DaemonSet"}));

TEST(WorkloadResolver, WaitsForALateOwnerThenTakesTheName) {
  FakeWindows windows;
  windows.Add(PodOwner("other", "DaemonSet", "agent"), kNow, 1);
  WorkloadResolver resolver(windows);
  resolver.Update(kNow);
  const char* pod = "web-7d4b9c6f5d-x2k9p";
  EXPECT_FALSE(resolver.Find("shop", pod).has_value()) << "never seen";
  resolver.Note("shop", pod, kNow);
  EXPECT_FALSE(resolver.Find("shop", pod).has_value());
  resolver.Update(kNow + WorkloadResolver::kGrace);
  EXPECT_EQ(resolver.Find("shop", pod), (WorkloadName{"web", "Deployment"}));
  windows.Add(PodOwner(pod, "ReplicaSet", "web-7d4b9c6f5d"), kNow + 3 * kMinute, 1);
  windows.Add(ReplicaSetOwner("web-7d4b9c6f5d", "Rollout", "web"), kNow + 3 * kMinute, 1);
  resolver.Update(kNow + 3 * kMinute);
  EXPECT_EQ(resolver.Find("shop", pod), (WorkloadName{"web", "Rollout"}));
}

TEST(WorkloadResolver, WithoutOwnerSeriesNobodyWaits) {
  FakeWindows windows;
  WorkloadResolver resolver(windows);
  resolver.Update(kNow);
  resolver.Note("shop", "db-0", kNow);
  EXPECT_EQ(resolver.Find("shop", "db-0"), (WorkloadName{"db", "StatefulSet"}));
}

TEST(WorkloadResolver, TellsWhetherItMayBecomeAnother) {
  FakeWindows windows;
  windows.Add(PodOwner("p", "ReplicaSet", "web-7d4b9c6f5d"), kNow, 1);
  WorkloadResolver resolver(windows);
  EXPECT_TRUE(resolver.Update(kNow));
  EXPECT_TRUE(resolver.Resolve("", "shop", "p")->by_name);
  EXPECT_FALSE(resolver.Update(kNow + kMinute)) << "nothing new";
  windows.Add(ReplicaSetOwner("web-7d4b9c6f5d", "Deployment", "web"), kNow, 1);
  EXPECT_TRUE(resolver.Update(kNow + 2 * kMinute));
  EXPECT_FALSE(resolver.Resolve("", "shop", "p")->by_name);
}

TEST(WorkloadResolver, ClustersAreApart) {
  FakeWindows windows;
  windows.Add(PodOwner("db-0", "StatefulSet", "db").With("cluster", "east"), kNow, 1);
  windows.Add(PodOwner("db-0", "Postgres", "main").With("cluster", "west"), kNow, 1);
  WorkloadResolver resolver(windows);
  resolver.Update(kNow);
  EXPECT_EQ(resolver.Resolve("east", "shop", "db-0")->workload,
            (WorkloadName{"db", "StatefulSet"}));
  EXPECT_EQ(resolver.Resolve("west", "shop", "db-0")->workload, (WorkloadName{"main", "Postgres"}));
  EXPECT_FALSE(resolver.Resolve("", "shop", "db-0").has_value());
  EXPECT_TRUE(resolver.Find("shop", "db-0").has_value()) << "who asks without a cluster";
}

}  // namespace
}  // namespace outrider
