// SPDX-License-Identifier: Apache-2.0
// Exemplars: the newest N of all series, in memory only. Source: specs/prometheus.md §1.2 and §5.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"

namespace outrider {

struct Exemplar {
  Labels labels;  // a trace id, mostly
  double value = 0;
  Timestamp time = 0;
};

inline constexpr size_t kMaxExemplarRunes = 128;  // over all label names and values

struct ExemplarOptions {
  size_t max_exemplars = 100'000;  // 0: none are kept
  size_t max_bytes = 64U << 20;    // of label sets; together with their bookkeeping about twice it
};

enum class ExemplarVerdict : uint8_t {
  kAdded,
  kDuplicate,   // known already: nothing to do, no error
  kOutOfOrder,  // older than the series' newest: an error (400 in 2.0)
  kTooLong,     // over kMaxExemplarRunes
  kBadUtf8,
  kDisabled,
  kEnd,  // how many there are
};
// Label values of our metrics.
std::string_view ReasonOf(ExemplarVerdict verdict);

struct ExemplarSeries {
  Labels series;
  std::vector<Exemplar> exemplars;  // by time
};

struct ExemplarStats {
  size_t exemplars = 0;
  size_t series = 0;
  size_t bytes = 0;      // as limited by max_bytes
  Timestamp oldest = 0;  // of those kept, the first that came
};

// Thread-safe. Uses memory for what it holds, not for what it may hold.
class ExemplarStore {
 public:
  explicit ExemplarStore(const ExemplarOptions& options = {}) : options_(options) {}

  // Over a limit the exemplars that came first give way. Of equal times, the last few of the
  // series are compared, so that a request sent again adds nothing.
  ExemplarVerdict Add(const Labels& series, const Exemplar& exemplar);

  // Exemplars with from <= time <= to of the series that match any of the sets of matchers (an
  // empty set matches all), by series.
  std::vector<ExemplarSeries> Select(std::span<const std::vector<Matcher>> sets, Timestamp from,
                                     Timestamp to) const;
  ExemplarStats Stats() const;

 private:
  static constexpr uint64_t kNone = UINT64_MAX;
  // Exemplars are numbered as they come; slots_[0] has the number first_. A series' exemplars are
  // chained from its newest back; the chain ends at a number that is not kept any more.
  struct Chain {
    uint64_t newest = kNone;
  };
  using Series = std::unordered_map<Labels, Chain, LabelsHash>;
  struct Slot {
    Exemplar exemplar;
    Series::value_type* series = nullptr;
    uint64_t previous = kNone;
  };

  bool Kept(uint64_t number) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return number != kNone && number >= first_;
  }
  const Slot& At(uint64_t number) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return slots_[static_cast<size_t>(number - first_)];
  }
  ExemplarVerdict Judge(const Chain& chain, const Exemplar& exemplar) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  std::vector<Exemplar> Read(const Chain& chain, Timestamp from, Timestamp to) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void DropFirst() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const ExemplarOptions options_;
  mutable absl::Mutex mutex_;
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  uint64_t first_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  Series series_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace outrider
