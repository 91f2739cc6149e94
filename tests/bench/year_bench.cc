// SPDX-License-Identifier: Apache-2.0
// A year of a team of twenty people with fifty incidents a day: alerts, pages by escalation,
// rotations and contact rules, acknowledgements, SLA clocks, through the real desk, dispatcher and
// RocksDB in virtual time. CPU time is what counts; state lies in the temporary directory, or in
// the one that OUTRIDER_BENCH_DIR names (one in memory spares the wait for a disk).
//   OUTRIDER_BENCH_DIR=/dev/shm year_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <queue>

#include "notifiers/config/incidents_config.h"
#include "notifiers/desk/desk.h"
#include "notifiers/oncall/schedule_config.h"
#include "notifiers/outbox/dispatcher.h"
#include "storage/base/log.h"
#include "storage/state/rocksdb_store.h"
#include "tests/support/fake_clock.h"

namespace outrider {
namespace {

constexpr Nanos kStart = 1'767'571'200LL * kNanosPerSecond;  // 2026-01-05T00:00:00Z
constexpr Nanos kDayLong = kDay * kNanosPerMilli;
constexpr int kPeople = 20;
constexpr int kIncidentsADay = 50;
constexpr const char* kSeverityOf[] = {"critical", "high", "high", "medium", "medium",
                                       "medium",   "low",  "low",  "low",    "low"};

class CountingChannel final : public Channel {
 public:
  CountingChannel(uint64_t& count, bool idempotent) : count_(count), idempotent_(idempotent) {}
  SendResult Send(const Notification& notification) override {
    if (!notification.incident_id.empty()) ++count_;
    return SendResult::Delivered();
  }
  bool Idempotent() const override { return idempotent_; }

 private:
  uint64_t& count_;
  bool idempotent_;
};

std::string Names(int from, int to) {
  std::string names;
  for (int i = from; i < to; ++i) names += fmt::format("{}p{}", i == from ? "" : ", ", i);
  return names;
}

std::string FileText() {
  std::string text = "group_by: [alertname, service]\nusers:\n";
  for (int i = 0; i < kPeople; ++i) {
    text += fmt::format(
        "- name: p{}\n  time_zone: Europe/Berlin\n"
        "  twilio_sms_configs: [{{to: \"+4917{:02}\"}}]\n  email_configs: [{{to: "
        "p{}@example.org}}]\n"
        "  ntfy_configs: [{{topic: p{}}}]\n"
        "  rules:\n    default: [{{method: \"email[0]\"}}, {{method: sms, wait: 10m}}]\n"
        "    important: [{{method: \"ntfy[0]\"}}, {{method: sms, wait: 1m}}, "
        "{{method: \"email[0]\", wait: 5m}}]\n"
        "  quiet_hours: [{{severities: [low], hours: [\"22:00-07:00\"]}}]\n",
        i, i, i, i);
  }
  text += fmt::format(
      "teams:\n- {{name: web, members: [{}], lead: p0}}\n- {{name: db, members: [{}], lead: p10}}\n"
      "schedules:\n"
      "- name: primary\n  time_zone: Europe/Berlin\n  layers:\n"
      "  - {{users: [{}], start: 2026-01-05T09:00}}\n"
      "  - {{users: [{}], rotation: daily, start: 2026-01-05, hours: [{{from: \"22:00\", to: "
      "\"06:00\"}}]}}\n"
      "  fallback: [p0]\n"
      "- name: second\n  time_zone: America/New_York\n  layers:\n"
      "  - {{users: [{}], rotation: daily, start: 2026-01-04T09:00}}\n",
      Names(0, 10), Names(10, 20), Names(0, 10), Names(10, 20), Names(5, 15));
  text +=
      "escalation_policies:\n"
      "- name: urgent\n  severities: [critical, high]\n  fallback: [\"lead:web\"]\n"
      "  repeat: 2\n  repeat_interval: 15m\n"
      "  tiers: [{delay: 0s, schedules: [primary]}, {delay: 5m, schedules: [second]}, "
      "{delay: 15m, targets: [\"lead:web\", \"team:db\"], round_robin: true}]\n"
      "- name: usual\n  severities: [medium, low]\n"
      "  tiers: [{delay: 0s, schedules: [primary]}, {delay: 30m, schedules: [second]}]\n"
      "attention:\n  critical: {acknowledge_timeout: 1h, confirm_within: 15m}\n"
      "calendars:\n- name: office\n  time_zone: Europe/Berlin\n"
      "  hours: [{weekdays: [monday, tuesday, wednesday, thursday, friday], from: \"09:00\", "
      "to: \"17:00\"}]\n"
      "sla:\n  low: {calendar: office}\n";
  return text;
}

DeskConfig MakeConfig(uint64_t& pages) {
  DeskConfig config;
  config.alertmanager.route.receiver = "team";
  config.alertmanager.route.key = "{}";
  config.alertmanager.route.group_by = {"alertname", "service"};
  config.incidents = ParseIncidentsConfig(FileText(), "incidents.yml").value();
  std::set<std::string> users;
  std::vector<Receiver> receivers(1);
  receivers[0].name = "team";
  const auto add = [&](Receiver& receiver, const char* kind) {
    Integration integration;
    integration.kind = kind;
    integration.channel =
        std::make_unique<CountingChannel>(pages, std::string_view(kind) != "twilio_sms");
    receiver.integrations.push_back(std::move(integration));
  };
  add(receivers[0], "webhook");
  for (const UserConfig& user : config.incidents.users) {
    users.insert(user.name);
    receivers.emplace_back().name = "user:" + user.name;
    for (const char* kind : {"twilio_sms", "email", "ntfy"}) add(receivers.back(), kind);
  }
  config.receivers = std::make_shared<const Receivers>(std::move(receivers));
  config.schedules = ParseSchedules(&config.incidents.schedules, "incidents.yml", users).value();
  return config;
}

// What is still to happen: an alert begins or ends, somebody answers.
struct Event {
  Nanos time = 0;
  int kind = 0;  // 0: begins, 1: answered, 2: ends
  int number = 0;
  friend bool operator>(const Event& a, const Event& b) { return a.time > b.time; }
};

class Year {
 public:
  Year() {
    SetUpLog(LogLevel::kError, LogFormat::kLogfmt);
    std::filesystem::remove_all(path_);
    store_ = OpenRocksDbStore(path_.string(), {}).value();
    desk_ = Desk::Load(*store_, random_, MakeConfig(pages), kStart).value();
    dispatcher_ = std::make_unique<Dispatcher>(*desk_, clock_);
  }
  ~Year() {
    dispatcher_.reset();
    desk_.reset();
    store_.reset();
    std::filesystem::remove_all(path_);
  }

  void Run(int days) {
    for (int i = 0; i < days * kIncidentsADay; ++i) {
      const auto at = static_cast<Nanos>(random_.Unit() * static_cast<double>(days * kDayLong));
      events_.push({kStart + at, 0, i});
    }
    const Nanos end = kStart + days * kDayLong;
    while (clock_.NowNanos() < end) {
      Nanos next = end;
      if (!events_.empty()) next = std::min(next, events_.top().time);
      if (const auto due = desk_->NextDue()) next = std::min(next, *due);
      if (const auto due = desk_->NextMessageDue()) next = std::min(next, *due);
      clock_.Set(std::max(next, clock_.NowNanos() + 1));
      while (!events_.empty() && events_.top().time <= clock_.NowNanos()) {
        const Event event = events_.top();
        events_.pop();
        Happen(event);
      }
      if (!desk_->Tick(clock_.NowNanos()).ok()) std::abort();
      dispatcher_->RunOnce(clock_.NowNanos());
    }
  }

  uint64_t pages = 0;
  uint64_t answers = 0;
  uint64_t commits() const { return store_->Stats().commits; }
  DeskStats Stats() const { return desk_->Stats(clock_.NowNanos()); }

 private:
  Nanos Minutes(double most) { return static_cast<Nanos>(random_.Unit() * most * 60e9); }

  void Happen(const Event& event) {
    const Nanos now = clock_.NowNanos();
    if (event.kind == 1) return Answer(event.number);
    Alert alert;
    const std::string name = fmt::format("Alert{}", event.number);
    const std::string service = fmt::format("service{}", event.number % 37);
    alert.labels = Labels(
        {{kAlertName, name}, {"service", service}, {"severity", kSeverityOf[event.number % 10]}});
    alert.annotations["summary"] = "something is wrong with " + service;
    alert.starts_at = {now, 0};
    alert.updated_at = now;
    if (event.kind == 2) {
      alert.ends_at = {now, 0};
      alert.starts_at = {now - kNanosPerSecond, 0};
    }
    if (!desk_->OnAlerts({&alert, 1}, {}, now).ok()) std::abort();
    if (event.kind == 2) return;
    const Labels group = IncidentGroupLabels(desk_->config()->incidents, alert.labels);
    ids_[event.number] = MakeIncidentId(group.ToString(), now, 0);
    // Four of five are answered, most of them soon; alerts last up to four hours.
    if (random_.Unit() < 0.8) events_.push({now + Minutes(25), 1, event.number});
    events_.push({now + Minutes(240), 2, event.number});
  }

  void Answer(int number) {
    const HumanAction by{
        .incident_id = ids_[number], .who = "p1", .channel = "sms", .note = "on it"};
    // One that has ended by itself meanwhile is refused.
    if (desk_->Acknowledge(by, clock_.NowNanos()).ok()) ++answers;
  }

  static std::filesystem::path Directory() {
    const char* wanted = std::getenv("OUTRIDER_BENCH_DIR");  // NOLINT(concurrency-mt-unsafe)
    const std::filesystem::path root =
        wanted == nullptr ? std::filesystem::temp_directory_path() : std::filesystem::path(wanted);
    return root / fmt::format("outrider-year-{}", getpid());
  }

  const std::filesystem::path path_ = Directory();
  FakeClock clock_{kStart};
  SeededRandom random_{1};
  std::unique_ptr<StateStore> store_;
  std::unique_ptr<Desk> desk_;
  std::unique_ptr<Dispatcher> dispatcher_;
  std::map<int, std::string> ids_;  // of incidents
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
};

// CPU of the whole process, RocksDB's threads included: MeasureProcessCPUTime.
void TwentyPeople(benchmark::State& state) {
  for (auto unused : state) {
    Year year;
    year.Run(static_cast<int>(state.range(0)));
    const DeskStats stats = year.Stats();
    uint64_t breaches = 0;
    for (const auto& [key, view] : stats.sla) breaches += view.breaches;
    state.counters["pages"] = static_cast<double>(year.pages);
    state.counters["answers"] = static_cast<double>(year.answers);
    state.counters["breaches"] = static_cast<double>(breaches);
    state.counters["commits"] = static_cast<double>(year.commits());
  }
}
BENCHMARK(TwentyPeople)
    ->Arg(7)
    ->Arg(365)
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace outrider

BENCHMARK_MAIN();
