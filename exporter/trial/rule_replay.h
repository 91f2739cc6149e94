// SPDX-License-Identifier: Apache-2.0
// Rules over history in event time: the daemon's rule runners (rules/alerting/rule_runner.h) and
// PromQL engine, with windows that are filled from history, and evaluations at multiples of each
// group's interval. A rule that only looks back is asked for hours at once (replay_order.h); its
// runner then takes the answer evaluation by evaluation, as it would live.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/trial/alert_track.h"
#include "exporter/trial/history_needs.h"
#include "exporter/trial/history_source.h"
#include "exporter/trial/replay_order.h"
#include "exporter/trial/step_table.h"
#include "exporter/trial/trial_seams.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_runner.h"
#include "rules/promql/engine.h"
#include "storage/window/windows.h"

namespace outrider {

struct ReplayOptions {
  RuleContext context;
  promql::EngineOptions engine;
  Timestamp start = 0;               // the first evaluation is not before it
  DurationMs longest_piece = kHour;  // of what is loaded at once
  bool stepwise = false;             // never ask ahead: slow, for comparison
};

// What came of one rule.
struct RuleOutcome {
  std::string file;
  std::string group;
  Rule rule;
  DurationMs interval = 0;
  uint64_t evaluations = 0;
  uint64_t samples = 0;  // recorded
  uint64_t failures = 0;
  std::string last_error;
  std::set<std::string> warnings;  // of the query; the first few
  std::vector<AlertTrack> tracks;
};

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
  // is done. False: stopped; some rules went further than others.
  bool Run(Timestamp after, Timestamp until, const std::stop_token& stop,
           const std::function<void(double)>& progress);
  // What was told since the last call, by time.
  std::vector<ToldAlerts> TakeTold();
  // Of each rule, in the order of the files; nothing is run after it.
  std::vector<RuleOutcome> Finish();

  uint64_t samples() const { return samples_; }
  uint64_t series() const { return windows_.Stats().series_created; }

 private:
  struct Slots {  // evaluation times: first, first + step, …
    Timestamp first = 0;
    DurationMs step = 0;
    size_t count = 0;
  };
  struct Player {
    ReplayRule place;
    std::unique_ptr<RuleRunner> runner;
    AlertRecorder recorder;
    RuleOutcome outcome;
    bool only_past = false;
    bool is_read = false;
  };
  void AddPlayers();
  void MarkRead();
  Slots SlotsIn(const Player& player, Timestamp after, Timestamp until) const;
  void RunAlone(Player& player, Timestamp after, Timestamp until);
  void RunTogether(const ReplayStage& stage, Timestamp after, Timestamp until);
  void Evaluate(Player& player, Timestamp ts);
  // Asks for `slots` at once; false: at least one of them must be asked by itself.
  bool AskAhead(const Player& player, const Slots& slots, bool* too_much);
  StatusOr<promql::QueryResult> Answer(const promql::Expression& expression, Timestamp time);

  const std::vector<RuleGroup> groups_;
  const ReplayOptions options_;
  const promql::Engine engine_;
  std::vector<ReplayRule> places_;
  const HistoryNeeds needs_;
  Windows windows_;
  AsOfQuerier querier_;
  ReadAppender appender_;
  ToldAlertsSink sink_;
  ForgetfulStore store_;
  const RuleSeams seams_;
  std::vector<Player> players_;
  std::vector<ReplayStage> stages_;

  Player* current_ = nullptr;  // whose evaluation is under way
  std::optional<StepTable> ahead_;  // its answers
  uint64_t samples_ = 0;
};

}  // namespace outrider
