// SPDX-License-Identifier: Apache-2.0
// The desk's doors for what stands around incidents: heartbeats, maintenance windows, dependencies.
#include <algorithm>

#include "notifiers/desk/decide_dependencies.h"
#include "notifiers/desk/decide_heartbeats.h"
#include "notifiers/desk/decide_maintenance.h"
#include "notifiers/desk/desk_impl.h"
#include "storage/state/row_codec.h"

namespace outrider {

namespace {

constexpr int64_t kLivedEvery = 60 * kNanosPerSecond;

// The clock may have been set back.
bool IsOld(Nanos kept, Nanos now) { return now - kept >= kLivedEvery || now < kept; }

}  // namespace

// Only heartbeats ask for it.
void Desk::Impl::AddLived(const Plan& with, Nanos now, Batch* batch) {
  if (with.config().around.heartbeats.empty() || !IsOld(lived_kept, now)) return;
  batch->Put(Family::kMeta, std::string(kLivedKey), BigEndian64(static_cast<uint64_t>(now)));
  lived_kept = now;
}

void Desk::Impl::KeepLived(bool at_end, Nanos now) {
  if (journal.NextRetry() != 0) return;  // what waits for room is more important
  if (at_end) lived_kept = 0;
  Batch batch;
  {
    absl::ReaderMutexLock lock(&state_mutex);
    AddLived(*plan, now, &batch);
  }
  if (batch.empty()) return;
  // Lost, it makes the downtime look a minute longer.
  static_cast<void>(journal.Write(std::move(batch), Durability::kBuffered, false, now).ok());
}

Status Desk::Beat(const std::string& heartbeat, const BeatResult& result, const HumanAction& by,
                  Nanos now) {
  return impl_->Run(
      now, [&](Transaction& tx) { return TakeBeat(tx, heartbeat, &result, by.channel, now); });
}

Status Desk::AddMaintenance(const MaintenanceWindow& window, const HumanAction& by, Nanos now) {
  return impl_->Run(now,
                    [&](Transaction& tx) { return outrider::AddMaintenance(tx, window, by, now); });
}

Status Desk::EndMaintenance(const std::string& name, const HumanAction& by, Nanos now) {
  return impl_->Run(now,
                    [&](Transaction& tx) { return outrider::EndMaintenance(tx, name, by, now); });
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
