// SPDX-License-Identifier: Apache-2.0
// The desk's doors for what stands around incidents: heartbeats, maintenance windows, dependencies.
#include <algorithm>

#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/decide_heartbeats.h"
#include "notifiers/desk/decide_maintenance.h"
#include "notifiers/desk/desk_impl.h"

namespace outrider {

Status Desk::Beat(const std::string& heartbeat, const BeatResult& result, const HumanAction& by,
                  Nanos now) {
  return impl_->Run(now, [&](Transaction& tx, Nanos at) {
    return TakeBeat(tx, heartbeat, &result, by.channel, at);
  });
}

Status Desk::AddMaintenance(const MaintenanceWindow& window, const HumanAction& by, Nanos now) {
  return impl_->Run(
      now, [&](Transaction& tx, Nanos at) { return outrider::AddMaintenance(tx, window, by, at); });
}

Status Desk::EndMaintenance(const std::string& name, const HumanAction& by, Nanos now) {
  return impl_->Run(
      now, [&](Transaction& tx, Nanos at) { return outrider::EndMaintenance(tx, name, by, at); });
}

std::vector<HeartbeatView> Desk::Heartbeats(Nanos) const {
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  std::vector<HeartbeatView> views;
  for (const HeartbeatConfig& config : impl_->plan->config().around.heartbeats) {
    HeartbeatView& view = views.emplace_back();
    view.config = config;
    const auto found = impl_->state.heartbeats.find(config.name);
    if (found == impl_->state.heartbeats.end()) continue;
    const HeartbeatState& state = *found->second;
    view.last_beat = state.last_beat;
    view.missing_since = state.missing_since;
    view.failures = state.failures;
    view.failing_since = state.failing_since;
    if (state.failures > 0) view.error = state.error;
    if (state.missing_since != 0) continue;
    view.due_at =
        std::max(state.last_beat, state.since) + (config.interval + config.grace) * kNanosPerMilli;
  }
  return views;
}

std::vector<MaintenanceView> Desk::Maintenance(Nanos now) const {
  absl::MutexLock lock(&impl_->state_mutex);
  const Transaction tx(impl_->state, *impl_->plan, &impl_->inhibitor,
                       &impl_->dependencies);  // reads only
  std::vector<MaintenanceView> views;
  for (const MaintenanceWindow* window : MaintenanceWindows(tx)) {
    views.push_back({*window, window->ActiveAt(now), window->NextEdge(now)});
  }
  return views;
}

std::vector<DependencyView> Desk::Outages() const {
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  std::vector<DependencyView> views;
  for (const Dependency& dependency : impl_->plan->config().around.dependencies) {
    DependencyView& view = views.emplace_back();
    view.name = dependency.name;
    for (const auto& [id, dependants] : impl_->state.dependants) {
      const auto outage = impl_->state.incidents.find(id);
      if (outage == impl_->state.incidents.end() || !outage->second->Open()) continue;
      if (!MatchesAll(dependency.on, outage->second->labels)) continue;
      view.outages.push_back({id, outage->second->title, {dependants.begin(), dependants.end()}});
    }
  }
  return views;
}

}  // namespace outrider
