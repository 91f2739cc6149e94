// SPDX-License-Identifier: Apache-2.0
// One rule in a back-test: the daemon's rule runner (rules/alerting/rule_runner.h) with seams of
// its own, so that rules can be played beside each other. Where the rule only looks back, it is
// asked for many evaluations at once and the runner takes the answer step by step, as it would
// live.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "exporter/trial/alert_track.h"
#include "exporter/trial/replay_order.h"
#include "exporter/trial/step_table.h"
#include "exporter/trial/trial_seams.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_runner.h"
#include "rules/promql/engine.h"
#include "storage/window/windows.h"

namespace outrider {

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

// Evaluation times: first, first + step, …
struct EvaluationTimes {
  Timestamp first = 0;
  DurationMs step = 0;
  size_t count = 0;
  Timestamp At(size_t i) const { return first + static_cast<Timestamp>(i) * step; }
};

// One caller at a time; different players at once.
class RulePlayer {
 public:
  struct Surroundings {  // all outlive the player
    const RuleContext& context;
    const promql::Engine& engine;
    const promql::Engine& ahead;  // the same language; bounds what is asked for at once
    Windows& windows;
    const Clock& clock;  // times the work only
  };
  // `place` points at what outlives the player. `is_read`: what it writes is kept for others.
  RulePlayer(const ReplayRule& place, bool is_read, const Surroundings& around);
  RulePlayer(const RulePlayer&) = delete;
  RulePlayer& operator=(const RulePlayer&) = delete;

  const ReplayRule& place() const { return place_; }
  // Multiples of the group's interval in (after, until].
  EvaluationTimes TimesIn(Timestamp after, Timestamp until) const;
  void Evaluate(Timestamp ts);
  // False: stopped in between.
  bool EvaluateAll(EvaluationTimes times, const std::stop_token& stop);

  std::vector<ToldAlerts> TakeTold() { return sink_.Take(); }
  RuleOutcome Finish();  // nothing is evaluated after it

 private:
  enum class Ahead { kAsked, kTooMuch, kFailed };
  Ahead AskAhead(const EvaluationTimes& times);
  // A recording rule's whole answer at once; false: it must go step by step.
  bool RecordAhead(const promql::Matrix& matrix, const EvaluationTimes& times);
  StatusOr<promql::QueryResult> Answer(const promql::Expression& expression, Timestamp time);
  void Keep(const std::vector<std::string>& warnings);

  const ReplayRule place_;
  const bool is_read_;
  Windows& windows_;
  const promql::Engine& engine_;
  const promql::Engine& ahead_engine_;
  size_t most_ahead_;  // evaluations that are asked for at once
  AsOfQuerier querier_;
  ReadAppender appender_;
  ToldAlertsSink sink_;
  ForgetfulStore store_;
  const RuleSeams seams_;
  const GroupOfRules home_;
  RuleRunner runner_;
  AlertRecorder recorder_;
  RuleOutcome outcome_;
  std::optional<StepTable> ahead_;  // the answers to what is evaluated now
  bool recorded_ = false;           // they are written already
};

}  // namespace outrider
