// SPDX-License-Identifier: Apache-2.0
// What a container was seen to need: against VPA's own state on the same samples
// (tests/data/vpa/sequences.txt), and each fact that samples come with.
#include "rules/capacity/recommend/demand.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "rules/capacity/recommend/vpa.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr Timestamp kMidnight = 1'700'006'400'000;
constexpr double kMib = 1024.0 * 1024.0;

// One case of the file, as lines come.
class Golden {
 public:
  void Line(const std::vector<std::string>& row) {
    const std::string& what = row[0];
    if (what == "case") {
      demand_ = std::make_unique<ContainerDemand>();
      instances_.clear();
      ++cases;
    } else if (what == "cpu" || what == "mem" || what == "oom") {
      Sample(row);
    } else if (what == "cpu_histogram") {
      Compare(row, demand_->vpa_cpu(), kCpuBuckets);
    } else if (what == "memory_histogram") {
      Compare(row, demand_->vpa_memory(), kMemoryBuckets);
    } else {
      ASSERT_EQ(what, "estimate");
      Estimate(row);
    }
  }
  int cases = 0;
  int estimates = 0;

 private:
  void Sample(const std::vector<std::string>& row) {
    ContainerInstance& instance = instances_[row[1]];
    const Timestamp time = std::stoll(row[2]);
    const double value = std::stod(row[3]);
    if (row[0] == "oom") {
      demand_->AddOom(time, value, 0, &instance);
      EXPECT_EQ(row[4], "true");
      return;
    }
    const bool taken = row[0] == "cpu" ? demand_->AddCpu(time, value / 1000, {}, &instance)
                                       : demand_->AddMemory(time, value, {}, &instance);
    EXPECT_EQ(taken, row[4] == "true") << Join(row, " ");
  }

  template <typename Histogram>
  void Compare(const std::vector<std::string>& row, const Histogram& ours,
               const BucketScheme& scheme) {
    if (row[1] == "buckets") {
      CompareBuckets(row, ours);
      return;
    }
    SCOPED_TRACE(fmt::format("case {}", cases));
    EXPECT_EQ(ours.reference(), std::stoll(row[2]));
    EXPECT_EQ(std::bit_cast<uint64_t>(ours.total()), std::stoull(row[4], nullptr, 16));
    const std::vector<double> percentiles = {0, .1, .25, .5, .75, .9, .95, .99, 1};
    for (size_t i = 0; i < percentiles.size(); ++i) {
      EXPECT_EQ(std::bit_cast<uint64_t>(ours.UpperPercentile(scheme, percentiles[i])),
                std::stoull(row[5 + i], nullptr, 16))
          << percentiles[i];
    }
  }

  // As in VPA's checkpoints: the heaviest bucket is 10000.
  template <typename Histogram>
  void CompareBuckets(const std::vector<std::string>& row, const Histogram& ours) {
    double heaviest = 0;
    for (size_t i = 0; i < kBuckets; ++i) heaviest = std::max(heaviest, ours.WeightOf(i));
    std::vector<std::string> expected(row.begin() + 2, row.end());
    std::vector<std::string> weights;
    for (size_t i = 0; i < kBuckets; ++i) {
      const double weight = std::floor(ours.WeightOf(i) * (10000 / heaviest) + 0.5);
      if (weight > 0) weights.push_back(fmt::format("{}:{}", i, static_cast<int64_t>(weight)));
    }
    EXPECT_EQ(weights, expected) << "case " << cases;
  }

  void Estimate(const std::vector<std::string>& row) {
    SCOPED_TRACE(fmt::format("case {}", cases));
    const size_t containers = std::stoul(row[1]);
    const VpaAmounts cpu = VpaCpuMillicores(*demand_, containers);
    const VpaAmounts memory = VpaMemoryBytes(*demand_, containers);
    EXPECT_EQ(cpu.target, std::stoll(row[3]));
    EXPECT_EQ(cpu.lower, std::stoll(row[4]));
    EXPECT_EQ(cpu.upper, std::stoll(row[5]));
    EXPECT_EQ(memory.target, std::stoll(row[7]));
    EXPECT_EQ(memory.lower, std::stoll(row[8]));
    EXPECT_EQ(memory.upper, std::stoll(row[9]));
    ++estimates;
  }

  std::unique_ptr<ContainerDemand> demand_;
  std::map<std::string, ContainerInstance> instances_;
};

TEST(Demand, HistogramsAndEstimatesAreVpasToTheBit) {
  const auto text = ReadFile(std::string(OUTRIDER_SOURCE_DIR) + "/tests/data/vpa/sequences.txt");
  ASSERT_TRUE(text.ok());
  Golden golden;
  for (std::string_view line : Split(*text, '\n')) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> row;
    for (std::string_view field : Split(line, ' ')) row.emplace_back(field);
    golden.Line(row);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(golden.cases, 12);
  EXPECT_EQ(golden.estimates, 24);
}

// A container with a sample a minute.
struct Feeder {
  ContainerDemand demand;
  ContainerInstance instance;
  Timestamp time = kMidnight;
  void Cpu(double cores, int minutes, const SampleFacts& facts = {}) {
    for (int i = 0; i < minutes; ++i) {
      time += kMinute;
      demand.AddCpu(time, cores, facts, &instance);
    }
  }
  void Memory(double bytes, int minutes, const SampleFacts& facts = {}) {
    for (int i = 0; i < minutes; ++i) {
      time += kMinute;
      demand.AddMemory(time, bytes, facts, &instance);
    }
  }
};

TEST(Demand, SamplesThatCannotBeAreLeftOut) {
  Feeder f;
  f.Cpu(1, 1);
  EXPECT_FALSE(f.demand.AddCpu(f.time, 1, {}, &f.instance));            // the same again
  EXPECT_FALSE(f.demand.AddCpu(f.time - kMinute, 1, {}, &f.instance));  // older
  EXPECT_FALSE(f.demand.AddCpu(f.time + 1, -1, {}, &f.instance));
  EXPECT_FALSE(f.demand.AddCpu(f.time + 1, NAN, {}, &f.instance));
  EXPECT_FALSE(f.demand.AddMemory(f.time + 1, HUGE_VAL, {}, &f.instance));
  EXPECT_FALSE(f.demand.AddCpu(INT64_MAX, 1, {}, &f.instance));
  EXPECT_EQ(f.demand.cpu_samples(), 1);
  // Another replica may lag.
  ContainerInstance other;
  EXPECT_TRUE(f.demand.AddCpu(f.time - kMinute, 1, {}, &other));
  EXPECT_EQ(f.demand.pods_seen(), 2);
}

TEST(Demand, GapsCountForFiveMinutesAtMost) {
  Feeder f;
  f.Cpu(1, 11);
  EXPECT_EQ(f.demand.cpu_coverage(), 10 * kMinute);
  f.time += kDay;
  f.Cpu(1, 1);
  EXPECT_EQ(f.demand.cpu_coverage(), 15 * kMinute);
}

TEST(Demand, StartUpsSetNoCpuDemandButAreTold) {
  Feeder f;
  f.Cpu(4, 4, {.age = kMinute});
  f.Cpu(0.5, 100, {.age = kHour});
  EXPECT_LT(f.demand.cpu_demand().UpperPercentile(kCpuBuckets, 1), 0.6);
  EXPECT_GT(f.demand.vpa_cpu().UpperPercentile(kCpuBuckets, 1), 4);
  EXPECT_NEAR(f.demand.startup_cpu_peak(), 4, 0.3);
  EXPECT_EQ(f.demand.demand_peaks().Max(f.time), 0.5);
  EXPECT_EQ(f.demand.cpu_peaks().Max(f.time), 4);
}

TEST(Demand, WhatIsCutShortAtItsLimitWantsMore) {
  Feeder f;
  f.Cpu(0.5, 100, {.throttled_ratio = 0.5});
  EXPECT_NEAR(f.demand.demand_peaks().Max(f.time), 1.0, 1e-6);
  EXPECT_NEAR(f.demand.throttled_ratio(), 0.5, 1e-9);
  EXPECT_EQ(f.demand.cpu_peaks().Max(f.time), 0.5);
  Feeder all;
  all.Cpu(0.5, 10, {.throttled_ratio = 1});
  EXPECT_NEAR(all.demand.demand_peaks().Max(all.time), 2.0, 1e-6);  // four times, not without end
}

TEST(Demand, OneMemoryPeakOfAnInstanceCountsADay) {
  Feeder f;
  f.Memory(100 * kMib, 600);
  f.Memory(300 * kMib, 1);
  f.Memory(100 * kMib, 600);
  EXPECT_NEAR(f.demand.vpa_memory().WeightOf(kMemoryBuckets.Find(300 * kMib)),
              f.demand.vpa_memory().total(), 1e-9);
  EXPECT_EQ(f.demand.memory_peaks().Max(f.time), 300 * kMib);
}

TEST(Demand, AKillAsksForMoreThanWasHeld) {
  Feeder f;
  f.Memory(100 * kMib, 10);
  f.demand.AddOom(f.time + 1, 200 * kMib, 256 * kMib, &f.instance);
  EXPECT_EQ(f.demand.ooms(), 1);
  EXPECT_EQ(f.demand.largest_oom_limit(f.time), 256 * kMib);
  EXPECT_EQ(f.demand.largest_oom_limit(f.time + 15 * kDay), 0);
  // 200 MiB + 100 MiB.
  EXPECT_NEAR(f.instance.oom_peak, 300 * kMib, 1);
  EXPECT_GE(f.demand.vpa_memory().UpperPercentile(kMemoryBuckets, 1), 300 * kMib);
  // Long past: told of something that is over.
  f.demand.AddOom(f.time - 2 * kDay, 900 * kMib, 900 * kMib, &f.instance);
  EXPECT_EQ(f.demand.ooms(), 1);
}

TEST(Demand, TheLargestPodIsRememberedForFourteenDays) {
  ContainerDemand demand;
  ContainerInstance calm;
  ContainerInstance hot;
  Timestamp time = kMidnight;
  for (int i = 0; i < 200; ++i) {
    time += kMinute;
    demand.AddCpu(time, 0.1, {}, &calm);
    demand.AddCpu(time, 1.0, {}, &hot);
  }
  EXPECT_NEAR(demand.LargestPodPercentile(time), 1.0, 0.032);
  demand.Retire(hot, time);
  for (int i = 0; i < 10 * 24 * 60; ++i) demand.AddCpu(time += kMinute, 0.1, {}, &calm);
  EXPECT_NEAR(demand.LargestPodPercentile(time), 1.0, 0.032);
  for (int i = 0; i < 5 * 24 * 60; ++i) demand.AddCpu(time += kMinute, 0.1, {}, &calm);
  EXPECT_NEAR(demand.LargestPodPercentile(time), 0.1, 0.0032);
}

TEST(Demand, AllReplicasTogetherByHour) {
  ContainerDemand demand;
  std::vector<ContainerInstance> pods(3);
  for (Timestamp time = kMidnight; time < kMidnight + 2 * kDay; time += kMinute) {
    const double cores = time % kDay < 12 * kHour ? 0.5 : 2;
    for (ContainerInstance& pod : pods) demand.AddCpu(time, cores, {}, &pod);
  }
  EXPECT_NEAR(demand.totals().MeanOf(5), 1.5, 0.01);
  EXPECT_NEAR(demand.totals().MeanOf(20), 6, 0.01);
}

TEST(Demand, VeryManyReplicasAreThinnedWithoutMovingThePercentiles) {
  ContainerDemand demand;
  std::vector<ContainerInstance> pods(400);
  for (int minute = 0; minute < 24 * 60; ++minute) {
    for (size_t pod = 0; pod < pods.size(); ++pod) {
      demand.AddCpu(kMidnight + minute * kMinute, 0.2 + 0.002 * static_cast<double>(pod), {},
                    &pods[pod]);
    }
  }
  EXPECT_EQ(demand.cpu_samples(), 400U * 24 * 60);
  EXPECT_NEAR(demand.cpu_demand().Percentile(kCpuBuckets, 0.5), 0.6, 0.02);
  EXPECT_NEAR(demand.cpu_demand().Percentile(kCpuBuckets, 0.95), 0.96, 0.02);
}

std::string RowOf(const ContainerDemand& demand, const ContainerInstance& instance) {
  RowWriter out(1);
  demand.Save(out);
  instance.Save(out);
  return out.Take();
}

TEST(Demand, GoesOnAfterARestartAsIfThereWasNone) {
  Feeder f;
  f.demand.SetHeap(512 * kMib, 300 * kMib);
  for (int i = 0; i < 3; ++i) {
    f.Cpu(0.3 + 0.1 * i, 900, {.age = kHour, .throttled_ratio = 0.1});
    f.Memory((100 + 50 * i) * kMib, 600, {.rss = 80 * kMib});
  }
  f.demand.AddOom(f.time + 1, 200 * kMib, 256 * kMib, &f.instance);
  f.demand.cpu_promise().Give(0.5);
  const std::string row = RowOf(f.demand, f.instance);
  Feeder g;
  g.time = f.time;
  RowReader in(row, 1, "demand");
  g.demand.Load(in);
  g.instance.Load(in);
  ASSERT_TRUE(in.Finish().ok()) << Message(in.Finish());
  EXPECT_EQ(RowOf(g.demand, g.instance), row);
  for (Feeder* one : {&f, &g}) {
    one->Cpu(0.7, 2000, {.age = kHour});
    one->Memory(120 * kMib, 100);
  }
  EXPECT_EQ(RowOf(g.demand, g.instance), RowOf(f.demand, f.instance));
}

TEST(Demand, CorruptRowsAreRefusedAndHarmless) {
  Feeder f;
  f.Cpu(0.3, 3000);
  f.Memory(100 * kMib, 100);
  const std::string row = RowOf(f.demand, f.instance);
  size_t refused = 0;
  for (size_t at = 1; at < row.size(); ++at) {
    std::string bad = row;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    ContainerDemand demand;
    ContainerInstance instance;
    RowReader in(bad, 1, "demand");
    demand.Load(in);
    instance.Load(in);
    if (!in.Finish().ok()) ++refused;
    demand.AddCpu(f.time + kDay, 1, {}, &instance);
    demand.AddMemory(f.time + kDay, kMib, {}, &instance);
    EXPECT_TRUE(std::isfinite(demand.CpuPercentile(0.95)));
    EXPECT_GE(demand.largest_oom_limit(f.time), 0);
    EXPECT_GE(VpaCpuMillicores(demand, 1).target, 25);
  }
  EXPECT_GT(refused, row.size() / 20);
}

TEST(Demand, MergedWorkloadsAreOne) {
  Feeder a;
  Feeder b;
  a.Cpu(0.2, 1000);
  b.Cpu(0.8, 1000);
  a.demand.Merge(b.demand);
  EXPECT_EQ(a.demand.cpu_samples(), 2000);
  EXPECT_EQ(a.demand.pods_seen(), 2);
  EXPECT_NEAR(a.demand.CpuMean(), 0.5, 0.01);
  EXPECT_NEAR(a.demand.cpu_demand().Percentile(kCpuBuckets, 0.25), 0.2, 0.02);
  EXPECT_NEAR(a.demand.cpu_demand().Percentile(kCpuBuckets, 0.75), 0.8, 0.04);
}

TEST(Demand, IsSmallWhateverTheHistory) {
  Feeder f;
  uint32_t dice = 7;
  size_t after_a_day = 0;
  for (int minute = 0; minute < 30 * 24 * 60; ++minute) {
    dice = dice * 1664525U + 1013904223U;
    const double noise = 0.5 + static_cast<double>(dice >> 8U) / (1U << 24U);
    f.Cpu(0.4 * noise, 1, {.age = kDay});
    f.demand.AddMemory(f.time, 200 * kMib * noise, {.age = kDay}, &f.instance);
    if (minute == 24 * 60) after_a_day = f.demand.Bytes();
  }
  EXPECT_LE(f.demand.Bytes(), 1450);
  EXPECT_LE(f.demand.Bytes(), after_a_day + 64);
}

}  // namespace
}  // namespace outrider
