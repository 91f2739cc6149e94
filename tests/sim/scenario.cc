// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/random.h"

namespace outrider::sim {
namespace {

struct Line {
  int day;
  int seconds;  // after nine o'clock
  StepKind kind;
  const char* alert;
  const char* severity = "";
  DurationMs length = 0;
};

constexpr int kMin = 60;
using K = StepKind;
// Adding a story is adding lines.
constexpr Line kStories[] = {
    // Acknowledged in time, ends by itself.
    {0, 0, K::kFire, "Quick", "critical"},
    {0, 3 * kMin, K::kAcknowledge, "Quick"},
    {0, 5 * kMin, K::kNote, "Quick"},
    {0, 20 * kMin, K::kEnd, "Quick"},
    // Nobody answers: every tier is paged, both clocks are breached, resolved by hand, ends later.
    {1, 0, K::kFire, "Ignored", "critical"},
    {1, 50 * kMin, K::kResolve, "Ignored"},
    {1, 70 * kMin, K::kEnd, "Ignored"},
    // Ends while it is silenced, fires again afterwards: that is news.
    {1, 120 * kMin, K::kFire, "Hushed", "info"},
    {1, 140 * kMin, K::kSilence, "Hushed", "", 60 * kMinute},
    {1, 150 * kMin, K::kEnd, "Hushed"},
    {1, 210 * kMin, K::kFire, "Hushed", "info"},
    {1, 230 * kMin, K::kEnd, "Hushed"},
    // Late acknowledgement, investigation, too long to resolve; a warning of another name fires as
    // long as a repeat.
    {2, 0, K::kFire, "Slow", "critical"},
    {2, 6 * kMin, K::kAcknowledge, "Slow"},
    {2, 10 * kMin, K::kInvestigate, "Slow"},
    {2, 15 * kMin, K::kFire, "Nagging", "warning"},
    {2, 120 * kMin, K::kEnd, "Slow"},
    {2, 560 * kMin, K::kEnd, "Nagging"},
    // The pager is broken until after somebody acknowledged: it must stay silent.
    {3, 0, K::kFire, "Unreachable", "critical"},
    {3, 3 * kMin, K::kAcknowledge, "Unreachable"},
    {3, 30 * kMin, K::kEnd, "Unreachable"},
    // Silenced for an hour; the incident opens when the silence ends.
    {4, 0, K::kSilence, "Muted", "", 60 * kMinute},
    {4, 10 * kMin, K::kFire, "Muted", "critical"},
    {4, 80 * kMin, K::kAcknowledge, "Muted"},
    {4, 100 * kMin, K::kEnd, "Muted"},
    // Silenced while it is open: nobody is paged until the silence ends.
    {4, 120 * kMin, K::kFire, "Repairs", "critical"},
    {4, 121 * kMin, K::kSilence, "Repairs", "", 20 * kMinute},
    {4, 145 * kMin, K::kAcknowledge, "Repairs"},
    {4, 146 * kMin, K::kEnd, "Repairs"},
    // Comes back within the reopen window, is un-acknowledged and paged again.
    {5, 0, K::kFire, "Flapping", "critical"},
    {5, 2 * kMin, K::kAcknowledge, "Flapping"},
    {5, 8 * kMin, K::kEnd, "Flapping"},
    {5, 11 * kMin, K::kFire, "Flapping", "critical"},
    {5, 12 * kMin, K::kAcknowledge, "Flapping"},
    {5, 13 * kMin, K::kUnacknowledge, "Flapping"},
    {5, 14 * kMin, K::kInvestigate, "Flapping"},
    {5, 30 * kMin, K::kEnd, "Flapping"},
    // One inhibits the other; two in one group.
    {6, 0, K::kFire, "Source", "critical"},
    {6, 1 * kMin, K::kFire, "Target", "warning"},
    {6, 4 * kMin, K::kAcknowledge, "Source"},
    {6, 15 * kMin, K::kEnd, "Source"},
    {6, 40 * kMin, K::kEnd, "Target"},
};

void AddRandom(uint64_t seed, int extra, Scenario* scenario) {
  SeededRandom random(seed);
  for (int i = 0; i < extra; ++i) {
    const std::string name = fmt::format("Random{}", i);
    Nanos time = kStart + static_cast<Nanos>(random.Unit() * 6.5 * static_cast<double>(kDay)) *
                              kNanosPerMilli;
    scenario->steps.push_back(
        {time, K::kFire, name, random.Unit() < 0.5 ? "critical" : "warning", 0});
    time += static_cast<Nanos>(60 + random.Unit() * 1200) * kNanosPerSecond;
    if (random.Unit() < 0.7) scenario->steps.push_back({time, K::kAcknowledge, name, "", 0});
    time += static_cast<Nanos>(60 + random.Unit() * 7200) * kNanosPerSecond;
    scenario->steps.push_back({time, random.Unit() < 0.3 ? K::kResolve : K::kNote, name, "", 0});
    time += static_cast<Nanos>(60 + random.Unit() * 3600) * kNanosPerSecond;
    scenario->steps.push_back({time, K::kEnd, name, "", 0});
  }
}

}  // namespace

Scenario MakeWeek(uint64_t seed, int extra) {
  Scenario scenario;
  const auto at = [](int day, int seconds) {
    return kStart + (day * kDay + 9 * kHour) * kNanosPerMilli + seconds * kNanosPerSecond;
  };
  for (const Line& line : kStories) {
    scenario.steps.push_back(
        {at(line.day, line.seconds), line.kind, line.alert, line.severity, line.length});
  }
  AddRandom(seed, extra, &scenario);
  std::stable_sort(scenario.steps.begin(), scenario.steps.end(),
                   [](const Step& a, const Step& b) { return a.time < b.time; });
  scenario.outages = {{"pager/sms[0]", at(3, 0), at(3, 200)},
                      {"team/webhook[0]", at(0, 20), at(0, 40)},
                      {"team/email[0]", at(2, 0), at(2, 45)},
                      {"pager/sms[0]", at(1, 0), at(1, 10)}};
  scenario.end = kStart + 7 * kDay * kNanosPerMilli;
  return scenario;
}

}  // namespace outrider::sim
