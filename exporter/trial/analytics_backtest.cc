// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/analytics_backtest.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include "exporter/trial/replay_order.h"
#include "exporter/trial/trial_seams.h"
#include "fmt/format.h"
#include "storage/base/text.h"
#include "storage/window/match_cache.h"
#include "storage/window/windows.h"

namespace outrider {
namespace {

constexpr DurationMs kSlack = 10 * kMinute;

Status CheckEntries(const std::vector<Entry>& entries) {
  if (entries.empty()) {
    return InvalidArgument(
        "there are no trends, anomalies or forecasts in the given files; objectives are not "
        "replayed");
  }
  for (const Entry& entry : entries) {
    if (!entry.compiled) return InvalidArgument(entry.error);
    if (ReadsFixedTimes(*entry.compiled)) {
      return InvalidArgument(
          fmt::format("entry {} reads at a fixed time (@), for which a back-test loads no history",
                      Quote(entry.name)));
    }
  }
  return absl::OkStatus();
}

DurationMs HorizonOf(const std::vector<promql::Expression::Reach>& reads) {
  DurationMs horizon = 0;
  for (const auto& reach : reads) horizon = std::max(horizon, reach.horizon);
  return horizon;
}

// Each selector once, with the farthest it is read.
std::vector<promql::Expression::Reach> ReadsOf(const std::vector<Entry>& entries,
                                               DurationMs lookback) {
  std::vector<promql::Expression::Reach> reads;
  std::map<std::string, size_t> places;
  for (const Entry& entry : entries) {
    if (!entry.compiled) continue;
    for (auto& reach : entry.compiled->Selectors(lookback)) {
      const auto [place, is_new] =
          places.try_emplace(MatchCache::KeyOf(reach.matchers), reads.size());
      if (is_new) {
        reads.push_back(std::move(reach));
      } else {
        DurationMs& horizon = reads[place->second].horizon;
        horizon = std::max(horizon, reach.horizon);
      }
    }
  }
  return reads;
}

// What a source is asked for that does not know the labels that are added here: without the
// matchers on them. nullopt: one of them does not match.
std::optional<std::vector<Matcher>> AskedOf(
    const std::vector<Matcher>& matchers,
    const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<Matcher> asked;
  for (const Matcher& matcher : matchers) {
    const auto own = std::ranges::find_if(
        added, [&](const auto& label) { return label.first == matcher.name(); });
    if (own == added.end()) {
      asked.push_back(matcher);
    } else if (!matcher.Matches(own->second)) {
      return std::nullopt;
    }
  }
  return asked;
}

// The daemon's engine on windows that are filled from history. History is loaded ahead of the
// clock: the feed hands over what is not behind it, and evaluations see no more.
class Replay {
 public:
  Replay(std::vector<Entry> entries, const AnalyticsBacktestOptions& options, const Clock& clock)
      : options_(options),
        reads_(ReadsOf(entries, options.engine.lookback)),
        drop_(NamesOf(options.drop_labels)),
        add_(options.add_labels),
        promql_(options.engine, clock),
        windows_(WindowsFor(HorizonOf(reads_), options)),
        as_of_(windows_),
        engine_(std::move(entries), EngineOptionsOf(options),
                {.engine = promql_,
                 .querier = as_of_,
                 .table = table_,
                 .workloads = options.workloads,
                 .feed = &windows_,
                 .state = options.state}) {}

  const std::vector<promql::Expression::Reach>& reads() const { return reads_; }
  uint64_t samples() const { return samples_; }
  // The newest time the entries were run at; kNoTime: they were not.
  Timestamp last_run() const { return last_run_; }

  Status Load(const HistoryPiece& piece, Timestamp to) {
    const Status status = piece.ForEach([&](const HistoryRow& row) { Take(row, to); });
    windows_.Expire();
    return status;
  }

  // False: stopped.
  StatusOr<bool> Run(HistoryStretch stretch, const std::stop_token& stop) {
    const DurationMs step = options_.run_every > 0 ? options_.run_every : options_.interval;
    for (Timestamp now = (stretch.from + step - 1) / step * step; now <= stretch.to; now += step) {
      if (stop.stop_requested()) return false;
      last_run_ = now;
      as_of_.SetNow(now);
      engine_.Run(now);
      if (options_.judged) tracks_.Take(table_.Snapshot(), now);
      table_.Flush(windows_, now);  // entries may watch what others give
      TRY(engine_.Checkpoint(now));
    }
    // A store in memory remembers what was overwritten since the last synced one.
    if (options_.state != nullptr) TRY(options_.state->Commit({}, Durability::kSynced));
    return true;
  }

  // Leaves what the detectors know in the store.
  Status Save() {
    if (last_run_ == kNoTime) return absl::OkStatus();
    return engine_.Checkpoint(last_run_, AnalyticsEngine::Part::kAll);
  }

  void Finish(AnalyticsBacktestResult* result) {
    result->samples = samples_;
    result->series = windows_.Stats().series_created;
    std::vector<DerivedValue> last;
    for (const DerivedFamily& family : table_.Snapshot()) {
      if (family.metric->name.starts_with("outrider_anomaly_")) continue;
      for (const DerivedSeries& series : family.series) {
        last.push_back({*series.labels, series.value});
      }
    }
    std::vector<AnomalyTrack> tracks = tracks_.Finish();
    for (EntryStatus& status : engine_.Entries()) {
      AnalyticsEntryOutcome& outcome = result->entries.emplace_back();
      outcome.status = std::move(status);
      Part(tracks, outcome.status, &outcome);
      PartLast(last, outcome.status, &outcome);
    }
  }

 private:
  static WindowsOptions WindowsFor(DurationMs horizon, const AnalyticsBacktestOptions& options) {
    WindowsOptions windows;
    windows.retention = horizon + options.piece + kSlack;
    windows.unreferenced_retention = windows.retention;
    return windows;
  }
  static AnalyticsOptions EngineOptionsOf(const AnalyticsBacktestOptions& options) {
    AnalyticsOptions engine;
    engine.interval = options.interval;
    engine.checkpoint_every = kDay;  // only series that are gone are read from it
    return engine;
  }

  static void Part(const std::vector<AnomalyTrack>& tracks, const EntryStatus& status,
                   AnalyticsEntryOutcome* outcome) {
    if (status.kind != EntryKind::kAnomaly) return;
    std::ranges::copy_if(tracks, std::back_inserter(outcome->tracks), [&](const auto& track) {
      return track.labels.Get("entry") == status.name;
    });
  }
  static void PartLast(const std::vector<DerivedValue>& last, const EntryStatus& status,
                       AnalyticsEntryOutcome* outcome) {
    const std::string prefix = fmt::format("outrider_{}_", EntryKindText(status.kind));
    std::ranges::copy_if(last, std::back_inserter(outcome->last), [&](const auto& value) {
      return value.labels.MetricName().starts_with(prefix) &&
             value.labels.Get("entry") == status.name;
    });
  }

  void Take(const HistoryRow& row, Timestamp to) {
    if (row.samples.empty()) return;
    std::span<const LabelView> labels = row.labels;
    std::vector<LabelView> fewer;
    if (!drop_.empty()) {
      std::ranges::remove_copy_if(labels, std::back_inserter(fewer), [&](const LabelView& label) {
        return std::ranges::find(drop_, label.name) != drop_.end();
      });
      labels = fewer;
    }
    Labels more;
    if (!add_.empty()) {
      LabelsBuilder builder;
      for (const auto& [name, value] : add_) builder.Set(name, value);
      for (const LabelView& label : labels) builder.Set(label.name, label.value);
      more = builder.Build();
      fewer.assign(more.begin(), more.end());
      labels = fewer;
    }
    samples_ += windows_.Append(labels, row.samples, Origin::kRemote, to).accepted;
  }

  const AnalyticsBacktestOptions& options_;
  const std::vector<promql::Expression::Reach> reads_;
  const std::vector<std::string> drop_;
  const std::vector<std::pair<std::string, std::string>>& add_;
  const promql::Engine promql_;
  Windows windows_;
  AsOfQuerier as_of_;
  DerivedTable table_;
  AnalyticsEngine engine_;
  AnomalyTracks tracks_;
  uint64_t samples_ = 0;
  Timestamp last_run_ = kNoTime;
};

}  // namespace

StatusOr<AnalyticsBacktestResult> RunAnalyticsBacktest(
    std::vector<Entry> entries, const AnalyticsBacktestOptions& options, HistorySource& source,
    const Clock& clock, const std::function<void(const BacktestProgress&)>& progress,
    const std::stop_token& stop) {
  if (options.end < options.start) return InvalidArgument("the end lies before the start");
  if (options.piece <= 0 || options.interval <= 0) {
    return InvalidArgument("pieces of history and intervals must be longer than nothing");
  }
  TRY(CheckEntries(entries));
  Replay replay(std::move(entries), options, clock);
  const auto stretches =
      StretchesOf({options.start, options.end}, HorizonOf(replay.reads()), options.piece);
  Timestamp reached = options.start;
  const auto queries = [&](const HistoryStretch& of) {
    std::vector<HistoryQuery> all;
    for (const auto& reach : replay.reads()) {
      const Timestamp from = std::max(of.from, options.start - reach.horizon);
      auto asked = AskedOf(reach.matchers, options.add_labels);
      if (from <= of.to && asked) all.push_back({*std::move(asked), from, of.to});
    }
    return all;
  };
  const auto use = [&](const HistoryPiece& piece, const HistoryStretch& of) -> StatusOr<bool> {
    TRY(replay.Load(piece, of.to));
    const auto length = static_cast<double>(options.end + 1 - stretches.front().from);
    progress({static_cast<double>(of.from - stretches.front().from) / length, reached,
              replay.samples()});
    if (of.to < options.start) return !stop.stop_requested();
    if (!TRY(replay.Run(of, stop))) {
      reached = std::max(reached, replay.last_run());
      return false;
    }
    reached = of.to;
    return true;
  };
  AnalyticsBacktestResult result;
  result.stopped = !TRY(WalkHistory({source, options.drop_labels, queries, use}, stretches, stop));
  result.start = options.start;
  result.end = reached;
  result.wanted_end = options.end;
  TRY(replay.Save());
  replay.Finish(&result);
  return result;
}

}  // namespace outrider
