// SPDX-License-Identifier: Apache-2.0
#include "exporter/ingest/ha_dedup.h"

#include <algorithm>

namespace outrider {

std::optional<HaPair> FindReplica(std::string_view cluster_label, std::string_view replica_label,
                                  std::span<const LabelView> labels) {
  HaPair pair;
  for (const LabelView& label : labels) {
    if (label.name == cluster_label) pair.cluster = label.value;
    if (label.name == replica_label) pair.replica = label.value;
  }
  if (pair.cluster.empty() || pair.replica.empty()) return std::nullopt;
  return pair;
}

void RemoveLabel(std::string_view name, std::vector<LabelView>* labels) {
  std::erase_if(*labels, [&](const LabelView& label) { return label.name == name; });
}

HaVerdict HaDedup::Judge(std::string_view cluster, std::string_view replica, Timestamp now) {
  const absl::MutexLock lock(&mutex_);
  auto it = clusters_.find(cluster);
  if (it == clusters_.end()) {
    if (!MakeRoom(now)) {
      ++refused_;
      return HaVerdict::kTooManyClusters;
    }
    const std::string name(cluster);
    clusters_.emplace(
        name,
        HaCluster{
            .cluster = name, .elected = std::string(replica), .elected_at = now, .last_seen = now});
    return HaVerdict::kElected;
  }
  HaCluster& known = it->second;
  if (known.elected == replica) {
    known.last_seen = std::max(known.last_seen, now);  // clocks may step back
    return HaVerdict::kKeep;
  }
  if (now - known.last_seen < options_.failover_timeout) return HaVerdict::kDrop;
  known.elected = replica;
  known.elected_at = known.last_seen = now;
  ++known.changes;
  return HaVerdict::kElected;
}

bool HaDedup::MakeRoom(Timestamp now) {
  if (clusters_.size() < options_.max_clusters) return true;
  const auto silent = std::min_element(
      clusters_.begin(), clusters_.end(),
      [](const auto& a, const auto& b) { return a.second.last_seen < b.second.last_seen; });
  if (silent == clusters_.end() || now - silent->second.last_seen < options_.forget_after) {
    return false;
  }
  clusters_.erase(silent);
  return true;
}

void HaDedup::CountDropped(std::string_view cluster, uint64_t samples) {
  const absl::MutexLock lock(&mutex_);
  const auto it = clusters_.find(cluster);
  if (it != clusters_.end()) it->second.dropped += samples;
}

std::vector<HaCluster> HaDedup::Clusters() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<HaCluster> result;
  result.reserve(clusters_.size());
  for (const auto& [name, cluster] : clusters_) result.push_back(cluster);
  return result;
}

void HaDedup::Remember(std::string_view cluster, std::string_view replica, Timestamp then) {
  const absl::MutexLock lock(&mutex_);
  const auto it = clusters_.find(cluster);
  if (it == clusters_.end()) {
    if (!MakeRoom(then)) return;
    const std::string name(cluster);
    clusters_.emplace(name, HaCluster{.cluster = name,
                                      .elected = std::string(replica),
                                      .elected_at = then,
                                      .last_seen = then});
    return;
  }
  HaCluster& known = it->second;
  if (then < known.last_seen) return;
  known.last_seen = then;
  if (known.elected == replica) return;
  known.elected = replica;
  known.elected_at = then;
}

uint64_t HaDedup::refused() const {
  const absl::MutexLock lock(&mutex_);
  return refused_;
}

}  // namespace outrider
