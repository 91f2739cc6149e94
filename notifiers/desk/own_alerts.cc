// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/own_alerts.h"

#include "notifiers/desk/decide.h"

namespace outrider {

uint64_t RaiseAlert(Transaction& tx, const Labels& labels, const Annotations& annotations,
                    Nanos now) {
  Alert alert;
  alert.labels = labels;
  alert.annotations = annotations;
  alert.source = AlertSource::kApi;  // no rule owns it: no rule's reload ends it
  alert.starts_at = {now, 0};
  alert.updated_at = now;
  const uint64_t fingerprint = alert.Fingerprint();
  const AlertRecord* known = tx.alerts.Find(fingerprint);
  if (known != nullptr && FiresAt(*known, now)) alert.starts_at = known->starts_at;
  IncomingAlerts incoming;
  incoming.Add(alert);
  TakeAlerts(tx, incoming, now);
  return fingerprint;
}

void EndAlert(Transaction& tx, uint64_t fingerprint, Nanos now) {
  const AlertRecord* known = tx.alerts.Find(fingerprint);
  if (known == nullptr || !known->firing) return;
  Alert alert = known->ToAlert();
  alert.ends_at = {now, 0};
  alert.updated_at = now;
  IncomingAlerts incoming;
  incoming.Add(alert);
  TakeAlerts(tx, incoming, now);
}

IncidentSource SourceOf(const Labels& alert) {
  if (!IsOwnAlert(alert)) return IncidentSource::kAlerts;
  const std::string_view name = alert.Get(kAlertName);
  if (name == kHeartbeatMissed) return IncidentSource::kHeartbeat;
  if (name == kHealthCheckFailed) return IncidentSource::kHealthCheck;
  return IncidentSource::kSchedule;
}

}  // namespace outrider
