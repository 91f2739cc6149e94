// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/backtest.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/alerting/slot.h"

namespace outrider {
namespace {

// What a rule did behind `end` is undone: others did not get so far. `last`: its newest evaluation
// that counts.
void CutTrack(Timestamp end, Timestamp last, AlertTrack* track) {
  std::erase_if(track->runs, [&](const ActiveRun& run) { return run.first > end; });
  if (!track->runs.empty() && track->runs.back().last > end) {
    track->runs.back().last = last;
    track->runs.back().open = true;
  }
  std::erase_if(track->firings, [&](const Firing& firing) { return firing.fired_at > end; });
  if (!track->firings.empty() && track->firings.back().resolved_at > end) {
    track->firings.back().resolved_at = 0;
  }
}

void CutAt(Timestamp end, std::vector<RuleOutcome>* rules) {
  for (RuleOutcome& rule : *rules) {
    const Timestamp last = SlotAt(end, rule.interval, 0);
    for (AlertTrack& track : rule.tracks) CutTrack(end, last, &track);
    std::erase_if(rule.tracks, [](const AlertTrack& track) { return track.runs.empty(); });
  }
}

Status CheckRules(const std::vector<RuleGroup>& groups) {
  for (const RuleGroup& group : groups) {
    for (const Rule& rule : group.rules) {
      TRY(rule.error);
      if (rule.expression && ReadsFixedTimes(*rule.expression)) {
        return InvalidArgument(
            fmt::format("{}:{}: rule {} reads at a fixed time (@), for which a back-test loads no "
                        "history",
                        group.file, rule.line, rule.name));
      }
    }
  }
  return absl::OkStatus();
}

// One back-test under way.
class Run {
 public:
  Run(std::vector<RuleGroup> groups, const BacktestOptions& options, const BacktestSeams& seams,
      const std::stop_token& stop)
      : options_(options),
        seams_(seams),
        stop_(stop),
        replay_(std::move(groups),
                {.context = options.context,
                 .engine = options.engine,
                 .start = options.start,
                 .longest_piece = options.piece,
                 .drop_labels = NamesOf(options.drop_labels),
                 .stepwise = options.stepwise,
                 .threads = options.threads},
                seams.clock),
        pieces_(
            StretchesOf({options.start, options.end}, replay_.needs().horizon(), options.piece)),
        reached_(options.start - 1) {}

  StatusOr<BacktestResult> Go() {
    const HistoryWalk walk = {
        seams_.source, options_.drop_labels,
        [this](const HistoryStretch& of) {
          return replay_.needs().QueriesFor(of.from, of.to, options_.start);
        },
        [this](const HistoryPiece& piece, const HistoryStretch& of) -> StatusOr<bool> {
          TRY(replay_.Load(piece, of.to));
          TRY(Evaluate(of));
          return !stopped_;
        }};
    if (!TRY(WalkHistory(walk, pieces_, stop_))) stopped_ = true;
    return Result();
  }

 private:
  Status Evaluate(const HistoryStretch& piece) {
    Tell(piece, 0);
    if (piece.to < options_.start) {
      stopped_ = stop_.stop_requested();
      return absl::OkStatus();
    }
    const bool whole =
        replay_.Run(piece.from - 1, piece.to, stop_, [&](double part) { Tell(piece, part); });
    if (!whole) {
      stopped_ = true;
      return absl::OkStatus();
    }
    for (const ToldAlerts& told : replay_.TakeTold()) TRY(seams_.told(told));
    reached_ = piece.to;
    return absl::OkStatus();
  }

  void Tell(const HistoryStretch& piece, double part) const {
    const Timestamp first = pieces_.front().from;
    const auto length = static_cast<double>(std::max<Timestamp>(options_.end + 1 - first, 1));
    const auto at = static_cast<double>(piece.from - first) +
                    part * static_cast<double>(piece.to + 1 - piece.from);
    seams_.progress({at / length, std::max(reached_, options_.start), replay_.samples()});
  }

  BacktestResult Result() {
    BacktestResult result;
    result.start = options_.start;
    result.end = std::max(reached_, options_.start);
    result.wanted_end = options_.end;
    result.stopped = stopped_;
    result.samples = replay_.samples();
    result.series = replay_.series();
    result.rules = replay_.Finish();
    if (stopped_) CutAt(reached_, &result.rules);
    return result;
  }

  const BacktestOptions& options_;
  const BacktestSeams& seams_;
  const std::stop_token& stop_;
  RuleReplay replay_;
  const std::vector<HistoryStretch> pieces_;
  Timestamp reached_;
  bool stopped_ = false;
};

}  // namespace

StatusOr<BacktestResult> RunBacktest(std::vector<RuleGroup> groups, const BacktestOptions& options,
                                     const BacktestSeams& seams, const std::stop_token& stop) {
  if (options.end < options.start) return InvalidArgument("the end lies before the start");
  if (options.piece <= 0) return InvalidArgument("a piece of history must be longer than nothing");
  TRY(CheckRules(groups));
  return Run(std::move(groups), options, seams, stop).Go();
}

}  // namespace outrider
