// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/rule_player.h"

#include <algorithm>
#include <limits>

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
      engine_(around.engine),
      only_past_(place.rule->expression && ReadsOnlyThePast(*place.rule->expression)),
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
             around.clock},
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

void RulePlayer::EvaluateAll(EvaluationTimes times) {
  size_t at_once = only_past_ ? times.count : 1;
  while (times.count > 0) {
    EvaluationTimes now = times;
    now.count = std::min(at_once, times.count);
    if (now.count > 1 && AskAhead(now) == Ahead::kTooMuch) {
      at_once = now.count / 2;
      continue;
    }
    for (size_t i = 0; i < now.count; ++i) Evaluate(now.At(i));
    ahead_.reset();
    times.first = now.At(now.count);
    times.count -= now.count;
  }
}

RulePlayer::Ahead RulePlayer::AskAhead(const EvaluationTimes& times) {
  const auto& own = place_.rule->expression;
  if (!own) return Ahead::kFailed;
  const Timestamp first = times.first - place_.query_offset;
  const Timestamp last = times.At(times.count - 1) - place_.query_offset;
  querier_.SetNow(std::numeric_limits<Timestamp>::max());
  auto result = engine_.Range(*own, querier_, first, last, times.step);
  if (absl::IsResourceExhausted(result.status())) return Ahead::kTooMuch;
  // Where one step fails all do here; asked one by one they tell.
  if (!result.ok()) return Ahead::kFailed;
  auto* matrix = std::get_if<promql::Matrix>(&result->value);
  if (matrix == nullptr) return Ahead::kFailed;
  Keep(result->warnings);
  ahead_.emplace(std::move(*matrix), first, times.step, times.count);
  return Ahead::kAsked;
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
