// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ha_dedup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fmt/format.h"

namespace outrider {
namespace {

using testing::ElementsAre;
using enum HaVerdict;

TEST(FindReplica, Table) {
  struct Case {
    const char* what;
    std::vector<LabelView> labels;
    const char* cluster;  // nullptr: nothing to judge
    const char* replica;
  };
  const Case cases[] = {
      {"both", {{"a", "x"}, {"__replica__", "r1"}, {"cluster", "c"}}, "c", "r1"},
      {"no cluster", {{"__replica__", "r1"}}, nullptr, nullptr},
      {"no replica", {{"cluster", "c"}}, nullptr, nullptr},
      {"empty replica", {{"__replica__", ""}, {"cluster", "c"}}, nullptr, nullptr},
      {"none", {}, nullptr, nullptr},
  };
  for (const Case& one : cases) {
    const auto pair = FindReplica("cluster", "__replica__", one.labels);
    ASSERT_EQ(pair.has_value(), one.cluster != nullptr) << one.what;
    if (!pair) continue;
    EXPECT_EQ(pair->cluster, one.cluster) << one.what;
    EXPECT_EQ(pair->replica, one.replica) << one.what;
  }
  const std::vector<LabelView> labels = {{"dc", "c"}, {"prometheus", "r"}};
  EXPECT_EQ(FindReplica("dc", "prometheus", labels).value_or(HaPair{}).replica, "r");
}

TEST(RemoveLabel, KeepsTheRest) {
  std::vector<LabelView> labels = {{"b", "1"}, {"r", "x"}, {"a", "2"}, {"r", "y"}};
  RemoveLabel("r", &labels);
  EXPECT_THAT(labels, ElementsAre(LabelView{"b", "1"}, LabelView{"a", "2"}));
  RemoveLabel("r", &labels);
  EXPECT_EQ(labels.size(), 2U);
}

std::vector<std::string> Texts(const HaDedup& dedup) {
  std::vector<std::string> texts;
  for (const HaCluster& one : dedup.Clusters()) {
    texts.push_back(fmt::format("{} {} since {} seen {} changes {} dropped {}", one.cluster,
                                one.elected, one.elected_at, one.last_seen, one.changes,
                                one.dropped));
  }
  return texts;
}

TEST(HaDedup, FailoverStepByStep) {
  struct Step {
    const char* what;
    const char* cluster;
    const char* replica;
    Timestamp now;
    HaVerdict verdict;
  };
  const Step steps[] = {
      {"the first is elected", "c", "a", 1000, kElected},
      {"and kept", "c", "a", 2000, kKeep},
      {"the other is dropped", "c", "b", 2000, kDrop},
      {"another cluster is another matter", "d", "b", 2000, kElected},
      {"just not silent long enough", "c", "b", 31'999, kDrop},
      {"silent for 30 s", "c", "b", 32'000, kElected},
      {"the old one is the other now", "c", "a", 32'001, kDrop},
      {"also when it comes for long", "c", "a", 61'000, kDrop},
      {"the elected one goes on", "c", "b", 61'999, kKeep},
      {"so its time runs anew", "c", "a", 62'000, kDrop},
      {"a clock that steps back", "c", "b", 10, kKeep},
      {"does not make it silent", "c", "a", 91'998, kDrop},
      {"a third one may be first", "c", "x", 91'999, kElected},
      {"the other cluster, much later", "d", "b", 999'000, kKeep},
  };
  HaDedup dedup({.enabled = true});
  for (const Step& one : steps) {
    EXPECT_EQ(dedup.Judge(one.cluster, one.replica, one.now), one.verdict) << one.what;
  }
  dedup.CountDropped("d", 7);
  dedup.CountDropped("unknown", 7);
  EXPECT_EQ(Texts(dedup),
            (std::vector<std::string>{"c x since 91999 seen 91999 changes 2 dropped 0",
                                      "d b since 2000 seen 999000 changes 0 dropped 7"}));
  EXPECT_TRUE(IsKept(kKeep) && IsKept(kElected) && !IsKept(kDrop) && !IsKept(kTooManyClusters));
}

TEST(HaDedup, ClustersAreBounded) {
  HaDedup dedup({.enabled = true, .max_clusters = 2, .forget_after = 1000});
  EXPECT_EQ(dedup.Judge("a", "r", 0), kElected);
  EXPECT_EQ(dedup.Judge("b", "r", 500), kElected);
  EXPECT_EQ(dedup.Judge("c", "r", 999), kTooManyClusters);
  EXPECT_EQ(dedup.refused(), 1U);
  EXPECT_EQ(dedup.Judge("c", "r", 1000), kElected);  // "a" was silent for long enough
  EXPECT_EQ(dedup.Judge("a", "r", 1001), kTooManyClusters);
  EXPECT_EQ(dedup.Judge("b", "s", 1001), kDrop);
  HaDedup none({.enabled = true, .max_clusters = 0});
  EXPECT_EQ(none.Judge("a", "r", 0), kTooManyClusters);
}

TEST(HaDedup, WhatALogRemembers) {
  HaDedup dedup({.enabled = true, .max_clusters = 2});
  EXPECT_EQ(dedup.Judge("d", "b", 1500), kElected);
  dedup.Remember("d", "a", 1400);  // older than what is known
  dedup.Remember("c", "x", 800);
  dedup.Remember("c", "a", 1000);
  dedup.Remember("e", "a", 1000);  // no room
  EXPECT_EQ(dedup.Judge("c", "b", 2000), kDrop);
  EXPECT_EQ(dedup.Judge("c", "a", 2000), kKeep);
  EXPECT_EQ(dedup.Judge("d", "a", 2000), kDrop);
  EXPECT_EQ(Texts(dedup),
            (std::vector<std::string>{"c a since 1000 seen 2000 changes 0 dropped 0",
                                      "d b since 1500 seen 1500 changes 0 dropped 0"}));
}

}  // namespace
}  // namespace outrider
