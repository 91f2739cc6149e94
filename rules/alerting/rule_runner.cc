// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "rules/alerting/farewell.h"
#include "rules/alerting/recording_rule.h"
#include "rules/alerting/refused_samples.h"
#include "rules/alerting/stray_alerts.h"
#include "rules/alerting/told_alert.h"
#include "storage/base/log.h"
#include "storage/model/sample.h"

namespace outrider {
namespace {

SeriesList SeriesOf(const std::vector<LabeledSample>& samples) {
  SeriesList series;
  series.reserve(samples.size());
  for (const LabeledSample& sample : samples) series.push_back(sample.labels);
  std::ranges::sort(series, {}, &Labels::packed);
  return series;
}

}  // namespace

RuleRunner::RuleRunner(const Rule& rule, std::string id, const GroupOfRules& home)
    : rule_(rule),
      expression_(rule.error.ok() && rule.expression ? &*rule.expression : nullptr),
      id_(std::move(id)),
      no_data_id_(NoDataRuleId(id_)),
      place_(fmt::format("{}:{}:{}", home.group.file, rule.line, rule.column)),
      timing_{rule.hold, rule.keep_firing_for, home.group.limit},
      interval_(home.interval),
      external_labels_(home.context.external_labels),
      generator_url_(GeneratorUrl(home.context.external_url,
                                  expression_ ? expression_->ToString() : rule.expr)),
      seams_(home.seams),
      texts_(rule, home.context, home.seams.query, place_),
      no_data_watch_(rule, home.group.name, NoDataPolicyOf(rule, home.policy), home.seams.querier,
                     home.seams.lookback) {
  view_.rule = &rule;
  if (rule.error.ok()) return;
  view_.health = RuleHealth::kError;
  view_.last_error = Message(rule.error);
}

void RuleRunner::SetState(AlertSet alerts, AlertSet no_data) {
  const auto packed = [](const AlertPtr& alert) -> const std::string& {
    return alert->labels.packed();
  };
  alerts_ = std::move(alerts);
  no_data_ = std::move(no_data);
  std::ranges::sort(alerts_, {}, packed);
  std::ranges::sort(no_data_, {}, packed);
  series_ = SeriesOf(Samples(0));
}

// The alert as it goes on here; what is told of it under other labels is told anew.
AlertPtr RuleRunner::TakeIn(const AlertRow& before, const std::string& id, Farewell* left) const {
  const bool relabelled = before.external_labels != external_labels_;
  const bool moved = relabelled || before.rule_id != id;
  if (!moved && before.alert->source_hash == 0) return before.alert;
  auto alert = std::make_shared<ActiveAlert>(*before.alert);
  alert->source_hash = 0;  // the texts may have changed: render them again
  if (relabelled && alert->state == AlertState::kFiring) {
    alert->untold = true;
    alert->told_at = 0;
  }
  if (moved) left->moved.push_back({before, RowOf(id, alert)});
  return alert;
}

void RuleRunner::Restore(std::vector<AlertRow> alerts, std::vector<AlertRow> no_data,
                         Farewell* left) {
  AlertSet taken;
  AlertSet taken_no_data;
  for (const AlertRow& row : alerts) taken.push_back(TakeIn(row, id_, left));
  for (const AlertRow& row : no_data) taken_no_data.push_back(TakeIn(row, no_data_id_, left));
  SetState(std::move(taken), std::move(taken_no_data));
}

void RuleRunner::Inherit(const RuleRunner& predecessor, Farewell* left) {
  std::vector<AlertRow> alerts;
  std::vector<AlertRow> no_data;
  for (const AlertPtr& alert : predecessor.alerts_) alerts.push_back(predecessor.RowOf(alert));
  for (const AlertPtr& alert : predecessor.no_data_) {
    no_data.push_back(predecessor.NoDataRowOf(alert));
  }
  Restore(std::move(alerts), std::move(no_data), left);
  series_ = predecessor.series_;
  no_data_watch_.Inherit(predecessor.no_data_watch_);
}

void RuleRunner::Adopt(StrayAlerts* strays, Farewell* left) {
  const std::vector<AlertRow> rows = strays->TakeOf(rule_, alerts_);
  if (rows.empty()) return;
  AlertSet alerts = alerts_;
  for (const AlertRow& row : rows) alerts.push_back(TakeIn(row, id_, left));
  SeriesList written = series_;  // those of an inherited recording stay to be ended
  SetState(std::move(alerts), no_data_);
  std::ranges::copy(written, std::back_inserter(series_));
  std::ranges::sort(series_, {}, &Labels::packed);
  const auto twice = std::ranges::unique(series_, {}, &Labels::packed);
  series_.erase(twice.begin(), twice.end());
}

AlertRow RuleRunner::RowOf(const std::string& id, AlertPtr alert) const {
  return {id, std::move(alert), external_labels_, generator_url_};
}

uint64_t RuleRunner::KeepUp(Timestamp ts, DurationMs query_offset) {
  appended_ = 0;
  TellRelay(ts);
  if (enabled() && rule_.kind != RuleKind::kAlerting) return 0;
  Append(Samples(ts - query_offset), ts, ts - query_offset);
  return appended_;
}

uint64_t RuleRunner::Evaluate(Timestamp ts, DurationMs query_offset) {
  if (!enabled()) return 0;
  const int64_t start = seams_.clock.MonotonicNanos();
  view_.evaluated_at = seams_.clock.NowNanos();
  appended_ = 0;
  refused_ = {};
  const Status status = TryEvaluate(ts, ts - query_offset);
  evaluation_failed_ = !status.ok();
  const std::string error = evaluation_failed_ ? Message(status) : RefusalText(refused_);
  if (error != view_.last_error) {  // once, not at every evaluation
    if (evaluation_failed_) {
      LogWarn("evaluating rule failed", {{"place", place_}, {"rule", rule_.name}, {"err", error}});
    } else {
      LogRefused(refused_, place_, rule_.name);
    }
  }
  view_.health = error.empty() ? RuleHealth::kOk : RuleHealth::kError;
  view_.last_error = error;
  view_.last_evaluation = ts;
  view_.evaluation_seconds =
      static_cast<double>(seams_.clock.MonotonicNanos() - start) / kNanosPerSecond;
  return appended_;
}

Status RuleRunner::TryEvaluate(Timestamp ts, Timestamp sample_time) {
  promql::QueryResult result = TRY(seams_.query(*expression_, sample_time));
  const promql::Vector vector = TRY(ToVector(std::move(result.value)));
  if (rule_.kind == RuleKind::kRecording) return EvaluateRecord(vector, ts, sample_time);
  return EvaluateAlerts(vector, ts, sample_time);
}

Status RuleRunner::EvaluateRecord(const promql::Vector& vector, Timestamp ts,
                                  Timestamp sample_time) {
  std::vector<LabeledSample> samples =
      TRY(RecordSamples(rule_, timing_.limit, vector, sample_time));
  const Status invalid = TakeInvalid(&samples);
  Append(samples, ts, sample_time);
  return invalid;
}

Status RuleRunner::EvaluateAlerts(const promql::Vector& vector, Timestamp ts,
                                  Timestamp sample_time) {
  std::vector<AlertInstance> instances = TRY(RenderInstances(alerts_, vector, ts, texts_));
  AlertSet keep;
  std::vector<AlertInstance> missing;
  if (no_data_watch_.enabled()) {
    keep = no_data_watch_.Keep(alerts_, instances, ts, sample_time);
    missing = no_data_watch_.OwnAlert();
  }
  AlertStep step = StepAlerts(timing_, alerts_, std::move(instances), ts, keep);
  AlertStep no_data = StepAlerts({}, no_data_, std::move(missing), ts);
  TRY(Commit(step, no_data, ts));
  alerts_ = std::move(step.next);
  no_data_ = std::move(no_data.next);
  TellRelay(ts);
  TRY(step.error);
  if (seams_.alert_series) Append(Samples(sample_time), ts, sample_time);
  return absl::OkStatus();
}

std::vector<LabeledSample> RuleRunner::Samples(Timestamp sample_time) const {
  std::vector<LabeledSample> samples = AlertSamples(alerts_, sample_time, texts_.raw_labels());
  for (LabeledSample& sample : AlertSamples(no_data_, sample_time)) {
    samples.push_back(std::move(sample));
  }
  return samples;
}

void RuleRunner::TellRelay(Timestamp ts) const {
  if (seams_.relay == nullptr || rule_.kind != RuleKind::kAlerting) return;
  seams_.relay->OnEvaluated({id_, alerts_, external_labels_, generator_url_, ts, interval_});
  if (!no_data_watch_.enabled() && no_data_.empty()) return;
  seams_.relay->OnEvaluated(
      {no_data_id_, no_data_, external_labels_, generator_url_, ts, interval_});
}

void RuleRunner::AddRows(const std::string& id, const AlertStep& step, Batch* rows) const {
  for (const AlertPtr& alert : step.erase) {
    rows->Delete(Family::kRules, AlertRowKey(id, alert->labels));
  }
  for (const AlertPtr& alert : step.write) {
    rows->Put(Family::kRules, AlertRowKey(id, alert->labels), EncodeAlertRow(RowOf(id, alert)));
  }
}

Status RuleRunner::Commit(const AlertStep& step, const AlertStep& no_data, Timestamp ts) {
  Batch rows;
  AddRows(id_, step, &rows);
  AddRows(no_data_id_, no_data, &rows);
  if (step.tell.empty() && no_data.tell.empty()) {  // nobody is to hear of it: no need of the sink
    return rows.empty() ? absl::OkStatus() : seams_.store.Commit(rows, Durability::kBuffered);
  }
  std::vector<Alert> told;
  told.reserve(step.tell.size() + no_data.tell.size());
  for (const AlertPtr& alert : step.tell) told.push_back(ToldAlert(RowOf(alert), ts));
  for (const AlertPtr& alert : no_data.tell) told.push_back(ToldAlert(NoDataRowOf(alert), ts));
  return seams_.sink.OnAlerts(told, std::move(rows), ts * kNanosPerMilli);
}

void RuleRunner::Append(const std::vector<LabeledSample>& samples, Timestamp ts,
                        Timestamp sample_time) {
  SeriesList written = SeriesOf(samples);
  // By themselves: that one is refused is no error, the series may be another rule's now.
  const std::vector<LabeledSample> markers = StaleMarkers(series_, written, sample_time);
  series_ = std::move(written);
  if (!samples.empty()) refused_ = seams_.appender.AppendBatch(samples, Origin::kLocal, ts);
  appended_ = refused_.accepted;
  if (markers.empty()) return;
  appended_ += seams_.appender.AppendBatch(markers, Origin::kLocal, ts).accepted;
}

void RuleRunner::AddUnwritten(Batch* rows) const {
  const auto add = [&](const std::string& id, const AlertSet& alerts) {
    for (const AlertPtr& alert : alerts) {
      if (!alert->unwritten) continue;
      rows->Put(Family::kRules, AlertRowKey(id, alert->labels), EncodeAlertRow(RowOf(id, alert)));
    }
  };
  add(id_, alerts_);
  add(no_data_id_, no_data_);
}

RuleView RuleRunner::View() const {
  RuleView view = view_;
  view.alerts = alerts_;
  view.no_data = no_data_;
  return view;
}

SeriesList AlertSeries(const AlertSet& alerts) { return SeriesOf(AlertSamples(alerts, 0)); }

std::vector<LabeledSample> StaleMarkers(const SeriesList& before, const SeriesList& now,
                                        Timestamp sample_time) {
  std::vector<LabeledSample> markers;
  for (const Labels& labels : before) {
    if (std::ranges::binary_search(now, labels.packed(), {}, &Labels::packed)) continue;
    markers.push_back({labels, {sample_time, StaleNan()}});
  }
  return markers;
}

}  // namespace outrider
