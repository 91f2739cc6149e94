// SPDX-License-Identifier: Apache-2.0
// Two counters, bad and total, over time: what they grew by in any window up to the period, in
// constant time and memory.
//
// What is kept is how far both had come at the edges of buckets, in five tiers of buckets (15 s,
// 1 min, 5 min, 1 h, and the period's 120th); a window is the difference of two of them, so it is a
// ratio of sums, never a mean of ratios. A window begins at the edge nearest to its beginning, of
// the finest tier that reaches that far. Events are what happened up to their time, so those at an
// edge belong to the bucket that ends there. About 6.5 KB.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "rules/slo/calendar_period.h"
#include "storage/base/clock.h"
#include "storage/state/row_codec.h"

namespace outrider {

struct EventCounts {
  double bad = 0;
  double total = 0;
  friend bool operator==(const EventCounts&, const EventCounts&) = default;
};

struct SloPeriod {
  DurationMs length = 30 * kDay;           // of a calendar period: its nominal one
  std::optional<CalendarPeriod> calendar;  // none: rolling
  friend bool operator==(const SloPeriod&, const SloPeriod&) = default;
};

// Not thread-safe.
class EventRing {
 public:
  static constexpr size_t kTimelineBuckets = 120;

  explicit EventRing(const SloPeriod& period);
  // Times ascend; what is older than the newest is booked with it.
  void Add(Timestamp time, const EventCounts& counts);
  // For a clock that was ahead and is back: what was booked after `now` counts as of now. What the
  // future displaced from a fine tier is put in from the coarser ones, evenly between their edges.
  void SetBack(Timestamp now);
  // Events of (now - window, now]; `now` not before the newest.
  EventCounts Sum(Timestamp now, DurationMs window) const;
  // Events of the running period: the last `length`, or since it began on the calendar.
  EventCounts OfPeriod(Timestamp now) const;

  struct Bucket {
    Timestamp begin = 0;
    Timestamp end = 0;
    EventCounts counts;
    EventCounts since_start;  // of the period, up to `end`
  };
  // The running period in buckets, oldest first, from the first event on.
  std::vector<Bucket> Timeline(Timestamp now) const;

  Timestamp first() const { return first_; }    // event; INT64_MAX: none yet
  Timestamp newest() const { return newest_; }  // event
  // When a window is as old as it says; before, it covers what there is.
  bool Covers(Timestamp now, DurationMs window) const { return first_ <= now - window; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);
  static size_t MemoryBytes();

 private:
  struct Tier {
    DurationMs width = 0;
    size_t begin = 0;  // of its edges in edges_
    size_t count = 0;
    int64_t bucket = 0;  // the running one
  };
  EventCounts AtEdge(const Tier& tier, int64_t bucket) const;
  EventCounts BookedBy(Timestamp now) const;
  void SetBack(size_t tier, Timestamp now, const EventCounts& booked);
  EventCounts Between(const Tier& tier, Timestamp time, Timestamp now,
                      const EventCounts& booked) const;
  void Roll(Timestamp time);
  Timestamp PeriodBegin(Timestamp now) const;

  SloPeriod period_;
  std::array<Tier, 5> tiers_;
  std::vector<EventCounts> edges_;  // at the beginning of each bucket
  EventCounts sum_;                 // of everything
  // Calendar: the running period, and how far the counters had come when it began.
  PeriodBounds bounds_;
  EventCounts at_begin_;
  Timestamp first_ = INT64_MAX;
  Timestamp newest_ = INT64_MIN;
};

}  // namespace outrider
