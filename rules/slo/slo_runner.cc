// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_runner.h"

#include <algorithm>

#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr uint8_t kFeedRowFormat = 2;  // 1: its identity is SloSpec::OldIdentity()
constexpr uint8_t kTrackRowFormat = 1;
constexpr DurationMs kMostAhead = kMinute;  // a clock that is put right by less is left alone

// The labels of the expressions, with the objective's own added.
Labels WithOwn(const Labels& labels, const SloLabels& own) {
  LabelsBuilder builder(labels);
  for (const auto& [name, value] : own) builder.Set(name, value);
  return builder.Build();
}

}  // namespace

std::optional<double> SloWindowView::ErrorRatio() const {
  if (!(counts.total > 0)) return std::nullopt;
  return std::clamp(counts.bad / counts.total, 0.0, 1.0);
}

std::optional<double> SloSeriesView::BudgetRemaining(double budget) const {
  const std::optional<double> ratio = period.ErrorRatio();
  if (!ratio) return std::nullopt;
  return 1 - *ratio / budget;
}

SloRunner::SloRunner(SloSpec spec) : spec_(std::move(spec)) {
  for (const SloPart& part : spec_.parts) feeds_.emplace_back(part);
}

void SloRunner::Run(const SloContext& context, Timestamp now) {
  refused_.clear();
  SetBack(now);
  const Status status = Collect(context, now);
  CloseSlices(context.options, now);
  Expire(now);
  const std::string before = error_;
  error_ = status.ok() ? "" : Message(status);
  if (!error_.empty() && error_ != before) {
    LogWarn("events of an objective cannot be counted", {{"slo", spec_.name}, {"err", error_}});
  }
  if (!refused_.empty() && !said_refused_) {
    said_refused_ = true;
    LogWarn("an objective has more label sets than max_series; the others are left out",
            {{"slo", spec_.name}, {"max_series", std::to_string(spec_.max_series)}});
  }
}

// Nothing is read from the future, so what lies there was counted by a clock that was ahead.
// Windows would end there, and take in all that comes until the clock is there.
void SloRunner::SetBack(Timestamp now) {
  bool ahead = false;
  for (EventFeed& feed : feeds_) feed.SetBack(now);
  for (auto& [labels, track] : tracks_) {
    if (track.newest() <= now + kMostAhead) continue;
    ahead = true;
    track.SetBack(now);
  }
  if (ahead) {
    LogWarn("an objective counted ahead of the clock; what it counted there counts as of now",
            {{"slo", spec_.name}});
  }
}

// Parts of a composite tell of their pasts one after the other; rings take events by time.
Status SloRunner::Collect(const SloContext& context, Timestamp now) {
  struct Event {
    Labels labels;
    Timestamp time = 0;
    EventCounts counts;
  };
  std::vector<Event> held;
  const EventSink book = [&](const Labels& labels, Timestamp time, const EventCounts& counts) {
    Book(labels, time, counts);
  };
  const EventSink hold = [&](const Labels& labels, Timestamp time, const EventCounts& counts) {
    held.push_back({labels, time, counts});
  };
  Status status;
  for (EventFeed& feed : feeds_) {
    const Status fed = feed.Advance(context, now, feeds_.size() > 1 ? hold : book);
    if (!fed.ok()) status = fed;
  }
  std::ranges::stable_sort(held, {}, &Event::time);
  for (const Event& event : held) Book(event.labels, event.time, event.counts);
  return status;
}

void SloRunner::Book(const Labels& labels, Timestamp time, const EventCounts& counts) {
  if (counts == EventCounts()) return;  // a quiet label set need not be written again
  auto found = tracks_.find(labels);
  if (found == tracks_.end()) {
    if (!(counts.total > 0)) return;  // nothing happened yet
    if (tracks_.size() >= spec_.max_series) {
      refused_.insert(labels);
      return;
    }
    found = tracks_.emplace(labels, SloTrack(spec_)).first;
  }
  found->second.Add(time, counts);
}

// Slices wait for senders that lag, but not for those that are gone.
void SloRunner::CloseSlices(const SloOptions& options, Timestamp now) {
  Timestamp to = now - options.settle;
  for (const EventFeed& feed : feeds_) {
    if (feed.reached() != INT64_MIN) to = std::min(to, feed.reached());
  }
  to = std::max(to, now - options.settle - options.late_window);
  for (auto& [labels, track] : tracks_) track.CloseSlices(to);
}

// A label set without an event in a whole period has nothing to say.
void SloRunner::Expire(Timestamp now) {
  std::erase_if(tracks_, [&](const auto& item) {
    const SloTrack& track = item.second;
    return track.newest() != INT64_MIN && track.newest() < now - spec_.period.length - kDay;
  });
}

SloView SloRunner::View(Timestamp now, bool timeline) const {
  SloView view{.spec = spec_};
  view.refused = refused_.size();
  view.error = error_;
  for (const EventFeed& feed : feeds_) {
    view.counted = view.counted && feed.counted();
    view.samples += feed.samples();
    view.unmatched += feed.unmatched();
  }
  if (view.error.empty() && view.unmatched > 0) {
    view.error = "bad events of label sets for which there is no total";
  }
  for (const auto& [labels, track] : tracks_) {
    const EventRing& ring = track.ring();
    SloSeriesView& series = view.series.emplace_back();
    series.labels = WithOwn(labels, spec_.labels);
    for (const DurationMs window : spec_.windows) {
      series.windows.push_back({window, track.Sum(now, window)});
    }
    series.period = {spec_.period.length, ring.OfPeriod(now)};
    series.period_begin = now - spec_.period.length;
    if (spec_.period.calendar) {
      const PeriodBounds bounds = PeriodAt(*spec_.period.calendar, now);
      series.period_begin = bounds.begin;
      series.period_end = bounds.end;
    }
    series.first_event = ring.first() == INT64_MAX ? 0 : ring.first();
    series.newest_event = track.newest() == INT64_MIN ? 0 : track.newest();
    if (timeline) series.timeline = ring.Timeline(now);
  }
  return view;
}

std::vector<promql::Expression::Reach> SloRunner::Reach(const SloOptions& options,
                                                        DurationMs lookback) const {
  std::vector<promql::Expression::Reach> all;
  for (const EventFeed& feed : feeds_) {
    for (auto& reach : feed.Reach(options, lookback)) all.push_back(std::move(reach));
  }
  return all;
}

std::string SloRunner::SaveFeeds() const {
  RowWriter row(kFeedRowFormat);
  row.Text(spec_.Identity()).U64(feeds_.size());
  for (const EventFeed& feed : feeds_) feed.Save(row);
  return row.Take();
}

Status SloRunner::LoadFeeds(std::string_view bytes) {
  RowReader row(bytes, kFeedRowFormat, "objective " + Quote(spec_.name));
  if (row.Text() != (row.format() < 2 ? spec_.OldIdentity() : spec_.Identity())) {
    return absl::FailedPreconditionError("what is counted has changed");
  }
  const uint64_t count = row.Count();
  for (uint64_t i = 0; i < count && i < feeds_.size(); ++i) feeds_[i].Load(row);
  return row.Finish();
}

void SloRunner::SaveTracks(const std::function<void(const Labels&, std::string)>& put) {
  for (auto& [labels, track] : tracks_) {
    if (!track.unsaved()) continue;
    RowWriter row(kTrackRowFormat);
    row.Text(labels.packed());
    track.Save(row);
    track.SetUnsaved(false);
    put(labels, row.Take());
  }
}

void SloRunner::SetUnsaved() {
  for (auto& [labels, track] : tracks_) track.SetUnsaved(true);
}

Status SloRunner::LoadTrack(std::string_view bytes) {
  RowReader row(bytes, kTrackRowFormat, "objective " + Quote(spec_.name));
  const std::string packed = row.Text();
  SloTrack track(spec_);
  track.Load(row);
  TRY(row.Finish());
  tracks_.insert_or_assign(TRY(Labels::FromPacked(packed)), std::move(track));
  return absl::OkStatus();
}

}  // namespace outrider
