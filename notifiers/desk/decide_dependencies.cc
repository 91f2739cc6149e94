// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/decide_dependencies.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"

namespace outrider {
namespace {

const std::vector<Dependency>& Dependencies(const Transaction& tx) {
  return tx.plan().config().around.dependencies;
}

// Following what `incident` hangs on leads to `id`.
bool LeadsTo(const Transaction& tx, const Incident* incident, const std::string& id) {
  // Chains are as long as there are dependencies; one that is longer goes round.
  for (size_t steps = 0; incident != nullptr && steps <= Dependencies(tx).size(); ++steps) {
    if (incident->id == id) return true;
    if (incident->suppressed_by.empty()) return false;
    incident = tx.incidents.Find(incident->suppressed_by);
  }
  return incident != nullptr;
}

struct Outage {
  const Incident* incident = nullptr;  // nullptr: none
  const Dependency* dependency = nullptr;
};

// The open incident that explains every firing alert of `incident`: what of it is not explained
// is news.
Outage FindOutage(const Transaction& tx, const Incident& incident) {
  Outage outage;
  for (const uint64_t fingerprint : incident.firing) {
    const AlertRecord* alert = tx.alerts.Find(fingerprint);
    if (alert == nullptr) return {};
    const auto by = tx.dependencies().InhibitedBy(alert->labels());
    const AlertRecord* source = by ? tx.alerts.Find(*by) : nullptr;
    const Incident* found = source == nullptr ? nullptr : tx.incidents.Find(source->incident_id);
    if (found == nullptr || !found->Open() || LeadsTo(tx, found, incident.id)) return {};
    if (outage.incident != nullptr) continue;
    outage = {found, FindDependency(Dependencies(tx), alert->labels(), source->labels())};
  }
  return outage;
}

// How long a firing alert of it waits for an outage at most; 0: none is a dependant of anything.
DurationMs WaitOf(const Transaction& tx, const Incident& incident) {
  DurationMs wait = 0;
  for (const uint64_t fingerprint : incident.firing) {
    const AlertRecord* alert = tx.alerts.Find(fingerprint);
    const Dependency* dependency =
        alert == nullptr ? nullptr : FindDependant(Dependencies(tx), alert->labels());
    if (dependency == nullptr) return 0;
    wait = std::max(wait, dependency->wait);
  }
  return wait;
}

// The grace of the dependency by which it hangs on an outage that is over.
DurationMs GraceOf(const Transaction& tx, const Incident& incident) {
  DurationMs grace = 0;
  for (const uint64_t fingerprint : incident.firing) {
    const AlertRecord* alert = tx.alerts.Find(fingerprint);
    if (alert == nullptr) continue;
    if (const Dependency* dependency = FindDependant(Dependencies(tx), alert->labels())) {
      grace = std::max(grace, dependency->grace);
    }
  }
  return grace;
}

void Attach(Transaction& tx, const Outage& outage, Nanos now, IncidentDecision* decision) {
  if (decision->incident.suppressed_by == outage.incident->id) return;
  decision->incident.suppressed_by = outage.incident->id;
  tx.effects.attached.push_back(decision->incident.id);
  AuditEvent event;
  event.subject = decision->incident.id;
  event.kind = AuditKind::kSuppressed;
  event.time = now;
  event.to = outage.incident->id;
  event.text =
      fmt::format("{} is out: incident {} ({})",
                  outage.dependency == nullptr ? "what it depends on" : outage.dependency->name,
                  outage.incident->id, outage.incident->title);
  decision->events.push_back(std::move(event));
}

IncidentDecision From(const Incident& incident) {
  return {.incident = incident, .events = {}, .timers = {}, .pages = {}};
}

// It hangs on no outage any more, and what was put aside goes on.
void GoOn(Transaction& tx, const Incident& incident, std::string why, Nanos now) {
  IncidentDecision decision = From(incident);
  if (!decision.incident.suppressed_by.empty()) {
    AuditEvent event;
    event.subject = incident.id;
    event.kind = AuditKind::kUnsuppressed;
    event.time = now;
    event.from = decision.incident.suppressed_by;
    event.text = std::move(why);
    decision.events.push_back(std::move(event));
    decision.incident.suppressed_by.clear();
  }
  if (decision.incident.escalation.held_at != 0) {
    decision.timers.push_back({TimerKind::kEscalate, now});
  }
  ApplyIncident(tx, std::move(decision), now);
  tx.RequireSync();
}

void StartGrace(Transaction& tx, const Incident& incident, Nanos now) {
  tx.SetTimer(TimerKind::kDependency, incident.id,
              now + GraceOf(tx, incident) * kNanosPerMilli + 1);
  tx.RequireSync();
}

// Incidents whose wait or grace runs.
std::vector<std::string> Waiting(const Transaction& tx) {
  std::vector<std::string> ids = tx.effects.waiting;
  for (auto it = tx.state().timers.lower_bound({TimerKind::kDependency, ""});
       it != tx.state().timers.end() && it->first.first == TimerKind::kDependency; ++it) {
    ids.push_back(it->first.second);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::erase_if(
      ids, [&](const std::string& id) { return tx.TimerDue(TimerKind::kDependency, id) == 0; });
  return ids;
}

// One whose outage has shown is attached; one whose outage is over goes on after its grace.
void Recheck(Transaction& tx, const std::string& id, Nanos now) {
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr || !incident->Open()) return;
  const Outage outage = FindOutage(tx, *incident);
  const bool waits = tx.TimerDue(TimerKind::kDependency, id) != 0;
  if (outage.incident == nullptr) {
    if (!waits && !incident->suppressed_by.empty()) StartGrace(tx, *incident, now);
    return;
  }
  if (!waits && incident->suppressed_by.empty()) return;  // it has paged already
  if (waits) tx.CancelTimer(TimerKind::kDependency, id);
  IncidentDecision decision = From(*incident);
  Attach(tx, outage, now, &decision);
  if (!decision.events.empty()) ApplyIncident(tx, std::move(decision), now);
}

}  // namespace

void ConsiderOutage(Transaction& tx, IncidentDecision* decision, Nanos now) {
  Incident& incident = decision->incident;
  incident.suppressed_by.clear();
  if (Dependencies(tx).empty()) return;
  const Outage outage = FindOutage(tx, incident);
  if (outage.incident != nullptr) return Attach(tx, outage, now, decision);
  if (const DurationMs wait = WaitOf(tx, incident); wait > 0) {
    tx.SetTimer(TimerKind::kDependency, incident.id, now + wait * kNanosPerMilli);
    tx.effects.waiting.push_back(incident.id);
  }
}

void OnOutage(Transaction& tx, const Labels& alert, Nanos now) {
  const std::vector<Dependency>& all = Dependencies(tx);
  const bool outage = std::any_of(all.begin(), all.end(), [&](const Dependency& dependency) {
    return MatchesAll(dependency.on, alert);
  });
  if (!outage) return;
  for (const std::string& id : Waiting(tx)) Recheck(tx, id, now);
}

void RecheckDependants(Transaction& tx, const std::string& incident_id, Nanos now) {
  for (const std::string& id : DependantsOf(tx, incident_id)) Recheck(tx, id, now);
}

void RecheckAttached(Transaction& tx, const std::string& id, Nanos now) {
  const Incident* incident = tx.incidents.Find(id);
  if (incident == nullptr || !incident->Open() || incident->suppressed_by.empty() ||
      tx.TimerDue(TimerKind::kDependency, id) != 0 ||
      FindOutage(tx, *incident).incident != nullptr) {
    return;
  }
  // What the outage does not explain is news, whatever else the incident is about.
  GoOn(tx, *incident,
       fmt::format("not all of it is explained by incident {}", incident->suppressed_by), now);
}

void OnDependencyTimer(Transaction& tx, const std::string& incident_id, Nanos due) {
  const Incident* incident = tx.incidents.Find(incident_id);
  if (incident == nullptr || !incident->Open()) {
    return tx.CancelTimer(TimerKind::kDependency, incident_id);
  }
  Recheck(tx, incident_id, due);  // the outage may have come back meanwhile
  if (tx.TimerDue(TimerKind::kDependency, incident_id) == 0) return;
  tx.CancelTimer(TimerKind::kDependency, incident_id);
  const Incident& waited = *tx.incidents.Find(incident_id);
  GoOn(tx, waited, fmt::format("it still fires although incident {} is over", waited.suppressed_by),
       due);
}

void SettleDependencies(Transaction& tx, Nanos now) {
  std::vector<std::string> attached;
  tx.incidents.ForEach([&](const std::string& id, const Incident& incident) {
    if (incident.Open() && !incident.suppressed_by.empty()) attached.push_back(id);
  });
  for (const std::string& id : attached) Recheck(tx, id, now);
}

std::string WhyAttached(const Transaction& tx, const Incident& incident) {
  if (!incident.suppressed_by.empty()) {
    return fmt::format("it depends on what incident {} is about", incident.suppressed_by);
  }
  return tx.TimerDue(TimerKind::kDependency, incident.id) != 0
             ? "it waits to learn whether what it depends on is out"
             : "";
}

std::vector<std::string> DependantsOf(const Transaction& tx, const std::string& incident_id) {
  std::vector<std::string> ids;
  const auto hangs = [&](const std::string& id) {
    const Incident* incident = tx.incidents.Find(id);
    return incident != nullptr && incident->Open() && incident->suppressed_by == incident_id;
  };
  const auto known = tx.state().dependants.find(incident_id);
  if (known != tx.state().dependants.end()) {
    for (const std::string& id : known->second) {
      if (hangs(id)) ids.push_back(id);
    }
  }
  for (const std::string& id : tx.effects.attached) {
    const bool listed = std::find(ids.begin(), ids.end(), id) != ids.end();
    if (!listed && hangs(id)) ids.push_back(id);
  }
  return ids;
}

}  // namespace outrider
