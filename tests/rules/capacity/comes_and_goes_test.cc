// SPDX-License-Identifier: Apache-2.0
// What does not run all the time: CronJobs are told of between their runs and cost what they run;
// what has ended is gone; what is silent with everything else is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fmt/format.h"
#include "tests/rules/capacity/stream_world.h"

namespace outrider {
namespace {

constexpr Timestamp kBegin = kWorldStart / kHour * kHour;
constexpr double kCoreHour = 1;  // dollars

std::unique_ptr<CapacityEngine> Engine(StreamWorld* world, StateStore* store) {
  CapacityOptions options;
  options.minimum_coverage = kMinute;
  options.minimum_samples = 3;
  options.core_hour_dollars = kCoreHour;
  options.gib_hour_dollars = 0;
  return *CapacityEngine::Create(options, world->windows, world->table, store);
}

// Every hour, for six minutes, half a core of one that is requested; `web` runs on.
void Scrape(Timestamp time, StreamWorld* world) {
  world->Cpu("namespace=shop,pod=web-0,container=app", time, .1);
  if (time % kHour >= 6 * kMinute) return;
  const std::string job = fmt::format("nightly-{}", time / kHour);
  const std::string labels = fmt::format("namespace=batch,pod={}-abcde,container=job", job);
  if (time % kHour == 0) {
    world->Add("kube_pod_owner",
               fmt::format("namespace=batch,pod={}-abcde,owner_kind=Job,owner_name={},"
                           "owner_is_controller=true",
                           job, job),
               time, 1);
    world->Add("kube_job_owner",
               fmt::format("namespace=batch,job_name={},owner_kind=CronJob,owner_name=nightly,"
                           "owner_is_controller=true",
                           job),
               time, 1);
    world->Add("kube_pod_container_resource_requests", labels + ",resource=cpu", time, 1);
  }
  world->Cpu(labels, time, .5);
}

const Recommendation* Find(const std::vector<Recommendation>& all, std::string_view workload) {
  for (const Recommendation& one : all) {
    if (one.key.workload == workload) return &one;
  }
  return nullptr;
}

double MonthlyOf(const CapacityEngine& engine, std::string_view workload) {
  for (const WorkloadCost& cost : engine.Costs()) {
    if (cost.key.workload == workload) return cost.monthly;
  }
  return -1;
}

class ComesAndGoes : public testing::Test {
 protected:
  void RunUntil(Timestamp end) {
    for (; time_ < end; time_ += kWorldScrape) {
      Scrape(time_, &world_);
      engine_->Run(time_ + kSecond);
    }
  }
  StreamWorld world_;
  MemoryStore store_;
  std::unique_ptr<CapacityEngine> engine_ = Engine(&world_, &store_);
  Timestamp time_ = kBegin;
};

TEST_F(ComesAndGoes, ACronJobIsToldOfBetweenItsRuns) {
  RunUntil(kBegin + 30 * kHour + 5 * kMinute);
  const auto running = engine_->Recommendations();
  ASSERT_NE(Find(running, "nightly"), nullptr);
  EXPECT_EQ(Find(running, "nightly")->pods, 1U);
  RunUntil(kBegin + 30 * kHour + 40 * kMinute);
  for (const bool restarted : {false, true}) {
    if (restarted) {
      ASSERT_TRUE(engine_->Save(time_, CapacityEngine::Part::kAll).ok());
      engine_ = Engine(&world_, &store_);
      engine_->Rebuild(time_ + kSecond);
      engine_->Run(time_ + 2 * kSecond);
    }
    const auto all = engine_->Recommendations();
    const Recommendation* one = Find(all, "nightly");
    ASSERT_NE(one, nullptr) << restarted;
    EXPECT_EQ(one->key.workload_kind, "CronJob");
    EXPECT_EQ(one->pods, 0U);
    EXPECT_EQ(one->cpu.request, 1);
    EXPECT_TRUE(one->cpu.enough_data);
    EXPECT_NEAR(one->cpu.recommended.target, .55, .03);
    EXPECT_TRUE(one->findings.empty()) << "nothing is wrong with what does not run";
  }
  RunUntil(kBegin + 31 * kHour + 3 * kMinute);
  EXPECT_EQ(Find(engine_->Recommendations(), "nightly")->pods, 1U);
}

TEST_F(ComesAndGoes, ACronJobSavesForAsLongAsItRuns) {
  RunUntil(kBegin + 30 * kHour + 5 * kMinute);
  // Six minutes of an hour, a scrape less where the first has nothing to compare with.
  const auto check = [&](const char* when) {
    const auto all = engine_->Recommendations();
    const Recommendation& one = *Find(all, "nightly");
    ASSERT_TRUE(one.mean_pods) << when;
    EXPECT_NEAR(*one.mean_pods, .1, .01) << when;
    const double saved = (1 - one.cpu.recommended.target) * kCoreHour * 730 * *one.mean_pods;
    EXPECT_NEAR(*one.cpu.savings_dollars_per_month, saved, .5) << when;
    EXPECT_NEAR(MonthlyOf(*engine_, "nightly"), 730 * .1, 8) << when;
    EXPECT_FALSE(Find(all, "web")->mean_pods) << when;
  };
  check("while it runs");
  RunUntil(kBegin + 30 * kHour + 40 * kMinute);
  check("between its runs");
}

TEST_F(ComesAndGoes, ACronJobIsForgottenAfterEightDays) {
  RunUntil(kBegin + 30 * kMinute);
  ASSERT_NE(Find(engine_->Recommendations(), "nightly"), nullptr);
  const auto seen_after = [&](DurationMs span) {
    const Timestamp time = kBegin + span;
    for (int i = 0; i < 20; ++i) {
      world_.Cpu("namespace=shop,pod=web-0,container=app", time + i * kWorldScrape, .1);
    }
    engine_->Run(time + kHour / 2);
    engine_->Run(time + kHour);
    return Find(engine_->Recommendations(), "nightly") != nullptr;
  };
  EXPECT_TRUE(seen_after(7 * kDay));
  EXPECT_FALSE(seen_after(9 * kDay));
}

TEST_F(ComesAndGoes, WhatIsSilentWithAllOthersStaysTold) {
  RunUntil(kBegin + 30 * kMinute);
  ASSERT_EQ(engine_->Recommendations().size(), 2U);
  engine_->Run(time_ + 2 * kHour);
  const auto all = engine_->Recommendations();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(Find(all, "web")->pods, 0U);
  EXPECT_EQ(MonthlyOf(*engine_, "web"), -1) << "what it costs now is not known";
  EXPECT_GT(MonthlyOf(*engine_, "nightly"), 0) << "it would not run now either";
}

// All its replicas would save, not one of them.
TEST_F(ComesAndGoes, SilenceChangesNoSavings) {
  const auto savings = [&] {
    const auto all = engine_->Recommendations();
    return all.empty() ? 0 : all[0].cpu.savings_dollars_per_month.value_or(0);
  };
  for (int i = 0; i < 40; ++i) {
    for (int pod = 0; pod < 3; ++pod) {
      const auto labels = fmt::format("namespace=shop,pod=web-{},container=app", pod);
      const Timestamp time = kBegin + i * kWorldScrape;
      world_.Add("kube_pod_container_resource_requests", labels + ",resource=cpu", time, 1);
      world_.Cpu(labels, time, .1);
    }
    engine_->Run(kBegin + i * kWorldScrape + kSecond);
  }
  engine_->Run(kBegin + 11 * kMinute);
  const double before = savings();
  EXPECT_GT(before, 2 * 730 * .8);
  for (const DurationMs after : {20 * kMinute, 40 * kMinute, kHour}) {
    engine_->Run(kBegin + after);
    EXPECT_DOUBLE_EQ(savings(), before);
    EXPECT_EQ(engine_->Recommendations()[0].pods, 0U);
  }
}

TEST_F(ComesAndGoes, WhatEndedIsGone) {
  RunUntil(kBegin + 30 * kMinute);
  world_.Add("container_cpu_usage_seconds_total", "namespace=shop,pod=web-0,container=app", time_,
             StaleNan());
  engine_->Run(time_ + kSecond);
  EXPECT_EQ(Find(engine_->Recommendations(), "web"), nullptr);
}

}  // namespace
}  // namespace outrider
