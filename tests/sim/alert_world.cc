// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/alert_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "notifiers/relay/relay.h"
#include "rules/alerting/rule_manager.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/random.h"
#include "storage/state/memory_store.h"
#include "storage/state/row_codec.h"
#include "storage/window/windows.h"
#include "tests/support/fake_clock.h"

namespace outrider::sim {
namespace {

constexpr Timestamp kBegin = 1'700'000'000'000;

int64_t Below(SeededRandom& random, int64_t bound) {
  return static_cast<int64_t>(random.Next() % static_cast<uint64_t>(bound));
}

std::string KeyOf(std::string_view rule, std::string_view series) {
  return std::string(rule) + "/" + std::string(series);
}

// What is told stands on the disk in the batch of the rule's own rows, as the desk's messages do.
class OutboxSink final : public AlertSink {
 public:
  explicit OutboxSink(StateStore& store) : store_(store) {}
  Status OnAlerts(std::span<const Alert> alerts, Batch rows, Nanos now) override {
    for (const Alert& alert : alerts) {
      rows.Put(Family::kOutbox,
               BigEndian64(static_cast<uint64_t>(now)) + (alert.ResolvedAt(now) ? "R" : "F") +
                   KeyOf(alert.labels.Get(kAlertName), alert.labels.Get("i")),
               "");
    }
    return store_.Commit(rows, Durability::kSynced);
  }

 private:
  StateStore& store_;
};

class RecordingHttp final : public HttpClient {
 public:
  RecordingHttp(const Clock& clock, AlertReport& report) : clock_(clock), report_(report) {}
  StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) override {
    const Timestamp ts = clock_.Now();
    const auto body = ParseJson(request.body);
    if (!body.ok()) return body.status();
    for (const JsonValue& alert : body->items) {
      const JsonValue* labels = alert.Find("labels");
      Post post{ts, alert.GetString("startsAt"), alert.GetString("endsAt"), false};
      post.resolved = post.ends_at <= FormatRfc3339(ts * kNanosPerMilli);
      report_.posts[KeyOf(labels->GetString("alertname"), labels->GetString("i"))].push_back(post);
    }
    return HttpClientResponse{200, "", false, {}};
  }

 private:
  const Clock& clock_;
  AlertReport& report_;
};

promql::EngineOptions OptionsFor(const AlertHistory& history) {
  promql::EngineOptions options;
  options.lookback = std::max(5 * kMinute, 3 * history.interval);
  return options;
}

RelayConfig OneTarget() {
  RelayConfig config;
  config.targets.push_back({.url = "http://a/api/v2/alerts", .http = {}, .alert_relabel = {}});
  return config;
}

std::string RulesOf(const AlertHistory& history) {
  std::string text = fmt::format("groups:\n- name: g\n  interval: {}\n  rules:\n",
                                 FormatDuration(history.interval));
  for (size_t i = 0; i < history.holds.size(); ++i) {
    text += fmt::format("  - {{alert: R{0}, expr: m{0} == 1, for: {1}, keep_firing_for: {2}}}\n", i,
                        FormatDuration(history.holds[i]), FormatDuration(history.keeps[i]));
  }
  return text;
}

class World {
 public:
  World(const AlertHistory& history, const AlertCrash& crash)
      : history_(history), crash_(crash), http_(clock_, report_) {
    Start({crash.fault, crash.at});
  }

  AlertReport Run() {
    const Timestamp end = kBegin + history_.steps * history_.interval + crash_.length;
    while (true) {
      const Timestamp due = process_->manager.NextDue();
      if (due > end) break;
      Feed(due - kSecond);
      clock_.Set(due * kNanosPerMilli);
      process_->manager.RunDue(due);
      if (!process_->store.crashed()) process_->relay.SendAll();
      Note(due);
      if (process_->store.crashed()) {
        report_.crashed_at = due;
        for (DurationMs t = 0; t < crash_.downtime; t += 15 * kSecond) Feed(due + t);
        clock_.Set((due + crash_.downtime) * kNanosPerMilli);
        Start({});
      } else if (crash_.restart_always) {
        Start({});
      }
    }
    Finish();
    return std::move(report_);
  }

 private:
  struct Process {
    Process(World& world, const StoreFaultPlan& plan)
        : store(world.disk_, plan),
          engine(OptionsFor(world.history_), world.clock_),
          sink(store),
          relay(OneTarget(), world.http_, store, world.clock_),
          manager({engine, world.windows_, world.windows_, sink, store, world.clock_, &relay}, {}) {
    }
    FaultyStore store;
    promql::Engine engine;
    OutboxSink sink;
    Relay relay;
    RuleManager manager;
  };

  void Start(const StoreFaultPlan& plan) {
    process_.reset();
    process_ = std::make_unique<Process>(*this, plan);
    commits_seen_ = 0;
    Check(process_->relay.Restore());
    std::vector<RuleFile> files;
    files.push_back(ParseRuleFile(RulesOf(history_), "f.yml").value());
    Check(process_->manager.Apply(std::move(files), {}));
    process_->relay.SendAll();
  }

  // A test that cannot start shows nothing.
  static void Check(const Status& status) {
    if (!status.ok()) std::abort();
  }

  bool Holds(const AlertHistory::Series& series, Timestamp t) const {
    if (t > crash_.from) t = std::max(crash_.from, t - crash_.length);
    const int64_t step = (t - kBegin) / history_.interval;
    return (std::ranges::upper_bound(series.toggles, step) - series.toggles.begin()) % 2 == 1;
  }

  void Feed(Timestamp t) {
    if (t <= fed_) return;
    fed_ = t;
    for (size_t i = 0; i < history_.series.size(); ++i) {
      const AlertHistory::Series& series = history_.series[i];
      const LabeledSample sample{
          Labels{{"__name__", fmt::format("m{}", series.rule)}, {"i", fmt::to_string(i)}},
          {t, Holds(series, t) ? 1.0 : 0.0}};
      windows_.AppendBatch({&sample, 1}, Origin::kRemote, t);
    }
  }

  void Note(Timestamp due) {
    for (; commits_seen_ < process_->store.commits(); ++commits_seen_) {
      report_.commits.push_back(due);
    }
    std::map<std::string, std::string> now;
    for (const RuleView& rule : process_->manager.Snapshot()[0]->rules) {
      for (const AlertPtr& alert : rule.alerts) {
        if (alert->state == AlertState::kInactive) continue;
        now[KeyOf(alert->labels.Get(kAlertName), alert->labels.Get("i"))] = fmt::format(
            "{} {} {}", AlertStateText(alert->state), alert->active_at, alert->keep_firing_since);
      }
    }
    for (const auto& [key, state] : now) {
      const auto before = states_.find(key);
      if (before == states_.end() || before->second != state) report_.changes[due].insert(key);
    }
    for (const auto& [key, state] : states_) {
      if (!now.contains(key)) report_.changes[due].insert(key);
    }
    states_ = std::move(now);
  }

  void Finish() {
    Check(disk_.Scan(Family::kOutbox, "", "", [&](const Row& row) {
      const auto nanos = static_cast<Nanos>(ReadBigEndian64(row.key));
      report_.told[row.key.substr(9)].push_back({nanos / kNanosPerMilli, row.key[8] == 'R'});
      return true;
    }));
    Check(disk_.Scan(Family::kRules, "", "", [&](const Row& row) {
      const auto decoded = DecodeAlertRow(row);
      report_.active_rows += decoded.ok() && decoded->alert->state != AlertState::kInactive;
      return true;
    }));
    Check(disk_.Scan(Family::kRelay, "", "", [&](const Row&) { return ++report_.relay_rows > 0; }));
    SeriesSet set;
    const Matcher ours = Matcher::Create(MatchType::kRegex, "__name__", "ALERTS.*").value();
    Check(windows_.Select({&ours, 1}, 0, fed_ + kDay, 100'000'000, &set));
    for (const SeriesSet::Row& row : set.rows) {
      std::vector<Sample>& samples = report_.series[row.labels.All()];
      for (size_t i = row.begin; i < row.end; ++i) {
        samples.push_back({set.times[i], set.values[i]});
      }
    }
  }

  const AlertHistory& history_;
  const AlertCrash crash_;
  AlertReport report_;
  FakeClock clock_{kBegin * kNanosPerMilli};
  RecordingHttp http_;
  Windows windows_{
      {.retention = 100 * 365 * kDay, .unreferenced_retention = 100 * 365 * kDay, .seed = 1}};
  MemoryStore disk_;
  std::unique_ptr<Process> process_;
  std::map<std::string, std::string> states_;
  uint64_t commits_seen_ = 0;
  Timestamp fed_ = 0;
};

}  // namespace

AlertHistory RandomHistory(uint64_t seed, DurationMs interval) {
  SeededRandom random(seed);
  AlertHistory history;
  history.interval = interval;
  const auto clock = [&] {  // 0 one time in three
    const int64_t units = std::max<int64_t>(Below(random, 9) - 2, 0);
    return units == 0 ? 0 : ((units - 1) * kTruthUnit + 3) * interval;
  };
  for (size_t rule = 0; rule < 4; ++rule) {
    history.holds.push_back(clock());
    history.keeps.push_back(clock());
    for (int i = 0; i < 2; ++i) {
      AlertHistory::Series series{rule, {}};
      int64_t at = Below(random, kTruthUnit);
      for (int64_t toggle = 0; toggle < 8; ++toggle) {
        at += kTruthUnit * (1 + Below(random, 5));
        series.toggles.push_back(at);
      }
      history.steps = std::max(history.steps, at);
      history.series.push_back(std::move(series));
    }
  }
  // Time for every keep_firing_for, and for resolved alerts to be forgotten.
  history.steps += kTruthUnit * 8 + 30 * kMinute / interval;
  return history;
}

AlertReport RunAlerts(const AlertHistory& history, const AlertCrash& crash) {
  return World(history, crash).Run();
}

}  // namespace outrider::sim
