// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/event_feed.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "rules/analytics/expression_result.h"
#include "rules/slo/counted_querier.h"

namespace outrider {
namespace {

// Sampled expressions, each minute.
constexpr DurationMs kSampleStep = kMinute;
// A backlog longer than this is put together in minutes; and it is read in pieces as long.
constexpr DurationMs kBacklog = 15 * kMinute;

StatusOr<promql::Vector> Evaluate(const promql::Engine& engine, const promql::Expression& expr,
                                  const Querier& querier, Timestamp time) {
  promql::QueryResult result = TRY(engine.Instant(expr, querier, time));
  return AsVector(std::move(result.value));
}

bool HasTotal(const SloPart& part) {
  return part.kind == SloPart::Kind::kBad || part.kind == SloPart::Kind::kGood;
}

}  // namespace

EventFeed::EventFeed(const SloPart& part) : part_(part) {
  const bool total_counted = part.total && part.total->counting == SloCounting::kCounted;
  counted_ = HasTotal(part) && total_counted && part.query->counting == SloCounting::kCounted;
  if (counted_) {
    AddBooks(*part_.query);
    AddBooks(*part_.total);
    query_scale_ = part_.query->scale;
    total_scale_ = part_.total->scale;
    return;
  }
  constexpr double kSeconds = static_cast<double>(kSampleStep) / kSecond;
  if (HasTotal(part)) {
    query_scale_ = kSeconds * part.query->sampled_events_second;
    total_scale_ = kSeconds * part.total->sampled_events_second;
  } else if (part.kind != SloPart::Kind::kThreshold) {
    query_scale_ = kSeconds;  // the seconds of the step are the events
  }
}

void EventFeed::AddBooks(const SloQuery& query) {
  for (promql::Expression::Reach& reach : query.expr.Selectors(0)) {
    // Where ranges are read, selectors without one are not counters.
    if (query.ranged && reach.horizon == 0) continue;
    const auto same = [&](const auto& book) { return book->matchers() == reach.matchers; };
    if (std::ranges::any_of(books_, same)) continue;
    books_.push_back(
        std::make_unique<CounterBook>(std::move(reach.matchers), CounterBookOptions()));
    ranged_.push_back(query.ranged);
  }
}

std::vector<promql::Expression::Reach> EventFeed::Reach(const SloOptions& options,
                                                        DurationMs lookback) const {
  std::vector<promql::Expression::Reach> all = part_.query->sampled.Selectors(lookback);
  if (part_.total) {
    for (auto& reach : part_.total->sampled.Selectors(lookback)) all.push_back(std::move(reach));
  }
  for (auto& reach : all) reach.horizon += counted_ ? options.warm_up : options.sampled_warm_up;
  return all;
}

uint64_t EventFeed::samples() const {
  uint64_t sum = 0;
  for (const auto& book : books_) sum += book->samples();
  return sum;
}

Status EventFeed::Advance(const SloContext& context, Timestamp now, const EventSink& sink) {
  unmatched_ = 0;
  const EventSink weighted = [&](const Labels& labels, Timestamp time, EventCounts counts) {
    sink(labels, time, {counts.bad * part_.weight, counts.total * part_.weight});
  };
  return counted_ ? Count(context, now, weighted) : Sample(context, now, weighted);
}

Status EventFeed::Count(const SloContext& context, Timestamp now, const EventSink& sink) {
  // Behind a sender that catches up, the newest sample seen marks where to read on.
  Timestamp newest = INT64_MIN;
  for (const auto& book : books_) newest = std::max(newest, book->newest());
  Timestamp from = now - context.options.warm_up;
  if (cursor_ != INT64_MIN && newest != INT64_MIN) {
    from = std::max(from, std::min({now, cursor_, newest}) - context.options.late_window);
  }
  const DurationMs width = now - from > kBacklog ? kMinute : context.options.interval;
  Status status;
  while (from <= now) {
    const Timestamp to = std::min(now, (from + kBacklog) / kMinute * kMinute);
    const Status counted = CountPiece(context, {.from = from, .to = to}, width, sink);
    if (!counted.ok()) status = counted;
    from = to + 1;
  }
  if (status.ok()) cursor_ = now;
  for (const auto& book : books_) book->Forget(std::min(now, std::max(newest, book->newest())));
  return status;
}

// A piece of the past at a time, so that a long one costs little memory.
Status EventFeed::CountPiece(const SloContext& context, const TimeRange& piece,
                             DurationMs slot_width, const EventSink& sink) {
  std::set<Timestamp> slots;
  for (const auto& book : books_) {
    TRY(book->Read(context.querier, piece, slot_width));
    slots.insert(book->slots().begin(), book->slots().end());
  }
  std::vector<CountedQuerier::Shown> shown;
  for (size_t i = 0; i < books_.size(); ++i) shown.push_back({books_[i].get(), ranged_[i]});
  const CountedQuerier querier(context.querier, std::move(shown));
  Status status;
  for (const Timestamp slot : slots) {
    for (const auto& book : books_) book->Open(slot);
    const auto query = Evaluate(context.engine, part_.query->expr, querier, slot);
    const auto total = Evaluate(context.engine, part_.total->expr, querier, slot);
    if (query.ok() && total.ok()) {
      Join(*query, *total, slot, sink);
    } else {
      status = query.ok() ? total.status() : query.status();  // of events that are lost
    }
  }
  return status;
}

Status EventFeed::Sample(const SloContext& context, Timestamp now, const EventSink& sink) {
  const Timestamp to = (now - context.options.settle) / kSampleStep * kSampleStep;
  const Timestamp first = (now - context.options.sampled_warm_up) / kSampleStep * kSampleStep;
  cursor_ = std::max(cursor_, first);
  while (cursor_ + kSampleStep <= to) {
    const Timestamp at = cursor_ + kSampleStep;
    const promql::Vector query =
        TRY(Evaluate(context.engine, part_.query->sampled, context.querier, at));
    promql::Vector total;
    if (part_.total) {
      total = TRY(Evaluate(context.engine, part_.total->sampled, context.querier, at));
    }
    Join(query, total, at, sink);
    cursor_ = at;
  }
  return absl::OkStatus();
}

void EventFeed::Join(const promql::Vector& query, const promql::Vector& total, Timestamp time,
                     const EventSink& sink) {
  if (!HasTotal(part_)) {
    for (const promql::VectorSample& sample : query) {
      if (!std::isfinite(sample.value)) continue;
      EventCounts counts{.bad = 0, .total = query_scale_};
      if (part_.kind == SloPart::Kind::kThreshold) {
        counts.bad = Holds(part_.op, sample.value, part_.threshold) ? 0 : query_scale_;
      } else {
        const double share = std::clamp(sample.value, 0.0, 1.0);
        const bool bad = part_.kind == SloPart::Kind::kBadRatio;
        counts.bad = (bad ? share : 1 - share) * query_scale_;
      }
      sink(sample.labels.WithoutName(), time, counts);
    }
    return;
  }
  std::unordered_map<Labels, double, LabelsHash> counted;
  for (const promql::VectorSample& sample : query) {
    if (std::isfinite(sample.value)) counted[sample.labels.WithoutName()] += sample.value;
  }
  for (const promql::VectorSample& sample : total) {
    if (!std::isfinite(sample.value)) continue;
    const Labels labels = sample.labels.WithoutName();
    const double all = sample.value * total_scale_;
    double part = 0;
    if (const auto found = counted.find(labels); found != counted.end()) {
      part = found->second * query_scale_;
      counted.erase(found);
    }
    sink(labels, time, {part_.kind == SloPart::Kind::kGood ? all - part : part, all});
  }
  for (const auto& [labels, value] : counted) unmatched_ += value != 0 ? 1 : 0;
}

void EventFeed::Save(RowWriter& out) const {
  out.I64(cursor_).U64(books_.size());
  for (const auto& book : books_) book->Save(out);
}

void EventFeed::Load(RowReader& in) {
  cursor_ = in.I64();
  const uint64_t count = in.Count();
  for (uint64_t i = 0; i < count && i < books_.size(); ++i) books_[i]->Load(in);
}

}  // namespace outrider
