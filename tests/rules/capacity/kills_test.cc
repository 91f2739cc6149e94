// SPDX-License-Identifier: Apache-2.0
// Kills for memory as kube-state-metrics and cAdvisor tell them: each once, nothing else. A case is
// a list of what changes, minute by minute; what was told is told again in every minute after.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "fmt/format.h"
#include "tests/rules/capacity/stream_world.h"

namespace outrider {
namespace {

constexpr const char* kApp = "namespace=shop,pod=db-0,container=app";
constexpr double kEnds = -1;  // a staleness marker, then nothing
constexpr double kGone = -2;  // the series leaves the windows

// `series`: reason, ended (value: the minute), restarts, events; with a digit behind: another
// series of the same.
struct Change {
  int minute;
  const char* series;
  double value;
};
struct KillCase {
  const char* what;
  std::vector<Change> changes;
  uint64_t kills;
  bool many = false;  // more than 500 containers have restarts and events: they are read in turn
};

Labels LabelsOf(std::string_view series) {
  const std::string_view name = series.substr(0, series.find_first_of("0123456789"));
  std::string metric = "container_oom_events_total";
  std::string labels = fmt::format("{},instance={}", kApp, series.substr(name.size()));
  if (name == "ended") metric = "kube_pod_container_status_last_terminated_timestamp";
  if (name == "restarts") metric = "kube_pod_container_status_restarts_total";
  if (name == "reason") {
    metric = "kube_pod_container_status_last_terminated_reason";
    labels += ",reason=OOMKilled";
  }
  return ParseLabels(labels).With(kMetricName, metric);
}

class Kills : public testing::TestWithParam<KillCase> {
 protected:
  static Timestamp At(int minute) { return kWorldStart + minute * kMinute; }
  void Apply(const Change& change) {
    const Labels labels = LabelsOf(change.series);
    told_.erase(change.series);
    if (change.value == kGone) {
      world_.windows.Forget(labels);
    } else if (change.value == kEnds) {
      world_.windows.Add(labels, At(change.minute), StaleNan());
    } else {
      const bool is_time = std::string_view(change.series).starts_with("ended");
      told_[change.series] = is_time
                                 ? static_cast<double>(At(static_cast<int>(change.value))) / kSecond
                                 : change.value;
    }
  }
  void Scrape(int minute, bool many) {
    world_.Cpu(kApp, At(minute), .5);
    world_.Add("container_memory_working_set_bytes", kApp, At(minute), 300 * kMebi);
    for (const auto& [series, value] : told_) {
      world_.windows.Add(LabelsOf(series), At(minute), value);
    }
    // The others are only there.
    if (!many || minute > 0) return;
    for (int i = 0; i < 600; ++i) {
      for (const char* metric :
           {"container_oom_events_total", "kube_pod_container_status_restarts_total"}) {
        world_.Add(metric, fmt::format("namespace=shop,pod=other-{},container=x", i), At(0), 0);
      }
    }
  }

  StreamWorld world_;
  std::map<std::string, double> told_;
};

TEST_P(Kills, CountOnce) {
  const KillCase& c = GetParam();
  auto engine = world_.Make();
  for (int minute = 0; minute < 60; ++minute) {
    for (const Change& change : c.changes) {
      if (change.minute == minute) Apply(change);
    }
    Scrape(minute, c.many);
    engine->Run(At(minute) + kSecond);
  }
  engine->Run(At(61));
  ASSERT_FALSE(engine->Recommendations().empty());
  EXPECT_EQ(engine->Recommendations()[0].memory.ooms, c.kills) << c.what;
}

INSTANTIATE_TEST_SUITE_P(
    Told, Kills,
    testing::Values(
        KillCase{"one", {{5, "reason", 1}, {5, "ended", 5}, {5, "restarts", 1}}, 1},
        KillCase{
            "two: the reason stays", {{5, "reason", 1}, {5, "ended", 5}, {15, "ended", 15}}, 2},
        KillCase{"the reason alone", {{0, "reason", 0}, {5, "reason", 1}}, 1},
        KillCase{"the reason alone, twice",
                 {{0, "reason", 0}, {5, "reason", 1}, {15, "reason", 0}, {25, "reason", 1}},
                 2},
        KillCase{"the reason and the count of restarts",
                 {{0, "restarts", 0}, {5, "reason", 1}, {5, "restarts", 1}, {15, "restarts", 2}},
                 2},
        KillCase{"exits of another kind follow: the reason's series ends by a marker",
                 {{5, "reason", 1},
                  {5, "ended", 5},
                  {15, "reason", kEnds},
                  {15, "ended", 15},
                  {25, "ended", 25}},
                 1},
        KillCase{"another kind between two kills",
                 {{5, "reason", 1},
                  {5, "ended", 5},
                  {15, "reason", kEnds},
                  {15, "ended", 15},
                  {25, "reason", 1},
                  {25, "ended", 25}},
                 2},
        KillCase{"another kind before, and the reason is read before the time",
                 {{5, "ended", 5}, {15, "reason", 1}, {16, "ended", 15}},
                 1},
        KillCase{"another kind before, and the time is read before the reason",
                 {{5, "ended", 5}, {15, "ended", 15}, {16, "reason", 1}},
                 1},
        KillCase{"cAdvisor's count is read long after kube-state-metrics told of it",
                 {{0, "events", 0}, {5, "reason", 1}, {5, "ended", 5}, {5, "events", 1}},
                 1,
                 true},
        KillCase{"two of cAdvisor's count are read at once",
                 {{0, "events", 0}, {3, "events", 1}, {10, "events", 2}},
                 2,
                 true},
        KillCase{"cAdvisor's count begins anew before it is read",
                 {{0, "events", 0}, {18, "events", 1}, {20, "events", 0}},
                 1,
                 true},
        KillCase{"the count of restarts is read long after the reason",
                 {{0, "reason", 0}, {0, "restarts", 0}, {5, "reason", 1}, {5, "restarts", 1}},
                 1,
                 true},
        KillCase{"one of two series of the reason leaves",
                 {{5, "reason", 1},
                  {5, "reason2", 1},
                  {5, "ended", 5},
                  {5, "ended2", 5},
                  {15, "reason2", kGone},
                  {15, "ended2", kGone}},
                 1},
        KillCase{"kube-state-metrics restarts: everything is told again by others",
                 {{5, "reason", 1},
                  {5, "ended", 5},
                  {15, "reason", kEnds},
                  {15, "ended", kEnds},
                  {16, "reason2", 1},
                  {16, "ended2", 5},
                  {40, "reason", kGone},
                  {40, "ended", kGone}},
                 1},
        KillCase{"… without times",
                 {{0, "reason", 0}, {5, "reason", 1}, {15, "reason", kEnds}, {16, "reason2", 1}},
                 1}));

// A container that dies before its first sample of use, again and again.
TEST(KillsBeforeUse, AreKept) {
  for (const bool with_owner : {true, false}) {
    StreamWorld world;
    auto engine = world.Make();
    const auto at = [](int minute) { return kWorldStart + minute * kMinute; };
    for (int minute = 0; minute < 30; ++minute) {
      const Labels reason = LabelsOf("reason");
      if (with_owner) {
        world.Add("kube_pod_owner", "namespace=shop,pod=db-0,owner_kind=StatefulSet,owner_name=db",
                  at(minute), 1);
      } else {
        world.Add("kube_pod_owner", "namespace=shop,pod=x,owner_kind=StatefulSet,owner_name=x",
                  at(minute), 1);
      }
      world.Add("kube_pod_container_resource_limits", fmt::format("{},resource=memory", kApp),
                at(minute), 512 * kMebi);
      if (minute >= 1) {
        const double ended = static_cast<double>(at(minute < 10 ? 1 : 10)) / kSecond;
        world.windows.Add(reason, at(minute), 1);
        world.windows.Add(LabelsOf("ended"), at(minute), ended);
      }
      if (minute >= 20) {
        world.Cpu(kApp, at(minute), .5);
        world.Add("container_memory_working_set_bytes", kApp, at(minute), 100 * kMebi);
      }
      engine->Run(at(minute) + kSecond);
    }
    engine->Run(at(31));
    const auto recommendations = engine->Recommendations();
    ASSERT_FALSE(recommendations.empty());
    const ResourceAdvice& memory = recommendations[0].memory;
    EXPECT_EQ(memory.ooms, 2U) << with_owner;
    EXPECT_DOUBLE_EQ(memory.recommended.target, 640 * kMebi) << with_owner;
  }
}

}  // namespace
}  // namespace outrider
