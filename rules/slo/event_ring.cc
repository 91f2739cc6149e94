// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/event_ring.h"

#include <algorithm>

namespace outrider {
namespace {

// Reaching 7.5 minutes, an hour, 6.5 hours, 4 days and 4 hours: the short windows of every alert
// stand in a fine one. The last tier is made for the period.
struct Shape {
  DurationMs width;
  size_t count;
};
constexpr std::array<Shape, 4> kShapes = {
    {{15 * kSecond, 32}, {kMinute, 64}, {5 * kMinute, 80}, {kHour, 102}}};
constexpr size_t kPeriodEdges = EventRing::kTimelineBuckets + 2;

constexpr size_t EdgeCount() {
  size_t count = kPeriodEdges;
  for (const Shape& shape : kShapes) count += shape.count;
  return count;
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

EventCounts Minus(const EventCounts& a, const EventCounts& b) {
  return {a.bad - b.bad, a.total - b.total};
}

}  // namespace

EventRing::EventRing(const SloPeriod& period) : period_(period), edges_(EdgeCount()) {
  size_t begin = 0;
  for (size_t i = 0; i < tiers_.size(); ++i) {
    const bool last = i == kShapes.size();
    // A month may have 31 days, and 25 hours more in none of them.
    const DurationMs longest = period.calendar ? period.length + period.length / 25 : period.length;
    const DurationMs width =
        last ? std::max<DurationMs>(kMinute, (longest + kTimelineBuckets - 1) / kTimelineBuckets)
             : kShapes[i].width;
    const size_t count = last ? kPeriodEdges : kShapes[i].count;
    tiers_[i] = {.width = width, .begin = begin, .count = count};
    begin += count;
  }
}

size_t EventRing::MemoryBytes() { return sizeof(EventRing) + EdgeCount() * sizeof(EventCounts); }

// Everything up to `time` is booked: closes the buckets that ended.
void EventRing::Roll(Timestamp time) {
  for (Tier& tier : tiers_) {
    const int64_t bucket = FloorDiv(time, tier.width);
    const int64_t from = std::max(tier.bucket + 1, bucket - static_cast<int64_t>(tier.count) + 1);
    for (int64_t b = from; b <= bucket; ++b) {
      edges_[tier.begin + static_cast<size_t>(b) % tier.count] = sum_;
    }
    tier.bucket = std::max(tier.bucket, bucket);
  }
  if (period_.calendar && time >= bounds_.end) {
    bounds_ = PeriodAt(*period_.calendar, time);
    at_begin_ = sum_;
  }
}

void EventRing::Add(Timestamp time, const EventCounts& counts) {
  const Timestamp inside = time - 1;  // of the bucket that ends at `time`, if one does
  if (first_ == INT64_MAX) {
    first_ = time;
    for (Tier& tier : tiers_) tier.bucket = FloorDiv(inside, tier.width);
    // The whole past is empty; at an edge nobody wrote both counters stood at 0.
    if (period_.calendar) bounds_ = PeriodAt(*period_.calendar, inside);
  } else if (time > newest_) {
    Roll(inside);
  }
  newest_ = std::max(newest_, time);
  sum_.bad += counts.bad;
  sum_.total += counts.total;
}

EventCounts EventRing::AtEdge(const Tier& tier, int64_t bucket) const {
  if (bucket > tier.bucket) return sum_;
  const int64_t oldest = tier.bucket - static_cast<int64_t>(tier.count) + 1;
  return edges_[tier.begin + static_cast<size_t>(std::max(bucket, oldest)) % tier.count];
}

// Before the clock went ahead: the finest tier that has the edge after `now` knows it.
EventCounts EventRing::BookedBy(Timestamp now) const {
  for (const Tier& tier : tiers_) {
    const int64_t next = FloorDiv(now - 1, tier.width) + 1;
    if (next <= tier.bucket && next > tier.bucket - static_cast<int64_t>(tier.count)) {
      return AtEdge(tier, next);
    }
  }
  return AtEdge(tiers_.back(), INT64_MIN);  // its oldest
}

// How far the counters had come at `time`, by a tier that was set back already.
EventCounts EventRing::Between(const Tier& tier, Timestamp time, Timestamp now,
                               const EventCounts& booked) const {
  const int64_t bucket = FloorDiv(time, tier.width);
  const bool running = bucket >= tier.bucket;
  const EventCounts from = AtEdge(tier, std::min(bucket, tier.bucket));
  const EventCounts to = running ? booked : AtEdge(tier, bucket + 1);
  const Timestamp begin = bucket * tier.width;
  const Timestamp end = running ? std::max(now, time) : begin + tier.width;
  if (end <= begin) return to;
  const double share = static_cast<double>(time - begin) / static_cast<double>(end - begin);
  return {from.bad + share * (to.bad - from.bad), from.total + share * (to.total - from.total)};
}

void EventRing::SetBack(size_t i, Timestamp now, const EventCounts& booked) {
  Tier& tier = tiers_[i];
  const int64_t bucket = FloorDiv(now - 1, tier.width);
  if (bucket >= tier.bucket) return;
  const auto count = static_cast<int64_t>(tier.count);
  const int64_t known = tier.bucket - count + 1;  // from here on
  const EventCounts oldest = known <= bucket ? AtEdge(tier, known) : booked;
  for (int64_t b = bucket - count + 1; b < known && b <= bucket; ++b) {
    const Timestamp edge = b * tier.width;
    EventCounts& counts = edges_[tier.begin + static_cast<size_t>(b) % tier.count];
    if (edge < first_) {
      counts = {};
    } else if (i + 1 < tiers_.size()) {
      counts = Between(tiers_[i + 1], edge, now, booked);
    } else {
      counts = oldest;  // what was longer ago is forgotten
    }
  }
  tier.bucket = bucket;
}

void EventRing::SetBack(Timestamp now) {
  if (first_ == INT64_MAX || newest_ <= now) return;
  const EventCounts booked = BookedBy(now);
  for (size_t i = tiers_.size(); i-- > 0;) SetBack(i, now, booked);
  newest_ = now;
  first_ = std::min(first_, now);
  if (period_.calendar && now < bounds_.begin) {
    bounds_ = PeriodAt(*period_.calendar, now);
    const Tier& tier = tiers_.back();
    at_begin_ = AtEdge(tier, FloorDiv(bounds_.begin + tier.width / 2, tier.width));
  }
}

EventCounts EventRing::Sum(Timestamp now, DurationMs window) const {
  if (first_ == INT64_MAX) return {};
  // The period's tier may be finer than one of the fixed ones that reaches as far.
  const Tier* tier = &tiers_.back();
  for (const Tier& one : tiers_) {
    if (one.width * static_cast<int64_t>(one.count - 1) < window) continue;
    if (one.width < tier->width) tier = &one;
  }
  const int64_t edge = FloorDiv(now - window + tier->width / 2, tier->width);
  return Minus(sum_, AtEdge(*tier, edge));
}

Timestamp EventRing::PeriodBegin(Timestamp now) const {
  return period_.calendar ? PeriodAt(*period_.calendar, now).begin : now - period_.length;
}

EventCounts EventRing::OfPeriod(Timestamp now) const {
  if (first_ == INT64_MAX) return {};
  if (!period_.calendar) return Sum(now, period_.length);
  if (now >= bounds_.end) return {};  // a new period without an event so far
  return Minus(sum_, at_begin_);
}

std::vector<EventRing::Bucket> EventRing::Timeline(Timestamp now) const {
  std::vector<Bucket> out;
  if (first_ == INT64_MAX) return out;
  const Tier& tier = tiers_.back();
  const Timestamp begin = std::max(PeriodBegin(now), first_);
  const EventCounts base = Minus(sum_, OfPeriod(now));
  const int64_t oldest = FloorDiv(begin, tier.width);
  const int64_t newest = std::max(oldest, FloorDiv(now - 1, tier.width));
  for (int64_t b = oldest; b <= newest; ++b) {
    const EventCounts before = b * tier.width <= begin ? base : AtEdge(tier, b);
    const EventCounts after = AtEdge(tier, b + 1);
    out.push_back({.begin = std::max(begin, b * tier.width),
                   .end = std::min(now, (b + 1) * tier.width),
                   .counts = Minus(after, before),
                   .since_start = Minus(after, base)});
  }
  return out;
}

void EventRing::Save(RowWriter& out) const {
  out.I64(first_).I64(newest_).Double(sum_.bad).Double(sum_.total);
  out.I64(bounds_.begin).I64(bounds_.end).Double(at_begin_.bad).Double(at_begin_.total);
  for (const Tier& tier : tiers_) out.I64(tier.bucket);
  out.U64(edges_.size());
  for (const EventCounts& edge : edges_) out.Double(edge.bad).Double(edge.total);
}

void EventRing::Load(RowReader& in) {
  first_ = in.I64();
  newest_ = in.I64();
  sum_.bad = in.Double();
  sum_.total = in.Double();
  bounds_.begin = in.I64();
  bounds_.end = in.I64();
  at_begin_.bad = in.Double();
  at_begin_.total = in.Double();
  // Whatever a damaged row says, later sums cannot overflow.
  for (Tier& tier : tiers_) tier.bucket = std::clamp<int64_t>(in.I64(), 0, INT64_MAX / 4);
  const uint64_t count = in.Count();
  for (uint64_t i = 0; i < count; ++i) {
    const double bad = in.Double();
    const double total = in.Double();
    if (i < edges_.size()) edges_[i] = {bad, total};
  }
}

}  // namespace outrider
