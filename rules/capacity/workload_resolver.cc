// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/workload_resolver.h"

#include <algorithm>
#include <array>
#include <optional>

#include "fmt/format.h"
#include "rules/capacity/pod_name.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

constexpr DurationMs kLookback = 5 * kMinute;
constexpr DurationMs kKeep = kDay;
constexpr size_t kMaxSamples = 5'000'000;
constexpr std::string_view kNobody = "<none>";  // what old kube-state-metrics write

std::string KeyOf(std::string_view namespace_name, std::string_view name) {
  return fmt::format("{}/{}", namespace_name, name);
}

}  // namespace

std::string_view KubeLabel(const SeriesLabels& labels, std::string_view name) {
  constexpr std::string_view kPrefix = "exported_";
  std::array<char, 64> exported{};
  const size_t length = kPrefix.size() + name.size();
  if (length > exported.size()) return labels.Get(name);
  std::ranges::copy(kPrefix, exported.begin());
  std::ranges::copy(name, exported.begin() + kPrefix.size());
  const std::string_view value = labels.Get({exported.data(), length});
  return value.empty() ? labels.Get(name) : value;
}

Status WorkloadResolver::ReadOwners(const Querier& querier, std::string_view metric,
                                    std::string_view object_label, Timestamp now, Owners* owners) {
  SeriesSet set;
  const std::array matchers = {Matcher::Equal(std::string(kMetricName), std::string(metric))};
  TRY(querier.Select(matchers, now - kLookback, now, kMaxSamples, &set));
  absl::MutexLock lock(&mutex_);
  for (const SeriesSet::Row& row : set.rows) {
    Owner owner;
    owner.kind = row.labels.Get("owner_kind");
    owner.name = row.labels.Get("owner_name");
    if (owner.kind == kNobody || owner.name == kNobody || owner.name.empty()) {
      owner.kind.clear();
      owner.name.clear();
    }
    owner.controller = row.labels.Get("owner_is_controller") == "true";
    owner.seen = set.Times(row).back();
    const std::string key =
        KeyOf(KubeLabel(row.labels, "namespace"), KubeLabel(row.labels, object_label));
    const auto [it, is_new] = owners->try_emplace(key, owner);
    // Of several owners the controller counts; of several reports the newest.
    if (!is_new && (owner.controller || !it->second.controller || it->second.kind.empty()) &&
        owner.seen >= it->second.seen) {
      it->second = std::move(owner);
    } else if (!is_new) {
      it->second.seen = std::max(it->second.seen, owner.seen);
    }
  }
  return absl::OkStatus();
}

Status WorkloadResolver::Update(const Querier& querier, Timestamp now) {
  TRY(ReadOwners(querier, "kube_pod_owner", "pod", now, &pods_));
  TRY(ReadOwners(querier, "kube_replicaset_owner", "replicaset", now, &replica_sets_));
  TRY(ReadOwners(querier, "kube_job_owner", "job_name", now, &jobs_));
  TRY(ReadOwners(querier, "kube_replicationcontroller_owner", "replicationcontroller", now,
                 &controllers_));
  absl::MutexLock lock(&mutex_);
  now_ = now;
  Forget(now);
  return absl::OkStatus();
}

void WorkloadResolver::Forget(Timestamp now) {
  for (Owners* owners : {&pods_, &replica_sets_, &jobs_, &controllers_}) {
    std::erase_if(*owners, [&](const auto& item) { return item.second.seen < now - kKeep; });
  }
  std::erase_if(noted_, [&](const auto& item) { return item.second.last < now - kKeep; });
}

void WorkloadResolver::Note(std::string_view namespace_name, std::string_view pod, Timestamp now) {
  absl::MutexLock lock(&mutex_);
  auto [it, is_new] = noted_.try_emplace(KeyOf(namespace_name, pod), Noted{now, now});
  it->second.last = std::max(it->second.last, now);
}

WorkloadName WorkloadResolver::Climb(std::string_view namespace_name, std::string_view pod,
                                     const Owner& owner) const {
  if (owner.kind.empty()) return {std::string(pod), "Pod"};
  // A pod that a node's kubelet runs from a file; the node is no workload.
  if (owner.kind == "Node") return {std::string(pod), "Pod"};
  struct Step {
    std::string_view kind;
    const Owners* owners;
    std::optional<std::string_view> (*by_name)(std::string_view);
    std::string_view guessed_kind;
  };
  const std::array steps = {
      Step{"ReplicaSet", &replica_sets_, StripReplicaSetHash, "Deployment"},
      Step{"Job", &jobs_, StripJobTime, "CronJob"},
      Step{"ReplicationController", &controllers_, StripNumber, "DeploymentConfig"},
  };
  for (const Step& step : steps) {
    if (owner.kind != step.kind) continue;
    const auto above = step.owners->find(KeyOf(namespace_name, owner.name));
    if (above == step.owners->end()) {
      const auto name = step.by_name(owner.name);
      if (name) return {std::string(*name), std::string(step.guessed_kind)};
    } else if (!above->second.kind.empty()) {
      return {above->second.name, above->second.kind};
    }
  }
  return {owner.name, owner.kind};
}

std::optional<WorkloadName> WorkloadResolver::Find(std::string_view namespace_name,
                                                   std::string_view pod) const {
  const std::string key = KeyOf(namespace_name, pod);
  absl::MutexLock lock(&mutex_);
  if (const auto owner = pods_.find(key); owner != pods_.end()) {
    return Climb(namespace_name, pod, owner->second);
  }
  const auto noted = noted_.find(key);
  if (noted == noted_.end()) return std::nullopt;
  if (!pods_.empty() && now_ - noted->second.first < kGrace) return std::nullopt;
  return GuessWorkload(pod);
}

}  // namespace outrider
