// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_around.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/decide_heartbeats.h"
#include "notifiers/desk/decide_maintenance.h"
#include "notifiers/desk/decide_oncall_checks.h"
#include "notifiers/desk/own_alerts.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

bool Has(const IncidentDecision& decision, AuditKind kind, std::string_view from,
         std::string_view to) {
  return std::any_of(decision.events.begin(), decision.events.end(), [&](const AuditEvent& event) {
    return event.kind == kind && (from.empty() || event.from == from) &&
           (to.empty() || event.to == to);
  });
}

template <typename Row, typename Decode>
Status ReadKind(const StateStore& store, Family family, std::string_view kind, Decode&& decode,
                Table<std::string, Row>* table) {
  const std::string prefix = KindKey(kind, "");
  Status status;
  TRY(store.Scan(family, prefix, "", [&](const ::outrider::Row& row) {
    StatusOr<Row> value = decode(row.value);
    if (!value.ok()) {
      status = Annotate(value.status(), fmt::format("state, {}", FamilyName(family)));
      return false;
    }
    (*table)[row.key.substr(prefix.size())] = std::make_shared<const Row>(*std::move(value));
    return true;
  }));
  return status;
}

}  // namespace

bool BeforeIncident(Transaction& tx, IncidentDecision* decision, Nanos now) {
  const std::string_view resolved = IncidentStateText(IncidentState::kResolved);
  const bool opened = Has(*decision, AuditKind::kOpened, "", "");
  if (opened && decision->incident.source == IncidentSource::kAlerts) {
    decision->incident.source = SourceOf(decision->incident.labels);
    for (AuditEvent& event : decision->events) {
      if (event.kind != AuditKind::kOpened) continue;
      event.data["source"] = IncidentSourceText(decision->incident.source);
    }
  }
  if (opened || Has(*decision, AuditKind::kStateChanged, resolved, "")) {
    PauseInMaintenance(tx, decision, now);
    ConsiderOutage(tx, decision, now);
  }
  return Has(*decision, AuditKind::kStateChanged, "", resolved);
}

void AfterIncident(Transaction& tx, const std::string& id, Nanos now) {
  if (tx.TimerDue(TimerKind::kDependency, id) != 0) tx.CancelTimer(TimerKind::kDependency, id);
  RecheckDependants(tx, id, now);
}

void FollowAlert(const Transaction& tx, const Labels& alert, bool began, IncidentDecision* decision,
                 Nanos now) {
  const bool paused =
      std::any_of(decision->incident.pauses.begin(), decision->incident.pauses.end(),
                  [](const std::string& reason) { return reason.starts_with("maintenance:"); });
  // One more cannot bring it into maintenance, unless it is the only one; one less not out of it,
  // unless it was the last.
  const bool only = began && decision->incident.firing.size() == 1;
  const bool last = !began && decision->incident.firing.empty();
  if (only || last ? paused == only : paused != began) return;
  if (began && !only && !InMaintenance(tx, alert, now).empty()) return;
  PauseInMaintenance(tx, decision, now);
}

void SettleAround(Transaction& tx, bool start, Nanos now) {
  SettleHeartbeats(tx, start, now);
  SettleMaintenance(tx, now);
  SettleDependencies(tx, now);
  SettleOnCallChecks(tx, now);
}

Status ReadAround(const StateStore& store, DeskState* state) {
  if (const auto row = TRY(store.Get(Family::kMeta, kLivedKey)); row && row->value.size() == 8) {
    state->lived = static_cast<Nanos>(ReadBigEndian64(row->value));
  }
  TRY(ReadKind(store, Family::kPaging, kHeartbeatKind, DecodeHeartbeat, &state->heartbeats));
  return ReadKind(store, Family::kDirectory, kMaintenanceKind, DecodeMaintenance,
                  &state->maintenance);
}

}  // namespace outrider
