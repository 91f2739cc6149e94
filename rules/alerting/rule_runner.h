// SPDX-License-Identifier: Apache-2.0
// One rule at work: query, decide, commit, append. Owned by a Group; one caller at a time.
#pragma once

#include <string>
#include <vector>

#include "rules/alerting/alert_rows.h"
#include "rules/alerting/alert_rule.h"
#include "rules/alerting/alert_state.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_texts.h"
#include "rules/alerting/rule_view.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

// A series by its labels; sorted by packed().
using SeriesList = std::vector<Labels>;

class RuleRunner {
 public:
  // `rule` and `group` outlive the runner.
  RuleRunner(const Rule& rule, const RuleGroup& group, std::string id, const RuleContext& context,
             const RuleSeams& seams);

  // Until `until` the rule's alerts stay as they are, unless its selectors show samples from
  // `start` on: after a start, nothing resolves because data is not back yet. Meant for restored
  // alerts.
  void Hold(Timestamp start, Timestamp until);
  bool held() const { return hold_until_ != 0; }

  // Evaluates at `ts` with the group's query offset; returns how many samples were appended. What
  // went wrong stands in the view: an expression that fails leaves alerts and series untouched, as
  // does a sink that refuses.
  uint64_t Evaluate(Timestamp ts, DurationMs query_offset);

  // Continues from restored rows, or from the same rule before a reload.
  void SetState(AlertSet alerts, SeriesList series);
  void Inherit(const RuleRunner& predecessor);
  const AlertSet& alerts() const { return alerts_; }
  const SeriesList& series() const { return series_; }

  const Rule& rule() const { return rule_; }
  const std::string& id() const { return id_; }
  AlertRow RowOf(AlertPtr alert) const;
  const TextCounts& text_counts() const { return texts_.counts(); }
  bool enabled() const { return expression_ != nullptr; }
  bool failed() const { return view_.health == RuleHealth::kError; }
  RuleView View() const;

 private:
  Status EvaluateAlerts(const promql::Vector& vector, Timestamp ts, Timestamp sample_time);
  Status EvaluateRecord(const promql::Vector& vector, Timestamp ts, Timestamp sample_time);
  Status TryEvaluate(Timestamp ts, Timestamp sample_time);
  bool DataIsCurrent(Timestamp now);
  Status Commit(const AlertStep& step, Timestamp ts);
  void Append(std::vector<LabeledSample> samples, Timestamp ts, Timestamp sample_time);

  const Rule& rule_;
  const promql::Expression* const expression_;  // of rule_; nullptr: the rule is disabled
  const std::string id_;
  const AlertTiming timing_;
  const Labels external_labels_;
  const std::string generator_url_;
  const RuleSeams& seams_;
  RuleTexts texts_;
  AlertSet alerts_;
  SeriesList series_;  // what the last evaluation wrote
  uint64_t appended_ = 0;
  Timestamp hold_start_ = 0;
  Timestamp hold_until_ = 0;  // 0: not held
  bool settling_ = false;     // current data was seen once; ranges want a second sample
  RuleView view_;
};

// The series of AlertSamples, sorted.
SeriesList AlertSeries(const AlertSet& alerts);

// Stale markers for the members of `before` that are not in `now`; both sorted.
std::vector<LabeledSample> StaleMarkers(const SeriesList& before, const SeriesList& now,
                                        Timestamp sample_time);

}  // namespace outrider
