// SPDX-License-Identifier: Apache-2.0
// A week of virtual time with a crash at every single write: nothing lost, nothing repeated without
// a mark, no page after an acknowledgement, every breach once, the audit chain whole. And: the
// simulation notices when one of three faults is put in.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/base/log.h"
#include "tests/sim/simulator.h"

namespace outrider::sim {
namespace {

struct Mode {
  const char* name;
  StoreFault fault;
  bool power_cut;
};
constexpr Mode kModes[] = {
    {"killed before the write", StoreFault::kCrashBefore, false},
    {"killed after the write", StoreFault::kCrashAfter, false},
    {"power cut after the write", StoreFault::kCrashAfter, true},
};

struct Outcome {
  int tried = 0;
  std::vector<std::string> problems;
};

// Crashes at every write; stops after `enough` problems.
Outcome CrashEverywhere(const Scenario& week, const Report& undisturbed, const DeskFaults& faults,
                        size_t enough) {
  Outcome outcome;
  for (const Mode& mode : kModes) {
    for (uint64_t at = 1;; ++at) {
      const Report run = RunWeek(week, {mode.fault, at, mode.power_cut}, faults);
      if (!run.crashed) break;
      ++outcome.tried;
      for (const std::string& problem : Compare(undisturbed, run)) {
        outcome.problems.push_back(fmt::format("{} {}: {}", mode.name, at, problem));
      }
      if (outcome.problems.size() >= enough) return outcome;
    }
  }
  return outcome;
}

// Thousands of starts would each say what they loaded.
class Quiet : public testing::Environment {
 public:
  void SetUp() override { SetUpLog(LogLevel::kError, LogFormat::kLogfmt); }
};

int At(const std::map<std::string, int>& counts, const std::string& text) {
  const auto it = counts.find(text);
  return it == counts.end() ? 0 : it->second;
}

TEST(Week, UndisturbedTellsEveryStory) {
  const Report report = RunWeek(MakeWeek(1, 0), {});
  EXPECT_TRUE(report.violations.empty()) << report.violations.front();
  EXPECT_EQ(At(report.told, "team/webhook[0] route Quick+ "), 1);
  EXPECT_EQ(At(report.told, "team/webhook[0] route RESOLVED Quick- "), 1);
  EXPECT_EQ(At(report.told, "pager/sms[0] page Ignored+ "), 2);     // tiers 1 and 2
  EXPECT_EQ(At(report.told, "boss/webhook[0] page Ignored+ "), 2);  // tiers 2 and 3
  EXPECT_EQ(At(report.told, "pager/sms[0] page Unreachable+ "),
            0);  // acknowledged before it could be told
  EXPECT_EQ(At(report.told, "team/email[0] route Nagging+ "), 3);  // repeated every 4 h 15 min
  EXPECT_EQ(At(report.told, "pager/sms[0] page Flapping+ "),
            3);  // opened, reopened, un-acknowledged
  EXPECT_EQ(At(report.told, "pager/sms[0] page RESOLVED Quick- "), 1);
  EXPECT_EQ(At(report.told, "team/webhook[0] route Target+ "), 1);  // when its inhibitor was gone
  EXPECT_EQ(At(report.told, "team/webhook[0] route Hushed+ "), 2);  // its end fell into a silence
  EXPECT_EQ(At(report.told, "team/webhook[0] route RESOLVED Hushed- "), 1);
  EXPECT_EQ(At(report.told, "boss/webhook[0] page Repairs+ "), 1);  // after the silence
  EXPECT_EQ(At(report.incidents, "Muted resolved"), 1);
  EXPECT_EQ(At(report.incidents, "Flapping resolved"), 1);
  if (HasFailure()) {
    for (const auto& [text, count] : report.told) fmt::print("{} x {}\n", count, text);
    for (const auto& [text, count] : report.incidents) fmt::print("{} x {}\n", count, text);
  }
  int breaches = 0;
  for (const auto& [text, count] : report.breaches) {
    EXPECT_EQ(count, 1) << text;
    ++breaches;
  }
  // Both clocks of Ignored, Slow, Muted and Nagging, the first of Repairs (a silence is no
  // response). Flapping ends exactly at its target: met.
  EXPECT_EQ(breaches, 9);
}

TEST(Week, SurvivesACrashAtEveryWrite) {
  const Scenario week = MakeWeek(1, 2);
  const Report undisturbed = RunWeek(week, {});
  ASSERT_TRUE(undisturbed.violations.empty()) << undisturbed.violations.front();
  const Outcome outcome = CrashEverywhere(week, undisturbed, {}, 20);
  for (const std::string& problem : outcome.problems) ADD_FAILURE() << problem;
  fmt::print("simulation: {} writes, {} messages, {} crash points tried, {} violations\n",
             undisturbed.commits, undisturbed.arrivals, outcome.tried, outcome.problems.size());
  RecordProperty("crash_points", outcome.tried);
  EXPECT_GT(outcome.tried, 500);
}

testing::Environment* const kQuiet = testing::AddGlobalTestEnvironment(new Quiet);

struct FaultCase {
  const char* name;
  DeskFaults faults;
};
class WeekWithFault : public testing::TestWithParam<FaultCase> {};

TEST_P(WeekWithFault, IsNoticed) {
  const Scenario week = MakeWeek(1, 0);
  const Report undisturbed = RunWeek(week, {});
  std::vector<std::string> problems = Compare(undisturbed, RunWeek(week, {}, GetParam().faults));
  if (problems.empty())
    problems = CrashEverywhere(week, undisturbed, GetParam().faults, 1).problems;
  ASSERT_FALSE(problems.empty()) << "the simulation did not notice: " << GetParam().name;
  fmt::print("{}: {}\n", GetParam().name, problems.front());
}

INSTANTIATE_TEST_SUITE_P(Faults, WeekWithFault,
                         testing::Values(FaultCase{"batch_split_in_two", {.split_batch = true}},
                                         FaultCase{"send_before_commit",
                                                   {.send_before_commit = true}},
                                         FaultCase{"epoch_not_checked", {.ignore_epoch = true}}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace outrider::sim
