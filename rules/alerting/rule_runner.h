// SPDX-License-Identifier: Apache-2.0
// One rule at work: query, decide, commit, append. Owned by a Group; one caller at a time.
#pragma once

#include <string>
#include <vector>

#include "rules/alerting/alert_rows.h"
#include "rules/alerting/alert_rule.h"
#include "rules/alerting/alert_state.h"
#include "rules/alerting/no_data.h"
#include "rules/alerting/rule_context.h"
#include "rules/alerting/rule_texts.h"
#include "rules/alerting/rule_view.h"
#include "rules/rulefile/rule_group.h"

namespace outrider {

struct Farewell;
class StrayAlerts;

// A series by its labels; sorted by packed().
using SeriesList = std::vector<Labels>;

// What the rules of one group have in common. Outlives the runners.
struct GroupOfRules {
  const RuleGroup& group;
  const RuleContext& context;
  const RuleSeams& seams;
  DurationMs interval = 0;
  GroupPolicy policy = {};
};

class RuleRunner {
 public:
  // `rule` is one of `home.group`.
  RuleRunner(const Rule& rule, std::string id, const GroupOfRules& home);

  // Instead of an evaluation: the alerts stay as they are, their series go on. What a rule recorded
  // that is disabled now ends.
  uint64_t KeepUp(Timestamp ts, DurationMs query_offset);

  // Evaluates at `ts` with the group's query offset; returns how many samples were appended. What
  // went wrong stands in the view: an expression that fails leaves alerts and series untouched, as
  // does a sink that refuses. Samples that the windows refuse are an error of the rule too, but the
  // rest holds.
  uint64_t Evaluate(Timestamp ts, DurationMs query_offset);

  // Continues from restored rows (`no_data`: those under no_data_id()), or from the same rule
  // before a reload. What is kept under another id or other external labels from now on goes to
  // `left`.
  void Restore(std::vector<AlertRow> alerts, std::vector<AlertRow> no_data, Farewell* left);
  void Inherit(const RuleRunner& predecessor, Farewell* left);
  // Takes those of the alerts that are this rule's.
  void Adopt(StrayAlerts* strays, Farewell* left);
  // All alerts as they are, at `ts`; each evaluation does it by itself.
  void TellRelay(Timestamp ts) const;
  // Rows of alerts whose value or texts have changed since they were written.
  void AddUnwritten(Batch* rows) const;
  const AlertSet& alerts() const { return alerts_; }
  const AlertSet& no_data() const { return no_data_; }
  const SeriesList& series() const { return series_; }
  // Somebody else wrote the last evaluation's samples; sorted.
  void SetSeries(SeriesList written) { series_ = std::move(written); }

  const Rule& rule() const { return rule_; }
  const std::string& id() const { return id_; }
  const std::string& no_data_id() const { return no_data_id_; }
  AlertRow RowOf(AlertPtr alert) const { return RowOf(id_, std::move(alert)); }
  AlertRow NoDataRowOf(AlertPtr alert) const { return RowOf(no_data_id_, std::move(alert)); }
  const TextCounts& text_counts() const { return texts_.counts(); }
  bool enabled() const { return expression_ != nullptr; }
  bool failed() const { return view_.health == RuleHealth::kError; }
  // Of the last evaluation, refused samples aside.
  bool evaluation_failed() const { return evaluation_failed_; }
  double evaluation_seconds() const { return view_.evaluation_seconds; }  // of the last evaluation
  uint64_t refused() const { return refused_.Rejected(); }  // samples of the last evaluation
  RuleView View() const;

 private:
  Status EvaluateAlerts(const promql::Vector& vector, Timestamp ts, Timestamp sample_time);
  Status EvaluateRecord(const promql::Vector& vector, Timestamp ts, Timestamp sample_time);
  Status TryEvaluate(Timestamp ts, Timestamp sample_time);
  void SetState(AlertSet alerts, AlertSet no_data);
  AlertPtr TakeIn(const AlertRow& before, const std::string& id, Farewell* left) const;
  AlertRow RowOf(const std::string& id, AlertPtr alert) const;
  Status Commit(const AlertStep& step, const AlertStep& no_data, Timestamp ts);
  void AddRows(const std::string& id, const AlertStep& step, Batch* rows) const;
  std::vector<LabeledSample> Samples(Timestamp sample_time) const;
  void Append(const std::vector<LabeledSample>& samples, Timestamp ts, Timestamp sample_time);

  const Rule& rule_;
  const promql::Expression* const expression_;  // of rule_; nullptr: the rule is disabled
  const std::string id_;
  const std::string no_data_id_;
  const std::string place_;  // file:line:column, for the log
  const AlertTiming timing_;
  const DurationMs interval_;
  const Labels external_labels_;
  const std::string generator_url_;
  const RuleSeams& seams_;
  RuleTexts texts_;
  NoDataWatch no_data_watch_;
  AlertSet alerts_;
  AlertSet no_data_;
  SeriesList series_;  // what the last evaluation wrote
  uint64_t appended_ = 0;
  AppendCounts refused_;  // what became of them, markers aside
  bool evaluation_failed_ = false;
  RuleView view_;
};

// The series of AlertSamples, sorted.
SeriesList AlertSeries(const AlertSet& alerts);

// Stale markers for the members of `before` that are not in `now`; both sorted.
std::vector<LabeledSample> StaleMarkers(const SeriesList& before, const SeriesList& now,
                                        Timestamp sample_time);

}  // namespace outrider
