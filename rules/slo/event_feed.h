// SPDX-License-Identifier: Apache-2.0
// Where the events of one part of an objective come from: reads what arrived since the last look
// and hands on bad and total events per label set, each event once.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "rules/promql/engine.h"
#include "rules/slo/counter_book.h"
#include "rules/slo/event_ring.h"
#include "rules/slo/slo_spec.h"
#include "storage/window/querier.h"

namespace outrider {

struct SloOptions {
  DurationMs interval = 15 * kSecond;    // between two runs; events are put together as finely
  DurationMs warm_up = 6 * kHour;        // how much of the windows a new objective reads
  DurationMs sampled_warm_up = kHour;    // the same where expressions are sampled
  DurationMs late_window = 5 * kMinute;  // how far samples of one series may trail the newest
  DurationMs settle = 30 * kSecond;      // sampled expressions and slices wait for late samples
};

struct SloContext {
  const SloOptions& options;
  const promql::Engine& engine;
  const Querier& querier;
};

// Called with times that mostly ascend.
using EventSink =
    std::function<void(const Labels& labels, Timestamp time, const EventCounts& counts)>;

// Not thread-safe.
class EventFeed {
 public:
  // The part has its expressions.
  explicit EventFeed(const SloPart& part);
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;
  EventFeed(EventFeed&&) = default;

  // Counts everything up to `now`. What an expression cannot be evaluated for is lost, and the
  // error returned; where series cannot be read, the next call tries again. Both leave what was
  // counted.
  Status Advance(const SloContext& context, Timestamp now, const EventSink& sink);

  // For a clock that was ahead and is back: expressions are sampled on from `now`.
  void SetBack(Timestamp now) { cursor_ = std::min(cursor_, now); }

  bool counted() const { return counted_; }
  uint64_t samples() const;
  // Bad events of label sets for which there is no total, in the last Advance.
  uint64_t unmatched() const { return unmatched_.size(); }
  // Events up to here are known, those of late senders aside; INT64_MIN: none yet.
  Timestamp reached() const;
  // What the windows must keep.
  std::vector<promql::Expression::Reach> Reach(const SloOptions& options,
                                               DurationMs lookback) const;

  void Save(RowWriter& out) const;
  void Load(RowReader& in);

 private:
  Status Count(const SloContext& context, Timestamp now, const EventSink& sink);
  Status ReadPiece(const Querier& querier, const TimeRange& piece, DurationMs slot_width);
  Status CountPiece(const SloContext& context, const EventSink& sink);
  Status Sample(const SloContext& context, Timestamp now, const EventSink& sink);
  Status SampleAt(const SloContext& context, Timestamp at, const EventSink& sink);
  void AddBooks(const SloQuery& query);
  void Weigh(const promql::Vector& query, Timestamp time, const EventSink& sink) const;
  void Join(const promql::Vector& query, const promql::Vector& total, Timestamp time,
            const EventSink& sink);

  SloPart part_;
  bool counted_ = false;
  std::vector<std::unique_ptr<CounterBook>> books_;  // kCounted: one per selector
  std::vector<bool> ranged_;                         // as books_
  Timestamp cursor_ = INT64_MIN;                     // everything up to here was looked at
  double query_scale_ = 1;                           // value -> events
  double total_scale_ = 1;
  std::set<Labels> unmatched_;
};

}  // namespace outrider
