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

// An expression that cannot be evaluated on the series there are: it fails again on the same ones,
// so the time is passed over. Other errors are of reading.
bool IsOfExpression(const Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status) ||
         absl::IsResourceExhausted(status) || absl::IsDeadlineExceeded(status);
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
    if (const auto there = std::ranges::find_if(books_, same); there != books_.end()) {
      // What a range needs does for a bare selector too.
      const auto index = static_cast<size_t>(there - books_.begin());
      ranged_[index] = ranged_[index] || query.ranged;
      continue;
    }
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

Timestamp EventFeed::reached() const {
  if (!counted_) return cursor_;
  Timestamp newest = INT64_MIN;
  for (const auto& book : books_) newest = std::max(newest, book->newest());
  return newest;
}

Status EventFeed::Advance(const SloContext& context, Timestamp now, const EventSink& sink) {
  unmatched_.clear();
  const EventSink weighted = [&](const Labels& labels, Timestamp time, const EventCounts& counts) {
    sink(labels, time, {counts.bad * part_.weight, counts.total * part_.weight});
  };
  return counted_ ? Count(context, now, weighted) : Sample(context, now, weighted);
}

Status EventFeed::Count(const SloContext& context, Timestamp now, const EventSink& sink) {
  // Behind a sender that catches up, the newest sample seen marks where to read on.
  const Timestamp newest = reached();
  Timestamp from = now - context.options.warm_up;
  if (cursor_ != INT64_MIN && newest != INT64_MIN) {
    from = std::max(from, std::min({now, cursor_, newest}) - context.options.late_window);
  }
  const DurationMs width = now - from > kBacklog ? kMinute : context.options.interval;
  Status status;
  // A piece of the past at a time, so that a long one costs little memory.
  while (from <= now) {
    const Timestamp to = std::min(now, (from + kBacklog) / kMinute * kMinute);
    TRY(ReadPiece(context.querier, {.from = from, .to = to}, width));
    const Status counted = CountPiece(context, sink);
    if (!counted.ok()) status = counted;
    cursor_ = std::max(cursor_, to);
    from = to + 1;
  }
  for (const auto& book : books_) book->Forget(std::min(now, std::max(newest, book->newest())));
  return status;
}

Status EventFeed::ReadPiece(const Querier& querier, const TimeRange& piece, DurationMs slot_width) {
  for (const auto& book : books_) TRY(book->Read(querier, piece, slot_width));
  return absl::OkStatus();
}

// What the books have read.
Status EventFeed::CountPiece(const SloContext& context, const EventSink& sink) {
  std::set<Timestamp> slots;
  for (const auto& book : books_) slots.insert(book->slots().begin(), book->slots().end());
  std::vector<CountedQuerier::Shown> shown;
  shown.reserve(books_.size());
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
  Status status;
  while (cursor_ + kSampleStep <= to) {
    const Status sampled = SampleAt(context, cursor_ + kSampleStep, sink);
    if (!sampled.ok()) status = sampled;
    if (!sampled.ok() && !IsOfExpression(sampled)) break;
    cursor_ += kSampleStep;
  }
  return status;
}

Status EventFeed::SampleAt(const SloContext& context, Timestamp at, const EventSink& sink) {
  const promql::Vector query =
      TRY(Evaluate(context.engine, part_.query->sampled, context.querier, at));
  promql::Vector total;
  if (part_.total) {
    total = TRY(Evaluate(context.engine, part_.total->sampled, context.querier, at));
  }
  Join(query, total, at, sink);
  return absl::OkStatus();
}

// Ratios and thresholds: each label set has so many seconds, good or bad.
void EventFeed::Weigh(const promql::Vector& query, Timestamp time, const EventSink& sink) const {
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
}

void EventFeed::Join(const promql::Vector& query, const promql::Vector& total, Timestamp time,
                     const EventSink& sink) {
  if (!HasTotal(part_)) {
    Weigh(query, time, sink);
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
  for (const auto& [labels, value] : counted) {
    if (value != 0) unmatched_.insert(labels);
  }
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
