// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/counter_book.h"

#include <algorithm>
#include <cmath>

#include "storage/model/sample.h"

namespace outrider {
namespace {

Timestamp SlotOf(Timestamp time, Timestamp to, DurationMs width) {
  return std::min(to, (time + width - 1) / width * width);
}

// Since when the row's sample at `time` counts; 0: not known.
Timestamp StartOf(std::span<const StartRun> starts, Timestamp time) {
  Timestamp start = 0;
  for (const StartRun& run : starts) {
    if (run.from <= time) start = run.start;
  }
  return start;
}

}  // namespace

Status CounterBook::Read(const Querier& querier, const TimeRange& range, DurationMs slot_width) {
  watched_since_ = std::min(watched_since_, range.from);
  SeriesSet set;
  set.want_starts = true;
  TRY(querier.Select(matchers_, range.from, range.to, options_.max_samples, &set));
  for (const SeriesSet::Row& row : set.rows) Take(set, row, range.to, slot_width);
  return absl::OkStatus();
}

void CounterBook::Take(const SeriesSet& set, const SeriesSet::Row& row, Timestamp to,
                       DurationMs slot_width) {
  const std::span<const Timestamp> times = set.Times(row);
  const std::span<const double> values = set.Values(row);
  if (times.empty()) return;
  newest_ = std::max(newest_, times.back());
  auto found = series_.find(row.labels.All());
  for (size_t i = 0; i < times.size(); ++i) {
    const bool known = found != series_.end();
    if (known && times[i] <= found->second.last) continue;
    if (IsStale(values[i])) {
      if (known) {
        found->second.last = times[i];
        found->second.stale = true;
      }
      continue;
    }
    if (!std::isfinite(values[i])) continue;
    ++samples_;
    double by = 0;
    if (!known) {
      found = series_.try_emplace(row.labels.All()).first;
      found->second.id = next_id_++;
      found->second.first = times[i];
    }
    Counter& counter = found->second;
    if (known && times[i] - counter.last <= options_.longest_gap) {
      by = values[i] < counter.value ? values[i] : values[i] - counter.value;
    } else {
      const Timestamp start = StartOf(set.Starts(row), times[i]);
      // One that is not known had no sample for as long as the gap, or was not there.
      const Timestamp since =
          known ? counter.last : std::max(watched_since_, times[i] - options_.longest_gap);
      if (start != 0 && start >= since) by = values[i];
    }
    if (counter.stale) counter.first = times[i];
    counter.stale = false;
    counter.last = times[i];
    counter.value = values[i];
    const Timestamp slot = SlotOf(times[i], to, slot_width);
    slots_.insert(slot);
    std::vector<Growth>& growth = growth_[slot];
    if (by > 0) growth.push_back({&counter, by});
  }
}

void CounterBook::Open(Timestamp slot) {
  for (Counter* counter : shown_) counter->grown = 0;
  shown_.clear();
  const auto found = growth_.find(slot);
  if (found == growth_.end()) return;
  for (const Growth& growth : found->second) {
    growth.counter->grown += growth.by;
    shown_.push_back(growth.counter);
  }
  growth_.erase(found);
  slots_.erase(slot);
}

void CounterBook::Forget(Timestamp now) {
  if (!growth_.empty()) return;  // it points at them
  for (Counter* counter : shown_) counter->grown = 0;
  shown_.clear();
  for (auto it = series_.begin(); it != series_.end();) {
    it = now - it->second.last > options_.longest_gap ? series_.erase(it) : std::next(it);
  }
}

void CounterBook::Select(Timestamp from, Timestamp to, bool two, SeriesSet* out) const {
  out->matched += series_.size();
  for (const auto& [labels, counter] : series_) {
    const bool gone =
        counter.last < to - options_.staleness || (counter.stale && counter.last <= to);
    if (counter.grown == 0 && (counter.first > to || gone)) continue;
    SeriesSet::Row row;
    row.labels = SeriesLabels(labels);
    row.id = counter.id;
    row.begin = out->times.size();
    if (two) {
      out->times.push_back(from);
      out->values.push_back(0);
    }
    out->times.push_back(to);
    out->values.push_back(counter.grown);
    row.end = out->times.size();
    out->rows.push_back(std::move(row));
  }
}

void CounterBook::Save(RowWriter& out) const {
  out.I64(watched_since_).I64(newest_).U64(series_.size());
  for (const auto& [labels, counter] : series_) {
    out.Text(labels.packed()).I64(counter.first).I64(counter.last);
    out.Double(counter.value).Bool(counter.stale);
  }
}

void CounterBook::Load(RowReader& in) {
  watched_since_ = in.I64();
  newest_ = in.I64();
  const uint64_t count = in.Count();
  for (uint64_t i = 0; i < count; ++i) {
    const StatusOr<Labels> labels = Labels::FromPacked(in.Text());
    Counter counter;
    counter.first = in.I64();
    counter.last = in.I64();
    counter.value = in.Double();
    counter.stale = in.Bool();
    counter.id = next_id_++;
    if (labels.ok()) series_.insert_or_assign(*labels, counter);
  }
}

}  // namespace outrider
