// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/rule_player.h"

#include <algorithm>
#include <limits>

#include "exporter/trial/record_block.h"

namespace outrider {
namespace {

constexpr size_t kWarningsKept = 5;

DurationMs IntervalOf(const RuleGroup& group, const RuleContext& context) {
  return group.interval > 0 ? group.interval : std::max<DurationMs>(context.evaluation_interval, 1);
}

Timestamp RoundUpTo(Timestamp time, DurationMs step) {
  Timestamp rest = time % step;
  if (rest < 0) rest += step;
  return rest == 0 ? time : time + step - rest;
}

}  // namespace

RulePlayer::RulePlayer(const ReplayRule& place, bool is_read, const Surroundings& around)
    : place_(place),
      is_read_(is_read),
      windows_(around.windows),
      engine_(around.engine),
      ahead_engine_(around.ahead),
      most_ahead_(place.rule->expression && ReadsOnlyThePast(*place.rule->expression)
                      ? std::numeric_limits<size_t>::max()
                      : 1),
      querier_(around.windows),
      appender_(around.windows, is_read),
      seams_{[this](const promql::Expression& expression, Timestamp time) {
               return Answer(expression, time);
             },
             querier_,
             around.engine.options().lookback,
             appender_,
             sink_,
             store_,
             around.clock,
             /*relay=*/nullptr,
             /*alert_series=*/is_read},
      home_{.group = *place.group,
            .context = around.context,
            .seams = seams_,
            .interval = IntervalOf(*place.group, around.context)},
      runner_(*place.rule, /*id=*/"", home_) {
  outcome_.file = place.group->file;
  outcome_.group = place.group->name;
  outcome_.rule = *place.rule;
  outcome_.interval = home_.interval;
}

EvaluationTimes RulePlayer::TimesIn(Timestamp after, Timestamp until) const {
  EvaluationTimes times;
  times.step = outcome_.interval;
  times.first = RoundUpTo(after + 1, times.step);
  if (times.first <= until) {
    times.count = static_cast<size_t>((until - times.first) / times.step) + 1;
  }
  return times;
}

bool RulePlayer::EvaluateAll(EvaluationTimes times, const std::stop_token& stop) {
  while (times.count > 0) {
    EvaluationTimes now = times;
    now.count = std::min(most_ahead_, times.count);
    if (now.count > 1 && AskAhead(now) == Ahead::kTooMuch && !stop.stop_requested()) {
      most_ahead_ = now.count / 2;  // for good: the next hours are much like these
      continue;
    }
    for (size_t i = 0; i < now.count && !recorded_; ++i) {
      if (stop.stop_requested()) return false;
      Evaluate(now.At(i));
    }
    ahead_.reset();
    recorded_ = false;
    times.first = now.At(now.count);
    times.count -= now.count;
  }
  return true;
}

RulePlayer::Ahead RulePlayer::AskAhead(const EvaluationTimes& times) {
  const auto& own = place_.rule->expression;
  if (!own) return Ahead::kFailed;
  const Timestamp first = times.first - place_.query_offset;
  const Timestamp last = times.At(times.count - 1) - place_.query_offset;
  querier_.SetNow(std::numeric_limits<Timestamp>::max());
  auto result = ahead_engine_.Range(*own, querier_, first, last, times.step);
  const bool too_much =
      absl::IsResourceExhausted(result.status()) || absl::IsDeadlineExceeded(result.status());
  if (too_much) return Ahead::kTooMuch;
  // Where one step fails all do here; asked one by one they tell.
  if (!result.ok()) return Ahead::kFailed;
  auto* matrix = std::get_if<promql::Matrix>(&result->value);
  if (matrix == nullptr) return Ahead::kFailed;
  Keep(result->warnings);
  recorded_ = RecordAhead(*matrix, times);
  if (recorded_) return Ahead::kAsked;
  ahead_.emplace(std::move(*matrix), first, times.step, times.count);
  return Ahead::kAsked;
}

bool RulePlayer::RecordAhead(const promql::Matrix& matrix, const EvaluationTimes& times) {
  if (place_.rule->kind != RuleKind::kRecording) return false;
  const BlockSteps steps = {times.first - place_.query_offset, times.step, times.count};
  auto block = RecordMatrix(*place_.rule, place_.group->limit, matrix, steps, runner_.series());
  if (!block) return false;
  outcome_.evaluations += times.count;
  std::vector<LabelView> labels;
  for (const RecordedSeries& series : block->series) {
    outcome_.samples += series.samples.size();
    if (!is_read_ || series.samples.empty()) continue;
    labels.assign(series.labels.begin(), series.labels.end());
    windows_.Append(labels, series.samples, Origin::kLocal, series.samples.back().time);
  }
  runner_.SetSeries(std::move(block->last));
  return true;
}

void RulePlayer::Evaluate(Timestamp ts) {
  querier_.SetNow(ts);
  outcome_.samples += runner_.Evaluate(ts, place_.query_offset);
  ++outcome_.evaluations;
  if (runner_.failed()) {
    ++outcome_.failures;
    outcome_.last_error = runner_.View().last_error;
  }
  recorder_.Observe(runner_.alerts(), ts);
}

StatusOr<promql::QueryResult> RulePlayer::Answer(const promql::Expression& expression,
                                                 Timestamp time) {
  const auto& own = place_.rule->expression;
  if (ahead_ && own && &own->root() == &expression.root() && ahead_->Holds(time)) {
    return promql::QueryResult{ahead_->At(time), {}, {}};
  }
  promql::QueryResult result = TRY(engine_.Instant(expression, querier_, time));
  Keep(result.warnings);
  return result;
}

void RulePlayer::Keep(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    if (outcome_.warnings.size() < kWarningsKept) outcome_.warnings.insert(warning);
  }
}

RuleOutcome RulePlayer::Finish() {
  outcome_.tracks = recorder_.Finish();
  return std::move(outcome_);
}

}  // namespace outrider
