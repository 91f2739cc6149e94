// SPDX-License-Identifier: Apache-2.0
// Alerts with clocks from seconds to weeks, and a process that dies at any commit and is away for
// up to 20 minutes: compared with a process that was never interrupted, nothing resolves or fires
// by itself, every clock goes on, and everybody hears of everything once.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/base/log.h"
#include "storage/base/random.h"
#include "tests/sim/alert_world.h"

namespace outrider::sim {
namespace {

using ::testing::SizeIs;

// Between evaluations; the longest clocks are about 45 intervals: minutes, hours, days, weeks.
constexpr DurationMs kIntervals[] = {5 * kSecond, 15 * kSecond, kMinute, 30 * kMinute, 12 * kHour};
constexpr uint64_t kHistories = 3;
constexpr int kCrashes = 24;  // of a history and way to die
// After a start the first evaluation comes within an interval, and may be held for one more.
constexpr int64_t kSlack = 3;

// What is between the crash and the first evaluation afterwards has no exact time.
struct Gap {
  Timestamp from = 0;
  Timestamp to = 0;
  bool Has(Timestamp t) const { return t > from && t <= to; }
};

std::vector<std::string> CompareTold(const AlertReport& whole, const AlertReport& run,
                                     const Gap& gap, const std::set<std::string>& lost) {
  std::vector<std::string> problems;
  std::set<std::string> keys;
  for (const auto& [key, lines] : whole.told) keys.insert(key);
  for (const auto& [key, lines] : run.told) keys.insert(key);
  for (const std::string& key : keys) {
    const auto at = run.told.find(key);
    const std::vector<ToldLine> now = at == run.told.end() ? std::vector<ToldLine>() : at->second;
    for (size_t i = 0; i < now.size(); ++i) {
      if (now[i].resolved != (i % 2 == 1)) problems.push_back(key + " told out of turn");
    }
    if (now.size() % 2 != 0) problems.push_back(key + " never resolved");
    if (lost.contains(key)) continue;  // what happened at the crash was not written: it came later
    const auto before = whole.told.find(key);
    if (before == whole.told.end() || before->second.size() != now.size()) {
      problems.push_back(fmt::format("{} told {} times", key, now.size()));
      continue;
    }
    for (size_t i = 0; i < now.size(); ++i) {
      const bool same =
          gap.Has(before->second[i].ts) ? gap.Has(now[i].ts) : now[i] == before->second[i];
      if (!same) {
        problems.push_back(
            fmt::format("{} line {} at {} instead of {}", key, i, now[i].ts, before->second[i].ts));
      }
    }
  }
  return problems;
}

// ALERTS and ALERTS_FOR_STATE outside of the gap.
std::vector<std::string> CompareSeries(const AlertReport& whole, const AlertReport& run,
                                       const Gap& gap, const std::set<std::string>& lost) {
  std::vector<std::string> problems;
  const auto outside = [&](const std::map<Labels, std::vector<Sample>>& all, const Labels& labels) {
    std::string text;
    const auto at = all.find(labels);
    if (at == all.end()) return text;
    for (const Sample& s : at->second) {
      if (s.time < gap.from || s.time > gap.to) text += fmt::format("{}={} ", s.time, s.value);
    }
    return text;
  };
  for (const auto* side : {&whole.series, &run.series}) {
    for (const auto& [labels, samples] : *side) {
      const std::string key =
          std::string(labels.Get(kAlertName)) + "/" + std::string(labels.Get("i"));
      if (lost.contains(key)) continue;
      if (outside(whole.series, labels) != outside(run.series, labels)) {
        problems.push_back("other samples of " + labels.ToString());
      }
    }
  }
  return problems;
}

// The external Alertmanager hears of each beginning and end, and of nothing twice within a minute,
// unless the process died before it could write down that it had sent it.
std::vector<std::string> CheckPosts(const AlertReport& run) {
  std::vector<std::string> problems;
  for (const auto& [key, lines] : run.told) {
    const auto at = run.posts.find(key);
    const std::vector<Post> posts = at == run.posts.end() ? std::vector<Post>() : at->second;
    size_t beginnings = 0;
    size_t ends = 0;
    for (size_t i = 0; i < posts.size(); ++i) {
      const bool same = i > 0 && posts[i].resolved == posts[i - 1].resolved &&
                        posts[i].starts_at == posts[i - 1].starts_at;
      const bool known = i > 0 && posts[i - 1].ts != run.crashed_at;
      if (same && known && posts[i].ts - posts[i - 1].ts <= kMinute) {
        problems.push_back(fmt::format("{} sent again at {}", key, posts[i].ts));
      }
      if (!same) ++(posts[i].resolved ? ends : beginnings);
    }
    if (beginnings != lines.size() / 2 || ends != lines.size() / 2) {
      problems.push_back(fmt::format("{} sent {} times as firing and {} times as resolved", key,
                                     beginnings, ends));
    }
  }
  return problems;
}

struct Tally {
  int runs = 0;
  int told = 0;
  int gaps_with_news = 0;  // something was due while the process was away
};

void CrashOnce(const AlertHistory& history, const AlertReport& whole, StoreFault fault, uint64_t at,
               DurationMs downtime, Tally* tally) {
  const Timestamp crash = whole.commits.at(at - 1);
  const DurationMs unit = kTruthUnit * history.interval;
  const DurationMs length = (downtime + kSlack * history.interval + unit - 1) / unit * unit;
  const AlertReport reference = RunAlerts(history, {.from = crash, .length = length});
  const AlertReport run = RunAlerts(
      history, {.fault = fault, .at = at, .downtime = downtime, .from = crash, .length = length});
  ASSERT_EQ(run.crashed_at, crash);
  const Gap gap{crash, crash + downtime + kSlack * history.interval};
  // What changed in the very evaluation may have been lost with it.
  const auto changed = reference.changes.find(crash);
  const std::set<std::string> lost =
      changed == reference.changes.end() ? std::set<std::string>() : changed->second;
  EXPECT_THAT(CompareTold(reference, run, gap, lost), SizeIs(0));
  EXPECT_THAT(CompareSeries(reference, run, gap, lost), SizeIs(0));
  EXPECT_THAT(CheckPosts(run), SizeIs(0));
  EXPECT_EQ(run.active_rows, 0U);
  EXPECT_EQ(run.relay_rows, 0U);
  ++tally->runs;
  for (const auto& [key, lines] : reference.told) {
    tally->told += static_cast<int>(lines.size());
    for (const ToldLine& line : lines) tally->gaps_with_news += gap.Has(line.ts) ? 1 : 0;
  }
}

class AlertRestart : public testing::TestWithParam<DurationMs> {
 protected:
  void SetUp() override { SetUpLog(LogLevel::kError, LogFormat::kLogfmt); }
};

TEST_P(AlertRestart, ACrashAtAnyCommitAndAnyDowntime) {
  Tally tally;
  for (uint64_t seed = 1; seed <= kHistories; ++seed) {
    const AlertHistory history = RandomHistory(seed, GetParam());
    const AlertReport whole = RunAlerts(history, {});
    ASSERT_GT(whole.commits.size(), 50U);
    SeededRandom random(seed);
    for (const StoreFault fault : {StoreFault::kCrashBefore, StoreFault::kCrashAfter}) {
      for (int i = 0; i < kCrashes; ++i) {
        const uint64_t at = 1 + random.Next() % whole.commits.size();
        const DurationMs downtime =
            i % 4 == 0 ? 0 : static_cast<DurationMs>(random.Next() % (20 * kMinute));
        SCOPED_TRACE(fmt::format("seed {} {} commit {} downtime {} ms", seed,
                                 fault == StoreFault::kCrashBefore ? "before" : "after", at,
                                 downtime));
        CrashOnce(history, whole, fault, at, downtime, &tally);
        if (HasFailure()) return;  // the first is enough to read
      }
    }
  }
  EXPECT_GT(tally.told, 1000);
  EXPECT_GT(tally.gaps_with_news, 10);
  RecordProperty("runs", tally.runs);
}

// A process that lives for one evaluation only is as good as one that lives for ever.
TEST_P(AlertRestart, AfterEveryEvaluation) {
  for (uint64_t seed = 1; seed <= kHistories; ++seed) {
    SCOPED_TRACE(seed);
    const AlertHistory history = RandomHistory(seed, GetParam());
    const AlertReport whole = RunAlerts(history, {});
    const AlertReport run = RunAlerts(history, {.restart_always = true});
    EXPECT_FALSE(whole.told.empty());
    EXPECT_EQ(run.told, whole.told);
    EXPECT_EQ(run.changes, whole.changes);
    EXPECT_THAT(CompareSeries(whole, run, {}, {}), SizeIs(0));
    EXPECT_THAT(CheckPosts(run), SizeIs(0));
  }
}

INSTANTIATE_TEST_SUITE_P(Intervals, AlertRestart, testing::ValuesIn(kIntervals),
                         [](const auto& named) { return fmt::format("{}ms", named.param); });

}  // namespace
}  // namespace outrider::sim
