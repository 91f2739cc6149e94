// SPDX-License-Identifier: Apache-2.0
// Numbers for /metrics. Those of SLA are totals that are kept in the store, so neither a restart
// nor what becomes of an incident makes a counter go down.
#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "notifiers/desk/desk_impl.h"

namespace outrider {
namespace {

// What quiet hours, limits or a held incident put off waits on purpose: from its due time on it is
// late.
Nanos WaitsSince(const OutboxRow& row) {
  return row.attempt > 0 && row.sent_at != 0 ? row.sent_at : row.due;
}

double Seconds(int64_t nanos) {
  return static_cast<double>(nanos) / static_cast<double>(kNanosPerSecond);
}

using Shares = std::map<std::string, ShareView, std::less<>>;

void TakeTotals(const std::map<std::string, IncidentTotals>& totals, Shares* views) {
  for (const auto& [name, share] : totals) {
    ShareView& view = (*views)[name];
    view.sla = share.sla;
    for (const HistogramView& one : share.time_to_acknowledge) view.time_to_acknowledge.Add(one);
    for (const HistogramView& one : share.time_to_resolve) view.time_to_resolve.Add(one);
  }
}

// By name, found without the tree of the views: there may be many incidents and a lock is held.
using ShareIndex = absl::flat_hash_map<std::string_view, ShareView*>;

ShareIndex IndexOf(Shares* views) {
  ShareIndex index;
  for (auto& [name, view] : *views) index.emplace(name, &view);
  return index;
}

void AddKinds(const AlertKinds& kinds, const char* state, DeskStats* stats) {
  kinds.ForEach([&](const std::string& name, const std::string& severity, uint64_t alerts) {
    stats->alerts[{name, severity, state}] += alerts;
  });
}

}  // namespace

// Of what is kept, beside the totals.
void Desk::Impl::CountIncidents(DeskStats* stats) const {
  TakeTotals(state.shares.teams, &stats->teams);
  TakeTotals(state.shares.services, &stats->services);
  stats->teams[""];
  for (const Team& team : plan->people().teams) stats->teams[team.name];
  stats->services[""];
  const ShareIndex teams = IndexOf(&stats->teams);
  const ShareIndex services = IndexOf(&stats->services);
  for (const auto& [id, incident] : state.incidents) {
    const std::pair key{incident->state, incident->severity};
    ++stats->incidents[key];
    if (const auto team = teams.find(TeamShare(*incident)); team != teams.end()) {
      ++team->second->incidents[key];
    }
    if (const auto service = services.find(ServiceShare(*incident)); service != services.end()) {
      ++service->second->incidents[key];
    }
  }
}

// Nothing can hold an alert back, and none is over that has not been decided on.
bool Desk::Impl::AllFiringActive(Nanos now) const {
  if (!plan->config().alertmanager.inhibit_rules.empty()) return false;
  if (!state.ends.empty() && state.ends.front().due <= now) return false;
  return std::none_of(state.silences->begin(), state.silences->end(), [&](const auto& silence) {
    return silence.second.StateAt(now) == SilenceState::kActive;
  });
}

// Counted in parts, so that nobody waits for a scrape of many alerts.
void Desk::Impl::CountAlerts(Nanos now, DeskStats* stats) const {
  constexpr size_t kPart = 1024;
  AlertKinds of_active;
  AlertKinds of_suppressed;
  std::vector<uint64_t> fingerprints;
  {
    absl::ReaderMutexLock lock(&state_mutex);
    if (AllFiringActive(now)) return AddKinds(state.firing_kinds, "active", stats);
    fingerprints.reserve(state.alerts.size());
    for (const auto& [fingerprint, record] : state.alerts) fingerprints.push_back(fingerprint);
  }
  for (size_t next = 0; next < fingerprints.size();) {
    const size_t end = std::min(fingerprints.size(), next + kPart);
    absl::ReaderMutexLock lock(&state_mutex);
    for (; next < end; ++next) {
      const auto found = state.alerts.find(fingerprints[next]);
      if (found == state.alerts.end()) continue;
      const AlertRecord& record = *found->second;
      if (!record.firing || record.ResolvedAt(now)) continue;
      const Labels& labels = record.labels();
      const bool active =
          !inhibitor.InhibitedBy(labels) && SilencedBy(*state.silences, labels, now).empty();
      (active ? of_active : of_suppressed).Add(labels);
    }
  }
  AddKinds(of_active, "active", stats);
  AddKinds(of_suppressed, "suppressed", stats);
}

DeskStats Desk::Stats(Nanos now) const {
  DeskStats stats;
  stats.store = impl_->store.Stats();
  const Impl& impl = *impl_;
  impl.CountAlerts(now, &stats);
  absl::ReaderMutexLock lock(&impl.state_mutex);
  const DeskState& state = impl.state;
  uint64_t alerts = state.totals.alerts;
  for (const auto& [id, incident] : state.incidents) alerts += incident->count;
  impl.CountIncidents(&stats);
  stats.sla = state.totals.sla;
  stats.time_to_acknowledge = state.totals.time_to_acknowledge;
  stats.time_to_resolve = state.totals.time_to_resolve;
  if (alerts > 0) {
    const uint64_t incidents = state.totals.incidents + state.incidents.size();
    stats.noise_reduction_ratio = 1 - static_cast<double>(incidents) / static_cast<double>(alerts);
  }
  stats.escalations = impl.escalations;
  stats.notifications = impl.notifications;
  stats.sending = impl.sending;
  stats.suppressed = impl.suppressed;
  stats.outbox_rows = state.outbox.size();
  for (const auto& [id, row] : state.outbox) {
    stats.outbox_oldest_seconds =
        std::max(stats.outbox_oldest_seconds, Seconds(now - WaitsSince(*row)));
  }
  stats.groups = state.groups.size();
  for (const auto& [id, silence] : *state.silences) {
    if (silence.StateAt(now) == SilenceState::kActive) ++stats.silences_active;
  }
  stats.timers = state.timers.size() + state.ends.size();
  stats.store_failing = impl.store_failing;
  stats.unrecorded_decisions = impl.unrecorded;
  return stats;
}

}  // namespace outrider
