// SPDX-License-Identifier: Apache-2.0
// Least-squares lines over several windows at once without keeping samples.
//
// The newest samples are kept as they are; what does not fit any more goes into the buckets of a
// cascade of tiers (window_plan.h), merging as it ages. A bucket holds centred sums of the samples
// of one slot of time, with times relative to the slot's start, never epoch milliseconds; they are
// computed in double and stored as float, the mean value as double from an origin that follows the
// series, so that values of 1e12 with slopes of 1e-3 do not cancel.
//
// Exactness: the line of a fit is that of the raw samples from `start` on, all of them and no
// others, within some 1e-7 (tested to 1e-5). A bucket that a window's old edge cuts is taken as a
// whole or not at all, whichever is nearer (by the mean of its samples' times): `start` is within
// half a bucket of the window's edge, that is within 1/20 of the window with the resolution trends
// use. While the edge lies among the samples kept as they are, it is exact: now - window < time.
// Source: specs/anomaly_and_trends.md §4.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rules/analytics/moments.h"
#include "rules/analytics/wild_filter.h"
#include "rules/analytics/window_plan.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

// What a window holds. Times of `line` are seconds from `origin`.
struct WindowFit {
  Moments line;
  Timestamp origin = 0;
  Timestamp start = 0;  // samples with start <= time <= end are in it, and no others
  Timestamp end = 0;    // the newest sample

  bool Empty() const { return line.n == 0; }
  double Span() const { return static_cast<double>(end - start) / kSecond; }  // seconds
  double ValueAt(Timestamp time) const {
    return line.At(static_cast<double>(time - origin) / kSecond);
  }
  // A typical size of the values that is 0 only when all of them are.
  double Level() const { return std::max(std::fabs(line.mean_v), line.StandardDeviation()); }
};

// Sums of neighbouring samples: one sample or a bucket.
struct Block {
  Timestamp start = 0;  // of the sample or of the bucket's slot
  Moments line;         // times in seconds from the origin asked for
  double centre = 0;    // mean of the samples without wild ones; only if the plan has centres
};

// One series. Not thread-safe.
class RingTiers {
 public:
  explicit RingTiers(std::shared_ptr<const WindowPlan> plan) : plan_(std::move(plan)) {
    if (plan_->centres) centres_ = std::make_unique<Centres>();
  }

  // Times must not go back; a sample that does is ignored. Finite values only.
  void Add(Timestamp time, double value);
  bool empty() const { return raw_count_ == 0; }
  Timestamp last_time() const;  // INT64_MIN if empty
  double last_value() const;    // only if not empty

  // One fit per window: about now - window < time <= now. `windows` ascend and were in the plan;
  // a longer one holds what there is.
  void Fit(std::span<const DurationMs> windows, Timestamp now, std::span<WindowFit> out) const;
  WindowFit Fit(DurationMs window, Timestamp now) const;
  // What the fit of `window` is made of, oldest first; times relative to `origin`.
  void Blocks(DurationMs window, Timestamp now, Timestamp origin, std::vector<Block>* out) const;

  // The whole state. Load() goes into a fresh ring with the same plan; anything else, and bytes
  // that cannot be a state, leave it empty.
  void Save(RowWriter& out) const;
  void Load(RowReader& in);
  size_t MemoryBytes() const;                       // on the heap, without this object
  static size_t MostBytes(const WindowPlan& plan);  // the same when all of it is in use

 private:
  static constexpr uint8_t kRaw = 24;  // newest samples kept as they are: over 5 minutes at 15 s
  static constexpr uint8_t kKeepRaw = 20;
  static constexpr int64_t kFarOffset = int64_t{1} << 31;

  // 28 bytes. Times are seconds from the slot's start.
  struct Bucket {
    uint32_t n = 0;
    float mean_t = 0;
    float m_tt = 0;
    float m_tv = 0;
    // Root of the squares around the bucket's own line: values up to 1e36 fit, and a line that
    // explains nearly all keeps its small error.
    float root_rest = 0;
    std::array<uint32_t, 2> mean_v = {};  // a double, from value_origin_, that needs no alignment

    Moments Line() const;
    void Set(const Moments& line);
  };
  // What wild samples do not move.
  struct Centres {
    double origin = 0;
    std::vector<float> of_buckets;  // as buckets_, from the origin
    WildFilter filter;
  };
  struct Tier {
    uint32_t newest = 0;  // slot number: milliseconds since base_ / width
    uint16_t count = 0;   // slots up to the newest that are in the ring, empty ones included
  };

  void Rebase(Timestamp time);
  void Clear();
  void FlushOldestSlot();
  void Push(size_t tier, uint32_t slot, const Moments& line, double centre);
  void HandDownOldest(size_t tier);
  void MoveValueOrigin();
  double CentreAt(size_t tier, uint32_t slot) const;  // 0 without
  void SetCentre(size_t tier, uint32_t slot, double centre);
  WildFilter::Judge JudgeOfRaw() const;
  void GrowTo(size_t tier);
  size_t Place(size_t tier, uint32_t slot) const {
    const WindowPlan::Tier& t = plan_->tiers[tier];
    return t.offset + slot % t.capacity;
  }
  Bucket& At(size_t tier, uint32_t slot) { return buckets_[Place(tier, slot)]; }
  const Bucket& At(size_t tier, uint32_t slot) const {
    return const_cast<RingTiers*>(this)->At(tier, slot);
  }
  size_t RawIndex(size_t age) const { return (raw_newest_ + kRaw - age) % kRaw; }  // 0: newest
  // Calls visit(start, line, mean_t, centre) for samples and buckets up to `now`, newest first,
  // until it says false. Times are seconds from `origin`, values but `centre` from value_origin_.
  template <typename Visit>
  void NewestFirst(Timestamp now, Timestamp origin, Visit visit) const;
  bool LoadTiers(RowReader& in);
  bool LoadRaw(RowReader& in);

  std::shared_ptr<const WindowPlan> plan_;
  Timestamp base_ = 0;            // multiple of the coarsest width
  Timestamp first_ = 0;           // the first sample ever
  double value_origin_ = 0;       // of the buckets' mean values
  uint32_t raw_time_[kRaw] = {};  // milliseconds since base_
  double raw_value_[kRaw] = {};
  uint8_t raw_newest_ = 0;
  uint8_t raw_count_ = 0;
  std::vector<Tier> tiers_;           // as the plan's, as far as they are in use
  std::vector<Bucket> buckets_;       // of those tiers
  std::unique_ptr<Centres> centres_;  // unless the plan has none
};

}  // namespace outrider
