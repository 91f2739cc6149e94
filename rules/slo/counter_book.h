// SPDX-License-Identifier: Apache-2.0
// What the counters that one selector selects grew by, every sample once.
//
// The growth between two samples of a series that follow each other is counted when the later one
// is seen, at its time; a lower value is a reset and counts whole. So the sum over any time is the
// growth between the first and the last sample, resets added, whatever the scrape and evaluation
// intervals are and however late a sender delivers. What a counter holds when it is first seen
// counts only if it is known to have begun while its series were watched, and in the hour before
// (start timestamps of remote write 2.0 and OTLP): otherwise nobody knows when it happened. After a
// gap of more than an hour it counts only if it began since its last sample.
#pragma once

#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "storage/base/clock.h"
#include "storage/model/matcher.h"
#include "storage/state/row_codec.h"
#include "storage/window/querier.h"

namespace outrider {

struct CounterBookOptions {
  DurationMs longest_gap = kHour;      // a series that was away longer begins anew
  DurationMs staleness = 5 * kMinute;  // without a sample for this long a series is not there
  size_t max_samples = 5'000'000;      // in one read
};

// Not thread-safe.
class CounterBook {
 public:
  CounterBook(std::vector<Matcher> matchers, const CounterBookOptions& options)
      : matchers_(std::move(matchers)), options_(options) {}

  // Takes in what is new in [from, to]; `slot_width`: growth is put together in slots that end at
  // multiples of it, the last one at `to` at most.
  Status Read(const Querier& querier, const TimeRange& range, DurationMs slot_width);
  // The slots with growth, or with samples that show there was none.
  const std::set<Timestamp>& slots() const { return slots_; }
  // Shows the growth of one slot, oldest first, and forgets it.
  void Open(Timestamp slot);
  void Forget(Timestamp now);  // series that are gone for longer than the gap

  // The series there at the open slot: one sample of what it grew by at the slot's time, or two,
  // from 0 at `from` up to it, over which rate() and increase() give exactly that.
  void Select(Timestamp from, Timestamp to, bool two, SeriesSet* out) const;

  const std::vector<Matcher>& matchers() const { return matchers_; }
  size_t series() const { return series_.size(); }
  uint64_t samples() const { return samples_; }
  Timestamp newest() const { return newest_; }

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  struct Counter {
    Timestamp first = 0;  // sample since it is there
    Timestamp last = 0;   // sample, stale markers included
    double value = 0;
    bool stale = false;
    double grown = 0;  // in the open slot
    uint32_t id = 0;
  };
  using CounterMap = std::unordered_map<Labels, Counter, LabelsHash>;
  struct Growth {
    Counter* counter = nullptr;
    double by = 0;
  };
  void Take(const SeriesSet& set, const SeriesSet::Row& row, Timestamp to, DurationMs slot_width);

  std::vector<Matcher> matchers_;
  CounterBookOptions options_;
  CounterMap series_;
  std::map<Timestamp, std::vector<Growth>> growth_;  // by slot
  std::set<Timestamp> slots_;                        // of growth_
  std::vector<Counter*> shown_;                      // with growth in the open slot
  Timestamp watched_since_ = INT64_MAX;              // where the first read began
  Timestamp newest_ = INT64_MIN;                     // sample
  uint64_t samples_ = 0;
  uint32_t next_id_ = 1;
};

}  // namespace outrider
