// SPDX-License-Identifier: Apache-2.0
// De-duplication of HA pairs: two Prometheus servers of one cluster send the same series, told
// apart by a replica label only. Per cluster one replica is elected and the others' samples are
// dropped, until the elected one was silent for the failover timeout; then whoever sends first is
// elected. Source: specs/prometheus.md §7 (prometheus#8993). Off unless asked for.
//
// ingest_guard.cc judges each series of a request by this, row_edits.h takes the label off.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"
#include "storage/base/hash.h"
#include "storage/model/labels.h"

namespace outrider {

struct HaOptions {
  bool enabled = false;
  std::string cluster_label = "cluster";
  std::string replica_label = "__replica__";
  DurationMs failover_timeout = 30 * kSecond;
  size_t max_clusters = 1000;
  // Over max_clusters the cluster that is silent for longest is forgotten, if it is for so long.
  DurationMs forget_after = kHour;
};

enum class HaVerdict : uint8_t {
  kKeep,             // from the elected replica
  kElected,          // kept, and this replica was elected just now: state worth keeping changed
  kDrop,             // from another replica
  kTooManyClusters,  // not judged: to be refused
};
inline bool IsKept(HaVerdict verdict) {
  return verdict == HaVerdict::kKeep || verdict == HaVerdict::kElected;
}

struct HaPair {
  std::string_view cluster;
  std::string_view replica;
};
// The pair that labels name (views into them); nothing when one of the two is missing or empty:
// such series are kept as they are.
std::optional<HaPair> FindReplica(std::string_view cluster_label, std::string_view replica_label,
                                  std::span<const LabelView> labels);
// Takes every label of that name out; the order of the others stays.
void RemoveLabel(std::string_view name, std::vector<LabelView>* labels);

// What is known of a cluster.
struct HaCluster {
  std::string cluster;
  std::string elected;
  Timestamp elected_at = 0;
  Timestamp last_seen = 0;  // of the elected replica, by our clock
  uint64_t changes = 0;     // elections after the first
  uint64_t dropped = 0;     // samples, as CountDropped was told
};

// Thread-safe. Time is what Judge is told.
class HaDedup {
 public:
  explicit HaDedup(const HaOptions& options) : options_(options) {}

  HaVerdict Judge(std::string_view cluster, std::string_view replica, Timestamp now);
  // That many samples were dropped after a kDrop.
  void CountDropped(std::string_view cluster, uint64_t samples);

  std::vector<HaCluster> Clusters() const;  // by name
  // From the log of an earlier run: the replica was the elected one then. What is known of later
  // stays.
  void Remember(std::string_view cluster, std::string_view replica, Timestamp then);
  uint64_t refused() const;  // verdicts of kTooManyClusters
  const HaOptions& options() const { return options_; }

 private:
  bool MakeRoom(Timestamp now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const HaOptions options_;
  mutable absl::Mutex mutex_;
  OrderedStringMap<HaCluster> clusters_ ABSL_GUARDED_BY(mutex_);
  uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace outrider
