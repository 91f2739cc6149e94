// SPDX-License-Identifier: Apache-2.0
// Incident worlds by seed: the real desk against the model. OUTRIDER_SIM_SEEDS=3000 tries more of
// them, OUTRIDER_SIM_FIRST=17 begins elsewhere; of one seed alone everything is printed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "storage/base/log.h"
#include "tests/sim/incident_model.h"
#include "tests/sim/incident_world.h"

namespace outrider::sim {
namespace {

class Quiet : public testing::Environment {
 public:
  void SetUp() override { SetUpLog(LogLevel::kError, LogFormat::kLogfmt); }
};
testing::Environment* const kQuiet = testing::AddGlobalTestEnvironment(new Quiet);

uint64_t Number(const char* name, uint64_t usual) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? usual : std::stoull(text);
}

struct Sum {
  uint64_t commits = 0;
  size_t attempts = 0;
  int crashes = 0;
  int demands = 0;
  int cases = 0;
  int misses = 0;
};

Verdict Try(const WorldPlan& plan, Sum* sum) {
  const RunLog log = IncidentWorld(plan).Run();
  Verdict verdict = Judge(log);
  if (Number("OUTRIDER_SIM_SEEDS", 0) == 1) Print(log);
  sum->commits += log.commits;
  sum->attempts += log.attempts.size();
  sum->crashes += log.crashes;
  sum->demands += verdict.demands;
  sum->cases += verdict.cases;
  sum->misses += verdict.misses;
  return verdict;
}

TEST(Incidents, KeepTheirPromises) {
  const uint64_t first = Number("OUTRIDER_SIM_FIRST", 1);
  const uint64_t count = Number("OUTRIDER_SIM_SEEDS", 100);
  Sum sum;
  int bad = 0;
  for (uint64_t seed = first; seed < first + count && bad < 40; ++seed) {
    const Verdict verdict = Try(PlanOf(seed), &sum);
    if (verdict.problems.empty()) continue;
    ++bad;
    for (size_t i = 0; i < verdict.problems.size() && i < 4; ++i) {
      ADD_FAILURE() << "seed " << seed << ": " << verdict.problems[i];
    }
  }
  fmt::print(
      "{} seeds: {} incidents, {} writes, {} crashes, {} attempts, {} pages that had to "
      "come, {} missed clocks; {} seeds with a violation\n",
      count, sum.cases, sum.commits, sum.crashes, sum.attempts, sum.demands, sum.misses, bad);
}

// One short world, with a crash before and after every single write, and with a power cut.
TEST(Incidents, KeepThemWhereverTheyCrash) {
  const CrashPoint modes[] = {{.commits = 0, .fault = StoreFault::kCrashBefore},
                              {.commits = 0, .fault = StoreFault::kCrashAfter},
                              {.commits = 0, .fault = StoreFault::kCrashAfter, .power_cut = true}};
  Sum sum;
  for (CrashPoint crash : modes) {
    for (crash.commits = 1;; ++crash.commits) {
      WorldPlan plan;
      plan.seed = 6;
      plan.hours = 1;
      plan.steps = 16;
      plan.tail_hours = 1;
      plan.crashes = {crash};
      const int before = sum.crashes;
      const Verdict verdict = Try(plan, &sum);
      if (sum.crashes == before) break;
      if (verdict.problems.empty()) continue;
      ADD_FAILURE() << "write " << crash.commits << (crash.power_cut ? ", power cut: " : ": ")
                    << verdict.problems[0];
    }
  }
  fmt::print("{} crashes, {} incidents, {} attempts\n", sum.crashes, sum.cases, sum.attempts);
}

// Each promise broken on purpose, in the product or around it: the checks must say so.
struct Fault {
  const char* name;
  const char* said;  // part of what they say; "" : anything
  std::function<void(WorldPlan&)> put;
};

class IncidentsWithFault : public testing::TestWithParam<Fault> {};

TEST_P(IncidentsWithFault, AreNoticed) {
  Sum sum;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    WorldPlan plan = PlanOf(seed);
    GetParam().put(plan);
    for (const std::string& problem : Try(plan, &sum).problems) {
      if (problem.find(GetParam().said) == std::string::npos) continue;
      fmt::print("{}, seed {}: {}\n", GetParam().name, seed, problem);
      return;
    }
  }
  FAIL() << "nothing was noticed of " << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(
    Faults, IncidentsWithFault,
    testing::Values(Fault{"pages_get_lost", "nobody heard of it",
                          [](WorldPlan& plan) { plan.contacts.loses = true; }},
                    Fault{"epoch_not_checked", "which is answered",
                          [](WorldPlan& plan) { plan.faults.ignore_epoch = true; }},
                    Fault{"pages_come_twice", "came twice",
                          [](WorldPlan& plan) { plan.contacts.doubles = true; }},
                    Fault{"batch_split_in_two", "",
                          [](WorldPlan& plan) { plan.faults.split_batch = true; }},
                    Fault{"send_before_commit", "",
                          [](WorldPlan& plan) { plan.faults.send_before_commit = true; }},
                    Fault{"clocks_lose_their_timers", "was missed",
                          [](WorldPlan& plan) { plan.tampering = Tampering::kSlaTimers; }},
                    Fault{"trail_is_changed", "audit",
                          [](WorldPlan& plan) { plan.tampering = Tampering::kAuditRow; }},
                    Fault{"gaps_are_not_said", "nobody is on call",
                          [](WorldPlan& plan) { plan.tampering = Tampering::kGapsUnsaid; }}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace outrider::sim
