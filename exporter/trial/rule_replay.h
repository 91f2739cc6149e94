// SPDX-License-Identifier: Apache-2.0
// Rules over history in event time: windows (storage/window) that are filled from history, and a
// player for each rule, run in an order in which each sees what it would have seen live
// (replay_order.h). Stages of one level run beside each other.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/trial/history_needs.h"
#include "exporter/trial/history_source.h"
#include "exporter/trial/replay_order.h"
#include "exporter/trial/rule_player.h"
#include "exporter/trial/trial_seams.h"
#include "rules/alerting/rule_context.h"
#include "rules/promql/engine.h"
#include "storage/window/windows.h"

namespace outrider {

struct ReplayOptions {
  RuleContext context;
  promql::EngineOptions engine;
  Timestamp start = 0;               // the first evaluation is not before it
  DurationMs longest_piece = kHour;  // of what is loaded at once
  std::vector<std::string> drop_labels;
  bool stepwise = false;  // never ask ahead: slow, for comparison
  unsigned threads = 1;
};

// How many samples each of `threads` may hold that ask ahead at the same time: together no more
// than one query may.
size_t AheadBudget(size_t max_samples, unsigned threads);

// One caller at a time.
class RuleReplay {
 public:
  // `groups` without rules that have errors. `clock` times the work only, and outlives this.
  RuleReplay(std::vector<RuleGroup> groups, ReplayOptions options, const Clock& clock);
  RuleReplay(const RuleReplay&) = delete;
  RuleReplay& operator=(const RuleReplay&) = delete;

  const HistoryNeeds& needs() const { return needs_; }
  // Samples up to `to`; pieces come in the order of time.
  Status Load(const HistoryPiece& piece, Timestamp to);
  // Every evaluation in (after, until], for which everything is loaded. `progress` hears what part
  // is done, from one thread at a time. False: stopped; some rules went further than others.
  bool Run(Timestamp after, Timestamp until, const std::stop_token& stop,
           const std::function<void(double)>& progress);
  // What was told since the last call, by time.
  std::vector<ToldAlerts> TakeTold();
  // Of each rule, in the order of the files; nothing is run after it.
  std::vector<RuleOutcome> Finish();

  uint64_t samples() const { return samples_; }
  uint64_t series() const { return windows_.Stats().series_created; }

 private:
  void AddPlayers();
  void Take(const HistoryRow& row, Timestamp to);
  // False: stopped in between.
  bool RunStage(const ReplayStage& stage, Timestamp after, Timestamp until,
                const std::stop_token& stop);
  bool RunTogether(const ReplayStage& stage, Timestamp after, Timestamp until,
                   const std::stop_token& stop);

  const std::vector<RuleGroup> groups_;
  const ReplayOptions options_;
  const Clock& clock_;
  StopClock stop_clock_;
  const promql::Engine engine_;
  const promql::Engine ahead_;  // what all threads together ask for stays within the budget of one
  const std::vector<ReplayRule> places_;
  const std::vector<RuleReads> reads_;  // by place
  const HistoryNeeds needs_;
  const std::vector<ReplayStage> stages_;
  Windows windows_;
  std::vector<std::unique_ptr<RulePlayer>> players_;
  uint64_t samples_ = 0;
};

}  // namespace outrider
