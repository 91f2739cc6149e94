// SPDX-License-Identifier: Apache-2.0
// The newest samples of series that are read again and again (rules, dashboards), decoded: so that
// a sample is decoded once, not at every evaluation. Only floats; late samples stay outside.
//
// Bounded by a budget: a series is let in when it is read for the second time, and as long as there
// is room; what nobody has read for a while goes. Nothing is thrown out to let others in: a query
// over everything does not cost the rules theirs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/base/clock.h"
#include "storage/window/chunk_float.h"
#include "storage/window/querier.h"
#include "storage/window/series.h"

namespace outrider {

// Shared by the shards. Thread-safe.
class DecodedBudget {
 public:
  explicit DecodedBudget(size_t bytes) : max_(bytes) {}
  bool HasRoom() const { return used_.load(std::memory_order_relaxed) < max_; }
  void Add(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Remove(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const size_t max_;
  std::atomic<size_t> used_{0};  // by the tails' own count; may pass the limit by the last tails
};

// Of one shard, by slot. What is read is guarded by the shard's lock, the tails by `mutex`, which
// is taken behind it.
class DecodedTails {
 public:
  mutable absl::Mutex mutex;

  void PrefetchPlace(uint32_t slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (slot < tails_.size()) __builtin_prefetch(&tails_[slot]);
  }
  void PrefetchTail(uint32_t slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (slot >= tails_.size()) return;
    const auto* tail = reinterpret_cast<const char*>(tails_[slot].get());
    for (size_t at = 0; at < sizeof(Tail); at += 64) __builtin_prefetch(tail + at);
  }
  // False when there is no tail.
  bool PrefetchSamples(uint32_t slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (slot >= tails_.size() || !tails_[slot]) return false;
    tails_[slot]->Prefetch();
    return true;
  }
  // As Series::ReadChunks.
  bool Read(uint32_t slot, const Series& series, const TimeRange& range,
            std::vector<Timestamp>* times, std::vector<double>* values, DecodedBudget* budget)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // Every few seconds: drops what nobody reads any more.
  void Sweep(DecodedBudget* budget) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

 private:
  class Tail {
   public:
    // The series' samples from `from` on. False: not to be had here, or damaged.
    bool Follow(const Series& series, Timestamp from);
    void Append(const TimeRange& range, std::vector<Timestamp>* times,
                std::vector<double>* values) const;
    // Whether Follow() need not begin anew.
    bool Reaches(Timestamp from) const { return from >= complete_from_; }
    void Prefetch() const;
    // Drops what is older than anybody wanted lately.
    void Trim();
    size_t bytes() const;

   private:
    bool Restart(const Series& series, Timestamp from);
    bool Decode(std::span<const uint8_t> bytes, uint32_t count);
    bool Take(std::span<const Timestamp> times, std::span<const double> values);
    // Whether a sample at this distance from base_ goes on as those before it.
    bool GoesOn(uint32_t distance);
    void KeepTimes();
    Timestamp TimeAt(size_t i) const {
      return base_ + (spacing_ == 0 ? times_[i] : static_cast<Timestamp>(i) * spacing_);
    }
    // How many samples lie before it.
    size_t Before(Timestamp time) const;
    void DropFirst(size_t gone);

    // What each read looks at comes first: reading waits for memory.
    uint64_t birth_ = 0;  // of the series; 0: nothing here
    Timestamp complete_from_ = 0;
    // The chunk read last: all of it that `read_` counts.
    Timestamp chunk_start_ = 0;
    uint32_t read_ = 0;
    uint32_t spacing_ = kAny;  // of all times; 0: they are in times_
    Timestamp base_ = 0;       // the first time
    std::vector<double> values_;

   public:
    DurationMs wanted = 0;   // how far readers looked behind the newest sample, since the last trim
    uint32_t last_read = 0;  // the sweep before it

   private:
    static constexpr uint32_t kAny = UINT32_MAX;  // there are less than two
    FloatChunkReader::Place place_;
    std::vector<uint32_t> times_;  // behind base_

   public:
    DurationMs wanted_before = 0;  // as `wanted`, before the last trim
    size_t counted = 0;            // of bytes(), in the budget
  };

  // Makes a tail for a series that was read before.
  bool LetIn(uint32_t slot, const DecodedBudget& budget) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);

  std::vector<std::unique_ptr<Tail>> tails_;  // by slot
  std::vector<bool> was_read_;                // by slot: lately, without a tail
  uint32_t sweeps_ = 0;
};

}  // namespace outrider
