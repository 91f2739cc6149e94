// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_heartbeats.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_health.h"
#include "notifiers/desk/own_alerts.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

const HeartbeatConfig* FindConfig(const Transaction& tx, const std::string& name) {
  for (const HeartbeatConfig& heartbeat : tx.plan().config().around.heartbeats) {
    if (heartbeat.name == name) return &heartbeat;
  }
  return nullptr;
}

DurationMs PatienceOf(const HeartbeatConfig& config) { return config.interval + config.grace; }

Nanos DueAfter(const HeartbeatState& state, DurationMs patience) {
  return std::max(state.last_beat, state.since) + patience * kNanosPerMilli + 1;
}

Nanos DueAt(const HeartbeatConfig& config, const HeartbeatState& state) {
  return DueAfter(state, PatienceOf(config));
}

void Raise(Transaction& tx, const HeartbeatConfig& config, Nanos now) {
  const HeartbeatState& state = *tx.heartbeats.Find(config.name);
  Annotations annotations;
  annotations["summary"] =
      state.last_beat == 0
          ? fmt::format("heartbeat {} was never heard", config.name)
          : fmt::format("heartbeat {} is missing, last heard at {}", config.name,
                        FormatRfc3339(state.last_beat / kNanosPerSecond * kNanosPerSecond));
  annotations["description"] =
      fmt::format("It is expected every {}, with {} of grace.", FormatDuration(config.interval),
                  FormatDuration(config.grace));
  if (!config.policy.empty()) annotations["outrider_escalation"] = config.policy;
  const uint64_t alert =
      RaiseAlert(tx, HeartbeatLabels(tx, config, kHeartbeatMissed), annotations, now);
  tx.heartbeats.Edit(config.name).alert = alert;
}

void SetDue(Transaction& tx, const HeartbeatConfig& config) {
  const HeartbeatState& state = *tx.heartbeats.Find(config.name);
  if (state.missing_since != 0) {
    tx.CancelTimer(TimerKind::kHeartbeat, config.name);
  } else {
    tx.SetTimer(TimerKind::kHeartbeat, config.name, DueAt(config, state));
  }
}

void Forget(Transaction& tx, const std::string& name, Nanos now) {
  const HeartbeatState state = *tx.heartbeats.Find(name);
  if (state.missing_since != 0) EndAlert(tx, state.alert, now);
  if (state.failing_since != 0) EndAlert(tx, state.failing_alert, now);
  tx.CancelTimer(TimerKind::kHeartbeat, name);
  tx.heartbeats.Erase(name);
}

// It was not overdue, and its interval or grace was made shorter: who beats has heard of that now
// at best.
bool BecameShorter(const HeartbeatConfig& config, const HeartbeatState& state, Nanos now) {
  return PatienceOf(config) < state.patience && DueAfter(state, state.patience) > now;
}

// How long nobody could hear a beat before this start. Whole if nothing is known of the time
// before.
int64_t Downtime(const Transaction& tx, Nanos now) {
  Nanos lived = tx.state().lived;
  tx.heartbeats.ForEach([&](const std::string&, const HeartbeatState& state) {
    lived = std::max(lived, state.last_beat);
  });
  return std::max<int64_t>(now - lived, 0);
}

// It gets the time back in which it could not be heard, and no more: a daemon that is restarted
// more often than a heartbeat is due would never miss it.
Nanos SinceAfter(const HeartbeatState& state, int64_t downtime, Nanos now) {
  return std::min(now, std::max(state.last_beat, state.since) + downtime);
}

// `downtime`: before this start; nullopt: it is none.
void Settle(Transaction& tx, const HeartbeatConfig& config, std::optional<int64_t> downtime,
            Nanos now) {
  const HeartbeatState* known = tx.heartbeats.Find(config.name);
  if (known == nullptr) {
    HeartbeatState fresh;
    fresh.since = now;
    fresh.patience = PatienceOf(config);
    tx.heartbeats.Put(config.name, std::move(fresh));
  } else if (downtime || known->patience != PatienceOf(config)) {
    HeartbeatState& edited = tx.heartbeats.Edit(config.name);
    if (downtime) edited.since = SinceAfter(edited, *downtime, now);
    if (BecameShorter(config, edited, now)) edited.since = now;
    edited.patience = PatienceOf(config);
  }
  const HeartbeatState state = *tx.heartbeats.Find(config.name);
  if (state.missing_since != 0 &&
      state.alert != HeartbeatLabels(tx, config, kHeartbeatMissed).Fingerprint()) {
    EndAlert(tx, state.alert, now);  // it is another one as configured now
    Raise(tx, config, now);
  }
  SettleHealth(tx, config, now);
  SetDue(tx, config);
}

bool MatchesViews(std::span<const Matcher> matchers, std::span<const LabelView> labels) {
  return std::all_of(matchers.begin(), matchers.end(), [&](const Matcher& matcher) {
    const auto found = std::find_if(labels.begin(), labels.end(), [&](const LabelView& label) {
      return label.name == matcher.name();
    });
    return matcher.Matches(found == labels.end() ? std::string_view() : found->value);
  });
}

}  // namespace

Status TakeBeat(Transaction& tx, const std::string& name, const BeatResult* result,
                const std::string& channel, Nanos now) {
  const HeartbeatConfig* config = FindConfig(tx, name);
  if (config == nullptr || tx.heartbeats.Find(name) == nullptr) {
    return NotFound(fmt::format("no heartbeat {}", Quote(name)));
  }
  if (result != nullptr) TakeResult(tx, *config, *result, channel, now);
  HeartbeatState& state = tx.heartbeats.Edit(name);
  state.last_beat = std::max(state.last_beat, now);       // the clock may have been set back
  if (state.missing_since == 0) return absl::OkStatus();  // the timer looks again when it is due
  AuditHeartbeat(
      tx, name, AuditKind::kHeartbeatBack, channel,
      fmt::format("after {}", FormatDuration((now - state.missing_since) / kNanosPerMilli)), now);
  const uint64_t alert = state.alert;
  state.missing_since = 0;
  state.alert = 0;
  EndAlert(tx, alert, now);
  SetDue(tx, *config);
  tx.RequireSync();
  return absl::OkStatus();
}

std::vector<std::string> BeatsOf(const Transaction& tx, std::span<const LabelView> labels) {
  std::vector<std::string> names;
  for (const HeartbeatConfig& config : tx.plan().config().around.heartbeats) {
    if (!config.alert.empty() && MatchesViews(config.alert, labels)) names.push_back(config.name);
  }
  return names;
}

void OnHeartbeatTimer(Transaction& tx, const std::string& name, Nanos due) {
  tx.CancelTimer(TimerKind::kHeartbeat, name);
  const HeartbeatConfig* config = FindConfig(tx, name);
  const HeartbeatState* state = tx.heartbeats.Find(name);
  if (config == nullptr || state == nullptr || state->missing_since != 0) return;
  if (DueAt(*config, *state) > due) return SetDue(tx, *config);  // it was heard meanwhile
  tx.heartbeats.Edit(name).missing_since = due;
  AuditHeartbeat(tx, name, AuditKind::kHeartbeatMissed, "",
                 fmt::format("expected every {} and {} of grace", FormatDuration(config->interval),
                             FormatDuration(config->grace)),
                 due);
  Raise(tx, *config, due);
}

void SettleHeartbeats(Transaction& tx, bool start, Nanos now) {
  std::vector<std::string> gone;
  tx.heartbeats.ForEach([&](const std::string& name, const HeartbeatState&) {
    if (FindConfig(tx, name) == nullptr) gone.push_back(name);
  });
  std::optional<int64_t> downtime;
  if (start) downtime = Downtime(tx, now);
  for (const std::string& name : gone) Forget(tx, name, now);
  for (const HeartbeatConfig& config : tx.plan().config().around.heartbeats) {
    Settle(tx, config, downtime, now);
  }
}

}  // namespace outrider
