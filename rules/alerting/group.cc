// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/group.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "rules/alerting/rule_footprint.h"

namespace outrider {
namespace {

constexpr std::array<double, 3> kEvaluationQuantiles = {0.5, 0.9, 0.99};
constexpr std::array<double, 5> kGroupQuantiles = {0.01, 0.05, 0.5, 0.9, 0.99};
// What is usual of arrivals is learned anew after so many evaluations, but not all the time.
constexpr DurationMs kLearnEvery = kMinute;
constexpr DurationMs kLearnAgainAfter = 15 * kSecond;
// Learning takes at most so many parts of the time: a thousandth, or a hundredth while data is
// late.
constexpr int64_t kLearnPause = 1000;
constexpr int64_t kLearnAgainPause = 100;
constexpr int64_t kLearnAfterEvaluations = 10;
constexpr DurationMs kWaitDivisor = 3;

double Seconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

GroupInputs InputsOf(const RuleGroup& group) {
  GroupInputs inputs;
  inputs.own_alerts.insert(kNoDataAlert);
  for (const Rule& rule : group.rules) {
    if (!rule.error.ok() || !rule.expression) continue;
    (rule.kind == RuleKind::kRecording ? inputs.own_names : inputs.own_alerts).insert(rule.name);
    for (auto& reach : rule.expression->Selectors(0)) {
      inputs.ranges |= reach.horizon > 0;
      if (std::ranges::find(inputs.selectors, reach.matchers) == inputs.selectors.end()) {
        inputs.selectors.push_back(std::move(reach.matchers));
      }
    }
  }
  return inputs;
}

}  // namespace

RuleWorkshop::RuleWorkshop(RuleSeams the_seams, double share_from)
    : seams(std::move(the_seams)),
      share_from_seconds(share_from),
      evaluations(kEvaluationQuantiles),
      groups(kGroupQuantiles),
      lags(kEvaluationQuantiles) {}

Group::Group(RuleGroup spec, RuleContext context, RuleWorkshop& workshop)
    : spec_(std::make_shared<const RuleGroup>(std::move(spec))),
      context_(std::move(context)),
      policy_(context_.policies.For(spec_->file, spec_->name)),
      interval_(spec_->interval > 0 ? spec_->interval
                                    : std::max<DurationMs>(context_.evaluation_interval, 1)),
      query_offset_(spec_->query_offset.value_or(context_.query_offset)),
      order_(OrderRules(spec_->rules)),
      concurrent_(order_.concurrent()),
      inputs_(InputsOf(*spec_)),
      workshop_(workshop),
      home_{*spec_, context_, workshop_.seams, interval_, policy_} {
  std::map<std::string, int> seen;
  for (const Rule& rule : spec_->rules) {
    const int ordinal = seen[RuleId(*spec_, rule, 0)]++;
    runners_.push_back(std::make_unique<RuleRunner>(rule, RuleId(*spec_, rule, ordinal), home_));
  }
  counts_.rule_group = spec_->Key();
  counts_.interval_seconds = static_cast<double>(interval_) / kSecond;
  counts_.rules = spec_->rules.size();
  Publish();
}

DurationMs Group::max_wait() const {
  // The next slot does not wait for this one: a longer wait would put off every slot for ever.
  const DurationMs wait = std::min(policy_.max_wait.value_or(interval_ / kWaitDivisor), interval_);
  return policy_.wait_for_data ? wait : 0;
}

void Group::Restore(RestoredAlerts* restored, Farewell* left) {
  const int64_t began = workshop_.seams.clock.MonotonicNanos();
  for (const auto& runner : runners_) {
    runner->Restore(restored->Take(runner->id()), restored->Take(runner->no_data_id()), left);
  }
  counts_.last_restore_duration_seconds = Seconds(workshop_.seams.clock.MonotonicNanos() - began);
}

void Group::Adopt(StrayAlerts* strays, Farewell* left) {
  for (const auto& runner : runners_) runner->Adopt(strays, left);
  Publish();
}

void Group::Begin(Timestamp start, Timestamp hold_until) {
  bool has_state = false;
  for (const auto& runner : runners_) {
    has_state |= runner->enabled() && (AnyActive(runner->alerts()) || AnyActive(runner->no_data()));
    runner->TellRelay(start);  // what the last process did not come to send
  }
  if (hold_until > start) {
    hold_ = StartupHold(workshop_.seams.querier, inputs_, has_state, start, hold_until);
  }
  Publish();
}

void Group::AddSeries(SeriesList* all) const {
  for (const auto& runner : runners_) std::ranges::copy(runner->series(), std::back_inserter(*all));
}

void Group::TakeOver(const Group& predecessor, Farewell* left) {
  std::map<std::string_view, const RuleRunner*> before;
  for (const auto& runner : predecessor.runners_) before.emplace(runner->id(), runner.get());
  for (const auto& runner : runners_) {
    const auto at = before.find(runner->id());
    if (at == before.end()) continue;
    runner->Inherit(*at->second, left);
    before.erase(at);
  }
  Farewell gone;
  for (const auto& [id, runner] : before) gone.Add(*runner);
  std::ranges::move(gone.alerts, std::back_inserter(left->alerts));
  orphans_ = predecessor.orphans_;
  std::ranges::move(gone.series, std::back_inserter(orphans_));
  hold_ = predecessor.hold_;
  // The slot that comes waits for its data too. What other selectors match is learned then.
  arrivals_ = predecessor.arrivals_;
  learning_took_ = predecessor.learning_took_;
  learned_at_ = inputs_ == predecessor.inputs_ ? predecessor.learned_at_ : 0;

  RuleGroupStats counts = predecessor.counts_;
  counts.interval_seconds = counts_.interval_seconds;
  counts.rules = counts_.rules;
  counts_ = counts;
  last_evaluation_ = predecessor.last_evaluation_;
  evaluated_at_ = predecessor.evaluated_at_;
  Publish();
}

void Group::Dissolve(Farewell* left) const {
  for (const auto& runner : runners_) left->Add(*runner);
  std::ranges::copy(orphans_, std::back_inserter(left->series));
}

void Group::AddUnwritten(Batch* rows) const {
  for (const auto& runner : runners_) runner->AddUnwritten(rows);
}

std::optional<Timestamp> Group::AwaitData(Timestamp slot, Timestamp now) {
  const DurationMs bound = max_wait();
  if (bound <= 0 || arrivals_.empty() || hold_.active()) return std::nullopt;
  const bool arrived = arrivals_.Arrived(workshop_.seams.querier, slot - query_offset_);
  const ArrivalVerdict verdict = JudgeArrival(arrived, now - slot, bound);
  if (verdict == ArrivalVerdict::kWait) {
    return std::min(now + LookAgainAfter(bound, was_late_), slot + bound);
  }
  const bool late = verdict == ArrivalVerdict::kBound;
  was_late_ = late;
  learn_again_ |= late;
  counts_.last_data_wait_seconds = static_cast<double>(now - slot) / kSecond;
  counts_.data_wait_seconds_total += counts_.last_data_wait_seconds;
  ++(late ? counts_.data_late_total : counts_.data_complete_total);
  return std::nullopt;
}

void Group::LearnArrivals(Timestamp ts) {
  if (max_wait() <= 0) return;
  const bool soon = learn_again_ || arrivals_.empty();
  const DurationMs every = soon ? std::max(kLearnAgainAfter, learning_took_ * kLearnAgainPause)
                                : std::max({kLearnEvery, kLearnAfterEvaluations * interval_,
                                            learning_took_ * kLearnPause});
  if (learned_at_ != 0 && ts >= learned_at_ && ts - learned_at_ < every) return;
  const Clock& clock = workshop_.seams.clock;
  const int64_t began = clock.MonotonicNanos();
  arrivals_ = ArrivalWatch::Learn(workshop_.seams.querier, inputs_, ts - query_offset_);
  learning_took_ = (clock.MonotonicNanos() - began) / kNanosPerMilli;
  learned_at_ = ts;
  learn_again_ = false;
}

void Group::Evaluate(Timestamp ts, uint64_t missed) {
  const int64_t began = workshop_.seams.clock.MonotonicNanos();
  const Nanos began_at = workshop_.seams.clock.NowNanos();
  counts_.iterations_total += missed + 1;
  counts_.iterations_missed_total += missed;
  counts_.last_evaluation_samples = 0;
  if (hold_.Holds(workshop_.seams.querier, inputs_, ts - query_offset_)) {
    for (const auto& runner : runners_) {
      counts_.last_evaluation_samples += runner->KeepUp(ts, query_offset_);
    }
    Publish();
    return;
  }
  RunRules(ts);
  EndOrphans(ts);
  LearnArrivals(ts);
  last_evaluation_ = ts;
  evaluated_at_ = began_at;
  counts_.last_evaluation_timestamp_seconds = Seconds(began_at);
  counts_.last_duration_seconds = Seconds(workshop_.seams.clock.MonotonicNanos() - began);
  workshop_.groups.Record(counts_.last_duration_seconds);
  Publish();
}

void Group::RunRules(Timestamp ts) {
  std::vector<Outcome> outcomes(runners_.size());
  const auto run = [&](size_t i) {
    if (!runners_[i]->enabled()) {
      outcomes[i].samples = runners_[i]->KeepUp(ts, query_offset_);
      return;
    }
    outcomes[i].samples = runners_[i]->Evaluate(ts, query_offset_);
    outcomes[i].seconds = runners_[i]->evaluation_seconds();
  };
  const bool share =
      concurrent_ && counts_.last_rule_duration_sum_seconds >= workshop_.share_from_seconds;
  workshop_.crew.Run(order_, run, share);
  counts_.last_rule_duration_sum_seconds = 0;
  for (size_t i = 0; i < runners_.size(); ++i) Account(*runners_[i], outcomes[i]);
}

void Group::Account(const RuleRunner& runner, const Outcome& outcome) {
  if (!runner.enabled()) return;
  workshop_.evaluations.Record(outcome.seconds);
  counts_.last_evaluation_samples += outcome.samples;
  counts_.last_rule_duration_sum_seconds += outcome.seconds;
  ++counts_.evaluations_total;
  counts_.evaluation_failures_total += runner.evaluation_failed() ? 1 : 0;
  counts_.refused_samples_total += runner.refused();
}

void Group::EndOrphans(Timestamp ts) {
  if (orphans_.empty()) return;
  SeriesList written;
  AddSeries(&written);
  std::ranges::sort(written, {}, &Labels::packed);
  workshop_.seams.appender.AppendBatch(StaleMarkers(orphans_, written, ts - query_offset_),
                                       Origin::kLocal, ts);
  orphans_.clear();
}

void Group::Publish() {
  auto view = std::make_shared<RuleGroupView>();
  view->group = spec_;
  view->interval = interval_;
  view->query_offset = query_offset_;
  view->evaluation_seconds = counts_.last_duration_seconds;
  view->last_evaluation = last_evaluation_;
  view->evaluated_at = evaluated_at_;
  view->rules.reserve(runners_.size());
  counts_.held = hold_.active();
  counts_.failing_rules = 0;
  counts_.template_expansions_total = 0;
  counts_.template_failures_total = 0;
  for (const auto& runner : runners_) {
    view->rules.push_back(runner->View());
    view->rules.back().held = counts_.held;
    counts_.failing_rules += runner->failed() ? 1 : 0;
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
