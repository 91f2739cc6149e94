// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/rule_runner.h"

#include <algorithm>

#include "rules/alerting/recording_rule.h"
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

RuleRunner::RuleRunner(const Rule& rule, const RuleGroup& group, std::string id,
                       const RuleContext& context, const RuleSeams& seams)
    : rule_(rule),
      expression_(rule.error.ok() && rule.expression ? &*rule.expression : nullptr),
      id_(std::move(id)),
      timing_{rule.hold, rule.keep_firing_for, group.limit},
      external_labels_(context.external_labels),
      generator_url_(GeneratorUrl(context.external_url, rule.expr)),
      seams_(seams),
      texts_(rule, context, seams.query) {
  view_.rule = &rule;
  if (rule.error.ok()) return;
  view_.health = RuleHealth::kError;
  view_.last_error = Message(rule.error);
}

void RuleRunner::SetState(AlertSet alerts, SeriesList series) {
  alerts_ = std::move(alerts);
  series_ = std::move(series);
  std::ranges::sort(alerts_, {},
                    [](const AlertPtr& alert) { return std::string_view(alert->labels.packed()); });
}

void RuleRunner::Inherit(const RuleRunner& predecessor) {
  AlertSet alerts;
  for (const AlertPtr& before : predecessor.alerts_) {
    auto alert = std::make_shared<ActiveAlert>(*before);
    alert->source_hash = 0;  // the texts may have changed: render them again
    alerts.push_back(std::move(alert));
  }
  SetState(std::move(alerts), predecessor.series_);
  if (predecessor.held() && enabled()) Hold(predecessor.hold_start_, predecessor.hold_until_);
}

void RuleRunner::Hold(Timestamp start, Timestamp until) {
  hold_start_ = start;
  hold_until_ = until;
}

bool RuleRunner::DataIsCurrent(Timestamp now) {
  bool ranges = false;
  for (const auto& selector : expression_->Selectors(0)) {
    if (!seams_.has_samples(selector.matchers, hold_start_, now)) return false;
    ranges |= selector.horizon > 0;
  }
  if (!ranges) return true;
  return std::exchange(settling_, true);
}

AlertRow RuleRunner::RowOf(AlertPtr alert) const {
  return {id_, std::move(alert), external_labels_, generator_url_};
}

uint64_t RuleRunner::Evaluate(Timestamp ts, DurationMs query_offset) {
  if (!enabled()) return 0;
  const int64_t start = seams_.clock.MonotonicNanos();
  appended_ = 0;
  if (held() && ts < hold_until_ && !DataIsCurrent(ts - query_offset)) {
    Append(AlertSamples(alerts_, ts - query_offset), ts, ts - query_offset);
    return appended_;
  }
  hold_until_ = 0;
  const Status status = TryEvaluate(ts, ts - query_offset);
  const std::string error = Message(status);
  if (!status.ok() && error != view_.last_error) {  // once, not at every evaluation
    LogWarn("evaluating rule failed", {{"rule", rule_.name}, {"err", error}});
  }
  view_.health = status.ok() ? RuleHealth::kOk : RuleHealth::kError;
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
  Append(std::move(samples), ts, sample_time);
  return invalid;
}

Status RuleRunner::EvaluateAlerts(const promql::Vector& vector, Timestamp ts,
                                  Timestamp sample_time) {
  AlertStep step = TRY(Step(alerts_, vector, ts, timing_, texts_));
  TRY(Commit(step, ts));
  alerts_ = std::move(step.next);
  TRY(step.error);
  Append(AlertSamples(alerts_, sample_time), ts, sample_time);
  return absl::OkStatus();
}

Status RuleRunner::Commit(const AlertStep& step, Timestamp ts) {
  Batch rows;
  for (const AlertPtr& alert : step.erase) {
    rows.Delete(Family::kRules, AlertRowKey(id_, alert->labels));
  }
  for (const AlertPtr& alert : step.write) {
    rows.Put(Family::kRules, AlertRowKey(id_, alert->labels), EncodeAlertRow(RowOf(alert)));
  }
  if (step.tell.empty()) {  // nobody is to hear of it: no need to go through the sink
    return rows.empty() ? absl::OkStatus() : seams_.store.Commit(rows, Durability::kBuffered);
  }
  std::vector<Alert> told;
  told.reserve(step.tell.size());
  for (const AlertPtr& alert : step.tell) {
    told.push_back(ToldAlert(RowOf(alert), ts));
  }
  return seams_.sink.OnAlerts(told, std::move(rows), ts * kNanosPerMilli);
}

void RuleRunner::Append(std::vector<LabeledSample> samples, Timestamp ts, Timestamp sample_time) {
  SeriesList written = SeriesOf(samples);
  for (LabeledSample& marker : StaleMarkers(series_, written, sample_time)) {
    samples.push_back(std::move(marker));
  }
  series_ = std::move(written);
  if (samples.empty()) return;
  appended_ = seams_.appender.AppendBatch(samples, Origin::kLocal, ts).accepted;
}

RuleView RuleRunner::View() const {
  RuleView view = view_;
  view.alerts = alerts_;
  view.held = held();
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
