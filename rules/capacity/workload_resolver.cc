// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/workload_resolver.h"

#include <algorithm>
#include <deque>

#include "fmt/format.h"
#include "rules/capacity/pod_name.h"

namespace outrider {
namespace {

constexpr DurationMs kLookAgain = 15 * kMinute;  // whether a series is still there
constexpr DurationMs kLookForNew = 30 * kSecond;
constexpr std::string_view kNobody = "<none>";  // what old kube-state-metrics write

struct ObjectKind {
  std::string_view metric;
  std::string_view label;  // that names the object
};
constexpr std::array kObjects = {
    ObjectKind{"kube_pod_owner", "pod"},
    ObjectKind{"kube_replicaset_owner", "replicaset"},
    ObjectKind{"kube_job_owner", "job_name"},
    ObjectKind{"kube_replicationcontroller_owner", "replicationcontroller"},
};
enum : uint8_t { kPods, kReplicaSets, kJobs, kControllers };

std::string KeyOf(std::string_view cluster, std::string_view namespace_name,
                  std::string_view name) {
  return fmt::format("{}/{}/{}", cluster, namespace_name, name);
}

std::vector<Matcher> MatchersOf(const ObjectKind& kind) {
  return {Matcher::Equal(std::string(kMetricName), std::string(kind.metric))};
}

}  // namespace

class WorkloadResolver::Owners final : private SeriesStream::Owner {
 public:
  Owners(const ObjectKind& kind, const SampleFeed& feed, WorkloadResolver& resolver)
      : label_(kind.label),
        resolver_(resolver),
        stream_(MatchersOf(kind), feed, kLookForNew, SeriesStream::Read::kNewest) {}

  bool Update(Timestamp now) {
    learned_ = false;
    now_ = now;
    stream_.Find(now, *this);
    stream_.FollowSome(now, kLookAgain, *this);
    return learned_;
  }
  // nullptr: nothing is known.
  const WorkloadResolver::Owner* Find(const std::string& key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &objects_[found->second].owner;
  }
  bool empty() const { return by_key_.empty(); }

 private:
  Admission Admit(const Labels& labels) override {
    WorkloadResolver::Owner owner;
    owner.kind = labels.Get("owner_kind");
    owner.name = labels.Get("owner_name");
    if (owner.kind == kNobody || owner.name == kNobody || owner.name.empty()) {
      owner.kind.clear();
      owner.name.clear();
    }
    owner.controller = labels.Get("owner_is_controller") == "true";
    const std::string_view cluster = labels.Get("cluster");
    std::string key = KeyOf(cluster, KubeLabel(labels, "namespace"), KubeLabel(labels, label_));
    const absl::MutexLock lock(&resolver_.mutex_);
    resolver_.SeeCluster(cluster);
    learned_ = true;
    const uint32_t slot = SlotFor(std::move(key));
    WorkloadResolver::Owner& known = objects_[slot].owner;
    owner.series = known.series + 1;
    // Of several owners the controller counts; of several reports the newest.
    const bool better = owner.controller || !known.controller || known.kind.empty();
    if (known.series == 0 || better) {
      known = std::move(owner);
    } else {
      known.series = owner.series;
    }
    // Only whether it is still there is of interest.
    return {.slot = slot, .after = now_ - 5 * kMinute};
  }
  void Take(uint32_t /*slot*/, double* /*memo*/, std::span<const Timestamp> /*times*/,
            std::span<const double> /*values*/) override {}
  void Gone(uint32_t slot, double /*memo*/) override {
    const absl::MutexLock lock(&resolver_.mutex_);
    Object& object = objects_[slot];
    if (--object.owner.series > 0) return;
    by_key_.erase(object.key);
    object = Object();
    free_.push_back(slot);
  }
  // Of the object, whatever series tell of it.
  uint32_t SlotFor(std::string key) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second;
    auto slot = static_cast<uint32_t>(objects_.size());
    if (free_.empty()) {
      objects_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    objects_[slot].key = std::move(key);
    by_key_.emplace(objects_[slot].key, slot);
    return slot;
  }

  const std::string_view label_;
  WorkloadResolver& resolver_;
  SeriesStream stream_;
  struct Object {
    std::string key;  // empty: the slot is free
    WorkloadResolver::Owner owner;
  };
  // Under the resolver's mutex.
  std::deque<Object> objects_;                              // by slot; they never move
  absl::flat_hash_map<std::string_view, uint32_t> by_key_;  // views of the objects' keys
  std::vector<uint32_t> free_;
  bool learned_ = false;
  Timestamp now_ = 0;
};

struct WorkloadResolver::Step {
  std::string_view kind;
  size_t owners;
  std::optional<std::string_view> (*by_name)(std::string_view);
  std::string_view guessed_kind;
};

WorkloadResolver::WorkloadResolver(const SampleFeed& feed) : clusters_(1) {
  for (size_t i = 0; i < owners_.size(); ++i) {
    owners_[i] = std::make_unique<Owners>(kObjects[i], feed, *this);
  }
}

WorkloadResolver::~WorkloadResolver() = default;

std::vector<SeriesReference> WorkloadResolver::Reach(DurationMs horizon) {
  std::vector<SeriesReference> all;
  all.reserve(std::size(kObjects));
  for (const ObjectKind& kind : kObjects) {
    all.push_back({.matchers = MatchersOf(kind),
                   .horizon = horizon,
                   .owner = {.kind = "capacity", .name = "owners of pods"}});
  }
  return all;
}

bool WorkloadResolver::Update(Timestamp now) {
  bool learned = false;
  for (const auto& owners : owners_) learned |= owners->Update(now);
  const absl::MutexLock lock(&mutex_);
  now_ = now;
  return learned;
}

void WorkloadResolver::SeeCluster(std::string_view cluster) {
  if (std::ranges::find(clusters_, cluster) == clusters_.end()) clusters_.emplace_back(cluster);
}

void WorkloadResolver::Note(std::string_view namespace_name, std::string_view pod, Timestamp now,
                            std::string_view cluster) {
  const absl::MutexLock lock(&mutex_);
  SeeCluster(cluster);
  noted_.try_emplace(KeyOf(cluster, namespace_name, pod), now);
}

void WorkloadResolver::Forget(std::string_view namespace_name, std::string_view pod,
                              std::string_view cluster) {
  const absl::MutexLock lock(&mutex_);
  noted_.erase(KeyOf(cluster, namespace_name, pod));
}

WorkloadResolver::Resolved WorkloadResolver::Climb(std::string_view cluster,
                                                   std::string_view namespace_name,
                                                   std::string_view pod, const Owner& owner) const {
  if (owner.kind.empty()) return {{std::string(pod), "Pod"}, false};
  // A pod that a node's kubelet runs from a file; the node is no workload.
  if (owner.kind == "Node") return {{std::string(pod), "Pod"}, false};
  static constexpr std::array kSteps = {
      Step{"ReplicaSet", kReplicaSets, StripReplicaSetHash, "Deployment"},
      Step{"Job", kJobs, StripJobTime, "CronJob"},
      Step{"ReplicationController", kControllers, StripNumber, "DeploymentConfig"},
  };
  for (const Step& step : kSteps) {
    if (owner.kind != step.kind) continue;
    const Owner* above = owners_[step.owners]->Find(KeyOf(cluster, namespace_name, owner.name));
    if (above == nullptr) {
      const auto name = step.by_name(owner.name);
      if (name) return {{std::string(*name), std::string(step.guessed_kind)}, true};
      return {{owner.name, owner.kind}, true};
    }
    if (!above->kind.empty()) return {{above->name, above->kind}, false};
  }
  return {{owner.name, owner.kind}, false};
}

std::optional<WorkloadResolver::Resolved> WorkloadResolver::Resolve(std::string_view cluster,
                                                                    std::string_view namespace_name,
                                                                    std::string_view pod) const {
  const std::string key = KeyOf(cluster, namespace_name, pod);
  const absl::MutexLock lock(&mutex_);
  if (const Owner* owner = owners_[kPods]->Find(key)) {
    return Climb(cluster, namespace_name, pod, *owner);
  }
  const auto noted = noted_.find(key);
  if (noted == noted_.end()) return std::nullopt;
  if (!owners_[kPods]->empty() && now_ - noted->second < kGrace) return std::nullopt;
  return Resolved{GuessWorkload(pod), true};
}

std::optional<WorkloadName> WorkloadResolver::Find(std::string_view namespace_name,
                                                   std::string_view pod) const {
  std::vector<std::string> clusters;
  {
    const absl::MutexLock lock(&mutex_);
    clusters = clusters_;
  }
  for (const std::string& cluster : clusters) {
    if (auto found = Resolve(cluster, namespace_name, pod)) return std::move(found->workload);
  }
  return std::nullopt;
}

}  // namespace outrider
