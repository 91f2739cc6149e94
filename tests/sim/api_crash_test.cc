// SPDX-License-Identifier: Apache-2.0
// Alerts by API, with a crash at every single commit: killed before it, after it, with a power cut,
// and started again with the configuration it had or with another one. Every alert is told to every
// integration as firing and as ended, nothing is told twice unmarked, no two messages of one text
// have different keys, and but for power cuts and other configurations the messages are those of
// the run without a crash.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "storage/base/log.h"
#include "tests/sim/api_world.h"

namespace outrider::sim {
namespace {

class Quiet : public testing::Environment {
 public:
  void SetUp() override { SetUpLog(LogLevel::kError, LogFormat::kLogfmt); }
};
testing::Environment* const kQuiet = testing::AddGlobalTestEnvironment(new Quiet);

struct Mode {
  const char* name;
  StoreFault fault;
  bool power_cut, reload;
};
constexpr Mode kModes[] = {
    {"killed before the write", StoreFault::kCrashBefore, false, false},
    {"killed after the write", StoreFault::kCrashAfter, false, false},
    {"power cut after the write", StoreFault::kCrashAfter, true, false},
    {"killed after the write, started with another configuration", StoreFault::kCrashAfter, false,
     true},
};

using Stream = std::pair<std::string, std::string>;  // target and group key
constexpr int64_t kRepeat = 50 * 60;

std::map<Stream, std::vector<const ApiArrival*>> ByStream(const ApiReport& report) {
  std::map<Stream, std::vector<const ApiArrival*>> streams;
  for (const ApiArrival& arrival : report.arrivals)
    streams[{arrival.target, arrival.group}].push_back(&arrival);
  return streams;
}

// The same again, unmarked, before it is time to repeat; or one key for two texts.
void CheckRepeats(const ApiReport& report, std::vector<std::string>* problems) {
  for (const auto& [stream, arrivals] : ByStream(report)) {
    for (size_t i = 1; i < arrivals.size(); ++i) {
      const ApiArrival& a = *arrivals[i - 1];
      const ApiArrival& b = *arrivals[i];
      if (a.alerts == b.alerts && !b.repeat && b.second - a.second < kRepeat) {
        problems->push_back(fmt::format("twice unmarked: {} {} at {} and {}: {}", stream.first,
                                        stream.second, a.second, b.second, a.alerts));
      }
      if (a.key == b.key && a.alerts != b.alerts)
        problems->push_back(fmt::format("one key, two texts: {} and {}", a.alerts, b.alerts));
    }
  }
}

// slack[0] is out of order for most of an hour: what fires and ends meanwhile is never told to it.
bool Reachable(const std::string& target, const ApiTruth& truth) {
  return target != "team/slack[0]" || truth.to < 1200 || truth.from > 3200;
}

// zone b is silenced for a while.
bool Silenced(const ApiTruth& truth) { return truth.alert.ends_with(":b"); }

bool Told(const ApiReport& report, const std::string& target, const std::string& alert,
          bool resolved, int64_t from, int64_t to) {
  return std::any_of(
      report.arrivals.begin(), report.arrivals.end(), [&](const ApiArrival& arrival) {
        const std::vector<std::string>& names = resolved ? arrival.resolved : arrival.firing;
        return arrival.target == target && arrival.second >= from && arrival.second <= to &&
               std::find(names.begin(), names.end(), alert) != names.end();
      });
}

// A second after the crash at which everything is told with a delay of one group interval more.
void CheckTold(const ApiReport& report, std::vector<std::string>* problems) {
  for (const ApiTruth& truth : report.truth) {
    if (Silenced(truth)) continue;
    std::vector<std::string> targets = {"team/webhook[0]", "team/webhook[1]", "team/email[0]",
                                        "team/slack[0]"};
    if (truth.alert.starts_with("Disk")) targets.emplace_back("db/webhook[0]");
    for (const std::string& target : targets) {
      if (!Reachable(target, truth)) continue;
      if (!Told(report, target, truth.alert, false, truth.from, truth.to + 300)) {
        problems->push_back(fmt::format("never told: {} {} fired {} to {}", target, truth.alert,
                                        truth.from, truth.to));
      }
      if (!Told(report, target, truth.alert, true, truth.to, truth.to + 700)) {
        problems->push_back(
            fmt::format("end never told: {} {} ended at {}", target, truth.alert, truth.to));
      }
    }
  }
}

// The texts of a stream without marked repeats of what came just before.
std::vector<std::string> Texts(const std::vector<const ApiArrival*>& arrivals) {
  std::vector<std::string> texts;
  for (const ApiArrival* arrival : arrivals) {
    if (!arrival->repeat || texts.empty() || texts.back() != arrival->alerts)
      texts.push_back(arrival->alerts);
  }
  return texts;
}

void CheckSame(const ApiReport& undisturbed, const ApiReport& report,
               std::vector<std::string>* problems) {
  const auto expected = ByStream(undisturbed);
  const auto got = ByStream(report);
  for (const auto& [stream, arrivals] : expected) {
    // That Retry-After holds a whole lane is kept in memory: a start tries the other groups.
    if (stream.first == "team/slack[0]") continue;
    const auto found = got.find(stream);
    const std::vector<std::string> texts =
        found == got.end() ? std::vector<std::string>{} : Texts(found->second);
    if (texts != Texts(arrivals)) {
      problems->push_back(fmt::format("{} {}: {} messages, without the crash {}", stream.first,
                                      stream.second, texts.size(), Texts(arrivals).size()));
    }
  }
  if (expected.size() != got.size()) problems->push_back("other groups were told");
}

std::vector<std::string> Judge(const ApiReport& undisturbed, const ApiReport& report,
                               const Mode& mode) {
  std::vector<std::string> problems = report.violations;
  CheckRepeats(report, &problems);
  CheckTold(report, &problems);
  if (!mode.power_cut && !mode.reload) CheckSame(undisturbed, report, &problems);
  const auto marked = std::count_if(report.arrivals.begin(), report.arrivals.end(),
                                    [](const ApiArrival& arrival) { return arrival.repeat; });
  if (marked > std::max(report.rows_sending, 0))
    problems.push_back(
        fmt::format("{} marked repeats, {} rows were on their way", marked, report.rows_sending));
  return problems;
}

TEST(ApiAlerts, UndisturbedEveryAlertIsToldEverywhere) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const ApiReport report = RunApi(seed, {});
    EXPECT_TRUE(Judge(report, report, kModes[0]).empty())
        << seed << ": " << Judge(report, report, kModes[0]).front();
    EXPECT_GT(report.arrivals.size(), 100U);
    std::set<Stream> streams;
    for (const ApiArrival& arrival : report.arrivals)
      streams.insert({arrival.target, arrival.group});
    EXPECT_GE(streams.size(),
              16U);  // 3 groups to each of four integrations, 4 to the other receiver
  }
}

class ApiAlertsUnderCrashes : public testing::TestWithParam<Mode> {};

TEST_P(ApiAlertsUnderCrashes, NothingIsLostOrToldTwice) {
  const Mode& mode = GetParam();
  const ApiReport undisturbed = RunApi(1, {});
  int tried = 0, due = 0, sending = 0, retrying = 0, problems = 0;
  for (uint64_t at = 1;; ++at) {
    const ApiReport report = RunApi(
        1, {.fault = mode.fault, .at = at, .power_cut = mode.power_cut, .reload = mode.reload});
    if (!report.crashed) break;
    ++tried;
    due += report.rows_due > 0 ? 1 : 0;
    sending += report.rows_sending > 0 ? 1 : 0;
    retrying += report.rows_retrying > 0 ? 1 : 0;
    for (const std::string& problem : Judge(undisturbed, report, mode)) {
      ADD_FAILURE() << mode.name << " " << at << ": " << problem;
      if (++problems >= 20) return;
    }
  }
  fmt::print("{}: {} crash points, of them with rows due {}, on their way {}, to be retried {}\n",
             mode.name, tried, due, sending, retrying);
  EXPECT_GT(tried, 300);
  // Every state of a row was met.
  EXPECT_GT(due, 20);
  EXPECT_GT(sending, 20);
  EXPECT_GT(retrying, 0);
}

INSTANTIATE_TEST_SUITE_P(Modes, ApiAlertsUnderCrashes, testing::ValuesIn(kModes),
                         [](const auto& param) { return fmt::format("Mode{}", param.index); });

}  // namespace
}  // namespace outrider::sim
