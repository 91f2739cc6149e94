// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_health.h"

#include <fmt/format.h>

#include "notifiers/desk/own_alerts.h"
#include "notifiers/incident/outage.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

std::string WholeSecond(Nanos time) {
  return FormatRfc3339(time / kNanosPerSecond * kNanosPerSecond);
}

void Raise(Transaction& tx, const HeartbeatConfig& config, Nanos now) {
  const HeartbeatState& state = *tx.heartbeats.Find(config.name);
  Annotations annotations;
  annotations["summary"] = state.error.empty()
                               ? fmt::format("health check {} fails", config.name)
                               : fmt::format("health check {} fails: {}", config.name, state.error);
  annotations["description"] = fmt::format("{} failures in a row, the first at {}.", state.failures,
                                           WholeSecond(state.first_failure_at));
  annotations[std::string(kSinceAnnotation)] = WholeSecond(state.first_failure_at);
  if (!config.policy.empty()) annotations["outrider_escalation"] = config.policy;
  const Labels labels = HeartbeatLabels(tx, config, kHealthCheckFailed);
  const uint64_t alert = RaiseAlert(tx, labels, annotations, now);
  tx.heartbeats.Edit(config.name).failing_alert = alert;
}

void TakeFailure(Transaction& tx, const HeartbeatConfig& config, const BeatResult& result,
                 const std::string& channel, Nanos now) {
  HeartbeatState& state = tx.heartbeats.Edit(config.name);
  if (state.failures == 0) state.first_failure_at = now;
  ++state.failures;
  state.successes = 0;
  state.error = result.error;
  if (state.failing_since != 0 || state.failures < static_cast<uint64_t>(config.failures)) return;
  state.failing_since = now;
  AuditHeartbeat(tx, config.name, AuditKind::kHealthCheckFailed, channel,
                 fmt::format("{} failures in a row", state.failures), now);
  Raise(tx, config, now);
  tx.RequireSync();
}

void TakeSuccess(Transaction& tx, const HeartbeatConfig& config, const std::string& channel,
                 Nanos now) {
  HeartbeatState& state = tx.heartbeats.Edit(config.name);
  if (state.failing_since == 0) {
    state.failures = 0;
    return;
  }
  if (++state.successes < static_cast<uint64_t>(config.successes)) return;
  const auto failed_for = (now - state.first_failure_at) / kNanosPerMilli;
  const uint64_t alert = state.failing_alert;
  state.failures = state.successes = 0;
  state.failing_since = 0;
  state.failing_alert = 0;
  AuditHeartbeat(tx, config.name, AuditKind::kHealthCheckBack, channel,
                 fmt::format("after {}", FormatDuration(failed_for)), now);
  EndAlert(tx, alert, now);
  tx.RequireSync();
}

}  // namespace

void TakeResult(Transaction& tx, const HeartbeatConfig& config, const BeatResult& result,
                const std::string& channel, Nanos now) {
  if (result.success) {
    TakeSuccess(tx, config, channel, now);
  } else {
    TakeFailure(tx, config, result, channel, now);
  }
}

void SettleHealth(Transaction& tx, const HeartbeatConfig& config, Nanos now) {
  const HeartbeatState state = *tx.heartbeats.Find(config.name);
  if (state.failing_since == 0) return;
  if (state.failing_alert == HeartbeatLabels(tx, config, kHealthCheckFailed).Fingerprint()) return;
  EndAlert(tx, state.failing_alert, now);
  Raise(tx, config, now);
}

Labels HeartbeatLabels(const Transaction& tx, const HeartbeatConfig& config,
                       std::string_view alert_name) {
  LabelsBuilder labels;
  for (const auto& [name, value] : config.labels) labels.Set(name, value);
  labels.Set(kAlertName, alert_name).Set("heartbeat", config.name);
  labels.Set("severity", config.severity);
  if (!config.team.empty()) labels.Set(tx.plan().incidents().team_label, config.team);
  return labels.Build();
}

void AuditHeartbeat(Transaction& tx, const std::string& name, AuditKind kind,
                    const std::string& channel, std::string text, Nanos now) {
  AuditEvent event;
  event.subject = "heartbeat:" + name;
  event.kind = kind;
  event.time = now;
  event.channel = channel;
  event.text = std::move(text);
  tx.Audit(std::move(event));
}

}  // namespace outrider
