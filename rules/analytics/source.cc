// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/source.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "rules/analytics/expression_result.h"
#include "rules/analytics/peer_member.h"
#include "rules/analytics/plain_selector.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr Timestamp kSpoilt = kNoTime + 1;  // of Restore(): what there was could not be read

size_t CountOutputs(const std::vector<Entry>& entries) {
  size_t count = 0;
  for (const Entry& entry : entries) {
    count += FindDetector(entry.kind, entry.detector)->outputs(entry).size();
  }
  return count;
}

}  // namespace

std::string Source::Key(const Entry& entry) {
  return fmt::format("{}\n{}\n{}\n{}", entry.max_series, entry.per_workload, entry.interval,
                     entry.compiled ? entry.compiled->ToString() : entry.expr);
}

Source::Source(promql::Expression expr, std::vector<Entry> entries, const AnalyticsSeams& seams)
    : expr_(std::move(expr)),
      entries_(std::move(entries)),
      max_series_(entries_.front().max_series),
      series_(entries_.size(), CountOutputs(entries_)) {
  for (size_t i = 0; i < entries_.size(); ++i) {
    const DetectorRow* row = FindDetector(entries_[i].kind, entries_[i].detector);
    rows_.push_back(row);
    identities_.push_back(EntryIdentity(entries_[i]));
    // Told at least twice within what queries look back.
    const DurationMs seldomest = std::max<DurationMs>(1, seams.engine.options().lookback / 2);
    for (DerivedOutput& output : row->outputs(entries_[i])) {
      output.every = std::min(output.every, seldomest);
      outputs_.push_back({i, std::move(output)});
    }
    if (row->compares_series) peers_.push_back(i);
    history_ = std::max(history_, row->history(entries_[i]));
  }
  if (seams.feed != nullptr && !entries_.front().per_workload &&
      expr_.type() == promql::ValueType::kVector && IsPlainSelector(expr_.ToString())) {
    auto selectors = expr_.Selectors(0);
    if (selectors.size() == 1) {
      follower_.emplace(std::move(selectors.front().matchers), *seams.feed);
    }
  }
}

std::vector<promql::Expression::Reach> Source::Reach(const AnalyticsOptions& options,
                                                     DurationMs lookback) const {
  auto selectors = expr_.Selectors(lookback);
  const DurationMs past = follower_ ? history_ : std::min(history_, options.expression_rebuild);
  for (auto& selector : selectors) selector.horizon += past;
  return selectors;
}

std::string Source::Describe() const {
  std::set<std::string> names;  // built-in entries of several kinds share one
  for (const Entry& entry : entries_) names.insert(Quote(entry.name));
  return "entry " + Join({names.begin(), names.end()}, ", ");
}

DurationMs Source::IntervalOf(const AnalyticsOptions& options) const {
  // Nothing is evaluated more often than there are runs.
  return std::max(entries_.front().interval, options.interval);
}

void Source::Rebuild(const SourceContext& context, const SavedStates* saved, Timestamp now) {
  context_ = &context;
  saved_ = saved;
  now_ = now;
  Status status;
  if (follower_) {
    FollowSamples(*follower_, now);
  } else {
    status = EvaluatePast(now);
  }
  Finish(status);
  saved_ = nullptr;
  context_ = nullptr;
}

void Source::Run(const SourceContext& context, Timestamp now) {
  context_ = &context;
  now_ = now;
  const Clock* clock = context.seams.clock;
  const int64_t before = clock == nullptr ? 0 : clock->ThreadCpuNanos();
  Status status;
  if (follower_) {
    FollowSamples(*follower_, now);
  } else {
    const DurationMs interval = IntervalOf(context.options);
    const Timestamp at = now - now % interval;
    const bool set_back = evaluated_ != kNoTime && at < evaluated_ - interval;
    if (at > evaluated_ || set_back) status = Evaluate(at);
  }
  Finish(status);
  Expire(now);
  Report(now, Telling::kTold);
  if (clock != nullptr) stats_.cpu_nanos += clock->ThreadCpuNanos() - before;
  context_ = nullptr;
}

void Source::Show(const SourceContext& context, Timestamp now) {
  context_ = &context;
  now_ = now;
  Report(now, Telling::kShown);
  context_ = nullptr;
}

void Source::FollowSamples(SeriesFollower& follower, Timestamp now) {
  const DurationMs staleness = context_->options.staleness;
  const auto counts = follower.Follow(now, staleness, *this);
  stats_.late += counts.late;
  stats_.refused = counts.refused;
  for (uint32_t slot = 0; slot < series_.size(); ++slot) {
    const WatchedSeries::Slot& series = series_[slot];
    if (!series.refused || series.feed == WatchedSeries::kNone) continue;
    if (follower.NewestAt(series.feed) >= now - staleness) ++stats_.refused;
  }
}

// Of the series that are new in this run.
void Source::SettleNew() {
  for (const auto& [slot, until] : resuming_) {
    WatchedSeries::Slot& series = series_[slot];
    series.last_time = std::max(series.last_time, std::ranges::max(until));
    if (series.last_time > kSpoilt) continue;
    // Nothing but NaN came: it is remembered for a while, so that it is not looked at as new each
    // time, and does not count.
    series.last_time = now_;
    End(context_->seams.table, slot);
  }
  resuming_.clear();
}

void Source::Finish(const Status& status) {
  SettleNew();
  stats_.error = status.ok() ? "" : Message(status);
  if (stats_.refused > 0 && !said_refused_) {
    said_refused_ = true;
    LogWarn("analytics entry has more series than max_series; the others are left out",
            {{"entry", entries_.front().name},
             {"max_series", std::to_string(max_series_)},
             {"left_out", std::to_string(stats_.refused)}});
  }
}

Status Source::Evaluate(Timestamp at) {
  const AnalyticsSeams& seams = context_->seams;
  evaluated_ = at;
  stats_.refused = 0;
  auto result = seams.engine.Instant(expr_, seams.querier, at);
  promql::Vector vector;
  if (result.ok()) vector = AsVector(std::move(result->value));
  if (entries_.front().per_workload) vector = SumPerWorkload(vector, seams.workloads);
  std::vector<const promql::VectorSample*> arriving;
  for (const promql::VectorSample& sample : vector) {
    const uint32_t slot = series_.Find(SeriesIdentity(sample.labels));
    if (slot == WatchedSeries::kNone || !series_[slot].live) {
      arriving.push_back(&sample);
    } else {
      Observe(slot, at, sample.value);
    }
  }
  EndMissing(at);  // before others take their place
  for (const promql::VectorSample* sample : arriving) {
    if (!FeedEvaluated(sample->labels, at, sample->value)) ++stats_.refused;
  }
  return result.status();
}

// A series the expression did not give at `at` is gone: it had its own lookback already. One that
// is ahead was seen by a clock that was.
void Source::EndMissing(Timestamp at) {
  for (uint32_t slot = 0; slot < series_.size(); ++slot) {
    if (series_[slot].live && series_[slot].last_time < at) End(context_->seams.table, slot);
  }
}

Status Source::EvaluatePast(Timestamp now) {
  const AnalyticsSeams& seams = context_->seams;
  const DurationMs step = IntervalOf(context_->options);
  const DurationMs span = std::min(history_, context_->options.expression_rebuild);
  const Timestamp end = now - now % step;
  evaluated_ = end;
  auto result = seams.engine.Range(expr_, seams.querier, end - span / step * step, end, step);
  if (!result.ok()) return result.status();
  auto* matrix = std::get_if<promql::Matrix>(&result->value);
  if (matrix == nullptr) return absl::OkStatus();
  if (entries_.front().per_workload) *matrix = SumPerWorkload(*matrix, seams.workloads);
  // Those that are there now first: what has gone must not take their place. It is known, in case
  // it comes back, and ended.
  const auto is_there = [&](const promql::Series& series) {
    const auto& samples = series.samples;
    return !samples.empty() && samples.back().time == end && std::isfinite(samples.back().value);
  };
  std::ranges::stable_partition(*matrix, is_there);
  for (const promql::Series& series : *matrix) {
    const bool there = is_there(series);
    for (const Sample& sample : series.samples) {
      if (FeedEvaluated(series.labels, sample.time, sample.value)) continue;
      if (there) ++stats_.refused;
      break;
    }
    const uint32_t slot =
        there ? WatchedSeries::kNone : series_.Find(SeriesIdentity(series.labels));
    if (slot != WatchedSeries::kNone) End(seams.table, slot);
  }
  return absl::OkStatus();
}

// False when there is no room for the series.
bool Source::FeedEvaluated(const Labels& labels, Timestamp time, double value) {
  if (!std::isfinite(value)) return true;
  uint32_t slot = series_.Find(SeriesIdentity(labels));
  if (slot == WatchedSeries::kNone) {
    slot = Open(labels, WatchedSeries::kNone);
    if (slot == WatchedSeries::kNone) return false;
  }
  Observe(slot, time, value);
  return !series_[slot].refused;
}

SeriesFollower::Owner::Admission Source::Admit(const Labels& labels, uint32_t feed) {
  uint32_t slot = series_.Find(SeriesIdentity(labels));
  if (slot != WatchedSeries::kNone) {
    WatchedSeries::Slot& known = series_[slot];
    if (!known.live && live_ >= max_series_) return {};
    // The windows made the series anew while it was remembered here.
    const bool elsewhere = known.feed != WatchedSeries::kNone && known.feed != feed;
    if (follower_ && elsewhere) follower_->Forget(known.feed);
    known.feed = feed;
    return {slot, known.last_time};
  }
  slot = Open(labels, feed);
  if (slot == WatchedSeries::kNone) return {};
  Timestamp after = now_;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Timestamp until = resuming_.at(slot)[i];
    after = std::min(after, std::max(until, now_ - rows_[i]->history(entries_[i]) - 1));
  }
  return {slot, after};
}

uint32_t Source::Open(const Labels& labels, uint32_t feed) {
  if (live_ >= max_series_) return WatchedSeries::kNone;
  const uint32_t slot = series_.Make(SeriesIdentity(labels));
  series_[slot].feed = feed;
  series_[slot].live = true;
  ++live_;
  if (!follower_) {
    if (labels_.size() <= slot) labels_.resize(slot + 1);
    labels_[slot] = labels;
  }
  MakeDetectors(slot, labels);
  return slot;
}

void Source::MakeDetectors(uint32_t slot, const Labels& labels) {
  const auto detectors = series_.Detectors(slot);
  const Hash128 identity = series_[slot].identity;
  std::vector<Timestamp>& until = resuming_[slot];
  until.assign(entries_.size(), kNoTime);
  for (size_t i = 0; i < entries_.size(); ++i) {
    detectors[i] = rows_[i]->create(entries_[i]);
    until[i] = Restore(i, identity, detectors[i].get());
    if (until[i] == kSpoilt) {
      detectors[i] = rows_[i]->create(entries_[i]);
      until[i] = kNoTime;
    }
    if (PeerMember* member = detectors[i]->AsPeer()) member->Join(labels, entries_[i]);
  }
}

// kNoTime: there was nothing; kSpoilt: what there was could not be read.
Timestamp Source::Restore(size_t entry, const Hash128& series, Detector* detector) {
  std::optional<std::string> row;
  Status status;
  if (saved_ != nullptr) {
    const auto found = saved_->find(CheckpointKey(identities_[entry], series));
    if (found != saved_->end()) row = found->second;
  }
  if (!row && context_->seams.state != nullptr) {
    auto found = Checkpoints(*context_->seams.state).Find(identities_[entry], series);
    status = found.status();
    if (found.ok()) row = *std::move(found);
  }
  StatusOr<Timestamp> until = kNoTime;
  if (status.ok() && row) until = LoadDetector(*row, detector);
  if (!until.ok()) {
    status = until.status();
  } else if (*until > now_ + SeriesFollower::kMostAhead) {
    status = absl::OutOfRangeError("it holds samples of the future: the clock was ahead");
  }
  if (status.ok()) {
    if (row) ++stats_.restored;
    return *until;
  }
  ++stats_.lost;
  if (!said_lost_) {
    said_lost_ = true;
    LogWarn("saved state of a series cannot be read; it begins anew, as will others like it",
            {{"entry", entries_[entry].name}, {"err", Message(status)}});
  }
  return kSpoilt;
}

void Source::Take(uint32_t slot, std::span<const Timestamp> times, std::span<const double> values) {
  for (size_t i = 0; i < times.size(); ++i) Observe(slot, times[i], values[i]);
}

void Source::Moved(uint32_t slot, uint32_t feed) { series_[slot].feed = feed; }

void Source::Observe(uint32_t slot, Timestamp time, double value) {
  WatchedSeries::Slot& series = series_[slot];
  if (time <= series.last_time) return;
  if (IsStale(value)) {
    series.last_time = time;
    series.refused = false;
    End(context_->seams.table, slot);
    return;
  }
  if (!std::isfinite(value) || (!series.live && !Enliven(&series))) return;
  series.last_time = time;
  ++stats_.samples;
  const auto detectors = series_.Detectors(slot);
  const auto resuming = resuming_.empty() ? resuming_.end() : resuming_.find(slot);
  if (resuming == resuming_.end()) {
    for (const auto& detector : detectors) detector->Observe(time, value);
    return;
  }
  for (size_t i = 0; i < detectors.size(); ++i) {
    if (time <= resuming->second[i]) continue;
    detectors[i]->Observe(time, value);
    if (time <= context_->reported) detectors[i]->Reported();
  }
}

bool Source::Enliven(WatchedSeries::Slot* slot) {
  slot->refused = live_ >= max_series_;
  if (slot->refused) return false;
  slot->live = true;
  ++live_;
  return true;
}

void Source::End(DerivedTable& table, uint32_t slot) {
  if (!series_[slot].live) return;
  series_[slot].live = false;
  series_[slot].told = false;
  --live_;
  const auto handles = series_.Handles(slot);
  table.Remove(handles);
  std::ranges::fill(handles, DerivedTable::kNone);
}

// Evaluated series end when the expression does not give them (Evaluate()); the age is for sources
// that are not evaluated in time. A series ahead of the clock begins anew: it would take nothing
// until the clock is there.
void Source::Expire(Timestamp now) {
  const AnalyticsOptions& options = context_->options;
  const DurationMs staleness = options.staleness + (follower_ ? 0 : IntervalOf(options));
  // Without a store nobody else has the state: a series that comes back would begin anew.
  const bool stored = context_->seams.state != nullptr;
  const DurationMs keep = std::max(stored ? options.keep_gone : options.keep_saved, staleness);
  for (uint32_t slot = 0; slot < series_.size(); ++slot) {
    const WatchedSeries::Slot& series = series_[slot];
    if (!series.used) continue;
    const DurationMs age = series.last_time == kNoTime ? 0 : now - series.last_time;
    const bool ahead = age < -SeriesFollower::kMostAhead;
    if (series.live && (age > staleness || ahead)) End(context_->seams.table, slot);
    if (series.live || (age <= keep && !ahead)) continue;
    if (stored && !ahead) SaveSlot(slot, &parted_);
    if (follower_ && series.feed != WatchedSeries::kNone) follower_->Forget(series.feed);
    if (slot < labels_.size()) labels_[slot] = Labels();
    series_.Free(slot);
  }
  stats_.series = live_;
}

void Source::SaveSlot(uint32_t slot, std::vector<CheckpointRow>* rows) {
  WatchedSeries::Slot& series = series_[slot];
  if (!series.used || series.last_time == series.saved_time) return;
  series.saved_time = series.last_time;
  const auto detectors = series_.Detectors(slot);
  for (size_t i = 0; i < detectors.size(); ++i) {
    auto row = SaveDetector(identities_[i], series.identity, series.last_time, *detectors[i]);
    if (row) rows->push_back(*std::move(row));
  }
}

void Source::Save(uint32_t from, uint32_t to, std::vector<CheckpointRow>* rows) {
  for (uint32_t slot = from; slot < std::min(to, series_.size()); ++slot) SaveSlot(slot, rows);
  std::ranges::move(parted_, std::back_inserter(*rows));
  parted_.clear();
}

std::vector<CheckpointRow> Source::States() {
  std::vector<CheckpointRow> rows;
  for (uint32_t slot = 0; slot < series_.size(); ++slot) {
    series_[slot].saved_time = kNoTime;
    SaveSlot(slot, &rows);
  }
  std::ranges::move(parted_, std::back_inserter(rows));
  parted_.clear();
  return rows;
}

Labels Source::LabelsOf(uint32_t slot) const {
  if (!follower_) return labels_[slot];
  const uint32_t feed = series_[slot].feed;
  return feed == WatchedSeries::kNone ? Labels() : follower_->LabelsAt(feed);
}

void Source::VisitAnomalies(const std::function<void(const Judged& judged)>& visit) const {
  const auto is_anomaly = [](const Entry& entry) { return entry.kind == EntryKind::kAnomaly; };
  if (std::ranges::none_of(entries_, is_anomaly)) return;
  for (uint32_t slot = 0; slot < series_.size(); ++slot) {
    if (!series_[slot].live) continue;
    const auto detectors = series_.Detectors(slot);
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (is_anomaly(entries_[i])) visit({slot, entries_[i], *detectors[i]});
    }
  }
}

void Source::Retire(DerivedTable& table) {
  for (uint32_t slot = 0; slot < series_.size(); ++slot) End(table, slot);
  series_.Clear();
}

}  // namespace outrider
