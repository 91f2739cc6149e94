// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/group.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

namespace outrider {
namespace {

constexpr std::array<double, 3> kEvaluationQuantiles = {0.5, 0.9, 0.99};
constexpr std::array<double, 5> kGroupQuantiles = {0.01, 0.05, 0.5, 0.9, 0.99};

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

}  // namespace

RuleRecorders::RuleRecorders() : evaluations(kEvaluationQuantiles), groups(kGroupQuantiles) {}

Group::Group(RuleGroup spec, RuleContext context, const RuleSeams& seams, RuleRecorders& recorders)
    : spec_(std::make_shared<const RuleGroup>(std::move(spec))),
      context_(std::move(context)),
      interval_(spec_->interval > 0 ? spec_->interval
                                    : std::max<DurationMs>(context_.evaluation_interval, 1)),
      query_offset_(spec_->query_offset.value_or(context_.query_offset)),
      seams_(seams),
      recorders_(recorders) {
  std::map<std::string, int> seen;
  for (const Rule& rule : spec_->rules) {
    const int ordinal = seen[RuleId(*spec_, rule, context_.external_labels, 0)]++;
    runners_.push_back(std::make_unique<RuleRunner>(
        rule, *spec_, RuleId(*spec_, rule, context_.external_labels, ordinal), context_, seams));
  }
  counts_.rule_group = spec_->Key();
  counts_.interval_seconds = static_cast<double>(interval_) / kSecond;
  counts_.rules = spec_->rules.size();
  Publish();
}

void Group::Restore(RestoredAlerts* restored, Timestamp start, Timestamp hold_until) {
  const int64_t began = seams_.clock.MonotonicNanos();
  for (const auto& runner : runners_) {
    AlertSet alerts = restored->Take(runner->id());
    if (alerts.empty()) continue;
    SeriesList series = AlertSeries(alerts);
    runner->SetState(std::move(alerts), std::move(series));
    if (runner->enabled()) runner->Hold(start, hold_until);
  }
  counts_.last_restore_duration_seconds = Seconds(seams_.clock.MonotonicNanos() - began);
  Publish();
}

void Group::TakeOver(const Group& predecessor, Farewell* left) {
  std::map<std::string_view, const RuleRunner*> before;
  for (const auto& runner : predecessor.runners_) before.emplace(runner->id(), runner.get());
  for (const auto& runner : runners_) {
    const auto at = before.find(runner->id());
    if (at == before.end()) continue;
    runner->Inherit(*at->second);
    before.erase(at);
  }
  Farewell gone;
  for (const auto& [id, runner] : before) gone.Add(*runner);
  std::ranges::move(gone.alerts, std::back_inserter(left->alerts));
  orphans_ = predecessor.orphans_;
  std::ranges::move(gone.series, std::back_inserter(orphans_));

  RuleGroupStats counts = predecessor.counts_;
  counts.interval_seconds = counts_.interval_seconds;
  counts.rules = counts_.rules;
  counts_ = counts;
  last_evaluation_ = predecessor.last_evaluation_;
  Publish();
}

void Group::Dissolve(Farewell* left) const {
  for (const auto& runner : runners_) left->Add(*runner);
  std::ranges::copy(orphans_, std::back_inserter(left->series));
}

void Group::Evaluate(Timestamp ts, uint64_t missed) {
  const int64_t began = seams_.clock.MonotonicNanos();
  counts_.iterations_total += missed + 1;
  counts_.iterations_missed_total += missed;
  counts_.last_evaluation_samples = 0;
  counts_.last_rule_duration_sum_seconds = 0;
  SeriesList written;
  for (const auto& runner : runners_) {
    if (!runner->enabled()) continue;
    const int64_t rule_began = seams_.clock.MonotonicNanos();
    counts_.last_evaluation_samples += runner->Evaluate(ts, query_offset_);
    const double seconds = Seconds(seams_.clock.MonotonicNanos() - rule_began);
    recorders_.evaluations.Record(seconds);
    counts_.last_rule_duration_sum_seconds += seconds;
    ++counts_.evaluations_total;
    counts_.evaluation_failures_total += runner->failed() ? 1 : 0;
    if (!orphans_.empty()) std::ranges::copy(runner->series(), std::back_inserter(written));
  }
  if (!orphans_.empty()) {
    std::ranges::sort(written, {}, &Labels::packed);
    seams_.appender.AppendBatch(StaleMarkers(orphans_, written, ts - query_offset_), Origin::kLocal,
                                ts);
    orphans_.clear();
  }
  last_evaluation_ = ts;
  counts_.last_evaluation_timestamp_seconds = static_cast<double>(ts) / kSecond;
  counts_.last_duration_seconds = Seconds(seams_.clock.MonotonicNanos() - began);
  recorders_.groups.Record(counts_.last_duration_seconds);
  Publish();
}

void Group::Publish() {
  auto view = std::make_shared<RuleGroupView>();
  view->group = spec_;
  view->interval = interval_;
  view->query_offset = query_offset_;
  view->evaluation_seconds = counts_.last_duration_seconds;
  view->last_evaluation = last_evaluation_;
  counts_.held = false;
  counts_.template_expansions_total = 0;
  counts_.template_failures_total = 0;
  for (const auto& runner : runners_) {
    view->rules.push_back(runner->View());
    counts_.held |= runner->held();
    counts_.template_expansions_total += runner->text_counts().expansions;
    counts_.template_failures_total += runner->text_counts().failures;
  }
  const absl::MutexLock lock(&mutex_);
  view_ = std::move(view);
  stats_ = counts_;
}

std::shared_ptr<const RuleGroupView> Group::View() const {
  const absl::MutexLock lock(&mutex_);
  return view_;
}

RuleGroupStats Group::Stats() const {
  const absl::MutexLock lock(&mutex_);
  return stats_;
}

}  // namespace outrider
