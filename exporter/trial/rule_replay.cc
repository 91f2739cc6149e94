// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/rule_replay.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>

#include "absl/synchronization/mutex.h"

namespace outrider {
namespace {

constexpr DurationMs kSlack = 10 * kMinute;

std::vector<ReplayRule> PlacesOf(const std::vector<RuleGroup>& groups, const RuleContext& context) {
  std::vector<ReplayRule> places;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (size_t r = 0; r < groups[g].rules.size(); ++r) {
      places.push_back({.group = &groups[g],
                        .rule = &groups[g].rules[r],
                        .group_index = g,
                        .rule_index = r,
                        .query_offset = groups[g].query_offset.value_or(context.query_offset)});
    }
  }
  return places;
}

WindowsOptions WindowsFor(const HistoryNeeds& needs, DurationMs longest_piece) {
  WindowsOptions options;
  options.retention = needs.horizon() + longest_piece + kSlack;
  options.unreferenced_retention = options.retention;
  return options;
}

std::vector<RuleReads> ReadsOf(const std::vector<ReplayRule>& places,
                               const ReplayOptions& options) {
  std::vector<RuleReads> reads;
  reads.reserve(places.size());
  for (const ReplayRule& place : places) {
    reads.push_back(ReadsOfRule(*place.rule, options.engine.lookback, options.context.promql));
  }
  return reads;
}

bool IsRead(const Rule& writer, const std::vector<RuleReads>& reads) {
  return std::ranges::any_of(reads, [&](const RuleReads& of_one) {
    return of_one.anything || std::ranges::any_of(of_one.selectors, [&](const auto& selector) {
             return MayRead(selector.matchers, writer);
           });
  });
}

promql::EngineOptions AheadOptions(const ReplayOptions& options) {
  promql::EngineOptions ahead = options.engine;
  ahead.max_samples = AheadBudget(ahead.max_samples, options.threads);
  return ahead;
}

}  // namespace

size_t AheadBudget(size_t max_samples, unsigned threads) {
  return std::max<size_t>(max_samples / std::max(threads, 1U), 1);
}

RuleReplay::RuleReplay(std::vector<RuleGroup> groups, ReplayOptions options, const Clock& clock)
    : groups_(std::move(groups)),
      options_(std::move(options)),
      clock_(clock),
      stop_clock_(clock),
      engine_(options_.engine, clock),
      ahead_(AheadOptions(options_), stop_clock_),
      places_(PlacesOf(groups_, options_.context)),
      reads_(ReadsOf(places_, options_)),
      needs_(places_, reads_),
      stages_(OrderForReplay(places_, reads_)),
      windows_(WindowsFor(needs_, options_.longest_piece)) {
  AddPlayers();
}

void RuleReplay::AddPlayers() {
  for (const ReplayRule& place : places_) {
    players_.push_back(std::make_unique<RulePlayer>(
        place, IsRead(*place.rule, reads_),
        RulePlayer::Surroundings{options_.context, engine_, ahead_, windows_, clock_}));
  }
}

void RuleReplay::Take(const HistoryRow& row, Timestamp to) {
  std::span<const Sample> samples = row.samples;
  std::span<const HistogramSample> histograms = row.histograms;
  const auto name = std::ranges::find(row.labels, kMetricName, &LabelView::name);
  if (name != row.labels.end() && needs_.WritesName(name->value)) {
    const auto kept = std::ranges::lower_bound(samples, options_.start, {}, &Sample::time);
    samples = {samples.begin(), kept};
    const auto kept_too =
        std::ranges::lower_bound(histograms, options_.start, {}, &HistogramSample::time);
    histograms = {histograms.begin(), kept_too};
  }
  std::span<const LabelView> labels = row.labels;
  std::vector<LabelView> fewer;
  if (!options_.drop_labels.empty()) {
    std::ranges::remove_copy_if(labels, std::back_inserter(fewer), [&](const LabelView& label) {
      return std::ranges::find(options_.drop_labels, label.name) != options_.drop_labels.end();
    });
    labels = fewer;
  }
  AppendCounts counts;
  if (!samples.empty()) counts += windows_.Append(labels, samples, Origin::kRemote, to);
  if (!histograms.empty()) {
    counts += windows_.AppendHistograms(labels, histograms, {}, Origin::kRemote, to);
  }
  samples_ += counts.accepted;
}

Status RuleReplay::Load(const HistoryPiece& piece, Timestamp to) {
  const Status status = piece.ForEach([&](const HistoryRow& row) { Take(row, to); });
  windows_.Expire();
  return status;
}

bool RuleReplay::Run(Timestamp after, Timestamp until, const std::stop_token& stop,
                     const std::function<void(double)>& progress) {
  stop_clock_.SetStop(stop);
  absl::Mutex mutex;  // of `done` and of telling
  size_t done = 0;
  for (size_t begin = 0; begin < stages_.size();) {
    size_t end = begin;
    while (end < stages_.size() && stages_[end].level == stages_[begin].level) ++end;
    std::atomic<size_t> next = begin;
    const auto work = [&] {
      for (size_t i = next++; i < end && !stop.stop_requested(); i = next++) {
        if (!RunStage(stages_[i], after, until, stop)) return;
        const absl::MutexLock lock(&mutex);
        done += stages_[i].rules.size();
        progress(static_cast<double>(done) / static_cast<double>(players_.size()));
      }
    };
    {
      std::vector<std::jthread> helpers;
      const size_t wanted = std::min<size_t>(options_.threads, end - begin);
      for (size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
      work();
    }
    if (stop.stop_requested()) return false;
    begin = end;
  }
  return true;
}

bool RuleReplay::RunStage(const ReplayStage& stage, Timestamp after, Timestamp until,
                          const std::stop_token& stop) {
  if (stage.stepwise || options_.stepwise) return RunTogether(stage, after, until, stop);
  RulePlayer& player = *players_[stage.rules[0]];
  return player.EvaluateAll(player.TimesIn(after, until), stop);
}

bool RuleReplay::RunTogether(const ReplayStage& stage, Timestamp after, Timestamp until,
                             const std::stop_token& stop) {
  std::vector<std::pair<Timestamp, size_t>> order;
  for (const size_t rule : stage.rules) {
    const EvaluationTimes times = players_[rule]->TimesIn(after, until);
    for (size_t i = 0; i < times.count; ++i) order.emplace_back(times.At(i), rule);
  }
  std::ranges::sort(order);
  for (const auto& [ts, rule] : order) {
    if (stop.stop_requested()) return false;
    players_[rule]->Evaluate(ts);
  }
  return true;
}

std::vector<ToldAlerts> RuleReplay::TakeTold() {
  std::vector<ToldAlerts> told;
  for (const auto& player : players_) {
    std::ranges::move(player->TakeTold(), std::back_inserter(told));
  }
  std::ranges::stable_sort(told, {}, &ToldAlerts::now);
  return told;
}

std::vector<RuleOutcome> RuleReplay::Finish() {
  std::vector<RuleOutcome> outcomes;
  outcomes.reserve(players_.size());
  for (size_t i = 0; i < players_.size(); ++i) {
    outcomes.push_back(players_[i]->Finish());
    if (!reads_[i].anything) continue;
    outcomes.back().warnings.insert(
        "a text of it queries what only running it tells: series that nothing else reads were not "
        "fetched for it");
  }
  return outcomes;
}

}  // namespace outrider
