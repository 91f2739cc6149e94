// SPDX-License-Identifier: Apache-2.0
// Hours of samples within one run, as a sender brings them after an outage: what is recommended is
// what it would be had they come in time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "fmt/format.h"
#include "tests/rules/capacity/stream_world.h"

namespace outrider {
namespace {

// A full hour.
constexpr Timestamp kBegin = kWorldStart / kHour * kHour + kHour;
constexpr int kAnHour = kHour / kWorldScrape;

Timestamp At(int scrape) { return kBegin + scrape * kWorldScrape; }

std::string Pod(const std::string& name) {
  return fmt::format("namespace=shop,pod={},container=app", name);
}

struct ReplicaCase {
  const char* what;
  int scrapes_in_run;  // that come between two runs
  int behind = 0;      // scrapes that one replica's sender is behind the others'
};
class ReplicasCaughtUp : public testing::TestWithParam<ReplicaCase> {};

// Three replicas, each flat at 0.4 cores.
TEST_P(ReplicasCaughtUp, AreSummed) {
  const ReplicaCase& c = GetParam();
  StreamWorld world;
  auto engine = world.Make();
  constexpr int kScrapes = 5 * kAnHour + 20;
  const Timestamp now = At(kScrapes);
  world.Add("kube_pod_container_resource_requests", Pod("web-0") + ",resource=cpu", At(0), .5);
  for (int i = 0; i < kScrapes; ++i) {
    for (int pod = 0; pod < 3; ++pod) {
      const int at = pod == 0 ? i - c.behind : i;
      if (at < 0) continue;
      world.Cpu(Pod(fmt::format("web-{}", pod)), At(at), .4);
    }
    if (i % c.scrapes_in_run == 0) engine->Run(now + i);
  }
  world.Add("kube_pod_container_resource_requests", Pod("web-0") + ",resource=cpu", now, .5);
  engine->Run(now + CapacityEngine::kJudgeAtLeast);
  for (int pod = 0; pod < 3; ++pod) {
    world.Cpu(Pod(fmt::format("web-{}", pod)), now + CapacityEngine::kJudgeAtLeast, .4);
  }
  engine->Run(now + CapacityEngine::kJudgeAtLeast + kMinute);
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U) << c.what;
  ASSERT_TRUE(all[0].replicas) << c.what;
  EXPECT_THAT(all[0].replicas->reason, testing::HasSubstr("its busiest hour uses 1.200 cores"))
      << c.what;
}

INSTANTIATE_TEST_SUITE_P(Traps, ReplicasCaughtUp,
                         testing::Values(ReplicaCase{"scrape by scrape", 1},
                                         ReplicaCase{"twenty scrapes at once", 20},
                                         ReplicaCase{"all at once", 100'000},
                                         ReplicaCase{"one shard is ten minutes behind", 30, 40}));

// What one pod used until it died, and another since.
struct ResidentCase {
  const char* what;
  bool rss_of_first;
  bool rss_of_second;
  bool at_once;  // else scrape by scrape, in time
  double expected_mebi;
};
class ResidentCaughtUp : public testing::TestWithParam<ResidentCase> {};

TEST_P(ResidentCaughtUp, OfADeadPodCounts) {
  const ResidentCase& c = GetParam();
  StreamWorld world;
  auto engine = world.Make();
  constexpr int kScrapes = 3 * kAnHour;
  for (int i = 0; i < kScrapes; ++i) {
    const bool first = i < 2 * kAnHour;
    const std::string pod = Pod(first ? "web-0" : "web-1");
    const double bytes = (first ? 900 : 100) * kMebi;
    world.Add("container_memory_working_set_bytes", pod, At(i), bytes);
    if (first ? c.rss_of_first : c.rss_of_second) {
      world.Add("container_memory_rss", pod, At(i), bytes);
    }
    if (!c.at_once) engine->Run(At(i) + kSecond);
  }
  for (int i = 0; i < 3; ++i) engine->Run(At(kScrapes) + i * kMinute);
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U) << c.what;
  ASSERT_TRUE(all[0].memory.enough_data) << c.what;
  EXPECT_NEAR(all[0].memory.recommended.target / kMebi, c.expected_mebi, 8) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Traps, ResidentCaughtUp,
    testing::Values(ResidentCase{"in time", true, true, false, 990},
                    ResidentCase{"at once", true, true, true, 990},
                    ResidentCase{"only the second has rss, in time", false, true, false, 990},
                    ResidentCase{"only the second has rss, at once", false, true, true, 990},
                    ResidentCase{"nobody has rss", false, false, true, 990}));

// A pod that is known grows while its sender is out, and dies: all is told after that.
TEST(ResidentCaughtUp, OfAPodThatGrewUnseen) {
  StreamWorld world;
  auto engine = world.Make();
  const auto use = [&](const char* name, int i, double mebi) {
    world.Add("container_memory_working_set_bytes", Pod(name), At(i), mebi * kMebi);
    world.Add("container_memory_rss", Pod(name), At(i), mebi * kMebi);
  };
  for (int i = 0; i < 20; ++i) {
    use("web-0", i, 100);
    engine->Run(At(i) + kSecond);
  }
  for (int i = 20; i < 2 * kAnHour; ++i) use("web-0", i, 900);
  for (int i = 2 * kAnHour; i < 3 * kAnHour; ++i) use("web-1", i, 100);
  for (int i = 0; i < 3; ++i) engine->Run(At(3 * kAnHour) + i * kMinute);
  const auto all = engine->Recommendations();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NEAR(all[0].memory.recommended.target / kMebi, 990, 8);
}

}  // namespace
}  // namespace outrider
