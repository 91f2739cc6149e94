// SPDX-License-Identifier: Apache-2.0
// The derived series as they are right now: read by /metrics, written into the windows by Flush().
// Owned by the daemon and shared by the analytics and capacity engines.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "storage/model/labels.h"
#include "storage/window/appender.h"

namespace outrider {

// A metric family. All derived families are gauges. Instances are constants: a table keeps their
// address.
struct DerivedMetric {
  std::string_view name;
  std::string_view help;
};

struct DerivedSeries {
  std::shared_ptr<const Labels> labels;  // with __name__
  double value = 0;
};
struct DerivedFamily {
  const DerivedMetric* metric = nullptr;
  std::vector<DerivedSeries> series;
};

// Thread-safe, but one Flush at a time. No lock is held while samples are appended.
class DerivedTable {
 public:
  using Handle = uint32_t;
  static constexpr Handle kNone = UINT32_MAX;

  // What a Flush writes of a series.
  enum class Pace : uint8_t {
    kEveryFlush,  // its value, whether it was set again or not
    kWhenSet      // what was set since the last Flush
  };

  // A new series. kNone if one with the same name and labels is there already (counted).
  Handle Add(const DerivedMetric& metric, const Labels& labels, double value,
             Pace pace = Pace::kEveryFlush);
  struct Update {
    Handle handle = kNone;
    double value = 0;
  };
  void Set(std::span<const Update> updates);
  // The series leaves /metrics at once; the next Flush ends it in the windows.
  void Remove(std::span<const Handle> handles);

  // Grouped by family, families by name.
  std::vector<DerivedFamily> Snapshot() const;
  // Appends the series at `now`, each at its pace, and StaleNaN for those removed since the last
  // call. Always to the same appender.
  AppendCounts Flush(Appender& appender, Timestamp now);

  size_t size() const;
  uint64_t collisions() const;  // Add() calls that were refused

 private:
  struct Slot {
    const DerivedMetric* metric = nullptr;  // nullptr: free
    std::shared_ptr<KnownSeries> series;
    double value = 0;
    Pace pace = Pace::kEveryFlush;
    bool set = true;  // since the last Flush
  };
  AppendCounts FlushEnded(Appender& appender, Timestamp now);

  mutable absl::Mutex mutex_;
  std::vector<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::vector<Handle> free_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<uint64_t> hashes_ ABSL_GUARDED_BY(mutex_);  // of the live label sets
  std::vector<std::shared_ptr<KnownSeries>> ended_ ABSL_GUARDED_BY(mutex_);
  uint64_t collisions_ ABSL_GUARDED_BY(mutex_) = 0;
};

// For engines that compute their whole output anew each time: Set() everything, then Finish()
// removes what was not set since the last Finish(). Not thread-safe.
class DerivedPublisher {
 public:
  explicit DerivedPublisher(DerivedTable& table) : table_(table) {}
  DerivedPublisher(const DerivedPublisher&) = delete;
  DerivedPublisher& operator=(const DerivedPublisher&) = delete;
  ~DerivedPublisher();

  void Set(const DerivedMetric& metric, const Labels& labels, double value);
  void Finish();

 private:
  struct Live {
    DerivedTable::Handle handle = DerivedTable::kNone;
    uint64_t round = 0;
  };
  struct Key {
    const DerivedMetric* metric;
    Labels labels;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return static_cast<size_t>(key.labels.Hash()) ^ std::hash<const void*>()(key.metric);
    }
  };

  DerivedTable& table_;
  std::unordered_map<Key, Live, KeyHash> live_;
  std::vector<DerivedTable::Update> updates_;
  uint64_t round_ = 1;
};

}  // namespace outrider
