// SPDX-License-Identifier: Apache-2.0
// What senders say of their metrics: type, help and unit of each metric family, for
// /api/v1/metadata. Source: specs/prometheus.md §5 and §7 (prometheus#13163). Kept in memory only:
// senders repeat it.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "exporter/ingest/incoming.h"
#include "storage/base/hash.h"

namespace outrider {

// As the API names them: counter, gauge, histogram, gaugehistogram, summary, info, stateset,
// unknown.
std::string_view MetricTypeName(MetricType type);

// The family of a series: its metric's name without what the parts of a classic histogram or
// summary add (_bucket, _count, _sum, _gcount, _gsum).
std::string_view FamilyOf(std::string_view metric_name, MetricType type);

struct MetadataOptions {
  size_t max_families = 100'000;
  size_t max_per_family = 10;    // the one not heard of for longest gives way
  size_t max_bytes = 64U << 20;  // of names and texts
  size_t max_text = 1024;        // longer texts are cut; longer family names are not taken
};

struct MetadataEntry {
  MetricType type = MetricType::kUnknown;
  std::string help;
  std::string unit;
  friend bool operator==(const MetadataEntry&, const MetadataEntry&) = default;
};

struct FamilyMetadata {
  std::string family;
  std::vector<MetadataEntry> entries;  // most recent last
};

struct MetadataStats {
  size_t families = 0;
  size_t entries = 0;
  size_t bytes = 0;
  uint64_t refused = 0;  // not learned: a limit was reached
};

// Thread-safe.
class MetadataStore {
 public:
  explicit MetadataStore(const MetadataOptions& options = {}) : options_(options) {}

  // What is known already costs a look-up under a shared lock. Metadata that says nothing (unknown
  // type, no texts), without a family's name or not in UTF-8 is passed over.
  void Learn(std::string_view family, const IncomingMetadata& metadata);

  // By family; `family` not empty: only that one. At most `limit` families, with at most
  // `limit_per_metric` entries each, the most recent ones; negative limits: all.
  std::vector<FamilyMetadata> List(std::string_view family, int64_t limit,
                                   int64_t limit_per_metric) const;
  MetadataStats Stats() const;

 private:
  // Texts are kept once, however many entries share them.
  using Pool = StringMap<uint32_t>;  // text -> uses
  using Text = Pool::value_type*;
  struct Entry {
    MetricType type;
    Text help;
    Text unit;
    std::atomic<uint64_t> heard;  // Family::heard when it was heard of last
  };
  struct Family {
    std::list<std::unique_ptr<Entry>> entries;
    std::atomic<uint64_t> heard = 0;
  };

  // True when the entry is known (and now the family's most recent one).
  static bool Refresh(Family& family, const IncomingMetadata& metadata);
  static std::vector<MetadataEntry> Recent(const Family& family, int64_t limit);
  void Add(std::string_view name, const IncomingMetadata& metadata)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DropOldest(Family& family) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Text Use(std::string_view text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Release(Text text) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const MetadataOptions options_;
  mutable absl::Mutex mutex_;
  StringMap<Family> families_ ABSL_GUARDED_BY(mutex_);
  Pool texts_ ABSL_GUARDED_BY(mutex_);
  MetadataStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
