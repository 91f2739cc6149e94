// SPDX-License-Identifier: Apache-2.0
// Issue 9's figures of escalation: choosing one of 1,000 policies, who is on call at any date of
// ten years, and a storm of 10,000 alerts of 50 causes within a minute: how many messages, and how
// long the first page takes from the alert to the channel.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "notifiers/config/paging_config.h"
#include "notifiers/config/policy_index.h"
#include "notifiers/desk/desk.h"
#include "notifiers/oncall/local_time.h"
#include "notifiers/oncall/schedule.h"
#include "notifiers/outbox/dispatcher.h"
#include "storage/base/random.h"
#include "storage/state/memory_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Nanos kT0 = 1'790'000'000LL * kNanosPerSecond;

// Of every ten policies, one is found by a regular expression alone.
std::vector<EscalationPolicy> ManyPolicies(int count) {
  std::vector<EscalationPolicy> policies;
  for (int i = 0; i < count; ++i) {
    EscalationPolicy& policy = policies.emplace_back();
    policy.name = fmt::format("p{}", i);
    policy.severities = {static_cast<Severity>(i % kSeverityCount)};
    policy.match = {i % 10 == 0
                        ? *Matcher::Create(MatchType::kRegex, "service", fmt::format("s{}.*", i))
                        : Matcher::Equal("team", fmt::format("t{}", i / 3))};
  }
  return policies;
}

Labels LabelsOf(uint64_t team) {
  return Labels({{"alertname", "Down"},
                 {"instance", "10.0.0.1:9100"},
                 {"service", "web"},
                 {"team", fmt::format("t{}", team)}});
}

void EscalationMatch(benchmark::State& state) {
  const auto count = static_cast<int>(state.range(0));
  const PolicyIndex index(ManyPolicies(count), nullptr);
  std::vector<Labels> alerts;
  for (uint64_t i = 0; i < 512; ++i) alerts.push_back(LabelsOf(i * 7 % 400));
  size_t next = 0;
  size_t found = 0;
  for (auto _ : state) {
    const auto severity = static_cast<Severity>(next % kSeverityCount);
    found += index.Choose(severity, alerts[next++ % alerts.size()], kT0) != nullptr ? 1 : 0;
  }
  state.counters["found"] = static_cast<double>(found) / static_cast<double>(state.iterations());
}
BENCHMARK(EscalationMatch)->Arg(10)->Arg(1000)->Arg(10'000);

// Layers by day, week and month with restrictions, overrides: a schedule as teams have them.
Schedule TeamSchedule() {
  Schedule schedule;
  schedule.zone_name = "America/New_York";
  schedule.zone = *FindZone(schedule.zone_name);
  const ShiftUnit units[] = {ShiftUnit::kWeeks, ShiftUnit::kDays, ShiftUnit::kMonths};
  for (int i = 0; i < 3; ++i) {
    Layer layer;
    layer.name = fmt::format("l{}", i);
    layer.priority = i;
    layer.rotation.zone = schedule.zone;
    layer.rotation.start = absl::CivilSecond(2026, 1, 5, 9);
    layer.rotation.unit = units[i];
    layer.rotation.participants = {"anna", "ben", "cleo", "dan"};
    schedule.layers.push_back(std::move(layer));
  }
  for (int i = 0; i < 20; ++i) {
    const Nanos start = kT0 + i * 13 * kDay * kNanosPerMilli;
    schedule.overrides.push_back({.kind = OverrideKind::kReplace,
                                  .user = "eve",
                                  .replaced = "",
                                  .start = start,
                                  .end = start + kDay * kNanosPerMilli,
                                  .reason = ""});
  }
  return schedule;
}

void OnCallLookUp(benchmark::State& state) {
  const Schedule schedule = TeamSchedule();
  SeededRandom random(1);
  std::vector<Nanos> times;
  for (int i = 0; i < 4096; ++i) {
    times.push_back(kT0 + static_cast<Nanos>(random.Unit() * 3650 * kDay) * kNanosPerMilli);
  }
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(OnCallAt(schedule, times[next++ % times.size()]));
  }
}
BENCHMARK(OnCallLookUp);

using WallClock = std::chrono::steady_clock;

// Counts what it is sent, and when the first page came.
struct Sent {
  size_t messages = 0;
  size_t pages = 0;
  WallClock::time_point first_page;
};

class CountingChannel final : public Channel {
 public:
  explicit CountingChannel(Sent& sent) : sent_(sent) {}
  SendResult Send(const Notification& notification) override {
    ++sent_.messages;
    if (notification.incident_id.empty()) return SendResult::Delivered();
    if (sent_.pages++ == 0) sent_.first_page = WallClock::now();
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return true; }

 private:
  Sent& sent_;
};

DeskConfig StormConfig(Sent& sent) {
  DeskConfig config;
  config.alertmanager.route.receiver = "team";
  config.alertmanager.route.key = "{}";
  config.alertmanager.route.group_by = {"alertname"};
  config.incidents = DefaultIncidentsConfig();
  EscalationPolicy policy;
  policy.name = "p";
  policy.tiers.resize(2);
  policy.tiers[0].receivers = {"user:anna"};
  policy.tiers[1].delay = 5 * kMinute;
  policy.tiers[1].receivers = {"user:ben"};
  config.incidents.escalation_policies = {policy};
  std::vector<Receiver> receivers;
  for (const char* name : {"team", "user:anna", "user:ben"}) {
    Receiver& receiver = receivers.emplace_back();
    receiver.name = name;
    Integration& integration = receiver.integrations.emplace_back();
    integration.kind = receiver.name == "team" ? "webhook" : "twilio_sms";
    integration.channel = std::make_unique<CountingChannel>(sent);
  }
  config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  return config;
}

// Everything that is due up to `end`, in order.
void RunUntil(Desk& desk, Dispatcher& dispatcher, FakeClock& clock, Nanos end) {
  while (true) {
    const Nanos now = clock.NowNanos();
    if (!desk.Tick(now).ok()) return;
    dispatcher.RunOnce(now);
    Nanos next = end;
    if (const auto due = desk.NextDue()) next = std::min(next, *due);
    if (const auto due = desk.NextMessageDue()) next = std::min(next, *due);
    if (next >= end && now >= end) return;
    clock.Set(std::max(next, now + 1));
  }
}

// Ten thousand alerts within a minute, a hundred at a time, then five minutes more; all are
// critical, and nobody answers.
void AlertStorm(benchmark::State& state) {
  constexpr int kAlerts = 10'000;
  constexpr int kCauses = 50;
  constexpr int kAtOnce = 100;
  for (auto _ : state) {
    Sent sent;
    FakeClock clock(kT0);
    SeededRandom random(1);
    MemoryStore store;
    auto desk = Desk::Load(store, random, StormConfig(sent), kT0).value();
    Dispatcher dispatcher(*desk, clock);
    const WallClock::time_point begin = WallClock::now();
    for (int first = 0; first < kAlerts; first += kAtOnce) {
      std::vector<Alert> alerts;
      for (int i = first; i < first + kAtOnce; ++i) {
        Alert& alert = alerts.emplace_back();
        alert.labels = Labels({{"alertname", fmt::format("Cause{}", i % kCauses)},
                               {"instance", fmt::format("host{}", i)},
                               {"severity", "critical"}});
        alert.starts_at = {clock.NowNanos(), 0};
        alert.updated_at = clock.NowNanos();
      }
      if (!desk->OnAlerts(alerts, {}, clock.NowNanos()).ok()) state.SkipWithError("failed");
      RunUntil(*desk, dispatcher, clock,
               clock.NowNanos() + kMinute * kNanosPerMilli / (kAlerts / kAtOnce));
    }
    RunUntil(*desk, dispatcher, clock, kT0 + 6 * kMinute * kNanosPerMilli);
    const std::chrono::duration<double> first_page = sent.first_page - begin;
    state.counters["first_page_s"] = first_page.count();
    state.counters["messages"] = static_cast<double>(sent.messages);
    state.counters["pages"] = static_cast<double>(sent.pages);
    state.counters["fewer_%"] = 100 * (1 - static_cast<double>(sent.messages) / kAlerts);
  }
}
BENCHMARK(AlertStorm)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
